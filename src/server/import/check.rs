//! The checks that need all rows: duplicates, managers, cycles.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::domain::{CheckedMember, DepartmentRow, ImportRow, MemberId, RefusedRow, RowFault, RowNote};
use crate::server::store::departments::PATH_SIGN;
use crate::server::store::imports::Present;
use crate::text::Untrusted;

/// Rows that passed, and what became of the others.
#[derive(Debug, Default)]
pub(crate) struct Checked {
    pub(crate) members: Vec<CheckedMember>,
    /// What the source says of departments, by path.
    pub(crate) departments: HashMap<String, DepartmentRow>,
    pub(crate) refused: Vec<RefusedRow>,
    /// Keys of ids whose rows were refused.
    pub(crate) refused_ids: HashSet<String>,
    pub(crate) notes: Vec<RowNote>,
}

impl Checked {
    /// Every department path that the rows name, with every path above it, parents first, each once.
    pub(crate) fn paths(&self) -> impl Iterator<Item = String> {
        let mut seen = HashSet::new();
        let mut paths = Vec::new();
        let named = self.members.iter().flat_map(|m| m.row.departments.iter().chain(&m.row.leader_of));
        for path in named.chain(self.departments.values().map(|row| &row.path)) {
            for length in 1..=path.len() {
                let key = path_key(path.get(..length).unwrap_or_default());
                if seen.insert(key.clone()) {
                    paths.push(key);
                }
            }
        }
        paths.into_iter()
    }
}

/// A path as one text.
pub(crate) fn path_key(path: &[Untrusted]) -> String {
    let parts: Vec<&str> = path.iter().map(Untrusted::as_data).collect();
    parts.join(&PATH_SIGN.to_string())
}

/// Checks all rows against each other and against who is present.
pub(crate) fn check(rows: Vec<ImportRow>, present: &HashMap<String, Present>) -> Checked {
    let mut checked = Checked::default();
    let mut members: BTreeMap<usize, CheckedMember> = BTreeMap::new();
    let mut first_line: HashMap<String, u64> = HashMap::new();
    for (at, row) in rows.into_iter().enumerate() {
        let row = match row {
            ImportRow::Department(department) => {
                checked.departments.insert(path_key(&department.path), department);
                continue;
            }
            ImportRow::Member(row) => row,
        };
        match row.check() {
            Err(faults) => {
                checked.refused_ids.insert(row.id.as_data().trim().to_ascii_lowercase());
                checked.refused.extend(faults);
            }
            Ok(member) => match first_line.get(&member.id.key()) {
                Some(line) => checked.refused.push(RefusedRow {
                    line: member.line,
                    column: Some("id".into()),
                    code: RowFault::DuplicateId,
                    value: Some(format!("{} ({line})", member.id.as_str()).into()),
                }),
                None => {
                    first_line.insert(member.id.key(), member.line);
                    members.insert(at, member);
                }
            },
        }
    }
    refuse_unknown_managers(&mut checked, &mut members, present);
    refuse_cycles(&mut checked, &mut members, present);
    checked.members = members.into_values().collect();
    checked.refused.sort_by_key(|fault| fault.line);
    checked
}

/// A manager must be in the source or in the company. One whose own row was refused is left out with a
/// note: a single bad row must not take everybody below it along.
fn refuse_unknown_managers(
    checked: &mut Checked,
    members: &mut BTreeMap<usize, CheckedMember>,
    present: &HashMap<String, Present>,
) {
    let good: HashSet<String> = members.values().map(|member| member.id.key()).collect();
    let mut bad = Vec::new();
    for (at, member) in members.iter_mut() {
        let Some(manager) = &member.manager else { continue };
        let key = manager.key();
        if good.contains(&key) || present.contains_key(&key) {
            continue;
        }
        if checked.refused_ids.contains(&key) {
            checked.notes.push(RowNote { line: member.line, manager: Untrusted::from(manager.as_str()) });
            member.manager = None;
            continue;
        }
        checked.refused.push(RefusedRow {
            line: member.line,
            column: Some("manager".into()),
            code: RowFault::UnknownManager,
            value: Some(Untrusted::from(manager.as_str())),
        });
        bad.push(*at);
    }
    for at in bad {
        if let Some(member) = members.remove(&at) {
            checked.refused_ids.insert(member.id.key());
        }
    }
}

/// Everybody on a circle of managers is refused; who only reports into it stays, without a manager.
fn refuse_cycles(
    checked: &mut Checked,
    members: &mut BTreeMap<usize, CheckedMember>,
    present: &HashMap<String, Present>,
) {
    // Whoever was refused keeps the manager they have, by which another circle may close.
    loop {
        let circles = circles(members, present);
        if circles.is_empty() {
            break;
        }
        refuse(checked, members, &circles);
    }
    // A row that was refused may be somebody's manager.
    let gone = &checked.refused_ids;
    for member in members.values_mut() {
        if let Some(manager) =
            member.manager.take_if(|m| gone.contains(&m.key()) && !present.contains_key(&m.key()))
        {
            checked.notes.push(RowNote { line: member.line, manager: Untrusted::from(manager.as_str()) });
        }
    }
    checked.notes.sort_by_key(|note| note.line);
}

/// The circles that a row is part of: keys of ids, each followed by its manager's.
fn circles(members: &BTreeMap<usize, CheckedMember>, present: &HashMap<String, Present>) -> Vec<Vec<String>> {
    let rows: HashMap<String, &CheckedMember> =
        members.values().map(|member| (member.id.key(), member)).collect();
    let manager_of = |key: &str| match rows.get(key) {
        Some(member) => member.manager.as_ref().map(MemberId::key),
        None => present.get(key).and_then(|there| there.manager.clone()),
    };
    let mut settled: HashSet<String> = HashSet::new();
    let mut circles: Vec<Vec<String>> = Vec::new();
    for start in rows.keys() {
        let mut way: Vec<String> = Vec::new();
        let mut on_way: HashMap<String, usize> = HashMap::new();
        let mut here = Some(start.clone());
        while let Some(key) = here {
            if settled.contains(&key) {
                break;
            }
            if let Some(from) = on_way.get(&key) {
                let circle = way.get(*from..).unwrap_or_default();
                // One that no row is part of is no fault of the source.
                if circle.iter().any(|key| rows.contains_key(key)) {
                    circles.push(circle.to_vec());
                }
                break;
            }
            on_way.insert(key.clone(), way.len());
            here = manager_of(&key);
            way.push(key);
        }
        settled.extend(way);
    }
    circles
}

fn refuse(checked: &mut Checked, members: &mut BTreeMap<usize, CheckedMember>, circles: &[Vec<String>]) {
    let place: HashMap<String, usize> = members.iter().map(|(at, member)| (member.id.key(), *at)).collect();
    for circle in circles {
        for (n, key) in circle.iter().enumerate() {
            let Some(member) = place.get(key).and_then(|at| members.remove(at)) else { continue };
            let round: Vec<&str> =
                circle.iter().cycle().skip(n).take(circle.len() + 1).map(String::as_str).collect();
            checked.refused.push(RefusedRow {
                line: member.line,
                column: Some("manager".into()),
                code: RowFault::ManagerCycle,
                value: Some(round.join(" > ").into()),
            });
            checked.refused_ids.insert(key.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::check;
    use crate::domain::{ImportRow, MemberRow, RowFault};

    fn rows(people: &[(&str, &str)]) -> Vec<ImportRow> {
        people
            .iter()
            .enumerate()
            .map(|(at, (id, manager))| {
                ImportRow::Member(Box::new(MemberRow {
                    line: at as u64 + 2,
                    id: (*id).into(),
                    name: "N".into(),
                    manager: (*manager).into(),
                    ..MemberRow::default()
                }))
            })
            .collect()
    }

    fn faults(people: &[(&str, &str)]) -> Vec<(u64, RowFault)> {
        check(rows(people), &HashMap::new()).refused.iter().map(|f| (f.line, f.code)).collect()
    }

    #[test]
    fn duplicates_and_unknown_managers_are_refused_with_their_lines() {
        assert_eq!(
            faults(&[("a", ""), ("A", ""), ("b", "nobody"), ("c", "a")]),
            [(3, RowFault::DuplicateId), (4, RowFault::UnknownManager)]
        );
    }

    #[test]
    fn a_circle_is_refused_whole_and_nobody_else() {
        let checked =
            check(rows(&[("a", "c"), ("b", "a"), ("c", "b"), ("d", "a"), ("e", "e")]), &HashMap::new());
        let lines: Vec<_> = checked.refused.iter().map(|f| (f.line, f.code)).collect();
        assert_eq!(lines, [2, 3, 4, 6].map(|line| (line, RowFault::ManagerCycle)).to_vec());
        assert_eq!(checked.members.len(), 1);
        assert!(checked.members[0].manager.is_none());
        assert_eq!(checked.notes.len(), 1);
    }

    #[test]
    fn a_refused_manager_is_left_out_with_a_note() {
        let checked = check(rows(&[("a b", ""), ("x", "a b"), ("b", "y"), ("c", "b")]), &HashMap::new());
        // `x` names a manager that cannot be an id; `b` names nobody, so `c` keeps its row without `b`.
        assert_eq!(checked.members.iter().map(|m| m.id.as_str()).collect::<Vec<_>>(), ["c"]);
        assert_eq!(checked.notes.len(), 1);
    }
}
