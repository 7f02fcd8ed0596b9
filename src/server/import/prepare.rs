//! What an import would do, and preparing it beside the database.

use super::people::People;
use super::tree::{ChangedDepartment, Tree};
use super::walk::{Fate, Met, Walk};
use super::{ApplyError, LISTED, Running, total};
use crate::api::{ApplyImport, ImportPlan, PlannedMember, Problem, ProblemCode};
use crate::domain::{DepartmentPath, Held, MemberId, Phone, PhoneKind, Status};
use crate::search::{Field, Keys};
use crate::server::App;
use crate::server::looks::look_of;
use crate::server::store::imports::{self, ImportHead};
use crate::server::store::staging::{Staging, Written};
use crate::server::store::{StoreError, members};
use crate::text::Untrusted;

/// More changed rows than this are one `reset` instead of an event each.
const MAX_EVENTS: usize = 1_000;
/// Without a limit of one's own at most a fifth of the company is taken out, or this many.
const LEAST_REMOVABLE: i64 = 10;
/// Members whose keys are written anew in one go.
const PIECE: usize = 500;

/// What applying an import would do.
pub(crate) async fn plan(
    app: &App,
    head: &ImportHead,
    staging: &mut Staging,
    running: &Running,
) -> Result<ImportPlan, StoreError> {
    let mut walk = Walk::begin(app, head, staging).await?;
    let mut plan = ImportPlan::default();
    loop {
        let (gone_on, met) = walk
            .next(app, staging, running, |walk, met| {
                // New departments are counted.
                walk.places(&met);
                Ok((met.fate, met.line, met.after.id, met.after.name))
            })
            .await?;
        walk = gone_on;
        let Some(met) = met else { break };
        for (fate, line, id, name) in met {
            let (list, count) = match fate {
                Fate::Added => (&mut plan.added, &mut plan.added_total),
                Fate::Changed => (&mut plan.changed, &mut plan.changed_total),
                Fate::Unchanged => {
                    plan.unchanged_total += 1;
                    continue;
                }
            };
            *count += 1;
            if list.len() < LISTED {
                let id = MemberId::new(id.as_data()).map_err(|_| StoreError::Unexpected("a staged id"))?;
                list.push(PlannedMember { line: Some(line), id, name });
            }
        }
    }
    let mut missing = walk.people.missing();
    plan.missing_total = total(missing.len());
    missing.truncate(LISTED);
    let named = imports::named(app.store().read().await?.conn(), &missing).await?;
    plan.missing = named.into_iter().map(|(id, name)| PlannedMember { line: None, id, name }).collect();
    plan.departments_added = total(walk.tree.new.len());
    plan.refused_total = total(walk.refusals.rows_total);
    plan.notes_total = total(walk.refusals.notes_total);
    (plan.refused, plan.notes) = (walk.refusals.rows, walk.refusals.notes);
    Ok(plan)
}

/// An import that only has to be written.
#[derive(Debug)]
pub(crate) struct Prepared {
    /// The version of the directory for which it was prepared.
    pub(super) version: Option<i64>,
    pub(super) added: i64,
    pub(super) changed: i64,
    pub(super) unchanged: i64,
    pub(super) removed: i64,
    pub(super) new_departments: Vec<String>,
    pub(super) changed_departments: Vec<ChangedDepartment>,
    /// Who is written, while they are few enough to be told one by one.
    pub(super) few: Option<Vec<i64>>,
}

/// Prepares what an order asks for; or says why it is not done.
pub(crate) async fn prepare(
    app: &App,
    head: &ImportHead,
    order: &ApplyImport,
    staging: &mut Staging,
    running: &Running,
) -> Result<Prepared, ApplyError> {
    let mut walk = Walk::begin(app, head, staging).await?;
    if walk.refusals.rows_total > 0 && !order.skip_bad {
        return Err(Problem::new(ProblemCode::RowsRefused).into());
    }
    let missing = if order.remove_missing { walk.people.missing() } else { Vec::new() };
    let limit = order.remove_limit.unwrap_or_else(|| removable(&walk.people));
    if total(missing.len()) > limit {
        return Err(Problem::new(ProblemCode::TooManyRemoved).into());
    }
    staging.begin().await?;
    staging.clear().await?;
    let (mut added, mut changed, mut unchanged) = (0, 0, 0);
    let mut few = Some(Vec::new());
    loop {
        let (gone_on, met) = walk
            .next(app, staging, running, |walk, met| match met.fate {
                Fate::Unchanged => Ok(None),
                _ => written(walk, met).map(Some),
            })
            .await?;
        walk = gone_on;
        let Some(met) = met else { break };
        unchanged += total(met.iter().filter(|written| written.is_none()).count());
        let written: Vec<Written> = met.into_iter().flatten().collect();
        let new = total(written.iter().filter(|member| member.member < 0).count());
        added += new;
        changed += total(written.len()) - new;
        staging.put_members(&written).await?;
        let leaving = |member: &&Written| {
            member.member > 0 && matches!(Status::parse(member.status), Some(Status::Left | Status::Disabled))
        };
        let leaving: Vec<i64> = written.iter().filter(leaving).map(|member| member.member).collect();
        staging.put_ends(&leaving, false).await?;
        few = few.map(|mut few| {
            few.extend(written.iter().map(|member| member.member));
            few
        });
        few = few.filter(|few| few.len() <= MAX_EVENTS);
    }
    staging.put_departments(&walk.tree.new).await?;
    staging.put_ends(&missing, true).await?;
    prepare_renamed(app, &walk.tree, staging).await?;
    staging.commit().await?;
    Ok(Prepared {
        version: walk.version,
        added,
        changed,
        unchanged,
        removed: total(missing.len()),
        new_departments: walk.tree.new.into_iter().map(|new| new.id).collect(),
        changed_departments: walk.tree.changed,
        few,
    })
}

fn removable(people: &People) -> i64 {
    (total(people.present_total()) / 5).max(LEAST_REMOVABLE)
}

/// People are found by the English names of their department and of those above it, also people whose
/// own row says nothing new.
async fn prepare_renamed(app: &App, tree: &Tree, staging: &mut Staging) -> Result<(), StoreError> {
    let renamed: Vec<i64> = tree.changed.iter().filter(|changed| changed.renamed).map(|c| c.sk).collect();
    if renamed.is_empty() {
        return Ok(());
    }
    let based = imports::based_below(app.store().read().await?.conn(), &renamed).await?;
    for piece in based.chunks(PIECE) {
        let held = imports::held(app.store().read().await?.conn(), piece).await?;
        let keys: Vec<(i64, Keys)> = imports::read_held(&held)?
            .iter()
            .map(|row| {
                let home = row.places.first().and_then(|(department, ..)| tree.path(*department));
                (row.sk, keys(&row.held, home.as_ref(), tree))
            })
            .collect();
        let keys: Vec<(i64, &str)> = keys.iter().map(|(member, keys)| (*member, keys.as_str())).collect();
        staging.put_keys(&keys).await?;
    }
    Ok(())
}

/// What search finds somebody by who is at home in this department.
fn keys(held: &Held, home: Option<&DepartmentPath>, tree: &Tree) -> Keys {
    let mut keys = Keys::new();
    for (field, text) in [(Field::Name, &held.name), (Field::Alias, &held.alias), (Field::Title, &held.title)]
    {
        keys.add(field, text.as_data());
    }
    if let Some(home) = home {
        keys.add(Field::Department, &tree.shown(home));
    }
    keys.add(Field::Email, held.email.as_data());
    for number in [&held.mobile, &held.phone] {
        keys.add(Field::Phone, number.as_data());
    }
    keys.add(Field::Id, held.id.as_data());
    keys
}

fn written(walk: &mut Walk, met: Met) -> Result<Written, StoreError> {
    let (places, special_role) = (walk.places(&met), met.special_role());
    let Met { key, after, .. } = met;
    let shown = places.iter().map(|(key, leads, order)| (walk.tree.id(*key), *leads, *order));
    let keys = keys(&after, after.departments.first(), &walk.tree);
    let text = |text: &Untrusted| Some(text.as_data().to_owned()).filter(|text| !text.is_empty());
    let phones: Vec<Phone> = [(PhoneKind::Mobile, &after.mobile), (PhoneKind::Work, &after.phone)]
        .into_iter()
        .filter(|(_, number)| !number.is_empty())
        .map(|(kind, number)| Phone { kind, number: number.clone() })
        .collect();
    let emails: Vec<&Untrusted> = Some(&after.email).into_iter().filter(|email| !email.is_empty()).collect();
    Ok(Written {
        member: key,
        id: after.id.as_data().to_owned(),
        id_key: after.id.as_data().to_ascii_lowercase(),
        name: after.name.as_data().to_owned(),
        alias: text(&after.alias),
        title: text(&after.title),
        external_title: text(&after.external_title),
        phones: serde_json::to_string(&phones)?,
        emails: serde_json::to_string(&emails)?,
        office: text(&after.office),
        status: after.status.as_str(),
        manager: after.manager.as_ref().and_then(|manager| walk.key_of(manager)),
        attributes: serde_json::to_string(&after.attributes)?,
        special_role,
        look: look_of(after.name.as_data()),
        keys: keys.as_str().to_owned(),
        places_text: members::places_text(shown),
        places,
    })
}

impl Walk {
    /// Where somebody stands: department, whether they lead it, order. Who stands there already keeps their
    /// place in its list.
    fn places(&mut self, met: &Met) -> Vec<(i64, bool, i64)> {
        let last = i64::try_from(met.line).unwrap_or(i64::MAX);
        let departments = met.after.departments.iter().map(|path| {
            let known = met.orders.iter().find(|(there, _)| there == path);
            let order = known.map_or(last, |(_, order)| *order);
            (self.tree.find_or_add(path), met.after.leader_of.contains(path), order)
        });
        departments.collect()
    }
}
