//! What is done on a request besides a plain yes or no: asking, answering, tags, putting aside, passing on,
//! choosing whom a partner sees, taking one's own back.

use jiff::ToSpan as _;

use super::approvals::{approve_as, decide_unchanged, to_next_open};
use super::{lists, say, search, write_key};
use crate::domain::{Decision, DepartmentId, LinkScope, MemberId, RequestAction, RequestId, Time};
use crate::i18n::Text;
use crate::search::Hit;
use crate::text::Untrusted;
use crate::tui::model::{
    ColleagueLayer, Converse, Cursor, Effect, Env, Field, InFlight, Layer, SayLayer, SayWhat, ScopeLayer,
    Selected, State, Step, Ticket, Voice, WhenLayer, WhenWhat,
};

/// The hour of a day to which something is put aside.
const MORNING: i8 = 8;
/// Most tags of one decision.
const TAGS: usize = 10;

fn selected(state: &State) -> Option<(RequestId, i64)> {
    match state.selected() {
        Selected::Request(request) => Some((request.id.clone(), request.revision)),
        _ => None,
    }
}

/// Opens the field of a question to the requester; on one's own request that was asked about: of the answer.
pub(super) fn open_words(state: &mut State) -> Step {
    let Selected::Request(request) = state.selected() else { return Step::none() };
    let answers = request.allows(RequestAction::Answer);
    open_say(state, if answers { SayWhat::Answer } else { SayWhat::Question })
}

/// Opens the field of the tags that the new contact gets.
pub(super) fn open_tags(state: &mut State) -> Step {
    open_say(state, SayWhat::Tags)
}

fn open_say(state: &mut State, what: SayWhat) -> Step {
    let Some((id, revision)) = selected(state) else { return Step::none() };
    state.layers.push(Layer::Say(SayLayer { id, revision, what, field: Field::default() }));
    Step::draw()
}

/// Sends what was typed.
pub(super) fn said(state: &mut State, env: &Env) -> Step {
    let Some(Layer::Say(layer)) = state.layers.last() else { return Step::none() };
    let text = layer.field.text().trim().to_owned();
    if text.is_empty() {
        return say(state, env, Voice::Bad, env.words.get(Text::WordsNeeded));
    }
    let layer = layer.clone();
    state.layers.pop();
    let what = match layer.what {
        SayWhat::Question => Converse::Ask(text.as_str().into()),
        SayWhat::Answer => Converse::Answer(text.as_str().into()),
        SayWhat::Tags => {
            let tags = text.split([',', '，', '、']).map(str::trim).filter(|tag| !tag.is_empty());
            let tags: Vec<Untrusted> = tags.take(TAGS).map(Untrusted::from).collect();
            return approve_as(state, env, Decision { tags, ..Decision::approve() });
        }
    };
    send(state, env, &layer.id, what)
}

/// Does something on a request; its row is marked until the answer is there.
fn send(state: &mut State, env: &Env, id: &RequestId, what: Converse) -> Step {
    let Some(request) = state.data.request(id) else { return Step::none() };
    let revision = request.revision;
    let key = write_key(env, "converse", id.as_str(), revision, &format!("{what:?}"));
    state.in_flight.insert(id.clone(), InFlight::Converse);
    state.approvals.marks.remove(id);
    lists::approvals(state, env);
    if state.layers.is_empty() && !matches!(what, Converse::Withdraw | Converse::Answer(_)) {
        to_next_open(state, env);
    }
    Step::run(Effect::Converse { id: id.clone(), revision, what, key })
}

/// Offers moments: until when something is put aside, or a permission holds.
pub(super) fn choose_when(state: &mut State, what: WhenWhat) -> Step {
    let Some((id, revision)) = selected(state) else { return Step::none() };
    state.layers.push(Layer::When(WhenLayer { id, revision, what, at: 0, date: None }));
    Step::draw()
}

/// Takes the moment that was chosen; the last choice is a date of one's own.
pub(super) fn chosen_when(state: &mut State, env: &Env) -> Step {
    let now = state.server_now(env.now);
    let Some(Layer::When(layer)) = state.layers.last_mut() else { return Step::none() };
    let today = now.timestamp().to_zoned(env.zone.clone()).date();
    let date = match (&layer.date, layer.what.days().get(layer.at)) {
        (Some(field), _) => field.text().trim().parse::<jiff::civil::Date>().ok(),
        (None, Some(days)) => today.checked_add(days.days()).ok(),
        (None, None) => {
            layer.date = Some(Field::default());
            return Step::draw();
        }
    };
    let what = layer.what;
    let moment = date.filter(|date| *date > today).and_then(|date| {
        // A permission holds through the whole of its last day.
        let at = match what {
            WhenWhat::Snooze => date.at(MORNING, 0, 0, 0),
            WhenWhat::Permission => date.tomorrow().ok()?.at(0, 0, 0, 0),
        };
        Some(Time::from(at.to_zoned(env.zone.clone()).ok()?.timestamp()))
    });
    let Some(moment) = moment else {
        return say(state, env, Voice::Bad, env.words.get(Text::DateWrong));
    };
    let layer = layer.clone();
    state.layers.pop();
    match what {
        WhenWhat::Snooze => send(state, env, &layer.id, Converse::Snooze(moment)),
        WhenWhat::Permission => {
            let decision = Decision { until: Some(moment), ..Decision::approve() };
            decide_unchanged(state, env, &layer.id, layer.revision, decision)
        }
    }
}

/// Asks to whom it goes: passed on, or a handover given to them.
pub(super) fn choose_colleague(state: &mut State) -> Step {
    let Selected::Request(request) = state.selected() else { return Step::none() };
    let assign = request.allows(RequestAction::Assign);
    let (id, revision) = (request.id.clone(), request.revision);
    open_colleagues(state, (id, revision), Vec::new(), assign)
}

/// Asks to whom several go that are passed on together.
pub(super) fn choose_colleague_for(state: &mut State, mut ids: Vec<RequestId>) -> Step {
    ids.retain(|id| state.data.request(id).is_some_and(|request| request.allows(RequestAction::Pass)));
    let Some(first) = ids.first().and_then(|id| state.data.request(id)) else { return Step::draw() };
    let first = (first.id.clone(), first.revision);
    let more = ids.split_off(1);
    open_colleagues(state, first, more, false)
}

fn open_colleagues(
    state: &mut State,
    (id, revision): (RequestId, i64),
    more: Vec<RequestId>,
    assign: bool,
) -> Step {
    let (field, hits, cursor) = (Field::default(), Vec::new(), Cursor::default());
    let wanted = Ticket::default();
    let layer = ColleagueLayer { id, more, revision, assign, field, hits, away: None, cursor, wanted };
    state.layers.push(Layer::Colleague(Box::new(layer)));
    find(state).and(Step::draw())
}

/// Looks for who matches what is typed; without a word, the nearest colleagues are offered.
pub(super) fn find(state: &mut State) -> Step {
    let near: Vec<_> = state
        .data
        .me
        .as_ref()
        .and_then(|me| me.member.main_department())
        .map(|department| state.data.staff(department).to_vec())
        .unwrap_or_default();
    let mine = state.data.me.as_ref().map(|me| me.member.id.clone());
    let index = state.people.index.clone();
    let Some(Layer::Colleague(layer)) = state.layers.last_mut() else { return Step::none() };
    let ticket = layer.wanted.draw();
    layer.away = None;
    let query = layer.field.text().to_owned();
    if query.trim().is_empty() {
        layer.hits = near.into_iter().filter(|id| Some(id) != mine.as_ref()).collect();
        layer.cursor = Cursor::default();
        return Step::draw();
    }
    match index {
        Some(index) => search::rank_for_picker(ticket, query, index),
        None => Step::draw(),
    }
}

/// Who was found.
pub(super) fn found(state: &mut State, ticket: Ticket, hits: &[Hit]) -> Step {
    let mine = state.data.me.as_ref().map(|me| me.member.id.clone());
    let people = hits.iter().filter_map(|hit| state.people.people.get(hit.record as usize));
    let people = people.filter(|id| Some(*id) != mine.as_ref()).cloned().collect();
    let Some(Layer::Colleague(layer)) = state.layers.last_mut() else { return Step::none() };
    if layer.wanted != ticket || layer.away.is_some() {
        return Step::none();
    }
    layer.hits = people;
    layer.cursor = Cursor::default();
    Step::draw()
}

/// Gives it to the colleague who is selected; of somebody who is away, whoever decides for them is offered first.
pub(super) fn chosen_colleague(state: &mut State, env: &Env) -> Step {
    let Some(Layer::Colleague(layer)) = state.layers.last() else { return Step::none() };
    let Some(member) = layer.hits.get(layer.cursor.at).cloned() else {
        return say(state, env, Voice::Bad, env.words.get(Text::NobodySelected));
    };
    let (id, more, assign) = (layer.id.clone(), layer.more.clone(), layer.assign);
    if layer.away.as_ref() != Some(&member)
        && let Some(instead) = instead_of(state, env, &member)
        && let Some(Layer::Colleague(layer)) = state.layers.last_mut()
    {
        layer.hits = instead;
        (layer.away, layer.cursor) = (Some(member), Cursor::default());
        return Step::draw();
    }
    state.layers.pop();
    let what = if assign { Converse::Assign(member) } else { Converse::Pass(member) };
    let first = send(state, env, &id, what.clone());
    more.iter().fold(first, |step, id| step.and(send(state, env, id, what.clone())))
}

/// Who is offered when somebody who is away was chosen: whoever decides for them first, they themselves after that.
/// None when they are here.
fn instead_of(state: &State, env: &Env, id: &MemberId) -> Option<Vec<MemberId>> {
    let away = state.data.member(id)?.away_at(state.server_now(env.now))?;
    let mine = state.data.me.as_ref().map(|me| &me.member.id);
    let stand_in = away.stand_in.as_ref().map(|who| &who.id);
    let stand_in = stand_in.filter(|id| Some(*id) != mine && state.data.member(id).is_some());
    Some(stand_in.into_iter().chain([id]).cloned().collect())
}

/// Asks whom a partner sees of us: departments of the tree.
pub(super) fn choose_scope(state: &mut State) -> Step {
    let Some((id, revision)) = selected(state) else { return Step::none() };
    let mut tree = Vec::new();
    below(state, None, 0, &mut tree);
    let layer = ScopeLayer { id, revision, tree, chosen: Vec::new(), cursor: Cursor::default() };
    state.layers.push(Layer::Scope(layer));
    Step::draw()
}

fn below(state: &State, parent: Option<&DepartmentId>, depth: usize, tree: &mut Vec<(DepartmentId, usize)>) {
    // A circle would be the server's fault; it must not be ours to hang on.
    if depth > 64 {
        return;
    }
    for id in state.data.below(parent) {
        tree.push((id.clone(), depth));
        below(state, Some(id), depth + 1, tree);
    }
}

/// Chooses the department under the cursor, or not any more.
pub(super) fn tick_department(state: &mut State) -> Step {
    let Some(Layer::Scope(layer)) = state.layers.last_mut() else { return Step::none() };
    let Some((id, _)) = layer.tree.get(layer.cursor.at).cloned() else { return Step::none() };
    if layer.chosen.contains(&id) {
        layer.chosen.retain(|other| *other != id);
    } else {
        layer.chosen.push(id);
    }
    Step::draw()
}

/// Approves the link with what was chosen; nothing chosen is no scope.
pub(super) fn chosen_scope(state: &mut State, env: &Env) -> Step {
    let Some(Layer::Scope(layer)) = state.layers.last() else { return Step::none() };
    if layer.chosen.is_empty() {
        return say(state, env, Voice::Bad, env.words.get(Text::ScopeNone));
    }
    let layer = layer.clone();
    state.layers.pop();
    let scope = Some(LinkScope { departments: layer.chosen, members: Vec::new() });
    let decision = Decision { scope, ..Decision::approve() };
    decide_unchanged(state, env, &layer.id, layer.revision, decision)
}

/// Takes the selected request, one's own, back.
pub(super) fn withdraw(state: &mut State, env: &Env, revision: i64) -> Step {
    match selected(state) {
        Some((id, now)) if now == revision => send(state, env, &id, Converse::Withdraw),
        _ => say(state, env, Voice::Bad, env.words.get(Text::FaultChanged)),
    }
}
