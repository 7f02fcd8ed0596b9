//! Rows by which a directory comes in, and what may be wrong with one.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use unicode_normalization::{IsNormalized, UnicodeNormalization as _, is_nfc_quick};

use super::{Attribute, IdError, MemberId, Status};
use crate::text::{Untrusted, is_readable};

/// Longest value of a directory field, in graphemes.
pub const MAX_FIELD: usize = 128;
/// Longest value of a directory field, in bytes: a grapheme may hold any number of marks.
const MAX_BYTES: usize = 8 * MAX_FIELD;
/// Most attributes of one member: as many columns as a file may have.
const MAX_ATTRIBUTES: usize = 256;
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

/// What a source says of a member. A field that is not there is one that the source is silent about: it
/// stays as it is. Empty text stands for nothing.
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
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alias: Option<Untrusted>,
    /// Path of the main department, from a source that knows only one: further ones stay. Empty for none at
    /// all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub main_department: Option<Vec<Untrusted>>,
    /// Paths of all departments, the first is the main one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub departments: Option<Vec<Vec<Untrusted>>>,
    /// Title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<Untrusted>,
    /// Title shown outside.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_title: Option<Untrusted>,
    /// Mobile number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mobile: Option<Untrusted>,
    /// Desk number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<Untrusted>,
    /// Mail address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<Untrusted>,
    /// Member id of whom they report to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub manager: Option<Untrusted>,
    /// Paths of departments they lead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub leader_of: Option<Vec<Vec<Untrusted>>>,
    /// Office address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub office: Option<Untrusted>,
    /// A word of [`Status`]; empty is active.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<Untrusted>,
    /// `admin`, `auditor` or `none`. Empty says nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<Untrusted>,
    /// Other columns: each is a field of its own.
    #[serde(skip_serializing_if = "Vec::is_empty")]
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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GivenRole {
    /// Nothing: leave it as it is.
    #[default]
    Unsaid,
    /// No special role.
    None,
    /// Company admin.
    Admin,
    /// Auditor.
    Auditor,
}

/// A member row that passed the checks that need nothing but the row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CheckedMember {
    /// Member id.
    pub id: MemberId,
    /// Whom they report to; nobody when the row says so, and when it says nothing.
    pub manager: Option<MemberId>,
    /// Status, when the row says one.
    pub status: Option<Status>,
    /// Role.
    pub role: GivenRole,
    /// The row, its texts normalised.
    pub row: MemberRow,
}

/// NFC, control characters that break lines to blanks, blanks single, trimmed.
pub fn normalise_line(text: &str) -> String {
    if is_normal(text) {
        return text.to_owned();
    }
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

/// Whether a text is plain to see to be as [`normalise_line`] would give it: most are.
fn is_normal(text: &str) -> bool {
    let mut before = ' ';
    let blanks = text.chars().all(|c| {
        let fits = !c.is_whitespace() || (c == ' ' && before != ' ');
        before = c;
        fits
    });
    blanks
        && (text.is_empty() || before != ' ')
        && (text.is_ascii() || is_nfc_quick(text.chars()) == IsNormalized::Yes)
}

/// Whether a text fits into a directory field.
fn fits(text: &str) -> bool {
    text.len() <= MAX_FIELD || crate::text::fits(text, MAX_FIELD, MAX_BYTES)
}

/// What is wrong with a row, collected.
struct Faults {
    line: u64,
    found: Vec<RefusedRow>,
}

impl Faults {
    const fn new(line: u64) -> Self {
        Self { line, found: Vec::new() }
    }

    fn add(&mut self, column: &str, code: RowFault, value: Option<&str>) {
        let (column, value) = (Some(column.into()), value.map(Untrusted::from));
        self.found.push(RefusedRow { line: self.line, column, code, value });
    }

    fn text(&mut self, column: &str, text: &mut Untrusted) {
        let normal = normalise_line(text.as_data());
        if !fits(&normal) {
            self.add(column, RowFault::TooLong, None);
        }
        *text = normal.into();
    }

    fn path(&mut self, column: &str, path: &mut [Untrusted]) {
        for part in path.iter_mut() {
            // A stored path has a control character between its parts.
            *part = normalise_line(&part.as_data().replace(char::is_control, " ")).into();
        }
        if path.is_empty() || path.len() > MAX_DEPTH || path.iter().any(Untrusted::is_empty) {
            let shown: Vec<&str> = path.iter().map(Untrusted::as_data).collect();
            self.add(column, RowFault::Path, Some(&shown.join("/")));
        } else if let Some(long) = path.iter().find(|part| !fits(part.as_data())) {
            self.add(column, RowFault::TooLong, Some(long.as_data()));
        }
    }
}

impl DepartmentRow {
    /// Checks the row. All its faults are given.
    pub fn check(mut self) -> Result<Self, Vec<RefusedRow>> {
        let mut faults = Faults::new(self.line);
        faults.path("path", &mut self.path);
        if let Some(name) = &mut self.english_name {
            faults.text("english_name", name);
        }
        self.english_name = self.english_name.filter(|name| !name.is_empty());
        if faults.found.is_empty() { Ok(self) } else { Err(faults.found) }
    }
}

impl MemberRow {
    /// Checks everything that can be checked without other rows. All faults of the row are given.
    pub fn check(self) -> Result<CheckedMember, Vec<RefusedRow>> {
        let mut faults = Faults::new(self.line);
        let mut row = self;
        faults.text("id", &mut row.id);
        faults.text("name", &mut row.name);
        for (column, field) in [
            ("alias", &mut row.alias),
            ("title", &mut row.title),
            ("external_title", &mut row.external_title),
            ("mobile", &mut row.mobile),
            ("phone", &mut row.phone),
            ("manager", &mut row.manager),
            ("office", &mut row.office),
            ("status", &mut row.status),
            ("role", &mut row.role),
        ] {
            if let Some(text) = field {
                faults.text(column, text);
            }
        }
        check_attributes(&mut faults, &mut row.attributes);

        let id = match MemberId::new(row.id.as_data()) {
            Ok(id) => Some(id),
            Err(IdError::Empty) => {
                faults.add("id", RowFault::Missing, None);
                None
            }
            Err(why) => {
                faults.add("id", RowFault::Id, Some(&format!("{}: {why}", row.id.as_data())));
                None
            }
        };
        if row.name.is_empty() {
            faults.add("name", RowFault::Missing, None);
        } else if !is_readable(row.name.as_data()) {
            faults.add("name", RowFault::Unreadable, Some(row.name.as_data()));
        }
        if let Some(email) = &mut row.email {
            // An address has a length of its own.
            *email = normalise_line(email.as_data()).into();
            if !email.is_empty() && !is_mail_address(email.as_data()) {
                faults.add("email", RowFault::Email, Some(email.as_data()));
            }
        }
        let said = |field: &Option<Untrusted>| field.as_ref().map(|text| text.as_data().to_owned());
        let status = match said(&row.status).as_deref() {
            None => None,
            Some("") => Some(Status::Active),
            Some(word) => {
                let status = Status::parse(word);
                if status.is_none() {
                    faults.add("status", RowFault::UnknownWord, Some(word));
                }
                status
            }
        };
        let role = match said(&row.role).unwrap_or_default().to_ascii_lowercase().as_str() {
            "" => GivenRole::Unsaid,
            "none" | "member" => GivenRole::None,
            "admin" => GivenRole::Admin,
            "auditor" => GivenRole::Auditor,
            word => {
                faults.add("role", RowFault::UnknownWord, Some(word));
                GivenRole::Unsaid
            }
        };
        let manager = match said(&row.manager).as_deref() {
            None | Some("") => None,
            Some(id) => {
                let manager = MemberId::new(id);
                if manager.is_err() {
                    faults.add("manager", RowFault::UnknownManager, Some(id));
                }
                manager.ok()
            }
        };
        check_departments(&mut faults, &mut row);
        match id {
            Some(id) if faults.found.is_empty() => Ok(CheckedMember { id, manager, status, role, row }),
            _ => Err(faults.found),
        }
    }
}

fn check_attributes(faults: &mut Faults, attributes: &mut [Attribute]) {
    if attributes.len() > MAX_ATTRIBUTES {
        faults.add("attributes", RowFault::Malformed, None);
        return;
    }
    let mut names = HashSet::new();
    for Attribute { name, value } in attributes {
        let normal = normalise_line(name.as_data());
        if normal.is_empty() || !names.insert(normal.clone()) {
            faults.add("attributes", RowFault::Malformed, Some(&normal));
        }
        *name = normal.into();
        faults.text(name.as_data(), value);
        if !fits(name.as_data()) {
            faults.add("attributes", RowFault::TooLong, Some(name.as_data()));
        }
    }
}

fn check_departments(faults: &mut Faults, row: &mut MemberRow) {
    if row.main_department.is_some() && row.departments.is_some() {
        faults.add("main_department", RowFault::Malformed, None);
    }
    if let Some(path) = row.main_department.as_mut().filter(|path| !path.is_empty()) {
        faults.path("department", path);
    }
    for (column, paths) in [("department", &mut row.departments), ("leader_of", &mut row.leader_of)] {
        let Some(paths) = paths else { continue };
        if paths.len() > MAX_DEPARTMENTS {
            faults.add(column, RowFault::TooManyDepartments, None);
        }
        for path in paths {
            faults.path(column, path);
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
    use proptest::prelude::*;
    use unicode_normalization::UnicodeNormalization as _;

    use super::{DepartmentRow, MemberRow, RowFault, is_mail_address, normalise_line};
    use crate::domain::Attribute;
    use crate::text::Untrusted;

    fn row(id: &str, name: &str) -> MemberRow {
        MemberRow { line: 7, id: id.into(), name: name.into(), ..MemberRow::default() }
    }

    fn codes(row: MemberRow) -> Vec<RowFault> {
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
        bad.email = Some("x@y".into());
        bad.status = Some("gone fishing".into());
        bad.role = Some("king".into());
        bad.departments = Some(vec![vec!["Acme".into(), "".into()]]);
        bad.title = Some("x".repeat(129).into());
        assert_eq!(
            codes(bad),
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
        assert_eq!(codes(row("", "")), [RowFault::Missing, RowFault::Missing]);
        let both =
            MemberRow { main_department: Some(Vec::new()), departments: Some(Vec::new()), ..row("a", "A") };
        assert_eq!(codes(both), [RowFault::Malformed]);
    }

    /// Every field that holds a text, filled with it.
    fn filled(text: &str) -> Vec<(&'static str, MemberRow)> {
        let some = || Some(Untrusted::from(text));
        let paths = || Some(vec![vec!["Acme".into(), text.into()]]);
        let attribute = |name: &str, value: &str| vec![Attribute { name: name.into(), value: value.into() }];
        let good = || row("a", "A");
        vec![
            ("name", row("a", text)),
            ("alias", MemberRow { alias: some(), ..good() }),
            ("title", MemberRow { title: some(), ..good() }),
            ("external_title", MemberRow { external_title: some(), ..good() }),
            ("mobile", MemberRow { mobile: some(), ..good() }),
            ("phone", MemberRow { phone: some(), ..good() }),
            ("office", MemberRow { office: some(), ..good() }),
            ("department", MemberRow { departments: paths(), ..good() }),
            ("department", MemberRow { main_department: Some(vec![text.into()]), ..good() }),
            ("leader_of", MemberRow { leader_of: paths(), ..good() }),
            ("Floor", MemberRow { attributes: attribute("Floor", text), ..good() }),
            ("attributes", MemberRow { attributes: attribute(text, "7"), ..good() }),
        ]
    }

    #[test]
    fn a_field_holds_128_characters_and_no_more() {
        let family = "👨‍👩‍👧";
        for one in ["x", "é", "王", "e\u{301}", family] {
            let most = if one == family { 56 } else { 128 };
            for (column, row) in filled(&format!("n{}", one.repeat(most - 1))) {
                assert_eq!(row.check().err(), None, "{column} of {most} times {one}");
            }
            for (column, row) in filled(&format!("n{}", one.repeat(128))) {
                let faults = row.check().err().unwrap_or_default();
                let found: Vec<_> =
                    faults.iter().map(|f| (f.line, f.column.as_ref().unwrap().as_data(), f.code)).collect();
                assert_eq!(found, [(7, column, RowFault::TooLong)], "{one}");
            }
        }
        // One character may hold any number of marks: bytes are bounded too.
        for (column, row) in filled(&format!("n{}", "\u{316}".repeat(1_000))) {
            assert_eq!(codes(row), [RowFault::TooLong], "{column}");
        }
        let department = |name: &str, english: &str| {
            let row = DepartmentRow {
                line: 9,
                path: vec![name.into()],
                english_name: Some(english.into()),
                order: None,
            };
            row.check()
                .err()
                .unwrap_or_default()
                .into_iter()
                .map(|f| (f.line, f.column, f.code))
                .collect::<Vec<_>>()
        };
        assert_eq!(department(&"x".repeat(128), &"x".repeat(128)), []);
        let long = |column: &str| vec![(9, Some(column.into()), RowFault::TooLong)];
        assert_eq!(department(&"x".repeat(129), "x"), long("path"));
        assert_eq!(department("x", &"x".repeat(129)), long("english_name"));
        assert_eq!(department(" ", "x"), [(9, Some("path".into()), RowFault::Path)]);
    }

    #[test]
    fn an_attribute_has_a_name_and_stands_once() {
        let with = |names: &[&str]| {
            let attributes = names.iter().map(|name| Attribute { name: (*name).into(), value: "x".into() });
            codes(MemberRow { attributes: attributes.collect(), ..row("a", "A") })
        };
        assert_eq!(with(&["Floor", "Desk"]), []);
        assert_eq!(with(&["Floor", " Floor "]), [RowFault::Malformed]);
        assert_eq!(with(&[" "]), [RowFault::Malformed]);
        let many: Vec<String> = (0..257).map(|n| n.to_string()).collect();
        assert_eq!(with(&many.iter().map(String::as_str).collect::<Vec<_>>()), [RowFault::Malformed]);
    }

    #[test]
    fn mail_addresses_have_their_form() {
        for good in ["a@b.example", "x.y+z@mail.b-c.example"] {
            assert!(is_mail_address(good), "{good}");
        }
        for bad in ["", "a", "a@b", "@b.c", "a@b..c", "a b@c.d", "a@b.c\n", "a@@b.c", "ä@b.c", "a,b@c.d"] {
            assert!(!is_mail_address(bad), "{bad}");
        }
        let long = |n: usize| format!("{}@b.example", "a".repeat(n));
        let with = |email: String| codes(MemberRow { email: Some(email.into()), ..row("a", "A") });
        assert_eq!((with(long(244)), with(long(245))), (vec![RowFault::TooLong; 0], vec![RowFault::Email]));
    }

    proptest! {
        #[test]
        fn a_short_way_through_normalising_changes_nothing(text in "[ \t\u{3000}a-c\u{301}é王ﬁ\u{1100}\u{1161}]{0,8}|\\PC{0,6}") {
            let long: String = text.nfc().collect::<String>().split_whitespace().collect::<Vec<_>>().join(" ");
            prop_assert_eq!(normalise_line(&text), long.clone());
            prop_assert_eq!(normalise_line(&long), long);
        }
    }
}
