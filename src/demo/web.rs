//! The doors that the made-up world comes in by: the public API and the visitor's pages.

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{Request, Response, StatusCode, header};
use http_body_util::BodyExt as _;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tower::ServiceExt as _;

use super::DemoError;
use super::cast::Visitor;
use crate::api::{EnsureCard, IDEMPOTENCY_KEY, NDJSON, NewSession, Page, RemarkBody, SessionReply};
use crate::domain::{Card, CompanyId, Contact, Decision, MemberId, Request as Asked};

/// A server's router, and the token by which its companies are made.
pub(super) struct Web {
    router: Router,
    operator: String,
}

struct Answer {
    status: StatusCode,
    location: String,
    body: Bytes,
}

impl Web {
    pub(super) fn new(router: Router, operator: &str) -> Self {
        Self { router, operator: operator.to_owned() }
    }

    async fn send(&self, what: &'static str, request: Request<Body>) -> Result<Answer, DemoError> {
        let broken = DemoError::Answer { what, status: 0 };
        let response: Response<Body> = match self.router.clone().oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        };
        let status = response.status();
        let location =
            response.headers().get(header::LOCATION).and_then(|l| l.to_str().ok()).unwrap_or_default();
        let location = location.to_owned();
        let body = response.into_body().collect().await.map_err(|_| broken)?.to_bytes();
        Ok(Answer { status, location, body })
    }

    async fn call<T: DeserializeOwned>(
        &self,
        what: &'static str,
        token: &str,
        method: &str,
        path: &str,
        headers: &[(&str, String)],
        body: Option<(&str, Vec<u8>)>,
    ) -> Result<T, DemoError> {
        let mut request = Request::builder().method(method).uri(path);
        request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        let body = match body {
            Some((media, body)) => {
                request = request.header(header::CONTENT_TYPE, media);
                Body::from(body)
            }
            None => Body::empty(),
        };
        let request = request.body(body).map_err(|_| DemoError::Answer { what, status: 0 })?;
        let answer = self.send(what, request).await?;
        if answer.status != StatusCode::OK {
            return Err(DemoError::Answer { what, status: answer.status.as_u16() });
        }
        Ok(serde_json::from_slice(&answer.body)?)
    }

    /// A call of the operator.
    pub(super) async fn operate<T: DeserializeOwned>(
        &self,
        method: &str,
        path: &str,
        key: Option<&str>,
        body: &(impl Serialize + Sync),
    ) -> Result<T, DemoError> {
        let headers: Vec<_> = key.map(|key| (IDEMPOTENCY_KEY, key.to_owned())).into_iter().collect();
        let body = Some(("application/json", serde_json::to_vec(body)?));
        self.call("making a company", &self.operator, method, path, &headers, body).await
    }

    /// Rows of an import.
    pub(super) async fn send_rows<T: DeserializeOwned>(
        &self,
        path: &str,
        lines: String,
    ) -> Result<T, DemoError> {
        self.call("sending people", &self.operator, "PUT", path, &[], Some((NDJSON, lines.into_bytes())))
            .await
    }

    /// A member signs in.
    pub(super) async fn sign_in(&self, company: &str, member: &str) -> Result<String, DemoError> {
        let body =
            NewSession { company: Some(CompanyId::new(company)?), member: Some(MemberId::new(member)?) };
        let made: SessionReply = self.operate("POST", "/v1/sessions", None, &body).await?;
        Ok(made.token)
    }

    /// The path of a member's card page.
    pub(super) async fn card(&self, token: &str) -> Result<String, DemoError> {
        let body = Some(("application/json", serde_json::to_vec(&EnsureCard {})?));
        let card: Card = self.call("making a card", token, "PUT", "/v1/card", &[], body).await?;
        Ok(card.link.split_once("/C/").map_or_else(String::new, |(_, code)| format!("/C/{code}")))
    }

    /// A visitor fills in the form of a card. Returns the path of their status page.
    pub(super) async fn ask(&self, card: &str, visitor: &Visitor) -> Result<String, DemoError> {
        let what = "a visitor asking";
        let broken = |status| DemoError::Answer { what, status };
        let page = Request::get(format!("{card}?for=business")).body(Body::empty()).map_err(|_| broken(0))?;
        let page = self.send(what, page).await?;
        let text = String::from_utf8_lossy(&page.body);
        let form = text
            .split_once("name=\"form\" value=\"")
            .and_then(|(_, rest)| rest.split('"').next())
            .ok_or_else(|| broken(page.status.as_u16()))?;
        let fields = [
            ("name", visitor.name.as_str()),
            ("company", &visitor.company),
            ("title", &visitor.title),
            ("email", &visitor.email),
            ("phone", &visitor.phone),
            ("purpose", &visitor.purpose),
            ("message", &visitor.message),
            ("form", form),
        ];
        let body: Vec<String> =
            fields.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect();
        let sent = Request::post(card)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(body.join("&")))
            .map_err(|_| broken(0))?;
        let answer = self.send(what, sent).await?;
        if answer.status != StatusCode::SEE_OTHER {
            return Err(broken(answer.status.as_u16()));
        }
        Ok(answer.location)
    }

    /// A visitor takes a request back.
    pub(super) async fn withdraw(&self, status_path: &str) -> Result<(), DemoError> {
        let what = "a visitor withdrawing";
        let request = Request::post(format!("{status_path}/withdraw")).body(Body::empty());
        let answer = self.send(what, request.map_err(|_| DemoError::Answer { what, status: 0 })?).await?;
        let status = answer.status.as_u16();
        if answer.status == StatusCode::SEE_OTHER { Ok(()) } else { Err(DemoError::Answer { what, status }) }
    }

    /// A member decides the request of a visitor. `key` tells decisions apart.
    pub(super) async fn decide(
        &self,
        token: &str,
        key: &str,
        visitor: &Visitor,
        decision: &Decision,
    ) -> Result<(), DemoError> {
        let what = "deciding";
        let mut after = String::new();
        loop {
            let path = format!("/v1/requests?state=pending&box=incoming&limit=100&after={after}");
            let waiting: Page<Asked> = self.call(what, token, "GET", &path, &[], None).await?;
            if let Some(request) = waiting.items.iter().find(|request| is_from(request, visitor)) {
                let headers =
                    [("if-match", format!("\"{}\"", request.revision)), (IDEMPOTENCY_KEY, key.to_owned())];
                let body = Some(("application/json", serde_json::to_vec(decision)?));
                let path = format!("/v1/requests/{}/decision", request.id);
                let _: Asked = self.call(what, token, "POST", &path, &headers, body).await?;
                return Ok(());
            }
            after = waiting.next.ok_or(DemoError::Answer { what, status: 404 })?;
        }
    }

    /// A member notes something about the newest contact.
    pub(super) async fn remark_newest(&self, token: &str) -> Result<(), DemoError> {
        let what = "writing a remark";
        let contacts: Page<Contact> =
            self.call(what, token, "GET", "/v1/contacts?limit=500", &[], None).await?;
        let Some(contact) = contacts.items.iter().max_by_key(|contact| contact.since) else { return Ok(()) };
        let remark = contact.source.card_label.clone().unwrap_or_else(|| "展会认识 / met at the fair".into());
        let headers = [
            ("if-match", format!("\"{}\"", contact.revision)),
            (IDEMPOTENCY_KEY, format!("{}-{}", contact.id, contact.revision)),
        ];
        let body = Some(("application/json", serde_json::to_vec(&RemarkBody { remark, description: None })?));
        let path = format!("/v1/contacts/{}/remark", contact.id);
        let _: serde_json::Value = self.call(what, token, "PUT", &path, &headers, body).await?;
        Ok(())
    }
}

/// Addresses and numbers of visitors are all different.
fn is_from(request: &Asked, visitor: &Visitor) -> bool {
    let data = |text: &Option<crate::text::Untrusted>| {
        text.as_ref().map(|t| t.as_data().to_owned()).unwrap_or_default()
    };
    data(&request.requester.email) == visitor.email && data(&request.requester.phone) == visitor.phone
}

fn encode(value: &str) -> String {
    value.bytes().map(|b| format!("%{b:02X}")).collect()
}
