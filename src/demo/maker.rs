//! Makes rows of people, one after another.

use std::collections::HashMap;

use pinyin::ToPinyin as _;

use super::dice::Dice;
use super::names::{FIRST, GIVEN, LAST, OFFICES, OUTSIDE_TITLES, SURNAMES};
use super::people::{CAST, MadeUp};
use crate::domain::{Attribute, DepartmentRow, ImportRow, MemberRow};
use crate::text::Untrusted;

/// A made-up name, its Latin spelling as an address would have it, and a second name if there is one. It is
/// none of the cast's.
pub(super) fn name(dice: &mut Dice) -> (String, String, Option<String>) {
    loop {
        let made = any_name(dice);
        if CAST.iter().all(|(_, name)| *name != made.0) {
            return made;
        }
    }
}

fn any_name(dice: &mut Dice) -> (String, String, Option<String>) {
    if dice.chance(65) {
        let all: u64 = SURNAMES.iter().map(|(_, weight)| weight).sum();
        let mut roll = dice.below(all);
        let mut surname = "王";
        for (name, weight) in SURNAMES {
            if roll < *weight {
                surname = name;
                break;
            }
            roll -= weight;
        }
        let mut given = dice.word(GIVEN).to_owned();
        if dice.chance(70) {
            given.push_str(dice.word(GIVEN));
        }
        let spelled =
            |text: &str| text.to_pinyin().flatten().map(|p| p.plain().replace('ü', "v")).collect::<String>();
        let latin = format!("{}.{}", spelled(&given), spelled(surname));
        let alias = dice.chance(25).then(|| dice.word(FIRST).to_owned());
        (format!("{surname}{given}"), latin, alias)
    } else {
        let (first, last) = (dice.word(FIRST), dice.word(LAST));
        let latin = crate::search::fold(&format!("{first}.{last}"));
        let latin = latin.chars().filter(|c| c.is_ascii()).collect();
        (format!("{first} {last}"), latin, None)
    }
}

/// A company in the making.
pub(super) struct Maker {
    pub(super) domain: &'static str,
    rows: Vec<ImportRow>,
    taken: HashMap<String, u64>,
    line: u64,
    people: u64,
}

impl Maker {
    pub(super) fn new(domain: &'static str) -> Self {
        // The ids of the cast are theirs.
        let taken = CAST.iter().map(|(id, _)| ((*id).to_owned(), 1)).collect();
        Self { domain, rows: Vec::new(), taken, line: 0, people: 0 }
    }

    pub(super) fn department(&mut self, path: &[&str], english: &str) {
        self.line += 1;
        self.rows.push(ImportRow::Department(DepartmentRow {
            line: self.line,
            path: texts(path),
            english_name: Some(english.into()),
            order: Some(i64::try_from(self.line).unwrap_or(i64::MAX)),
        }));
    }

    pub(super) fn row(&mut self, path: &[&str], title: &str) -> MemberRow {
        self.line += 1;
        MemberRow {
            line: self.line,
            departments: Some(vec![texts(path)]),
            title: Some(title.into()),
            ..MemberRow::default()
        }
    }

    pub(super) fn take(&mut self, row: MemberRow) -> String {
        let id = row.id.as_data().to_owned();
        self.people += 1;
        self.rows.push(ImportRow::Member(Box::new(row)));
        id
    }

    /// A person of a department; returns their id.
    pub(super) fn person(
        &mut self,
        dice: &mut Dice,
        path: &[&str],
        title: &str,
        manager: Option<&str>,
    ) -> String {
        let (name, latin, alias) = name(dice);
        self.named(dice, path, title, manager, (&name, &latin, alias.as_deref()))
    }

    fn named(
        &mut self,
        dice: &mut Dice,
        path: &[&str],
        title: &str,
        manager: Option<&str>,
        (name, latin, alias): (&str, &str, Option<&str>),
    ) -> String {
        let count = self.taken.entry(latin.to_owned()).or_insert(0);
        *count += 1;
        let id = if *count == 1 { latin.to_owned() } else { format!("{latin}{count}") };
        self.with_id(dice, path, title, manager, (&id, name, alias))
    }

    /// Somebody of the cast, who is there in every world; returns their id.
    pub(super) fn cast(
        &mut self,
        dice: &mut Dice,
        path: &[&str],
        title: &str,
        manager: Option<&str>,
        (id, name): (&str, &str),
    ) -> String {
        let id = self.with_id(dice, path, title, manager, (id, name, None));
        self.change(&id, |row| row.status = Some("active".into()));
        id
    }

    fn with_id(
        &mut self,
        dice: &mut Dice,
        path: &[&str],
        title: &str,
        manager: Option<&str>,
        (id, name, alias): (&str, &str, Option<&str>),
    ) -> String {
        let mut row = self.row(path, title);
        row.email = Some(format!("{id}@{}", self.domain).into());
        row.id = id.into();
        row.name = name.into();
        row.alias = alias.map(Into::into);
        let mobile = format!("+86 13{} {:04} {:04}", dice.below(10), dice.below(10_000), dice.below(10_000));
        row.mobile = Some(mobile.into());
        if dice.chance(40) {
            row.phone = Some(format!("+86 10 5555 {:04}", dice.below(10_000)).into());
        }
        if dice.chance(50) {
            row.external_title = Some(dice.word(OUTSIDE_TITLES).into());
        }
        if dice.chance(60) {
            row.office = Some(dice.word(OFFICES).into());
        }
        if dice.chance(15) {
            let value = format!("{}{:02}", dice.word(&["A", "B", "C"]), dice.below(60));
            row.attributes.push(Attribute { name: "工位 Seat".into(), value: value.into() });
        }
        row.manager = manager.map(Into::into);
        let status = match dice.below(100) {
            0 => "disabled",
            1 | 2 => "not_activated",
            _ => "active",
        };
        row.status = Some(status.into());
        self.take(row)
    }

    /// Changes somebody's row.
    pub(super) fn change(&mut self, id: &str, how: impl FnOnce(&mut MemberRow)) {
        let row = self.rows.iter_mut().rev().find_map(|row| match row {
            ImportRow::Member(row) if row.id.as_data() == id => Some(row),
            _ => None,
        });
        if let Some(row) = row {
            how(row);
        }
    }

    /// A person leads a department: always one who works here now.
    pub(super) fn leads(&mut self, id: &str, path: &[&str]) {
        self.change(id, |row| {
            row.leader_of.get_or_insert_default().push(texts(path));
            row.status = Some("active".into());
        });
    }

    /// How many people there are so far.
    pub(super) fn size(&self) -> u64 {
        self.people
    }

    /// The company, with its first admin.
    pub(super) fn finish(mut self, id: &'static str, name: &'static str, admin: String) -> MadeUp {
        self.change(&admin, |row| row.role = Some("admin".into()));
        MadeUp { id, name, domain: self.domain, rows: self.rows, admin }
    }
}

fn texts(path: &[&str]) -> Vec<Untrusted> {
    path.iter().map(|part| Untrusted::from(*part)).collect()
}
