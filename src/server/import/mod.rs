//! A directory comes in: staged rows are checked, compared with what is there, and applied in one
//! transaction.

mod apply;
mod check;

pub(crate) use apply::{ApplyError, apply};
pub(crate) use check::{Checked, check};

use std::collections::HashMap;

use super::store::StoreError;
use super::store::imports::{self, ImportHead, Present};
use super::store::{Conn, departments};
use crate::api::{ImportPlan, PlannedMember};
use crate::domain::{CheckedMember, GivenRole, MemberId};
use crate::server::secrets::{Hash, sha256};
use crate::text::Untrusted;

/// The source that files belong to.
pub(crate) const FILE_SOURCE: &str = "import";
/// Names that a plan lists of each kind.
const LISTED: usize = 1_000;

/// What a member's row says, to be compared with what it said the last time: the same however it is put. The
/// line does not count, nor does the role, which others set as well.
fn hash_of(member: &CheckedMember) -> Result<Hash, StoreError> {
    let mut row = member.row.clone();
    row.line = 0;
    row.attributes.sort();
    row.status = member.status.as_str().into();
    (row.role, row.manager) = (Untrusted::default(), Untrusted::default());
    // Who leads a department stands in its list, also when the row does not say so.
    let mut places: Vec<Vec<Untrusted>> = Vec::new();
    for path in row.departments.into_iter().chain(row.leader_of.iter().cloned()) {
        if !places.contains(&path) {
            places.push(path);
        }
    }
    row.departments = places;
    row.leader_of.sort();
    row.leader_of.dedup();
    Ok(sha256(&serde_json::to_vec(&(row, member.manager.as_ref().map(MemberId::key)))?))
}

/// Whether a row leaves somebody the role they have.
fn keeps_role(member: &CheckedMember, there: &Present) -> bool {
    match member.role {
        GivenRole::Unsaid => true,
        GivenRole::None => there.special_role == "none",
        GivenRole::Admin => there.special_role == "admin",
        GivenRole::Auditor => there.special_role == "auditor",
    }
}

/// How the checked rows differ from the company's directory.
pub(crate) struct Difference {
    pub(crate) added: Vec<usize>,
    pub(crate) changed: Vec<(usize, i64)>,
    pub(crate) unchanged: usize,
    /// Hidden keys of people who are not in the source and are present.
    pub(crate) missing: Vec<i64>,
}

fn compare(checked: &Checked, present: &HashMap<String, Present>) -> Result<Difference, StoreError> {
    let mut difference =
        Difference { added: Vec::new(), changed: Vec::new(), unchanged: 0, missing: Vec::new() };
    let mut seen = std::collections::HashSet::new();
    for (at, member) in checked.members.iter().enumerate() {
        let key = member.id.key();
        match present.get(&key) {
            None => difference.added.push(at),
            Some(there) if there.source_hash == hash_of(member)? && keeps_role(member, there) => {
                difference.unchanged += 1;
            }
            Some(there) => difference.changed.push((at, there.sk)),
        }
        seen.insert(key);
    }
    // Who was refused is in the source all the same: a bad row takes nobody out.
    for id in &checked.refused_ids {
        seen.insert(id.clone());
    }
    difference.missing = present
        .iter()
        .filter(|(key, there)| !seen.contains(*key) && there.status != "left")
        .map(|(_, there)| there.sk)
        .collect();
    difference.missing.sort_unstable();
    Ok(difference)
}

/// What applying an import would do.
pub(crate) async fn plan(conn: &mut Conn, head: &ImportHead) -> Result<ImportPlan, StoreError> {
    let rows = imports::rows(conn, head.id).await?;
    let present = match head.company {
        Some(company) => imports::present(conn, company).await?,
        None => HashMap::new(),
    };
    let known = match head.company {
        Some(company) => departments::by_path(conn, company, FILE_SOURCE).await?,
        None => HashMap::new(),
    };
    let checked = check(rows, &present);
    let difference = compare(&checked, &present)?;
    let planned = |at: &usize| {
        checked.members.get(*at).map(|member| PlannedMember {
            line: Some(member.line),
            id: member.id.clone(),
            name: member.row.name.clone(),
        })
    };
    let by_sk: HashMap<i64, &Present> = present.values().map(|there| (there.sk, there)).collect();
    let departments_added = checked.paths().filter(|path| !known.contains_key(path)).count();
    Ok(ImportPlan {
        added: difference.added.iter().take(LISTED).filter_map(planned).collect(),
        added_total: total(difference.added.len()),
        changed: difference.changed.iter().take(LISTED).filter_map(|(at, _)| planned(at)).collect(),
        changed_total: total(difference.changed.len()),
        missing: difference
            .missing
            .iter()
            .take(LISTED)
            .filter_map(|sk| by_sk.get(sk))
            .map(|there| PlannedMember { line: None, id: there.id.clone(), name: there.name.clone() })
            .collect(),
        missing_total: total(difference.missing.len()),
        unchanged_total: total(difference.unchanged),
        departments_added: total(departments_added),
        refused: checked.refused,
        notes: checked.notes,
    })
}

fn total(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
