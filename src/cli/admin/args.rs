//! What the commands of a company's admin take.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use crate::cli::args::Format;

/// Which company, for whoever holds the server's own token.
#[derive(Debug, Args)]
pub(in crate::cli) struct OfCompany {
    #[arg(long, value_name = "ID", global = true)]
    pub(in crate::cli) company: Option<String>,
    #[arg(long, value_enum, default_value_t, global = true)]
    pub(in crate::cli) format: Format,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct PolicyArgs {
    #[command(subcommand)]
    pub(in crate::cli) command: PolicyCommand,
    #[command(flatten)]
    pub(in crate::cli) of: OfCompany,
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum PolicyCommand {
    Show {
        #[arg(long, value_name = "N")]
        version: Option<i64>,
    },
    History,
    Init {
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
        #[arg(long)]
        force: bool,
    },
    Check {
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    Diff {
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    Apply {
        #[arg(value_name = "FILE")]
        file: PathBuf,
        #[arg(long, value_name = "TEXT")]
        note: Option<String>,
        #[arg(long)]
        yes: bool,
    },
    Edit {
        #[arg(long, value_name = "TEXT")]
        note: Option<String>,
    },
    Explain {
        #[arg(value_name = "MEMBER")]
        member: String,
        #[arg(long, value_name = "TARGET")]
        to: Option<String>,
        #[arg(long, value_name = "SETTING")]
        setting: Option<String>,
    },
}

/// What can be granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum Permission {
    External,
}

#[derive(Debug, Args)]
#[command(subcommand_negates_reqs = true, args_conflicts_with_subcommands = true)]
pub(in crate::cli) struct GrantArgs {
    #[command(subcommand)]
    pub(in crate::cli) command: Option<GrantCommand>,
    #[arg(value_name = "WHAT", value_enum, required = true)]
    pub(in crate::cli) what: Option<Permission>,
    #[arg(value_name = "MEMBER|DEPARTMENT", required = true)]
    pub(in crate::cli) whom: Option<String>,
    #[arg(long, value_name = "DATE")]
    pub(in crate::cli) until: Option<String>,
    #[arg(long, value_name = "ID")]
    pub(in crate::cli) company: Option<String>,
    #[arg(long, value_enum, default_value_t)]
    pub(in crate::cli) format: Format,
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum GrantCommand {
    List {
        #[command(flatten)]
        of: OfCompany,
    },
    Revoke {
        #[arg(value_name = "N")]
        id: i64,
        #[command(flatten)]
        of: OfCompany,
    },
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum MemberCommand {
    Leave {
        #[arg(value_name = "MEMBER")]
        member: String,
        #[command(flatten)]
        of: OfCompany,
    },
}

#[derive(Debug, Args)]
pub(in crate::cli) struct PartnerArgs {
    #[command(subcommand)]
    pub(in crate::cli) command: PartnerCommand,
    #[arg(long, value_enum, default_value_t, global = true)]
    pub(in crate::cli) format: Format,
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum PartnerCommand {
    List,
    Propose {
        #[arg(value_name = "COMPANY")]
        company: String,
        #[arg(long, value_name = "TEXT")]
        purpose: String,
        #[command(flatten)]
        shown: Shown,
    },
    Accept {
        #[arg(value_name = "REQUEST")]
        request: String,
        #[command(flatten)]
        shown: Shown,
    },
    End {
        #[arg(value_name = "COMPANY")]
        company: String,
    },
}

/// Whom a company shows a linked one.
#[derive(Debug, Args)]
pub(in crate::cli) struct Shown {
    #[arg(long, value_name = "PATH")]
    pub(in crate::cli) department: Vec<String>,
    #[arg(long, value_name = "MEMBER")]
    pub(in crate::cli) member: Vec<String>,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct HandoverArgs {
    #[command(subcommand)]
    pub(in crate::cli) command: HandoverCommand,
    #[arg(long, value_enum, default_value_t, global = true)]
    pub(in crate::cli) format: Format,
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum HandoverCommand {
    List,
    Assign {
        #[arg(value_name = "REQUEST")]
        request: String,
        #[arg(value_name = "MEMBER")]
        member: String,
    },
}

#[derive(Debug, Args)]
pub(in crate::cli) struct AuditArgs {
    #[command(subcommand)]
    pub(in crate::cli) command: AuditCommand,
    #[arg(long, value_name = "ID", global = true)]
    pub(in crate::cli) company: Option<String>,
    #[arg(long, value_enum, default_value_t, global = true)]
    pub(in crate::cli) format: AuditFormat,
}

/// How rows of the audit log are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum AuditFormat {
    #[default]
    Table,
    Json,
    Csv,
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum AuditCommand {
    List {
        #[arg(long, value_name = "N")]
        after: Option<i64>,
        #[arg(long, value_name = "WORD")]
        action: Option<String>,
        #[arg(long, value_name = "ID")]
        object: Option<String>,
        #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(i64).range(1..=1000))]
        limit: i64,
    },
    Verify {
        #[arg(long, value_name = "FILE")]
        from: Option<PathBuf>,
    },
    Export {
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
        #[arg(long)]
        force: bool,
    },
    Head,
}
