//! Contacts: tags, handing over, passing on, refusing who takes over.

use super::{external, say, write_key};
use crate::domain::{ContactId, Fault, MemberId, Tags};
use crate::i18n::Text;
use crate::i18n::say::NAME_CELLS;
use crate::text::{SafeText, Untrusted};
use crate::tui::model::{ContactChange, Effect, Env, Field, Layer, Selected, State, Step, TagsLayer, Voice};

/// Opens the tags of the selected contact: the company's to be ticked, one's own to be typed.
pub(super) fn open_tags(state: &mut State, env: &Env) -> Step {
    let Selected::Contact(contact) = state.selected() else { return Step::none() };
    // What the company offers comes with the details, which are read while the contact is looked at.
    let Some(detail) = state.data.contact_detail(&contact.id) else {
        return say(state, env, Voice::Bad, env.words.get(Text::NotReady));
    };
    let given = contact.tags.iter().filter(|tag| !detail.company_tags.contains(tag));
    let company: Vec<(Untrusted, bool)> = detail
        .company_tags
        .iter()
        .chain(given)
        .map(|tag| (tag.clone(), contact.tags.contains(tag)))
        .collect();
    let own: Vec<SafeText> = contact.own_tags.iter().map(Untrusted::whole).collect();
    let own = Field::with(SafeText::join(&own, ", ").as_str());
    let (id, revision) = (contact.id.clone(), contact.revision);
    state.layers.push(Layer::Tags(TagsLayer { id, revision, company, own, at: 0 }));
    Step::draw()
}

/// Ticks the company's tag under the cursor, or not any more.
pub(super) fn tick_tag(state: &mut State) -> Step {
    let Some(Layer::Tags(layer)) = state.layers.last_mut() else { return Step::none() };
    if let Some((_, ticked)) = layer.company.get_mut(layer.at) {
        *ticked = !*ticked;
    }
    Step::draw()
}

/// Saves the tags; the layer stays until the server has them.
pub(super) fn save_tags(state: &mut State, env: &Env) -> Step {
    let Some(Layer::Tags(layer)) = state.layers.last() else { return Step::none() };
    let company = layer.company.iter().filter(|(_, ticked)| *ticked).map(|(tag, _)| tag.clone()).collect();
    let tags = Tags { company, own: layer.own_tags() };
    let known = state.data.contact(&layer.id).map(|contact| (&contact.tags, &contact.own_tags));
    if known == Some((&tags.company, &tags.own)) {
        state.layers.pop();
        return Step::draw();
    }
    let (id, revision) = (layer.id.clone(), layer.revision);
    change(state, env, id, revision, ContactChange::Tags(tags))
}

/// Hands a contact over to a colleague, or passes it on to them.
pub(super) fn give(
    state: &mut State,
    env: &Env,
    id: ContactId,
    what: impl FnOnce(MemberId) -> ContactChange,
    to: MemberId,
) -> Step {
    let Some(revision) = state.data.contact(&id).map(|contact| contact.revision) else { return Step::draw() };
    change(state, env, id, revision, what(to))
}

/// Refuses the colleague of theirs who takes the selected contact over.
pub(super) fn refuse(state: &mut State, env: &Env, revision: i64) -> Step {
    match state.selected() {
        Selected::Contact(contact) if contact.revision == revision => {
            let id = contact.id.clone();
            change(state, env, id, revision, ContactChange::Refuse)
        }
        _ => say(state, env, Voice::Bad, env.words.get(Text::FaultChanged)),
    }
}

fn change(state: &mut State, env: &Env, id: ContactId, revision: i64, what: ContactChange) -> Step {
    let key = write_key(env, "contact", id.as_str(), revision, &format!("{what:?}"));
    state.writing += 1;
    Step::run(Effect::ChangeContact { id, revision, what, key })
}

/// Something was done on a contact, or was not.
pub(super) fn changed(
    state: &mut State,
    env: &Env,
    id: &ContactId,
    what: &ContactChange,
    result: Result<(), Fault>,
) -> Step {
    state.writing = state.writing.saturating_sub(1);
    if let Err(fault) = result {
        return super::answers::not_written(state, env, id, &fault);
    }
    if matches!(state.layers.last(), Some(Layer::Tags(layer)) if layer.id == *id) {
        state.layers.pop();
    }
    let name = state.data.contact(id).map(|contact| contact.name.line(NAME_CELLS)).unwrap_or_default();
    let colleague = |member: &MemberId| {
        state.data.member(member).map_or_else(|| member.shown(), |member| member.name.line(NAME_CELLS))
    };
    let words = match what {
        ContactChange::Tags(_) => env.words.get(Text::TagsSaved),
        ContactChange::HandOver(to) => {
            env.words.fill(Text::HandedOverToast, &[("name", name), ("who", colleague(to))])
        }
        ContactChange::Introduce(to) => {
            env.words.fill(Text::IntroducedToast, &[("name", name), ("who", colleague(to))])
        }
        ContactChange::Refuse => env.words.fill(Text::RefusedToast, &[("name", name)]),
    };
    // The feed brings the row; the details are read anew with it.
    external::read_again(state, id).and(say(state, env, Voice::Good, words))
}
