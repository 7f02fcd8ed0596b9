//! Answers to effects. The data comes through the same door as pushed changes, so both may arrive in
//! any order.

use super::{
    approvals, bulk, contact, external, lists, namecard, news, past, say, search, sharing, why, wizard,
};
use crate::domain::{
    ApprovalKind, Card, Change, ContactDetail, ContactId, ContactRevision, DecisionKind, Fault, Request,
    RequestDetail, RequestId,
};
use crate::i18n::Text;
use crate::i18n::say::NAME_CELLS;
use crate::text::{SafeText, Untrusted};
use crate::tui::model::{
    Answer, Converse, Effect, Env, InFlight, Layer, Press, State, Step, Voice, WhyLayer,
};

/// Takes an answer.
pub(super) fn take(state: &mut State, env: &Env, answer: Answer) -> Step {
    match answer {
        Answer::Decided(id, result) => decided(state, env, &id, result.map(|request| *request)),
        Answer::Undone(id, result) => undone(state, env, &id, result.map(|request| *request)),
        Answer::DecidedMany(ticket, sent, result) => bulk::decided(state, env, ticket, &sent, result),
        Answer::UndoneMany(results) => bulk::undone(state, env, results),
        Answer::Conversed(id, what, result) => {
            conversed(state, env, &id, &what, result.map(|request| *request))
        }
        Answer::RequestDetailRead(id, result) => detail_read(state, env, &id, result.map(|detail| *detail)),
        Answer::PastRead(which, _, result) => past::read(state, env, which, result),
        Answer::RequestRead(_, result) => request_read(state, env, result.map(|request| *request)),
        Answer::RemarkSet(id, remark, result) => remark_set(state, env, &id, remark, result),
        Answer::ContactRemoved(id, result) => contact_removed(state, env, &id, result),
        Answer::ContactRead(id, result) => contact_read(state, &id, result.map(|detail| *detail)),
        Answer::Aimed(ticket, aim) => wizard::aimed(state, env, ticket, *aim),
        Answer::Asked(result) => wizard::asked(state, env, result.map(|request| *request)),
        Answer::PermissionAsked(result) => why::permission_asked(state, env, result.map(|request| *request)),
        Answer::Withdrawn(_, result) => why::withdrawn(state, env, result.map(|request| *request)),
        Answer::Indexed(places, ticket, index) => search::indexed(state, places, ticket, index),
        Answer::Ranked(places, ticket, hits, total) => search::ranked(state, places, ticket, &hits, total),
        Answer::ContactChanged(id, what, result) => contact::changed(state, env, &id, &what, result),
        Answer::OwnRead(result) => sharing::arrived(state, env, result, false),
        Answer::OwnSet(result) => sharing::arrived(state, env, result, true),
        Answer::Cards(result) => namecard::all_arrived(state, result),
        Answer::Card(result) => card(state, env, result.map(|card| *card)),
        Answer::CardRevoked(result) => revoked(state, env, result),
        Answer::Proved(ticket, good) => namecard::proved(state, ticket, good),
        Answer::ChatOpened(link, opened) => {
            link_opened(state, env, link, opened, [Text::ChatOpened, Text::ChatNotOpened])
        }
        Answer::LinkOpened(link, opened) => {
            link_opened(state, env, link, opened, [Text::LinkOpened, Text::LinkNotOpened])
        }
    }
}

fn put_request(state: &mut State, env: &Env, request: Request) -> Step {
    let touched = state.data.apply(vec![Change::Request(Box::new(request))]);
    lists::approvals(state, env);
    news::refresh(state, env, touched)
}

fn decided(state: &mut State, env: &Env, id: &RequestId, result: Result<Request, Fault>) -> Step {
    let doing = state.in_flight.remove(id);
    match result {
        Ok(request) => {
            state.unsent.remove(id);
            state.decisions.failed.remove(id);
            if let Some(press) = state.decisions.sending.remove(id) {
                state.decisions.last = Some(press.decision.clone());
                state.decisions.undone.clear();
                state.decisions.confirm(press);
            }
            // It was taken back before its answer was there.
            let revision = request.revision;
            let back = state.decisions.take_back.take_if(|meant| meant == id);
            let name = request.requester.name.line(NAME_CELLS);
            let text = match request.decision.as_ref().map(|decision| decision.kind) {
                Some(DecisionKind::Reject) => Text::RejectedToast,
                Some(DecisionKind::Block) => Text::BlockedToast,
                _ if request.kind == ApprovalKind::Handover => Text::TakenOverToast,
                _ => Text::ApprovedToast,
            };
            let words = env.words.fill(text, &[("name", name)]);
            let step = put_request(state, env, request).and(say(state, env, Voice::Good, words));
            match back {
                Some(id) => step.and(approvals::take_back(state, env, vec![(id, revision)])),
                None => step,
            }
        }
        Err(fault) => {
            state.decisions.take_back.take_if(|meant| meant == id);
            state.decisions.sending.remove(id);
            lost(state, env, id, doing, fault)
        }
    }
}

fn undone(state: &mut State, env: &Env, id: &RequestId, result: Result<Request, Fault>) -> Step {
    let doing = state.in_flight.remove(id);
    match result {
        Ok(request) => {
            if let Some(press) = state.decisions.of(id).cloned() {
                state.decisions.undone.push(Press { requests: vec![id.clone()], ..press });
            }
            state.decisions.forget(std::slice::from_ref(id));
            let name = request.requester.name.line(NAME_CELLS);
            let words = env.words.fill(Text::TakenBack, &[("name", name)]);
            put_request(state, env, request).and(say(state, env, Voice::Good, words))
        }
        Err(fault) => lost(state, env, id, doing, fault),
    }
}

/// A write that was not done: the row is back where it was. Whether one whose answer was lost was done
/// nobody knows here: it is read, and what is true is said.
fn lost(state: &mut State, env: &Env, id: &RequestId, doing: Option<InFlight>, fault: Fault) -> Step {
    lists::approvals(state, env);
    let mut words = env.words.fault(&fault);
    if matches!(fault, Fault::Decided(_) | Fault::Changed { .. }) {
        let not_recorded = match doing {
            Some(InFlight::Approve) => Some(Text::ApprovalNotRecorded),
            Some(InFlight::Reject) => Some(Text::RejectionNotRecorded),
            _ => None,
        };
        if let Some(text) = not_recorded {
            words = SafeText::join([&words, &env.words.get(text)], " ");
        }
    }
    let step = say(state, env, Voice::Bad, words);
    match fault {
        // Why, by which rule, and what to do instead; unless something else is being done.
        Fault::Refused(refusal) if state.layers.is_empty() => {
            let about = state.data.request(id).map(|request| request.requester.name.clone());
            let layer = WhyLayer::of(about.unwrap_or_default(), refusal.verdict);
            state.layers.push(Layer::Why(Box::new(WhyLayer { since: Some(env.now), ..layer })));
            step
        }
        Fault::TimedOut { sent: true } | Fault::Decided(_) | Fault::Changed { .. } | Fault::WindowOver => {
            step.and(Step::run(Effect::ReadRequest(id.clone())))
        }
        _ => step,
    }
}

/// Something besides a decision was done, or was not.
fn conversed(
    state: &mut State,
    env: &Env,
    id: &RequestId,
    what: &Converse,
    result: Result<Request, Fault>,
) -> Step {
    state.in_flight.remove(id);
    match result {
        Ok(request) => {
            let name = request.requester.name.line(NAME_CELLS);
            let text = match what {
                Converse::Ask(_) => Text::AskedToast,
                Converse::Answer(_) => Text::AnsweredToast,
                Converse::Pass(_) => Text::PassedToast,
                Converse::Assign(_) => Text::AssignedToast,
                Converse::Snooze(_) => Text::SnoozedToast,
                Converse::Withdraw => Text::WithdrawnToast,
            };
            let words = env.words.fill(text, &[("name", name)]);
            put_request(state, env, request).and(say(state, env, Voice::Good, words))
        }
        Err(fault) => lost(state, env, id, None, fault),
    }
}

fn detail_read(state: &mut State, env: &Env, id: &RequestId, result: Result<RequestDetail, Fault>) -> Step {
    if state.reading_request.as_ref() == Some(id) {
        state.reading_request = None;
    }
    match result {
        Ok(detail) => {
            let request = detail.request.clone();
            state.data.put_request_detail(detail);
            put_request(state, env, request).and(Step::draw())
        }
        // The row shows what is known; the rest is read when it is looked at again.
        Err(_) => Step::none(),
    }
}

fn request_read(state: &mut State, env: &Env, result: Result<Request, Fault>) -> Step {
    match result {
        Ok(request) => put_request(state, env, request).and(Step::draw()),
        Err(Fault::NotFound) => {
            // It is not ours to see any more; a push says the same.
            lists::approvals(state, env);
            Step::draw()
        }
        // What is true is not known yet: the change feed will tell.
        Err(_) => Step::none(),
    }
}

fn remark_set(
    state: &mut State,
    env: &Env,
    id: &ContactId,
    remark: Untrusted,
    result: Result<ContactRevision, Fault>,
) -> Step {
    state.writing = state.writing.saturating_sub(1);
    match result {
        Ok(revision) => {
            if matches!(state.layers.last(), Some(Layer::Remark(layer)) if layer.id == *id) {
                state.layers.pop();
            }
            let mut step = say(state, env, Voice::Good, env.words.get(Text::RemarkSaved));
            if let Some(contact) = state.data.contact(id).cloned() {
                let contact = crate::domain::Contact {
                    remark: Some(remark).filter(|remark| !remark.is_empty()),
                    revision: revision.revision,
                    as_of: revision.as_of,
                    ..contact
                };
                let touched = state.data.apply(vec![Change::Contact(Box::new(contact))]);
                step = step.and(news::refresh(state, env, touched));
            }
            step
        }
        // The field stays open: nothing typed is lost.
        Err(fault) => not_written(state, env, id, &fault),
    }
}

fn contact_removed(
    state: &mut State,
    env: &Env,
    id: &ContactId,
    result: Result<ContactRevision, Fault>,
) -> Step {
    state.writing = state.writing.saturating_sub(1);
    match result {
        Ok(revision) => {
            let touched = state.data.apply(vec![Change::ContactGone(id.clone(), revision.as_of)]);
            let step = news::refresh(state, env, touched);
            step.and(say(state, env, Voice::Good, env.words.get(Text::ContactRemoved)))
        }
        Err(fault) => not_written(state, env, id, &fault),
    }
}

/// A write to a contact that was not done. If somebody else wrote meanwhile that is said, and what is
/// sent again is about the contact as it is now.
pub(super) fn not_written(state: &mut State, env: &Env, id: &ContactId, fault: &Fault) -> Step {
    if let Fault::Changed { revision: now } = fault {
        match state.layers.last_mut() {
            Some(Layer::Remark(layer)) if layer.id == *id => layer.revision = *now,
            Some(Layer::Remove(layer)) if layer.id == *id => layer.revision = *now,
            Some(Layer::Tags(layer)) if layer.id == *id => layer.revision = *now,
            _ => {}
        }
    }
    say(state, env, Voice::Bad, env.words.fault(fault))
}

fn contact_read(state: &mut State, id: &ContactId, result: Result<ContactDetail, Fault>) -> Step {
    if state.reading.as_ref() == Some(id) {
        state.reading = None;
    }
    match result {
        Ok(detail) => {
            let read = detail.contact.revision;
            state.data.put_detail(detail);
            // It may have changed while its history was on the way.
            let stale = state.data.contact(id).is_some_and(|contact| contact.revision > read);
            let again = if stale { external::read_selected(state) } else { Step::none() };
            again.and(Step::draw())
        }
        // The card shows what is known; the history is read when it is looked at again.
        Err(_) => Step::none(),
    }
}

fn card(state: &mut State, env: &Env, result: Result<Card, Fault>) -> Step {
    state.writing = state.writing.saturating_sub(1);
    let failed = result.as_ref().err().map(|fault| env.words.fault(fault));
    let known = state.layers.iter().any(|layer| match layer {
        Layer::Namecard(layer) => matches!(layer.card, Some(Ok(_))),
        _ => false,
    });
    match failed {
        // A rotation that failed leaves the card that is there.
        Some(words) if known => say(state, env, Voice::Bad, words),
        _ => namecard::arrived(state, result),
    }
}

fn revoked(state: &mut State, env: &Env, result: Result<Vec<Card>, Fault>) -> Step {
    state.writing = state.writing.saturating_sub(1);
    match result {
        Ok(_) => {
            let said = say(state, env, Voice::Good, env.words.get(Text::CardRevoked));
            said.and(Step::run(Effect::ReadCards))
        }
        Err(fault) => say(state, env, Voice::Bad, env.words.fault(&fault)),
    }
}

fn link_opened(state: &mut State, env: &Env, link: SafeText, opened: bool, [good, bad]: [Text; 2]) -> Step {
    if opened {
        return say(state, env, Voice::Good, env.words.get(good));
    }
    // Nothing could open it: the link is shown, and copied.
    state.layers.push(Layer::Show { text: link.clone() });
    say(state, env, Voice::Bad, env.words.get(bad)).and(Step::run(Effect::Copy(link)))
}
