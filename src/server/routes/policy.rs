//! A company's policy: shown, checked, applied, explained.

use std::collections::{BTreeSet, HashMap};

use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;

use super::tokens::company;
use crate::api::{
    Current, ExplainBody, ExplainReply, ExplainedSetting, PolicyBody, PolicyCheck, PolicyHistory,
    PolicyReply, PolicyVersion, Problem, ProblemCode, RuleSays, SaidFate, SettingEffect,
};
use crate::domain::{CompanyId, LookedAt, MemberId, PolicyFault, Time, Who, normalise_line};
use crate::server::access::Viewer;
use crate::server::approvals;
use crate::server::auth::Caller;
use crate::server::policy::{
    Document, Fate, Policy, Purpose, Source, TABLE, Written, check_in, diff, unchanged,
};
use crate::server::respond::{Begun, Failure, IfMatch, Json, Key, Once, Params, ok, ok_with_revision};
use crate::server::store::policies::{self, Version};
use crate::server::store::{Conn, Read, StoreError, Write, audit, companies, members, relations};
use crate::server::{App, leaving};
use crate::text::Untrusted;

/// Which version, of which company.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Of {
    company: Option<CompanyId>,
    version: Option<i64>,
}

async fn named(conn: &mut Conn, version: &Version) -> Result<PolicyVersion, StoreError> {
    let member = version.made_by.strip_prefix("member/").and_then(|sk| sk.parse().ok());
    let made_by = match member {
        Some(sk) => relations::person(conn, sk).await?.map(|person| Who { id: person.id, name: person.name }),
        None => None,
    };
    Ok(PolicyVersion {
        version: version.version,
        made_at: version.made_at,
        made_by,
        note: version.note.clone(),
    })
}

/// Faults of a document in a company as it is now.
async fn faults(
    conn: &mut Conn,
    company: i64,
    text: &str,
) -> Result<(Document, Vec<PolicyFault>), StoreError> {
    let (document, mut faults) = Document::parse(text);
    if faults.iter().all(|fault| fault.code.is_warning()) {
        let tree = policies::tree(conn, company).await?;
        let people = policies::people(conn, company).await?;
        faults.extend(check_in(&document, &tree, &people));
    }
    Ok((document, faults))
}

#[utoipa::path(get, path = "/v1/policy", security(("token" = [])),
    params(("company" = Option<CompanyId>, Query, description = "which company; only the operator says"),
           ("version" = Option<i64>, Query, description = "which version; the one in force when absent")),
    responses((status = 200, body = PolicyReply)))]
pub(super) async fn show(
    State(app): State<App>,
    caller: Caller,
    query: Params<Of>,
) -> Result<Response, Failure> {
    let mut read = app.store().read().await?;
    let company = company(read.conn(), &caller, query.0.company.as_ref()).await?;
    let newest = read.policy(company).await?.version;
    let version = policies::version(read.conn(), company, query.0.version.unwrap_or(newest)).await?;
    let version = version.ok_or_else(|| Problem::new(ProblemCode::NotFound))?;
    let (_, warnings) = faults(read.conn(), company, &version.document).await?;
    let reply = PolicyReply {
        version: named(read.conn(), &version).await?,
        document: version.document.into(),
        warnings,
    };
    ok_with_revision(&reply, newest)
}

#[utoipa::path(get, path = "/v1/policy/history", security(("token" = [])),
    params(("company" = Option<CompanyId>, Query, description = "which company; only the operator says")),
    responses((status = 200, body = PolicyHistory)))]
pub(super) async fn history(
    State(app): State<App>,
    caller: Caller,
    query: Params<Of>,
) -> Result<Response, Failure> {
    let mut read = app.store().read().await?;
    let company = company(read.conn(), &caller, query.0.company.as_ref()).await?;
    let mut items = Vec::new();
    for version in policies::history(read.conn(), company).await? {
        items.push(named(read.conn(), &version).await?);
    }
    ok(&PolicyHistory { items })
}

/// What a document would change.
async fn compare(read: &mut Read, company: i64, text: &str, now: Time) -> Result<PolicyCheck, Failure> {
    let in_force = read.policy(company).await?;
    let (document, faults) = faults(read.conn(), company, text).await?;
    let mut reply =
        PolicyCheck { faults, changes: Vec::new(), effects: Vec::new(), version: in_force.version };
    if reply.faults.iter().any(|fault| !fault.code.is_warning()) {
        return Ok(reply);
    }
    let before = Document { rules: in_force.rules.clone() };
    reply.changes = diff(&before, &document);
    if !reply.changes.is_empty() {
        let subjects = policies::subjects(read.conn(), company).await?;
        let after = Policy::new(in_force.version + 1, document, HashMap::new(), in_force.tree.clone());
        // Only settings that either document sets can have another value.
        let touched: BTreeSet<_> =
            before.rules.iter().chain(&after.rules).flat_map(|rule| rule.sets.keys().copied()).collect();
        for setting in touched {
            let differs = |subject: &&crate::server::policy::Subject| {
                in_force.of(subject, now).value(setting) != after.of(subject, now).value(setting)
            };
            let people = subjects.iter().filter(differs).count();
            if people > 0 {
                let people = i64::try_from(people).unwrap_or(i64::MAX);
                reply.effects.push(SettingEffect { name: setting.spec().name.to_owned(), people });
            }
        }
    }
    Ok(reply)
}

#[utoipa::path(post, path = "/v1/policy/check", security(("token" = [])), request_body = PolicyBody,
    responses((status = 200, body = PolicyCheck)))]
pub(super) async fn check(
    State(app): State<App>,
    caller: Caller,
    body: Json<PolicyBody>,
) -> Result<Response, Failure> {
    let mut read = app.store().read().await?;
    let company = company(read.conn(), &caller, body.value.company.as_ref()).await?;
    ok(&compare(&mut read, company, body.value.document.as_data(), app.now()).await?)
}

#[utoipa::path(put, path = "/v1/policy", security(("token" = [])),
    params(("if-match" = String, Header), ("idempotency-key" = String, Header)), request_body = PolicyBody,
    responses((status = 200, body = PolicyReply)))]
pub(super) async fn apply(
    State(app): State<App>,
    caller: Caller,
    IfMatch(revision): IfMatch,
    key: Key,
    body: Json<PolicyBody>,
) -> Result<Response, Failure> {
    let object = format!("@{revision}");
    let mut once = match Once::begin(&app, &caller.actor, "policy.apply", &object, key, body.hash).await? {
        Begun::Do(once) => once,
        Begun::Done(response) => return Ok(response),
    };
    let tx = &mut once.tx;
    let company = company(tx.conn(), &caller, body.value.company.as_ref()).await?;
    let in_force = tx.policy(company).await?;
    if in_force.version != revision {
        let current = Current { revision: in_force.version, state: None, decided_by: None, decided_at: None };
        return Err(Problem::new(ProblemCode::RevisionChanged).with_current(current).into());
    }
    let text = body.value.document.as_data();
    let (document, faults) = faults(tx.conn(), company, text).await?;
    if faults.iter().any(|fault| !fault.code.is_warning()) {
        return Err(Problem::policy_faults(faults).into());
    }
    let note = body.value.note.as_ref().map(|note| normalise_line(note.as_data()));
    if note.as_ref().is_some_and(|note| note.len() > 1_000) {
        return Err(Problem::invalid("note", "too_long").into());
    }
    let version = new_version(tx, &caller, &in_force, document, text, note);
    policies::add(tx, company, &version).await?;
    leaving::policy_changed(tx, company).await?;
    // What people may do and see is another: they start again.
    companies::reset_followers(tx, company).await?;
    audit::add(
        tx,
        audit::Entry {
            company,
            actor: &caller.actor.tag(),
            action: "policy.apply",
            object: &version.version.to_string(),
            old_state: Some(&in_force.version.to_string()),
            new_state: Some(&version.version.to_string()),
            policy_version: Some(version.version),
            call: &caller.call,
        },
    )
    .await?;
    let reply = PolicyReply {
        version: named(tx.conn(), &version).await?,
        document: version.document.into(),
        warnings: faults,
    };
    let revision = reply.version.version;
    once.finish(&reply, Some(revision)).await
}

/// The next version: a rule that says what it said before has said so since then.
fn new_version(
    tx: &Write,
    caller: &Caller,
    in_force: &Policy,
    document: Document,
    text: &str,
    note: Option<String>,
) -> Version {
    let same = unchanged(&Document { rules: in_force.rules.clone() }, &document);
    let now = tx.now();
    let since = document.rules.iter().map(|rule| {
        let before = in_force.since(&rule.id).filter(|_| same.contains(&rule.id));
        (rule.id.clone(), before.unwrap_or(now))
    });
    Version {
        version: in_force.version + 1,
        document: text.to_owned(),
        made_at: now,
        made_by: caller.actor.tag(),
        note: note.filter(|note| !note.is_empty()).map(Untrusted::from),
        since: since.collect(),
    }
}

/// A member as whoever asks.
async fn as_viewer(read: &mut Read, company: i64, id: &MemberId) -> Result<Viewer, Failure> {
    let row = members::find(read.conn(), company, id).await?;
    let row = row.ok_or_else(|| Problem::new(ProblemCode::NotFound))?;
    let roles = members::roles(read.conn(), row.sk).await?;
    Ok(Viewer { company, member: row.sk, id: row.whole.id, roles })
}

#[utoipa::path(post, path = "/v1/policy/explain", security(("token" = [])), request_body = ExplainBody,
    responses((status = 200, body = ExplainReply)))]
pub(super) async fn explain(
    State(app): State<App>,
    caller: Caller,
    body: Json<ExplainBody>,
) -> Result<Response, Failure> {
    let mut read = app.store().read().await?;
    let company = company(read.conn(), &caller, body.value.company.as_ref()).await?;
    let viewer = as_viewer(&mut read, company, &body.value.member).await?;
    let policy = read.policy(company).await?;
    let subject = policies::subject(read.conn(), viewer.member).await?;
    let rules = policy.of(&subject, app.now());
    let settings = TABLE.iter().map(|spec| {
        let found = rules.find(spec.setting);
        let says = |(source, fate): (Source<'_>, Fate)| RuleSays {
            rule: policy.name(source),
            fate: match fate {
                Fate::Holds => SaidFate::Holds,
                Fate::Overridden => SaidFate::Overridden,
                Fate::LockedOut => SaidFate::LockedOut,
            },
        };
        ExplainedSetting {
            name: spec.name.to_owned(),
            value: Written(spec.kind, &found.value).to_string().into(),
            by: found.sources.iter().map(|source| policy.name(*source)).collect(),
            chain: rules.chain(spec.setting).into_iter().map(says).collect(),
        }
    });
    let settings = settings.collect();
    let person = relations::person(read.conn(), viewer.member).await?;
    let person = person.ok_or(StoreError::Unexpected("members"))?;
    let mut reply = ExplainReply {
        member: Who { id: person.id, name: person.name },
        settings,
        verdict: None,
        chain: Vec::new(),
    };
    if let Some(to) = &body.value.to {
        let reach = approvals::look(&app, &mut read, &viewer, to.as_data(), Purpose::NotYet).await?;
        reply.chain = reach
            .answer
            .chain
            .iter()
            .map(|looked| LookedAt { code: looked.code, rule: looked.rule.clone(), passed: looked.passed })
            .collect();
        reply.verdict = Some(reach.answer.into_verdict());
    }
    ok(&reply)
}
