//! Requests that do not stand in the queue: when, what kind, who, what became of it, by whom and which rule.

use super::Caret;
use super::canvas::Canvas;
use super::queue::kind_short;
use crate::domain::{DecisionMark, Request};
use crate::i18n::Text;
use crate::i18n::say;
use crate::text::SafeText;
use crate::tui::model::content::{held_sentence, person};
use crate::tui::model::{Env, Past, PastLayer, State, past_area};

/// How wide the columns are: when, kind, who, what became of it, rule.
fn columns(all: u16) -> [u16; 5] {
    let (when, kind) = (12, 4);
    let all = all.saturating_sub(2 + when + 1 + kind + 1);
    if all < 40 {
        let who = all * 2 / 5;
        return [when, kind, who, all.saturating_sub(who + 1), 0];
    }
    let rule = 18;
    let rest = all - rule - 2;
    let who = rest * 2 / 5;
    [when, kind, who, rest - who, rule]
}

pub(super) fn draw(canvas: &mut Canvas<'_>, state: &State, env: &Env, layer: &PastLayer) -> Option<Caret> {
    let title = match layer.which {
        Past::Decided => Text::PastDecidedTitle,
        Past::Sent => Text::PastSentTitle,
    };
    let inside = canvas.framed(past_area(state.size), &env.words.get(title));
    let (head, list) = inside.split_rows(1);
    let texts = [Text::ColumnWhen, Text::ColumnKind, Text::ColumnWho, Text::ColumnState, Text::ColumnRule];
    let mut x = head.x + 2;
    for (text, wide) in texts.into_iter().zip(columns(head.columns)) {
        if wide > 0 {
            canvas.put(x, head.y, wide, &env.words.get(text), canvas.theme.quiet());
            x += wide + 1;
        }
    }
    if layer.list.is_empty() {
        let text = if layer.reading { Text::StillFetching } else { Text::PastEmpty };
        canvas.put(list.x + 2, list.y, list.columns, &env.words.get(text), canvas.theme.plain());
        return None;
    }
    let mut caret = None;
    let rows = layer.list.iter().enumerate().skip(layer.cursor.top).take(list.rows.into());
    for ((at, id), y) in rows.zip(list.y..) {
        if let Some(request) = state.data.request(id) {
            row(canvas, state, env, layer.which, request, (list.x, y, list.columns));
        }
        if at == layer.cursor.at {
            canvas.select(list, y);
            caret = Some(Caret { x: list.x, y });
        }
    }
    caret
}

/// What was decided and by whom; when stands in a column of its own.
fn became(state: &State, env: &Env, request: &Request, decision: &DecisionMark) -> SafeText {
    if request.lifetime().is_held(state.server_now(env.now)) {
        return held_sentence(state, env, request);
    }
    let values = [("what", env.words.decision(decision.kind)), ("who", person(state, env, &decision.by))];
    env.words.fill(Text::DecidedBy, &values)
}

fn row(
    canvas: &mut Canvas<'_>,
    state: &State,
    env: &Env,
    which: Past,
    request: &Request,
    (x, y, all): (u16, u16, u16),
) {
    let now = state.server_now(env.now);
    let [when, kind, who, what, rule] = columns(all);
    let at = request.last_moment();
    let mut column = x + 2;
    canvas.put(column, y, when, &say::date_time(at, now, &env.zone), canvas.theme.plain());
    column += when + 1;
    canvas.put(column, y, kind, &env.words.get(kind_short(request)), canvas.theme.strong());
    column += kind + 1;
    let name = match (which, &request.target) {
        (Past::Sent, Some(target)) => target.name.whole(),
        (Past::Sent, None) => env.words.kind(request.kind),
        (Past::Decided, _) => request.requester.name.whole(),
    };
    canvas.put(column, y, who, &name, canvas.theme.outside());
    column += who + 1;
    let became = match &request.decision {
        Some(decision) => {
            let reason = decision.reason.map(|reason| env.words.reason(reason)).unwrap_or_default();
            SafeText::join([&became(state, env, request, decision), &reason], ": ")
        }
        None if request.is_elsewhere() => held_sentence(state, env, request),
        None => env.words.state(request.state),
    };
    canvas.put(column, y, what, &became, canvas.theme.plain());
    column += what + 1;
    if rule > 0 {
        let values = [
            ("rule", SafeText::clean(&request.verdict.rule.id)),
            ("version", SafeText::number(request.verdict.policy_version)),
        ];
        canvas.put(column, y, rule, &env.words.fill(Text::RuleAndVersion, &values), canvas.theme.quiet());
    }
}
