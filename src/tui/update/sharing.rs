//! What one's namecard shows, whether requests are taken, and who decides while one is away.

use super::{converse, namecard, say, write_key};
use crate::domain::{Fault, MemberId, OwnSettings, Time};
use crate::i18n::Text;
use crate::text::Untrusted;
use crate::tui::model::{
    Effect, Env, Errand, Layer, SharingLayer, SharingRow, State, Step, Voice, WhenLayer, WhenWhat,
};

fn layer(state: &mut State) -> Option<&mut SharingLayer> {
    state.layers.iter_mut().rev().find_map(|layer| match layer {
        Layer::Sharing(layer) => Some(&mut **layer),
        _ => None,
    })
}

/// Opens it for the card that is shown.
pub(super) fn open(state: &mut State) -> Step {
    let Some((card, own)) = namecard::shown_card(state) else { return Step::none() };
    let me = state.data.me.as_ref().map(|me| &me.member);
    let known = me
        .into_iter()
        .flat_map(|me| me.phones.iter().map(|phone| phone.number.clone()).chain(me.emails.iter().cloned()));
    let like = card.like();
    let mut fields: Vec<(Untrusted, bool)> = Vec::new();
    // What the card shows stays to be seen, even when one's own record does not hold it any more.
    for field in known.chain(like.fields.iter().cloned()) {
        if !fields.iter().any(|(other, _)| *other == field) {
            let ticked = like.fields.contains(&field);
            fields.push((field, ticked));
        }
    }
    let stand_in = own.as_ref().and_then(|own| own.stand_in.clone()).map(|who| (who.id, who.name));
    let layer = SharingLayer {
        id: card.id,
        revision: card.revision,
        like,
        fields,
        accepts: own.as_ref().is_none_or(|own| own.accepts),
        away_until: own.as_ref().and_then(|own| own.away_until),
        stand_in,
        own,
        at: 0,
    };
    state.layers.push(Layer::Sharing(Box::new(layer)));
    Step::draw()
}

/// Ticks or unticks; where a moment or a colleague is needed, that is asked for.
pub(super) fn tick(state: &mut State) -> Step {
    let Some(layer) = layer(state) else { return Step::none() };
    match layer.rows().get(layer.at) {
        Some(SharingRow::Field(at)) => {
            if let Some((_, ticked)) = layer.fields.get_mut(*at) {
                *ticked = !*ticked;
            }
        }
        Some(SharingRow::Accepts) => layer.accepts = !layer.accepts,
        Some(SharingRow::Away) if layer.away_until.is_some() => layer.away_until = None,
        Some(SharingRow::Away) => {
            let when = WhenLayer { about: None, what: WhenWhat::Away, at: 0, date: None };
            state.layers.push(Layer::When(when));
        }
        Some(SharingRow::StandIn) if layer.stand_in.is_some() => layer.stand_in = None,
        Some(SharingRow::StandIn) => return converse::open_picker(state, Errand::StandIn),
        None => {}
    }
    Step::draw()
}

/// The moment until which one is to be away.
pub(super) fn away(state: &mut State, until: Time) -> Step {
    if let Some(layer) = layer(state) {
        layer.away_until = Some(until);
    }
    Step::draw()
}

/// Who is to decide meanwhile.
pub(super) fn stand_in(state: &mut State, member: MemberId) -> Step {
    let name = state.data.member(&member).map(|member| member.name.clone()).unwrap_or_default();
    if let Some(layer) = layer(state) {
        layer.stand_in = Some((member, name));
    }
    Step::draw()
}

/// Saves what was changed.
pub(super) fn save(state: &mut State, env: &Env) -> Step {
    let Some(Layer::Sharing(layer)) = state.layers.pop() else { return Step::none() };
    let mut step = Step::draw();
    if let Some(like) = layer.changed_card() {
        let key = write_key(env, "card", layer.id.as_str(), layer.revision, &format!("{:?}", like.fields));
        state.writing += 1;
        let (id, revision) = (layer.id.clone(), layer.revision);
        step = step.and(Step::run(Effect::ChangeCard { id, revision, like, key }));
    }
    if let Some(own) = layer.changed_settings() {
        let key = write_key(env, "own", "settings", own.revision, &format!("{own:?}"));
        state.writing += 1;
        step = step.and(Step::run(Effect::SetOwn(own, key)));
    }
    step
}

/// What one set for oneself is known, or set anew, or neither.
pub(super) fn arrived(
    state: &mut State,
    env: &Env,
    result: Result<OwnSettings, Fault>,
    written: bool,
) -> Step {
    if written {
        state.writing = state.writing.saturating_sub(1);
    }
    match result {
        Ok(own) => {
            namecard::own_arrived(state, own);
            if written { say(state, env, Voice::Good, env.words.get(Text::OwnSaved)) } else { Step::draw() }
        }
        Err(fault) if written => {
            // Whoever else wrote is shown: what one wanted is chosen anew.
            let said = say(state, env, Voice::Bad, env.words.fault(&fault));
            said.and(Step::run(Effect::ReadOwn))
        }
        Err(_) => Step::none(),
    }
}
