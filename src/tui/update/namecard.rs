//! One's own namecard: read, laid out for the window, proved, rotated.

use super::write_key;
use crate::domain::{Card, CardId, Fault, OwnSettings};
use crate::qr::{self, Form};
use crate::tui::model::{Code, Effect, Env, Layer, NamecardLayer, Proof, State, Step, Ticket, code_area};

fn layer(state: &mut State) -> Option<&mut NamecardLayer> {
    state.layers.iter_mut().rev().find_map(|layer| match layer {
        Layer::Namecard(layer) => Some(&mut **layer),
        _ => None,
    })
}

/// Opens the namecard.
pub(super) fn open(state: &mut State) -> Step {
    let layer = NamecardLayer {
        card: None,
        all: Vec::new(),
        at: 0,
        form: Form::Half,
        code: Code::Unknown,
        proof: Ticket::default(),
        outside: false,
        own: None,
    };
    state.layers.push(Layer::Namecard(Box::new(layer)));
    Step::run(Effect::ReadCards).and(Step::run(Effect::ReadOwn))
}

/// The card that is shown, and what one set for oneself, if that is known.
pub(super) fn shown_card(state: &mut State) -> Option<(Card, Option<OwnSettings>)> {
    let layer = layer(state)?;
    match &layer.card {
        Some(Ok(card)) => Some((card.clone(), layer.own.clone())),
        _ => None,
    }
}

/// What one set for oneself is known.
pub(super) fn own_arrived(state: &mut State, own: OwnSettings) {
    if let Some(layer) = layer(state) {
        layer.own = Some(own);
    }
}

/// As an outsider sees it, or the code again.
pub(super) fn turn_outside(state: &mut State) -> Step {
    if let Some(layer) = layer(state) {
        layer.outside = !layer.outside;
    }
    Step::draw()
}

/// The card's revision, if there is one.
pub(super) fn revision(state: &mut State) -> Option<i64> {
    match &layer(state)?.card {
        Some(Ok(card)) => Some(card.revision),
        _ => None,
    }
}

/// The card is there, or is not.
pub(super) fn arrived(state: &mut State, card: Result<Card, Fault>) -> Step {
    let Some(layer) = layer(state) else { return Step::none() };
    if let (Ok(card), Some(kept)) = (&card, layer.all.get_mut(layer.at)) {
        *kept = card.clone();
    }
    layer.card = Some(card);
    layer.code = Code::Unknown;
    refit(state).and(Step::draw())
}

/// All cards are there, or are not. The one that was shown stays.
pub(super) fn all_arrived(state: &mut State, cards: Result<Vec<Card>, Fault>) -> Step {
    let Some(layer) = layer(state) else { return Step::none() };
    match cards {
        Ok(all) => {
            let shown = match &layer.card {
                Some(Ok(card)) => all.iter().position(|other| other.id == card.id),
                _ => None,
            };
            layer.at = shown.unwrap_or(0);
            layer.all = all;
            match layer.all.get(layer.at).cloned() {
                Some(card) => arrived(state, Ok(card)),
                None => Step::none(),
            }
        }
        Err(fault) => arrived(state, Err(fault)),
    }
}

/// Shows another card, so many on; behind the last one comes the first.
pub(super) fn turn_to(state: &mut State, by: isize) -> Step {
    let Some(layer) = layer(state) else { return Step::none() };
    let count = isize::try_from(layer.all.len()).unwrap_or(0);
    if count < 2 {
        return Step::none();
    }
    let at = isize::try_from(layer.at).unwrap_or(0);
    layer.at = usize::try_from((at + by).rem_euclid(count)).unwrap_or(0);
    match layer.all.get(layer.at).cloned() {
        Some(card) => arrived(state, Ok(card)),
        None => Step::none(),
    }
}

/// Ends the card that is shown.
pub(super) fn revoke(state: &mut State, env: &Env, revision: i64) -> Step {
    let Some(id) = shown(state) else { return Step::none() };
    let key = write_key(env, "revoke", id.as_str(), revision, "");
    state.writing += 1;
    Step::run(Effect::RevokeCard { id, revision, key })
}

/// The id of the card that is shown.
fn shown(state: &mut State) -> Option<CardId> {
    match &layer(state)?.card {
        Some(Ok(card)) => Some(card.id.clone()),
        _ => None,
    }
}

/// Lays the code out for the window and has it proved: only what reads back is shown.
pub(super) fn refit(state: &mut State) -> Step {
    let area = code_area(state.size);
    let ticket = state.proofs.draw();
    let Some(layer) = layer(state) else { return Step::none() };
    let Some(Ok(card)) = &layer.card else { return Step::none() };
    let link = card.link.clone();
    let Ok(fit) = qr::fit(&link, layer.form, area.columns.into(), area.rows.into()) else {
        layer.code = Code::Unknown;
        return Step::draw();
    };
    layer.code = Code::of(fit);
    layer.proof = ticket;
    match &layer.code {
        Code::Drawn(blocks, Proof::Pending) => Step::run(Effect::ProveCode(ticket, blocks.clone(), link)),
        _ => Step::draw(),
    }
}

/// The drawn code was read back, or could not be.
pub(super) fn proved(state: &mut State, ticket: Ticket, good: bool) -> Step {
    let Some(layer) = layer(state).filter(|layer| layer.proof == ticket) else { return Step::none() };
    if let Code::Drawn(_, proof) = &mut layer.code {
        *proof = if good { Proof::Good } else { Proof::Bad };
    }
    Step::draw()
}

/// Half blocks or full ones.
pub(super) fn turn_form(state: &mut State) -> Step {
    if let Some(layer) = layer(state) {
        layer.form = match layer.form {
            Form::Half => Form::Full,
            Form::Full => Form::Half,
        };
    }
    refit(state).and(Step::draw())
}

/// Gives the card a new code.
pub(super) fn rotate(state: &mut State, env: &Env, revision: i64, leaked: bool) -> Step {
    let Some(id) = shown(state) else { return Step::none() };
    let key = write_key(env, "rotate", id.as_str(), revision, if leaked { "leaked" } else { "" });
    state.writing += 1;
    Step::run(Effect::RotateCard { id, revision, leaked, key })
}
