//! What the policy answers, in words and in the shape of `docs/json.md`: the same for `why`, `add` and
//! `scan`.

use serde_json::{Value, json};

use super::Context;
use super::failure::{Failure, code_of};
use crate::domain::{
    Aim, Aimed, Alternative, Candidate, MeantPerson, Request, Said, Scanned, Step, Verdict, VerdictCode,
};
use crate::i18n::Text;
use crate::i18n::say::NAME_CELLS;
use crate::text::{SafeText, Untrusted};

/// Cells of an address or of what a code says.
const SAID_CELLS: usize = 300;

/// The exit code that an answer stands for: a refusal is one, and nobody is not found.
pub(super) const fn code(verdict: VerdictCode) -> u8 {
    match verdict {
        VerdictCode::NotVisible => 3,
        VerdictCode::Colleague | VerdictCode::AlreadyConnected | VerdictCode::RequestPending => 0,
        verdict if verdict.is_yes() => 0,
        _ => 4,
    }
}

/// A text as a shell takes it for one word.
fn word(text: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "@%+=:,./_-".contains(c);
    if !text.is_empty() && !text.starts_with('-') && text.chars().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', "'\\''"))
}

/// The command that takes a step; none for what is done elsewhere.
pub(super) fn command(alternative: &Alternative, target: &str) -> Option<String> {
    let on_id = |verb: &str| alternative.id.as_deref().map(|id| format!("namecard {verb} {}", word(id)));
    match alternative.step {
        Step::OpenMember | Step::OpenContact | Step::AskColleague | Step::AskOwner => on_id("show"),
        Step::OpenRequest => {
            on_id("show").or_else(|| Some("namecard requests --box outgoing --state pending".to_owned()))
        }
        Step::Withdraw => on_id("withdraw"),
        Step::AskPermission => Some("namecard add --permission --purpose 'WHAT FOR'".to_owned()),
        Step::ShowCard => Some("namecard qr".to_owned()),
        Step::GivePurpose => Some(format!("namecard add {} --purpose 'WHAT FOR'", word(target))),
        Step::MakeRoom => Some("namecard contacts".to_owned()),
        Step::AskForCard
        | Step::AskForAddress
        | Step::SearchLinked
        | Step::AskForLink
        | Step::LookAgain
        | Step::OpenElsewhere
        | Step::Wait
        | Step::UsePersonal => None,
    }
}

/// A verdict in the shape of `docs/json.md`.
fn verdict_shape(verdict: &Verdict, target: &str) -> Value {
    let alternatives = verdict.alternatives.iter().map(|alternative| {
        json!({
            "step": alternative.step,
            "id": alternative.id,
            "name": alternative.name,
            "at": alternative.at,
            "command": command(alternative, target),
        })
    });
    json!({
        "code": verdict.code,
        "rule": verdict.rule.id,
        "title": verdict.rule.title,
        "why": verdict.rule.why,
        "set_by": verdict.rule.set_by,
        "since": verdict.rule.since,
        "policy_version": verdict.policy_version,
        "alternatives": alternatives.collect::<Vec<_>>(),
    })
}

fn said_shape(said: &Said) -> Value {
    match said {
        Said::Card(link) => json!({"kind": "card", "text": link, "host": null}),
        Said::Elsewhere { link, host } => json!({"kind": "elsewhere", "text": link, "host": host}),
        Said::Person(person) => json!({"kind": "person", "text": person.name, "host": null}),
        Said::Text(text) => json!({"kind": "text", "text": text, "host": null}),
    }
}

fn candidate_shape(candidate: &Candidate) -> Value {
    json!({
        "to": candidate.to,
        "name": candidate.name,
        "company": candidate.company,
        "title": candidate.title,
        "where": candidate.place,
    })
}

/// What came of a target in the shape of `docs/json.md`; with the request that was sent, if one was.
pub(super) fn shape(target: &str, aim: &Aim, request: Option<&Request>) -> Value {
    let (mut aimed, mut candidates, mut scanned) = (None, Vec::new(), None);
    match aim {
        Aim::One(one) => {
            aimed = Some(&**one);
            scanned = one.scanned.as_ref();
        }
        Aim::Several(several, from) => {
            candidates = several.iter().map(candidate_shape).collect();
            scanned = from.as_ref();
        }
        Aim::Nowhere(from) => scanned = Some(from),
        Aim::Unread(_) | Aim::Failed(_) => {}
    }
    let explained = aimed.map(|aimed| &aimed.explained);
    let (kind, id, company, title) = match explained.map(|explained| &explained.meant) {
        Some(MeantPerson::Colleague { id }) => ("colleague", Some(id.as_str()), None, None),
        Some(MeantPerson::Contact { id }) => ("contact", Some(id.as_str()), None, None),
        Some(MeantPerson::Outside { company, title, .. }) => ("outside", None, Some(company), title.as_ref()),
        Some(MeantPerson::Unknown) => ("unknown", None, None, None),
        Some(MeantPerson::Nobody) => ("nobody", None, None, None),
        None if candidates.is_empty() => ("elsewhere", None, None, None),
        None => ("several", None, None, None),
    };
    let chain = explained.map(|explained| explained.chain.as_slice()).unwrap_or_default();
    let chain: Vec<Value> = chain
        .iter()
        .map(|looked| json!({"code": looked.code, "rule": looked.rule.id, "passed": looked.passed}))
        .collect();
    json!({
        "to": aimed.map(|aimed| &aimed.to),
        "meant": kind,
        "id": id,
        "name": aimed.and_then(|aimed| aimed.name.as_ref()),
        "company": company,
        "title": title,
        "verdict": explained.map(|explained| verdict_shape(&explained.verdict, target)),
        "chain": chain,
        "manager_asking": explained.is_some_and(|explained| explained.manager_asking),
        "automatic": explained.is_some_and(|explained| explained.automatic),
        "sent_today": explained.map(|explained| explained.sent_today),
        "sent_most": explained.and_then(|explained| explained.sent_most),
        "candidates": candidates,
        "said": scanned.map(|scanned| scanned.said.iter().map(said_shape).collect()).unwrap_or_else(Vec::new),
        "pass": scanned.and_then(|scanned| scanned.pass),
        "request": request.map(super::requests::shape),
    })
}

/// What a code or a file says, before anything else.
pub(super) fn tell_scanned(context: &Context, scanned: &Scanned) -> Result<(), Failure> {
    for line in context.words.scanned(scanned, SAID_CELLS) {
        context.out.line(&line)?;
    }
    Ok(())
}

/// The answer about one person in sentences, and what can be done instead as commands to type.
pub(super) fn tell(context: &Context, target: &str, aimed: &Aimed) -> Result<(), Failure> {
    let words = &context.words;
    if let Some(name) = &aimed.name {
        let mut parts = vec![name.line(NAME_CELLS)];
        if let MeantPerson::Outside { company, title, .. } = &aimed.explained.meant {
            parts.extend(title.as_ref().map(|title| title.line(NAME_CELLS)));
            parts.push(company.line(NAME_CELLS));
        }
        context.out.line(&SafeText::join(&parts, " · "))?;
    }
    tell_verdict(context, target, &aimed.explained.verdict)?;
    for line in words.limits(&aimed.explained) {
        context.out.line(&line)?;
    }
    if aimed.explained.verdict.code.is_yes() {
        let command = format!("namecard add {} --purpose 'WHAT FOR'", word(target));
        context.out.line(&words.fill(Text::AddToAsk, &[("command", SafeText::clean(&command))]))?;
    }
    Ok(())
}

/// A verdict in sentences.
pub(super) fn tell_verdict(context: &Context, target: &str, verdict: &Verdict) -> Result<(), Failure> {
    for line in verdict_lines(context, target, verdict) {
        context.out.line(&line)?;
    }
    Ok(())
}

/// The sentences of a verdict: what it means, its rule, and what can be done instead, with the command for it.
pub(super) fn verdict_lines(context: &Context, target: &str, verdict: &Verdict) -> Vec<SafeText> {
    let words = &context.words;
    let mut lines = vec![words.verdict_means(verdict.code)];
    lines.extend(words.rule_lines(verdict, &context.zone));
    if verdict.alternatives.is_empty() {
        return lines;
    }
    lines.push(words.get(Text::WhyInstead));
    for (n, alternative) in verdict.alternatives.iter().enumerate() {
        let mut line = SafeText::constant("  ");
        line.push(&SafeText::number(n as u64 + 1));
        line.push_constant("  ");
        line.push(&words.alternative(alternative, &context.zone));
        let link = alternative.id.clone().filter(|_| alternative.step == Step::OpenElsewhere);
        if let Some(how) = command(alternative, target).or(link) {
            line.push_constant(": ");
            line.push(&SafeText::clean(&how));
        }
        lines.push(line);
    }
    lines
}

/// Why a target came to no one person: said, with the exit code for it.
pub(super) fn nobody(context: &Context, target: &str, aim: Aim) -> Failure {
    let words = &context.words;
    match aim {
        Aim::Several(candidates, _) => {
            let mut lines = vec![words.get(Text::AddSeveral)];
            lines.extend(candidates.iter().map(|candidate| {
                let mut line = SafeText::constant("  namecard why ");
                line.push(&SafeText::clean(&word(candidate.to.as_data())));
                line.push_constant("   ");
                line.push(&words.candidate(candidate));
                line
            }));
            Failure::Wrong { lines, code: 2 }
        }
        Aim::Nowhere(scanned) => Failure::Wrong { lines: words.scanned(&scanned, SAID_CELLS), code: 3 },
        Aim::Unread(fault) => {
            let file = Untrusted::from(target).line(SAID_CELLS);
            Failure::Wrong { lines: words.scan_fault(&fault, &file), code: 1 }
        }
        Aim::Failed(fault) => {
            let code = code_of(&fault);
            Failure::Wrong { lines: vec![words.fault(&fault)], code }
        }
        // One person is no failure; whoever asks has looked.
        Aim::One(aimed) => Failure::Said(words.verdict_means(aimed.explained.verdict.code)),
    }
}

#[cfg(test)]
mod tests {
    use super::{command, word};
    use crate::domain::{Alternative, Step};

    #[test]
    fn a_command_can_be_typed_whatever_the_target() {
        assert_eq!(word("ann@acme.example"), "ann@acme.example");
        assert_eq!(word("O'Neil; rm -rf ~"), "'O'\\''Neil; rm -rf ~'");
        assert_eq!(word("--help"), "'--help'");
        let give = command(&Alternative::plain(Step::GivePurpose), "张 伟").unwrap();
        assert_eq!(give, "namecard add '张 伟' --purpose 'WHAT FOR'");
        let open = command(&Alternative::on(Step::OpenMember, "ann"), "x");
        assert_eq!(open.as_deref(), Some("namecard show ann"));
        assert_eq!(command(&Alternative::plain(Step::UsePersonal), "x"), None);
    }
}
