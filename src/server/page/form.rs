//! The form: drawn, checked, sent.
//!
//! A hidden field holds the time it was given out, 16 random bytes, and a seal over both and the card.
//! It is the form's idempotency key: sent again with the same content it leads to the same status page.

use std::time::Duration;

use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Redirect, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use unicode_segmentation::UnicodeSegmentation as _;

use super::voice::Voice;
use super::{Token, failed, not_found, open_for_form, path_of, render, views};
use crate::api::{Problem, ProblemCode};
use crate::domain::{
    Requester, RequesterKind, Time, VerdictCode, is_mail_address, normalise_block, normalise_line,
};
use crate::i18n::Text;
use crate::server::approvals::{self, Submission, Submitted};
use crate::server::respond::{Failure, body_rejected};
use crate::server::secrets::{CardKey, random, same, sha256};
use crate::server::store::cards::OpenCard;
use crate::server::store::{StoreError, policies};
use crate::server::{App, ids};
use crate::text::{SafeText, Untrusted, fits, is_readable, sanitise_line};

/// Nobody fills the form in less.
const LEAST: Duration = Duration::from_secs(3);
/// After this time it has to be given out anew.
const MOST: Duration = Duration::from_secs(30 * 60);

/// What a field may hold.
struct Rule {
    name: &'static str,
    label: Text,
    kind: &'static str,
    autocomplete: &'static str,
    graphemes: usize,
    bytes: usize,
    lines: usize,
    required: bool,
}

const fn rule(
    name: &'static str,
    label: Text,
    kind: &'static str,
    autocomplete: &'static str,
    limits: (usize, usize, usize),
    required: bool,
) -> Rule {
    Rule { name, label, kind, autocomplete, graphemes: limits.0, bytes: limits.1, lines: limits.2, required }
}

const RULES: [Rule; 7] = [
    rule("name", Text::PageFieldName, "text", "name", (64, 256, 1), true),
    rule("company", Text::PageFieldCompany, "text", "organization", (80, 320, 1), false),
    rule("title", Text::PageFieldTitle, "text", "organization-title", (60, 240, 1), false),
    rule("email", Text::PageFieldEmail, "email", "email", (254, 254, 1), false),
    rule("phone", Text::PageFieldPhone, "tel", "tel", (20, 20, 1), false),
    rule("purpose", Text::PageFieldPurpose, "text", "off", (200, 1_000, 1), true),
    rule("message", Text::PageFieldMessage, "text", "off", (300, 2_000, 6), false),
];

/// Longest grapheme of a one-line field, and marks on one letter.
const MAX_GRAPHEME_BYTES: usize = 40;

/// A field as it was sent.
#[derive(Clone, Debug, Default)]
struct Sent {
    value: String,
    error: Option<Text>,
}

/// What a form held.
#[derive(Clone, Debug, Default)]
struct Filled {
    fields: [Sent; RULES.len()],
    form: String,
    trap: bool,
}

impl Filled {
    fn value(&self, name: &str) -> &str {
        let at = RULES.iter().position(|rule| rule.name == name);
        at.and_then(|at| self.fields.get(at)).map_or("", |sent| sent.value.as_str())
    }

    fn set_error(&mut self, name: &str, error: Text) {
        let at = RULES.iter().position(|rule| rule.name == name);
        if let Some(sent) = at.and_then(|at| self.fields.get_mut(at)) {
            sent.error.get_or_insert(error);
        }
    }

    fn is_good(&self) -> bool {
        self.fields.iter().all(|sent| sent.error.is_none())
    }

    /// Tells this content from another one.
    fn hash(&self) -> [u8; 32] {
        let mut bytes = Vec::new();
        for sent in &self.fields {
            bytes.extend_from_slice(&(sent.value.len() as u64).to_be_bytes());
            bytes.extend_from_slice(sent.value.as_bytes());
        }
        sha256(&bytes)
    }

    fn requester(&self) -> Requester {
        let some = |name: &str| Some(Untrusted::from(self.value(name))).filter(|value| !value.is_empty());
        Requester {
            kind: RequesterKind::Visitor,
            member: None,
            verified: false,
            name: self.value("name").into(),
            company: some("company"),
            title: some("title"),
            email: some("email"),
            phone: some("phone"),
        }
    }
}

/// Reads and checks a body. Every fault is found at once; what was wrong is not shown again.
fn read(body: &[u8]) -> Filled {
    let mut filled = Filled::default();
    for (name, value) in form_pairs(body) {
        match name.as_str() {
            "form" => filled.form = String::from_utf8(value).unwrap_or_default(),
            "website" => filled.trap = !value.is_empty(),
            _ => {
                let Some(at) = RULES.iter().position(|rule| rule.name == name) else { continue };
                let (Some(rule), Some(sent)) = (RULES.get(at), filled.fields.get_mut(at)) else { continue };
                match check(rule, value) {
                    Ok(value) => *sent = Sent { value, error: None },
                    Err(error) => *sent = Sent { value: String::new(), error: Some(error) },
                }
            }
        }
    }
    for (rule, sent) in RULES.iter().zip(&mut filled.fields) {
        if rule.required && sent.value.is_empty() {
            sent.error.get_or_insert(Text::PageErrorMissing);
        }
    }
    if filled.fields.iter().all(|sent| sent.error.is_none())
        && filled.value("email").is_empty()
        && filled.value("phone").is_empty()
    {
        filled.set_error("email", Text::PageOneOfTwo);
    }
    filled
}

/// `application/x-www-form-urlencoded`, with values as bytes: whether they are text is checked later.
pub(super) fn form_pairs(body: &[u8]) -> Vec<(String, Vec<u8>)> {
    body.split(|b| *b == b'&')
        .filter(|pair| !pair.is_empty())
        .take(64)
        .map(|pair| {
            let mut halves = pair.splitn(2, |b| *b == b'=');
            let name = percent_decode(halves.next().unwrap_or_default());
            let value = percent_decode(halves.next().unwrap_or_default());
            (String::from_utf8(name).unwrap_or_default(), value)
        })
        .collect()
}

fn percent_decode(text: &[u8]) -> Vec<u8> {
    let hex = |at: usize| text.get(at).and_then(|b| char::from(*b).to_digit(16));
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    while let Some(b) = text.get(at) {
        at += 1;
        match (b, hex(at), hex(at + 1)) {
            (b'+', ..) => out.push(b' '),
            (b'%', Some(high), Some(low)) => {
                out.push(u8::try_from(high * 16 + low).unwrap_or_default());
                at += 2;
            }
            _ => out.push(*b),
        }
    }
    out
}

/// Normalises a value and checks it against its rule.
fn check(rule: &Rule, value: Vec<u8>) -> Result<String, Text> {
    let text = String::from_utf8(value).map_err(|_| Text::PageErrorUnreadable)?;
    if text.contains('\0') {
        return Err(Text::PageErrorUnreadable);
    }
    let text = if rule.lines == 1 { normalise_line(&text) } else { normalise_block(&text) };
    if text.is_empty() {
        return Ok(text);
    }
    if !fits(&text, rule.graphemes, rule.bytes) || text.lines().count() > rule.lines {
        return Err(Text::PageErrorTooLong);
    }
    if rule.lines == 1 && !graphemes_are_bounded(&text) || mostly_hidden(&text) {
        return Err(Text::PageErrorUnreadable);
    }
    match rule.name {
        "name" if !is_readable(&text) => Err(Text::PageErrorUnreadable),
        "email" if !is_mail_address(&text) => Err(Text::PageErrorEmail),
        "phone" if !is_phone(&text) => Err(Text::PageErrorPhone),
        _ => Ok(text),
    }
}

fn is_phone(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit() || b" +-()".contains(&b))
        && text.bytes().any(|b| b.is_ascii_digit())
}

fn graphemes_are_bounded(text: &str) -> bool {
    text.graphemes(true).all(|grapheme| {
        let marks = grapheme.chars().filter(|c| unicode_normalization::char::is_combining_mark(*c)).count();
        grapheme.len() <= MAX_GRAPHEME_BYTES && marks <= 4
    })
}

/// More than a fifth of it is invisible.
fn mostly_hidden(text: &str) -> bool {
    let hidden = text
        .chars()
        .filter(|c| !c.is_ascii() && sanitise_line(c.encode_utf8(&mut [0; 4])).starts_with("<U+"))
        .count();
    hidden * 5 > text.chars().count()
}

/// The hidden field of a form given out now.
fn seal(key: &CardKey, card: &OpenCard, now: Time, bytes: [u8; 16]) -> String {
    let time = now.as_micros().to_be_bytes();
    let mac = key.mac("form", &[card.card_id.as_str().as_bytes(), &time, &bytes]);
    let mut all = time.to_vec();
    all.extend_from_slice(&bytes);
    all.extend_from_slice(&mac);
    URL_SAFE_NO_PAD.encode(all)
}

/// When a form was given out, and its random bytes; none when its seal is not ours.
fn unseal(key: &CardKey, card: &OpenCard, form: &str) -> Option<(Time, [u8; 16])> {
    let all = URL_SAFE_NO_PAD.decode(form).ok()?;
    let (time, rest) = all.split_first_chunk::<8>()?;
    let (bytes, mac) = rest.split_first_chunk::<16>()?;
    let expected = key.mac("form", &[card.card_id.as_str().as_bytes(), time, bytes]);
    same(mac, &expected).then(|| (Time::from_micros(i64::from_be_bytes(*time)), *bytes))
}

/// A form given out now, empty or with what was sent.
async fn give_out(
    app: &App,
    w: &Voice,
    card: &OpenCard,
    path: &str,
    notice: Option<Text>,
    filled: Option<&Filled>,
    keep_form: bool,
) -> Result<Response, Failure> {
    let form = match filled.filter(|_| keep_form) {
        Some(filled) => filled.form.clone(),
        None => seal(app.card_key(), card, app.now(), random().map_err(StoreError::from)?),
    };
    let mut read = app.store().read().await?;
    let policy = read.policy(card.company).await?;
    let subject = policies::subject(read.conn(), card.member).await?;
    let days = policy.of(&subject, app.now()).request_life().as_secs() / (24 * 3600);
    let bad = filled.is_some_and(|filled| !filled.is_good());
    let fields = RULES
        .iter()
        .enumerate()
        .map(|(at, rule)| {
            let sent = filled.and_then(|filled| filled.fields.get(at));
            views::Field {
                name: rule.name,
                label: rule.label,
                kind: rule.kind,
                autocomplete: rule.autocomplete,
                max: rule.graphemes * 2,
                long: rule.lines > 1,
                optional: !rule.required && !matches!(rule.name, "email" | "phone"),
                value: sent.map_or(SafeText::default(), |sent| shown(rule, &sent.value)),
                error: sent.and_then(|sent| sent.error),
            }
        })
        .collect();
    let page = views::Form {
        w: w.clone(),
        name: card.name.whole(),
        company: card.company_name.whole(),
        days: SafeText::number(days),
        path: path.to_owned(),
        notice: notice.or(bad.then_some(Text::PageErrorsTitle)),
        fields,
        form,
    };
    Ok(render(if bad { StatusCode::BAD_REQUEST } else { StatusCode::OK }, &page))
}

/// A value to go on with. One that would not look the way it is has to be typed anew; line breaks of
/// the message are the only signs that the sanitiser changes and a text area shows as they are.
fn shown(rule: &Rule, value: &str) -> SafeText {
    if rule.lines == 1 {
        let clean = SafeText::clean(value);
        return if clean.as_str() == value { clean } else { SafeText::default() };
    }
    let lines: Vec<SafeText> = value.lines().map(SafeText::clean).collect();
    if lines.iter().map(SafeText::as_str).eq(value.lines()) {
        SafeText::lines(&lines)
    } else {
        SafeText::default()
    }
}

/// An empty form.
pub(super) async fn fresh(app: &App, w: &Voice, card: &OpenCard, path: &str) -> Result<Response, Failure> {
    give_out(app, w, card, path, None, None, false).await
}

/// A form comes in.
pub(super) async fn send(
    State(app): State<App>,
    Token(token): Token,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let body = match body {
        Ok(body) => body,
        Err(rejection) => return failed(&app, &headers, &body_rejected(&rejection).into()),
    };
    match receive(&app, &token, &headers, &body).await {
        Ok(response) => response,
        Err(failure) => failed(&app, &headers, &failure),
    }
}

async fn receive(app: &App, token: &str, headers: &HeaderMap, body: &[u8]) -> Result<Response, Failure> {
    let w = Voice::of(app, headers);
    // A form that was given out on a live code stays good for its time, although the code has ended.
    let Some(card) = open_for_form(app, token, app.now().before(MOST)).await? else {
        return Ok(not_found(w));
    };
    let path = path_of(token);
    let is_form = headers
        .get(header::CONTENT_TYPE)
        .and_then(|media| media.to_str().ok())
        .is_some_and(|media| media.starts_with("application/x-www-form-urlencoded"));
    if !is_form {
        return Err(Problem::new(ProblemCode::MediaType).into());
    }
    let filled = read(body);
    if filled.trap {
        // Somebody who fills what nobody sees: answered like a repeated request.
        return Ok(asked_before(&w, &path));
    }
    let form = unseal(app.card_key(), &card, &filled.form);
    if card.spent {
        // Whoever made the last use may send it again; for everybody else the card is not there.
        let sent = match &form {
            Some((_, bytes)) => was_sent(app, &sha256(bytes)).await?,
            None => false,
        };
        if !sent {
            return Ok(not_found(w));
        }
    }
    let Some((given_out, bytes)) = form.filter(|(given_out, _)| *given_out < card.expires) else {
        return another(app, &w, &card, &path, Text::PageFormOld, &filled).await;
    };
    if !filled.is_good() {
        return give_out(app, &w, &card, &path, None, Some(&filled), true).await;
    }
    let status_token = app.card_key().status_token(&card.card_id, &bytes);
    let age = app.now().since(given_out);
    let form_hash = sha256(&bytes);
    if app.0.form_waits && !was_sent(app, &form_hash).await? {
        if age < LEAST {
            return give_out(app, &w, &card, &path, Some(Text::PageFormEarly), Some(&filled), true).await;
        }
        if age > MOST {
            return another(app, &w, &card, &path, Text::PageFormOld, &filled).await;
        }
    }
    let submission = Submission {
        card: &card,
        requester: filled.requester(),
        purpose: filled.value("purpose").to_owned(),
        message: Some(filled.value("message").to_owned()).filter(|message| !message.is_empty()),
        form_hash,
        body_hash: filled.hash(),
        status_hash: sha256(status_token.as_bytes()),
    };
    let outcome = match keep(app, submission).await {
        Ok(outcome) => outcome,
        Err(Failure::Store(error)) => return not_kept(app, &w, &card, &path, &filled, error).await,
        Err(failure) => return Err(failure),
    };
    match outcome {
        Submitted::Waiting => Ok(Redirect::to(&format!("/s/{status_token}")).into_response()),
        Submitted::FormReused => another(app, &w, &card, &path, Text::PageFormReused, &filled).await,
        Submitted::AskedBefore => Ok(asked_before(&w, &path)),
        Submitted::Ended => Ok(not_found(w)),
        Submitted::Refused(verdict) => match verdict.code {
            VerdictCode::Colleague => Ok(colleague(&w, &card, path)),
            code => {
                // What they can mend is said at its field; all else looks the same, a block among it.
                let (field, error) = match code {
                    VerdictCode::PurposeRequired => ("purpose", Text::PageErrorMissing),
                    VerdictCode::PersonalNotServed => ("email", Text::PageErrorPersonal),
                    _ => return Ok(not_taken(&w, &card, path)),
                };
                let mut filled = filled;
                filled.set_error(field, error);
                give_out(app, &w, &card, &path, None, Some(&filled), true).await
            }
        },
    }
}

async fn keep(app: &App, submission: Submission<'_>) -> Result<Submitted, Failure> {
    let mut tx = app.write().await?;
    let outcome = approvals::submit(&mut tx, submission, &ids::call(app.now())).await?;
    tx.commit().await?;
    Ok(outcome)
}

/// The store failed: the same form with what was typed, to be sent again.
async fn not_kept(
    app: &App,
    w: &Voice,
    card: &OpenCard,
    path: &str,
    filled: &Filled,
    error: StoreError,
) -> Result<Response, Failure> {
    tracing::error!(target: "namecard::page", error = %error, "a request was not kept");
    let status = match error {
        StoreError::Full => StatusCode::INSUFFICIENT_STORAGE,
        _ => StatusCode::SERVICE_UNAVAILABLE,
    };
    let mut response = give_out(app, w, card, path, Some(Text::PageNotKept), Some(filled), true).await?;
    *response.status_mut() = status;
    Ok(response)
}

/// The same words in a form with another key. A code that has ended gives none out.
async fn another(
    app: &App,
    w: &Voice,
    card: &OpenCard,
    path: &str,
    notice: Text,
    filled: &Filled,
) -> Result<Response, Failure> {
    if card.expires <= app.now() {
        return Ok(not_found(w.clone()));
    }
    give_out(app, w, card, path, Some(notice), Some(filled), false).await
}

async fn was_sent(app: &App, form_hash: &[u8; 32]) -> Result<bool, Failure> {
    let mut read = app.store().read().await?;
    Ok(crate::server::store::requests::body_of_form(read.conn(), form_hash).await?.is_some())
}

fn asked_before(w: &Voice, path: &str) -> Response {
    let page = views::Message {
        title: w.get(Text::PageAskedTitle),
        lines: vec![w.get(Text::PageAskedWhy)],
        back: Some(path.to_owned()),
        w: w.clone(),
    };
    render(StatusCode::OK, &page)
}

fn not_taken(w: &Voice, card: &OpenCard, path: String) -> Response {
    let values = [("company", card.company_name.whole()), ("name", card.name.whole())];
    let page = views::Message {
        title: w.get(Text::PageNotTakenTitle),
        lines: vec![w.fill(Text::PageNotTakenWhy, &values), w.get(Text::PageNothingKept)],
        back: Some(path),
        w: w.clone(),
    };
    render(StatusCode::FORBIDDEN, &page)
}

fn colleague(w: &Voice, card: &OpenCard, path: String) -> Response {
    let values = [("company", card.company_name.whole()), ("name", card.name.whole())];
    let page = views::Message {
        title: w.get(Text::PageColleagueTitle),
        lines: vec![w.fill(Text::PageColleagueWhy, &values), w.get(Text::PageNothingKept)],
        back: Some(path),
        w: w.clone(),
    };
    render(StatusCode::OK, &page)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{RULES, read};
    use crate::i18n::Text;

    fn error(body: &str, field: &str) -> Option<Text> {
        let filled = read(body.as_bytes());
        let at = RULES.iter().position(|rule| rule.name == field).unwrap();
        filled.fields[at].error
    }

    #[test]
    fn a_good_form_has_no_faults() {
        let filled = read(
            "name=%E5%BC%A0+%E4%B8%89&email=a%40b.example&purpose=fair&message=a%0D%0Ab&form=x".as_bytes(),
        );
        assert!(filled.is_good());
        assert_eq!((filled.value("name"), filled.value("message")), ("张 三", "a\nb"));
    }

    #[test]
    fn every_fault_is_named() {
        let long = "x".repeat(65);
        for (body, field, expected) in [
            ("", "name", Text::PageErrorMissing),
            ("name=a&email=a%40b.c", "purpose", Text::PageErrorMissing),
            (&*format!("name={long}"), "name", Text::PageErrorTooLong),
            ("name=%FF", "name", Text::PageErrorUnreadable),
            ("name=a%00b", "name", Text::PageErrorUnreadable),
            ("name=--", "name", Text::PageErrorUnreadable),
            ("name=a%E2%80%AE", "name", Text::PageErrorUnreadable),
            ("name=a%CC%81%CC%81%CC%81%CC%81%CC%81%CC%81", "name", Text::PageErrorUnreadable),
            ("email=nobody", "email", Text::PageErrorEmail),
            ("phone=call+me", "phone", Text::PageErrorPhone),
            ("message=1%0A2%0A3%0A4%0A5%0A6%0A7", "message", Text::PageErrorTooLong),
            ("name=a&purpose=b", "email", Text::PageOneOfTwo),
        ] {
            assert_eq!(error(body, field), Some(expected), "{body}");
        }
    }

    proptest! {
        #[test]
        fn any_body_is_read_without_a_panic(body in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = read(&body);
        }

        #[test]
        fn what_was_typed_comes_out(name in "[a-zA-Z 张伟]{1,20}[a-z]") {
            let encoded: String = name.bytes().map(|b| format!("%{b:02X}")).collect();
            let filled = read(format!("name={encoded}").as_bytes());
            prop_assert_eq!(filled.value("name"), crate::domain::normalise_line(&name));
        }
    }
}
