//! What a directory holds of a member, and what it holds after a source has spoken.
//!
//! One rule: *what the source is silent about stays*. A column that a file does not have, and a field that a
//! kind of file has no room for, change nothing; a column that is there and empty empties the field.

use std::collections::BTreeMap;

use super::{Attribute, CheckedMember, MemberId, Status};
use crate::text::Untrusted;

/// A department, from the root down.
pub type DepartmentPath = Vec<Untrusted>;

/// What a directory holds of a member, in the fields that a source speaks about. The role is not among them:
/// others set it as well.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Held {
    /// Member id as it is shown.
    pub id: Untrusted,
    /// Name.
    pub name: Untrusted,
    /// Second name.
    pub alias: Untrusted,
    /// All departments, the first is the main one. Who leads a department stands in its list.
    pub departments: Vec<DepartmentPath>,
    /// The departments they lead, sorted.
    pub leader_of: Vec<DepartmentPath>,
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
    /// Whom they report to.
    pub manager: Option<MemberId>,
    /// Office address.
    pub office: Untrusted,
    /// Status.
    pub status: Status,
    /// Other columns, by name.
    pub attributes: Vec<Attribute>,
}

/// Each path once, in the order of their first places.
fn once(paths: impl IntoIterator<Item = DepartmentPath>) -> Vec<DepartmentPath> {
    let mut kept: Vec<DepartmentPath> = Vec::new();
    for path in paths {
        if !kept.contains(&path) {
            kept.push(path);
        }
    }
    kept
}

impl Held {
    /// What is held after a source has said `said`. Somebody new begins with nothing.
    #[must_use]
    pub fn after(self, said: CheckedMember) -> Self {
        let CheckedMember { id, manager, status, row, .. } = said;
        let departments = match (row.departments, row.main_department) {
            (Some(all), _) => all,
            (None, Some(main)) if main.is_empty() => Vec::new(),
            (None, Some(main)) => [main].into_iter().chain(self.departments.into_iter().skip(1)).collect(),
            (None, None) => self.departments,
        };
        let mut leader_of = row.leader_of.unwrap_or(self.leader_of);
        leader_of.sort();
        leader_of.dedup();
        Self {
            id: id.as_str().into(),
            name: row.name,
            alias: row.alias.unwrap_or(self.alias),
            departments: once(departments.into_iter().chain(leader_of.iter().cloned())),
            leader_of,
            title: row.title.unwrap_or(self.title),
            external_title: row.external_title.unwrap_or(self.external_title),
            mobile: row.mobile.unwrap_or(self.mobile),
            phone: row.phone.unwrap_or(self.phone),
            email: row.email.unwrap_or(self.email),
            manager: if row.manager.is_some() { manager } else { self.manager },
            office: row.office.unwrap_or(self.office),
            status: status.unwrap_or(self.status),
            attributes: attributes(self.attributes, row.attributes),
        }
    }
}

fn attributes(held: Vec<Attribute>, said: Vec<Attribute>) -> Vec<Attribute> {
    let mut all: BTreeMap<Untrusted, Untrusted> =
        held.into_iter().chain(said).map(|attribute| (attribute.name, attribute.value)).collect();
    all.retain(|_, value| !value.is_empty());
    all.into_iter().map(|(name, value)| Attribute { name, value }).collect()
}

#[cfg(test)]
mod tests {
    use super::Held;
    use crate::domain::{Attribute, MemberId, MemberRow, Status};
    use crate::text::Untrusted;

    fn path(text: &str) -> Vec<Untrusted> {
        text.split('/').map(Untrusted::from).collect()
    }

    fn attribute(name: &str, value: &str) -> Attribute {
        Attribute { name: name.into(), value: value.into() }
    }

    fn ann() -> Held {
        Held {
            id: "ann".into(),
            name: "Ann".into(),
            alias: "A".into(),
            departments: vec![path("Acme/R"), path("Acme/S")],
            leader_of: vec![path("Acme/S")],
            title: "Lead".into(),
            external_title: "Head".into(),
            mobile: "1".into(),
            phone: "2".into(),
            email: "a@b.example".into(),
            manager: MemberId::new("bob").ok(),
            office: "Tower".into(),
            status: Status::Disabled,
            attributes: vec![attribute("Desk", "3"), attribute("Floor", "7")],
        }
    }

    fn after(held: Held, row: MemberRow) -> Held {
        held.after(MemberRow { id: "ann".into(), name: "Ann".into(), ..row }.check().unwrap())
    }

    #[test]
    fn what_a_source_is_silent_about_stays() {
        assert_eq!(after(ann(), MemberRow::default()), ann());
        let changed = after(ann(), MemberRow { title: Some("CTO".into()), ..MemberRow::default() });
        assert_eq!(changed, Held { title: "CTO".into(), ..ann() });
        let floor = MemberRow { attributes: vec![attribute("Floor", "8")], ..MemberRow::default() };
        assert_eq!(after(ann(), floor).attributes, [attribute("Desk", "3"), attribute("Floor", "8")]);
    }

    #[test]
    fn what_a_source_says_to_be_empty_is_emptied() {
        let nothing = || Some(Untrusted::default());
        let emptied = after(
            ann(),
            MemberRow {
                alias: nothing(),
                departments: Some(Vec::new()),
                leader_of: Some(Vec::new()),
                title: nothing(),
                external_title: nothing(),
                mobile: nothing(),
                phone: nothing(),
                email: nothing(),
                manager: nothing(),
                office: nothing(),
                status: nothing(),
                attributes: vec![attribute("Desk", ""), attribute("Floor", " ")],
                ..MemberRow::default()
            },
        );
        assert_eq!(emptied, Held { id: "ann".into(), name: "Ann".into(), ..Held::default() });
    }

    #[test]
    fn a_source_that_knows_only_the_main_department_leaves_the_others() {
        let main = |text: &str| {
            let path = if text.is_empty() { Vec::new() } else { path(text) };
            after(ann(), MemberRow { main_department: Some(path), ..MemberRow::default() }).departments
        };
        assert_eq!(main("Acme/R"), ann().departments);
        assert_eq!(main("Acme/T"), [path("Acme/T"), path("Acme/S")]);
        assert_eq!(main("Acme/S"), [path("Acme/S")]);
        // Whoever leads a department is in it.
        assert_eq!(main(""), [path("Acme/S")]);
    }

    #[test]
    fn who_leads_a_department_stands_in_its_list() {
        let row =
            MemberRow { leader_of: Some(vec![path("X"), path("Acme/R"), path("X")]), ..MemberRow::default() };
        let held = after(ann(), row);
        assert_eq!(held.departments, [path("Acme/R"), path("Acme/S"), path("X")]);
        assert_eq!(held.leader_of, [path("Acme/R"), path("X")]);
    }
}
