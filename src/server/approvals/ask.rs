//! A member asks somebody outside; or asks first whether they may.

use super::effects::{self, Approval};
use super::flags::{self, Looked};
use super::managers::appoint;
use super::reach::{Meant, OutsidePerson, look_up};
use super::side::Standing;
use super::tell::{News, tell};
use super::{ApprovalError, write_begin};
use crate::api::{Problem, ProblemCode};
use crate::domain::{
    Alternative, ApprovalKind, Channel, Decision, Need, Part, RequestId, RequestState, Requester,
    RequesterKind, Step, Time,
};
use crate::server::access::{Actor as Sender, Viewer};
use crate::server::policy::{
    Act, Actor, Answer, Between, CardState, Case, Outside, Purpose, Setting, Target, Way, verdict,
};
use crate::server::store::blocks::{self, Person};
use crate::server::store::counters::{self, Counted};
use crate::server::store::requests::{self, NewRequest};
use crate::server::store::{
    Reading, StoreError, Write, companies, contacts, introductions, members, relations, settings_of,
};
use crate::server::{App, ids};
use crate::text::Untrusted;

/// Whom somebody wants to reach, and what for.
#[derive(Clone, Debug)]
pub(crate) struct Asking<'a> {
    /// What they typed, pasted or scanned.
    pub(crate) to: &'a str,
    pub(crate) purpose: Option<String>,
    pub(crate) message: Option<String>,
}

/// What came of looking.
#[derive(Clone, Debug)]
pub(crate) struct Reach {
    pub(crate) answer: Answer,
    pub(crate) meant: Meant,
}

/// What is between the viewer and somebody outside.
#[derive(Clone, Debug)]
enum Relation {
    Nothing,
    Contact(String),
    Request(String),
    Declined(Option<Time>),
    Blocked,
}

impl Relation {
    fn between(&self) -> Between<'_> {
        match self {
            Self::Nothing => Between::Nothing,
            Self::Contact(id) => Between::Contact(id),
            Self::Request(id) => Between::Request(id),
            Self::Declined(again) => Between::Declined(*again),
            Self::Blocked => Between::Blocked,
        }
    }
}

async fn relation(
    store: &mut impl Reading,
    viewer: &Viewer,
    person: &OutsidePerson,
    cooldown_days: u32,
    now: Time,
) -> Result<Relation, StoreError> {
    let conn = store.conn();
    if let Some(id) = contacts::with_peer(conn, viewer.member, person.member, now).await? {
        return Ok(Relation::Contact(id.as_str().to_owned()));
    }
    if let Some(id) = requests::open_between(conn, viewer.member, person.member, now).await? {
        return Ok(Relation::Request(id));
    }
    let them = Person { peer: Some(viewer.member), email_key: None, phone_key: None };
    let us = Person { peer: Some(person.member), email_key: None, phone_key: None };
    if blocks::holds(conn, person.company, them, now).await?
        || blocks::holds(conn, viewer.company, us, now).await?
    {
        return Ok(Relation::Blocked);
    }
    let declined = requests::declined_between(conn, viewer.member, person.member, now).await?;
    let cooldown = std::time::Duration::from_secs(24 * 3_600) * cooldown_days;
    Ok(match declined.map(|at| at.after(cooldown)) {
        Some(again) if again > now => Relation::Declined(Some(again)),
        _ => Relation::Nothing,
    })
}

/// May the viewer reach whom they typed? The answer comes before anything else is asked of them.
pub(crate) async fn look(
    app: &App,
    store: &mut impl Reading,
    viewer: &Viewer,
    to: &str,
    purpose: Purpose,
) -> Result<Reach, StoreError> {
    let now = app.now();
    let meant = look_up(app, store, viewer, to).await?;
    let standing = Standing::of(store, viewer.company, viewer.member, now).await?;
    let case = |target| Case {
        act: Act::Ask,
        actor: Actor::Member(standing.side()),
        target,
        purpose,
        day_ends: standing.day.ends,
    };
    let mut answer = match &meant {
        Meant::Nobody => verdict(&case(Target::Nobody)),
        Meant::Colleague(id) => verdict(&case(Target::Colleague { id: Some(id.as_str()) })),
        Meant::Address { own: true, .. } => verdict(&case(Target::Colleague { id: None })),
        Meant::Address { domain, own: false } => {
            verdict(&case(Target::Address { domain: domain.as_deref() }))
        }
        Meant::DeadCard | Meant::OwnCard(_) | Meant::Contact(_) => {
            // Whoever is on the other end makes no difference: an end of one's own stands for it.
            let state = match meant {
                Meant::OwnCard(state) => state,
                _ => CardState::Unknown,
            };
            let contact = match &meant {
                Meant::Contact(id) => Between::Contact(id.as_str()),
                _ => Between::Nothing,
            };
            let way = Way { card: Some(state), ..Way::default() };
            let mut side = standing.side();
            side.domain = None;
            verdict(&case(Target::Outside(Outside { side, accepts: true, way, between: contact })))
        }
        Meant::Outside(person) => {
            let cooldown = standing.rules().count(Setting::Cooldown).unwrap_or_default();
            let relation = relation(store, viewer, person, cooldown, now).await?;
            let theirs = Standing::of(store, person.company, person.member, now).await?;
            let accepts = settings_of::accepts(store.conn(), person.member).await?;
            let way = Way {
                card: person.card.as_ref().map(|_| CardState::Live),
                link: person.link,
                introduced: person.introduced.is_some(),
            };
            verdict(&case(Target::Outside(Outside {
                side: theirs.side(),
                accepts,
                way,
                between: relation.between(),
            })))
        }
    };
    name_colleagues(store, viewer, &meant, &mut answer, now).await?;
    Ok(Reach { answer, meant })
}

/// Puts names to steps: who of us knows them, whom to ask.
async fn name_colleagues(
    store: &mut impl Reading,
    viewer: &Viewer,
    meant: &Meant,
    answer: &mut Answer,
    now: Time,
) -> Result<(), StoreError> {
    if !answer.alternatives.iter().any(|step| matches!(step.step, Step::AskColleague | Step::AskForLink)) {
        return Ok(());
    }
    let knows = match meant {
        Meant::Outside(person) => relations::who_knows(store.conn(), viewer, person.member, now).await?,
        _ => None,
    };
    let admin = relations::admin_to_ask(store.conn(), viewer).await?;
    for step in &mut answer.alternatives {
        let who = match step.step {
            Step::AskColleague => knows.as_ref().or(admin.as_ref()),
            Step::AskForLink => admin.as_ref(),
            _ => None,
        };
        if let Some(who) = who {
            *step = Alternative::with(step.step, who.id.as_str(), who.name.clone());
        }
    }
    Ok(())
}

/// Asks. A refusal by the policy is told with its verdict, and nothing is written.
pub(crate) async fn ask(
    app: &App,
    tx: &mut Write,
    viewer: &Viewer,
    asking: Asking<'_>,
    call: &str,
) -> Result<RequestId, ApprovalError> {
    let now = tx.now();
    let purpose = match &asking.purpose {
        Some(purpose) if !purpose.is_empty() => Purpose::Given,
        _ => Purpose::Missing,
    };
    let Reach { answer, meant } = look(app, tx, viewer, asking.to, purpose).await?;
    let Meant::Outside(person) = meant else { return Err(Problem::refused(answer.into_verdict()).into()) };
    if !answer.code.is_yes() {
        return Err(Problem::refused(answer.into_verdict()).into());
    }
    let standing = Standing::of(tx, viewer.company, viewer.member, now).await?;
    let theirs = Standing::of(tx, person.company, person.member, now).await?;
    let most = standing.rules().count(Setting::RequestsPerDay);
    if !counters::add(tx, viewer.member, &standing.day.name, Counted::Sent, most).await? {
        // Only another transaction between the answer and here could bring this about.
        return Err(Problem::new(ProblemCode::Unavailable).into());
    }
    let channel = answer.channel.unwrap_or(Channel::Namecard);
    if channel == Channel::Namecard
        && let Some(card) = &person.card
        && !crate::server::cards::used(tx, card).await?
    {
        return Err(Problem::new(ProblemCode::NotFound).into());
    }
    let me = members::by_sk(tx.conn(), viewer.member).await?.ok_or(StoreError::Unexpected("members"))?.whole;
    let company =
        companies::get(tx.conn(), viewer.company).await?.ok_or(StoreError::Unexpected("companies"))?;
    // What one shows of oneself is what a card shows: no numbers, no addresses.
    let requester = Requester {
        kind: RequesterKind::Member,
        member: None,
        verified: person.link.is_some(),
        name: me.name,
        company: Some(company.name),
        title: me.external_title,
        email: None,
        phone: None,
    };
    let flags = flags::find(
        tx.conn(),
        Looked {
            company: person.company,
            target: person.member,
            requester: &requester,
            texts: &[asking.purpose.as_ref(), asking.message.as_ref()],
            email_key: None,
            phone_key: None,
        },
        now,
    )
    .await?;
    let asking_side = if answer.managers.asking { Need::Waits } else { Need::None };
    let automatic = answer.automatic;
    let state = match (automatic, answer.managers.asking || answer.managers.asked) {
        (false, _) => RequestState::Pending,
        (true, true) => RequestState::PendingManager,
        (true, false) => RequestState::Approved,
    };
    let id = ids::request(now);
    let expires = now.after(theirs.rules().request_life());
    let (rule, version) = (answer.rule.clone(), answer.policy_version);
    let asked_side = if automatic && answer.managers.asked { Need::Waits } else { Need::None };
    let verdict = answer.into_verdict();
    let sk = requests::add(
        tx,
        NewRequest {
            company: person.company,
            id: &id,
            kind: ApprovalKind::Connection,
            target: Some(person.member),
            from: Some((viewer.member, viewer.company)),
            requester: &requester,
            email_key: None,
            phone_key: None,
            purpose: asking.purpose.as_deref().filter(|purpose| !purpose.is_empty()),
            message: asking.message.as_deref(),
            channel: Some(channel),
            introduced_by: person.introduced.filter(|_| channel == Channel::Introduction).map(|(_, by)| by),
            card: person.card.as_ref().filter(|_| channel == Channel::Namecard).map(|card| card.card),
            card_label: person
                .card
                .as_ref()
                .filter(|_| channel == Channel::Namecard)
                .and_then(|card| card.label.as_ref())
                .map(Untrusted::as_data),
            flags: &flags,
            expires,
            state,
            effective_at: automatic.then_some(now),
            manager_asked: asked_side,
            manager_asking: asking_side,
            until: None,
            verdict: &verdict,
            elsewhere: None,
            form: None,
        },
    )
    .await?;
    if let Some((introduction, _)) = person.introduced.filter(|_| channel == Channel::Introduction) {
        introductions::use_for(tx, introduction, sk).await?;
    }
    let row = requests::by_sk(tx.conn(), sk, now).await?.ok_or(StoreError::Unexpected("requests"))?;
    if state == RequestState::PendingManager {
        for (part, need) in [(Part::ManagerAsked, asked_side), (Part::ManagerAsking, asking_side)] {
            if need == Need::Waits {
                appoint(tx, &row, part, &[]).await?;
            }
        }
    }
    if state == RequestState::Approved {
        let yes = Decision::approve();
        let approval = Approval {
            row: &row,
            viewer: None,
            decision: &yes,
            effective_at: now,
            rule: &rule,
            policy_version: version,
        };
        effects::make(tx, approval).await?;
    }
    let parties = requests::parties(tx.conn(), &row, now).await?;
    let open = state != RequestState::Approved;
    let news =
        News { revision: 1, expires: open.then_some(expires), requester_hears: true, ..News::default() };
    tell(tx, &row, &parties, news).await?;
    let actor = Sender::Member(viewer.clone()).tag();
    write_begin(tx, &row, (&actor, viewer.company), "request.submit", Some(version), call).await?;
    Ok(id)
}
