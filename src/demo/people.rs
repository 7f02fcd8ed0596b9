//! Companies and their people.

use std::collections::HashMap;

use pinyin::ToPinyin as _;

use super::dice::Dice;
use super::names::{DIVISIONS, Division, FIRST, GIVEN, LAST, OFFICES, OUTSIDE_TITLES, SURNAMES, TITLES};
use crate::domain::{Attribute, DepartmentRow, ImportRow, MemberRow};
use crate::text::Untrusted;

/// The member that the screen is signed in as.
pub(super) const SAMPLE: &str = "zhang.san";
/// People of the company.
const PEOPLE: u64 = 2_000;
/// The sample employee's group.
const SAMPLE_PATH: [&str; 3] = [ROOT, "研发中心", "运行时组"];
const ROOT: &str = "云帆科技";

/// A company with its rows.
pub(super) struct MadeUp {
    pub(super) id: &'static str,
    pub(super) name: &'static str,
    pub(super) domain: &'static str,
    pub(super) rows: Vec<ImportRow>,
    /// Ids in order, the leaders among them first.
    pub(super) ids: Vec<String>,
}

impl MadeUp {
    /// Whether a member can sign in.
    pub(super) fn lets_in(&self, id: &str) -> bool {
        self.rows.iter().any(|row| match row {
            ImportRow::Member(row) => row.id.as_data() == id && row.status != Some("disabled".into()),
            ImportRow::Department(_) => false,
        })
    }
}

/// The company of the person at the screen.
pub(super) fn home(dice: &mut Dice) -> MadeUp {
    let mut maker = Maker::new("yunfan.example");
    maker.department(&[ROOT], "Yunfan");
    for division in DIVISIONS {
        maker.department(&[ROOT, division.name], division.english);
        for (group, english) in division.groups {
            maker.department(&[ROOT, division.name, group], english);
        }
    }
    let root = [ROOT];
    let chief = maker.person(dice, &root, "总经理", None);
    maker.leads(&chief, &root);
    for Division { name, share, groups, .. } in DIVISIONS {
        let path = [ROOT, *name];
        let head = maker.person(dice, &path, "总监", Some(&chief));
        maker.leads(&head, &path);
        let people = PEOPLE * share / 100;
        // A part sits in the division itself, the rest in its groups.
        let own = if groups.is_empty() { people } else { people / 12 };
        for _ in 0..own {
            let title = dice.word(TITLES);
            maker.person(dice, &path, title, Some(&head));
        }
        let size = people.saturating_sub(own) / (groups.len() as u64).max(1);
        for (group, _) in *groups {
            let path = [ROOT, *name, *group];
            let lead = if path == SAMPLE_PATH {
                sample(&mut maker, &head)
            } else {
                maker.person(dice, &path, "组长", Some(&head))
            };
            maker.leads(&lead, &path);
            let size =
                if path == SAMPLE_PATH { 14 } else { size.saturating_sub(1) * (70 + dice.below(60)) / 100 };
            for _ in 0..size {
                let title = dice.word(TITLES);
                maker.person(dice, &path, title, Some(&lead));
            }
        }
    }
    maker.polyphones(dice);
    maker.finish("yunfan", "云帆科技 Yunfan")
}

/// The person at the screen: leads a group, so that others report to them.
fn sample(maker: &mut Maker, head: &str) -> String {
    let mut row = maker.row(&SAMPLE_PATH, "运行时组组长");
    row.id = SAMPLE.into();
    row.name = "张三".into();
    row.alias = Some("Sam Zhang".into());
    row.external_title = Some("Runtime lead".into());
    row.email = Some(format!("{SAMPLE}@{}", maker.domain).into());
    row.mobile = Some("+86 138 0000 0001".into());
    row.phone = Some("+86 10 5555 0142".into());
    row.manager = Some(head.into());
    row.office = OFFICES.first().map(|office| (*office).into());
    maker.take(row)
}

/// Three companies outside. Their links with ours come with the boundary.
pub(super) fn neighbours(dice: &mut Dice) -> Vec<MadeUp> {
    [
        ("bluewave", "碧波数据 Bluewave", "bluewave.example", 40_u64),
        ("northgrid", "Northgrid Ltd", "northgrid.example", 25),
        ("arcadie", "Arcadie SA", "arcadie.example", 12),
    ]
    .into_iter()
    .map(|(id, name, domain, size)| {
        let mut maker = Maker::new(domain);
        let path = [name];
        maker.department(&path, name);
        let head = maker.person(dice, &path, "Managing director", None);
        maker.leads(&head, &path);
        for _ in 1..size {
            let title = dice.word(TITLES);
            maker.person(dice, &path, title, Some(&head));
        }
        maker.finish(id, name)
    })
    .collect()
}

/// A made-up name, its Latin spelling as an address would have it, and a second name if there is one.
pub(super) fn name(dice: &mut Dice) -> (String, String, Option<String>) {
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

struct Maker {
    domain: &'static str,
    rows: Vec<ImportRow>,
    taken: HashMap<String, u64>,
    line: u64,
    ids: Vec<String>,
}

impl Maker {
    fn new(domain: &'static str) -> Self {
        Self { domain, rows: Vec::new(), taken: HashMap::new(), line: 0, ids: Vec::new() }
    }

    fn department(&mut self, path: &[&str], english: &str) {
        self.line += 1;
        self.rows.push(ImportRow::Department(DepartmentRow {
            line: self.line,
            path: texts(path),
            english_name: Some(english.into()),
            order: Some(i64::try_from(self.line).unwrap_or(i64::MAX)),
        }));
    }

    fn row(&mut self, path: &[&str], title: &str) -> MemberRow {
        self.line += 1;
        MemberRow {
            line: self.line,
            departments: Some(vec![texts(path)]),
            title: Some(title.into()),
            ..MemberRow::default()
        }
    }

    fn take(&mut self, row: MemberRow) -> String {
        let id = row.id.as_data().to_owned();
        self.ids.push(id.clone());
        self.rows.push(ImportRow::Member(Box::new(row)));
        id
    }

    /// A person of a department; returns their id.
    fn person(&mut self, dice: &mut Dice, path: &[&str], title: &str, manager: Option<&str>) -> String {
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

    /// A person leads a department: always one who works here now.
    fn leads(&mut self, id: &str, path: &[&str]) {
        let row = self.rows.iter_mut().rev().find_map(|row| match row {
            ImportRow::Member(row) if row.id.as_data() == id => Some(row),
            _ => None,
        });
        if let Some(row) = row {
            row.leader_of.get_or_insert_default().push(texts(path));
            row.status = Some("active".into());
        }
    }

    /// Some whose surname is read otherwise than its character, next to the sample employee.
    fn polyphones(&mut self, dice: &mut Dice) {
        for (name, latin) in
            [("单雄", "xiong.shan"), ("曾国", "guo.zeng"), ("尉迟恭", "gong.yuchi"), ("张伟", "wei.zhang")]
        {
            self.named(dice, &SAMPLE_PATH, "Engineer", Some(SAMPLE), (name, latin, None));
        }
    }

    fn finish(self, id: &'static str, name: &'static str) -> MadeUp {
        MadeUp { id, name, domain: self.domain, rows: self.rows, ids: self.ids }
    }
}

fn texts(path: &[&str]) -> Vec<Untrusted> {
    path.iter().map(|part| Untrusted::from(*part)).collect()
}

#[cfg(test)]
mod tests {
    use super::{Dice, SAMPLE, home};
    use crate::domain::ImportRow;

    #[test]
    fn the_company_has_its_size_and_its_sample() {
        let company = home(&mut Dice::new(0));
        assert!((1_900..2_200).contains(&company.ids.len()), "{}", company.ids.len());
        let reports = company
            .rows
            .iter()
            .filter(|row| matches!(row, ImportRow::Member(row) if row.manager == Some(SAMPLE.into())))
            .count();
        assert!(reports >= 10, "the sample employee is a manager");
        for row in &company.rows {
            if let ImportRow::Member(row) = row {
                assert!(row.clone().check().is_ok(), "{row:?}");
            }
        }
        assert_eq!(home(&mut Dice::new(0)).rows, company.rows, "the same seed gives the same people");
        assert_ne!(home(&mut Dice::new(1)).rows, company.rows);
    }
}
