//! Leaving layers, and answering what they ask.

use std::time::Duration;

use super::{approvals, bulk, contact, converse, external, namecard, queue, search, sharing, why, wizard};
use crate::domain::ReasonCode;
use crate::tui::keys::Chord;
use crate::tui::model::{Ask, Effect, Env, Layer, State, Step, Tab};

/// A key typed before a question could be read answers nothing.
pub(super) const TYPED_AHEAD: Duration = Duration::from_millis(300);

/// Out of the innermost thing: own words, a layer, a search.
pub(super) fn back(state: &mut State, env: &Env) -> Step {
    if let Some(Layer::Reject(layer)) = state.layers.last_mut()
        && layer.words.take().is_some()
    {
        return Step::draw();
    }
    if let Some(Layer::Wizard(layer)) = state.layers.last_mut()
        && wizard::back(layer)
    {
        return Step::draw();
    }
    if let Some(Layer::When(layer)) = state.layers.last_mut()
        && layer.date.take().is_some()
    {
        return Step::draw();
    }
    if let Some(Layer::Namecard(layer)) = state.layers.last_mut()
        && std::mem::take(&mut layer.outside)
    {
        return Step::draw();
    }
    if state.layers.pop().is_some() {
        // The namecard may lie below: its window is the same.
        return Step::draw();
    }
    if state.tab == Tab::Approvals {
        return queue::back(state, env);
    }
    search::close(state)
}

/// Takes the answer that is chosen, or what was typed.
pub(super) fn confirm(state: &mut State, env: &Env) -> Step {
    match state.layers.last() {
        Some(Layer::Ask { ask, at, since }) => {
            if env.now.since(*since) < TYPED_AHEAD {
                return Step::none();
            }
            let (ask, at) = (*ask, *at);
            state.layers.pop();
            answer(state, env, ask, at)
        }
        Some(Layer::Reject(_)) => approvals::reject(state, env),
        Some(Layer::Remark(_)) => external::save_remark(state, env),
        Some(Layer::Remove(_)) => external::remove(state, env),
        Some(Layer::Wizard(_)) => wizard::confirm(state, env),
        Some(Layer::Why(_)) => why::confirm(state, env),
        Some(Layer::Permission(_)) => why::ask_permission(state, env),
        Some(Layer::Bulk(_)) => bulk::confirm(state, env),
        Some(Layer::Block(_)) => approvals::block(state, env),
        Some(Layer::Say(_)) => converse::said(state, env),
        Some(Layer::When(_)) => converse::chosen_when(state, env),
        Some(Layer::Colleague(_)) => converse::chosen_colleague(state, env),
        Some(Layer::Scope(_)) => converse::chosen_scope(state, env),
        Some(Layer::Tags(_)) => contact::save_tags(state, env),
        Some(Layer::Sharing(_)) => sharing::save(state, env),
        _ => Step::none(),
    }
}

fn answer(state: &mut State, env: &Env, ask: Ask, at: usize) -> Step {
    match (ask, at) {
        (Ask::Quit, 1) => Step::run(Effect::Quit),
        (Ask::Rotate { revision }, 1) => namecard::rotate(state, env, revision, false),
        (Ask::Withdraw { revision }, 1) => converse::withdraw(state, env, revision),
        (Ask::Rotate { revision }, 2) => namecard::rotate(state, env, revision, true),
        (Ask::Revoke { revision }, 1) => namecard::revoke(state, env, revision),
        (Ask::Refuse { revision }, 1) => contact::refuse(state, env, revision),
        _ => Step::draw(),
    }
}

/// Chooses by number.
pub(super) fn pick(state: &mut State, env: &Env, chord: Chord) -> Step {
    let number =
        chord.typed().and_then(|c| c.to_digit(10)).and_then(|n| usize::try_from(n).ok()?.checked_sub(1));
    match (number, state.layers.last_mut()) {
        (Some(n), Some(Layer::Wizard(_) | Layer::Why(_))) => return why::pick(state, env, n),
        (Some(n), Some(Layer::Ask { ask, at, .. })) if n < ask.answers() => *at = n,
        (Some(n), Some(Layer::Bulk(layer))) if n < layer.answers() => layer.at = n,
        (Some(n), Some(Layer::When(layer))) if n <= layer.what.days().len() => layer.at = n,
        (Some(n), Some(Layer::Reject(layer))) if n < ReasonCode::ALL.len() => layer.at = n,
        _ => return Step::none(),
    }
    Step::draw()
}

/// Ticks or unticks.
pub(super) fn tick(state: &mut State) -> Step {
    match state.layers.last_mut() {
        Some(Layer::Reject(layer)) => layer.tell = !layer.tell,
        Some(Layer::Scope(_)) => return converse::tick_department(state),
        Some(Layer::Tags(_)) => return contact::tick_tag(state),
        Some(Layer::Sharing(_)) => return sharing::tick(state),
        _ => {}
    }
    Step::draw()
}

/// Ticks or unticks that the sender is blocked as well.
pub(super) fn tick_block(state: &mut State) -> Step {
    if let Some(Layer::Reject(layer)) = state.layers.last_mut() {
        layer.block = !layer.block;
    }
    Step::draw()
}
