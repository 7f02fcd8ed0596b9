//! What the server tells.

use super::{external, lists, past, search, tree};
use crate::domain::{Change, Contact, Fault, Introduction, LinkedPerson, Member, RequestId, Snapshot, Time};
use crate::tui::model::{Data, Effect, Env, Errand, Layer, Link, Phase, State, Step, Touched};

/// The start: everything anew; what was selected stays selected.
pub(super) fn snapshot(state: &mut State, env: &Env, snapshot: Snapshot) -> Step {
    state.ahead = snapshot.now.as_micros().saturating_sub(env.now.as_micros());
    let company_changed =
        state.data.company.as_ref().is_some_and(|company| company.id != snapshot.company.id);
    state.data = Data::of(snapshot);
    state.phase = Phase::Ready;
    state.link = Link::Online;
    if company_changed {
        // Another company: nothing of the old one means anything.
        *state = State {
            size: state.size,
            phase: Phase::Ready,
            data: std::mem::take(&mut state.data),
            tab: state.tab,
            ahead: state.ahead,
            ..State::default()
        };
    }
    let known = state.directory.department.clone().filter(|id| state.data.department(id).is_some());
    let home = state.data.me.as_ref().and_then(|me| me.member.main_department().cloned());
    tree::rebuild(state);
    match known {
        Some(_) => lists::directory(state),
        None => {
            let first = home.or_else(|| state.data.below(None).first().cloned());
            if let Some(first) = first {
                tree::select(state, &first);
            }
        }
    }
    lists::external(state);
    lists::approvals(state, env);
    close_layers_of_the_gone(state);
    external::read_selected(state).and(search::index_people(state)).and(Step::draw())
}

/// More of the directory.
pub(super) fn members(state: &mut State, members: Vec<Member>, done: bool) -> Step {
    state.data.put_members(members);
    state.data.members_complete |= done;
    lists::directory(state);
    search::index_people(state).and(Step::draw())
}

/// More contacts.
pub(super) fn contacts(state: &mut State, contacts: Vec<Contact>, done: bool) -> Step {
    state.data.put_contacts(contacts);
    state.data.contacts_complete |= done;
    lists::external(state);
    external::read_selected(state).and(search::index_contacts(state)).and(Step::draw())
}

/// More of the people whom linked companies show.
pub(super) fn linked(state: &mut State, people: Vec<LinkedPerson>, done: bool) -> Step {
    state.data.put_linked(people, done);
    lists::external(state);
    search::index_linked(state).and(Step::draw())
}

/// Those whom colleagues passed on.
pub(super) fn introductions(state: &mut State, all: Vec<Introduction>) -> Step {
    state.data.introductions = all;
    Step::draw()
}

/// What changed.
pub(super) fn changes(state: &mut State, env: &Env, changes: Vec<Change>, now: Time) -> Step {
    state.ahead = now.as_micros().saturating_sub(env.now.as_micros());
    let touched = state.data.apply(changes);
    refresh(state, env, touched).and(Step::draw())
}

/// Makes the lists anew that a change touched.
pub(super) fn refresh(state: &mut State, env: &Env, touched: Touched) -> Step {
    let mut step = Step::none();
    if touched.departments {
        tree::rebuild(state);
    }
    if touched.members || touched.departments {
        lists::directory(state);
        step = step.and(search::index_people(state));
    }
    if touched.contacts {
        lists::external(state);
        step = step.and(search::index_contacts(state));
    }
    if touched.requests {
        lists::approvals(state, env);
        past::rebuild(state);
    }
    if touched.card && state.layers.iter().any(|layer| matches!(layer, Layer::Namecard(_))) {
        step = step.and(Step::run(Effect::ReadCards));
    }
    close_layers_of_the_gone(state);
    step.and(external::read_selected(state))
}

/// A layer about somebody who is not there any more has nothing to show or to do.
fn close_layers_of_the_gone(state: &mut State) {
    let data = &state.data;
    state.layers.retain(|layer| match layer {
        Layer::Member { id, .. } => data.member(id).is_some(),
        Layer::Contact { id, .. } => data.contact(id).is_some(),
        Layer::Request { id, .. } => data.request(id).is_some(),
        Layer::Remark(layer) => data.contact(&layer.id).is_some(),
        Layer::Remove(layer) => data.contact(&layer.id).is_some(),
        // Decided elsewhere while the reason was chosen: the row itself says by whom.
        Layer::Reject(layer) => layer.many || unchanged(data, &layer.id, layer.revision),
        Layer::Doubt(layer) => unchanged(data, &layer.id, layer.revision),
        Layer::Block(layer) => unchanged(data, &layer.id, layer.revision),
        Layer::Scope(layer) => unchanged(data, &layer.id, layer.revision),
        Layer::Say(layer) => data.request(&layer.id).is_some(),
        Layer::When(layer) => layer.about.as_ref().is_none_or(|(id, _)| data.request(id).is_some()),
        Layer::Colleague(layer) => match &layer.errand {
            Errand::Pass(ids) => ids.iter().all(|id| data.request(id).is_some()),
            Errand::Assign(id) => data.request(id).is_some(),
            Errand::HandOver(id) | Errand::Introduce(id) => data.contact(id).is_some(),
            Errand::StandIn => true,
        },
        Layer::Tags(layer) => data.contact(&layer.id).is_some(),
        Layer::Earlier { id, .. } => data.request(id).is_some(),
        _ => true,
    });
}

/// Whether a request still is what was on the screen.
fn unchanged(data: &Data, id: &RequestId, revision: i64) -> bool {
    data.request(id).is_some_and(|request| request.revision == revision)
}

/// The server is there again.
pub(super) fn online(state: &mut State) -> Step {
    state.link = Link::Online;
    Step::draw()
}

/// The server is gone.
pub(super) fn offline(state: &mut State, env: &Env, fault: Fault) -> Step {
    if state.phase == Phase::Ready {
        state.link = match std::mem::take(&mut state.link) {
            Link::Offline(since, _) => Link::Offline(since, fault),
            Link::Online => Link::Offline(env.now, fault),
        };
    } else {
        state.phase = Phase::Failed(fault);
    }
    Step::draw()
}
