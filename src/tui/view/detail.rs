//! Lines of a card or of details.

use std::ops::Range;

use ratatui::style::Style;

use super::canvas::{Canvas, cells};
use crate::i18n::Text;
use crate::text::{SafeText, width};
use crate::tui::model::content::{Line, Side, label_cells};
use crate::tui::model::{Env, Pane};

/// Draws lines from `top` on. The heading of details is a rule with the name in it.
pub(super) fn put(canvas: &mut Canvas<'_>, env: &Env, pane: Pane, lines: &[Line], top: usize, ruled: bool) {
    let label_cells = cells(label_cells(lines, pane.columns.into()));
    let mut rows = Rows { canvas, pane, y: pane.y, skip: top, label_cells };
    for (n, line) in lines.iter().enumerate() {
        if rows.is_full() {
            return;
        }
        rows.line(env, line, ruled && n == 0);
    }
}

struct Rows<'c, 'b> {
    canvas: &'c mut Canvas<'b>,
    pane: Pane,
    y: u16,
    skip: usize,
    label_cells: u16,
}

impl Rows<'_, '_> {
    fn is_full(&self) -> bool {
        self.y >= self.pane.y + self.pane.rows
    }

    /// The next row to draw on, if it is not above the first visible one or below the last.
    fn next(&mut self) -> Option<u16> {
        if self.skip > 0 {
            self.skip -= 1;
            return None;
        }
        if self.is_full() {
            return None;
        }
        self.y += 1;
        Some(self.y - 1)
    }

    fn text(&mut self, text: &SafeText, style: Style) {
        for line in text.wrap(self.pane.columns.into()) {
            if let Some(y) = self.next() {
                self.canvas.put(self.pane.x, y, self.pane.columns, &line, style);
            }
        }
    }

    fn labelled(&mut self, label: &SafeText, value: &SafeText, style: Style) {
        let indent = self.label_cells + 2;
        let room = self.pane.columns.saturating_sub(indent);
        for (n, line) in value.wrap(room.into()).iter().enumerate() {
            let Some(y) = self.next() else { continue };
            if n == 0 {
                self.canvas.put(self.pane.x, y, self.label_cells, label, self.canvas.theme.quiet());
            }
            self.canvas.put(self.pane.x + indent, y, room, line, style);
        }
    }

    /// Something that stands out, by its style and by signs below it.
    fn marked(&mut self, (label, text): (&SafeText, &SafeText), marks: Option<&Range<usize>>, pointed: bool) {
        let theme = self.canvas.theme;
        let x = self.pane.x + self.label_cells + 2;
        let room = (self.pane.x + self.pane.columns).saturating_sub(x);
        if let Some(y) = self.next() {
            self.canvas.put(self.pane.x, y, self.label_cells, label, theme.quiet());
            let all: Vec<Range<usize>> = marks.cloned().into_iter().collect();
            self.canvas.put_marked((x, y, room), text, &all, theme.outside(), theme.alarm());
        }
        let Some(y) = pointed.then(|| self.next()).flatten() else { return };
        let [before, under] = [0..marks.map_or(0, |mark| mark.start), marks.cloned().unwrap_or(0..0)]
            .map(|part| cells(width(text.as_str().get(part).unwrap_or_default())));
        for n in (before..before.saturating_add(under)).take_while(|n| *n < room) {
            self.canvas.sign(x + n, y, '^', theme.alarm());
        }
    }

    fn line(&mut self, env: &Env, line: &Line, ruled: bool) {
        let theme = self.canvas.theme;
        match line {
            Line::Heading(name, side) => self.heading(env, name, *side, ruled),
            Line::Plain(text) => self.text(text, theme.plain()),
            Line::Outside(text) => self.text(text, theme.outside()),
            Line::Marked { label, text, marks, pointed } => {
                self.marked((label, text), marks.as_ref(), *pointed);
            }
            Line::Labelled(label, value) => self.labelled(label, value, theme.plain()),
            Line::LabelledOutside(label, value) => self.labelled(label, value, theme.outside()),
            Line::Section(text) => self.text(text, theme.strong()),
            Line::Notice(text) => self.text(text, theme.notice()),
            Line::Quoted(text) => {
                if let Some(y) = self.next() {
                    self.canvas.sign(self.pane.x, y, '│', theme.quiet());
                    let room = self.pane.columns.saturating_sub(2);
                    self.canvas.put(self.pane.x + 2, y, room, text, theme.outside());
                }
            }
            Line::Blank => {
                self.next();
            }
        }
    }

    fn heading(&mut self, env: &Env, name: &SafeText, side: Side, ruled: bool) {
        let Some(y) = self.next() else { return };
        let theme = self.canvas.theme;
        let (mark, mark_style, name_style) = match side {
            Side::Inside => (Text::Internal, theme.inside_mark(), theme.strong()),
            Side::Outside => (Text::ExternalMark, theme.outside_mark(), theme.outside()),
        };
        let (x, columns) = (self.pane.x, self.pane.columns);
        if ruled {
            self.canvas.rule(x, y, columns);
        }
        let mark = env.words.get(mark);
        let mark_cells = cells(mark.width());
        let room = columns.saturating_sub(mark_cells + if ruled { 6 } else { 1 });
        let at = x + if ruled { 2 } else { 0 };
        let used = self.canvas.put(at, y, room, name, name_style);
        if ruled && room > 0 {
            self.canvas.sign(at.saturating_sub(1), y, ' ', theme.plain());
            self.canvas.sign(at + used, y, ' ', theme.plain());
        }
        if columns > mark_cells + 4 {
            let end = x + columns - if ruled { 2 } else { 0 };
            self.canvas.put_right(end, y, mark_cells, &mark, mark_style);
            if ruled {
                self.canvas.sign(end.saturating_sub(mark_cells + 1), y, ' ', theme.plain());
                self.canvas.sign(end, y, ' ', theme.plain());
            }
        }
    }
}
