//! Reaching somebody: whom, the policy's answer before anything else is typed, what for, sending.

use super::{news, say, why, write_key};
use crate::domain::{Aim, Candidate, Change, Fault, NewRequest, Request, RequestState, VerdictCode};
use crate::i18n::Text;
use crate::text::Untrusted;
use crate::tui::model::{AimBy, Effect, Env, Field, Layer, Stage, State, Step, Ticket, Voice, WizardLayer};

/// Opens the wizard, or the reading of a file.
pub(super) fn open(state: &mut State, scan: bool) -> Step {
    state.layers.push(Layer::Wizard(Box::new(WizardLayer { scan, ..WizardLayer::default() })));
    Step::draw()
}

/// Opens the wizard with those of whom one is to be chosen.
pub(super) fn choose_among(state: &mut State, candidates: Vec<Candidate>) -> Step {
    let layer = WizardLayer {
        stage: Stage::Choose,
        ticket: state.aims.draw(),
        aim: Some(Aim::Several(candidates, None)),
        ..WizardLayer::default()
    };
    state.layers.push(Layer::Wizard(Box::new(layer)));
    Step::draw()
}

/// Opens the wizard on somebody.
pub(super) fn ask_about(state: &mut State, person: &Candidate) -> Step {
    open(state, false).and(take(state, person))
}

/// Asks about somebody who was chosen. The name stands in the field, the id is asked for; whoever types on
/// asks for what is typed.
fn take(state: &mut State, person: &Candidate) -> Step {
    let Some(layer) = top(state) else { return Step::none() };
    layer.who = Field::with(person.name.whole().as_str());
    layer.stage = Stage::Who;
    layer.scan = false;
    let step = aim(state, person.to.as_data().to_owned(), AimBy::Choice);
    if let Some(layer) = top(state) {
        layer.go = true;
    }
    step
}

fn top(state: &mut State) -> Option<&mut WizardLayer> {
    match state.layers.last_mut() {
        Some(Layer::Wizard(layer)) => Some(layer),
        _ => None,
    }
}

/// Looks whom a text means; the answer counts while nothing else was asked.
fn aim(state: &mut State, text: String, by: AimBy) -> Step {
    let ticket = state.aims.draw();
    let Some(layer) = top(state) else { return Step::none() };
    layer.ticket = ticket;
    layer.aim = None;
    layer.at = 0;
    if text.is_empty() {
        return Step::draw();
    }
    Step::run(Effect::Aim { ticket, text, by })
}

/// Whom has changed: what was answered is about somebody else.
pub(super) fn typed(state: &mut State) -> Step {
    let Some(layer) = top(state).filter(|layer| layer.stage == Stage::Who) else { return Step::draw() };
    layer.go = false;
    let by = if layer.scan { AimBy::TypingFile } else { AimBy::Typing };
    let text = layer.who.text().trim().to_owned();
    aim(state, text, by)
}

/// Whom a text means. An answer to an older question does not count.
pub(super) fn aimed(state: &mut State, env: &Env, ticket: Ticket, aim: Aim) -> Step {
    let found = state.layers.iter_mut().rev().find_map(|layer| match layer {
        Layer::Wizard(layer) if layer.ticket == ticket && layer.aim.is_none() => Some(layer),
        _ => None,
    });
    let Some(layer) = found else { return why::told(state, ticket, aim) };
    layer.aim = Some(aim);
    let go = std::mem::take(&mut layer.go);
    if go && top(state).is_some_and(|layer| layer.ticket == ticket) {
        return go_on(state, env);
    }
    Step::draw()
}

/// From whom to what the answer leads to.
fn go_on(state: &mut State, env: &Env) -> Step {
    let Some(layer) = top(state) else { return Step::none() };
    match &layer.aim {
        None => {
            // As soon as it is there.
            layer.go = !layer.who.text().trim().is_empty();
            Step::draw()
        }
        Some(Aim::One(aimed)) => {
            let verdict = &aimed.explained.verdict;
            if verdict.code.is_yes() {
                layer.stage = Stage::Purpose;
                return Step::draw();
            }
            // Whom one knows is opened at once; what a file says is shown before anything is done.
            let known = matches!(verdict.code, VerdictCode::Colleague | VerdictCode::AlreadyConnected);
            match verdict.alternatives.as_slice() {
                [only] if known && aimed.scanned.is_none() => {
                    let only = only.clone();
                    why::run(state, env, &only)
                }
                [] => Step::draw(),
                _ => {
                    layer.stage = Stage::Choose;
                    Step::draw()
                }
            }
        }
        Some(Aim::Several(..)) => {
            layer.stage = Stage::Choose;
            Step::draw()
        }
        // The network may be there again.
        Some(Aim::Failed(_) | Aim::Unread(_)) => {
            let step = typed(state);
            if let Some(layer) = top(state) {
                layer.go = true;
            }
            step
        }
        Some(Aim::Nowhere(_)) => Step::draw(),
    }
}

/// Enter: on to the next thing.
pub(super) fn confirm(state: &mut State, env: &Env) -> Step {
    let Some(layer) = top(state) else { return Step::none() };
    match layer.stage {
        Stage::Who => go_on(state, env),
        Stage::Choose => choose(state, env),
        Stage::Purpose => {
            layer.stage = Stage::Message;
            Step::draw()
        }
        Stage::Message => send(state, env),
    }
}

/// Takes who or what is chosen.
pub(super) fn choose(state: &mut State, env: &Env) -> Step {
    let Some(layer) = top(state) else { return Step::none() };
    if let Some(candidate) = layer.candidates().get(layer.at).cloned() {
        return take(state, &candidate);
    }
    match layer.alternatives().get(layer.at).cloned() {
        Some(alternative) => why::run(state, env, &alternative),
        None => Step::none(),
    }
}

/// To the next field, or the one before.
pub(super) fn turn(state: &mut State, env: &Env, back: bool) -> Step {
    let Some(layer) = top(state) else { return Step::none() };
    let yes = layer.aimed().is_some_and(|aimed| aimed.explained.verdict.code.is_yes());
    match (layer.stage, back) {
        (Stage::Who, false) => return go_on(state, env),
        (Stage::Purpose, false) if yes => layer.stage = Stage::Message,
        (Stage::Message, true) => layer.stage = Stage::Purpose,
        (Stage::Purpose | Stage::Choose, true) => layer.stage = Stage::Who,
        _ => {}
    }
    Step::draw()
}

/// Esc: a field back; false when there is none.
pub(super) fn back(layer: &mut WizardLayer) -> bool {
    layer.go = false;
    layer.stage = match layer.stage {
        Stage::Who => return false,
        Stage::Choose | Stage::Purpose => Stage::Who,
        Stage::Message => Stage::Purpose,
    };
    true
}

/// Says what for, where the policy asks for it.
pub(super) fn give_purpose(state: &mut State) -> Step {
    if let Some(layer) = top(state) {
        layer.stage = Stage::Purpose;
    }
    Step::draw()
}

fn send(state: &mut State, env: &Env) -> Step {
    let Some(layer) = top(state).filter(|layer| !layer.sending) else { return Step::none() };
    let Some(aimed) = layer.aimed() else { return Step::none() };
    let purpose: Untrusted = layer.purpose.text().trim().into();
    let message: Untrusted = layer.message.text().trim().into();
    let ticket = i64::try_from(layer.ticket.0).unwrap_or(i64::MAX);
    let body = format!("{:?}", (purpose.as_data(), message.as_data()));
    // The same wizard sends the same once; another one that says the same sends it again.
    let key = write_key(env, "ask", aimed.to.as_data(), ticket, &body);
    let message = Some(message).filter(|message| !message.is_empty());
    let request = NewRequest { to: aimed.to.clone(), purpose, message };
    layer.sending = true;
    state.writing += 1;
    Step::run(Effect::Ask { request, key })
}

/// What came of sending. What was typed stays unless it is there.
pub(super) fn asked(state: &mut State, env: &Env, result: Result<Request, Fault>) -> Step {
    state.writing = state.writing.saturating_sub(1);
    let at = state.layers.iter().rposition(|layer| matches!(layer, Layer::Wizard(wizard) if wizard.sending));
    match result {
        Ok(request) => {
            if let Some(at) = at {
                state.layers.remove(at);
            }
            let text = match request.state {
                RequestState::Approved => Text::AddApprovedToast,
                RequestState::PendingManager => Text::AddSentManagerToast,
                _ => Text::AddSentToast,
            };
            took(state, env, request).and(say(state, env, Voice::Good, env.words.get(text)))
        }
        Err(fault) => {
            let layer = at.and_then(|at| match state.layers.get_mut(at) {
                Some(Layer::Wizard(layer)) => Some(layer),
                _ => None,
            });
            let words = env.words.fault(&fault);
            if let Some(layer) = layer {
                layer.sending = false;
                if let (Fault::Refused(refusal), Some(Aim::One(aimed))) = (fault, &mut layer.aim) {
                    // The policy looked again: this is its answer now.
                    aimed.explained.verdict = refusal.verdict;
                    layer.stage = Stage::Choose;
                    layer.at = 0;
                    return Step::draw();
                }
            }
            say(state, env, Voice::Bad, words)
        }
    }
}

/// A request of one's own as it is now.
pub(super) fn took(state: &mut State, env: &Env, request: Request) -> Step {
    let touched = state.data.apply(vec![Change::Request(Box::new(request))]);
    news::refresh(state, env, touched)
}
