//! Companies and their people.

use std::collections::HashSet;

use super::dice::Dice;
use super::maker::Maker;
use super::names::{DIVISIONS, Division, HIDDEN, OFFICES, TITLES};
use super::scene::Scene;
use crate::domain::{ImportRow, MemberRow};
use crate::search::fold;
use crate::text::Untrusted;

/// The member that the screen is signed in as.
pub(super) const SAMPLE: &str = "zhang.san";
/// A colleague of the same group: its lead on the first day.
pub(super) const LI_NA: &str = "li.na";
/// A colleague whose approvals the lead of the group approves too.
pub(super) const NEWCOMER: &str = "xiong.shan";
/// A colleague who stands in for another one.
pub(super) const STAND_IN: &str = "wei.zhang";
/// A colleague with contacts to hand over.
pub(super) const GIVER: &str = "guo.zeng";
/// Somebody at the first of the linked companies.
pub(super) const KERN: &str = "d.kern";
/// Who is there in every world, and has the name alone: ids and names.
pub(super) const CAST: [(&str, &str); 7] = [
    (SAMPLE, "张三"),
    (LI_NA, "李娜"),
    (NEWCOMER, "单雄"),
    (GIVER, "曾国"),
    ("gong.yuchi", "尉迟恭"),
    (STAND_IN, "张伟"),
    (KERN, "Dr. Dieter Kern"),
];

/// People of the company, more or less.
const PEOPLE: u64 = 2_000;
/// How many the sample employee sees on their first day.
const FIRST_DAY: u64 = 2_140;
/// The sample employee's group.
const SAMPLE_PATH: [&str; 3] = [ROOT, "研发中心", "运行时组"];
/// Whoever is in it has to ask for the external permission.
const ASKERS_PATH: [&str; 3] = [ROOT, "财务部", "会计组"];
const ROOT: &str = "云帆科技";

/// A company with its rows.
pub(super) struct MadeUp {
    pub(super) id: &'static str,
    pub(super) name: &'static str,
    pub(super) domain: &'static str,
    pub(super) rows: Vec<ImportRow>,
    /// Its first admin.
    pub(super) admin: String,
}

impl MadeUp {
    /// Whether a member can sign in.
    pub(super) fn lets_in(&self, id: &str) -> bool {
        self.members().any(|row| row.id.as_data() == id && row.status != Some("disabled".into()))
    }

    fn members(&self) -> impl Iterator<Item = &MemberRow> {
        self.rows.iter().filter_map(|row| match row {
            ImportRow::Member(row) => Some(&**row),
            ImportRow::Department(_) => None,
        })
    }

    /// The ids of the first who work here now.
    pub(super) fn first(&self, count: usize) -> Vec<String> {
        let active = self.members().filter(|row| row.status == Some("active".into()));
        active.take(count).map(|row| row.id.as_data().to_owned()).collect()
    }

    /// The last of the first who work here now that has none of these names.
    pub(super) fn stranger(&self, count: usize, names: &HashSet<String>) -> String {
        let active = self.members().filter(|row| row.status == Some("active".into()));
        let strange = active.take(count).filter(|row| !names.contains(&fold(row.name.as_data())));
        strange.last().map(|row| row.id.as_data().to_owned()).unwrap_or_default()
    }

    /// The ids of those who have to ask for the external permission.
    pub(super) fn askers(&self) -> Vec<String> {
        let asks = |row: &&MemberRow| path_of(row) == ASKERS_PATH;
        self.members().filter(asks).map(|row| row.id.as_data().to_owned()).collect()
    }

    /// The ids of those whom no rule keeps from people outside: they have the permission, are not hidden, and
    /// can sign in.
    pub(super) fn open(&self) -> impl Iterator<Item = &str> {
        let open = self.members().filter(|row| {
            let path = path_of(row);
            let hidden = HIDDEN.iter().any(|(name, ..)| path == [ROOT, name]);
            !hidden && path != ASKERS_PATH && row.status != Some("disabled".into())
        });
        open.map(|row| row.id.as_data())
    }

    /// The names of all, as search compares them.
    pub(super) fn names(&self) -> HashSet<String> {
        self.members().map(|row| fold(row.name.as_data())).collect()
    }
}

/// The path of somebody's main department.
fn path_of(row: &MemberRow) -> Vec<&str> {
    row.departments.iter().flatten().take(1).flatten().map(Untrusted::as_data).collect()
}

/// The company of the person at the screen.
pub(super) fn home(dice: &mut Dice, scene: Scene) -> MadeUp {
    let mut maker = Maker::new("yunfan.example");
    maker.department(&[ROOT], "Yunfan");
    for division in DIVISIONS {
        maker.department(&[ROOT, division.name], division.english);
        for (group, english) in division.groups {
            maker.department(&[ROOT, division.name, group], english);
        }
    }
    for (name, english, _) in HIDDEN {
        maker.department(&[ROOT, name], english);
    }
    let root = [ROOT];
    let chief = maker.person(dice, &root, "总经理", None);
    maker.leads(&chief, &root);
    let people = if scene == Scene::FirstDay { FIRST_DAY * 4 / 5 } else { PEOPLE };
    let mut leads = Vec::new();
    for Division { name, share, groups, .. } in DIVISIONS {
        let path = [ROOT, *name];
        let head = maker.person(dice, &path, "总监", Some(&chief));
        maker.leads(&head, &path);
        let people = people * share / 100;
        // A part sits in the division itself, the rest in its groups.
        let own = if groups.is_empty() { people } else { people / 12 };
        for _ in 0..own {
            let title = dice.word(TITLES);
            maker.person(dice, &path, title, Some(&head));
        }
        let size = people.saturating_sub(own) / (groups.len() as u64).max(1);
        for (group, _) in *groups {
            let path = [ROOT, *name, *group];
            if path == SAMPLE_PATH {
                runtime(&mut maker, dice, &head, scene);
                continue;
            }
            let lead = maker.person(dice, &path, "组长", Some(&head));
            maker.leads(&lead, &path);
            for _ in 0..size.saturating_sub(1) * (70 + dice.below(60)) / 100 {
                let title = dice.word(TITLES);
                maker.person(dice, &path, title, Some(&lead));
            }
            leads.push((path, lead));
        }
    }
    if scene == Scene::FirstDay {
        for (path, lead) in leads.iter().cycle() {
            if maker.size() >= FIRST_DAY {
                break;
            }
            let title = dice.word(TITLES);
            maker.person(dice, path, title, Some(lead));
        }
    }
    for (name, _, size) in HIDDEN {
        let path = [ROOT, *name];
        let head = maker.person(dice, &path, "负责人", Some(&chief));
        maker.leads(&head, &path);
        for _ in 1..*size {
            let title = dice.word(TITLES);
            maker.person(dice, &path, title, Some(&head));
        }
    }
    maker.finish("yunfan", "云帆科技 Yunfan", chief)
}

/// The group of the person at the screen, with the cast next to them: some have a surname that is read
/// otherwise than its character.
fn runtime(maker: &mut Maker, dice: &mut Dice, head: &str, scene: Scene) {
    let lead = if scene.leads() {
        sample(maker, head, "运行时组组长", "Runtime lead");
        maker.change(SAMPLE, |row| row.role = Some("admin".into()));
        SAMPLE
    } else {
        maker.cast(dice, &SAMPLE_PATH, "运行时组组长", Some(head), (LI_NA, "李娜"));
        sample(maker, LI_NA, "工程师", "Engineer");
        LI_NA
    };
    maker.leads(lead, &SAMPLE_PATH);
    for _ in 0..14 {
        let title = dice.word(TITLES);
        maker.person(dice, &SAMPLE_PATH, title, Some(lead));
    }
    for (id, name) in CAST.into_iter().filter(|(id, _)| ![SAMPLE, KERN, lead].contains(id)) {
        maker.cast(dice, &SAMPLE_PATH, "Engineer", Some(lead), (id, name));
    }
}

/// The person at the screen.
fn sample(maker: &mut Maker, manager: &str, title: &str, outside: &str) {
    let mut row = maker.row(&SAMPLE_PATH, title);
    row.id = SAMPLE.into();
    row.name = "张三".into();
    row.alias = Some("Sam Zhang".into());
    row.external_title = Some(outside.into());
    row.email = Some(format!("{SAMPLE}@{}", maker.domain).into());
    row.mobile = Some("+86 138 0000 0001".into());
    row.phone = Some("+86 10 5555 0142".into());
    row.manager = Some(manager.into());
    row.status = Some("active".into());
    row.office = OFFICES.first().map(|office| (*office).into());
    maker.take(row);
}

/// Three companies outside: ours is linked with the first two.
pub(super) fn neighbours(dice: &mut Dice) -> [MadeUp; 3] {
    [
        ("northgrid", "Northgrid Ltd", "northgrid.example", 25_u64),
        ("bluewave", "碧波数据 Bluewave", "bluewave.example", 40),
        ("arcadie", "Arcadie SA", "arcadie.example", 12),
    ]
    .map(|(id, name, domain, size)| {
        let mut maker = Maker::new(domain);
        let path = [name];
        maker.department(&path, name);
        let head = maker.person(dice, &path, "Managing director", None);
        maker.leads(&head, &path);
        if id == "northgrid" {
            maker.cast(dice, &path, "Head of research", Some(&head), (KERN, "Dr. Dieter Kern"));
            maker.change(KERN, |row| row.external_title = Some("Head of research".into()));
        }
        while maker.size() < size {
            let title = dice.word(TITLES);
            maker.person(dice, &path, title, Some(&head));
        }
        maker.finish(id, name, head)
    })
}

#[cfg(test)]
mod tests {
    use super::{Dice, FIRST_DAY, HIDDEN, SAMPLE, Scene, home};
    use crate::domain::ImportRow;

    #[test]
    fn the_company_has_its_size_and_its_sample() {
        let company = home(&mut Dice::new(0), Scene::Plain);
        let size = company.members().count();
        assert!((1_900..2_200).contains(&size), "{size}");
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
        assert_eq!(
            home(&mut Dice::new(0), Scene::Plain).rows,
            company.rows,
            "the same seed, the same people"
        );
        assert_ne!(home(&mut Dice::new(1), Scene::Plain).rows, company.rows);
    }

    #[test]
    fn on_the_first_day_the_company_has_exactly_its_size() {
        for seed in 0..20 {
            let company = home(&mut Dice::new(seed), Scene::FirstDay);
            let hidden: u64 = HIDDEN.iter().map(|(_, _, size)| size).sum();
            assert_eq!(company.members().count() as u64, FIRST_DAY + hidden, "seed {seed}");
            assert!(company.askers().len() >= 2, "seed {seed}");
        }
    }
}
