//! What the database holds after a step, in the words of the model.

use std::collections::BTreeMap;

use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

use super::model::{Time, day};
use super::people::{Member, Person};
use crate::support::START;
use crate::support::database::Database;

/// A request as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    pub id: String,
    pub company: String,
    pub state: String,
    pub effective: Option<Time>,
    pub expires: Time,
    pub revision: i64,
    pub target: Option<Member>,
    pub requester: Option<Member>,
}

impl Stored {
    /// Whether it waits for nobody any more, and nothing of it can be taken back.
    pub fn has_ended(&self, now: Time) -> bool {
        let open = matches!(self.state.as_str(), "pending" | "pending_manager") && self.expires > now;
        !open && self.effective.is_none_or(|at| at <= now)
    }
}

/// A decision as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    pub request: String,
    pub part: String,
    pub who: Member,
    pub what: String,
    pub at: Time,
    pub effective: Time,
    pub undone: bool,
    pub version: i64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Side {
    pub id: String,
    pub owner: Member,
    pub peer: Option<Member>,
    pub request: Option<String>,
    pub since: Time,
    pub gone: Option<Time>,
    pub revision: i64,
}

/// A row of the audit log about a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Traced {
    pub company: String,
    pub at: Time,
    pub actor: Option<Member>,
    pub action: String,
    pub object: String,
    pub old: String,
    pub new: String,
    pub version: Option<i64>,
}

#[derive(Clone, Debug, Default)]
pub struct Facts {
    pub now: Time,
    pub requests: Vec<Stored>,
    pub made: Vec<Made>,
    pub contacts: Vec<Side>,
    /// By member, day and what is counted.
    pub counters: BTreeMap<(Member, i64, String), u32>,
    /// What is new in the audit logs since the sequence began.
    pub traced: Vec<Traced>,
    /// How often each member was told something of their own.
    pub told: BTreeMap<Member, i64>,
}

/// The hidden keys of the members, and where the audit logs were when the sequence began.
#[derive(Clone, Debug, Default)]
pub struct Keys {
    members: BTreeMap<i64, Member>,
    audit: Vec<(i64, String, i64)>,
    /// The request by which the two companies are linked from the beginning.
    link: Option<String>,
}

fn seconds(micros: i64) -> Time {
    (micros - START).div_euclid(1_000_000)
}

impl Keys {
    pub async fn read(database: &mut Database) -> Self {
        let members = database.rows("SELECT sk, id FROM members").await;
        let audit = database.rows("SELECT sk, id, audit_seq FROM companies").await;
        let link = database.words("SELECT id FROM requests").await;
        Self {
            members: members.iter().map(|row| (row.get(0), Member::named(row.get(1)))).collect(),
            audit: audit.iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect(),
            link: link.into_iter().next(),
        }
    }

    fn member(&self, row: &SqliteRow, column: &str) -> Option<Member> {
        row.get::<Option<i64>, _>(column).map(|sk| self.members[&sk])
    }

    fn company(&self, sk: i64) -> String {
        self.audit.iter().find(|(key, ..)| *key == sk).unwrap().1.clone()
    }
}

fn time(row: &SqliteRow, column: &str) -> Option<Time> {
    row.get::<Option<i64>, _>(column).map(seconds)
}

impl Facts {
    pub async fn read(database: &mut Database, keys: &Keys, now: Time) -> Self {
        let mut facts = Self { now, ..Self::default() };
        let rows = database
            .rows(
                "SELECT id, company, state, effective_at, expires_at, revision, target, requester
                 FROM requests ORDER BY sk",
            )
            .await;
        let requests = rows.iter().map(|row| Stored {
            id: row.get("id"),
            company: keys.company(row.get("company")),
            state: row.get("state"),
            effective: time(row, "effective_at"),
            expires: time(row, "expires_at").unwrap(),
            revision: row.get("revision"),
            target: keys.member(row, "target"),
            requester: keys.member(row, "requester"),
        });
        facts.requests = requests.filter(|request| Some(&request.id) != keys.link.as_ref()).collect();
        let rows = database
            .rows(
                "SELECT r.id, s.part, s.who, s.what, s.decided_at, s.effective_at, s.undone_at, s.policy_version
                 FROM request_steps s JOIN requests r ON r.sk = s.request ORDER BY s.request, s.revision",
            )
            .await;
        let made = rows.iter().map(|row| Made {
            request: row.get("id"),
            part: row.get("part"),
            who: keys.member(row, "who").unwrap(),
            what: row.get("what"),
            at: time(row, "decided_at").unwrap(),
            effective: time(row, "effective_at").unwrap(),
            undone: time(row, "undone_at").is_some(),
            version: row.get("policy_version"),
        });
        facts.made = made.collect();
        let rows = database
            .rows(
                "SELECT c.id, c.owner, c.peer, r.id AS request, c.since, c.gone_at, c.revision
                 FROM contacts c LEFT JOIN requests r ON r.sk = c.request ORDER BY c.sk",
            )
            .await;
        let contacts = rows.iter().map(|row| Side {
            id: row.get("id"),
            owner: keys.member(row, "owner").unwrap(),
            peer: keys.member(row, "peer"),
            request: row.get("request"),
            since: time(row, "since").unwrap(),
            gone: time(row, "gone_at"),
            revision: row.get("revision"),
        });
        facts.contacts = contacts.collect();
        for row in database.rows("SELECT member, day, what, n FROM counters WHERE n > 0").await {
            let date: jiff::civil::Date = row.get::<String, _>("day").parse().unwrap();
            let at = date.to_zoned(jiff::tz::TimeZone::UTC).unwrap().timestamp().as_microsecond();
            let member = keys.member(&row, "member").unwrap();
            let n = u32::try_from(row.get::<i64, _>("n")).unwrap();
            facts.counters.insert((member, day(seconds(at)), row.get("what")), n);
        }
        let newer: Vec<String> = keys
            .audit
            .iter()
            .map(|(company, _, seq)| format!("(a.company = {company} AND a.seq > {seq})"))
            .collect();
        let rows = database
            .rows(&format!(
                "SELECT a.company, a.at, a.actor, a.action, a.object, a.old_state, a.new_state, a.policy_version
                 FROM audit a WHERE ({}) AND a.object LIKE 'r\\_%' ESCAPE '\\' ORDER BY a.company, a.seq",
                newer.join(" OR ")
            ))
            .await;
        let traced = rows.iter().map(|row| {
            let actor: String = row.get("actor");
            let sk = actor.strip_prefix("member/").map(|sk| sk.parse::<i64>().unwrap());
            Traced {
                company: keys.company(row.get("company")),
                at: time(row, "at").unwrap(),
                actor: sk.map(|sk| keys.members[&sk]),
                action: row.get("action"),
                object: row.get("object"),
                old: row.get::<Option<String>, _>("old_state").unwrap_or_default(),
                new: row.get::<Option<String>, _>("new_state").unwrap_or_default(),
                version: row.get("policy_version"),
            }
        });
        facts.traced = traced.collect();
        for row in database.rows("SELECT member, COUNT(*) FROM outbox WHERE member > 0 GROUP BY member").await
        {
            facts.told.insert(keys.members[&row.get::<i64, _>(0)], row.get(1));
        }
        facts
    }

    /// The first contact of somebody with somebody, that is there.
    pub fn contact(&self, owner: Member, peer: Person, visitor_of: impl Fn(&str) -> Option<u8>) -> &Side {
        let is_peer = |row: &&Side| match peer {
            Person::Member(peer) => row.peer == Some(peer),
            Person::Visitor(n) => {
                row.peer.is_none() && row.request.as_deref().is_none_or(|id| visitor_of(id) == Some(n))
            }
        };
        let there = |row: &&Side| {
            row.owner == owner && row.since <= self.now && row.gone.is_none_or(|gone| gone > self.now)
        };
        self.contacts.iter().filter(there).find(is_peer).unwrap()
    }
}
