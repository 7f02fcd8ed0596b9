//! What the queue asks before it does something.

use std::collections::BTreeMap;

use super::Caret;
use super::canvas::{Canvas, cells, tick};
use super::layers::{QUESTION, field, framed, wrapped};
use super::queue::group_name;
use crate::domain::{DecisionKind, RequestId};
use crate::i18n::Text;
use crate::i18n::say::NAME_CELLS;
use crate::text::SafeText;
use crate::tui::model::content::{away_until, department_name, member_name};
use crate::tui::model::{
    BLOCK_WORD, BlockLayer, BulkLayer, ColleagueLayer, Env, Errand, Grouping, Pane, SayLayer, SayWhat,
    ScopeLayer, State, WhenLayer, WhenWhat, left_out_text, picker_area,
};

/// Most rows left out that are named.
const NAMED: usize = 6;
/// Most groups that are counted by name.
const COUNTED: usize = 4;

/// The name of who asks.
fn name(state: &State, id: &RequestId) -> SafeText {
    let request = state.data.request(id);
    request.map(|request| request.requester.name.line(NAME_CELLS)).unwrap_or_default()
}

/// How many rows there are of each company, or by each card.
fn counts(state: &State, env: &Env, layer: &BulkLayer, grouping: Grouping) -> SafeText {
    let mut groups = BTreeMap::new();
    for request in layer.going.iter().filter_map(|(id, _)| state.data.request(id)) {
        let (key, name) = grouping.of(request, state.server_now(env.now));
        groups.entry(key).or_insert((name, 0_u64)).1 += 1;
    }
    let mut groups: Vec<_> = groups.into_iter().collect();
    groups.sort_by_key(|(_, (_, count))| std::cmp::Reverse(*count));
    let rest: u64 = groups.iter().skip(COUNTED).map(|(_, (_, count))| count).sum();
    let mut parts: Vec<SafeText> = groups
        .iter()
        .take(COUNTED)
        .map(|(key, (name, count))| {
            let name = group_name(env, key, name.as_ref()).0;
            env.words.fill(Text::BulkPart, &[("n", SafeText::number(*count)), ("name", name)])
        })
        .collect();
    if rest > 0 {
        parts.push(env.words.fill(Text::BulkMore, &[("n", SafeText::number(rest))]));
    }
    SafeText::join(&parts, ", ")
}

/// Many at once: how many of which, which not and why, and the answers; the harmless one is chosen.
pub(super) fn bulk(canvas: &mut Canvas<'_>, state: &State, env: &Env, layer: &BulkLayer) -> Option<Caret> {
    let n = SafeText::number(layer.going.len() as u64);
    let title = match layer.decision.kind {
        DecisionKind::Approve => Text::BulkApproveTitle,
        DecisionKind::Reject | DecisionKind::Block => Text::BulkRejectTitle,
    };
    let heading = env.words.fill(title, &[("n", n.clone())]);
    let without = layer.without_room().len();
    let rule =
        state.data.room.as_ref().map(|room| SafeText::clean(&room.verdict.rule.id)).unwrap_or_default();
    let mut lines = Vec::new();
    if without > 0 {
        let values = [("n", n.clone()), ("left", SafeText::number(without as u64)), ("rule", rule)];
        lines.push(env.words.fill(Text::BulkRoom, &values));
    }
    if layer.going.is_empty() {
        lines.push(env.words.get(Text::BulkNothing));
    } else {
        for (text, grouping) in [(Text::BulkByCard, Grouping::Card), (Text::BulkByCompany, Grouping::Company)]
        {
            lines.push(env.words.fill(text, &[("list", counts(state, env, layer, grouping))]));
        }
    }
    let mut left = Vec::new();
    if !layer.left.is_empty() {
        let n = SafeText::number(layer.left.len() as u64);
        left.push(env.words.fill(Text::BulkLeft, &[("n", n)]));
        for (id, why) in layer.left.iter().take(NAMED) {
            let mut line = SafeText::constant("  ");
            let why = left_out_text(env, state.data.request(id), *why);
            line.push(&SafeText::join([&name(state, id), &why], ": "));
            left.push(line);
        }
        if layer.left.len() > NAMED {
            let more = SafeText::number((layer.left.len() - NAMED) as u64);
            left.push(env.words.fill(Text::BulkMore, &[("n", more)]));
        }
    }
    let hear = env.words.get(Text::BulkHear);
    let foot = match &layer.number {
        Some(_) => vec![env.words.fill(Text::BulkType, &[("n", n.clone())])],
        None => {
            let mut answers =
                vec![env.words.get(Text::BulkLeave), env.words.fill(Text::BulkDo, &[("n", n.clone())])];
            if !layer.left.is_empty() {
                let n = SafeText::number(layer.left.len() as u64);
                answers.push(env.words.fill(Text::BulkLook, &[("n", n)]));
            }
            if without > 0 {
                let n = SafeText::number(without as u64);
                answers.push(env.words.fill(Text::BulkPass, &[("n", n)]));
            }
            answers
        }
    };
    let all = lines.iter().chain(&left).chain([&hear]).chain(&foot);
    let rows = all.map(|text| wrapped(text, QUESTION)).sum::<u16>() + 5;
    let inside = framed(canvas, state, QUESTION, rows, &heading);
    // Where rows are scarce the answers are what has to be seen.
    let kept = cells(foot.len()) + u16::from(layer.number.is_some());
    let (above, below) = inside.split_rows(inside.rows.saturating_sub(kept));
    lines.extend(left);
    lines.push(hear);
    let plain = canvas.theme.plain();
    canvas.lines(above, &lines, |_| plain);
    match &layer.number {
        Some(number) => {
            if let Some(text) = foot.first() {
                canvas.put(below.x, below.y, below.columns, text, canvas.theme.notice());
            }
            field(canvas, below.x, below.y + 1, below.columns.saturating_sub(2), number)
        }
        None => choices(canvas, below, &foot, layer.at),
    }
}

/// Answers to choose from, with their numbers. Returns where the chosen one stands.
fn choices(canvas: &mut Canvas<'_>, pane: Pane, answers: &[SafeText], at: usize) -> Option<Caret> {
    for (n, answer) in answers.iter().enumerate().take(pane.rows.into()) {
        let y = pane.y + cells(n);
        let mut line = SafeText::number(n as u64 + 1);
        line.push_constant("  ");
        line.push(answer);
        canvas.put(pane.x + 2, y, pane.columns.saturating_sub(2), &line, canvas.theme.plain());
        if n == at {
            canvas.select(pane, y);
        }
    }
    Some(Caret { x: pane.x, y: pane.y + cells(at) })
}

pub(super) fn block(canvas: &mut Canvas<'_>, state: &State, env: &Env, layer: &BlockLayer) -> Option<Caret> {
    let heading = env.words.fill(Text::BlockTitle, &[("name", name(state, &layer.id))]);
    let words = [
        env.words.get(Text::BlockTheySee),
        env.words.get(Text::BlockWeKeep),
        env.words.fill(Text::RemoveType, &[("word", SafeText::constant(BLOCK_WORD))]),
    ];
    let rows = words.iter().map(|text| wrapped(text, QUESTION) + 1).sum::<u16>() + 3;
    let inside = framed(canvas, state, QUESTION, rows, &heading);
    // Where rows are scarce the field is what has to be seen.
    let (above, below) = inside.split_rows(inside.rows.saturating_sub(1));
    canvas.paragraphs(above, &words, canvas.theme.plain());
    field(canvas, below.x, below.y, below.columns.saturating_sub(2), &layer.field)
}

pub(super) fn say(canvas: &mut Canvas<'_>, state: &State, env: &Env, layer: &SayLayer) -> Option<Caret> {
    let (title, help) = match layer.what {
        SayWhat::Question => (Text::QuestionTitle, Text::QuestionHelp),
        SayWhat::Answer => (Text::AnswerTitle, Text::AnswerHelp),
        SayWhat::Tags => (Text::TagsTitle, Text::TagsHelp),
    };
    let heading = env.words.fill(title, &[("name", name(state, &layer.id))]);
    let help = env.words.get(help);
    let rows = wrapped(&help, QUESTION) + 4;
    let inside = framed(canvas, state, QUESTION, rows, &heading);
    let used = canvas.paragraphs(inside, &[help], canvas.theme.quiet());
    field(canvas, inside.x, inside.y + used, inside.columns.saturating_sub(2), &layer.field)
}

pub(super) fn when(canvas: &mut Canvas<'_>, state: &State, env: &Env, layer: &WhenLayer) -> Option<Caret> {
    let (title, days) = match layer.what {
        WhenWhat::Snooze => (Text::SnoozeTitle, Text::SnoozeDays),
        WhenWhat::Permission => (Text::UntilTitle, Text::UntilDays),
        WhenWhat::Away => (Text::AwayTitle, Text::AwayDays),
    };
    let heading = match &layer.about {
        Some((id, _)) => env.words.fill(title, &[("name", name(state, id))]),
        None => env.words.get(title),
    };
    let mut answers: Vec<SafeText> =
        layer.what.days().into_iter().map(|n| env.words.fill(days, &[("n", SafeText::number(n))])).collect();
    answers.push(env.words.get(Text::DateOwn));
    let inside = framed(canvas, state, QUESTION, cells(answers.len()) + 5, &heading);
    let caret = choices(canvas, inside, &answers, layer.at);
    match &layer.date {
        Some(date) => {
            let y = inside.y + cells(answers.len());
            canvas.put(inside.x, y, inside.columns, &env.words.get(Text::DateHelp), canvas.theme.quiet());
            field(canvas, inside.x, y + 1, inside.columns.saturating_sub(2), date)
        }
        None => caret,
    }
}

fn errand_heading(state: &State, env: &Env, errand: &Errand) -> SafeText {
    let contact = |id| state.data.contact(id).map(|contact| contact.name.line(NAME_CELLS));
    let (title, whom) = match errand {
        Errand::Pass(ids) => match ids.as_slice() {
            [id] => (Text::PassTitle, name(state, id)),
            several => {
                let n = SafeText::number(several.len() as u64);
                return env.words.fill(Text::PassManyTitle, &[("n", n)]);
            }
        },
        Errand::Assign(id) => (Text::AssignTitle, name(state, id)),
        Errand::HandOver(id) => (Text::HandOverTitle, contact(id).unwrap_or_default()),
        Errand::Introduce(id) => (Text::IntroduceTitle, contact(id).unwrap_or_default()),
        Errand::StandIn => return env.words.get(Text::StandInTitle),
    };
    env.words.fill(title, &[("name", whom)])
}

pub(super) fn colleague(
    canvas: &mut Canvas<'_>,
    state: &State,
    env: &Env,
    layer: &ColleagueLayer,
) -> Option<Caret> {
    let heading = errand_heading(state, env, &layer.errand);
    let inside = canvas.framed(picker_area(state.size), &heading);
    let caret = field(canvas, inside.x, inside.y, inside.columns.saturating_sub(2), &layer.field);
    let (_, list) = inside.split_rows(2);
    if let Some(member) = layer.away.as_ref().and_then(|id| state.data.member(id)) {
        let text = if layer.hits.len() > 1 { Text::AwayStandInFirst } else { Text::AwayNobody };
        let words = env.words.fill(text, &[("who", member_name(member))]);
        canvas.put(inside.x, inside.y + 1, inside.columns, &words, canvas.theme.notice());
    }
    if layer.hits.is_empty() {
        canvas.put(list.x, list.y, list.columns, &env.words.get(Text::SearchHint), canvas.theme.quiet());
    }
    let hits = layer.hits.iter().enumerate().skip(layer.cursor.top).take(list.rows.into());
    for ((at, id), y) in hits.zip(list.y..) {
        let Some(member) = state.data.member(id) else { continue };
        let room = list.columns.saturating_sub(2);
        let used = canvas.put(list.x + 2, y, room / 2, &member_name(member), canvas.theme.plain());
        let mut title = member.title.as_ref().map(|title| title.whole()).unwrap_or_default();
        if member.away_at(state.server_now(env.now)).is_some() {
            let away = env.words.fill(Text::IsAwayUntil, &[("date", away_until(state, env, member))]);
            title = SafeText::join([&away, &title], "  ");
        }
        let room = room.saturating_sub(used + 2);
        canvas.put(list.x + 2 + used + 2, y, room, &title, canvas.theme.quiet());
        if at == layer.cursor.at {
            canvas.select(list, y);
        }
    }
    caret
}

pub(super) fn scope(canvas: &mut Canvas<'_>, state: &State, env: &Env, layer: &ScopeLayer) -> Option<Caret> {
    let heading = env.words.fill(Text::ScopeTitle, &[("name", name(state, &layer.id))]);
    let inside = canvas.framed(picker_area(state.size), &heading);
    canvas.put(inside.x, inside.y, inside.columns, &env.words.get(Text::ScopeHelp), canvas.theme.quiet());
    let (_, list) = inside.split_rows(2);
    let mut caret = None;
    let rows = layer.tree.iter().enumerate().skip(layer.cursor.top).take(list.rows.into());
    for ((at, (id, depth)), y) in rows.zip(list.y..) {
        let Some(department) = state.data.department(id) else { continue };
        let indent = cells(*depth).saturating_mul(2).min(list.columns / 2);
        let mut line = tick(layer.chosen.contains(id), &department_name(env, department));
        line.push_constant("  ");
        line.push(&SafeText::number(department.head_count));
        let x = list.x + 2 + indent;
        canvas.put(x, y, (list.x + list.columns).saturating_sub(x), &line, canvas.theme.plain());
        if at == layer.cursor.at {
            canvas.select(list, y);
            caret = Some(Caret { x: list.x, y });
        }
    }
    caret
}
