//! `namecard admin policy`

use std::io::{self, BufRead as _, IsTerminal as _, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use super::args::{PolicyArgs, PolicyCommand};
use super::{company_id, member_id};
use crate::api::{
    ExplainBody, ExplainReply, ExplainedSetting, PolicyBody, PolicyCheck, PolicyHistory, PolicyReply,
    RuleFate, SaidFate,
};
use crate::cli::Context;
use crate::cli::args::Format;
use crate::cli::decide::key;
use crate::cli::failure::Failure;
use crate::cli::output::put_file;
use crate::client::Client;
use crate::config::{Scratch, write_new, write_private};
use crate::domain::{CompanyId, Fault, PolicyFault};
use crate::i18n::{Text, say};
use crate::text::{SafeText, Untrusted};

/// Every common rule, commented out and explained.
const EXAMPLE: &str = include_str!("../../../assets/policy.example.toml");
/// Longest document that is read; the server takes less.
const MAX_DOCUMENT: u64 = 1 << 20;
/// Cells of a value in a line.
const VALUE_CELLS: usize = 60;

pub(super) async fn run(context: &Context, client: &Client, args: &PolicyArgs) -> Result<u8, Failure> {
    let company = company_id(context, args.of.company.as_deref())?;
    let policy = Policies { context, client, company, format: args.of.format };
    match &args.command {
        PolicyCommand::Show { version } => policy.show(*version).await,
        PolicyCommand::History => policy.history().await,
        PolicyCommand::Init { out, force } => init(context, out.as_deref(), *force),
        PolicyCommand::Check { file } => policy.check(file, false).await,
        PolicyCommand::Diff { file } => policy.check(file, true).await,
        PolicyCommand::Apply { file, note, yes } => policy.apply(file, note.as_deref(), *yes).await,
        PolicyCommand::Edit { note } => policy.edit(note.as_deref()).await,
        PolicyCommand::Explain { member, to, setting } => {
            policy.explain(member, to.as_deref(), setting.as_deref()).await
        }
    }
}

/// Writes the example.
fn init(context: &Context, out: Option<&Path>, force: bool) -> Result<u8, Failure> {
    let words = &context.words;
    let Some(file) = out else {
        context.out.data(EXAMPLE)?;
        return Ok(0);
    };
    let shown = SafeText::clean(&file.display().to_string());
    put_file(words, file, EXAMPLE, force)?;
    context.out.line(&words.fill(Text::PolicyExample, &[("file", shown)]))?;
    Ok(0)
}

/// A document from a file, or from standard input for `-`.
fn read(context: &Context, file: &Path) -> Result<String, Failure> {
    let mut text = Vec::new();
    let done = if file == Path::new("-") {
        io::stdin().lock().take(MAX_DOCUMENT).read_to_end(&mut text)
    } else {
        std::fs::File::open(file).and_then(|opened| opened.take(MAX_DOCUMENT).read_to_end(&mut text))
    };
    done.map_err(|error| Failure::of_file(&context.words, Text::CannotRead, file, &error))?;
    String::from_utf8(text).map_err(|_| {
        let error = io::Error::from(io::ErrorKind::InvalidData);
        Failure::of_file(&context.words, Text::CannotRead, file, &error)
    })
}

/// A question on the terminal that a letter answers; whether it was that letter.
fn asked(context: &Context, question: Text, letter: char) -> io::Result<bool> {
    let mut out = io::stderr().lock();
    write!(out, "{} ", context.words.get(question))?;
    out.flush()?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    Ok(answer.trim().to_lowercase().starts_with(letter))
}

/// The program that one writes with.
fn editor() -> String {
    let of = |name: &str| std::env::var(name).ok().filter(|value| !value.trim().is_empty());
    of("VISUAL").or_else(|| of("EDITOR")).unwrap_or_else(|| "vi".to_owned())
}

struct Policies<'a> {
    context: &'a Context,
    client: &'a Client,
    company: Option<CompanyId>,
    format: Format,
}

impl Policies<'_> {
    fn line(&self, text: &SafeText) -> io::Result<()> {
        self.context.out.line(text)
    }

    fn body(&self, document: &str, note: Option<&str>) -> PolicyBody {
        PolicyBody { company: self.company.clone(), document: document.into(), note: note.map(Into::into) }
    }

    async fn show(&self, version: Option<i64>) -> Result<u8, Failure> {
        let policy = self.client.policy(self.company.as_ref(), version).await?;
        if self.format == Format::Json {
            self.context.out.json(&policy)?;
            return Ok(0);
        }
        // The document as its author wrote it, so that it can be changed and applied again.
        for line in policy.document.as_data().lines() {
            self.line(&SafeText::clean(line))?;
        }
        self.tell_faults(None, &policy.warnings)?;
        Ok(0)
    }

    async fn history(&self) -> Result<u8, Failure> {
        let history = self.client.policy_history(self.company.as_ref()).await?;
        if self.format == Format::Json {
            self.context.out.json(&history.items)?;
            return Ok(0);
        }
        self.print_history(&history)?;
        Ok(0)
    }

    fn print_history(&self, history: &PolicyHistory) -> io::Result<()> {
        let (words, now) = (&self.context.words, jiff::Timestamp::now().into());
        let headings = [Text::ColumnVersion, Text::ColumnWhen, Text::ColumnWho, Text::ColumnNote];
        let rows: Vec<Vec<SafeText>> = history
            .items
            .iter()
            .map(|version| {
                let who = version.made_by.as_ref();
                vec![
                    SafeText::number(u64::try_from(version.version).unwrap_or(0)),
                    say::date_time(version.made_at, now, &self.context.zone),
                    who.map_or_else(|| words.get(Text::ActorOperator), |who| who.name.line(VALUE_CELLS)),
                    version.note.as_ref().map(|note| note.line(VALUE_CELLS)).unwrap_or_default(),
                ]
            })
            .collect();
        self.context.out.table(&headings.map(|text| words.get(text)), &rows)
    }

    /// Faults on standard error, each with its file and line.
    fn tell_faults(&self, file: Option<&Path>, faults: &[PolicyFault]) -> io::Result<()> {
        let mut err = io::stderr().lock();
        for fault in faults {
            let said = self.context.words.policy_fault(fault);
            match file {
                Some(file) => writeln!(err, "{}: {said}", SafeText::clean(&file.display().to_string()))?,
                None => writeln!(err, "{said}")?,
            }
        }
        Ok(())
    }

    async fn check(&self, file: &Path, with_changes: bool) -> Result<u8, Failure> {
        let check = self.client.check_policy(&self.body(&read(self.context, file)?, None)).await?;
        let is_bad = check.faults.iter().any(|fault| !fault.code.is_warning());
        if self.format == Format::Json {
            self.context.out.json(&check)?;
            return Ok(u8::from(is_bad));
        }
        self.tell_faults(Some(file), &check.faults)?;
        if is_bad {
            return Ok(1);
        }
        if with_changes {
            self.print_changes(&check)?;
        } else {
            let shown = SafeText::clean(&file.display().to_string());
            self.line(&self.context.words.fill(Text::PolicyGood, &[("file", shown)]))?;
        }
        Ok(0)
    }

    /// What a document changes, rule by rule, and for how many people.
    fn print_changes(&self, check: &PolicyCheck) -> io::Result<()> {
        let words = &self.context.words;
        if check.changes.is_empty() {
            let version = SafeText::number(u64::try_from(check.version).unwrap_or(0));
            return self.line(&words.fill(Text::PolicySame, &[("version", version)]));
        }
        for change in &check.changes {
            let mut line = SafeText::constant(match change.what {
                RuleFate::Added => "+ ",
                RuleFate::Removed => "- ",
                RuleFate::Changed => "~ ",
            });
            line.push(&change.rule.line(VALUE_CELLS));
            self.line(&line)?;
            for part in &change.lines {
                let value = |value: &Option<Untrusted>| value.as_ref().map(|value| value.line(VALUE_CELLS));
                let mut line = SafeText::constant("    ");
                line.push(&SafeText::clean(&part.name));
                line.push_constant(": ");
                if let Some(before) = value(&part.before) {
                    line.push(&before);
                    line.push_constant(" ");
                }
                line.push_constant("-> ");
                line.push(&value(&part.after).unwrap_or_else(|| SafeText::constant("-")));
                self.line(&line)?;
            }
        }
        for effect in &check.effects {
            let n = SafeText::number(u64::try_from(effect.people).unwrap_or(0));
            let values = [("setting", SafeText::clean(&effect.name)), ("n", n)];
            self.line(&words.fill(Text::PolicyEffect, &values))?;
        }
        Ok(())
    }

    async fn apply(&self, file: &Path, note: Option<&str>, yes: bool) -> Result<u8, Failure> {
        let document = read(self.context, file)?;
        let check = self.client.check_policy(&self.body(&document, None)).await?;
        self.tell_faults(Some(file), &check.faults)?;
        if check.faults.iter().any(|fault| !fault.code.is_warning()) {
            return Err(Failure::Said(self.context.words.get(Text::PolicyKept)));
        }
        let asks = !yes && file != Path::new("-") && io::stdin().is_terminal() && io::stderr().is_terminal();
        if asks {
            self.print_changes(&check)?;
            if !asked(self.context, Text::PolicyApplyAsk, 'y')? {
                self.line(&self.context.words.get(Text::PolicyKept))?;
                return Ok(1);
            }
        }
        let body = self.body(&document, note);
        match self.client.apply_policy(check.version, &body, &key()?).await {
            Ok(policy) => self.applied(&policy),
            Err(Fault::Policy(faults)) => {
                self.tell_faults(Some(file), &faults)?;
                Err(Failure::Said(self.context.words.get(Text::PolicyKept)))
            }
            Err(fault) => Err(fault.into()),
        }
    }

    fn applied(&self, policy: &PolicyReply) -> Result<u8, Failure> {
        if self.format == Format::Json {
            self.context.out.json(&policy)?;
            return Ok(0);
        }
        let version = SafeText::number(u64::try_from(policy.version.version).unwrap_or(0));
        self.line(&self.context.words.fill(Text::PolicyApplied, &[("version", version)]))?;
        Ok(0)
    }

    /// Opens the document in the user's editor until it is good, or given up. What was written is never lost.
    async fn edit(&self, note: Option<&str>) -> Result<u8, Failure> {
        let words = &self.context.words;
        if !io::stdin().is_terminal() {
            return Err(Failure::Usage(words.get(Text::PolicyEditTerminal)));
        }
        let policy = self.client.policy(self.company.as_ref(), None).await?;
        let before = policy.document.as_data().to_owned();
        let scratch = Scratch::of_system()?;
        let file = scratch.file("policy.toml");
        write_private(&file, before.as_bytes())?;
        let draft = loop {
            // The editor may be a command with arguments.
            let status =
                Command::new("sh").args(["-c", &format!("{} \"$1\"", editor()), "sh"]).arg(&file).status()?;
            let document = read(self.context, &file)?;
            if !status.success() || document == before {
                self.line(&words.get(Text::PolicyKept))?;
                return Ok(u8::from(!status.success()));
            }
            let check = self.client.check_policy(&self.body(&document, None)).await;
            let check = match check {
                Ok(check) => check,
                // The server is away: what was written stays.
                Err(fault) => return self.keep(&document, fault.into()),
            };
            self.tell_faults(None, &check.faults)?;
            if check.faults.iter().all(|fault| fault.code.is_warning()) {
                self.print_changes(&check)?;
                if asked(self.context, Text::PolicyApplyAsk, 'y')? {
                    break document;
                }
            }
            if !asked(self.context, Text::PolicyEditAgain, 'y')? {
                return self.keep(&document, Failure::Said(words.get(Text::PolicyKept)));
            }
        };
        let body = self.body(&draft, note);
        match self.client.apply_policy(policy.version.version, &body, &key()?).await {
            Ok(policy) => self.applied(&policy),
            Err(Fault::Policy(faults)) => {
                self.tell_faults(None, &faults)?;
                self.keep(&draft, Failure::Said(words.get(Text::PolicyKept)))
            }
            Err(fault) => self.keep(&draft, fault.into()),
        }
    }

    /// Keeps what was written where it is found again, and says so.
    fn keep(&self, document: &str, why: Failure) -> Result<u8, Failure> {
        let now = jiff::Timestamp::now().as_second();
        let file = PathBuf::from(format!("policy-{now}.toml"));
        write_new(&file, document.as_bytes())
            .map_err(|error| Failure::of_file(&self.context.words, Text::CannotWrite, &file, &error))?;
        let shown = SafeText::clean(&file.display().to_string());
        writeln!(io::stderr(), "{}", self.context.words.fill(Text::PolicyDraft, &[("file", shown)]))?;
        Err(why)
    }

    async fn explain(&self, member: &str, to: Option<&str>, setting: Option<&str>) -> Result<u8, Failure> {
        let member = member_id(self.context, member)?;
        let body = ExplainBody { company: self.company.clone(), member, to: to.map(Into::into) };
        let mut reply = self.client.explain_policy(&body).await?;
        if let Some(setting) = setting {
            reply.settings.retain(|known| known.name == setting);
            if reply.settings.is_empty() {
                let name = SafeText::clean(setting).cut(40);
                return Err(Failure::Usage(self.context.words.fill(Text::NoSuchSetting, &[("name", name)])));
            }
        }
        if self.format == Format::Json {
            self.context.out.json(&reply)?;
        } else {
            self.print_explained(&reply)?;
        }
        Ok(0)
    }

    fn print_explained(&self, reply: &ExplainReply) -> io::Result<()> {
        let words = &self.context.words;
        if let Some(verdict) = &reply.verdict {
            self.line(&words.verdict_means(verdict.code))?;
            for line in words.rule_lines(verdict, &self.context.zone) {
                self.line(&line)?;
            }
            for looked in &reply.chain {
                let mut line = SafeText::constant(if looked.passed { "  ok  " } else { "  no  " });
                line.push(&words.verdict_means(looked.code));
                line.push_constant("  ");
                line.push(&words.rule_title(&looked.rule));
                self.line(&line)?;
            }
            self.line(&SafeText::default())?;
        }
        let headings = [Text::ColumnSetting, Text::ColumnValue, Text::ColumnRule];
        let rows: Vec<Vec<SafeText>> =
            reply.settings.iter().flat_map(|known| self.explained(known)).collect();
        self.context.out.table(&headings.map(|text| words.get(text)), &rows)
    }

    /// A setting with whose word holds; below it every rule that says something else.
    fn explained(&self, known: &ExplainedSetting) -> Vec<Vec<SafeText>> {
        let words = &self.context.words;
        let by: Vec<SafeText> = known.by.iter().map(|rule| words.rule_title(rule)).collect();
        let first =
            vec![SafeText::clean(&known.name), known.value.line(VALUE_CELLS), SafeText::join(&by, ", ")];
        let others = known.chain.iter().filter(|says| says.fate != SaidFate::Holds).map(|says| {
            let fate = match says.fate {
                SaidFate::Overridden => Text::FateOverridden,
                _ => Text::FateLockedOut,
            };
            vec![SafeText::default(), words.get(fate), words.rule_title(&says.rule)]
        });
        std::iter::once(first).chain(others).collect()
    }
}
