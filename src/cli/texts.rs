//! The sentences of the command line's help, in the language of the user.

use crate::config::SETTINGS;
use crate::i18n::{Text, Words};
use crate::text::SafeText;

/// Puts the sentences of a language into a command and everything below it.
pub(super) fn localise(mut command: clap::Command, words: &Words) -> clap::Command {
    // What the library adds itself has to be there before its sentences can be replaced.
    command.build();
    let command = command.about(words.get(Text::CmdAbout).to_string());
    within(command, "", words)
}

fn within(command: clap::Command, path: &str, words: &Words) -> clap::Command {
    let mut command = command.mut_args(|arg| explain(arg, path, words));
    let names: Vec<String> = command.get_subcommands().map(|sub| sub.get_name().to_owned()).collect();
    for name in names {
        let path = if path.is_empty() { name.clone() } else { format!("{path} {name}") };
        command = command.mut_subcommand(&name, |sub| {
            let sub = match about(&path) {
                Some(text) => sub.about(words.get(text).to_string()),
                None => sub,
            };
            within(sub, &path, words)
        });
    }
    let template = template(&command, words);
    command.help_template(template)
}

/// The order of a command's help, with its headings.
fn template(command: &clap::Command, words: &Words) -> String {
    let mut page = format!("{{about}}\n\n{} {{usage}}\n", words.get(Text::HelpUsage));
    let mut part = |heading: Text, tag: &str| {
        page.push_str(&format!("\n{}\n{{{tag}}}\n", words.get(heading)));
    };
    if command.has_subcommands() {
        part(Text::HelpCommands, "subcommands");
    }
    if command.get_positionals().next().is_some() {
        part(Text::HelpArguments, "positionals");
    }
    part(Text::HelpOptions, "options");
    page
}

/// What an argument says; behind it what holds without it, what may be said, and where else.
fn explain(arg: clap::Arg, path: &str, words: &Words) -> clap::Arg {
    let Some(text) = help(path, arg.get_id().as_str()) else { return arg };
    let mut parts = vec![words.get(text)];
    let mut add = |text: Text, values: &[String]| {
        if !values.is_empty() {
            parts.push(words.fill(text, &[("values", SafeText::clean(&values.join(", ")))]));
        }
    };
    if arg.get_action().takes_values() {
        let of_arg = arg.get_default_values().iter().map(|value| value.display().to_string());
        let mut default: Vec<String> = of_arg.collect();
        let flag = arg.get_long().map(|long| format!("--{long}"));
        let setting = SETTINGS.iter().find(|setting| path == "serve" && setting.flag == flag.as_deref());
        default.extend(setting.and_then(|setting| setting.default_text()).map(str::to_owned));
        add(Text::HelpDefault, &default);
        let possible = arg.get_possible_values();
        let possible: Vec<String> = possible.iter().map(|value| value.get_name().to_owned()).collect();
        add(Text::HelpPossible, &possible);
        let variable = setting.and_then(|setting| setting.variable).map(str::to_owned);
        add(Text::HelpVariable, variable.as_slice());
    }
    let sentence = SafeText::join(&parts, " ").to_string();
    arg.help(sentence).hide_default_value(true).hide_possible_values(true)
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
        "withdraw" => Text::CmdWithdraw,
        "why" => Text::CmdWhy,
        "add" => Text::CmdAdd,
        "scan" => Text::CmdScan,
        "away" => Text::CmdAway,
        "away until" => Text::CmdAwayUntil,
        "away off" => Text::CmdAwayOff,
        "qr" => Text::CmdQr,
        "export" => Text::CmdExport,
        "card" => Text::CmdCard,
        "card list" => Text::CmdCardList,
        "card new" => Text::CmdCardNew,
        "card rotate" => Text::CmdCardRotate,
        "card label" => Text::CmdCardLabel,
        "card expire" => Text::CmdCardExpire,
        "card uses" => Text::CmdCardUses,
        "card fields" => Text::CmdCardFields,
        "card revoke" => Text::CmdCardRevoke,
        "card accept" => Text::CmdCardAccept,
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
        "admin member" => Text::CmdAdminMember,
        "admin member leave" => Text::CmdMemberLeave,
        "admin policy" => Text::CmdAdminPolicy,
        "admin policy show" => Text::CmdPolicyShow,
        "admin policy history" => Text::CmdPolicyHistory,
        "admin policy init" => Text::CmdPolicyInit,
        "admin policy check" => Text::CmdPolicyCheck,
        "admin policy diff" => Text::CmdPolicyDiff,
        "admin policy apply" => Text::CmdPolicyApply,
        "admin policy edit" => Text::CmdPolicyEdit,
        "admin policy explain" => Text::CmdPolicyExplain,
        "admin grant" => Text::CmdAdminGrant,
        "admin grant list" => Text::CmdGrantList,
        "admin grant revoke" => Text::CmdGrantRevoke,
        "admin partner" => Text::CmdAdminPartner,
        "admin partner list" => Text::CmdPartnerList,
        "admin partner propose" => Text::CmdPartnerPropose,
        "admin partner accept" => Text::CmdPartnerAccept,
        "admin partner end" => Text::CmdPartnerEnd,
        "admin handover" => Text::CmdAdminHandover,
        "admin handover list" => Text::CmdHandoverList,
        "admin handover assign" => Text::CmdHandoverAssign,
        "admin audit" => Text::CmdAdminAudit,
        "admin audit list" => Text::CmdAuditList,
        "admin audit verify" => Text::CmdAuditVerify,
        "admin audit export" => Text::CmdAuditExport,
        "admin audit head" => Text::CmdAuditHead,
        "admin backup" => Text::CmdBackup,
        "admin backup verify" => Text::CmdBackupVerify,
        "admin restore" => Text::CmdRestore,
        "serve" => Text::CmdServe,
        "config" => Text::CmdConfig,
        "config check" => Text::CmdConfigCheck,
        "config show" => Text::CmdConfigShow,
        "doctor" => Text::CmdDoctor,
        "admin doctor" => Text::CmdAdminDoctor,
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
        (_, "scene") => Text::ArgScene,
        (_, "help") => Text::ArgHelp,
        ("admin policy show", "version") => Text::ArgPolicyVersion,
        (_, "version") => Text::ArgVersion,
        ("export", "format") => Text::ArgExportFormat,
        (_, "format") => Text::ArgFormat,
        (_, "server") => Text::ArgServer,
        (_, "token_file") => Text::ArgTokenFile,
        (_, "insecure_http") => Text::ArgInsecureHttp,
        ("admin partner propose" | "admin partner end", "company") => Text::ArgPartner,
        (_, "company") => Text::ArgCompany,
        ("login", "url") => Text::ArgLoginUrl,
        ("login", "member") => Text::ArgLoginAs,
        ("admin doctor", "database") => Text::ArgDoctorDatabase,
        ("serve", "listen") => Text::ArgListen,
        ("serve", "database") => Text::ArgDatabase,
        ("serve", "public_url") => Text::ArgPublicUrl,
        ("serve", "behind_proxy") => Text::ArgBehindProxy,
        ("serve", "trusted_proxy") => Text::ArgTrustedProxy,
        ("serve", "host") => Text::ArgHost,
        ("serve", "tls_cert") => Text::ArgTlsCert,
        ("serve", "tls_key") => Text::ArgTlsKey,
        ("serve", "disk_reserve") => Text::ArgDiskReserve,
        ("admin backup" | "admin restore", "database") => Text::ArgBackupOf,
        ("admin backup" | "admin backup verify" | "admin restore", "file") => Text::ArgBackupFile,
        ("admin backup", "without_card_key") => Text::ArgWithoutCardKey,
        ("admin restore", "force") => Text::ArgRestoreForce,
        ("admin company create", "id") => Text::ArgCompanyId,
        ("admin company create", "name") => Text::ArgImportName,
        ("admin company create", "domain") => Text::ArgImportDomain,
        ("admin role" | "admin token" | "admin member leave" | "admin policy explain", "member") => {
            Text::ArgMember
        }
        ("admin policy init" | "admin audit export", "out") => Text::ArgOut,
        ("admin policy init" | "admin audit export", "force") => Text::ArgForce,
        ("admin policy check" | "admin policy diff" | "admin policy apply", "file") => Text::ArgPolicyFile,
        ("admin policy apply" | "admin policy edit", "note") => Text::ArgPolicyNote,
        ("admin policy apply", "yes") => Text::ArgYes,
        ("admin policy explain", "to") => Text::ArgPolicyTo,
        ("admin policy explain", "setting") => Text::ArgPolicySetting,
        ("admin grant", "what") => Text::ArgGrantWhat,
        ("admin grant", "whom") => Text::ArgGrantWhom,
        ("admin grant", "until") => Text::ArgUntil,
        ("admin grant revoke", "id") => Text::ArgGrantId,
        ("admin partner propose", "purpose") => Text::ArgPartnerPurpose,
        ("admin partner accept", "request") => Text::ArgPartnerRequest,
        ("admin partner propose" | "admin partner accept", "department") => Text::ArgShownDepartment,
        ("admin partner propose" | "admin partner accept", "member") => Text::ArgShownMember,
        ("admin handover assign", "request") => Text::ArgHandoverRequest,
        ("admin handover assign", "member") => Text::ArgHandoverTo,
        ("admin audit list", "after") => Text::ArgAuditAfter,
        ("admin audit list", "action") => Text::ArgAuditAction,
        ("admin audit list", "object") => Text::ArgAuditObject,
        ("admin audit list", "limit") => Text::ArgLimit,
        ("admin audit verify", "from") => Text::ArgAuditFrom,
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
        ("withdraw", "id") => Text::ArgWithdrawId,
        ("why" | "add", "target") => Text::ArgTarget,
        ("scan", "source") => Text::ArgScanSource,
        ("scan", "add") => Text::ArgScanAdd,
        ("add" | "scan", "purpose") => Text::ArgPurpose,
        ("add" | "scan", "message") => Text::ArgMessage,
        ("add", "permission") => Text::ArgPermission,
        ("away until", "date") => Text::ArgAwayDate,
        ("away until", "stand_in") => Text::ArgStandIn,
        ("approve", "note") => Text::ArgNote,
        ("reject", "reason") => Text::ArgReason,
        ("reject", "tell") => Text::ArgTell,
        ("qr", "form") => Text::ArgQrAs,
        ("qr", "content") => Text::ArgQrContent,
        ("completions", "shell") => Text::ArgShell,
        ("config check", "file") => Text::ArgCheckFile,
        ("export", "what") => Text::ArgExportWhat,
        ("export" | "admin backup", "force") => Text::ArgForce,
        ("export", "raw_csv") => Text::ArgRawCsv,
        ("qr" | "export", "out") => Text::ArgOut,
        ("card rotate", "leaked") => Text::ArgLeaked,
        ("card new", "kind") => Text::ArgCardKind,
        ("card new", "label") | ("card label", "text") => Text::ArgCardLabel,
        ("card new", "expires") | ("card expire", "when") => Text::ArgCardWhen,
        ("card new", "uses") => Text::ArgCardUses,
        ("card uses", "most") => Text::ArgCardMost,
        ("card new" | "card fields", "fields") => Text::ArgCardField,
        (
            "card rotate" | "card label" | "card expire" | "card uses" | "card fields" | "card revoke",
            "card",
        ) => Text::ArgCardId,
        ("card accept", "to") => Text::ArgAccept,
        _ => return None,
    })
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
