//! Search indexes of companies, kept as long as the directory they were built from.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::App;
use super::access::{self, Viewer};
use super::store::{Read, StoreError, companies, members};
use crate::search::{Index, Keys};

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

/// The index of the viewer's company, with the fields that they may know.
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
    let seen_by = viewer.clone();
    let built = tokio::task::spawn_blocking(move || build(&pieces, &seen_by)).await.unwrap_or_default();
    let built = Arc::new(built);
    let mut indexes = app.0.indexes.0.lock().unwrap_or_else(PoisonError::into_inner);
    indexes.insert(viewer.company, (version, Arc::clone(&built)));
    Ok(built)
}

fn build(pieces: &[String], viewer: &Viewer) -> CompanyIndex {
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
        built.index.add_stored(keys, |field| access::sees_field(viewer, field));
        built.members.push(member);
    }
    built
}
