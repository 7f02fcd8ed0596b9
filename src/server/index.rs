//! Search indexes of companies, kept as long as the directory they were built from.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use super::App;
use super::access::{Seen, Sight, Viewer};
use super::store::{Read, StoreError, companies, members, visible};
use crate::search::{self, Fields, Index, Keys, Query, Ranked};

/// An index with the hidden key of each record.
#[derive(Default)]
pub(crate) struct CompanyIndex {
    pub(crate) index: Index,
    pub(crate) members: Vec<i64>,
}

/// The indexes of all companies that were searched.
#[derive(Default)]
pub(crate) struct Indexes(Mutex<HashMap<i64, (i64, Arc<CompanyIndex>)>>);

impl std::fmt::Debug for Indexes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Indexes")
    }
}

/// The index of the viewer's company, with everybody and every field: what of it a viewer sees is asked
/// while ranking.
pub(crate) async fn of(app: &App, read: &mut Read, viewer: &Viewer) -> Result<Arc<CompanyIndex>, StoreError> {
    let version = companies::get(read.conn(), viewer.company)
        .await?
        .ok_or(StoreError::Unexpected("companies"))?
        .directory_version;
    let known = app.0.indexes.0.lock().unwrap_or_else(PoisonError::into_inner).get(&viewer.company).cloned();
    if let Some((of, index)) = known
        && of == version
    {
        return Ok(index);
    }
    let pieces = members::search_keys(read.conn(), viewer.company).await?;
    let built = tokio::task::spawn_blocking(move || build(&pieces)).await.unwrap_or_default();
    let built = Arc::new(built);
    let mut indexes = app.0.indexes.0.lock().unwrap_or_else(PoisonError::into_inner);
    indexes.insert(viewer.company, (version, Arc::clone(&built)));
    Ok(built)
}

fn build(pieces: &[String]) -> CompanyIndex {
    let mut built = CompanyIndex::default();
    let lines = pieces.iter().flat_map(|piece| piece.split('\n'));
    let mut people: Vec<(&str, i64, &str)> = lines
        .filter_map(|line| {
            let (member, keys) = line.split_once('\t')?;
            Some((Keys::id_of(keys), member.parse().ok()?, keys))
        })
        .collect();
    // The order of equal hits is the order of the records: by id, as the client has it.
    people.sort_unstable();
    for (_, member, keys) in people {
        built.index.add_stored(keys, |_| true);
        built.members.push(member);
    }
    built
}

/// Finds colleagues who are there for the viewer, by the fields that they see of each.
pub(crate) async fn rank(
    read: &mut Read,
    known: &CompanyIndex,
    viewer: &Viewer,
    sight: &Sight,
    query: &Query,
    limit: usize,
) -> Result<Ranked, StoreError> {
    if sight.everything() {
        return Ok(search::rank(&known.index, query, limit));
    }
    let unseen: HashSet<i64> = visible::unseen(read.conn(), viewer).await?.into_iter().collect();
    let people: HashMap<i64, visible::Person> = if sight.hides_fields() {
        visible::people(read.conn(), viewer.company).await?.into_iter().map(|p| (p.sk, p)).collect()
    } else {
        HashMap::new()
    };
    let sees = |record: u32| {
        let Some(member) = known.members.get(record as usize) else { return Fields::NONE };
        if unseen.contains(member) {
            return Fields::NONE;
        }
        people.get(member).map_or(Fields::ALL, |person| {
            sight.fields(Seen { id: &person.id, departments: &person.departments, manager: person.manager })
        })
    };
    Ok(search::rank_seen(&known.index, query, limit, sees))
}
