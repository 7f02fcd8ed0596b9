//! Rows by which a directory comes in, and what may be wrong with one.

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization as _;
use unicode_segmentation::UnicodeSegmentation as _;

use super::{Attribute, IdError, MemberId, Status};
use crate::text::{Untrusted, is_readable};

/// Longest value of a directory field, in graphemes.
pub const MAX_FIELD: usize = 128;
/// Most departments of one member.
const MAX_DEPARTMENTS: usize = 64;
/// Deepest department path.
pub const MAX_DEPTH: usize = 32;

/// One row of an import, as it is sent: a line of NDJSON.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum ImportRow {
    /// A department's English name and order, where a source supplies them.
    Department(DepartmentRow),
    /// A member.
    Member(Box<MemberRow>),
}

/// What a source says of a department besides its path.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct DepartmentRow {
    /// Line of the source.
    #[serde(default)]
    pub line: u64,
    /// From the root down.
    pub path: Vec<Untrusted>,
    /// English name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub english_name: Option<Untrusted>,
    /// Place among its siblings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<i64>,
}

/// What a source says of a member. Empty text stands for nothing.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct MemberRow {
    /// Line of the source.
    pub line: u64,
    /// Member id.
    pub id: Untrusted,
    /// Name.
    pub name: Untrusted,
    /// Second name.
    pub alias: Untrusted,
    /// Department paths, the first is the main one.
    pub departments: Vec<Vec<Untrusted>>,
    /// Title.
    pub title: Untrusted,
    /// Title shown outside.
    pub external_title: Untrusted,
    /// Mobile number.
    pub mobile: Untrusted,
    /// Desk number.
    pub phone: Untrusted,
    /// Mail address.
    pub email: Untrusted,
    /// Member id of whom they report to.
    pub manager: Untrusted,
    /// Paths of departments they lead.
    pub leader_of: Vec<Vec<Untrusted>>,
    /// Office address.
    pub office: Untrusted,
    /// A word of [`Status`]; empty is active.
    pub status: Untrusted,
    /// `admin`, `auditor`, `none` or empty.
    pub role: Untrusted,
    /// Other columns.
    pub attributes: Vec<Attribute>,
}

/// A row that was not taken, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct RefusedRow {
    /// Line of the source.
    pub line: u64,
    /// Column, when one is to blame.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<Untrusted>,
    /// What is wrong.
    pub code: RowFault,
    /// The value, or what it clashes with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Untrusted>,
}

/// What may be wrong with a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum RowFault {
    /// Not UTF-8.
    Utf8,
    /// Longer than a line may be.
    LineTooLong,
    /// Not in the shape of a row.
    Malformed,
    /// Another number of fields than the header has.
    FieldCount,
    /// A required field is empty.
    Missing,
    /// Longer than a field may be.
    TooLong,
    /// Nothing readable in it.
    Unreadable,
    /// Not a member id; the value names the rule it breaks.
    Id,
    /// The id stands on an earlier line; the value names it.
    DuplicateId,
    /// Not a word of the list.
    UnknownWord,
    /// Not a mail address.
    Email,
    /// A department path with an empty part, or too deep.
    Path,
    /// Too many departments.
    TooManyDepartments,
    /// No member of that id, neither in the source nor in the company.
    UnknownManager,
    /// The chain of managers leads back to this row; the value shows it.
    ManagerCycle,
}

/// Something done otherwise than the row says, worth telling.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct RowNote {
    /// Line of the source.
    pub line: u64,
    /// The manager's id whose own row was refused: the row is taken without a manager.
    pub manager: Untrusted,
}

/// What a source gave for a role column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GivenRole {
    /// Nothing: leave it as it is.
    Unsaid,
    /// No special role.
    None,
    /// Company admin.
    Admin,
    /// Auditor.
    Auditor,
}

/// A member row that passed the checks that need nothing but the row.
#[derive(Clone, Debug, PartialEq)]
pub struct CheckedMember {
    /// Line of the source.
    pub line: u64,
    /// Member id.
    pub id: MemberId,
    /// Whom they report to.
    pub manager: Option<MemberId>,
    /// Status.
    pub status: Status,
    /// Role.
    pub role: GivenRole,
    /// The row, its texts normalised.
    pub row: MemberRow,
}

/// NFC, control characters that break lines to blanks, blanks single, trimmed.
pub fn normalise_line(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.nfc() {
        if c.is_whitespace() {
            if !out.is_empty() && !out.ends_with(' ') {
                out.push(' ');
            }
        } else {
            out.push(c);
        }
    }
    if out.ends_with(' ') {
        out.pop();
    }
    out
}

/// NFC, every kind of line break as one, trimmed.
pub fn normalise_block(text: &str) -> String {
    let unified =
        text.replace("\r\n", "\n").replace(['\r', '\u{b}', '\u{c}', '\u{85}', '\u{2028}', '\u{2029}'], "\n");
    let lines: Vec<String> =
        unified.nfc().collect::<String>().lines().map(|line| line.trim().to_owned()).collect();
    lines.join("\n").trim_matches('\n').to_owned()
}

impl MemberRow {
    /// Checks everything that can be checked without other rows. All faults of the row are given.
    pub fn check(&self) -> Result<CheckedMember, Vec<RefusedRow>> {
        let mut faults = Vec::new();
        let mut refuse = |column: &str, code: RowFault, value: Option<&str>| {
            faults.push(RefusedRow {
                line: self.line,
                column: Some(column.into()),
                code,
                value: value.map(Untrusted::from),
            });
        };
        let mut row = self.clone();
        for (column, field) in [
            ("id", &mut row.id),
            ("name", &mut row.name),
            ("alias", &mut row.alias),
            ("title", &mut row.title),
            ("external_title", &mut row.external_title),
            ("mobile", &mut row.mobile),
            ("phone", &mut row.phone),
            ("email", &mut row.email),
            ("manager", &mut row.manager),
            ("office", &mut row.office),
            ("status", &mut row.status),
            ("role", &mut row.role),
        ] {
            let text = normalise_line(field.as_data());
            if text.graphemes(true).take(MAX_FIELD + 1).count() > MAX_FIELD || text.len() > 8 * MAX_FIELD {
                refuse(column, RowFault::TooLong, None);
            }
            *field = text.into();
        }
        for attribute in &mut row.attributes {
            attribute.value = normalise_line(attribute.value.as_data()).into();
            if attribute.value.as_data().graphemes(true).take(MAX_FIELD + 1).count() > MAX_FIELD {
                refuse(attribute.name.as_data(), RowFault::TooLong, None);
            }
        }
        row.attributes.retain(|attribute| !attribute.value.is_empty());

        let id = match MemberId::new(row.id.as_data()) {
            Ok(id) => Some(id),
            Err(IdError::Empty) => {
                refuse("id", RowFault::Missing, None);
                None
            }
            Err(why) => {
                refuse("id", RowFault::Id, Some(&format!("{}: {why}", row.id.as_data())));
                None
            }
        };
        if row.name.is_empty() {
            refuse("name", RowFault::Missing, None);
        } else if !is_readable(row.name.as_data()) {
            refuse("name", RowFault::Unreadable, Some(row.name.as_data()));
        }
        if !row.email.is_empty() && !is_mail_address(row.email.as_data()) {
            refuse("email", RowFault::Email, Some(row.email.as_data()));
        }
        let status =
            if row.status.is_empty() { Some(Status::Active) } else { Status::parse(row.status.as_data()) };
        if status.is_none() {
            refuse("status", RowFault::UnknownWord, Some(row.status.as_data()));
        }
        let role = match row.role.as_data().to_ascii_lowercase().as_str() {
            "" => Some(GivenRole::Unsaid),
            "none" | "member" => Some(GivenRole::None),
            "admin" => Some(GivenRole::Admin),
            "auditor" => Some(GivenRole::Auditor),
            _ => None,
        };
        if role.is_none() {
            refuse("role", RowFault::UnknownWord, Some(row.role.as_data()));
        }
        let manager = if row.manager.is_empty() {
            None
        } else {
            let manager = MemberId::new(row.manager.as_data());
            if manager.is_err() {
                refuse("manager", RowFault::UnknownManager, Some(row.manager.as_data()));
            }
            manager.ok()
        };
        if row.departments.len() > MAX_DEPARTMENTS || row.leader_of.len() > MAX_DEPARTMENTS {
            refuse("department", RowFault::TooManyDepartments, None);
        }
        for (column, paths) in [("department", &mut row.departments), ("leader_of", &mut row.leader_of)] {
            for path in paths.iter_mut() {
                for part in path.iter_mut() {
                    *part = normalise_line(part.as_data()).into();
                }
                let fits = !path.is_empty()
                    && path.len() <= MAX_DEPTH
                    && path.iter().all(|part| {
                        !part.is_empty()
                            && part.as_data().graphemes(true).take(MAX_FIELD + 1).count() <= MAX_FIELD
                    });
                if !fits {
                    let shown: Vec<&str> = path.iter().map(Untrusted::as_data).collect();
                    refuse(column, RowFault::Path, Some(&shown.join("/")));
                }
            }
        }
        match (id, status, role) {
            (Some(id), Some(status), Some(role)) if faults.is_empty() => {
                Ok(CheckedMember { line: self.line, id, manager, status, role, row })
            }
            _ => Err(faults),
        }
    }
}

/// Whether `text` has the form of a mail address: ASCII, one `@` between two parts without blanks, a
/// dot in the domain. Only a mail to it can prove more.
pub fn is_mail_address(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    text.len() <= 254
        && text.bytes().all(|b| b.is_ascii_graphic())
        && !local.is_empty()
        && !local.contains('@')
        && !text.contains(['<', '>', '(', ')', ',', ';', '"', '\\'])
        && domain.contains('.')
        && domain
            .split('.')
            .all(|label| !label.is_empty() && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-'))
}

#[cfg(test)]
mod tests {
    use super::{MemberRow, RowFault, is_mail_address};

    fn row(id: &str, name: &str) -> MemberRow {
        MemberRow { line: 7, id: id.into(), name: name.into(), ..MemberRow::default() }
    }

    fn codes(row: &MemberRow) -> Vec<RowFault> {
        row.check().err().unwrap_or_default().into_iter().map(|fault| fault.code).collect()
    }

    #[test]
    fn a_row_is_normalised_and_checked() {
        let checked = row(" zhang.san ", "张\u{3000} 三\n").check().unwrap();
        assert_eq!((checked.id.as_str(), checked.row.name.as_data()), ("zhang.san", "张 三"));
    }

    #[test]
    fn every_fault_of_a_row_is_named() {
        let mut bad = row("a b", "\u{202e}");
        bad.email = "x@y".into();
        bad.status = "gone fishing".into();
        bad.role = "king".into();
        bad.departments = vec![vec!["Acme".into(), "".into()]];
        bad.title = "x".repeat(129).into();
        assert_eq!(
            codes(&bad),
            [
                RowFault::TooLong,
                RowFault::Id,
                RowFault::Unreadable,
                RowFault::Email,
                RowFault::UnknownWord,
                RowFault::UnknownWord,
                RowFault::Path
            ]
        );
        assert_eq!(codes(&row("", "")), [RowFault::Missing, RowFault::Missing]);
    }

    #[test]
    fn mail_addresses_have_their_form() {
        for good in ["a@b.example", "x.y+z@mail.b-c.example"] {
            assert!(is_mail_address(good), "{good}");
        }
        for bad in ["", "a", "a@b", "@b.c", "a@b..c", "a b@c.d", "a@b.c\n", "a@@b.c", "ä@b.c", "a,b@c.d"] {
            assert!(!is_mail_address(bad), "{bad}");
        }
    }
}
