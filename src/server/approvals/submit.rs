//! A visitor's request comes in.

use std::time::Duration;

use super::flags::{self, Looked};
use super::side::Standing;
use super::tell::{News, tell};
use super::write_begin;
use crate::domain::{ApprovalKind, Channel, Need, RequestId, RequestState, Requester, Verdict};
use crate::search::fold;
use crate::server::ids;
use crate::server::policy::{
    Act, Actor, Between, CardState, Case, Outside, Purpose, Target, Visitor, Way, domain_of, verdict,
};
use crate::server::secrets::Hash;
use crate::server::store::blocks::{self, Person};
use crate::server::store::cards::OpenCard;
use crate::server::store::requests::{self, NewRequest};
use crate::server::store::{StoreError, Write, settings_of};

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
    /// The card's last use was a moment ago: its code has ended. Nothing was written.
    Ended,
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
    let now = tx.now();
    let standing = Standing::of(tx, card.company, card.member, now).await?;
    let email = submission.requester.email.as_ref().map(|e| e.as_data()).unwrap_or_default();
    let email_key = Some(fold(email)).filter(|key| !key.is_empty());
    let phone_key = submission.requester.phone.as_ref().map(|phone| digits(phone.as_data()));
    let phone_key = phone_key.filter(|key| !key.is_empty());
    let person = Person { peer: None, email_key: email_key.as_deref(), phone_key: phone_key.as_deref() };
    let blocked = blocks::holds(tx.conn(), card.company, person, now).await?;
    let domain = domain_of(email);
    let answer = verdict(&Case {
        act: Act::Ask,
        actor: Actor::Visitor(Visitor { personal: false, domain: domain.as_deref() }),
        target: Target::Outside(Outside {
            side: standing.side(),
            accepts: settings_of::accepts(tx.conn(), card.member).await?,
            way: Way { card: Some(CardState::Live), ..Way::default() },
            between: if blocked { Between::Blocked } else { Between::Nothing },
        }),
        purpose: if submission.purpose.is_empty() { Purpose::Missing } else { Purpose::Given },
        day_ends: standing.day.ends,
    });
    if !answer.code.is_yes() {
        return Ok(Submitted::Refused(answer.into_verdict()));
    }
    let (emails, phones) = (email_key.as_deref(), phone_key.as_deref());
    if requests::asked_since(tx.conn(), card.card, emails, phones, now.before(ONCE_IN)).await? {
        return Ok(Submitted::AskedBefore);
    }
    if !crate::server::cards::used(tx, card).await? {
        return Ok(Submitted::Ended);
    }
    let verdict = answer.into_verdict();
    let looked = Looked {
        company: card.company,
        target: card.member,
        requester: &submission.requester,
        texts: &[Some(&submission.purpose), submission.message.as_ref()],
        email_key: emails,
        phone_key: phones,
    };
    let flags = flags::find(tx.conn(), looked, now).await?;
    let id: RequestId = ids::request(now);
    let expires = now.after(standing.rules().request_life());
    let sk = requests::add(
        tx,
        NewRequest {
            company: card.company,
            id: &id,
            kind: ApprovalKind::Connection,
            target: Some(card.member),
            from: None,
            requester: &submission.requester,
            email_key: emails,
            phone_key: phones,
            purpose: Some(&submission.purpose).filter(|purpose| !purpose.is_empty()).map(String::as_str),
            message: submission.message.as_deref(),
            channel: Some(Channel::Namecard),
            introduced_by: None,
            card: Some(card.card),
            card_label: card.label.as_ref().map(|label| label.as_data()),
            flags: &flags,
            expires,
            state: RequestState::Pending,
            effective_at: None,
            manager_asked: Need::None,
            manager_asking: Need::None,
            until: None,
            verdict: &verdict,
            elsewhere: None,
            form: Some((&submission.status_hash, &submission.form_hash, &submission.body_hash)),
        },
    )
    .await?;
    let row = requests::by_sk(tx.conn(), sk, now).await?.ok_or(StoreError::Unexpected("requests"))?;
    let parties = requests::parties(tx.conn(), &row, now).await?;
    let news = News { revision: 1, expires: Some(expires), ..News::default() };
    tell(tx, &row, &parties, news).await?;
    let version = Some(verdict.policy_version);
    write_begin(tx, &row, ("visitor", row.company), "request.submit", version, call).await?;
    Ok(Submitted::Waiting)
}

/// The digits that tell a number: without a leading `00`, which stands for `+`.
pub(super) fn digits(phone: &str) -> String {
    let digits: String = phone.chars().filter(char::is_ascii_digit).collect();
    digits.strip_prefix("00").map(str::to_owned).unwrap_or(digits)
}
