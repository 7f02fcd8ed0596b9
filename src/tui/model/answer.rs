//! The rows of an answer: what was found, what the policy says, what can be done. Moving and drawing take
//! the same rows.

use super::env::Env;
use super::wizard::{WhyLayer, WizardLayer};
use crate::domain::{Aim, Aimed, Alternative, CANDIDATES, MeantPerson, Place, Verdict};
use crate::i18n::Text;
use crate::i18n::say::NAME_CELLS;
use crate::text::SafeText;

/// Cells of an address or of what a code says.
const SAID_CELLS: usize = 300;

/// How a row looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// An ordinary sentence of ours.
    Plain,
    /// What counts.
    Strong,
    /// Less important.
    Quiet,
    /// It came from outside.
    Outside,
    /// It did not work.
    Bad,
}

/// A row, and the choice it belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnswerRow {
    /// What it says.
    pub text: SafeText,
    /// How it looks.
    pub look: Look,
    /// Which choice it is.
    pub choice: Option<usize>,
}

/// Rows being put together, wrapped into so many columns.
struct Rows {
    rows: Vec<AnswerRow>,
    columns: usize,
}

impl Rows {
    fn add(&mut self, look: Look, text: &SafeText) {
        let lines = text.wrap(self.columns);
        self.rows.extend(lines.into_iter().map(|text| AnswerRow { text, look, choice: None }));
    }

    fn blank(&mut self) {
        if !self.rows.is_empty() {
            self.add(Look::Plain, &SafeText::default());
        }
    }

    fn choice(&mut self, n: usize, look: Look, text: &SafeText) {
        // The sign of what is chosen, the number, the text; what goes on does so below the text.
        let indent = 5;
        for (line, part) in text.wrap(self.columns.saturating_sub(indent)).iter().enumerate() {
            let mut text = SafeText::constant("  ");
            if line > 0 {
                text = SafeText::constant("     ");
            } else if n < 9 {
                text.push(&SafeText::number(n as u64 + 1));
                text.push_constant("  ");
            } else {
                text.push_constant("   ");
            }
            text.push(part);
            self.rows.push(AnswerRow { text, look, choice: Some(n) });
        }
    }

    fn verdict(&mut self, env: &Env, verdict: &Verdict) {
        self.add(Look::Strong, &env.words.verdict_means(verdict.code));
        for line in env.words.rule_lines(verdict, &env.zone) {
            self.add(Look::Quiet, &line);
        }
    }

    fn alternatives(&mut self, env: &Env, alternatives: &[Alternative]) {
        if alternatives.is_empty() {
            return;
        }
        self.blank();
        self.add(Look::Plain, &env.words.get(Text::WhyInstead));
        for (n, alternative) in alternatives.iter().enumerate() {
            self.choice(n, Look::Plain, &env.words.alternative(alternative, &env.zone));
        }
    }

    fn aimed(&mut self, env: &Env, aimed: &Aimed) {
        if let Some(scanned) = &aimed.scanned {
            for line in env.words.scanned(scanned, SAID_CELLS) {
                self.add(Look::Outside, &line);
            }
        }
        if let Some(name) = &aimed.name {
            let mut parts = vec![name.line(NAME_CELLS)];
            let inside = matches!(aimed.explained.meant, MeantPerson::Colleague { .. });
            if let MeantPerson::Outside { company, title, .. } = &aimed.explained.meant {
                parts.extend(title.as_ref().map(|title| title.line(NAME_CELLS)));
                parts.push(company.line(NAME_CELLS));
            }
            let look = if inside { Look::Plain } else { Look::Outside };
            self.add(look, &SafeText::join(&parts, " · "));
        }
        self.verdict(env, &aimed.explained.verdict);
        for line in env.words.limits(&aimed.explained) {
            self.add(Look::Plain, &line);
        }
        self.alternatives(env, &aimed.explained.verdict.alternatives);
    }
}

/// The rows of the wizard's answer.
pub fn wizard_rows(env: &Env, layer: &WizardLayer, columns: usize) -> Vec<AnswerRow> {
    let words = &env.words;
    let mut rows = Rows { rows: Vec::new(), columns };
    match &layer.aim {
        None if layer.who.text().trim().is_empty() => {
            let hint = if layer.scan { Text::AddScanHint } else { Text::AddHint };
            rows.add(Look::Quiet, &words.get(hint));
        }
        None => rows.add(Look::Quiet, &words.get(Text::AddLooking)),
        Some(Aim::One(aimed)) => rows.aimed(env, aimed),
        Some(Aim::Several(candidates, scanned)) => {
            for line in scanned.iter().flat_map(|scanned| words.scanned(scanned, SAID_CELLS)) {
                rows.add(Look::Outside, &line);
            }
            rows.add(Look::Strong, &words.get(Text::AddSeveral));
            for (n, candidate) in candidates.iter().enumerate() {
                let look = if candidate.place == Place::Directory { Look::Plain } else { Look::Outside };
                rows.choice(n, look, &words.candidate(candidate));
            }
            // As many as are ever offered: there may be more.
            if candidates.len() == CANDIDATES && scanned.is_none() {
                rows.add(Look::Quiet, &words.get(Text::AddMore));
            }
        }
        Some(Aim::Nowhere(scanned)) => {
            for line in words.scanned(scanned, SAID_CELLS) {
                rows.add(Look::Outside, &line);
            }
        }
        Some(Aim::Unread(fault)) => {
            let file = crate::text::Untrusted::from(layer.who.text().trim()).line(SAID_CELLS);
            for line in words.scan_fault(fault, &file) {
                rows.add(Look::Bad, &line);
            }
        }
        Some(Aim::Failed(fault)) => rows.add(Look::Bad, &words.fault(fault)),
    }
    rows.rows
}

/// The rows of a verdict that was asked about.
pub fn why_rows(env: &Env, layer: &WhyLayer, columns: usize) -> Vec<AnswerRow> {
    let words = &env.words;
    let mut rows = Rows { rows: Vec::new(), columns };
    match &layer.verdict {
        None => rows.add(Look::Quiet, &words.get(Text::AddLooking)),
        Some(Err(fault)) => rows.add(Look::Bad, &words.fault(fault)),
        Some(Ok(verdict)) => {
            rows.verdict(env, verdict);
            rows.alternatives(env, &verdict.alternatives);
            if !layer.chain.is_empty() {
                rows.blank();
                rows.add(Look::Plain, &words.get(Text::WhyChain));
            }
            for looked in &layer.chain {
                let text = if looked.passed { Text::WhyPassed } else { Text::WhyStopped };
                let values =
                    [("rule", SafeText::clean(&looked.rule.id)), ("title", words.rule_title(&looked.rule))];
                rows.add(Look::Quiet, &words.fill(text, &values));
            }
        }
    }
    rows.rows
}

/// The first row to show in so many, so that the row of the choice is seen.
pub fn first_row(rows: &[AnswerRow], at: usize, height: usize) -> usize {
    let last = rows.iter().rposition(|row| row.choice == Some(at)).unwrap_or(0);
    (last + 1).saturating_sub(height)
}
