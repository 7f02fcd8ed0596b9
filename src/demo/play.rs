//! Acts the story out, on the server's own clock.

use std::collections::HashMap;
use std::time::Duration;

use super::cast::Visitor;
use super::web::Web;
use super::{BACK, DemoError};
use crate::api::{
    CardBody, ElsewhereBody, ElsewhereReply, ElsewhereRequester, EnsureCard, NewCard, NewHandover,
    NewPartnerLink, NewPermission, NewSession, OwnSettingsBody, Page, PolicyBody, RemarkBody, SessionReply,
};
use crate::domain::{
    ApprovalKind, Card, CardKind, CompanyId, Contact, Decision, ElsewhereState, LinkScope, MemberId,
    NewRequest, OwnSettings, ReasonCode, Request as Asked, Time,
};
use crate::server::Clock;
use crate::text::Untrusted;

const DAY: u64 = 24 * 3_600;

/// One thing that happens.
#[derive(Clone, Debug)]
pub(super) struct Act {
    /// Seconds before now.
    pub(super) ago: u64,
    pub(super) deed: Deed,
}

/// What somebody does.
#[derive(Clone, Debug)]
pub(super) enum Deed {
    /// A visitor asks one of ours.
    Visits(Visit),
    /// Another system says of a request that it alone can decide.
    Elsewhere { target: &'static str, label: &'static str, visitor: Visitor },
    /// A member of another company asks one of ours, by the partner link or by their card without a label.
    Asks { by: Person, target: String, by_card: bool, purpose: &'static str },
    /// Somebody asks for the external permission, for some days or for good.
    AsksPermission { by: Person, purpose: &'static str, days: Option<u64> },
    /// Somebody offers their first contacts to a colleague.
    HandsOver { by: Person, to: &'static str, count: usize },
    /// An admin proposes a link to another company, and whom their own shows.
    Proposes { by: Person, to: &'static str, shows: Vec<String>, purpose: &'static str },
    /// An admin agrees to what was proposed, and whom their own company shows.
    Agrees { by: Person, shows: Vec<String> },
    /// Somebody is away for some days from now on.
    GoesAway { by: Person, days: u64, stand_in: &'static str },
    /// An admin applies a policy.
    Rules { by: Person, document: String, note: &'static str },
    /// What becomes of a visit.
    Decides { target: String, path: String, visitor: Box<Visitor>, fate: Fate },
    /// Somebody notes something about their newest contact.
    Remarks { by: String },
}

/// Somebody with an account: their company and their id.
pub(super) type Person = (&'static str, String);

/// A visitor on the page of a card.
#[derive(Clone, Debug)]
pub(super) struct Visit {
    /// Whose card it is.
    pub(super) target: String,
    /// Its label; none: their first one.
    pub(super) label: Option<&'static str>,
    pub(super) visitor: Visitor,
    pub(super) fate: Fate,
}

/// What becomes of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// It waits.
    Waits,
    /// Approved so many seconds after it came; some get a remark.
    Approved { after: u64, remark: bool },
    /// Rejected.
    Rejected { after: u64, reason: ReasonCode },
    /// Taken back by the visitor.
    Withdrawn { after: u64 },
}

impl Fate {
    fn after(self) -> Option<u64> {
        match self {
            Self::Waits => None,
            Self::Approved { after, .. } | Self::Rejected { after, .. } | Self::Withdrawn { after } => {
                Some(after)
            }
        }
    }
}

/// Plays the story. `home` is the company whose people visitors come to.
pub(super) async fn play(
    web: &Web,
    clock: &Clock,
    now: Time,
    home: &'static str,
    acts: Vec<Act>,
) -> Result<(), DemoError> {
    let begun = now.before(BACK);
    let mut steps: Vec<(Time, Deed)> =
        acts.into_iter().map(|act| (now.before(Duration::from_secs(act.ago)).max(begun), act.deed)).collect();
    // Taken from the end: the earliest step stands last. Of the same moment they keep their order.
    steps.reverse();
    steps.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
    let mut stage = Stage::at(web, home, now);
    while let Some((at, deed)) = steps.pop() {
        clock.set(at);
        if let Some((at, deed)) = stage.act(at, deed).await? {
            let place = steps.partition_point(|(other, _)| *other > at);
            steps.insert(place, (at, deed));
        }
    }
    Ok(())
}

/// What is known while the story is played.
struct Stage<'a> {
    web: &'a Web,
    home: &'static str,
    now: Time,
    /// Sessions, and when they were made.
    sessions: HashMap<Person, (String, Time)>,
    /// Paths of card pages, by owner and label.
    cards: HashMap<(String, Option<&'static str>), String>,
    /// Requests that were seen in somebody's queue, by whom they are from.
    waiting: HashMap<(String, String, String), Asked>,
    /// The newest contact of somebody that was seen.
    newest: HashMap<String, String>,
    /// Tells writes apart.
    writes: u64,
}

impl<'a> Stage<'a> {
    fn at(web: &'a Web, home: &'static str, now: Time) -> Self {
        Self {
            web,
            home,
            now,
            sessions: HashMap::new(),
            cards: HashMap::new(),
            waiting: HashMap::new(),
            newest: HashMap::new(),
            writes: 0,
        }
    }

    /// Does it; returns what is still to come of it.
    async fn act(&mut self, at: Time, deed: Deed) -> Result<Option<(Time, Deed)>, DemoError> {
        match deed {
            Deed::Visits(visit) => return self.visit(at, visit).await,
            Deed::Decides { target, path, visitor, fate } => {
                return self.decide(at, target, &path, &visitor, fate).await;
            }
            Deed::Remarks { by } => self.remark_newest(at, by).await?,
            Deed::Asks { by, target, by_card, purpose } => {
                let to = if by_card {
                    let card = self.card(at, &target, None).await?;
                    card.trim_start_matches("/C/").to_owned()
                } else {
                    format!("{target}@{}.example", self.home)
                };
                let body = NewRequest { to: to.into(), purpose: purpose.into(), message: None };
                let _: Asked = self.write(at, by, ("POST", "/v1/requests"), None, &body).await?;
            }
            Deed::Elsewhere { target, label, visitor } => {
                self.writes += 1;
                let said = elsewhere((self.home, target), label, visitor, at, self.writes)?;
                let path = format!("/v1/elsewhere/WeCom/apply-{}", self.writes);
                let _: ElsewhereReply = self.web.operate("another system", "PUT", &path, None, &said).await?;
            }
            Deed::AsksPermission { by, purpose, days } => {
                let until = days.map(|days| self.now.after(Duration::from_secs(days * DAY)));
                let body = NewPermission { purpose: purpose.into(), until };
                let _: Asked = self.write(at, by, ("POST", "/v1/permissions"), None, &body).await?;
            }
            Deed::HandsOver { by, to, count } => {
                let token = self.token(at, by.clone()).await?;
                let has: Page<Contact> =
                    self.web.get("reading contacts", &token, &format!("/v1/contacts?limit={count}")).await?;
                let contacts = has.items.into_iter().map(|contact| contact.id).collect();
                let body = NewHandover { member: MemberId::new(to)?, contacts };
                let _: Asked = self.write(at, by, ("POST", "/v1/handovers"), None, &body).await?;
            }
            Deed::Proposes { by, to, shows, purpose } => {
                let scope = scope(shows)?;
                let body = NewPartnerLink { company: CompanyId::new(to)?, scope, purpose: purpose.into() };
                let _: Asked = self.write(at, by, ("POST", "/v1/links"), None, &body).await?;
            }
            Deed::Agrees { by, shows } => {
                let token = self.token(at, by.clone()).await?;
                let queue: Page<Asked> = self.web.get("reading a queue", &token, "/v1/requests").await?;
                let proposal = queue.items.iter().find(|request| request.kind == ApprovalKind::PartnerLink);
                let proposal =
                    proposal.ok_or(DemoError::Answer { what: "looking for a proposal", status: 404 })?;
                let decision = Decision { scope: Some(scope(shows)?), ..Decision::approve() };
                let path = format!("/v1/requests/{}/decision", proposal.id);
                let revision = Some(proposal.revision);
                let _: Asked = self.write(at, by, ("POST", &path), revision, &decision).await?;
            }
            Deed::GoesAway { by, days, stand_in } => {
                let body = OwnSettingsBody {
                    accepts: true,
                    away_until: Some(self.now.after(Duration::from_secs(days * DAY))),
                    stand_in: Some(MemberId::new(stand_in)?),
                };
                let _: OwnSettings = self.write(at, by, ("PUT", "/v1/settings"), Some(0), &body).await?;
            }
            Deed::Rules { by, document, note } => {
                let token = self.token(at, by.clone()).await?;
                let in_force: crate::api::PolicyReply =
                    self.web.get("reading a policy", &token, "/v1/policy").await?;
                let body = PolicyBody { company: None, document: document.into(), note: Some(note.into()) };
                let revision = Some(in_force.version.version);
                let _: crate::api::PolicyReply =
                    self.write(at, by, ("PUT", "/v1/policy"), revision, &body).await?;
            }
        }
        Ok(None)
    }

    /// A session of somebody, made anew before it would be idle for too long.
    async fn token(&mut self, at: Time, who: Person) -> Result<String, DemoError> {
        if let Some((token, made)) = self.sessions.get(&who)
            && at.since(*made) < Duration::from_secs(7 * DAY)
        {
            return Ok(token.clone());
        }
        let body = NewSession { company: Some(CompanyId::new(who.0)?), member: Some(MemberId::new(&who.1)?) };
        let made: SessionReply =
            self.web.operate("signing somebody in", "POST", "/v1/sessions", None, &body).await?;
        self.sessions.insert(who, (made.token.clone(), at));
        Ok(made.token)
    }

    async fn write<T: serde::de::DeserializeOwned>(
        &mut self,
        at: Time,
        by: Person,
        call: (&str, &str),
        revision: Option<i64>,
        body: &(impl serde::Serialize + Sync),
    ) -> Result<T, DemoError> {
        let token = self.token(at, by).await?;
        self.writes += 1;
        let key = format!("story-{}", self.writes);
        self.web.write("acting the story out", &token, call, (&key, revision), body).await
    }

    /// The path of the page of a member's card, made when it is not there.
    async fn card(
        &mut self,
        at: Time,
        owner: &str,
        label: Option<&'static str>,
    ) -> Result<String, DemoError> {
        if let Some(path) = self.cards.get(&(owner.to_owned(), label)) {
            return Ok(path.clone());
        }
        let by = (self.home, owner.to_owned());
        if label.is_some() {
            // The first card is the one without a label.
            Box::pin(self.card(at, owner, None)).await?;
        }
        let card: Card = match label {
            None => self.write(at, by, ("PUT", "/v1/card"), None, &EnsureCard {}).await?,
            Some(label) => {
                let mut new = NewCard { kind: CardKind::Printed, like: CardBody::default() };
                new.like.label = Some(label.into());
                self.write(at, by, ("POST", "/v1/cards"), None, &new).await?
            }
        };
        let path = card.link.split_once("/C/").map_or_else(String::new, |(_, code)| format!("/C/{code}"));
        self.cards.insert((owner.to_owned(), label), path.clone());
        Ok(path)
    }

    async fn visit(&mut self, at: Time, visit: Visit) -> Result<Option<(Time, Deed)>, DemoError> {
        let Visit { target, label, visitor, fate } = visit;
        let card = self.card(at, &target, label).await?;
        let path = self.web.ask(&card, &visitor).await?;
        Ok(fate.after().map(|after| {
            let at = at.after(Duration::from_secs(after)).min(self.now.before(Duration::from_secs(60)));
            (at, Deed::Decides { target, path, visitor: Box::new(visitor), fate })
        }))
    }

    async fn decide(
        &mut self,
        at: Time,
        target: String,
        path: &str,
        visitor: &Visitor,
        fate: Fate,
    ) -> Result<Option<(Time, Deed)>, DemoError> {
        let decision = match fate {
            Fate::Waits => return Ok(None),
            Fate::Withdrawn { .. } => {
                self.web.withdraw(path).await?;
                return Ok(None);
            }
            Fate::Approved { .. } => Decision::approve(),
            Fate::Rejected { reason, .. } => Decision::reject(reason),
        };
        let key = (target.clone(), visitor.email.clone(), visitor.phone.clone());
        if !self.waiting.contains_key(&key) {
            self.look(at, &target).await?;
        }
        let request = self.waiting.remove(&key);
        let request = request.ok_or(DemoError::Answer { what: "looking for a request", status: 404 })?;
        let path = format!("/v1/requests/{}/decision", request.id);
        let by = (self.home, target.clone());
        let _: Asked = self.write(at, by, ("POST", &path), Some(request.revision), &decision).await?;
        let remarked = matches!(fate, Fate::Approved { remark: true, .. });
        Ok(remarked.then(|| (at.after(Duration::from_secs(30)), Deed::Remarks { by: target })))
    }

    /// Learns what waits for somebody.
    async fn look(&mut self, at: Time, who: &str) -> Result<(), DemoError> {
        let token = self.token(at, (self.home, who.to_owned())).await?;
        let mut after = String::new();
        loop {
            let path = format!("/v1/requests?state=pending&box=incoming&limit=100&after={after}");
            let page: Page<Asked> = self.web.get("reading a queue", &token, &path).await?;
            for request in page.items {
                // Addresses and numbers of visitors are all different.
                let (email, phone) = (text(&request.requester.email), text(&request.requester.phone));
                self.waiting.insert((who.to_owned(), email, phone), request);
            }
            match page.next {
                Some(next) => after = next,
                None => return Ok(()),
            }
        }
    }

    /// A member notes something about the newest contact.
    async fn remark_newest(&mut self, at: Time, by: String) -> Result<(), DemoError> {
        let by = (self.home, by);
        let token = self.token(at, by.clone()).await?;
        let mut newest: Option<Contact> = None;
        loop {
            // Ids rise with the time: those of before need not be read again.
            let after = self.newest.get(&by.1).cloned().unwrap_or_default();
            let path = format!("/v1/contacts?limit=500&after={after}");
            let page: Page<Contact> = self.web.get("reading contacts", &token, &path).await?;
            if let Some(last) = page.items.last() {
                self.newest.insert(by.1.clone(), last.id.as_str().to_owned());
            }
            newest = page.items.into_iter().chain(newest).max_by_key(|contact| contact.since);
            if page.next.is_none() {
                break;
            }
        }
        let Some(contact) = newest else { return Ok(()) };
        let remark = contact.source.card_label.clone().unwrap_or_else(|| "展会认识 / met at the fair".into());
        let path = format!("/v1/contacts/{}/remark", contact.id);
        let body = RemarkBody { remark, description: None };
        let _: serde_json::Value = self.write(at, by, ("PUT", &path), Some(contact.revision), &body).await?;
        Ok(())
    }
}

/// A request as the other system tells of it.
fn elsewhere(
    (company, target): (&str, &str),
    label: &str,
    visitor: Visitor,
    at: Time,
    number: u64,
) -> Result<ElsewhereBody, DemoError> {
    let some = |text: String| Some(Untrusted::from(text)).filter(|text| !text.is_empty());
    Ok(ElsewhereBody {
        company: CompanyId::new(company)?,
        member: MemberId::new(target)?,
        state: ElsewhereState::Pending,
        requester: ElsewhereRequester {
            name: visitor.name.into(),
            company: some(visitor.company),
            title: some(visitor.title),
            email: None,
            phone: None,
        },
        purpose: some(visitor.purpose),
        message: some(visitor.message),
        label: Some(label.into()),
        link: some(format!("https://work.weixin.example/apply/{number}")),
        created: Some(at),
        expires: None,
    })
}

fn scope(shows: Vec<String>) -> Result<LinkScope, DemoError> {
    let members: Result<Vec<MemberId>, _> = shows.iter().map(|id| MemberId::new(id)).collect();
    Ok(LinkScope { departments: Vec::new(), members: members? })
}

fn text(text: &Option<Untrusted>) -> String {
    text.as_ref().map(|text| text.as_data().to_owned()).unwrap_or_default()
}
