//! Applying an import, in one transaction.

use std::collections::HashMap;

use super::check::path_key;
use super::{Checked, Difference, FILE_SOURCE, check, compare, hash_of};
use crate::api::{Applied, ApplyImport, EventKind, NewCompany, Problem, ProblemCode};
use crate::domain::{Attribute, CheckedMember, CompanyId, GivenRole, Phone, PhoneKind, Status};
use crate::search::{Field, Keys};
use crate::server::store::departments::{self, DepartmentRow, NewDepartment, PATH_SIGN};
use crate::server::store::imports::{self, ImportHead, Present, Written};
use crate::server::store::outbox::{self, Touched};
use crate::server::store::{StoreError, Write, audit, companies, members, settings};
use crate::server::{ids, leaving};
use crate::text::Untrusted;

/// More changed rows than this are one `reset` instead of an event each.
const MAX_EVENTS: usize = 1_000;
/// Without a limit of one's own at most a fifth of the company is taken out, or this many.
const LEAST_REMOVABLE: i64 = 10;

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

/// Applies the staged rows of an import.
pub(crate) async fn apply(
    tx: &mut Write,
    head: &ImportHead,
    order: &ApplyImport,
    call: &str,
) -> Result<Applied, ApplyError> {
    let rows = imports::rows(tx.conn(), head.id).await?;
    let present = match head.company {
        Some(company) => imports::present(tx.conn(), company).await?,
        None => HashMap::new(),
    };
    let checked = check(rows, &present);
    if !checked.refused.is_empty() && !order.skip_bad {
        return Err(Problem::new(ProblemCode::RowsRefused).into());
    }
    let difference = compare(&checked, &present)?;
    let removed = if order.remove_missing { difference.missing.len() } else { 0 };
    let limit = order.remove_limit.unwrap_or_else(|| removable(present.len()));
    if super::total(removed) > limit {
        return Err(Problem::new(ProblemCode::TooManyRemoved).into());
    }
    let company = match (head.company, &head.create) {
        (Some(company), _) => company,
        (None, Some(new)) => make_company(tx, new, call).await?,
        (None, None) => return Err(Problem::invalid("company", "missing").into()),
    };
    let mut tree = write_departments(tx, company, &checked).await?;
    let moving: Vec<i64> = difference.changed.iter().map(|(_, sk)| *sk).collect();
    if moving.len() <= MAX_EVENTS {
        tree.left = imports::departments_above(tx.conn(), &moving).await?;
    }
    let touched = write_members(tx, company, &checked, &difference, &present, &tree, call).await?;
    write_keys_anew(tx, &tree).await?;
    if order.remove_missing {
        for member in &difference.missing {
            leaving::end(tx, company, *member, call).await?;
            imports::take_out(tx, *member).await?;
        }
    }
    if !touched.is_empty() || removed > 0 || tree.changed {
        companies::directory_changed(tx, company).await?;
        departments::count_heads(tx, company).await?;
        tell(tx, company, &checked, &difference, &present, order.remove_missing, &touched, &tree).await?;
        leaving::directory_changed(tx, company).await?;
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
                "added {} changed {} removed {removed}",
                difference.added.len(),
                difference.changed.len()
            )),
            policy_version: None,
            call,
        },
    )
    .await?;
    imports::forget(tx, head.id).await?;
    Ok(Applied {
        company: row.id,
        added: super::total(difference.added.len()),
        changed: super::total(difference.changed.len()),
        removed: super::total(removed),
        unchanged: super::total(difference.unchanged),
    })
}

fn removable(present: usize) -> i64 {
    (super::total(present) / 5).max(LEAST_REMOVABLE)
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

/// The company's departments after an import.
struct Tree {
    by_path: HashMap<String, DepartmentRow>,
    /// Ids of departments that are new or look different.
    touched: Vec<(String, i64)>,
    changed: bool,
    /// Departments with another English name than before.
    renamed: Vec<i64>,
    /// Ids of departments that held somebody who changes, and of those above: their counts may fall.
    left: Vec<String>,
}

async fn write_departments(tx: &mut Write, company: i64, checked: &Checked) -> Result<Tree, StoreError> {
    let mut tree = Tree {
        by_path: departments::by_path(tx.conn(), company, FILE_SOURCE).await?,
        touched: Vec::new(),
        changed: false,
        renamed: Vec::new(),
        left: Vec::new(),
    };
    let mut last = tree.by_path.values().map(|row| row.ord).max().unwrap_or(0);
    let now = tx.now();
    for path in checked.paths() {
        let said = checked.departments.get(&path);
        let english = said.and_then(|row| row.english_name.as_ref()).map(Untrusted::as_data);
        if let Some(there) = tree.by_path.get_mut(&path) {
            let ord = said.and_then(|row| row.order).unwrap_or(there.ord);
            let english = english.or(there.english_name.as_ref().map(Untrusted::as_data));
            if ord != there.ord || english != there.english_name.as_ref().map(Untrusted::as_data) {
                let english = english.map(str::to_owned);
                if english.as_deref() != there.english_name.as_ref().map(Untrusted::as_data) {
                    tree.renamed.push(there.sk);
                }
                departments::update(tx, there.sk, english.as_deref(), ord).await?;
                there.ord = ord;
                there.english_name = english.map(Untrusted::from);
                there.revision += 1;
                tree.touched.push((there.id.as_str().to_owned(), there.revision));
                tree.changed = true;
            }
            continue;
        }
        last += 1;
        let (above, name) = path.rsplit_once(PATH_SIGN).map_or((None, path.as_str()), |(a, n)| (Some(a), n));
        let row = departments::add(
            tx,
            NewDepartment {
                company,
                source: FILE_SOURCE,
                id: ids::department(now),
                path: path.clone(),
                parent: above.and_then(|above| tree.by_path.get(above)).map(|row| row.sk),
                name,
                english_name: english,
                ord: said.and_then(|row| row.order).unwrap_or(last),
            },
        )
        .await?;
        tree.touched.push((row.id.as_str().to_owned(), 1));
        tree.by_path.insert(path, row);
        tree.changed = true;
    }
    Ok(tree)
}

/// Writes new and changed members. Returns the hidden keys of all of them.
async fn write_members(
    tx: &mut Write,
    company: i64,
    checked: &Checked,
    difference: &Difference,
    present: &HashMap<String, Present>,
    tree: &Tree,
    call: &str,
) -> Result<Vec<i64>, StoreError> {
    let first = imports::next_member_key(tx.conn()).await?;
    let mut key_of: HashMap<String, i64> =
        present.iter().map(|(key, there)| (key.clone(), there.sk)).collect();
    for (at, n) in difference.added.iter().zip(first..) {
        if let Some(member) = checked.members.get(*at) {
            key_of.insert(member.id.key(), n);
        }
    }
    let column = |at: &usize| -> Result<Option<Written>, StoreError> {
        let Some(member) = checked.members.get(*at) else { return Ok(None) };
        let key = member.id.key();
        let sk = key_of.get(&key).copied().ok_or(StoreError::Unexpected("import keys"))?;
        written(member, sk, &key_of, present.get(&key), tree).map(Some)
    };
    let added: Vec<Written> =
        difference.added.iter().map(column).collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect();
    let changed: Vec<Written> = difference
        .changed
        .iter()
        .map(|(at, _)| column(at))
        .collect::<Result<Vec<_>, _>>()?
        .into_iter()
        .flatten()
        .collect();
    imports::insert(tx, company, &added).await?;
    imports::update(tx, company, &changed).await?;
    for member in &changed {
        if matches!(Status::parse(member.status), Some(Status::Left | Status::Disabled)) {
            leaving::end(tx, company, member.sk, call).await?;
        }
    }
    Ok(added.iter().chain(&changed).map(|member| member.sk).collect())
}

fn written(
    member: &CheckedMember,
    sk: i64,
    key_of: &HashMap<String, i64>,
    there: Option<&Present>,
    tree: &Tree,
) -> Result<Written, StoreError> {
    let row = &member.row;
    let some = |text: &Untrusted| Some(text.as_data().to_owned()).filter(|text| !text.is_empty());
    let phones: Vec<Phone> = [(PhoneKind::Mobile, &row.mobile), (PhoneKind::Work, &row.phone)]
        .into_iter()
        .filter(|(_, number)| !number.is_empty())
        .map(|(kind, number)| Phone { kind, number: number.clone() })
        .collect();
    let emails: Vec<&Untrusted> = Some(&row.email).into_iter().filter(|email| !email.is_empty()).collect();
    let mut attributes: Vec<Attribute> = row.attributes.clone();
    attributes.sort();
    let special_role = match member.role {
        GivenRole::Admin => "admin",
        GivenRole::Auditor => "auditor",
        GivenRole::None => "none",
        GivenRole::Unsaid => match there.map(|there| there.special_role.as_str()) {
            Some("admin") => "admin",
            Some("auditor") => "auditor",
            _ => "none",
        },
    };
    let mut keys = Keys::new();
    keys.add(Field::Name, row.name.as_data());
    for (field, text) in [(Field::Alias, &row.alias), (Field::Title, &row.title)] {
        keys.add(field, text.as_data());
    }
    // Who leads a department and names none sits in the one they lead.
    if let Some(path) = row.departments.first().or(row.leader_of.first()) {
        keys.add(Field::Department, &shown_path(&path_key(path), tree));
    }
    keys.add(Field::Email, row.email.as_data());
    for phone in &phones {
        keys.add(Field::Phone, phone.number.as_data());
    }
    keys.add(Field::Id, member.id.as_str());
    Ok(Written {
        sk,
        id: member.id.clone(),
        name: row.name.as_data().to_owned(),
        alias: some(&row.alias),
        title: some(&row.title),
        external_title: some(&row.external_title),
        phones: serde_json::to_string(&phones)?,
        emails: serde_json::to_string(&emails)?,
        office: some(&row.office),
        status: member.status.as_str(),
        manager: member.manager.as_ref().and_then(|manager| key_of.get(&manager.key()).copied()),
        attributes: serde_json::to_string(&attributes)?,
        special_role,
        source_hash: hash_of(member)?,
        keys: keys.as_str().to_owned(),
        places: places(member, tree),
    })
}

/// A path for searching: the names from the top down, with the English ones.
fn shown_path(path: &str, tree: &Tree) -> String {
    let mut shown = String::new();
    let ends = path.match_indices(PATH_SIGN).map(|(at, _)| at).chain([path.len()]);
    for part in ends.filter_map(|end| path.get(..end)) {
        shown.push_str(part.rsplit(PATH_SIGN).next().unwrap_or_default());
        if let Some(english) = tree.by_path.get(part).and_then(|row| row.english_name.as_ref()) {
            shown.push(' ');
            shown.push_str(english.as_data());
        }
        shown.push(' ');
    }
    shown
}

/// People are found by the English names of their department and of those above it, also people whose
/// own row says nothing new.
async fn write_keys_anew(tx: &mut Write, tree: &Tree) -> Result<(), StoreError> {
    if tree.renamed.is_empty() {
        return Ok(());
    }
    let paths: HashMap<&str, &str> =
        tree.by_path.iter().map(|(path, row)| (row.id.as_str(), path.as_str())).collect();
    let based = imports::based_below(tx.conn(), &tree.renamed).await?;
    for piece in based.chunks(500) {
        for row in members::by_sks(tx.conn(), piece).await? {
            let home = row.whole.main_department().and_then(|id| paths.get(id.as_str()));
            let path = home.map_or(String::new(), |path| shown_path(path, tree));
            imports::set_keys(tx, row.sk, Keys::of_member(&row.whole, &path).as_str()).await?;
        }
    }
    Ok(())
}

fn places(member: &CheckedMember, tree: &Tree) -> Vec<(i64, i64, bool, i64)> {
    let leads: Vec<String> = member.row.leader_of.iter().map(|path| path_key(path)).collect();
    let order = i64::try_from(member.line).unwrap_or(i64::MAX);
    let mut places: Vec<(i64, i64, bool, i64)> = Vec::new();
    let named = member.row.departments.iter().map(|path| path_key(path));
    // Who leads a department stands in its list, also when the row does not say so.
    for path in named.chain(leads.iter().cloned()) {
        let Some(row) = tree.by_path.get(&path) else { continue };
        if places.iter().any(|(department, ..)| *department == row.sk) {
            continue;
        }
        let place = super::total(places.len());
        places.push((row.sk, place, leads.contains(&path), order));
    }
    places
}

/// Says what changed: an event each, or one `reset` when there are too many or a role changed.
#[expect(clippy::too_many_arguments, reason = "one step of `apply`, which holds all of it")]
async fn tell(
    tx: &mut Write,
    company: i64,
    checked: &Checked,
    difference: &Difference,
    present: &HashMap<String, Present>,
    removed: bool,
    touched: &[i64],
    tree: &Tree,
) -> Result<(), StoreError> {
    let role_changed = difference.changed.iter().any(|(at, _)| {
        checked.members.get(*at).is_some_and(|member| {
            let new = match member.role {
                GivenRole::Unsaid => return false,
                GivenRole::None => "none",
                GivenRole::Admin => "admin",
                GivenRole::Auditor => "auditor",
            };
            present.get(&member.id.key()).is_some_and(|there| there.special_role != new)
        })
    });
    let gone = if removed { difference.missing.as_slice() } else { &[] };
    // Who was taken out stood in departments that the store no longer tells.
    if touched.len() + gone.len() > MAX_EVENTS || role_changed || !gone.is_empty() {
        companies::reset_followers(tx, company).await?;
        return Ok(());
    }
    let mut departments: Vec<(String, i64)> = tree.touched.clone();
    let holds_now = imports::departments_above(tx.conn(), touched).await?;
    for id in holds_now.into_iter().chain(tree.left.iter().cloned()) {
        if !departments.iter().any(|(known, _)| *known == id) {
            departments.push((id, 0));
        }
    }
    for (id, revision) in &departments {
        let object = Touched { company, kind: EventKind::Department, id, member: None, revision: *revision };
        outbox::changed(tx, object).await?;
    }
    let members = difference.added.iter().chain(difference.changed.iter().map(|(at, _)| at));
    for member in members.filter_map(|at| checked.members.get(*at)) {
        let revision = present.get(&member.id.key()).map_or(1, |there| there.revision + 1);
        let object =
            Touched { company, kind: EventKind::Member, id: member.id.as_str(), member: None, revision };
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
    let present = imports::present(tx.conn(), company).await?;
    let member = present
        .get(&signed.member.key())
        .filter(|there| there.status != "left")
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
