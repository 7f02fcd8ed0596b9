//! Copying one field. What is copied is what is shown: marks that hide in a name are spelled out.

use super::say;
use crate::domain::PhoneKind;
use crate::i18n::Text;
use crate::text::{SafeText, Untrusted};
use crate::tui::keys::Action;
use crate::tui::model::{Effect, Env, Layer, Selected, State, Step, Voice};

/// Copies a field of who is selected, or a link: the card's, or to the system that decides a request.
pub(super) fn copy(state: &mut State, env: &Env, action: Action) -> Step {
    let found = match action {
        Action::CopyName => name(state),
        Action::CopyPhone => phone(state),
        Action::CopyEmail => email(state),
        Action::CopyId => id(state),
        Action::CopyLink => link(state),
        _ => None,
    };
    match found {
        Some(text) => {
            let what = env.words.get(action.label());
            say(state, env, Voice::Good, env.words.fill(Text::Copied, &[("what", what)]))
                .and(Step::run(Effect::Copy(text)))
        }
        None => Step::none(),
    }
}

fn name(state: &State) -> Option<SafeText> {
    match state.selected() {
        Selected::Member(member) => Some(member.name.whole()),
        Selected::Contact(contact) => Some(contact.name.whole()),
        Selected::Request(request) => Some(request.requester.name.whole()),
        Selected::Linked(person) => Some(person.name.whole()),
        Selected::Nobody => None,
    }
}

fn phone(state: &State) -> Option<SafeText> {
    match state.selected() {
        Selected::Member(member) => {
            let best = member.phones.iter().find(|phone| phone.kind == PhoneKind::Mobile);
            best.or_else(|| member.phones.first()).map(|phone| phone.number.whole())
        }
        Selected::Contact(contact) => contact.phones.first().map(|phone| phone.whole()),
        Selected::Request(request) => request.requester.phone.as_ref().map(|phone| phone.whole()),
        Selected::Linked(_) | Selected::Nobody => None,
    }
}

fn email(state: &State) -> Option<SafeText> {
    match state.selected() {
        Selected::Member(member) => member.emails.first().map(|email| email.whole()),
        Selected::Contact(contact) => contact.emails.first().map(|email| email.whole()),
        Selected::Request(request) => request.requester.email.as_ref().map(|email| email.whole()),
        Selected::Linked(_) | Selected::Nobody => None,
    }
}

fn id(state: &State) -> Option<SafeText> {
    match state.selected() {
        Selected::Member(member) => Some(member.id.shown()),
        Selected::Contact(contact) => Some(contact.id.shown()),
        Selected::Request(request) => Some(request.id.shown()),
        Selected::Linked(person) => Some(person.id.shown()),
        Selected::Nobody => None,
    }
}

fn link(state: &State) -> Option<SafeText> {
    match state.layers.last() {
        Some(Layer::Namecard(layer)) => match &layer.card {
            Some(Ok(card)) => Some(SafeText::clean(&card.link)),
            _ => None,
        },
        _ => match state.selected() {
            Selected::Request(request) => request.elsewhere.as_ref()?.link.as_ref().map(Untrusted::whole),
            _ => None,
        },
    }
}
