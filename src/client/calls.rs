//! Typed calls: every question and every write that the screen and the commands send.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::access::Access;
use super::transport::{Body, Call, Method, Pieces, TransportError};
use super::{fault, retry};
use crate::api::{
    Account, Applied, ApplyImport, CardBody, CardList, Changes, EnsureCard, ExportReply, Health, ImportPlan,
    ImportReply, ImportRowsReply, ImportState, LookupReply, NewCard, NewExport, NewImport, Page, RemarkBody,
    RotateCard, SYNC_PAGE, SearchReply,
};
use crate::domain::{
    Card, CardId, CardKind, CardLike, Contact, ContactDetail, ContactId, ContactRevision, Decision,
    Department, Fault, Member, MemberId, Request, RequestId, RequestState, Snapshot,
};
use crate::text::Untrusted;

/// How long a call may take.
const LIMIT: Duration = Duration::from_secs(30);
/// Where the server says of itself what anybody may know.
const HEALTH: &str = "/v1/health";
/// How long an import may take.
const LONG_LIMIT: Duration = Duration::from_secs(600);

/// Calls one server as one account.
#[derive(Clone)]
pub struct Client {
    access: Arc<dyn Access>,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Client")
    }
}

/// What to do when the server does not know the session.
#[derive(Clone, Copy, PartialEq, Eq)]
enum OnUnknownSession {
    /// Get another one and send the call again.
    SignInAnew,
    /// Say so.
    Tell,
}

/// Everything but letters, digits and `-._~` as `%XX`.
pub(super) fn encode(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for b in value.bytes() {
        if b.is_ascii_alphanumeric() || b"-._~".contains(&b) {
            out.push(char::from(b));
        } else {
            out.push_str(&format!("%{b:02X}"));
        }
    }
    out
}

pub(super) fn get(path: impl Into<String>) -> Call {
    Call {
        method: Method::Get,
        path: path.into(),
        if_match: None,
        key: None,
        last_event: None,
        body: Body::None,
        limit: LIMIT,
        patient: false,
    }
}

pub(super) fn write(method: Method, path: impl Into<String>, revision: Option<i64>, key: &str) -> Call {
    Call { method, if_match: revision, key: Some(key.to_owned()), ..get(path) }
}

/// A call whose answer may be long in coming.
fn long(call: Call) -> Call {
    Call { limit: LONG_LIMIT, patient: true, ..call }
}

pub(super) fn json(body: &impl Serialize) -> Result<Body, Fault> {
    serde_json::to_vec(body).map(|body| Body::Json(Bytes::from(body))).map_err(|_| Fault::Garbled)
}

fn body_of(like: &CardLike) -> CardBody {
    let CardLike { label, fields, expires, max_uses } = like.clone();
    CardBody { label, fields, expires, max_uses }
}

impl Client {
    /// A client that finds its way through `access`.
    pub fn new(access: Arc<dyn Access>) -> Self {
        Self { access }
    }

    /// Sends a call, again where that is harmless and may help.
    async fn send(&self, call: Call, unknown_session: OnUnknownSession) -> Result<Bytes, Fault> {
        // Reads, and writes that the server does once, may be sent as often as it takes.
        let repeatable = call.method == Method::Get || call.key.is_some();
        let mut signed_anew = false;
        let mut tries = 1;
        loop {
            let way = self.access.way().await?;
            let outcome = way.transport.call(&way.token, call.clone()).await;
            if matches!(outcome, Err(TransportError::Connect)) {
                self.access.lost(way.number).await;
            }
            if let Ok(reply) = &outcome
                && reply.status == 401
                && unknown_session == OnUnknownSession::SignInAnew
                && !signed_anew
                && self.access.refused(way.number).await
            {
                signed_anew = true;
                continue;
            }
            let harmless = repeatable || matches!(outcome, Err(TransportError::Connect));
            if harmless && tries < retry::TRIES && retry::is_passing(&outcome) {
                tries += 1;
                let asked = outcome.as_ref().ok().and_then(|reply| reply.retry_after);
                tokio::time::sleep(retry::pause(tries, asked)).await;
                continue;
            }
            let reply = outcome?;
            let good = matches!(reply.status, 200 | 204);
            // What a write did is done, whoever did it.
            let done = good && call.method != Method::Get;
            // What a server says of itself is understood at every level.
            let exempt = done || call.path == HEALTH;
            if let Some(fault) = fault::of_levels(reply.levels).filter(|_| !exempt) {
                return Err(fault);
            }
            return if good { Ok(reply.body) } else { Err(fault::of_reply(&reply)) };
        }
    }

    pub(super) async fn ask<T: DeserializeOwned>(&self, call: Call) -> Result<T, Fault> {
        let body = self.send(call, OnUnknownSession::SignInAnew).await?;
        serde_json::from_slice(&body).map_err(|_| Fault::Garbled)
    }

    /// Everything for the first useful frame.
    pub async fn start(&self) -> Result<Snapshot, Fault> {
        let mut start: Snapshot = self.ask(get("/v1/start")).await?;
        // Whatever the server knows of it: a proxy may stand between.
        start.insecure_http |= self.access.way().await?.transport.is_insecure();
        Ok(start)
    }

    /// Who is signed in.
    pub async fn account(&self) -> Result<Account, Fault> {
        self.ask(get("/v1/me")).await
    }

    /// What the server says of itself; asked as anybody may.
    pub async fn health(&self) -> Result<Health, Fault> {
        self.ask(get(HEALTH)).await
    }

    /// A page of the directory, by id.
    pub async fn members(&self, after: &str) -> Result<Page<Member>, Fault> {
        self.ask(get(format!("/v1/members?limit={SYNC_PAGE}&after={}", encode(after)))).await
    }

    /// One colleague.
    pub async fn member(&self, id: &MemberId) -> Result<Member, Fault> {
        self.ask(get(format!("/v1/members/{}", encode(id.as_str())))).await
    }

    /// All departments, parents first.
    pub async fn departments(&self) -> Result<Page<Department>, Fault> {
        self.ask(get("/v1/departments")).await
    }

    /// A page of one's external contacts, by id.
    pub async fn contacts(&self, after: &str) -> Result<Page<Contact>, Fault> {
        self.ask(get(format!("/v1/contacts?limit={SYNC_PAGE}&after={}", encode(after)))).await
    }

    /// One external contact with its history.
    pub async fn contact(&self, id: &ContactId) -> Result<ContactDetail, Fault> {
        self.ask(get(format!("/v1/contacts/{id}"))).await
    }

    /// A page of requests. `which` is `approvals` or `incoming`.
    pub async fn requests(
        &self,
        which: &str,
        state: Option<RequestState>,
        after: &str,
    ) -> Result<Page<Request>, Fault> {
        let state = state.map(|state| format!("&state={}", state.as_str())).unwrap_or_default();
        self.ask(get(format!("/v1/requests?box={}{state}&after={}", encode(which), encode(after)))).await
    }

    /// One request.
    pub async fn request(&self, id: &RequestId) -> Result<Request, Fault> {
        self.ask(get(format!("/v1/requests/{id}"))).await
    }

    /// How many requests wait.
    pub async fn count(&self) -> Result<i64, Fault> {
        #[derive(serde::Deserialize)]
        struct Count {
            count: i64,
        }
        self.ask::<Count>(get("/v1/requests/count")).await.map(|reply| reply.count)
    }

    /// Searches. `place` is `directory`, `external` or `all`.
    pub async fn search(&self, query: &str, place: &str, limit: u32) -> Result<SearchReply, Fault> {
        self.ask(get(format!("/v1/search?q={}&in={}&limit={limit}", encode(query), encode(place)))).await
    }

    /// Ids of requests and contacts that end in `tail`.
    pub async fn lookup(&self, tail: &str) -> Result<Vec<String>, Fault> {
        self.ask::<LookupReply>(get(format!("/v1/lookup?tail={}", encode(tail)))).await.map(|reply| reply.ids)
    }

    /// Decides a request in the revision that was seen.
    pub async fn decide(
        &self,
        id: &RequestId,
        revision: i64,
        decision: &Decision,
        key: &str,
    ) -> Result<Request, Fault> {
        let mut call = write(Method::Post, format!("/v1/requests/{id}/decision"), Some(revision), key);
        call.body = json(decision)?;
        self.ask(call).await
    }

    /// Takes a decision back.
    pub async fn undo(&self, id: &RequestId, revision: i64, key: &str) -> Result<Request, Fault> {
        self.ask(write(Method::Post, format!("/v1/requests/{id}/undo"), Some(revision), key)).await
    }

    /// Sets the remark of a contact; an empty one takes it away.
    pub async fn set_remark(
        &self,
        id: &ContactId,
        revision: i64,
        remark: &Untrusted,
        key: &str,
    ) -> Result<ContactRevision, Fault> {
        let mut call = write(Method::Put, format!("/v1/contacts/{id}/remark"), Some(revision), key);
        call.body = json(&RemarkBody { remark: remark.clone(), description: None })?;
        self.ask(call).await
    }

    /// Ends a connection.
    pub async fn remove_contact(
        &self,
        id: &ContactId,
        revision: i64,
        key: &str,
    ) -> Result<ContactRevision, Fault> {
        self.ask(write(Method::Delete, format!("/v1/contacts/{id}"), Some(revision), key)).await
    }

    /// The printed card; made when there is none. There is only one, so asking again is harmless.
    pub async fn card(&self) -> Result<Card, Fault> {
        let mut call = Call { method: Method::Put, ..get("/v1/card") };
        call.body = json(&EnsureCard {})?;
        self.ask(call).await
    }

    /// All of one's cards that were not revoked.
    pub async fn cards(&self) -> Result<Vec<Card>, Fault> {
        self.ask::<CardList>(get("/v1/cards")).await.map(|list| list.items)
    }

    /// Makes another card.
    pub async fn make_card(&self, kind: CardKind, like: &CardLike, key: &str) -> Result<Card, Fault> {
        let mut call = write(Method::Post, "/v1/cards", None, key);
        call.body = json(&NewCard { kind, like: body_of(like) })?;
        self.ask(call).await
    }

    /// Changes what a card is like, as a whole.
    pub async fn change_card(
        &self,
        id: &CardId,
        revision: i64,
        like: &CardLike,
        key: &str,
    ) -> Result<Card, Fault> {
        let mut call = write(Method::Put, format!("/v1/cards/{id}"), Some(revision), key);
        call.body = json(&body_of(like))?;
        self.ask(call).await
    }

    /// Gives a card a new code.
    pub async fn rotate_card(
        &self,
        id: &CardId,
        revision: i64,
        leaked: bool,
        key: &str,
    ) -> Result<Card, Fault> {
        let mut call = write(Method::Post, format!("/v1/cards/{id}/rotate"), Some(revision), key);
        call.body = json(&RotateCard { leaked })?;
        self.ask(call).await
    }

    /// Revokes a card. Returns those that are left.
    pub async fn revoke_card(&self, id: &CardId, revision: i64, key: &str) -> Result<Vec<Card>, Fault> {
        let call = write(Method::Delete, format!("/v1/cards/{id}"), Some(revision), key);
        self.ask::<CardList>(call).await.map(|list| list.items)
    }

    /// Tells of an export, so that it stands in the audit log before it is written.
    pub async fn tell_export(&self, export: &NewExport, key: &str) -> Result<ExportReply, Fault> {
        let mut call = write(Method::Post, "/v1/exports", None, key);
        call.body = json(export)?;
        self.ask(call).await
    }

    /// What changed since a `seq`. A `seq` belongs to one company: with another session it would mean
    /// something else, so an unknown session is told instead of replaced.
    pub async fn changes(&self, since: i64) -> Result<Changes, Fault> {
        let body = self.send(get(format!("/v1/changes?since={since}")), OnUnknownSession::Tell).await?;
        serde_json::from_slice(&body).map_err(|_| Fault::Garbled)
    }

    /// The event stream from a `seq` on. An unknown session is told, as for [`changes`](Self::changes).
    pub async fn events(&self, since: i64) -> Result<Pieces, Fault> {
        let way = self.access.way().await?;
        let call = Call { last_event: Some(since), ..get("/v1/events") };
        match way.transport.stream(&way.token, call).await {
            Ok(opened) => match (fault::of_levels(opened.levels), opened.status) {
                (Some(fault), _) => Err(fault),
                (None, 200) => Ok(opened.pieces),
                (None, 401) => Err(Fault::NotSignedIn),
                (None, status) => Err(Fault::Server { status, code: Untrusted::default() }),
            },
            Err(error) => {
                if error == TransportError::Connect {
                    self.access.lost(way.number).await;
                }
                Err(error.into())
            }
        }
    }

    /// Sends any other call, for the few that have no method of their own: the admin's.
    pub async fn call<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        key: Option<&str>,
        body: Option<&(impl Serialize + Sync)>,
    ) -> Result<T, Fault> {
        let mut call = Call { method, key: key.map(str::to_owned), limit: LONG_LIMIT, ..get(path) };
        if let Some(body) = body {
            call.body = json(body)?;
        }
        self.ask(call).await
    }

    /// Takes something away, where nothing comes back.
    pub async fn forget(&self, path: &str) -> Result<(), Fault> {
        let call = Call { method: Method::Delete, ..get(path) };
        self.send(call, OnUnknownSession::Tell).await.map(|_| ())
    }

    /// Ends the token that this client calls with.
    pub async fn sign_out(&self) -> Result<(), Fault> {
        self.forget("/v1/session").await
    }

    /// Begins an import. Returns its number.
    pub async fn begin_import(&self, import: &NewImport) -> Result<i64, Fault> {
        let call = Call { method: Method::Post, body: json(import)?, ..get("/v1/imports") };
        self.ask::<ImportReply>(call).await.map(|reply| reply.id)
    }

    /// Sends rows of an import.
    pub async fn send_rows(&self, import: i64, rows: Bytes) -> Result<ImportRowsReply, Fault> {
        let path = format!("/v1/imports/{import}/rows");
        self.ask(Call { method: Method::Put, body: Body::Rows(rows), ..long(get(path)) }).await
    }

    /// How far an import is.
    pub async fn import_state(&self, import: i64) -> Result<ImportState, Fault> {
        self.ask(get(format!("/v1/imports/{import}"))).await
    }

    /// What applying an import would do.
    pub async fn plan_import(&self, import: i64) -> Result<ImportPlan, Fault> {
        self.ask(long(get(format!("/v1/imports/{import}/plan")))).await
    }

    /// Applies an import.
    pub async fn apply_import(&self, import: i64, order: &ApplyImport, key: &str) -> Result<Applied, Fault> {
        let path = format!("/v1/imports/{import}/apply");
        self.ask(long(Call { body: json(order)?, ..write(Method::Post, path, None, key) })).await
    }

    /// Forgets an import that is not to be applied.
    pub async fn forget_import(&self, import: i64) -> Result<(), Fault> {
        self.forget(&format!("/v1/imports/{import}")).await
    }
}
