//! Search indexes of companies: built by the first who searches, kept as long as the directory stays as it
//! was, and gone when nobody searches any more.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::App;
use super::access::{Seen, Sight, Viewer};
use super::store::{Read, StoreError, companies, members, visible};
use crate::search::{self, Fields, Index, Query, Ranked};

/// How long an index is kept that nobody uses.
const IDLE: Duration = Duration::from_secs(600);

/// An index with the hidden key of each record.
#[derive(Default)]
pub(crate) struct CompanyIndex {
    pub(crate) index: Index,
    pub(crate) members: Vec<i64>,
}

/// The place of a company's index. Whoever builds it holds the lock: the others wait for the one index
/// instead of building one each.
type Place = Arc<tokio::sync::Mutex<Option<Built>>>;

struct Built {
    /// Version of the directory.
    version: i64,
    index: Arc<CompanyIndex>,
    used: Instant,
}

/// The indexes of all companies that were searched.
#[derive(Default)]
pub(crate) struct Indexes(Mutex<HashMap<i64, Place>>);

impl std::fmt::Debug for Indexes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Indexes")
    }
}

impl Indexes {
    fn with<T>(&self, what: impl FnOnce(&mut HashMap<i64, Place>) -> T) -> T {
        what(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn place(&self, company: i64) -> Place {
        self.with(|places| Arc::clone(places.entry(company).or_default()))
    }
}

/// The index of the viewer's company, with everybody and every field: what of it a viewer sees is asked
/// while ranking.
pub(crate) async fn of(app: &App, read: &mut Read, viewer: &Viewer) -> Result<Arc<CompanyIndex>, StoreError> {
    let company = viewer.company;
    let version = companies::get(read.conn(), company)
        .await?
        .ok_or(StoreError::Unexpected("companies"))?
        .directory_version;
    let place = app.0.indexes.place(company);
    let mut place = place.lock().await;
    if let Some(built) = place.as_mut().filter(|built| built.version >= version) {
        built.used = Instant::now();
        return Ok(Arc::clone(&built.index));
    }
    // The old one goes first: two at once are not needed.
    let is_first = place.take().is_none();
    let index = Arc::new(build(read, company).await?);
    *place = Some(Built { version, index: Arc::clone(&index), used: Instant::now() });
    if is_first {
        app.0.tasks.spawn(drop_unused(app.clone(), company));
    }
    Ok(index)
}

/// Reads the keys in the order of ids, as the client has them: the order of equal hits is that of the records.
async fn build(read: &mut Read, company: i64) -> Result<CompanyIndex, StoreError> {
    let mut built = CompanyIndex::default();
    let mut after = String::new();
    while let Some(piece) = members::search_keys(read.conn(), company, &after).await? {
        after = piece.last;
        let add = move || {
            for line in piece.lines.split('\n') {
                let Some((member, keys)) = line.split_once('\t') else { continue };
                let Ok(member) = member.parse() else { continue };
                built.index.add_stored(keys, |_| true);
                built.members.push(member);
            }
            built
        };
        let added = tokio::task::spawn_blocking(add).await;
        built = added.map_err(|_| StoreError::Unexpected("a task that ended"))?;
    }
    built.index.shrink();
    built.members.shrink_to_fit();
    Ok(built)
}

/// Waits until an index was not used for a while, and lets it go.
async fn drop_unused(app: App, company: i64) {
    let mut until = Instant::now() + IDLE;
    loop {
        tokio::select! {
            () = tokio::time::sleep_until(until) => {}
            () = app.stopping().cancelled() => return,
        }
        let place = app.0.indexes.place(company);
        let mut place = place.lock().await;
        match place.as_ref().map(|built| built.used + IDLE) {
            Some(later) if later > Instant::now() => until = later,
            _ => {
                *place = None;
                return;
            }
        }
    }
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{IDLE, of};
    use crate::api::NewCompany;
    use crate::domain::{CompanyId, MemberId, Role, Time};
    use crate::server::access::Viewer;
    use crate::server::store::companies;
    use crate::server::{Address, App, CardKey, Clock, Disk, Durability, Options};

    #[tokio::test]
    async fn those_who_search_at_the_same_time_wait_for_one_index_and_it_goes_when_nobody_searches() {
        let folder = tempfile::tempdir().unwrap();
        let app = App::open(Options {
            database: folder.path().join("x.db"),
            durability: Durability::Scratch,
            clock: Clock::manual(Time::from_micros(0)),
            disk: Disk::system(0),
            card_key: CardKey::new([7; 32]),
            operator: None,
            address: Address::local(1, false),
            form_waits: false,
        })
        .await
        .unwrap();
        let mut tx = app.write().await.unwrap();
        let new = NewCompany {
            id: CompanyId::new("acme").unwrap(),
            name: "Acme".into(),
            domain: None,
            time_zone: None,
            made_up: false,
        };
        let company = companies::add(&mut tx, &new).await.unwrap();
        tx.commit().await.unwrap();
        let viewer =
            Viewer { company, member: 1, id: MemberId::new("ann").unwrap(), roles: vec![Role::Member] };
        let search = async || {
            let mut read = app.store().read().await.unwrap();
            of(&app, &mut read, &viewer).await.unwrap()
        };
        let found = futures_util::future::join_all((0..4).map(|_| search())).await;
        assert!(found.iter().all(|index| Arc::ptr_eq(index, &found[0])));
        // Another directory, another index.
        let mut tx = app.write().await.unwrap();
        companies::directory_changed(&mut tx, company).await.unwrap();
        tx.commit().await.unwrap();
        let index = search().await;
        assert!(!Arc::ptr_eq(&index, &found[0]));
        assert!(Arc::ptr_eq(&index, &search().await));

        tokio::time::pause();
        let is_kept = async || app.0.indexes.place(company).lock().await.is_some();
        tokio::time::advance(IDLE / 2).await;
        tokio::task::yield_now().await;
        assert!(is_kept().await);
        tokio::time::advance(IDLE).await;
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        assert!(!is_kept().await);
    }
}
