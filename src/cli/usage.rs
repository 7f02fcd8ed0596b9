//! What is wrong with a command line, in the language of the user.

use std::io::{self, Write as _};

use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::i18n::{Text, Words};
use crate::text::SafeText;

/// Prints help or the version that was asked for, or says what is wrong. Returns the exit code.
pub(super) fn report(error: &clap::Error, words: &Words) -> u8 {
    // Whether it can be printed changes nothing.
    let _ = match sentence(error, words) {
        None => error.print(),
        Some(sentence) => say(error, &sentence, words),
    };
    if error.use_stderr() { 2 } else { 0 }
}

fn say(error: &clap::Error, sentence: &SafeText, words: &Words) -> io::Result<()> {
    let mut err = io::stderr().lock();
    writeln!(err, "namecard: {sentence}")?;
    let meant = [ContextKind::SuggestedSubcommand, ContextKind::SuggestedArg, ContextKind::SuggestedValue]
        .into_iter()
        .find_map(|kind| texts(error, kind));
    if let Some(meant) = meant {
        writeln!(err, "{}", words.fill(Text::UsageMeant, &[("meant", meant)]))?;
    } else if let Some(values) = texts(error, ContextKind::ValidValue).filter(|values| !values.is_empty()) {
        writeln!(err, "{}", words.fill(Text::HelpPossible, &[("values", values)]))?;
    }
    if let Some(ContextValue::StyledStr(usage)) = error.get(ContextKind::Usage) {
        let usage = usage.to_string();
        let lines = usage.trim_start_matches("Usage:").lines().map(str::trim);
        for line in lines.filter(|line| !line.is_empty()) {
            writeln!(err, "{} {}", words.get(Text::HelpUsage), SafeText::clean(line))?;
        }
    }
    writeln!(err, "{}", words.get(Text::UsageHelp))
}

/// The sentence for what is wrong; none for what is not wrong, or has no sentence of ours.
fn sentence(error: &clap::Error, words: &Words) -> Option<SafeText> {
    let argument = |kind| texts(error, kind).map(|text| ("argument", text));
    let value = || texts(error, ContextKind::InvalidValue).map(|text| ("value", text));
    let (text, values) = match error.kind() {
        ErrorKind::UnknownArgument => (Text::UsageUnknownArgument, vec![argument(ContextKind::InvalidArg)?]),
        ErrorKind::InvalidSubcommand => {
            (Text::UsageUnknownCommand, vec![argument(ContextKind::InvalidSubcommand)?])
        }
        ErrorKind::MissingRequiredArgument => (Text::UsageMissing, vec![argument(ContextKind::InvalidArg)?]),
        ErrorKind::InvalidValue | ErrorKind::ValueValidation | ErrorKind::TooManyValues => {
            let (argument, value) = (argument(ContextKind::InvalidArg)?, value()?);
            match value.1.is_empty() {
                true => (Text::UsageNoValue, vec![argument]),
                false => (Text::UsageValue, vec![argument, value]),
            }
        }
        ErrorKind::TooFewValues | ErrorKind::WrongNumberOfValues | ErrorKind::NoEquals => {
            (Text::UsageNoValue, vec![argument(ContextKind::InvalidArg)?])
        }
        ErrorKind::ArgumentConflict => {
            let argument = argument(ContextKind::InvalidArg)?;
            match texts(error, ContextKind::PriorArg).filter(|other| *other != argument.1) {
                None => (Text::UsageTwice, vec![argument]),
                Some(other) => (Text::UsageConflict, vec![argument, ("other", other)]),
            }
        }
        ErrorKind::InvalidUtf8 => (Text::UsageUnknown, Vec::new()),
        _ => return None,
    };
    Some(words.fill(text, &values))
}

/// What the library knows of a kind, as shown: of several, all.
fn texts(error: &clap::Error, kind: ContextKind) -> Option<SafeText> {
    match error.get(kind)? {
        ContextValue::String(text) => Some(shown(text)),
        ContextValue::Strings(texts) => {
            let texts: Vec<SafeText> = texts.iter().map(|text| shown(text)).collect();
            Some(SafeText::join(&texts, ", "))
        }
        _ => None,
    }
}

/// A token does not belong on a command line; it is not said again.
fn shown(text: &str) -> SafeText {
    match text.find("nc_") {
        Some(at) if text.len() > at + 20 => SafeText::clean(text.get(..at + 3).unwrap_or_default()),
        _ => SafeText::clean(text).cut(60),
    }
}

#[cfg(test)]
mod tests {
    use super::sentence;
    use crate::cli::command;
    use crate::i18n::{Lang, Words};

    fn said(line: &str, lang: Lang) -> String {
        let words = Words::of(lang);
        let error = command(&words).try_get_matches_from(line.split(' ')).unwrap_err();
        sentence(&error, &words).unwrap_or_else(|| panic!("{line}")).to_string()
    }

    #[test]
    fn what_is_wrong_is_said_in_both_languages() {
        for (line, english, chinese) in [
            ("namecard frob", "there is no command frob.", "没有 frob 这个命令。"),
            ("namecard whoami --frob", "--frob is not known here.", "这里没有 --frob。"),
            ("namecard approve", "<ID>... is missing.", "缺少 <ID>...。"),
            ("namecard search a --limit", "--limit <N> needs a value.", "--limit <N> 需要一个值。"),
            ("namecard search a --limit 0", "0 is not what --limit <N> takes.", "--limit <N> 不接受 0。"),
            (
                "namecard whoami --format xml",
                "xml is not what --format <FORMAT> takes.",
                "--format <FORMAT> 不接受 xml。",
            ),
            (
                "namecard requests --count --box incoming",
                "--count does not go with --box <WHICH>.",
                "--count 不能与 --box <WHICH> 同时使用。",
            ),
            ("namecard man --lang en --lang en", "--lang <LANG> stands there twice.", "--lang <LANG> 重复。"),
        ] {
            assert_eq!(said(line, Lang::En), english);
            assert_eq!(said(line, Lang::ZhCn), chinese);
        }
    }

    #[test]
    fn a_token_on_a_command_line_is_not_said_again() {
        let said = said("namecard login https://a nc_pat_0123456789012345678901234567890", Lang::En);
        assert!(said.contains("nc_") && !said.contains("0123456789"), "{said}");
    }
}
