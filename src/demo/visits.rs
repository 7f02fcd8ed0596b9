//! What a visitor does in a browser: fills in the form of a card, and takes the request back.

use axum::body::Body;
use axum::http::{Request, StatusCode, header};

use super::DemoError;
use super::cast::Visitor;
use super::web::Web;

impl Web {
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
}

fn encode(value: &str) -> String {
    value.bytes().map(|b| format!("%{b:02X}")).collect()
}
