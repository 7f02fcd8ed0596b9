//! The versions of a company's policy, and what is needed to ask it about somebody.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use sqlx::Row as _;

use super::members::member_id;
use super::{Conn, StoreError, Write};
use crate::domain::{MemberId, Time};
use crate::server::policy::{Document, Grant, Policy, Subject, Tree};
use crate::text::Untrusted;

/// Policies that were read and looked up, by company.
#[derive(Clone, Debug, Default)]
pub(crate) struct Policies(Arc<Mutex<HashMap<i64, Kept>>>);

/// A policy with the versions of what it was made of.
#[derive(Clone, Debug)]
struct Kept {
    policy_version: i64,
    directory_version: i64,
    policy: Arc<Policy>,
}

impl Policies {
    /// The policy in force of a company.
    pub(crate) async fn of(&self, conn: &mut Conn, company: i64) -> Result<Arc<Policy>, StoreError> {
        let row = sqlx::query(
            "SELECT p.version, c.directory_version FROM companies c JOIN policies p ON p.company = c.sk
             WHERE c.sk = $1 ORDER BY p.version DESC LIMIT 1",
        )
        .bind(company)
        .fetch_one(&mut *conn)
        .await?;
        let (policy_version, directory_version): (i64, i64) =
            (row.try_get("version")?, row.try_get("directory_version")?);
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&company).cloned();
        if let Some(kept) = kept
            && (kept.policy_version, kept.directory_version) == (policy_version, directory_version)
        {
            return Ok(kept.policy);
        }
        let version =
            version(conn, company, policy_version).await?.ok_or(StoreError::Unexpected("policies"))?;
        let tree = tree(conn, company).await?;
        let policy = Arc::new(version.compile(tree)?);
        let kept = Kept { policy_version, directory_version, policy: Arc::clone(&policy) };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(company, kept);
        Ok(policy)
    }
}

/// One version of a policy.
#[derive(Clone, Debug)]
pub(crate) struct Version {
    pub(crate) version: i64,
    pub(crate) document: String,
    pub(crate) made_at: Time,
    /// Tag of who applied it.
    pub(crate) made_by: String,
    pub(crate) note: Option<Untrusted>,
    /// Since when each rule says what it says.
    pub(crate) since: HashMap<String, Time>,
}

impl Version {
    /// Reads the document and looks it up in the tree.
    pub(crate) fn compile(&self, tree: Tree) -> Result<Policy, StoreError> {
        let (document, faults) = Document::parse(&self.document);
        if faults.iter().any(|fault| !fault.code.is_warning()) {
            return Err(StoreError::Unexpected("policies.document"));
        }
        Ok(Policy::new(self.version, document, self.since.clone(), tree))
    }
}

const COLUMNS: &str = "version, document, made_at, made_by, note, since";

fn read(row: &super::Row) -> Result<Version, StoreError> {
    let since: HashMap<String, i64> = serde_json::from_str(row.try_get("since")?)?;
    Ok(Version {
        version: row.try_get("version")?,
        document: row.try_get("document")?,
        made_at: Time::from_micros(row.try_get("made_at")?),
        made_by: row.try_get("made_by")?,
        note: row.try_get::<Option<String>, _>("note")?.map(Untrusted::from),
        since: since.into_iter().map(|(id, at)| (id, Time::from_micros(at))).collect(),
    })
}

/// One version.
pub(crate) async fn version(
    conn: &mut Conn,
    company: i64,
    version: i64,
) -> Result<Option<Version>, StoreError> {
    sqlx::query(sql!("SELECT {COLUMNS} FROM policies WHERE company = $1 AND version = $2"))
        .bind(company)
        .bind(version)
        .fetch_optional(conn)
        .await?
        .as_ref()
        .map(read)
        .transpose()
}

/// All versions, newest first.
pub(crate) async fn history(conn: &mut Conn, company: i64) -> Result<Vec<Version>, StoreError> {
    sqlx::query(sql!("SELECT {COLUMNS} FROM policies WHERE company = $1 ORDER BY version DESC"))
        .bind(company)
        .fetch_all(conn)
        .await?
        .iter()
        .map(read)
        .collect()
}

/// Adds a version; it is in force from the commit on.
pub(crate) async fn add(tx: &mut Write, company: i64, new: &Version) -> Result<(), StoreError> {
    let since: HashMap<&String, i64> = new.since.iter().map(|(id, at)| (id, at.as_micros())).collect();
    sqlx::query(
        "INSERT INTO policies (company, version, document, made_at, made_by, note, since)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(company)
    .bind(new.version)
    .bind(&new.document)
    .bind(new.made_at.as_micros())
    .bind(&new.made_by)
    .bind(new.note.as_ref().map(Untrusted::as_data))
    .bind(serde_json::to_string(&since)?)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// A company's tree, as far as rules need it.
pub(crate) async fn tree(conn: &mut Conn, company: i64) -> Result<Tree, StoreError> {
    let rows = sqlx::query("SELECT sk, path, parent FROM departments WHERE company = $1 ORDER BY sk DESC")
        .bind(company)
        .fetch_all(conn)
        .await?;
    let mut tree = Tree::default();
    for row in rows {
        let sk: i64 = row.try_get("sk")?;
        // Of two sources with the same path the first one counts.
        tree.paths.insert(row.try_get("path")?, sk);
        tree.parents.insert(sk, row.try_get("parent")?);
    }
    Ok(tree)
}

/// A member as the policy is asked about them.
pub(crate) async fn subject(conn: &mut Conn, member: i64) -> Result<Subject, StoreError> {
    let id: String =
        sqlx::query_scalar("SELECT id FROM members WHERE sk = $1").bind(member).fetch_one(&mut *conn).await?;
    let departments: Vec<i64> =
        sqlx::query_scalar("SELECT department FROM member_departments WHERE member = $1 ORDER BY place")
            .bind(member)
            .fetch_all(&mut *conn)
            .await?;
    let rows = sqlx::query(
        "SELECT g.id, g.department, g.since, g.until, m.name FROM grants g LEFT JOIN members m ON m.sk = g.made_by
         WHERE g.revoked_at IS NULL AND (g.member = $1 OR g.department IN (
            SELECT a.ancestor FROM member_departments md
            JOIN department_ancestors a ON a.department = md.department WHERE md.member = $1))",
    )
    .bind(member)
    .fetch_all(conn)
    .await?;
    let grants: Result<Vec<Grant>, StoreError> = rows
        .iter()
        .map(|row| {
            Ok(Grant {
                id: row.try_get("id")?,
                department: row.try_get("department")?,
                since: Time::from_micros(row.try_get("since")?),
                until: row.try_get::<Option<i64>, _>("until")?.map(Time::from_micros),
                by: row.try_get::<Option<String>, _>("name")?.map(Untrusted::from),
            })
        })
        .collect();
    Ok(Subject { id: member_id(&id)?, departments, grants: grants? })
}

/// Present members with their departments, the main one first.
pub(crate) async fn people(conn: &mut Conn, company: i64) -> Result<HashMap<MemberId, Vec<i64>>, StoreError> {
    let rows = sqlx::query(
        "SELECT m.id, md.department FROM members m LEFT JOIN member_departments md ON md.member = m.sk
         WHERE m.company = $1 AND m.gone_at IS NULL AND m.status <> 'left' ORDER BY m.sk, md.place",
    )
    .bind(company)
    .fetch_all(conn)
    .await?;
    let mut people: HashMap<MemberId, Vec<i64>> = HashMap::new();
    for row in rows {
        let departments = people.entry(member_id(row.try_get("id")?)?).or_default();
        departments.extend(row.try_get::<Option<i64>, _>("department")?);
    }
    Ok(people)
}

/// Every present member as the policy is asked about them.
pub(crate) async fn subjects(conn: &mut Conn, company: i64) -> Result<Vec<Subject>, StoreError> {
    let people = people(conn, company).await?;
    let mut subjects: Vec<Subject> =
        people.into_iter().map(|(id, departments)| Subject { id, departments, grants: Vec::new() }).collect();
    subjects.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(subjects)
}
