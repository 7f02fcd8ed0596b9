//! The sentences of the command line's help, in the language of the user.

use crate::config::ConfigError;
use crate::i18n::{Text, Words};
use crate::text::SafeText;

/// Puts the sentences of a language into a command and everything below it.
pub(super) fn localise(command: clap::Command, words: &Words) -> clap::Command {
    let mut command = command.about(words.get(Text::CmdAbout).to_string());
    command = command.mut_args(|arg| explain(arg, "", words));
    let names: Vec<String> = command.get_subcommands().map(|sub| sub.get_name().to_owned()).collect();
    for name in names {
        command = command.mut_subcommand(&name, |sub| below(sub, &name, words));
    }
    command
}

fn below(command: clap::Command, path: &str, words: &Words) -> clap::Command {
    let mut command = match about(path) {
        Some(text) => command.about(words.get(text).to_string()),
        None => command,
    };
    command = command.mut_args(|arg| explain(arg, path, words));
    let names: Vec<String> = command.get_subcommands().map(|sub| sub.get_name().to_owned()).collect();
    for name in names {
        let path = format!("{path} {name}");
        command = command.mut_subcommand(&name, |sub| below(sub, &path, words));
    }
    command
}

fn explain(arg: clap::Arg, path: &str, words: &Words) -> clap::Arg {
    match help(path, arg.get_id().as_str()) {
        Some(text) => arg.help(words.get(text).to_string()),
        None => arg,
    }
}

/// What a command does.
fn about(path: &str) -> Option<Text> {
    Some(match path {
        "import" => Text::CmdImport,
        "search" => Text::CmdSearch,
        "query" => Text::CmdQuery,
        "show" => Text::CmdShow,
        "contacts" => Text::CmdContacts,
        "requests" => Text::CmdRequests,
        "watch" => Text::CmdWatch,
        "approve" => Text::CmdApprove,
        "reject" => Text::CmdReject,
        "undo" => Text::CmdUndo,
        "qr" => Text::CmdQr,
        "export" => Text::CmdExport,
        "card" => Text::CmdCard,
        "card rotate" => Text::CmdCardRotate,
        "whoami" => Text::CmdWhoami,
        "login" => Text::CmdLogin,
        "logout" => Text::CmdLogout,
        "admin" => Text::CmdAdmin,
        "admin company" => Text::CmdAdminCompany,
        "admin company create" => Text::CmdCompanyCreate,
        "admin role" => Text::CmdAdminRole,
        "admin token" => Text::CmdAdminToken,
        "admin token list" => Text::CmdTokenList,
        "admin token revoke" => Text::CmdTokenRevoke,
        "admin backup" => Text::CmdBackup,
        "admin backup verify" => Text::CmdBackupVerify,
        "admin restore" => Text::CmdRestore,
        "serve" => Text::CmdServe,
        "config" => Text::CmdConfig,
        "config check" => Text::CmdConfigCheck,
        "keys" => Text::CmdKeys,
        "completions" => Text::CmdCompletions,
        "man" => Text::CmdMan,
        _ => return None,
    })
}

/// What an argument says.
fn help(path: &str, arg: &str) -> Option<Text> {
    Some(match (path, arg) {
        (_, "lang") => Text::ArgLang,
        (_, "config") => Text::ArgConfig,
        (_, "no_color") => Text::ArgNoColor,
        (_, "demo") => Text::ArgDemo,
        (_, "help") => Text::ArgHelp,
        (_, "version") => Text::ArgVersion,
        (_, "format") => Text::ArgFormat,
        (_, "server") => Text::ArgServer,
        (_, "token_file") => Text::ArgTokenFile,
        (_, "company") => Text::ArgCompany,
        ("login", "url") => Text::ArgLoginUrl,
        ("serve", "listen") => Text::ArgListen,
        ("serve", "database") => Text::ArgDatabase,
        ("serve", "public_url") => Text::ArgPublicUrl,
        ("serve", "behind_proxy") => Text::ArgBehindProxy,
        ("serve", "insecure_http") => Text::ArgInsecureHttp,
        ("serve", "disk_reserve") => Text::ArgDiskReserve,
        ("admin backup" | "admin restore", "database") => Text::ArgBackupOf,
        ("admin backup" | "admin backup verify" | "admin restore", "file") => Text::ArgBackupFile,
        ("admin backup", "without_card_key") => Text::ArgWithoutCardKey,
        ("admin restore", "force") => Text::ArgRestoreForce,
        ("admin company create", "id") => Text::ArgCompanyId,
        ("admin company create", "name") => Text::ArgImportName,
        ("admin company create", "domain") => Text::ArgImportDomain,
        ("admin role" | "admin token", "member") => Text::ArgMember,
        ("admin role", "role") => Text::ArgRole,
        ("admin token", "all") => Text::ArgTokenAll,
        ("admin token revoke", "id") => Text::ArgTokenId,
        ("", "tab") => Text::ArgTab,
        ("import", "file") => Text::ArgImportFile,
        ("import", "from") => Text::ArgImportFrom,
        ("import", "dry_run") => Text::ArgDryRun,
        ("import", "skip_bad") => Text::ArgSkipBad,
        ("import", "remove_missing") => Text::ArgRemoveMissing,
        ("import", "remove_limit") => Text::ArgRemoveLimit,
        ("import", "member") => Text::ArgImportAs,
        ("import", "name") => Text::ArgImportName,
        ("import", "domain") => Text::ArgImportDomain,
        ("search", "query") => Text::ArgQuery,
        ("search", "place") => Text::ArgSearchIn,
        ("search", "limit") => Text::ArgLimit,
        ("query", "mailer") => Text::ArgQueryFor,
        ("query", "words") => Text::ArgQuery,
        ("show", "id") => Text::ArgShowId,
        ("requests", "which") => Text::ArgBox,
        ("requests", "state") => Text::ArgState,
        ("requests", "count") => Text::ArgCount,
        ("approve" | "reject", "ids") => Text::ArgRequestIds,
        ("undo", "id") => Text::ArgUndoId,
        ("approve", "note") => Text::ArgNote,
        ("reject", "reason") => Text::ArgReason,
        ("reject", "tell") => Text::ArgTell,
        ("qr", "form") => Text::ArgQrAs,
        ("qr", "content") => Text::ArgQrContent,
        ("completions", "shell") => Text::ArgShell,
        ("config check", "file") => Text::ArgCheckFile,
        ("export", "what") => Text::ArgExportWhat,
        ("export", "form") => Text::ArgExportAs,
        ("export" | "admin backup", "force") => Text::ArgForce,
        ("export", "raw_csv") => Text::ArgRawCsv,
        ("qr" | "export", "out") => Text::ArgOut,
        ("card rotate", "leaked") => Text::ArgLeaked,
        _ => return None,
    })
}

/// A fault of the settings: where, what, and what is used instead.
pub(super) fn config_error(words: &Words, file: &SafeText, error: &ConfigError) -> SafeText {
    let line = SafeText::number(error.line() as u64);
    let place = [("file", file.clone()), ("line", line)];
    let [file, line] = place;
    match error {
        ConfigError::Syntax { .. } => words.fill(Text::ConfigSyntax, &[file, line]),
        ConfigError::Unknown { name, meant: Some(meant), .. } => words.fill(
            Text::ConfigUnknownMeant,
            &[file, line, ("name", name.line(40)), ("meant", SafeText::constant(meant))],
        ),
        ConfigError::Unknown { name, meant: None, .. } => {
            words.fill(Text::ConfigUnknown, &[file, line, ("name", name.line(40))])
        }
        ConfigError::Value { name, takes, .. } => words.fill(
            Text::ConfigValue,
            &[file, line, ("name", SafeText::constant(name)), ("takes", SafeText::constant(takes))],
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::{about, help};
    use crate::cli::command;
    use crate::i18n::{Lang, Words};

    fn check(command: &clap::Command, path: &str) {
        for arg in command.get_arguments() {
            assert!(help(path, arg.get_id().as_str()).is_some(), "{path:?} {} has no sentence", arg.get_id());
        }
        for sub in command.get_subcommands() {
            let below = if path.is_empty() {
                sub.get_name().to_owned()
            } else {
                format!("{path} {}", sub.get_name())
            };
            assert!(about(&below).is_some(), "{below} has no sentence");
            check(sub, &below);
        }
    }

    #[test]
    fn every_command_and_argument_has_its_sentence() {
        let mut command = command(&Words::of(Lang::En));
        command.build();
        check(&command, "");
    }
}
