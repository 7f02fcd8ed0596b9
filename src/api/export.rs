//! Body of an export: what is about to leave.

use serde::{Deserialize, Serialize};

/// Tells of an export before it is written, so that it stands in the audit log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewExport {
    /// Whose data.
    pub what: ExportOf,
    /// As what.
    pub form: ExportForm,
    /// How many people.
    pub count: u32,
    /// Which of their fields.
    pub fields: Vec<ExportField>,
}

/// Whose data an export holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ExportOf {
    /// The colleagues whom one sees.
    Directory,
    /// One's own external contacts.
    External,
    /// One's own card.
    Me,
}

impl ExportOf {
    /// The word in the audit log.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Directory => "directory",
            Self::External => "external",
            Self::Me => "me",
        }
    }
}

/// As what an export is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ExportForm {
    /// vCard 3.0.
    Vcf,
    /// vCard 4.0.
    Vcf4,
    /// CSV.
    Csv,
    /// JSON.
    Json,
}

impl ExportForm {
    /// The word in the audit log.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Vcf => "vcf",
            Self::Vcf4 => "vcf4",
            Self::Csv => "csv",
            Self::Json => "json",
        }
    }
}

macro_rules! fields {
    ($($name:ident $word:literal $what:literal;)*) => {
        /// A field that an export holds.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        #[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
        #[serde(rename_all = "snake_case")]
        pub enum ExportField {
            $(#[doc = $what] $name),*
        }

        impl ExportField {
            /// The word in the audit log, and the heading of its column.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word),* }
            }
        }
    };
}

fields! {
    Id "id" "Member id or contact id.";
    Name "name" "Name.";
    Alias "alias" "Second name.";
    Company "company" "Company.";
    Department "department" "Departments.";
    Title "title" "Title.";
    ExternalTitle "external_title" "Title shown outside.";
    Mobile "mobile" "Mobile number.";
    Phone "phone" "Desk number, or any number of somebody outside.";
    Email "email" "Mail address.";
    Manager "manager" "Whom they report to.";
    LeaderOf "leader_of" "Departments they lead.";
    Office "office" "Office address.";
    Status "status" "Whether they work here now.";
    Attributes "attributes" "Other columns of the source.";
    Remark "remark" "One's own name for them.";
    Kind "kind" "What kind of account it is.";
    Source "source" "How the connection came about.";
    Since "since" "Since when it holds.";
    Link "link" "The card link.";
}

/// An export that stands in the audit log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct ExportReply {
    /// How many people.
    pub count: u32,
}
