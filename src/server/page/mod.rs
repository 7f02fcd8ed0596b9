//! The visitor's pages: no script, no cookie, readable on a phone, in English and Chinese.
//!
//! A card link leads to the namecard; business or personal is asked first; the form leads to a private
//! status page. Whatever is not there looks the same.

mod form;
mod headers;
mod status;
mod views;
mod voice;

use std::convert::Infallible;

use askama::Template;
use axum::Router;
use axum::extract::rejection::QueryRejection;
use axum::extract::{DefaultBodyLimit, FromRequestParts, Path, Query, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Request, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use serde::Deserialize;

use super::App;
use super::respond::Failure;
use super::secrets::{normalise_token, sha256};
use super::store::cards::{self, OpenCard};
use super::store::contacts::Lines;
use crate::api::{Problem, ProblemCode};
use crate::domain::Time;
use crate::formats::{Vcard, VcardVersion};
use crate::i18n::Text;
use crate::text::{SafeText, Untrusted};
use voice::Voice;

/// The pages' style; its hash stands in the content security policy.
pub(crate) const STYLE: &str = include_str!("../../../assets/pages/style.css");

/// Longest body of a form.
const MAX_FORM: usize = 16 * 1024;

/// The routes of the pages. Paths are found without regard to the case of their letters.
pub(super) fn routes() -> Router<App> {
    let mut router = Router::new();
    for prefix in ["/C", "/c"] {
        router = router
            .route(&format!("{prefix}/{{token}}"), get(card).post(form::send))
            .route(&format!("{prefix}/{{token}}/vcard"), get(vcard));
    }
    for prefix in ["/S", "/s"] {
        router = router
            .route(&format!("{prefix}/{{token}}"), get(status::show))
            .route(&format!("{prefix}/{{token}}/withdraw"), post(status::withdraw))
            .route(&format!("{prefix}/{{token}}/answer"), post(status::answer))
            .route(&format!("{prefix}/{{token}}/refuse"), post(status::refuse));
    }
    router.layer(DefaultBodyLimit::max(MAX_FORM)).layer(axum::middleware::map_response(headers::protect))
}

/// Renders a page.
fn render(status: StatusCode, page: &impl Template) -> Response {
    match page.render() {
        Ok(html) => {
            let media = [(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"))];
            (status, media, html).into_response()
        }
        Err(error) => {
            tracing::error!(target: "namecard::page", error = %error, "a page could not be made");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// The token in a path. One that is no text leads nowhere, the same way as an unknown one.
struct Token(String);

impl<S: Send + Sync> FromRequestParts<S> for Token {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        let path = Path::<String>::from_request_parts(parts, state).await;
        Ok(Self(path.map(|Path(token)| token).unwrap_or_default()))
    }
}

/// The answer to a path that is nobody's: the same as to an unknown card.
pub(super) fn nothing(app: &App, headers: &HeaderMap) -> Response {
    headers::protected(not_found(Voice::of(app, headers)))
}

/// Whether a path is one of the pages'.
pub(crate) fn is_page(path: &str) -> bool {
    ["/C/", "/c/", "/S/", "/s/"].iter().any(|prefix| path.starts_with(prefix))
}

/// Who reads a refusal: a visitor a page, in their language; a program a problem.
pub(crate) struct Reader(Option<Voice>);

impl Reader {
    /// Who sent this.
    pub(crate) fn of<B>(app: &App, request: &Request<B>) -> Self {
        Self(is_page(request.uri().path()).then(|| Voice::of(app, request.headers())))
    }

    /// Somebody whose headers were not read.
    pub(crate) fn without_headers(app: &App, page: bool) -> Self {
        Self(page.then(|| Voice::of(app, &HeaderMap::new())))
    }

    /// The refusal.
    pub(crate) fn refuse(&self, problem: &Problem) -> Response {
        match &self.0 {
            Some(voice) => headers::protected(refused(voice.clone(), problem)),
            None => Failure::from(problem.clone()).into_response(),
        }
    }
}

/// The page for everything that is not there: unknown, revoked and expired cards alike.
fn not_found(w: Voice) -> Response {
    let page = views::Message {
        title: w.get(Text::PageNotFoundTitle),
        lines: vec![w.get(Text::PageNotFoundWhy)],
        back: None,
        w,
    };
    render(StatusCode::NOT_FOUND, &page)
}

/// The page for what did not work: a failure of ours, or something sent that no form of ours sends.
fn failed(app: &App, headers: &HeaderMap, failure: &Failure) -> Response {
    match failure {
        Failure::Told(problem) => refused(Voice::of(app, headers), problem),
        Failure::Store(error) => {
            tracing::error!(target: "namecard::page", error = %error, "a page failed");
            refused(Voice::of(app, headers), &Problem::new(ProblemCode::Unavailable))
        }
    }
}

fn refused(w: Voice, problem: &Problem) -> Response {
    let why = match (problem.code, problem.reason.as_deref()) {
        (ProblemCode::Misdirected, _) => Text::PageMisdirectedWhy,
        // A form that is sent again does nothing twice.
        (ProblemCode::Unavailable, Some("slow")) => Text::PageSlowWhy,
        _ if problem.status >= 500 => Text::PageFailedWhy,
        _ => Text::PageRefusedWhy,
    };
    let page = views::Message { title: w.get(Text::PageFailedTitle), lines: vec![w.get(why)], back: None, w };
    let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = render(status, &page);
    if problem.code == ProblemCode::Unavailable {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    }
    response
}

/// Opens the card that a token leads to, if it is live.
async fn open(app: &App, token: &str) -> Result<Option<OpenCard>, Failure> {
    Ok(open_for_form(app, token, app.now()).await?.filter(|card| !card.spent))
}

/// Opens the card that a token leads to, if its code was live at `at` and later, although it may be used up.
async fn open_for_form(app: &App, token: &str, at: Time) -> Result<Option<OpenCard>, Failure> {
    // A token of the wrong form is looked up as well: it takes the same way as an unknown one.
    let token = normalise_token(token).unwrap_or_default();
    let mut read = app.store().read().await?;
    let card = cards::open(read.conn(), &sha256(token.as_bytes()), at).await?;
    Ok(card.filter(|card| !card.hidden))
}

/// The numbers and addresses that a card shows.
async fn lines(app: &App, card: &OpenCard) -> Result<Lines, Failure> {
    let mut read = app.store().read().await?;
    Ok(super::cards::lines(&mut read, (card.company, card.member), card.card, app.now()).await?)
}

/// What the first page asks: business or personal.
#[derive(Debug, Default, Deserialize)]
struct CardQuery {
    #[serde(rename = "for", default)]
    purpose: String,
}

async fn card(
    State(app): State<App>,
    Token(token): Token,
    query: Result<Query<CardQuery>, QueryRejection>,
    headers: HeaderMap,
) -> Response {
    let card = match open(&app, &token).await {
        Ok(Some(card)) => card,
        Ok(None) => return not_found(Voice::of(&app, &headers)),
        Err(failure) => return failed(&app, &headers, &failure),
    };
    let w = Voice::of(&app, &headers);
    let path = path_of(&token);
    let query = query.map(|Query(query)| query).unwrap_or_default();
    match query.purpose.as_str() {
        "business" => match form::fresh(&app, &w, &card, &path).await {
            Ok(response) => response,
            Err(failure) => failed(&app, &headers, &failure),
        },
        "personal" => {
            let (name, company) = (card.name.whole(), card.company_name.whole());
            let page = views::Message {
                title: w.get(Text::PagePersonalTitle),
                lines: vec![
                    w.fill(Text::PagePersonalWhy, &[("name", name), ("company", company)]),
                    w.get(Text::PagePersonalInstead),
                    w.get(Text::PageNothingKept),
                ],
                back: Some(path),
                w,
            };
            render(StatusCode::OK, &page)
        }
        _ => match lines(&app, &card).await {
            Ok(shown) => render(
                StatusCode::OK,
                &views::Card {
                    name: card.name.whole(),
                    title: card.title.as_ref().map(|title| title.whole()),
                    company: card.company_name.whole(),
                    phones: shown.phones.iter().map(Untrusted::whole).collect(),
                    emails: shown.emails.iter().map(Untrusted::whole).collect(),
                    path,
                    local_only: app.address().local_only,
                    w,
                },
            ),
            Err(failure) => failed(&app, &headers, &failure),
        },
    }
}

/// The path of a card's page. The token has the form of one, or there was no page.
fn path_of(token: &str) -> String {
    format!("/C/{}", normalise_token(token).unwrap_or_default())
}

async fn vcard(State(app): State<App>, Token(token): Token, headers: HeaderMap) -> Response {
    let card = match open(&app, &token).await {
        Ok(Some(card)) => card,
        Ok(None) => return not_found(Voice::of(&app, &headers)),
        Err(failure) => return failed(&app, &headers, &failure),
    };
    let shown = match lines(&app, &card).await {
        Ok(shown) => shown,
        Err(failure) => return failed(&app, &headers, &failure),
    };
    let (name, company) = (card.name.whole(), card.company_name.whole());
    let title = card.title.as_ref().map(|title| title.whole());
    let (phones, emails): (Vec<SafeText>, Vec<SafeText>) = (
        shown.phones.iter().map(Untrusted::whole).collect(),
        shown.emails.iter().map(Untrusted::whole).collect(),
    );
    // Exactly what the page shows.
    let file = Vcard {
        name: name.as_str(),
        company: Some(company.as_str()),
        title: title.as_ref().map(|title| title.as_str()),
        phones: phones.iter().map(|phone| (None, phone.as_str())).collect(),
        emails: emails.iter().map(SafeText::as_str).collect(),
        ..Vcard::default()
    }
    .write(VcardVersion::V3);
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/vcard; charset=utf-8")),
        (header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=\"namecard.vcf\"")),
    ];
    (headers, file).into_response()
}
