//! What may be written on the command line. The sentences of the help stand in [`super::texts`].

use std::path::PathBuf;

use super::admin::args::{AuditArgs, GrantArgs, HandoverArgs, MemberCommand, PartnerArgs, PolicyArgs};
use clap::{Args, CommandFactory as _, Parser, Subcommand, ValueEnum};

use super::texts;
use crate::i18n::Words;

#[derive(Debug, Parser)]
#[command(name = "namecard", version, disable_help_subcommand = true)]
pub(super) struct Cli {
    #[arg(long, value_name = "LANG", global = true, display_order = 100, value_parser = ["en", "zh-CN"])]
    pub(super) lang: Option<String>,
    #[arg(long, value_name = "FILE", global = true, display_order = 101)]
    pub(super) config: Option<PathBuf>,
    #[arg(long, global = true, display_order = 102)]
    pub(super) no_color: bool,
    #[arg(long, value_name = "URL", global = true, display_order = 104)]
    pub(super) server: Option<String>,
    #[arg(long, value_name = "FILE", global = true, display_order = 105)]
    pub(super) token_file: Option<PathBuf>,
    #[arg(long, global = true, display_order = 106)]
    pub(super) insecure_http: bool,
    #[cfg(feature = "server")]
    #[arg(long, value_name = "SEED", global = true, display_order = 103, num_args = 0..=1)]
    pub(super) demo: Option<Option<u64>>,
    #[cfg(feature = "server")]
    #[arg(long, value_name = "SCENE", global = true, display_order = 103, requires = "demo")]
    pub(super) scene: Option<SceneName>,
    #[arg(long, value_name = "TAB")]
    pub(super) tab: Option<TabName>,
    #[command(subcommand)]
    pub(super) command: Option<Command>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum TabName {
    Directory,
    External,
    Approvals,
}

#[cfg(feature = "server")]
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum SceneName {
    FirstDay,
    Busy,
    Flood,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    #[cfg(feature = "server")]
    Import(ImportArgs),
    Search(SearchArgs),
    Query(QueryArgs),
    Show(ShowArgs),
    Contacts(ContactsArgs),
    Requests(RequestsArgs),
    Watch(WatchArgs),
    Approve(ApproveArgs),
    Reject(RejectArgs),
    Undo(UndoArgs),
    Withdraw(WithdrawArgs),
    Why(WhyArgs),
    Add(AddArgs),
    Scan(ScanArgs),
    Away(AwayArgs),
    Qr(QrArgs),
    Card(CardArgs),
    Export(ExportArgs),
    Whoami(WhoamiArgs),
    Login(LoginArgs),
    Logout,
    Admin {
        #[command(subcommand)]
        command: AdminCommand,
    },
    #[cfg(feature = "server")]
    Serve(ServeArgs),
    Config(ConfigArgs),
    Doctor(DoctorArgs),
    Keys(KeysArgs),
    Completions(CompletionsArgs),
    Man,
}

impl Command {
    /// Whether it says itself what is wrong with the settings, or needs none: it runs whatever they are.
    pub(super) const fn looks_into_settings(&self) -> bool {
        match self {
            Self::Config(_) | Self::Completions(_) | Self::Man | Self::Doctor(_) => true,
            #[cfg(feature = "server")]
            Self::Serve(_) => true,
            _ => false,
        }
    }
}

#[derive(Debug, Args)]
pub(super) struct LoginArgs {
    #[arg(value_name = "URL")]
    pub(super) url: Option<String>,
    #[arg(long = "as", value_name = "ID", requires = "url")]
    pub(super) member: Option<String>,
    #[arg(long, value_enum, default_value_t, conflicts_with = "url")]
    pub(super) format: Format,
}

#[cfg(feature = "server")]
#[derive(Debug, Args)]
pub(super) struct ServeArgs {
    #[arg(long, value_name = "ADDR")]
    pub(super) listen: Option<String>,
    #[arg(long, value_name = "URL")]
    pub(super) database: Option<String>,
    #[arg(long, value_name = "URL")]
    pub(super) public_url: Option<String>,
    #[arg(long)]
    pub(super) behind_proxy: bool,
    #[arg(long, value_name = "ADDRESS")]
    pub(super) trusted_proxy: Vec<String>,
    #[arg(long, value_name = "NAME")]
    pub(super) host: Vec<String>,
    #[arg(long, value_name = "FILE")]
    pub(super) tls_cert: Option<String>,
    #[arg(long, value_name = "FILE")]
    pub(super) tls_key: Option<String>,
    #[arg(long, value_name = "MIB")]
    pub(super) disk_reserve: Option<String>,
}

/// What a backup is of.
#[cfg(feature = "server")]
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct BackupArgs {
    #[command(subcommand)]
    pub(super) command: Option<BackupCommand>,
    #[arg(value_name = "FILE", required = true)]
    pub(super) file: Option<PathBuf>,
    #[arg(long, value_name = "URL", env = "NAMECARD_DATABASE")]
    pub(super) database: Option<String>,
    #[arg(long)]
    pub(super) without_card_key: bool,
    #[arg(long)]
    pub(super) force: bool,
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: Format,
}

#[cfg(feature = "server")]
#[derive(Debug, Subcommand)]
pub(super) enum BackupCommand {
    Verify {
        #[arg(value_name = "FILE")]
        file: PathBuf,
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
}

#[cfg(feature = "server")]
#[derive(Debug, Args)]
pub(super) struct RestoreArgs {
    #[arg(value_name = "FILE")]
    pub(super) file: PathBuf,
    #[arg(long, value_name = "URL", env = "NAMECARD_DATABASE")]
    pub(super) database: Option<String>,
    #[arg(long)]
    pub(super) force: bool,
}

#[derive(Debug, Subcommand)]
pub(super) enum AdminCommand {
    Company {
        #[command(subcommand)]
        command: CompanyCommand,
    },
    Role {
        #[arg(value_name = "MEMBER")]
        member: String,
        #[arg(value_name = "ROLE", value_enum)]
        role: RoleName,
        #[arg(long, value_name = "ID")]
        company: Option<String>,
    },
    Token(TokenArgs),
    Member {
        #[command(subcommand)]
        command: MemberCommand,
    },
    Policy(PolicyArgs),
    Grant(GrantArgs),
    Partner(PartnerArgs),
    Handover(HandoverArgs),
    Audit(AuditArgs),
    #[cfg(feature = "server")]
    Backup(BackupArgs),
    #[cfg(feature = "server")]
    Restore(RestoreArgs),
    #[cfg(feature = "server")]
    Doctor(ServerDoctorArgs),
}

#[cfg(feature = "server")]
#[derive(Debug, Args)]
pub(super) struct ServerDoctorArgs {
    #[arg(long, value_name = "URL")]
    pub(super) database: Option<String>,
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: Format,
}

#[derive(Debug, Args)]
pub(super) struct DoctorArgs {
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: Format,
}

#[derive(Debug, Subcommand)]
pub(super) enum CompanyCommand {
    Create {
        #[arg(value_name = "ID")]
        id: String,
        #[arg(long, value_name = "NAME")]
        name: String,
        #[arg(long, value_name = "DOMAIN")]
        domain: Option<String>,
    },
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum RoleName {
    Admin,
    Auditor,
    None,
}

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = false)]
pub(super) struct TokenArgs {
    #[command(subcommand)]
    pub(super) command: Option<TokenCommand>,
    #[arg(value_name = "MEMBER")]
    pub(super) member: Option<String>,
    #[arg(long, conflicts_with = "member")]
    pub(super) all: bool,
    #[arg(long, value_name = "ID", global = true)]
    pub(super) company: Option<String>,
    #[arg(long, value_enum, default_value_t, global = true)]
    pub(super) format: TokenFormat,
}

#[derive(Debug, Subcommand)]
pub(super) enum TokenCommand {
    List,
    Revoke {
        #[arg(value_name = "TOKEN-ID")]
        id: String,
    },
}

/// How tokens are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum TokenFormat {
    #[default]
    Table,
    Csv,
    Json,
}

/// How a listing is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    #[default]
    Table,
    Json,
}

/// What a file of people is.
#[cfg(feature = "server")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum FileKind {
    Csv,
    Json,
    Vcard,
}

#[cfg(feature = "server")]
#[derive(Debug, Args)]
pub(super) struct ImportArgs {
    #[arg(value_name = "FILE")]
    pub(super) file: PathBuf,
    #[arg(long, value_enum)]
    pub(super) from: Option<FileKind>,
    #[arg(long)]
    pub(super) dry_run: bool,
    #[arg(long)]
    pub(super) skip_bad: bool,
    #[arg(long)]
    pub(super) remove_missing: bool,
    #[arg(long, value_name = "N", requires = "remove_missing")]
    pub(super) remove_limit: Option<i64>,
    #[arg(long = "as", value_name = "ID")]
    pub(super) member: Option<String>,
    #[arg(long, value_name = "NAME")]
    pub(super) name: Option<String>,
    #[arg(long, value_name = "DOMAIN")]
    pub(super) domain: Option<String>,
    #[arg(long, value_name = "ID", conflicts_with_all = ["member", "name", "domain"])]
    pub(super) company: Option<String>,
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: Format,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub(super) enum Where {
    Directory,
    External,
    Linked,
    #[default]
    All,
}

#[derive(Debug, Args)]
pub(super) struct SearchArgs {
    #[arg(value_name = "QUERY", required = true)]
    pub(super) query: Vec<String>,
    #[arg(long = "in", value_enum, default_value_t)]
    pub(super) place: Where,
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub(super) limit: u32,
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: Format,
}

/// A mail program that asks for addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Mailer {
    Mutt,
    Aerc,
}

#[derive(Debug, Args)]
pub(super) struct QueryArgs {
    #[arg(long = "for", value_name = "PROGRAM", value_enum)]
    pub(super) mailer: Mailer,
    #[arg(value_name = "WORD", required = true)]
    pub(super) words: Vec<String>,
}

#[derive(Debug, Args)]
pub(super) struct ShowArgs {
    #[arg(value_name = "ID")]
    pub(super) id: String,
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: Format,
}

#[derive(Debug, Args)]
pub(super) struct ContactsArgs {
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: Format,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum BoxName {
    #[default]
    Approvals,
    Incoming,
    Outgoing,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
#[value(rename_all = "snake_case")]
pub(super) enum StateName {
    Pending,
    PendingManager,
    Approved,
    Rejected,
    Withdrawn,
    Expired,
    Blocked,
}

#[derive(Debug, Args)]
pub(super) struct RequestsArgs {
    #[arg(long = "box", value_enum, default_value_t)]
    pub(super) which: BoxName,
    #[arg(long, value_enum)]
    pub(super) state: Option<StateName>,
    #[arg(long, conflicts_with_all = ["which", "state"])]
    pub(super) count: bool,
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: Format,
}

#[derive(Debug, Args)]
pub(super) struct WatchArgs {
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: Format,
}

#[derive(Debug, Args)]
pub(super) struct ApproveArgs {
    #[arg(value_name = "ID", required = true)]
    pub(super) ids: Vec<String>,
    #[arg(long, value_name = "TEXT")]
    pub(super) note: Option<String>,
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: Format,
}

#[derive(Debug, Args)]
pub(super) struct RejectArgs {
    #[arg(value_name = "ID", required = true)]
    pub(super) ids: Vec<String>,
    #[arg(long, value_name = "TEXT")]
    pub(super) reason: String,
    #[arg(long)]
    pub(super) tell: bool,
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: Format,
}

#[derive(Debug, Args)]
pub(super) struct UndoArgs {
    #[arg(value_name = "ID")]
    pub(super) id: String,
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: Format,
}

#[derive(Debug, Args)]
pub(super) struct WithdrawArgs {
    #[arg(value_name = "ID")]
    pub(super) id: String,
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: Format,
}

#[derive(Debug, Args)]
pub(super) struct WhyArgs {
    #[arg(value_name = "TARGET")]
    pub(super) target: String,
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: Format,
}

#[derive(Debug, Args)]
pub(super) struct AddArgs {
    #[arg(value_name = "TARGET", required_unless_present = "permission")]
    pub(super) target: Option<String>,
    #[arg(long, value_name = "TEXT")]
    pub(super) purpose: Option<String>,
    #[arg(long, value_name = "TEXT")]
    pub(super) message: Option<String>,
    #[arg(long, conflicts_with_all = ["target", "message"], requires = "purpose")]
    pub(super) permission: bool,
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: Format,
}

#[derive(Debug, Args)]
pub(super) struct ScanArgs {
    #[arg(value_name = "FILE|LINK|-")]
    pub(super) source: String,
    #[arg(long)]
    pub(super) add: bool,
    #[arg(long, value_name = "TEXT", requires = "add")]
    pub(super) purpose: Option<String>,
    #[arg(long, value_name = "TEXT", requires = "add")]
    pub(super) message: Option<String>,
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: Format,
}

#[derive(Debug, Args)]
pub(super) struct AwayArgs {
    #[command(subcommand)]
    pub(super) action: Option<AwayAction>,
    #[arg(long, value_enum, default_value_t, global = true)]
    pub(super) format: Format,
}

#[derive(Debug, Subcommand)]
pub(super) enum AwayAction {
    Until {
        #[arg(value_name = "DATE")]
        date: String,
        #[arg(long, value_name = "ID")]
        stand_in: Option<String>,
    },
    Off,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum CodeForm {
    Text,
    Ansi,
    Png,
    Svg,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum CodeContentName {
    #[default]
    Link,
    Vcard,
}

#[derive(Debug, Args)]
pub(super) struct QrArgs {
    #[arg(long = "as", value_enum)]
    pub(super) form: Option<CodeForm>,
    #[arg(long, value_enum, default_value_t)]
    pub(super) content: CodeContentName,
    #[arg(long, value_name = "FILE")]
    pub(super) out: Option<PathBuf>,
}

/// Whose data an export holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum ExportName {
    Directory,
    External,
    Me,
}

/// As what an export is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum FileForm {
    #[default]
    Vcf,
    Vcf4,
    Csv,
    Json,
}

#[derive(Debug, Args)]
pub(super) struct ExportArgs {
    #[arg(value_name = "WHAT", value_enum)]
    pub(super) what: ExportName,
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: FileForm,
    #[arg(long, value_name = "FILE")]
    pub(super) out: Option<PathBuf>,
    #[arg(long, requires = "out")]
    pub(super) force: bool,
    #[arg(long)]
    pub(super) raw_csv: bool,
}

#[derive(Debug, Args)]
pub(super) struct CardArgs {
    #[command(subcommand)]
    pub(super) action: Option<CardAction>,
    #[arg(long, value_enum, default_value_t, global = true)]
    pub(super) format: Format,
}

#[derive(Clone, Debug, Subcommand)]
pub(super) enum CardAction {
    List,
    New {
        #[arg(long, value_enum, default_value_t)]
        kind: KindName,
        #[arg(long, value_name = "TEXT")]
        label: Option<String>,
        #[arg(long, value_name = "WHEN")]
        expires: Option<String>,
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(i64).range(1..=100_000))]
        uses: Option<i64>,
        #[arg(long = "show", value_name = "FIELD")]
        fields: Vec<String>,
    },
    Rotate {
        #[arg(value_name = "CARD")]
        card: Option<String>,
        #[arg(long)]
        leaked: bool,
    },
    Label {
        #[arg(value_name = "TEXT")]
        text: String,
        #[arg(long, value_name = "CARD")]
        card: Option<String>,
    },
    Expire {
        #[arg(value_name = "WHEN")]
        when: String,
        #[arg(long, value_name = "CARD")]
        card: Option<String>,
    },
    Uses {
        #[arg(value_name = "N|unlimited")]
        most: String,
        #[arg(long, value_name = "CARD")]
        card: Option<String>,
    },
    Fields {
        #[arg(value_name = "FIELD", required = true)]
        fields: Vec<String>,
        #[arg(long, value_name = "CARD")]
        card: Option<String>,
    },
    Revoke {
        #[arg(value_name = "CARD")]
        card: String,
    },
    Accept {
        #[arg(value_name = "on|off", value_enum)]
        to: OnOff,
    },
}

/// What a card is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum KindName {
    Printed,
    #[default]
    Event,
    Screen,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum OnOff {
    On,
    Off,
}

#[derive(Debug, Args)]
pub(super) struct WhoamiArgs {
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: Format,
}

#[derive(Debug, Args)]
pub(super) struct ConfigArgs {
    #[command(subcommand)]
    pub(super) action: ConfigAction,
}

#[derive(Debug, Subcommand)]
pub(super) enum ConfigAction {
    Check {
        #[arg(value_name = "FILE")]
        file: Option<PathBuf>,
    },
    Show {
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
}

/// How the keys are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum KeysFormat {
    #[default]
    Table,
    Json,
    Markdown,
}

#[derive(Debug, Args)]
pub(super) struct KeysArgs {
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: KeysFormat,
}

#[derive(Debug, Args)]
pub(super) struct CompletionsArgs {
    #[arg(value_name = "SHELL", value_enum)]
    pub(super) shell: clap_complete::Shell,
}

/// The command line as `words` explain it: for help, and for the pages made from it.
pub fn command(words: &Words) -> clap::Command {
    texts::localise(Cli::command(), words)
}
