//! The one function that changes the state. Pure: what is to be done outside comes back as data.

mod act;
mod answers;
mod approvals;
mod bulk;
mod clipboard;
mod contact;
mod converse;
mod earlier;
mod edit;
mod external;
mod layers;
mod lists;
mod marks;
mod moves;
mod namecard;
mod news;
mod past;
mod queue;
mod search;
mod sharing;
mod tree;
mod why;
mod wizard;

use std::time::Duration;

use sha2::{Digest as _, Sha256};

use super::keys::{Chord, Key, Resolved};
use super::model::{Ask, Effect, Env, Layer, Msg, Phase, State, Step, Tab, Voice};
use crate::i18n::Text;
use crate::text::SafeText;

/// Ctrl-C twice within this time ends the program.
const TWICE: Duration = Duration::from_secs(2);

/// Takes what happened, changes the state, says what is to be done.
pub fn update(state: &mut State, env: &Env, msg: Msg) -> Step {
    match msg {
        Msg::Key(chord) => press(state, env, chord),
        Msg::Paste(text) => paste(state, env, &text),
        Msg::Resize(size) => {
            state.size = size;
            lists::keep_all(state);
            namecard::refit(state).and(Step::draw())
        }
        Msg::Wake => {
            state.toasts.expire(env.now);
            lists::approvals(state, env);
            Step::draw()
        }
        Msg::Seeding { long } => {
            state.phase = Phase::Seeding { long };
            Step::draw()
        }
        Msg::Snapshot(snapshot) => news::snapshot(state, env, *snapshot),
        Msg::Members(members, done) => news::members(state, members, done),
        Msg::Contacts(contacts, done) => news::contacts(state, contacts, done),
        Msg::Linked(people, done) => news::linked(state, people, done),
        Msg::Introductions(all) => news::introductions(state, all),
        Msg::Changes(changes, now) => news::changes(state, env, changes, now),
        Msg::Online => news::online(state),
        Msg::Offline(fault) => news::offline(state, env, fault),
        Msg::Resumed => Step::run(Effect::Redraw),
        Msg::Answer(answer) => answers::take(state, env, answer),
    }
}

fn press(state: &mut State, env: &Env, chord: Chord) -> Step {
    let scopes = state.scopes();
    let types = state.types_text();
    // Inside a field a full-width letter is a letter; elsewhere it is the key it stands for.
    let chord = if types { chord } else { chord.ascii() };
    let mut presses = std::mem::take(&mut state.prefix);
    let begun = !presses.is_empty();
    presses.push(chord);
    match env.keymap.resolve(&scopes, &presses) {
        Resolved::Bound(binding) => match (binding.blocked)(state) {
            Some(why) => say(state, env, Voice::Bad, env.words.get(why)),
            None => act::act(state, env, binding.action, chord),
        },
        Resolved::Prefix => {
            state.prefix = presses;
            Step::draw()
        }
        // Something longer was begun and not gone on with: the strip goes away, nothing else happens.
        Resolved::Nothing if begun => Step::draw(),
        Resolved::Nothing if types => match chord.typed() {
            Some(c) => edit::typed(state, env, c),
            None => Step::none(),
        },
        Resolved::Nothing => hint(state, env, chord),
    }
}

/// Keys that other programs use for something harmless, and letters of an input method, say so.
fn hint(state: &mut State, env: &Env, chord: Chord) -> Step {
    if !state.layers.is_empty() {
        return Step::none();
    }
    let text = match chord.key {
        Key::Char('r' | 'd' | 'b') if chord.typed().is_some() => Text::HintNotUsed,
        Key::Char(c) if !c.is_ascii() && c.is_alphabetic() => Text::HintInputMethod,
        _ => return Step::none(),
    };
    let key = SafeText::clean(&chord.to_string());
    say(state, env, Voice::Good, env.words.fill(text, &[("key", key)]))
}

/// A paste is text: into the field that is open, else into a new search. It never is a command.
fn paste(state: &mut State, env: &Env, text: &str) -> Step {
    state.prefix.clear();
    let line = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    if state.types_text() {
        return edit::pasted(state, env, line);
    }
    if !state.layers.is_empty() || state.no_search_here().is_some() || line.is_empty() {
        return Step::none();
    }
    search::open(state).and(edit::pasted(state, env, line))
}

/// Says something for a while.
fn say(state: &mut State, env: &Env, voice: Voice, text: SafeText) -> Step {
    state.toasts.add(voice, text, env.now);
    Step::draw()
}

/// The key of a write: the same for the same press, another for another. It is made of this program's
/// random number, the object, its revision and what is sent.
fn write_key(env: &Env, what: &str, id: &str, revision: i64, body: &str) -> String {
    let mut hash = Sha256::new();
    hash.update(env.instance);
    for part in [what, id, &revision.to_string(), body] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().iter().take(16).map(|b| format!("{b:02x}")).collect()
}

/// Ends the program, unless answers are on their way.
fn quit(state: &mut State, env: &Env) -> Step {
    if state.in_flight.is_empty() && state.writing == 0 {
        return Step::run(Effect::Quit);
    }
    ask(state, env, Ask::Quit)
}

/// Asks a question whose first answer is harmless.
fn ask(state: &mut State, env: &Env, ask: Ask) -> Step {
    state.layers.push(Layer::Ask { ask, at: 0, since: env.now });
    Step::draw()
}

/// Brings a tab to the front.
fn go_to(state: &mut State, env: &Env, tab: Tab) -> Step {
    state.tab = tab;
    lists::approvals(state, env);
    lists::keep_all(state);
    external::read_selected(state).and(Step::draw())
}
