//! Everybody whom an import concerns, and the checks that need all rows: duplicates, managers, circles.

use std::collections::HashMap;

use super::{Refusals, total};
use crate::domain::{MemberId, RefusedRow, RowFault, RowNote};
use crate::server::store::StoreError;
use crate::server::store::imports::Present;
use crate::server::store::staging::RowHead;
use crate::text::Untrusted;

/// A person's place among [`People`].
pub(super) type Who = u32;

/// What a row says of whom somebody reports to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Said {
    Nothing,
    Nobody,
    Somebody(Who),
}

#[derive(Debug)]
struct Person {
    id: MemberId,
    /// Hidden key of somebody who is there; below nought for somebody new; nought for one who is neither.
    sk: i64,
    left: bool,
    /// Whom they report to now.
    manager: Option<Who>,
    /// The row that counts.
    row: Option<Row>,
    /// Whether one of their rows was refused.
    refused: bool,
}

#[derive(Clone, Copy, Debug)]
struct Row {
    n: i64,
    line: u64,
    manager: Said,
}

/// Everybody whom an import concerns: who is there, who has a row, and whom rows name.
#[derive(Debug, Default)]
pub(super) struct People {
    all: Vec<Person>,
    by_id: HashMap<MemberId, Who>,
}

/// Hidden keys of whom those who are there report to, until all of them are known.
#[derive(Debug, Default)]
pub(super) struct Managers {
    by_sk: HashMap<i64, Who>,
    of: Vec<i64>,
}

impl People {
    /// Adds those who are there. When all are, [`Self::place_managers`] follows.
    pub(super) fn add_present(&mut self, present: &[Present], managers: &mut Managers) {
        for there in present {
            let who = self.find_or_add(&there.id);
            managers.by_sk.insert(there.sk, who);
            managers.of.push(there.manager.unwrap_or_default());
            if let Some(person) = self.all.last_mut() {
                (person.sk, person.left) = (there.sk, there.left == 1);
            }
        }
    }

    /// Says whom those who are there report to.
    pub(super) fn place_managers(&mut self, managers: &Managers) {
        for (person, manager) in self.all.iter_mut().zip(&managers.of) {
            person.manager = managers.by_sk.get(manager).copied();
        }
    }

    fn find_or_add(&mut self, id: &MemberId) -> Who {
        if let Some(who) = self.by_id.get(id) {
            return *who;
        }
        let who = Who::try_from(self.all.len()).unwrap_or(Who::MAX);
        let id = id.clone();
        self.by_id.insert(id.clone(), who);
        self.all.push(Person { id, sk: 0, left: false, manager: None, row: None, refused: false });
        who
    }

    fn get(&self, who: Who) -> Option<&Person> {
        self.all.get(who as usize)
    }

    /// Takes the next row of the source.
    pub(super) fn take(&mut self, head: RowHead, refusals: &mut Refusals) -> Result<(), StoreError> {
        let id = head.id.as_deref().and_then(|id| MemberId::new(id).ok());
        let who = id.map(|id| self.find_or_add(&id));
        if let Some(faults) = head.faults {
            refusals.row(faults);
            if let Some(person) = who.and_then(|who| self.all.get_mut(who as usize)) {
                person.refused = true;
            }
            return Ok(());
        }
        let manager = match head.manager.as_deref() {
            None => Said::Nothing,
            Some("") => Said::Nobody,
            Some(id) => {
                let id = MemberId::new(id).map_err(|_| StoreError::Unexpected("staged manager"))?;
                Said::Somebody(self.find_or_add(&id))
            }
        };
        let Some(person) = who.and_then(|who| self.all.get_mut(who as usize)) else { return Ok(()) };
        match person.row {
            Some(first) => refusals.row(vec![RefusedRow {
                line: head.line,
                column: Some("id".into()),
                code: RowFault::DuplicateId,
                value: Some(format!("{} ({})", head.id.as_deref().unwrap_or_default(), first.line).into()),
            }]),
            None => person.row = Some(Row { n: head.n, line: head.line, manager }),
        }
        Ok(())
    }

    /// Checks all rows against each other, and numbers those who are new.
    pub(super) fn settle(&mut self, refusals: &mut Refusals) {
        self.refuse_unknown_managers(refusals);
        self.refuse_circles(refusals);
        let mut new: Vec<(i64, usize)> = self
            .all
            .iter()
            .enumerate()
            .filter(|(_, person)| person.sk == 0)
            .filter_map(|(who, person)| Some((person.row?.n, who)))
            .collect();
        new.sort_unstable();
        for (number, (_, who)) in new.into_iter().enumerate() {
            if let Some(person) = self.all.get_mut(who) {
                person.sk = -1 - total(number);
            }
        }
    }

    fn refuse(&mut self, who: Who, code: RowFault, value: &str, refusals: &mut Refusals) {
        let Some(person) = self.all.get_mut(who as usize) else { return };
        let Some(row) = person.row.take() else { return };
        person.refused = true;
        refusals.row(vec![RefusedRow {
            line: row.line,
            column: Some("manager".into()),
            code,
            value: Some(Untrusted::from(value)),
        }]);
    }

    /// A manager must be in the source or in the company. One whose own row was refused is left out with a
    /// note: a single bad row must not take everybody below it along.
    fn refuse_unknown_managers(&mut self, refusals: &mut Refusals) {
        let reporting: Vec<(Who, Who)> = self.reporting().collect();
        let mut bad = Vec::new();
        for (who, manager) in reporting {
            match self.get(manager) {
                Some(boss) if boss.row.is_some() || boss.sk != 0 => {}
                Some(boss) if boss.refused => self.leave_out(who, manager, refusals),
                _ => bad.push((who, manager)),
            }
        }
        for (who, manager) in bad {
            let named = self.get(manager).map(|boss| boss.id.clone());
            let named = named.as_ref().map(MemberId::as_str).unwrap_or_default();
            self.refuse(who, RowFault::UnknownManager, named, refusals);
        }
    }

    /// Whose row names whom.
    fn reporting(&self) -> impl Iterator<Item = (Who, Who)> {
        (0..).zip(&self.all).filter_map(|(who, person)| match person.row?.manager {
            Said::Somebody(manager) => Some((who, manager)),
            Said::Nothing | Said::Nobody => None,
        })
    }

    /// The row is taken without the manager whom it names.
    fn leave_out(&mut self, who: Who, manager: Who, refusals: &mut Refusals) {
        let named = self.get(manager).map(|boss| boss.id.as_str().into());
        if let Some(row) = self.all.get_mut(who as usize).and_then(|person| person.row.as_mut()) {
            row.manager = Said::Nobody;
            refusals.note(RowNote { line: row.line, manager: named.unwrap_or_default() });
        }
    }

    /// Every row that closes a circle of managers is refused; who only reports into one stays, without a
    /// manager.
    fn refuse_circles(&mut self, refusals: &mut Refusals) {
        // Whoever was refused keeps the manager they have, by which another circle may close.
        loop {
            let circles = self.circles();
            if circles.is_empty() {
                break;
            }
            for circle in circles {
                let ids: Vec<String> =
                    circle.iter().filter_map(|who| self.get(*who)).map(|person| person.id.key()).collect();
                for (at, who) in circle.iter().enumerate() {
                    // A row that says nothing of a manager is not to blame.
                    if self.says_manager(*who) {
                        let round = ids.iter().cycle().skip(at).take(ids.len() + 1);
                        let round: Vec<&str> = round.map(String::as_str).collect();
                        self.refuse(*who, RowFault::ManagerCycle, &round.join(" > "), refusals);
                    }
                }
            }
        }
        // A row that was refused may be somebody's manager.
        let reporting: Vec<(Who, Who)> = self.reporting().collect();
        for (who, manager) in reporting {
            if self.get(manager).is_some_and(|boss| boss.row.is_none() && boss.sk == 0) {
                self.leave_out(who, manager, refusals);
            }
        }
    }

    fn says_manager(&self, who: Who) -> bool {
        let row = self.get(who).and_then(|person| person.row);
        row.is_some_and(|row| matches!(row.manager, Said::Somebody(_)))
    }

    /// Whom somebody reports to after the import.
    fn manager_after(&self, who: Who) -> Option<Who> {
        let person = self.get(who)?;
        match person.row.map(|row| row.manager) {
            Some(Said::Somebody(manager)) => Some(manager),
            Some(Said::Nobody) => None,
            Some(Said::Nothing) | None => person.manager,
        }
    }

    /// The circles that a row closes, each from one person up to the one who reports to them.
    fn circles(&self) -> Vec<Vec<Who>> {
        // Nobody was met yet, or from this start; counted from 1.
        let mut met: Vec<Who> = vec![0; self.all.len()];
        let mut circles = Vec::new();
        for start in (0..).take(self.all.len()) {
            if !self.says_manager(start) {
                continue;
            }
            let mut here = Some(start);
            while let Some(who) = here {
                let Some(mark) = met.get_mut(who as usize) else { break };
                if *mark == start + 1 {
                    circles.extend(self.circle(who));
                }
                if *mark != 0 {
                    break;
                }
                *mark = start + 1;
                here = self.manager_after(who);
            }
        }
        circles
    }

    /// The circle that `start` is on; none when no row is part of it: that is no fault of the source.
    fn circle(&self, start: Who) -> Option<Vec<Who>> {
        let mut circle = vec![start];
        let mut here = self.manager_after(start)?;
        while here != start {
            circle.push(here);
            here = self.manager_after(here)?;
        }
        circle.iter().any(|who| self.says_manager(*who)).then_some(circle)
    }

    /// The person with this id.
    pub(super) fn find(&self, id: &MemberId) -> Option<Who> {
        self.by_id.get(id).copied()
    }

    /// Whether this is the row of the person that counts, and was not refused.
    pub(super) fn counts(&self, who: Who, n: i64) -> bool {
        self.get(who).and_then(|person| person.row).is_some_and(|row| row.n == n)
    }

    /// Whether the manager that a person's row names was left out.
    pub(super) fn is_left_out(&self, who: Who) -> bool {
        let row = self.get(who).and_then(|person| person.row);
        row.is_some_and(|row| row.manager == Said::Nobody)
    }

    /// The hidden key of somebody who is there, or the number of somebody new.
    pub(super) fn key(&self, who: Who) -> Option<i64> {
        self.get(who).map(|person| person.sk).filter(|sk| *sk != 0)
    }

    /// How many are there, members who left among them.
    pub(super) fn present_total(&self) -> usize {
        self.all.iter().filter(|person| person.sk > 0).count()
    }

    /// Hidden keys of those who are there and whom no row names. Who was refused is in the source all the
    /// same: a bad row takes nobody out.
    pub(super) fn missing(&self) -> Vec<i64> {
        let missing =
            |person: &&Person| person.sk > 0 && !person.left && person.row.is_none() && !person.refused;
        let mut missing: Vec<i64> = self.all.iter().filter(missing).map(|person| person.sk).collect();
        missing.sort_unstable();
        missing
    }
}

#[cfg(test)]
mod tests {
    use super::{Managers, People, Refusals};
    use crate::domain::{MemberId, RowFault};
    use crate::server::store::imports::Present;
    use crate::server::store::staging::RowHead;

    /// Rows from line 2 on: id and manager, `-` where the row says nothing of one.
    fn settled(present: &[(&str, Option<i64>)], rows: &[(&str, &str)]) -> (People, Refusals) {
        let present: Vec<Present> = present
            .iter()
            .zip(1..)
            .map(|((id, manager), sk)| Present {
                sk,
                id: MemberId::new(id).unwrap(),
                manager: *manager,
                left: 0,
            })
            .collect();
        let (mut people, mut managers) = (People::default(), Managers::default());
        people.add_present(&present, &mut managers);
        people.place_managers(&managers);
        let mut refusals = Refusals::default();
        for ((id, manager), line) in rows.iter().zip(2..) {
            let faults = MemberId::new(id).is_err().then(Vec::new);
            let head = RowHead {
                n: i64::from(line),
                line: u64::from(line as u32),
                id: Some((*id).into()),
                manager: (*manager != "-").then(|| (*manager).into()),
                faults,
            };
            people.take(head, &mut refusals).unwrap();
        }
        people.settle(&mut refusals);
        (people, refusals)
    }

    fn faults(refusals: &mut Refusals) -> Vec<(u64, RowFault)> {
        refusals.sort();
        refusals.rows.iter().map(|f| (f.line, f.code)).collect()
    }

    fn taken(people: &People) -> Vec<&str> {
        people.all.iter().filter(|person| person.row.is_some()).map(|person| person.id.as_str()).collect()
    }

    #[test]
    fn duplicates_and_unknown_managers_are_refused_with_their_lines() {
        let (_, mut refusals) = settled(&[], &[("a", ""), ("A", ""), ("b", "nobody"), ("c", "a")]);
        assert_eq!(faults(&mut refusals), [(3, RowFault::DuplicateId), (4, RowFault::UnknownManager)]);
    }

    #[test]
    fn a_circle_is_refused_whole_and_nobody_else() {
        let (people, mut refusals) =
            settled(&[], &[("a", "c"), ("b", "a"), ("c", "b"), ("d", "a"), ("e", "e")]);
        assert_eq!(faults(&mut refusals), [2, 3, 4, 6].map(|line| (line, RowFault::ManagerCycle)));
        assert_eq!(taken(&people), ["d"]);
        assert_eq!(people.manager_after(people.find(&MemberId::new("d").unwrap()).unwrap()), None);
        assert_eq!(refusals.notes.len(), 1);
    }

    #[test]
    fn who_says_nothing_of_a_manager_is_not_to_blame_for_a_circle() {
        let there = [("a", Some(2)), ("b", None)];
        let (people, mut refusals) = settled(&there, &[("a", "-"), ("b", "a")]);
        assert_eq!(faults(&mut refusals), [(3, RowFault::ManagerCycle)]);
        assert_eq!(taken(&people), ["a"]);
        // Nor is a file that says nothing of managers at all.
        let (_, mut refusals) = settled(&[("a", Some(2)), ("b", Some(1))], &[("a", "-"), ("b", "-")]);
        assert_eq!(faults(&mut refusals), []);
    }

    #[test]
    fn a_refused_manager_is_left_out_with_a_note() {
        let (people, refusals) = settled(&[], &[("b", "y"), ("c", "b")]);
        // `b` names nobody, so `c` keeps its row without `b`.
        assert_eq!(taken(&people), ["c"]);
        assert_eq!(refusals.notes.len(), 1);
    }

    #[test]
    fn new_people_are_numbered_in_the_order_of_their_rows() {
        let (people, _) = settled(&[("b", None)], &[("c", "d"), ("b", ""), ("d", "")]);
        let keys: Vec<_> = people.all.iter().map(|person| (person.id.as_str(), person.sk)).collect();
        assert_eq!(keys, [("b", 1), ("c", -1), ("d", -2)]);
        assert_eq!(people.missing(), [0_i64; 0]);
    }
}
