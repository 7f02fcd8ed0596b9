//! Why one may or may not, and doing what can be done instead, from wherever it is shown.

use super::layers::TYPED_AHEAD;
use super::{go_to, namecard, say, wizard, write_key};
use crate::domain::{
    Aim, Alternative, Candidate, ContactId, Direction, Fault, MemberId, Request, RequestId, Step as Way,
    Verdict, is_plain_link,
};
use crate::i18n::Text;
use crate::text::{SafeText, Untrusted};
use crate::tui::model::{
    AimBy, Effect, Env, Layer, PermissionLayer, Selected, Shared, State, Step, Tab, Ticket, Voice, WhyLayer,
    turn,
};

/// Opens the verdict about who is selected: of a request the one that it was let in by, of a person the
/// policy's answer now.
pub(super) fn open(state: &mut State) -> Step {
    let (about, to) = match state.selected() {
        Selected::Member(member) => (member.name.clone(), Untrusted::from(member.id.as_str())),
        Selected::Contact(contact) => (contact.name.clone(), Untrusted::from(contact.id.as_str())),
        Selected::Request(request) => {
            let (about, verdict) = (whom(request), request.verdict.clone());
            state.layers.push(Layer::Why(Box::new(WhyLayer::of(about, verdict))));
            return Step::draw();
        }
        Selected::Linked(person) => (person.name.clone(), Untrusted::from(person.id.as_str())),
        Selected::Nobody => return Step::none(),
    };
    let ticket = state.aims.draw();
    let text = to.as_data().to_owned();
    state.layers.push(Layer::Why(Box::new(WhyLayer::asking(about, to, ticket))));
    let linked = Shared::new(Vec::new());
    Step::run(Effect::Aim { ticket, text, linked, by: AimBy::Why })
}

/// Whom a request is about: who asks, of one's own who is asked.
fn whom(request: &Request) -> Untrusted {
    let target = request.target.as_ref().filter(|_| request.direction == Direction::Outgoing);
    target.map_or_else(|| request.requester.name.clone(), |target| target.name.clone())
}

/// The answer to the question why. One to an older question does not count.
pub(super) fn told(state: &mut State, ticket: Ticket, aim: Aim) -> Step {
    let found = state.layers.iter_mut().rev().find_map(|layer| match layer {
        Layer::Why(layer) if layer.ticket == ticket && layer.verdict.is_none() => Some(layer),
        _ => None,
    });
    let Some(layer) = found else { return Step::none() };
    layer.verdict = Some(match aim {
        Aim::One(aimed) => {
            layer.chain = aimed.explained.chain;
            Ok(aimed.explained.verdict)
        }
        Aim::Failed(fault) => Err(fault),
        // An id means one person or nobody.
        Aim::Several(..) | Aim::Nowhere(_) | Aim::Unread(_) => Err(Fault::NotFound),
    });
    Step::draw()
}

/// What can be done in the top layer, and which of it is chosen.
fn choices(state: &mut State) -> Option<(usize, &mut usize)> {
    match state.layers.last_mut()? {
        Layer::Why(layer) => Some((layer.alternatives().len(), &mut layer.at)),
        Layer::Wizard(layer) => Some((layer.choices(), &mut layer.at)),
        _ => None,
    }
}

/// Moves the choice; beyond an end: to the end when far, else around it.
pub(super) fn by_rows(state: &mut State, delta: isize) -> Step {
    if let Some((len, at)) = choices(state).filter(|(len, _)| *len > 0) {
        *at = if delta.unsigned_abs() > 1 {
            at.saturating_add_signed(delta).min(len - 1)
        } else {
            turn(*at, delta, len)
        };
    }
    Step::draw()
}

/// Does what stands under a number.
pub(super) fn pick(state: &mut State, env: &Env, n: usize) -> Step {
    let Some((len, at)) = choices(state) else { return Step::none() };
    if n >= len {
        return Step::none();
    }
    *at = n;
    confirm(state, env)
}

/// Does what is chosen.
pub(super) fn confirm(state: &mut State, env: &Env) -> Step {
    match state.layers.last() {
        Some(Layer::Wizard(_)) => wizard::choose(state, env),
        Some(Layer::Why(layer)) if layer.since.is_some_and(|since| env.now.since(since) < TYPED_AHEAD) => {
            Step::none()
        }
        Some(Layer::Why(layer)) => match layer.alternatives().get(layer.at).cloned() {
            Some(alternative) => run(state, env, &alternative),
            None => Step::none(),
        },
        _ => Step::none(),
    }
}

/// Does what can be done instead.
pub(super) fn run(state: &mut State, env: &Env, alternative: &Alternative) -> Step {
    let id = alternative.id.as_deref().unwrap_or_default();
    match alternative.step {
        Way::OpenMember | Way::AskColleague | Way::AskOwner if !id.is_empty() => open_member(state, env, id),
        Way::OpenContact => open_contact(state, env, id),
        Way::OpenRequest => open_request(state, env, id),
        Way::Withdraw => match RequestId::new(id) {
            Ok(id) => withdraw(state, env, id),
            Err(_) => Step::none(),
        },
        Way::AskPermission => {
            let ticket = state.aims.draw();
            state.layers.push(Layer::Permission(PermissionLayer { ticket, ..PermissionLayer::default() }));
            Step::draw()
        }
        Way::ShowCard => {
            state.layers.clear();
            namecard::open(state)
        }
        Way::SearchLinked => search_linked(state, env),
        Way::GivePurpose => wizard::give_purpose(state),
        Way::MakeRoom => {
            state.layers.clear();
            go_to(state, env, Tab::External)
        }
        Way::LookAgain => {
            state.layers.clear();
            wizard::open(state, false)
        }
        // What is to be said to somebody is put where it can be pasted.
        Way::AskForCard => copy(state, env, env.words.get(Text::SayAskForCard)),
        Way::AskForAddress => copy(state, env, env.words.get(Text::SayAskForAddress)),
        Way::AskForLink | Way::AskColleague | Way::AskOwner | Way::OpenMember => {
            let answer = answer(state, env);
            copy(state, env, answer)
        }
        Way::OpenElsewhere if is_plain_link(id) => Step::run(Effect::OpenLink(id.to_owned())),
        // Nothing to do here: it is said once more, and the layer goes.
        Way::Wait | Way::UsePersonal | Way::OpenElsewhere => {
            let words = env.words.alternative(alternative, &env.zone);
            state.layers.pop();
            say(state, env, Voice::Good, words)
        }
    }
}

fn copy(state: &mut State, env: &Env, text: SafeText) -> Step {
    say(state, env, Voice::Good, env.words.get(Text::CopiedToSend)).and(Step::run(Effect::Copy(text)))
}

/// Copies the policy's answer of the top layer.
pub(super) fn copy_answer(state: &mut State, env: &Env) -> Step {
    let what = env.words.get(Text::KeyCopyAnswer);
    let text = answer(state, env);
    say(state, env, Voice::Good, env.words.fill(Text::Copied, &[("what", what)]))
        .and(Step::run(Effect::Copy(text)))
}

/// The policy's answer of the top layer in lines.
fn answer(state: &State, env: &Env) -> SafeText {
    let (about, verdict): (Option<&Untrusted>, Option<&Verdict>) = match state.layers.last() {
        Some(Layer::Why(layer)) => {
            (Some(&layer.about), layer.verdict.as_ref().and_then(|verdict| verdict.as_ref().ok()))
        }
        Some(Layer::Wizard(layer)) => {
            let aimed = layer.aimed();
            (
                aimed.map(|aimed| aimed.name.as_ref().unwrap_or(&aimed.to)),
                aimed.map(|aimed| &aimed.explained.verdict),
            )
        }
        _ => (None, None),
    };
    let mut lines: Vec<SafeText> = about.map(Untrusted::whole).into_iter().collect();
    if let Some(verdict) = verdict {
        lines.push(env.words.verdict_means(verdict.code));
        lines.extend(env.words.rule_lines(verdict, &env.zone));
    }
    SafeText::lines(&lines)
}

fn not_here(state: &mut State, env: &Env) -> Step {
    say(state, env, Voice::Bad, env.words.get(Text::NoLongerThere))
}

fn open_member(state: &mut State, env: &Env, id: &str) -> Step {
    match MemberId::new(id).ok().filter(|id| state.data.member(id).is_some()) {
        Some(id) => {
            state.layers.clear();
            state.layers.push(Layer::Member { id, top: 0 });
            go_to(state, env, Tab::Directory)
        }
        None => not_here(state, env),
    }
}

fn open_contact(state: &mut State, env: &Env, id: &str) -> Step {
    match ContactId::new(id).ok().filter(|id| state.data.contact(id).is_some()) {
        Some(id) => {
            state.layers.clear();
            state.layers.push(Layer::Contact { id, top: 0 });
            go_to(state, env, Tab::External)
        }
        None => not_here(state, env),
    }
}

/// Opens a request; without one in particular, all of them.
fn open_request(state: &mut State, env: &Env, id: &str) -> Step {
    let known = RequestId::new(id).ok().filter(|id| state.data.request(id).is_some());
    if known.is_none() && !id.is_empty() {
        return not_here(state, env);
    }
    state.layers.clear();
    state.layers.extend(known.map(|id| Layer::Request { id, top: 0 }));
    go_to(state, env, Tab::Approvals)
}

fn search_linked(state: &mut State, env: &Env) -> Step {
    let people: Vec<Candidate> = state.data.linked().map(|person| Candidate::from(&**person)).collect();
    if people.is_empty() {
        return say(state, env, Voice::Bad, env.words.get(Text::AddNobodyLinked));
    }
    state.layers.clear();
    wizard::choose_among(state, people)
}

fn withdraw(state: &mut State, env: &Env, id: RequestId) -> Step {
    let revision = state.data.request(&id).map_or(0, |request| request.revision);
    let key = write_key(env, "withdraw", id.as_str(), revision, "");
    state.writing += 1;
    Step::run(Effect::Withdraw { id, key })
}

/// What came of taking a request back.
pub(super) fn withdrawn(state: &mut State, env: &Env, result: Result<Request, Fault>) -> Step {
    state.writing = state.writing.saturating_sub(1);
    match result {
        Ok(request) => {
            if matches!(state.layers.last(), Some(Layer::Why(_) | Layer::Wizard(_))) {
                state.layers.pop();
            }
            let step = wizard::took(state, env, request);
            step.and(say(state, env, Voice::Good, env.words.get(Text::AddWithdrawnToast)))
        }
        Err(fault) => say(state, env, Voice::Bad, env.words.fault(&fault)),
    }
}

/// Asks the admins for the permission; the field stays until they are asked.
pub(super) fn ask_permission(state: &mut State, env: &Env) -> Step {
    let Some(Layer::Permission(layer)) = state.layers.last() else { return Step::none() };
    let purpose: Untrusted = layer.field.text().trim().into();
    if purpose.is_empty() {
        return say(state, env, Voice::Bad, env.words.get(Text::WordsNeeded));
    }
    let ticket = i64::try_from(layer.ticket.0).unwrap_or(i64::MAX);
    let key = write_key(env, "permission", "", ticket, purpose.as_data());
    state.writing += 1;
    Step::run(Effect::AskPermission { purpose, key })
}

/// What came of asking for the permission.
pub(super) fn permission_asked(state: &mut State, env: &Env, result: Result<Request, Fault>) -> Step {
    state.writing = state.writing.saturating_sub(1);
    match result {
        Ok(request) => {
            state.layers.retain(|layer| !matches!(layer, Layer::Permission(_)));
            let step = wizard::took(state, env, request);
            step.and(say(state, env, Voice::Good, env.words.get(Text::AddPermissionToast)))
        }
        Err(fault) => say(state, env, Voice::Bad, env.words.fault(&fault)),
    }
}
