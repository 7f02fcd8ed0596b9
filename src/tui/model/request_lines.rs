//! What is told of a request, line by line.

use std::ops::Range;
use std::time::Duration;

use super::bulk::{elsewhere_text, system_name};
use super::content::{Line, Side, labelled, labelled_outside, outside_position, person};
use super::env::Env;
use super::queue_layers::DoubtLayer;
use super::state::{InFlight, State};
use crate::domain::{
    ApprovalKind, DecisionKind, DecisionMark, Direction, Flag, HandoverItem, LookAlike, Need, Part, Request,
    RequestAction, RequestDetail, RequestId, RequesterKind,
};
use crate::i18n::Text;
use crate::i18n::say::{self, NAME_CELLS};
use crate::text::{SafeText, Untrusted};

/// Cells of the bar of an undo window.
const BAR: u64 = 8;
/// Lines of a message that are shown.
const MESSAGE_LINES: usize = 6;
/// Colleagues who know somebody there, that are named beside a request; T names all.
const KNOWN: usize = 3;

/// Everything that a decision needs to know, for a width of `cells`.
pub fn request_lines(state: &State, env: &Env, request: &Request, cells: usize) -> Vec<Line> {
    let requester = &request.requester;
    let detail = state.data.request_detail(&request.id);
    let side = match requester.kind {
        RequesterKind::Colleague => Side::Inside,
        RequesterKind::Visitor | RequesterKind::Member => Side::Outside,
    };
    let mut lines = vec![Line::Heading(requester.name.whole(), side)];
    lines.extend(decision_lines(state, env, request));
    if !state.approvals.marks.is_empty() {
        let n = SafeText::number(state.approvals.marks.len() as u64);
        lines.push(Line::Notice(env.words.fill(Text::ActingOn, &[("n", n)])));
    }
    if let Some(other) = request.elsewhere.as_ref().filter(|other| other.ended.is_none()) {
        lines.push(Line::Notice(elsewhere_text(env, other)));
        lines.extend(other.link.as_ref().map(|link| labelled_outside(env, Text::LabelLink, link)));
    }
    for flag in &request.flags {
        lines.push(Line::Notice(env.words.fill(Text::FlagLine, &[("what", env.words.flag(*flag))])));
    }
    lines.extend(
        detail.into_iter().flat_map(|detail| &detail.look_alikes).flat_map(|pair| alike_lines(env, pair)),
    );
    lines.extend(outside_position(requester.title.as_ref(), requester.company.as_ref()));
    for (label, value) in [(Text::LabelEmail, &requester.email), (Text::LabelPhone, &requester.phone)] {
        if let Some(value) = value {
            lines.push(labelled_outside(env, label, value));
        }
    }
    match requester.kind {
        RequesterKind::Visitor => lines.push(Line::Notice(env.words.get(Text::AsTyped))),
        kind => lines.push(Line::Plain(env.words.asker(kind))),
    }
    if hides_marks(request) {
        lines.push(Line::Notice(env.words.get(Text::HiddenMarks)));
    }
    lines.push(labelled(env, Text::LabelKind, kind_line(env, request)));
    lines.extend(own_lines(state, env, request, detail));
    lines.extend(written_lines(env, request, cells));
    lines.extend(way_lines(state, env, request));
    lines.extend(approval_lines(state, env, request, detail));
    if let Some(detail) = detail {
        lines.extend(known_lines(env, detail, KNOWN));
        lines.extend(note_lines(state, env, detail));
    }
    let verdict = env.words.verdict(request.verdict.code);
    let rule = env.words.fill(
        Text::RuleAndVersion,
        &[
            ("rule", SafeText::clean(&request.verdict.rule.id)),
            ("version", SafeText::number(request.verdict.policy_version)),
        ],
    );
    lines.push(labelled(env, Text::LabelPolicy, SafeText::join([&verdict, &rule], "  ")));
    if !request.is_elsewhere() {
        lines.push(labelled(env, Text::LabelOnApprove, env.words.get(on_approve(request))));
        lines.push(labelled(env, Text::LabelOnReject, env.words.get(Text::OnRejectTheySee)));
    }
    lines
}

fn hides_marks(request: &Request) -> bool {
    let requester = &request.requester;
    let texts = [Some(&requester.name), requester.company.as_ref(), requester.title.as_ref()];
    let written = [request.purpose.as_ref(), request.message.as_ref()];
    texts.into_iter().chain(written).flatten().any(Untrusted::has_hidden)
}

/// What kind it is, from where it comes, and as what it stands here.
fn kind_line(env: &Env, request: &Request) -> SafeText {
    let kind = env.words.kind(request.kind);
    let way = match (request.kind, request.direction) {
        (ApprovalKind::Connection | ApprovalKind::PartnerLink, Direction::Incoming) => {
            env.words.get(Text::WayIn)
        }
        (ApprovalKind::Connection | ApprovalKind::PartnerLink, Direction::Outgoing) => {
            env.words.get(Text::WayOut)
        }
        _ => SafeText::default(),
    };
    let mut part = env.words.part(request.part);
    if let (Part::StandIn, Some(target)) = (request.part, &request.target) {
        part.push_constant(": ");
        part.push(&target.name.line(NAME_CELLS));
    }
    SafeText::join([&kind, &way, &part], " · ")
}

/// What approving leads to.
const fn on_approve(request: &Request) -> Text {
    match request.kind {
        ApprovalKind::Connection => Text::OnApproveConnection,
        ApprovalKind::Permission => Text::OnApprovePermission,
        ApprovalKind::Handover => Text::OnApproveHandover,
        ApprovalKind::PartnerLink => Text::OnApproveLink,
    }
}

/// What only requests of this kind have.
fn own_lines(state: &State, env: &Env, request: &Request, detail: Option<&RequestDetail>) -> Vec<Line> {
    let mut lines = Vec::new();
    match request.kind {
        ApprovalKind::Permission => {
            let until = request.until.map(|until| say::date(until, &env.zone));
            let until = until.unwrap_or_else(|| env.words.get(Text::ForGood));
            lines.push(labelled(env, Text::LabelUntil, until));
        }
        ApprovalKind::Handover => {
            let count = SafeText::number(request.items.unwrap_or(0));
            lines.push(labelled(env, Text::LabelItems, count));
            let items = detail.map(|detail| detail.handed_over.as_slice()).unwrap_or_default();
            lines.extend(items.iter().map(|item| item_line(state, env, item)));
        }
        ApprovalKind::PartnerLink => lines.push(Line::Plain(env.words.get(Text::LinkNeedsScope))),
        ApprovalKind::Connection => {}
    }
    if let Some(target) = &request.target
        && !matches!(request.part, Part::Target)
    {
        let company = target.company.as_ref().map(Untrusted::whole).unwrap_or_default();
        let who = SafeText::join([&target.name.whole(), &company], ", ");
        let label = env.words.get(Text::LabelTarget);
        lines.push(match target.company {
            Some(_) => Line::LabelledOutside(label, who),
            None => Line::Labelled(label, who),
        });
    }
    if let Some(by) = &request.introduced_by {
        lines.push(labelled(env, Text::LabelIntroduced, by.line(NAME_CELLS)));
    }
    lines
}

/// One thing that is handed over: what became of it, who it is, why not, until when they may refuse.
fn item_line(state: &State, env: &Env, item: &HandoverItem) -> Line {
    let company = item.company.as_ref().map(Untrusted::whole).unwrap_or_default();
    let mut who = SafeText::join([&item.name.whole(), &company], ", ");
    if item.pending {
        who.push_constant(" · ");
        who.push(&env.words.get(Text::ItemPending));
    }
    let reason = item.reason.as_deref().and_then(crate::domain::VerdictCode::parse);
    if let Some(reason) = reason {
        who.push_constant(" · ");
        who.push(&env.words.verdict(reason));
    }
    if let Some(due) = item.due {
        who.push_constant(" · ");
        who.push(&say::date_time(due, state.server_now(env.now), &env.zone));
    }
    Line::LabelledOutside(env.words.item(item.state), who)
}

/// What the requester wrote.
fn written_lines(env: &Env, request: &Request, cells: usize) -> Vec<Line> {
    if request.purpose.is_none() && request.message.is_none() {
        return Vec::new();
    }
    let mut lines = vec![Line::Section(env.words.get(Text::WrittenByThem))];
    let gutter = cells.saturating_sub(2);
    if let Some(purpose) = &request.purpose {
        lines.extend(purpose.block(3, gutter).lines.into_iter().map(Line::Quoted));
    }
    if let Some(message) = &request.message {
        let block = message.block(MESSAGE_LINES, gutter);
        lines.extend(block.lines.into_iter().map(Line::Quoted));
        if block.more > 0 {
            let more = SafeText::number(block.more as u64);
            lines.push(Line::Notice(env.words.fill(Text::MoreLines, &[("n", more)])));
        }
    }
    lines
}

/// By which way it came, when, and how long it has.
fn way_lines(state: &State, env: &Env, request: &Request) -> Vec<Line> {
    let now = state.server_now(env.now);
    let mut lines = Vec::new();
    let channel = request.channel.map(|channel| env.words.channel(channel)).unwrap_or_default();
    let label = request.card_label.as_ref().map(|label| label.line(NAME_CELLS)).unwrap_or_default();
    let via = SafeText::join([&channel, &label], " · ");
    if !via.is_empty() {
        lines.push(labelled(env, Text::LabelVia, via));
    }
    let came = say::date_time(request.created, now, &env.zone);
    let came = match request.ends() {
        Some(ends) => {
            env.words.fill(Text::CameAndEnds, &[("came", came), ("left", env.words.span(ends.since(now)))])
        }
        None => came,
    };
    lines.push(labelled(env, Text::LabelCame, came));
    for (label, until) in
        [(Text::LabelAsked, request.asked_until), (Text::LabelSnoozed, request.snoozed_until)]
    {
        if let Some(until) = until.filter(|until| *until > now) {
            lines.push(labelled(env, label, say::date_time(until, now, &env.zone)));
        }
    }
    lines
}

/// Where two approvals are needed: a tick for each that was given, and by whom.
fn approval_lines(state: &State, env: &Env, request: &Request, detail: Option<&RequestDetail>) -> Vec<Line> {
    if request.manager_asked == Need::None && request.manager_asking == Need::None {
        return Vec::new();
    }
    let steps = detail.map(|detail| detail.steps.as_slice()).unwrap_or_default();
    let by = |parts: &[Part]| -> SafeText {
        let step = steps.iter().rev().find(|step| parts.contains(&step.part));
        step.map(|step| step_text(state, env, step)).unwrap_or_default()
    };
    let tick = |given: bool, what: Text, by: SafeText| {
        let mut line = SafeText::constant(if given { "[x] " } else { "[ ] " });
        line.push(&SafeText::join([&env.words.get(what), &by], ": "));
        line
    };
    let first = request.state != crate::domain::RequestState::Pending;
    let mut lines = vec![labelled(
        env,
        Text::LabelApprovals,
        tick(first, Text::TickTarget, by(&[Part::Target, Part::StandIn])),
    )];
    for (need, what, part) in [
        (request.manager_asked, Text::TickManagerAsked, Part::ManagerAsked),
        (request.manager_asking, Text::TickManagerAsking, Part::ManagerAsking),
    ] {
        if need != Need::None {
            let text = tick(need == Need::Given, what, by(&[part]));
            lines.push(Line::Labelled(SafeText::default(), text));
        }
    }
    lines
}

/// Who decided what, when, and for whom.
fn step_text(state: &State, env: &Env, step: &DecisionMark) -> SafeText {
    let now = state.server_now(env.now);
    let mut who = person(state, env, &step.by);
    if let Some(other) = &step.stands_for {
        who.push(&env.words.fill(Text::InPlaceOf, &[("who", person(state, env, other))]));
    }
    let what = env.words.decision(step.kind);
    SafeText::join([&who, &what, &say::date_time(step.at, now, &env.zone)], " ")
}

/// Who of us knows them, or somebody of their company; at most so many.
fn known_lines(env: &Env, detail: &RequestDetail, most: usize) -> Vec<Line> {
    let mut lines = Vec::new();
    for (n, known) in detail.known_by.iter().take(most).enumerate() {
        let label = if n == 0 { env.words.get(Text::LabelKnown) } else { SafeText::default() };
        let text = if known.same_person { Text::KnowsThem } else { Text::KnowsOther };
        let values = [("who", known.who.name.line(NAME_CELLS)), ("name", known.name.line(NAME_CELLS))];
        lines.push(Line::LabelledOutside(label, env.words.fill(text, &values)));
    }
    if detail.known_by.len() > most {
        let n = SafeText::number((detail.known_by.len() - most) as u64);
        lines.push(Line::Labelled(SafeText::default(), env.words.fill(Text::BulkMore, &[("n", n)])));
    }
    if !detail.earlier.is_empty() {
        let n = SafeText::number(detail.earlier.len() as u64);
        lines.push(labelled(env, Text::LabelEarlier, env.words.fill(Text::EarlierCount, &[("n", n)])));
    }
    lines
}

/// Questions, answers, whom it was passed to.
fn note_lines(state: &State, env: &Env, detail: &RequestDetail) -> Vec<Line> {
    let now = state.server_now(env.now);
    let mut lines = Vec::new();
    for note in &detail.notes {
        let who = note.who.as_ref().map(|who| person(state, env, who));
        let who = who.unwrap_or_else(|| detail.request.requester.name.line(NAME_CELLS));
        let other = note.other.as_ref().map(|who| person(state, env, who)).unwrap_or_default();
        let what = SafeText::join([&who, &env.words.note(note.what), &other], " ");
        lines.push(Line::Labelled(say::date_time(note.at, now, &env.zone), what));
        if let Some(text) = &note.text {
            lines.push(Line::Quoted(text.whole()));
        }
    }
    lines
}

/// Who decided what, and until when it can be taken back.
fn decision_lines(state: &State, env: &Env, request: &Request) -> Vec<Line> {
    let mut lines = Vec::new();
    if let Some(doing) = state.in_flight.get(&request.id) {
        lines.push(Line::Notice(env.words.get(in_flight_text(*doing))));
        return lines;
    }
    if request.elsewhere.as_ref().is_some_and(|other| other.ended.is_some()) {
        lines.push(Line::Notice(held_sentence(state, env, request)));
    }
    let Some(decision) = &request.decision else { return lines };
    lines.push(Line::Notice(held_sentence(state, env, request)));
    if decision.kind != DecisionKind::Approve {
        let reason = decision.reason.map(|reason| env.words.reason(reason)).unwrap_or_default();
        let words = decision.text.as_ref().map(Untrusted::whole).unwrap_or_default();
        lines.push(labelled(env, Text::LabelReason, SafeText::join([&reason, &words], ": ")));
    } else if let Some(note) = &decision.text {
        lines.push(labelled(env, Text::LabelNote, note.whole()));
    }
    lines
}

/// What is being done to a request.
pub const fn in_flight_text(doing: InFlight) -> Text {
    match doing {
        InFlight::Approve => Text::Approving,
        InFlight::Reject => Text::Rejecting,
        InFlight::Undo => Text::TakingBack,
        InFlight::Converse => Text::Changing,
    }
}

/// Whole seconds, a begun one counted.
fn whole_seconds(span: Duration) -> u64 {
    u64::try_from(span.as_micros().div_ceil(1_000_000)).unwrap_or(u64::MAX)
}

/// What is left of a span as a bar. It changes only with the seconds beside it.
fn bar(left: u64, all: u64) -> SafeText {
    let full = left.saturating_mul(BAR).div_ceil(all.max(1)).min(BAR);
    let mut bar = SafeText::constant("[");
    for n in 0..BAR {
        bar.push_constant(if n < full { "#" } else { "-" });
    }
    bar.push_constant("]");
    bar
}

/// "8 s [#######-]  approved by 张三": how a decided request is marked wherever it is shown.
pub fn held_sentence(state: &State, env: &Env, request: &Request) -> SafeText {
    let now = state.server_now(env.now);
    if let Some(other) = request.elsewhere.as_ref().filter(|other| other.ended.is_some()) {
        let values = [("what", env.words.state(request.state)), ("system", system_name(other))];
        return env.words.fill(Text::DecidedIn, &values);
    }
    let Some(decision) = &request.decision else {
        let asked = request.asked_until.filter(|until| *until > now);
        return asked
            .map(|until| {
                let until = say::date_time(until, now, &env.zone);
                env.words.fill(Text::AskedUntil, &[("date", until)])
            })
            .unwrap_or_default();
    };
    let who = person(state, env, &decision.by);
    let values = [("what", env.words.decision(decision.kind)), ("who", who)];
    match request.effective_at.filter(|at| *at > now) {
        Some(at) => {
            let [left, all] = [now, decision.at].map(|from| whole_seconds(at.since(from)));
            let [what, who] = values;
            let text = if request.allows(RequestAction::Undo) { Text::HeldMine } else { Text::Held };
            let values = [
                what,
                who,
                ("time", say::clock(decision.at, &env.zone)),
                ("bar", bar(left, all)),
                ("seconds", SafeText::number(left)),
            ];
            env.words.fill(text, &values)
        }
        None => {
            let [what, who] = values;
            let time = say::clock(decision.at, &env.zone);
            env.words.fill(Text::DecidedAt, &[what, who, ("time", time)])
        }
    }
}

/// What the same person asked before.
pub(super) fn earlier_lines(state: &State, env: &Env, id: &RequestId) -> Vec<Line> {
    let Some(request) = state.data.request(id) else {
        return vec![Line::Notice(env.words.get(Text::NoLongerThere))];
    };
    let now = state.server_now(env.now);
    let mut lines = vec![Line::Heading(request.requester.name.whole(), Side::Outside)];
    let Some(detail) = state.data.request_detail(id) else {
        lines.push(Line::Plain(env.words.get(Text::StillFetching)));
        return lines;
    };
    lines.push(Line::Section(env.words.get(Text::SectionEarlier)));
    if detail.earlier.is_empty() {
        lines.push(Line::Plain(env.words.get(Text::EarlierNone)));
    }
    for earlier in &detail.earlier {
        let whom = earlier.target.as_ref().map(|who| person(state, env, who)).unwrap_or_default();
        let what = SafeText::join([&env.words.state(earlier.state), &whom], "  ");
        lines.push(Line::Labelled(say::date_time(earlier.created, now, &env.zone), what));
    }
    lines.push(Line::Blank);
    lines.push(Line::Section(env.words.get(Text::SectionKnown)));
    if detail.known_by.is_empty() {
        lines.push(Line::Plain(env.words.get(Text::KnownNobody)));
    }
    lines.extend(
        known_lines(env, detail, usize::MAX)
            .into_iter()
            .filter(|line| matches!(line, Line::LabelledOutside(..))),
    );
    lines
}

/// What is suspicious about a request, before it is approved all the same: the warnings in words, look-alikes
/// one above the other with the letters that differ, and what cannot be seen by its numbers.
pub(super) fn doubt_lines(state: &State, env: &Env, layer: &DoubtLayer) -> Vec<Line> {
    let Some(request) = state.data.request(&layer.id) else {
        return vec![Line::Notice(env.words.get(Text::NoLongerThere))];
    };
    let mut lines = vec![Line::Heading(request.requester.name.whole(), Side::Outside)];
    lines.push(Line::Notice(env.words.get(Text::DoubtText)));
    for flag in &request.flags {
        lines.push(Line::Notice(env.words.fill(Text::FlagLine, &[("what", env.words.flag(*flag))])));
    }
    if let Some(detail) = state.data.request_detail(&layer.id) {
        for pair in &detail.look_alikes {
            lines.push(Line::Blank);
            lines.extend(alike_lines(env, pair));
        }
    } else {
        lines.push(Line::Plain(env.words.get(Text::StillFetching)));
    }
    let shows_letters =
        request.flags.iter().any(|flag| matches!(flag, Flag::MixedScripts | Flag::HiddenCharacters));
    if shows_letters {
        lines.push(Line::Blank);
        let name = request.requester.name.as_data();
        lines.push(Line::Section(env.words.get(Text::DoubtLetters)));
        lines.push(Line::Plain(code_points(name.chars().filter(|c| !c.is_ascii()))));
    }
    lines.push(Line::Blank);
    lines.push(Line::Section(env.words.get(Text::DoubtAnswer)));
    lines
}

/// What looks like what, one above the other, with the letters that differ marked and told by their numbers.
fn alike_lines(env: &Env, pair: &LookAlike) -> [Line; 3] {
    let (typed, known) = (pair.typed.whole(), pair.known.whole());
    let (in_typed, in_known) = differing(typed.as_str(), known.as_str());
    let numbers = [numbers(known.as_str(), in_known.as_ref()), numbers(typed.as_str(), in_typed.as_ref())];
    let line =
        |label, text, marks, pointed| Line::Marked { label: env.words.get(label), text, marks, pointed };
    [
        line(Text::DoubtKnown, known, in_known, false),
        line(Text::DoubtTyped, typed, in_typed, true),
        labelled(env, Text::DoubtDiffer, SafeText::join(&numbers, "  /  ")),
    ]
}

/// The code points of the letters that stand out.
fn numbers(text: &str, mark: Option<&Range<usize>>) -> SafeText {
    code_points(mark.and_then(|mark| text.get(mark.clone())).unwrap_or_default().chars())
}

fn code_points(letters: impl Iterator<Item = char>) -> SafeText {
    let numbers: Vec<String> = letters.map(|c| format!("U+{:04X}", u32::from(c))).collect();
    SafeText::clean(&numbers.join(" "))
}

/// Where two texts differ between what they have in common at both ends.
fn differing(a: &str, b: &str) -> (Option<Range<usize>>, Option<Range<usize>>) {
    let begin: usize = a.chars().zip(b.chars()).take_while(|(a, b)| a == b).map(|(c, _)| c.len_utf8()).sum();
    let rest = |text: &str| text.get(begin..).unwrap_or_default().to_owned();
    let (rest_a, rest_b) = (rest(a), rest(b));
    let same = rest_a.chars().rev().zip(rest_b.chars().rev()).take_while(|(a, b)| a == b);
    let end: usize = same.map(|(c, _)| c.len_utf8()).sum();
    let mark = |text: &str| {
        let upto = text.len().saturating_sub(end);
        (begin < upto).then_some(begin..upto)
    };
    (mark(a), mark(b))
}

#[cfg(test)]
mod tests {
    use super::{bar, differing};

    #[test]
    fn a_bar_is_full_at_first_and_has_something_until_the_last_second() {
        let shown: Vec<String> = [10, 8, 1, 0].map(|left| bar(left, 10).to_string()).to_vec();
        assert_eq!(shown, ["[########]", "[#######-]", "[#-------]", "[--------]"]);
        assert_eq!(bar(1, 3_600).as_str(), "[#-------]");
        // A clock that is behind does not break it.
        assert_eq!(bar(15, 10).as_str(), "[########]");
        assert_eq!(bar(1, 0).as_str(), "[########]");
    }

    #[test]
    fn the_letters_that_differ_are_found_between_what_is_the_same() {
        let (a, b) = differing("b1uewave.example", "bluewave.example");
        assert_eq!((a, b), (Some(1..2), Some(1..2)));
        let (a, b) = differing("Zhang Wei", "Zhаng Wei");
        assert_eq!((a, b), (Some(2..3), Some(2..4)));
        assert_eq!(differing("same", "same"), (None, None));
        assert_eq!(differing("aa", "a"), (Some(1..2), None));
    }
}
