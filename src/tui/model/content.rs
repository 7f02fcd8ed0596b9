//! What is told of a person or a request, line by line. Drawing, scrolling and the plain mode take the
//! same lines.

use super::env::Env;
use super::layer::Layer;
use super::layout::{Pane, card_area, card_columns};
use super::request_lines as of_requests;
pub use super::request_lines::{held_sentence, in_flight_text, request_lines};
use super::state::State;
use crate::domain::{Contact, ContactId, Department, LinkedPerson, Member, MemberId, Status, Who};
use crate::i18n::say::{self, NAME_CELLS};
use crate::i18n::{Lang, Text};
use crate::text::{SafeText, Untrusted};

/// A line of a card or of details.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    /// A name, and whether the person is inside or outside.
    Heading(SafeText, Side),
    /// A value of our own company.
    Plain(SafeText),
    /// Something that came from outside, on a line of its own.
    Outside(SafeText),
    /// Our label before something that came from outside, with those bytes of it that stand out; signs below the line
    /// point at them, if they are to.
    Marked {
        /// The label.
        label: SafeText,
        /// What came from outside.
        text: SafeText,
        /// Which bytes stand out.
        marks: Option<std::ops::Range<usize>>,
        /// Whether signs point at them.
        pointed: bool,
    },
    /// Our label before a value.
    Labelled(SafeText, SafeText),
    /// Our label before a value that came from outside.
    LabelledOutside(SafeText, SafeText),
    /// A heading of ours over what follows.
    Section(SafeText),
    /// A line of what somebody outside wrote, behind a gutter.
    Quoted(SafeText),
    /// A sentence of ours that wants to be seen.
    Notice(SafeText),
    /// Nothing.
    Blank,
}

/// Inside or outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// A colleague.
    Inside,
    /// Somebody outside.
    Outside,
}

/// Cells of the column of labels, in lines that have `columns` to stand in.
pub fn label_cells(lines: &[Line], columns: usize) -> usize {
    let labels = lines.iter().filter_map(|line| match line {
        Line::Labelled(label, _) | Line::LabelledOutside(label, _) | Line::Marked { label, .. } => {
            Some(label.width())
        }
        _ => None,
    });
    labels.max().unwrap_or(0).min(columns / 3)
}

/// Rows that lines take in `columns`.
fn height(lines: &[Line], columns: usize) -> usize {
    let beside_label = columns.saturating_sub(label_cells(lines, columns) + 2);
    let rows = lines.iter().map(|line| match line {
        Line::Plain(text) | Line::Outside(text) | Line::Section(text) | Line::Notice(text) => {
            text.wrap(columns).len()
        }
        Line::Labelled(_, value) | Line::LabelledOutside(_, value) => value.wrap(beside_label).len(),
        Line::Marked { pointed: true, .. } => 2,
        Line::Heading(..) | Line::Quoted(_) | Line::Marked { .. } | Line::Blank => 1,
    });
    rows.sum()
}

/// Until when somebody is away; nothing when they are here.
pub fn away_until(state: &State, env: &Env, member: &Member) -> SafeText {
    let now = state.server_now(env.now);
    member.away_at(now).map(|away| say::date_time(away.until, now, &env.zone)).unwrap_or_default()
}

/// A card as a layer shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardLayer {
    /// What it says.
    pub lines: Vec<Line>,
    /// Where its frame stands.
    pub frame: Pane,
    /// Rows by which it may be scrolled until its last line is seen.
    pub scroll: usize,
}

/// The card that a layer shows, if it shows one.
pub fn card(state: &State, env: &Env, layer: &Layer) -> Option<CardLayer> {
    let columns = card_columns(state.size);
    let lines = match layer {
        Layer::Member { id, .. } => member_lines(state, env, id),
        Layer::Contact { id, .. } => contact_lines(state, env, id),
        Layer::Request { id, .. } => match state.data.request(id) {
            Some(request) => request_lines(state, env, request, columns),
            None => vec![Line::Notice(env.words.get(Text::NoLongerThere))],
        },
        Layer::Doubt(layer) => of_requests::doubt_lines(state, env, layer),
        Layer::Earlier { id, .. } => of_requests::earlier_lines(state, env, id),
        _ => return None,
    };
    let height = height(&lines, columns);
    let frame = card_area(state.size, height);
    Some(CardLayer { lines, frame, scroll: height.saturating_sub(frame.framed().rows.into()) })
}

/// A department's name in the language of the screen.
pub fn department_name(env: &Env, department: &Department) -> SafeText {
    match (&department.english_name, env.words.lang()) {
        (Some(english), Lang::En) => english.whole(),
        _ => department.name.whole(),
    }
}

/// A member's name, and the second one if there is one.
pub fn member_name(member: &Member) -> SafeText {
    let mut name = member.name.whole();
    if let Some(alias) = &member.alias {
        name.push_constant(" ");
        name.push(&alias.whole());
    }
    name
}

pub(super) fn labelled(env: &Env, label: Text, value: SafeText) -> Line {
    Line::Labelled(env.words.get(label), value)
}

pub(super) fn labelled_outside(env: &Env, label: Text, value: &Untrusted) -> Line {
    Line::LabelledOutside(env.words.get(label), value.whole())
}

/// Somebody whom a linked company shows.
pub fn linked_lines(env: &Env, person: &LinkedPerson) -> Vec<Line> {
    let mut lines = vec![Line::Heading(person.name.whole(), Side::Outside)];
    let parts: Vec<SafeText> =
        person.title.iter().chain([&person.company]).map(|text| text.line(NAME_CELLS)).collect();
    lines.push(Line::Outside(SafeText::join(&parts, ", ")));
    let department = person.department.as_ref();
    lines.extend(department.map(|name| labelled_outside(env, Text::LabelDepartment, name)));
    lines.push(Line::Plain(env.words.get(Text::LinkedAsk)));
    lines
}

/// A colleague's card.
pub fn member_lines(state: &State, env: &Env, id: &MemberId) -> Vec<Line> {
    let Some(member) = state.data.member(id) else {
        return vec![Line::Notice(env.words.get(Text::NoLongerThere))];
    };
    let mut lines = vec![Line::Heading(member_name(member), Side::Inside)];
    if let Some(title) = &member.title {
        lines.push(Line::Plain(title.whole()));
    }
    for place in &member.departments {
        let path: Vec<SafeText> = state
            .data
            .path(&place.id)
            .into_iter()
            .map(|department| department_name(env, department))
            .collect();
        if path.is_empty() {
            continue;
        }
        let mut path = SafeText::join(&path, " > ");
        if place.leader {
            path.push_constant("  ");
            path.push(&env.words.get(Text::LeadsIt));
        }
        lines.push(Line::Plain(path));
    }
    if member.status != Status::Active {
        lines.push(Line::Notice(env.words.status(member.status)));
    }
    if let Some(away) = member.away_at(state.server_now(env.now)) {
        let mut words = env.words.fill(Text::IsAwayUntil, &[("date", away_until(state, env, member))]);
        if let Some(who) = &away.stand_in {
            words.push_constant(", ");
            words.push(&env.words.fill(Text::AwayStandIn, &[("who", person(state, env, who))]));
        }
        lines.push(Line::Notice(words));
    }
    for email in &member.emails {
        lines.push(labelled(env, Text::LabelEmail, email.whole()));
    }
    for phone in &member.phones {
        lines.push(Line::Labelled(env.words.phone_kind(phone.kind), phone.number.whole()));
    }
    if let Some(office) = &member.office {
        lines.push(labelled(env, Text::LabelOffice, office.whole()));
    }
    if let Some(manager) = &member.manager {
        let name = state.data.member(manager).map_or_else(|| manager.shown(), member_name);
        lines.push(labelled(env, Text::LabelReportsTo, name));
    }
    if let Some(title) = &member.external_title {
        lines.push(labelled(env, Text::LabelOutsideTitle, title.whole()));
    }
    for attribute in &member.attributes {
        lines.push(Line::Labelled(attribute.name.line(NAME_CELLS), attribute.value.whole()));
    }
    lines.push(labelled(env, Text::LabelId, member.id.shown()));
    lines
}

/// An external contact's card; with its history, if that is known.
pub fn contact_lines(state: &State, env: &Env, id: &ContactId) -> Vec<Line> {
    let Some(contact) = state.data.contact(id) else {
        return vec![Line::Notice(env.words.get(Text::NoLongerThere))];
    };
    let now = state.server_now(env.now);
    let mut lines = vec![Line::Heading(contact.name.whole(), Side::Outside)];
    lines.extend(outside_position(contact.title.as_ref(), contact.company.as_ref()));
    lines.push(match &contact.remark {
        Some(remark) => labelled(env, Text::LabelRemark, remark.whole()),
        None => labelled(env, Text::LabelRemark, env.words.get(Text::NoRemark)),
    });
    for email in &contact.emails {
        lines.push(labelled_outside(env, Text::LabelEmail, email));
    }
    for phone in &contact.phones {
        lines.push(labelled_outside(env, Text::LabelPhone, phone));
    }
    lines.push(labelled(env, Text::LabelSource, source(env, contact)));
    lines.push(labelled(env, Text::LabelSince, say::date_time(contact.since, now, &env.zone)));
    match state.data.history(id) {
        Some(history) => {
            lines.push(Line::Blank);
            lines.push(Line::Section(env.words.get(Text::SectionHistory)));
            for entry in history {
                let what = env.words.history(entry.what);
                let who = entry.who.as_ref().map(|who| person(state, env, who)).unwrap_or_default();
                let rule = match (&entry.rule, entry.policy_version) {
                    (Some(rule), Some(version)) => env.words.fill(
                        Text::RuleAndVersion,
                        &[("rule", SafeText::clean(rule)), ("version", SafeText::number(version))],
                    ),
                    _ => SafeText::default(),
                };
                let line = SafeText::join([&what, &who, &rule], "  ");
                lines.push(Line::Labelled(say::date_time(entry.at, now, &env.zone), line));
            }
        }
        None => lines.push(Line::Blank),
    }
    lines
}

/// How a contact came about.
pub fn source(env: &Env, contact: &Contact) -> SafeText {
    let way = env.words.add_way(contact.source.add_way);
    let label = contact.source.card_label.as_ref().map(|label| label.line(NAME_CELLS)).unwrap_or_default();
    SafeText::join([&way, &label], " · ")
}

/// Title and company from outside.
pub(super) fn outside_position(title: Option<&Untrusted>, company: Option<&Untrusted>) -> Option<Line> {
    let title = title.map(Untrusted::whole).unwrap_or_default();
    let company = company.map(Untrusted::whole).unwrap_or_default();
    let line = SafeText::join([&title, &company], ", ");
    (!line.is_empty()).then_some(Line::Outside(line))
}

/// The name of a colleague who did something, or "you".
pub fn person(state: &State, env: &Env, who: &Who) -> SafeText {
    let mine = state.data.me.as_ref().is_some_and(|me| me.member.id == who.id);
    if mine { env.words.get(Text::You) } else { who.name.line(NAME_CELLS) }
}
