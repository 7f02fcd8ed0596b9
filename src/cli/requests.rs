//! `namecard requests`

use serde_json::{Value, json};

use super::Context;
use super::args::{BoxName, Format, RequestsArgs, StateName};
use super::failure::Failure;
use super::show::pairs;
use crate::client::Client;
use crate::domain::{Request, RequestState, Time};
use crate::i18n::Text;
use crate::i18n::say;
use crate::text::{SafeText, Untrusted};

/// A request in the shape of `docs/json.md`: every field is there, whether it has a value or not.
pub(super) fn shape(request: &Request) -> Value {
    let requester = &request.requester;
    let decision = request.decision.as_ref().map(|decision| {
        json!({
            "kind": decision.kind,
            "by": decision.by,
            "at": decision.at,
            "reason": decision.reason,
            "text": decision.text,
            "told": decision.told,
        })
    });
    let elsewhere = request.elsewhere.as_ref();
    let elsewhere =
        elsewhere.map(|other| json!({"system": other.system, "link": other.link, "ended": other.ended}));
    json!({
        "id": request.id,
        "revision": request.revision,
        "kind": request.kind,
        "state": request.state,
        "effective_at": request.effective_at,
        "requester": {
            "name": requester.name,
            "company": requester.company,
            "title": requester.title,
            "email": requester.email,
            "phone": requester.phone,
        },
        "purpose": request.purpose,
        "message": request.message,
        "channel": request.channel,
        "card_label": request.card_label,
        "elsewhere": elsewhere,
        "created": request.created,
        "expires": request.expires,
        "decision": decision,
        "verdict": {
            "code": request.verdict.code,
            "rule": request.verdict.rule.id,
            "policy_version": request.verdict.policy_version,
        },
        "allowed": request.allowed,
    })
}

const fn state_of(name: StateName) -> RequestState {
    match name {
        StateName::Pending => RequestState::Pending,
        StateName::PendingManager => RequestState::PendingManager,
        StateName::Approved => RequestState::Approved,
        StateName::Rejected => RequestState::Rejected,
        StateName::Withdrawn => RequestState::Withdrawn,
        StateName::Expired => RequestState::Expired,
        StateName::Blocked => RequestState::Blocked,
    }
}

pub(super) async fn run(context: &Context, client: &Client, args: &RequestsArgs) -> Result<u8, Failure> {
    if args.count {
        context.out.line(&SafeText::number(client.count().await?))?;
        return Ok(0);
    }
    let which = match args.which {
        BoxName::Approvals => "approvals",
        BoxName::Incoming => "incoming",
        BoxName::Outgoing => "outgoing",
    };
    let mut requests = Vec::new();
    let mut after = String::new();
    let now = loop {
        let page = client.requests(which, args.state.map(state_of), &after).await?;
        requests.extend(page.items);
        match page.next {
            Some(next) => after = next,
            None => break page.now,
        }
    };
    match args.format {
        Format::Json => context.out.json(&requests.iter().map(shape).collect::<Vec<_>>())?,
        Format::Table => table(context, &requests, now)?,
    }
    Ok(0)
}

fn table(context: &Context, requests: &[Request], now: Time) -> Result<(), Failure> {
    let words = &context.words;
    let headings = [
        Text::ColumnDue,
        Text::ColumnState,
        Text::ColumnWho,
        Text::ColumnCompany,
        Text::ColumnPurpose,
        Text::ColumnId,
    ];
    let whole = |text: &Option<Untrusted>| text.as_ref().map(Untrusted::whole).unwrap_or_default();
    let rows: Vec<Vec<SafeText>> = requests
        .iter()
        .map(|request| {
            vec![
                request.ends().map_or(SafeText::constant("-"), |ends| words.span(ends.since(now))),
                state(context, request, now),
                request.requester.name.whole(),
                whole(&request.requester.company),
                whole(&request.purpose),
                // Enough to name it again.
                SafeText::clean(request.id.as_str().get(18..).unwrap_or_default()),
            ]
        })
        .collect();
    context.out.table(&headings.map(|text| words.get(text)), &rows)?;
    Ok(())
}

/// The state, and how long a held decision can be taken back, or which other system alone decides it.
pub(super) fn state(context: &Context, request: &Request, now: Time) -> SafeText {
    let state = context.words.state(request.state);
    if let Some(other) = &request.elsewhere {
        return SafeText::join([&state, &other.system.line(say::NAME_CELLS)], " · ");
    }
    match request.effective_at.filter(|at| *at > now) {
        Some(at) => SafeText::join([&state, &context.words.span(at.since(now))], " · "),
        None => state,
    }
}

/// A request for people.
pub(super) fn show(context: &Context, request: &Request) -> Result<(), Failure> {
    let words = &context.words;
    let now = jiff::Timestamp::now().into();
    let whole = |text: &Option<Untrusted>| text.as_ref().map(Untrusted::whole).unwrap_or_default();
    let requester = &request.requester;
    let mut rows = vec![
        (words.get(Text::ExternalMark), requester.name.whole()),
        (words.get(Text::LabelId), request.id.shown()),
        (words.get(Text::LabelState), state(context, request, now)),
        (words.get(Text::LabelTitle), whole(&requester.title)),
        (words.get(Text::LabelCompany), whole(&requester.company)),
        (words.get(Text::LabelEmail), whole(&requester.email)),
        (words.get(Text::LabelPhone), whole(&requester.phone)),
        (words.get(Text::LabelPurpose), whole(&request.purpose)),
    ];
    if let Some(message) = &request.message {
        let lines = message.block(6, 100).lines;
        rows.extend(lines.into_iter().map(|line| (words.get(Text::LabelMessage), line)));
    }
    if let Some(channel) = request.channel {
        rows.push((words.get(Text::LabelVia), words.channel(channel)));
    }
    if let Some(link) = request.elsewhere.as_ref().and_then(|other| other.link.as_ref()) {
        rows.push((words.get(Text::LabelLink), link.whole()));
    }
    rows.push((words.get(Text::LabelCame), say::date_time(request.created, now, &context.zone)));
    rows.push((words.get(Text::LabelPolicy), words.verdict(request.verdict.code)));
    pairs(context, rows)?;
    context.out.line(&words.get(Text::AsTyped))?;
    Ok(())
}
