//! Writing what is prepared, in one transaction.

use super::{FILE_SOURCE, Prepared};
use crate::api::{Applied, ApplyImport, EventKind, NewCompany, Problem, ProblemCode};
use crate::domain::CompanyId;
use crate::server::leaving;
use crate::server::store::departments;
use crate::server::store::imports::{self, ImportHead, LastKeys};
use crate::server::store::outbox::{self, Touched};
use crate::server::store::{StoreError, Write, audit, companies, members, settings};

/// Why nothing was applied.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ApplyError {
    /// To be told to the caller.
    #[error("refused: {0:?}")]
    Told(Box<Problem>),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<Problem> for ApplyError {
    fn from(problem: Problem) -> Self {
        Self::Told(Box::new(problem))
    }
}

/// The directory has changed since the import was prepared: that has to be done again.
#[derive(Debug)]
pub(crate) struct Moved;

/// Writes an import.
pub(crate) async fn apply(
    tx: &mut Write,
    head: &ImportHead,
    order: &ApplyImport,
    prepared: &Prepared,
    call: &str,
) -> Result<Result<Applied, Moved>, ApplyError> {
    let company = match (head.company, &head.create) {
        (Some(company), _) => {
            let row = companies::get(tx.conn(), company).await?;
            let version = row.ok_or_else(|| Problem::new(ProblemCode::NotFound))?.directory_version;
            if Some(version) != prepared.version {
                return Ok(Err(Moved));
            }
            company
        }
        (None, Some(new)) => make_company(tx, new, call).await?,
        (None, None) => return Err(Problem::invalid("company", "missing").into()),
    };
    let last = imports::last_keys(tx.conn()).await?;
    let role_changed = imports::changes_roles(tx.conn()).await?;
    let few = prepared.few.as_deref().filter(|_| prepared.removed == 0 && !role_changed);
    let mut held: Vec<String> = Vec::new();
    if let Some(few) = few {
        held = imports::departments_above(tx.conn(), &present(few)).await?;
    }
    imports::write_departments(tx, company, FILE_SOURCE, last).await?;
    for changed in &prepared.changed_departments {
        departments::update(tx, changed.sk, changed.english_name.as_deref(), changed.ord).await?;
    }
    imports::write_members(tx, company, last).await?;
    // As long as they stand where their managers are found.
    for member in imports::leaving_something(tx.conn()).await? {
        leaving::end(tx, company, member, call).await?;
    }
    imports::write_ends(tx).await?;
    if prepared.is_change() {
        companies::directory_changed(tx, company).await?;
        departments::count_heads(tx, company).await?;
        leaving::directory_changed(tx, company).await?;
        match few {
            Some(few) => tell(tx, company, prepared, few, held, last).await?,
            // Who was taken out stood in departments that the store no longer tells.
            None => {
                companies::reset_followers(tx, company).await?;
            }
        }
    }
    if let Some(signed) = &order.sign_in {
        sign_in(tx, company, signed, call).await?;
    }
    let row = companies::get(tx.conn(), company).await?.ok_or(StoreError::Unexpected("companies"))?;
    audit::add(
        tx,
        audit::Entry {
            company,
            actor: &head.actor,
            action: "directory.import",
            object: row.id.as_str(),
            old_state: None,
            new_state: Some(&format!(
                "added {} changed {} removed {}",
                prepared.added, prepared.changed, prepared.removed
            )),
            policy_version: None,
            call,
        },
    )
    .await?;
    imports::forget(tx, head.id).await?;
    Ok(Ok(Applied {
        company: row.id,
        added: prepared.added,
        changed: prepared.changed,
        removed: prepared.removed,
        unchanged: prepared.unchanged,
    }))
}

impl Prepared {
    const fn is_change(&self) -> bool {
        self.added > 0
            || self.changed > 0
            || self.removed > 0
            || !self.new_departments.is_empty()
            || !self.changed_departments.is_empty()
    }
}

/// Those of them who are there already.
fn present(members: &[i64]) -> Vec<i64> {
    members.iter().copied().filter(|member| *member > 0).collect()
}

/// Makes the company; when its id was given before, the next free one of that name.
async fn make_company(tx: &mut Write, new: &NewCompany, call: &str) -> Result<i64, ApplyError> {
    let mut new = new.clone();
    let wanted = new.id.clone();
    let mut n = 1;
    while companies::is_taken(tx.conn(), &new.id).await? {
        n += 1;
        new.id = CompanyId::new(&format!("{}-{n}", wanted.as_str()))
            .map_err(|_| Problem::new(ProblemCode::Exists))?;
    }
    let sk = companies::add(tx, &new).await?;
    audit::add(
        tx,
        audit::Entry {
            company: sk,
            actor: "operator",
            action: "company.make",
            object: new.id.as_str(),
            old_state: None,
            new_state: Some("live"),
            policy_version: Some(1),
            call,
        },
    )
    .await?;
    Ok(sk)
}

/// Says what changed, one by one. `held` are departments in which somebody stood who changed.
async fn tell(
    tx: &mut Write,
    company: i64,
    prepared: &Prepared,
    few: &[i64],
    held: Vec<String>,
    last: LastKeys,
) -> Result<(), StoreError> {
    let new = prepared.new_departments.iter().map(|id| (id.clone(), 1));
    let changed = prepared.changed_departments.iter().map(|changed| (changed.id.clone(), changed.revision));
    let mut departments: Vec<(String, i64)> = new.chain(changed).collect();
    let few: Vec<i64> = few.iter().map(|member| last.of_member(*member)).collect();
    let holds_now = imports::departments_above(tx.conn(), &few).await?;
    for id in holds_now.into_iter().chain(held) {
        if !departments.iter().any(|(known, _)| *known == id) {
            departments.push((id, 0));
        }
    }
    for (id, revision) in &departments {
        let object = Touched { company, kind: EventKind::Department, id, member: None, revision: *revision };
        outbox::changed(tx, object).await?;
    }
    for (id, revision) in imports::revisions(tx.conn(), &few).await? {
        let object = Touched { company, kind: EventKind::Member, id: &id, member: None, revision };
        outbox::changed(tx, object).await?;
    }
    Ok(())
}

/// Says who this computer is signed in as, and ends the companies that were made up.
async fn sign_in(
    tx: &mut Write,
    company: i64,
    signed: &crate::api::Signed,
    call: &str,
) -> Result<(), ApplyError> {
    let member = members::find(tx.conn(), company, &signed.member)
        .await?
        .ok_or_else(|| Problem::invalid("sign_in", "unknown"))?;
    settings::sign_in(tx, company, member.sk).await?;
    if !signed.retire_made_up {
        return Ok(());
    }
    for other in companies::all(tx.conn()).await? {
        if other.made_up && other.sk != company {
            audit::add(
                tx,
                audit::Entry {
                    company: other.sk,
                    actor: "operator",
                    action: "company.retire",
                    object: other.id.as_str(),
                    old_state: Some("live"),
                    new_state: Some("retired"),
                    policy_version: None,
                    call,
                },
            )
            .await?;
            companies::retire(tx, other.sk).await?;
        }
    }
    Ok(())
}
