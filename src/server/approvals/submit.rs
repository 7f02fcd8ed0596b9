//! A visitor's request comes in.

use std::time::Duration;

use super::EXPIRED;
use crate::api::EventKind;
use crate::domain::{RequestId, Requester, Verdict, VerdictCode};
use crate::search::fold;
use crate::server::ids;
use crate::server::policy::{self, VisitorAsks};
use crate::server::secrets::Hash;
use crate::server::store::cards::OpenCard;
use crate::server::store::outbox::Touched;
use crate::server::store::requests::{self, NewRequest};
use crate::server::store::{Write, audit, outbox};

/// For so long a second request of the same address on the same card is not a new one.
const ONCE_IN: Duration = Duration::from_secs(24 * 3600);

/// What a visitor sends.
#[derive(Clone, Debug)]
pub(crate) struct Submission<'a> {
    pub(crate) card: &'a OpenCard,
    pub(crate) requester: Requester,
    pub(crate) purpose: String,
    pub(crate) message: Option<String>,
    /// Hash of the form's random bytes: the form is its own idempotency key.
    pub(crate) form_hash: Hash,
    /// Hash of everything that was typed.
    pub(crate) body_hash: Hash,
    /// Hash of the token of the status page that this form leads to.
    pub(crate) status_hash: Hash,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Submitted {
    /// A request was written, or had been written by the same form with the same content.
    Waiting,
    /// The form was sent before with other content.
    FormReused,
    /// The same address asked the same card a short while ago. Nothing was written, and nothing says
    /// whose request the other one is.
    AskedBefore,
    /// The policy says no. Nothing was written.
    Refused(Verdict),
}

/// Writes a visitor's request, once.
pub(crate) async fn submit(
    tx: &mut Write,
    submission: Submission<'_>,
    call: &str,
) -> Result<Submitted, super::ApprovalError> {
    let card = submission.card;
    if let Some(before) = requests::body_of_form(tx.conn(), &submission.form_hash).await? {
        let same = before == submission.body_hash;
        return Ok(if same { Submitted::Waiting } else { Submitted::FormReused });
    }
    let policy = policy::effective(tx.conn(), card.company).await?;
    let email = submission.requester.email.as_ref().map(|e| e.as_data()).unwrap_or_default();
    let verdict = policy::visitor_may_ask(
        &policy,
        VisitorAsks {
            personal: false,
            email,
            purpose: &submission.purpose,
            company_domain: card.company_domain.as_ref().map(|d| d.as_data()),
        },
    );
    if verdict.code != VerdictCode::AllowedNamecard {
        return Ok(Submitted::Refused(verdict));
    }
    let now = tx.now();
    let email_key = Some(fold(email)).filter(|key| !key.is_empty());
    let phone_key = submission.requester.phone.as_ref().map(|phone| digits(phone.as_data()));
    let phone_key = phone_key.filter(|key| !key.is_empty());
    if requests::asked_since(
        tx.conn(),
        card.card,
        email_key.as_deref(),
        phone_key.as_deref(),
        now.before(ONCE_IN),
    )
    .await?
    {
        return Ok(Submitted::AskedBefore);
    }
    let id: RequestId = ids::request(now);
    let expires = now.after(policy.rules.request_life());
    requests::add(
        tx,
        NewRequest {
            company: card.company,
            id: &id,
            target: card.member,
            requester: &submission.requester,
            email_key: email_key.as_deref(),
            phone_key: phone_key.as_deref(),
            purpose: &submission.purpose,
            message: submission.message.as_deref(),
            card: card.card,
            card_label: card.label.as_ref().map(|label| label.as_data()),
            expires,
            verdict: &verdict,
            status_hash: &submission.status_hash,
            form_hash: &submission.form_hash,
            body_hash: &submission.body_hash,
        },
    )
    .await?;
    let object = Touched {
        company: card.company,
        kind: EventKind::Request,
        id: id.as_str(),
        member: Some(card.member),
        revision: 1,
    };
    outbox::expect(tx, object, EXPIRED, expires).await?;
    outbox::changed(tx, object).await?;
    audit::add(
        tx,
        audit::Entry {
            company: card.company,
            actor: "visitor",
            action: "request.submit",
            object: id.as_str(),
            old_state: None,
            new_state: Some("pending"),
            policy_version: Some(policy.version),
            call,
        },
    )
    .await?;
    Ok(Submitted::Waiting)
}

/// The digits that tell a number: without a leading `00`, which stands for `+`.
fn digits(phone: &str) -> String {
    let digits: String = phone.chars().filter(char::is_ascii_digit).collect();
    digits.strip_prefix("00").map(str::to_owned).unwrap_or(digits)
}
