//! The people of a source one after another, each as the directory holds them and as it will.

use std::collections::HashMap;

use super::people::{Managers, People, Who};
use super::tree::Tree;
use super::{FILE_SOURCE, Refusals, Running};
use crate::domain::{CheckedMember, DepartmentPath, DepartmentRow, GivenRole, Held, MemberId};
use crate::server::App;
use crate::server::store::imports::{self, HeldRow, ImportHead, Present};
use crate::server::store::staging::{RowHead, Staging};
use crate::server::store::{Read, StoreError, companies, departments};

/// Rows looked at in one go.
const PAGE: i64 = 500;
/// Heads of rows read in one go.
const HEADS: i64 = 4_000;

/// What becomes of a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Added,
    Changed,
    Unchanged,
}

/// A person of the source.
#[derive(Debug)]
pub(super) struct Met {
    /// Hidden key, or number below nought of somebody new.
    pub(super) key: i64,
    pub(super) line: u64,
    pub(super) fate: Fate,
    /// What the directory holds of them after the import.
    pub(super) after: Held,
    pub(super) role: GivenRole,
    /// The order of the departments that they are in already.
    pub(super) orders: Vec<(DepartmentPath, i64)>,
}

impl Met {
    /// The special role that the row gives, if it gives one.
    pub(super) const fn special_role(&self) -> Option<&'static str> {
        role_word(self.role)
    }
}

const fn role_word(role: GivenRole) -> Option<&'static str> {
    match role {
        GivenRole::Unsaid => None,
        GivenRole::None => Some("none"),
        GivenRole::Admin => Some("admin"),
        GivenRole::Auditor => Some("auditor"),
    }
}

/// An import whose rows were checked against each other, on the way through its people.
#[derive(Debug)]
pub(super) struct Walk {
    /// The version of the directory that all this was read from; none for a company that is to be made.
    pub(super) version: Option<i64>,
    pub(super) people: People,
    pub(super) tree: Tree,
    pub(super) refusals: Refusals,
    /// The row that was met last.
    after: i64,
    met: u64,
}

/// Runs what takes a while where nobody waits for it.
async fn aside<T: Send + 'static>(
    what: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    tokio::task::spawn_blocking(what).await.map_err(|_| StoreError::Unexpected("a task that ended"))?
}

impl Walk {
    /// Reads who is there and checks all rows against each other.
    pub(super) async fn begin(
        app: &App,
        head: &ImportHead,
        staging: &mut Staging,
    ) -> Result<Self, StoreError> {
        let (mut version, mut people, mut stored) = (None, People::default(), HashMap::new());
        if let Some(company) = head.company {
            let mut read = app.store().read().await?;
            let row = companies::get(read.conn(), company).await?;
            version = Some(row.ok_or(StoreError::Unexpected("companies"))?.directory_version);
            stored = departments::by_path(read.conn(), company, FILE_SOURCE).await?;
            people = Self::present(&mut read, company).await?;
        }
        let said = staging.departments().await?;
        let said: Vec<DepartmentRow> =
            said.iter().map(|row| serde_json::from_str(row)).collect::<Result<_, _>>()?;
        let tree = Tree::new(stored, said, app.now());
        let (mut refusals, mut after) = (Refusals::default(), 0);
        loop {
            let heads = staging.heads(after, HEADS).await?;
            let more: bool;
            (people, refusals, after, more) = aside(move || {
                let heads: Vec<RowHead> = serde_json::from_str(&heads)?;
                let more = !heads.is_empty();
                for head in heads {
                    after = head.n;
                    people.take(head, &mut refusals)?;
                }
                if !more {
                    people.settle(&mut refusals);
                    refusals.sort();
                }
                Ok((people, refusals, after, more))
            })
            .await?;
            if !more {
                return Ok(Self { version, people, tree, refusals, after: 0, met: 0 });
            }
        }
    }

    /// Everybody who is there.
    async fn present(read: &mut Read, company: i64) -> Result<People, StoreError> {
        let (mut people, mut managers, mut after) = (People::default(), Managers::default(), String::new());
        loop {
            let present = imports::present(read.conn(), company, &after, HEADS).await?;
            let last: Option<String>;
            (people, managers, last) = aside(move || {
                let present: Vec<Present> = serde_json::from_str(&present)?;
                people.add_present(&present, &mut managers);
                let last = present.last().map(|there| there.id.key());
                if last.is_none() {
                    people.place_managers(&managers);
                }
                Ok((people, managers, last))
            })
            .await?;
            match last {
                Some(last) => after = last,
                None => return Ok(people),
            }
        }
    }

    /// Goes on to the next people of the source, and makes something of each. None when there are no more.
    pub(super) async fn next<T: Send + 'static>(
        mut self,
        app: &App,
        staging: &mut Staging,
        running: &Running,
        make: impl Fn(&mut Self, Met) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<(Self, Option<Vec<T>>), StoreError> {
        let rows = staging.people(self.after, PAGE).await?;
        let (mut walk, said) = aside(move || {
            let rows: Vec<(i64, CheckedMember)> = serde_json::from_str(&rows)?;
            let said = self.counting(rows)?;
            Ok((self, said))
        })
        .await?;
        let Some(said) = said else { return Ok((walk, None)) };
        let there: Vec<i64> =
            said.iter().filter_map(|(who, _)| walk.people.key(*who)).filter(|key| *key > 0).collect();
        let held = imports::held(app.store().read().await?.conn(), &there).await?;
        let made = aside(move || {
            let held = imports::read_held(&held)?;
            let mut held: HashMap<i64, HeldRow> = held.into_iter().map(|row| (row.sk, row)).collect();
            let mut made = Vec::with_capacity(said.len());
            for (who, member) in said {
                let met = walk.meet(who, member, &mut held)?;
                made.push(make(&mut walk, met)?);
            }
            Ok((walk, Some(made)))
        })
        .await;
        if let Ok((walk, _)) = &made {
            running.done(walk.met);
        }
        made
    }

    /// Those of the next rows that count; none when there are no more.
    fn counting(
        &mut self,
        rows: Vec<(i64, CheckedMember)>,
    ) -> Result<Option<Vec<(Who, CheckedMember)>>, StoreError> {
        let Some((last, _)) = rows.last() else { return Ok(None) };
        self.after = *last;
        self.met += rows.len() as u64;
        let mut said = Vec::with_capacity(rows.len());
        for (n, member) in rows {
            let who = self.people.find(&member.id).ok_or(StoreError::Unexpected("a staged id"))?;
            if self.people.counts(who, n) {
                said.push((who, member));
            }
        }
        Ok(Some(said))
    }

    fn meet(
        &mut self,
        who: Who,
        mut said: CheckedMember,
        held: &mut HashMap<i64, HeldRow>,
    ) -> Result<Met, StoreError> {
        let key = self.people.key(who).ok_or(StoreError::Unexpected("a staged id"))?;
        if self.people.is_left_out(who) {
            said.manager = None;
        }
        let (line, role) = (said.row.line, said.role);
        let Some(row) = held.remove(&key) else {
            let after = Held::default().after(said);
            return Ok(Met { key, line, fate: Fate::Added, after, role, orders: Vec::new() });
        };
        let (before, orders) = self.with_departments(&row);
        let after = before.clone().after(said);
        let keeps_role = role_word(role).is_none_or(|role| role == row.special_role);
        let fate = if after == before && keeps_role { Fate::Unchanged } else { Fate::Changed };
        Ok(Met { key, line, fate, after, role, orders })
    }

    /// What is held of somebody, with their departments and the order in each.
    fn with_departments(&self, row: &HeldRow) -> (Held, Vec<(DepartmentPath, i64)>) {
        let mut held = row.held.clone();
        let mut orders = Vec::with_capacity(row.places.len());
        for (department, leads, order) in &row.places {
            let Some(path) = self.tree.path(*department) else { continue };
            if *leads {
                held.leader_of.push(path.clone());
            }
            held.departments.push(path.clone());
            orders.push((path, *order));
        }
        held.leader_of.sort();
        (held, orders)
    }

    /// The hidden key of somebody who is there, or the number of somebody new.
    pub(super) fn key_of(&self, id: &MemberId) -> Option<i64> {
        self.people.find(id).and_then(|who| self.people.key(who))
    }
}
