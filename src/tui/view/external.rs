//! People outside: the list, and the details of the selected one.

use super::canvas::Canvas;
use super::{Caret, detail, search};
use crate::domain::{Contact, LinkedPerson};
use crate::i18n::Text;
use crate::i18n::say;
use crate::search::{Field, highlight};
use crate::text::{SafeText, Untrusted};
use crate::tui::model::content::{contact_lines, linked_lines};
use crate::tui::model::{Env, Order, Regions, State};

/// The mark of everybody outside, in every row.
const MARK: SafeText = SafeText::constant("[X]");
/// Of those who ended the connection.
const ONE_SIDED: SafeText = SafeText::constant("[?]");
const MARK_CELLS: u16 = 4;

pub(super) fn draw(canvas: &mut Canvas<'_>, state: &State, env: &Env, regions: &Regions) -> Option<Caret> {
    let caret = match &state.external.search {
        Some(open) => {
            let caret = search::field(canvas, state, env, regions.heading, open);
            list(canvas, state, env, regions);
            caret
        }
        None => {
            headings(canvas, state, env, regions);
            list(canvas, state, env, regions)
        }
    };
    if !regions.detail.is_empty() {
        if regions.beside {
            canvas.bar(regions.detail.x.saturating_sub(1), regions.detail.y, regions.detail.rows);
        }
        if let Some(id) = state.listed_contact(state.list_at()) {
            let lines = match state.data.linked_person(id).filter(|_| state.data.contact(id).is_none()) {
                Some(person) => linked_lines(env, person),
                None => contact_lines(state, env, id),
            };
            detail::put(canvas, env, regions.detail.inset(1), &lines, 0, !regions.beside);
        }
    }
    caret
}

/// Where the columns begin and how wide they are: name, company, source, since.
fn columns(all: u16) -> [u16; 4] {
    let all = all.saturating_sub(2 + MARK_CELLS);
    if all < 44 {
        let name = all / 2;
        return [name, all.saturating_sub(name + 1), 0, 0];
    }
    let since = 11;
    if all < 64 {
        let rest = all - since - 2;
        let name = rest / 2;
        return [name, rest - name, 0, since];
    }
    let rest = all - since - 3;
    let (name, company) = (rest * 2 / 5, rest * 7 / 20);
    [name, company, rest - name - company, since]
}

/// The columns in the order of the list: by company, the company stands first; by tag, the tags, which take
/// the place of the source.
fn arranged<T: Clone>(order: Order, columns: [T; 4]) -> [T; 4] {
    let [name, company, source, since] = columns;
    match order {
        Order::Recent => [name, company, source, since],
        Order::Company => [company, name, source, since],
        Order::Tag => [source, name, company, since],
    }
}

fn headings(canvas: &mut Canvas<'_>, state: &State, env: &Env, regions: &Regions) {
    let pane = regions.heading;
    if pane.is_empty() {
        return;
    }
    let order = state.external.order;
    let linked = state.external.linked && state.external.search.is_none();
    let texts = if linked {
        [Text::ColumnName, Text::ColumnCompany, Text::ColumnTitle, Text::ColumnDepartment]
    } else {
        let third = if order == Order::Tag { Text::ColumnTags } else { Text::ColumnSource };
        [Text::ColumnName, Text::ColumnCompany, third, Text::ColumnSince]
    };
    let texts = arranged(order, texts);
    let mut x = pane.x + 2 + MARK_CELLS;
    for (text, wide) in texts.into_iter().zip(arranged(order, columns(pane.columns))) {
        canvas.put(x, pane.y, wide, &env.words.get(text), canvas.theme.quiet());
        x += wide + 1;
    }
}

fn list(canvas: &mut Canvas<'_>, state: &State, env: &Env, regions: &Regions) -> Option<Caret> {
    let pane = regions.list;
    if state.list_len() == 0 {
        let text = match &state.external.search {
            Some(open) => search::nothing(state, env, open),
            None if state.external.linked && state.data.linked_complete => env.words.get(Text::LinkedEmpty),
            None if state.external.linked => env.words.get(Text::StillFetching),
            None if state.data.contacts_complete => env.words.get(Text::ExternalEmpty),
            None => env.words.get(Text::StillFetching),
        };
        canvas.paragraphs(pane.inset(2), &[text], canvas.theme.plain());
        return None;
    }
    let cursor = match &state.external.search {
        Some(open) => open.cursor,
        None => state.external.cursor,
    };
    let mut caret = None;
    for (at, y) in (cursor.top..state.list_len()).take(pane.rows.into()).zip(pane.y..) {
        if let Some(contact) = state.listed_contact(at).and_then(|id| state.data.contact(id)) {
            row(canvas, state, env, contact, (pane.x, y, pane.columns));
        } else if let Some(person) = state.listed_contact(at).and_then(|id| state.data.linked_person(id)) {
            linked_row(canvas, state, person, (pane.x, y, pane.columns));
        }
        if at == cursor.at {
            canvas.select(pane, y);
            caret = Some(Caret { x: pane.x, y });
        }
    }
    caret
}

/// How a contact came about, in a column: the card's label, else the channel.
fn short_source(env: &Env, contact: &Contact) -> SafeText {
    // What is to be answered stands before how it came.
    if let Some(who) = contact.passes_to.as_ref() {
        return env.words.fill(Text::PassesToShort, &[("who", who.line(24))]);
    }
    let label = contact.source.card_label.as_ref().map(|label| label.whole());
    label.unwrap_or_else(|| env.words.channel_short(contact.source.channel))
}

/// All tags of a contact, the company's first, in a column.
fn all_tags(contact: &Contact) -> SafeText {
    let tags: Vec<SafeText> = contact.tags.iter().chain(&contact.own_tags).map(|tag| tag.line(24)).collect();
    SafeText::join(&tags, ", ")
}

/// Somebody whom a linked company shows: everything of them comes from there.
fn linked_row(canvas: &mut Canvas<'_>, state: &State, person: &LinkedPerson, (x, y, all): (u16, u16, u16)) {
    canvas.put(x + 2, y, MARK_CELLS, &MARK, canvas.theme.outside_mark());
    let whole = |text: &Option<Untrusted>| text.as_ref().map(Untrusted::whole).unwrap_or_default();
    let texts =
        [person.name.whole(), person.company.whole(), whole(&person.title), whole(&person.department)];
    let order = state.external.order;
    let mut column = x + 2 + MARK_CELLS;
    for (text, wide) in arranged(order, texts).into_iter().zip(arranged(order, columns(all))) {
        canvas.put(column, y, wide, &text, canvas.theme.outside());
        column += wide + 1;
    }
}

fn row(canvas: &mut Canvas<'_>, state: &State, env: &Env, contact: &Contact, (x, y, all): (u16, u16, u16)) {
    let mark = if contact.one_sided { &ONE_SIDED } else { &MARK };
    canvas.put(x + 2, y, MARK_CELLS, mark, canvas.theme.outside_mark());
    let name = match &contact.remark {
        // My own name for them goes with theirs, never instead of it.
        Some(remark) => {
            let mut name = contact.name.line(24);
            name.push_constant(" (");
            name.push(&remark.line(24));
            name.push_constant(")");
            name
        }
        None => contact.name.whole(),
    };
    let company = contact.company.as_ref().map(|company| company.whole()).unwrap_or_default();
    let since = say::date_time(contact.since, state.server_now(env.now), &env.zone);
    let order = state.external.order;
    let texts = arranged(
        order,
        [
            (Field::Name, name),
            (Field::Company, company),
            (Field::Title, if order == Order::Tag { all_tags(contact) } else { short_source(env, contact) }),
            (Field::Id, since),
        ],
    );
    let query = state.external.search.as_ref().map(|open| &open.answered);
    let mut column = x + 2 + MARK_CELLS;
    for ((field, text), wide) in texts.into_iter().zip(arranged(order, columns(all))) {
        let outside = matches!(field, Field::Name | Field::Company);
        let style = if outside { canvas.theme.outside() } else { canvas.theme.quiet() };
        let marks = match query {
            Some(query) if outside => {
                let mut marks = highlight(field, text.as_str(), query);
                if field == Field::Name {
                    marks.extend(highlight(Field::Alias, text.as_str(), query));
                }
                marks
            }
            _ => Vec::new(),
        };
        canvas.put_marked((column, y, wide), &text, &marks, style, canvas.theme.matched());
        column += wide + 1;
    }
}
