//! Typed calls about the boundary: whether one may, asking, conversing, cards of others, companies.

use super::calls::{Client, encode, get, json, write};
use super::fault;
use super::transport::Method;
use crate::api::{
    DecisionItem, DecisionResult, DecisionResults, Decisions, Introductions, NewHandover, NewPartnerLink,
    NewPermission, OwnSettingsBody, Page, PartnerLinks, RemarkBody, SYNC_PAGE, Snooze, ToColleague, WhyBody,
    Words,
};
use crate::domain::{
    CompanyId, ContactId, ContactRevision, DecideOne, Explained, Fault, LinkedPerson, MemberId, NewRequest,
    OwnSettings, Request, RequestDetail, RequestId, Tags, Time,
};
use crate::text::Untrusted;

impl Client {
    /// May I, and if not, why not and what instead. Changes nothing.
    pub async fn why(&self, to: &Untrusted) -> Result<Explained, Fault> {
        let mut call = get("/v1/verdicts");
        call.method = Method::Post;
        call.body = json(&WhyBody { to: to.clone() })?;
        self.ask(call).await
    }

    /// Asks somebody outside to connect.
    pub async fn request_connection(&self, body: &NewRequest, key: &str) -> Result<Request, Fault> {
        let mut call = write(Method::Post, "/v1/requests", None, key);
        call.body = json(body)?;
        self.ask(call).await
    }

    /// Asks the admins for the external permission.
    pub async fn request_permission(&self, body: &NewPermission, key: &str) -> Result<Request, Fault> {
        let mut call = write(Method::Post, "/v1/permissions", None, key);
        call.body = json(body)?;
        self.ask(call).await
    }

    /// The same, for good.
    pub async fn ask_permission(&self, purpose: Untrusted, key: &str) -> Result<Request, Fault> {
        self.request_permission(&NewPermission { purpose, until: None }, key).await
    }

    /// One request with everything that whoever decides it may want to know.
    pub async fn request_detail(&self, id: &RequestId) -> Result<RequestDetail, Fault> {
        self.ask(get(format!("/v1/requests/{id}"))).await
    }

    /// Takes one's own request back.
    pub async fn withdraw(&self, id: &RequestId, key: &str) -> Result<Request, Fault> {
        self.ask(write(Method::Post, format!("/v1/requests/{id}/withdraw"), None, key)).await
    }

    /// Asks the requester something.
    pub async fn ask_requester(
        &self,
        id: &RequestId,
        revision: i64,
        text: &Untrusted,
        key: &str,
    ) -> Result<Request, Fault> {
        let mut call = write(Method::Post, format!("/v1/requests/{id}/question"), Some(revision), key);
        call.body = json(&Words { text: text.clone() })?;
        self.ask(call).await
    }

    /// Answers the approver's question.
    pub async fn answer(&self, id: &RequestId, text: &Untrusted, key: &str) -> Result<Request, Fault> {
        let mut call = write(Method::Post, format!("/v1/requests/{id}/answer"), None, key);
        call.body = json(&Words { text: text.clone() })?;
        self.ask(call).await
    }

    /// Passes a request to another approver.
    pub async fn pass(
        &self,
        id: &RequestId,
        revision: i64,
        to: &MemberId,
        key: &str,
    ) -> Result<Request, Fault> {
        let mut call = write(Method::Post, format!("/v1/requests/{id}/pass"), Some(revision), key);
        call.body = json(&ToColleague { member: to.clone(), text: None })?;
        self.ask(call).await
    }

    /// Puts a request out of the way until then; without a time back again.
    pub async fn snooze(&self, id: &RequestId, until: Option<Time>, key: &str) -> Result<Request, Fault> {
        let mut call = write(Method::Post, format!("/v1/requests/{id}/snooze"), None, key);
        call.body = json(&Snooze { until })?;
        self.ask(call).await
    }

    /// Chooses who takes a handover over.
    pub async fn assign(
        &self,
        id: &RequestId,
        revision: i64,
        to: &MemberId,
        key: &str,
    ) -> Result<Request, Fault> {
        let mut call = write(Method::Post, format!("/v1/requests/{id}/assign"), Some(revision), key);
        call.body = json(&ToColleague { member: to.clone(), text: None })?;
        self.ask(call).await
    }

    /// Decides several requests, each under the key it brings: sending them again does nothing twice. What
    /// became of each, in their order.
    pub async fn decide_many(
        &self,
        items: &[DecideOne],
    ) -> Result<Vec<(RequestId, Result<Box<Request>, Fault>)>, Fault> {
        let item = |one: &DecideOne| DecisionItem {
            id: one.id.clone(),
            revision: one.revision,
            key: one.key.clone(),
            decision: one.decision.clone(),
        };
        let key = items.first().map(|one| one.key.clone()).unwrap_or_default();
        let mut call = write(Method::Post, "/v1/decisions", None, &key);
        call.body = json(&Decisions { items: items.iter().map(item).collect() })?;
        let results: DecisionResults = self.ask(call).await?;
        let result = |result: DecisionResult| match (result.request, result.problem) {
            (Some(request), _) => (result.id, Ok(request)),
            (None, Some(problem)) => (result.id, Err(fault::of_problem(problem, None))),
            (None, None) => (result.id, Err(Fault::Garbled)),
        };
        Ok(results.items.into_iter().map(result).collect())
    }

    /// Sets what one wrote down about a contact: name and description.
    pub async fn set_notes(
        &self,
        id: &ContactId,
        revision: i64,
        body: &RemarkBody,
        key: &str,
    ) -> Result<ContactRevision, Fault> {
        let mut call = write(Method::Put, format!("/v1/contacts/{id}/remark"), Some(revision), key);
        call.body = json(body)?;
        self.ask(call).await
    }

    /// Sets the tags of a contact, the company's and one's own.
    pub async fn set_tags(
        &self,
        id: &ContactId,
        revision: i64,
        tags: &Tags,
        key: &str,
    ) -> Result<ContactRevision, Fault> {
        let mut call = write(Method::Put, format!("/v1/contacts/{id}/tags"), Some(revision), key);
        call.body = json(tags)?;
        self.ask(call).await
    }

    /// Passes a contact on to a colleague, who may then ask.
    pub async fn introduce(
        &self,
        id: &ContactId,
        to: &MemberId,
        key: &str,
    ) -> Result<ContactRevision, Fault> {
        let mut call = write(Method::Post, format!("/v1/contacts/{id}/introduce"), None, key);
        call.body = json(&ToColleague { member: to.clone(), text: None })?;
        self.ask(call).await
    }

    /// Refuses the member of another company who takes one over.
    pub async fn refuse_handover(&self, id: &ContactId, key: &str) -> Result<ContactRevision, Fault> {
        self.ask(write(Method::Post, format!("/v1/contacts/{id}/refuse"), None, key)).await
    }

    /// Hands contacts over to a colleague.
    pub async fn hand_over(
        &self,
        to: &MemberId,
        contacts: Vec<ContactId>,
        key: &str,
    ) -> Result<Request, Fault> {
        let mut call = write(Method::Post, "/v1/handovers", None, key);
        call.body = json(&NewHandover { member: to.clone(), contacts })?;
        self.ask(call).await
    }

    /// A page of the people whom linked companies show.
    pub async fn linked(&self, after: &str) -> Result<Page<LinkedPerson>, Fault> {
        self.ask(get(format!("/v1/linked?limit={SYNC_PAGE}&after={}", encode(after)))).await
    }

    /// Those whom colleagues passed on to the caller.
    pub async fn introductions(&self) -> Result<Introductions, Fault> {
        self.ask(get("/v1/introductions")).await
    }

    /// The company's partner links.
    pub async fn links(&self) -> Result<PartnerLinks, Fault> {
        self.ask(get("/v1/links")).await
    }

    /// Proposes a partner link.
    pub async fn propose_link(&self, link: &NewPartnerLink, key: &str) -> Result<Request, Fault> {
        let mut call = write(Method::Post, "/v1/links", None, key);
        call.body = json(link)?;
        self.ask(call).await
    }

    /// Ends a partner link.
    pub async fn end_link(&self, company: &CompanyId, key: &str) -> Result<PartnerLinks, Fault> {
        self.ask(write(Method::Delete, format!("/v1/links/{}", encode(company.as_str())), None, key)).await
    }

    /// What the caller set for themselves.
    pub async fn own_settings(&self) -> Result<OwnSettings, Fault> {
        self.ask(get("/v1/settings")).await
    }

    /// Sets it anew, as a whole; the revision is the one that was seen.
    pub async fn set_own_settings(&self, own: &OwnSettings, key: &str) -> Result<OwnSettings, Fault> {
        let mut call = write(Method::Put, "/v1/settings", Some(own.revision), key);
        let stand_in = own.stand_in.as_ref().map(|who| who.id.clone());
        let body = OwnSettingsBody { accepts: own.accepts, away_until: own.away_until, stand_in };
        call.body = json(&body)?;
        self.ask(call).await
    }
}
