//! The only place that puts text into cells. It takes [`SafeText`] and nothing else, and never draws
//! outside its area.

use std::ops::Range;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Style};
use unicode_segmentation::UnicodeSegmentation as _;

use super::theme::Theme;
use crate::text::{SafeText, width};
use crate::tui::model::Pane;

/// A buffer with the styles to draw in.
pub(super) struct Canvas<'a> {
    buffer: &'a mut Buffer,
    pub(super) theme: Theme,
}

impl<'a> Canvas<'a> {
    pub(super) fn new(buffer: &'a mut Buffer, theme: &Theme) -> Self {
        Self { buffer, theme: *theme }
    }

    /// Text on one line within `cells` cells; what does not fit is cut and marked. Returns the cells used.
    pub(super) fn put(&mut self, x: u16, y: u16, cells: u16, text: &SafeText, style: Style) -> u16 {
        let area = *self.buffer.area();
        if cells == 0 || y >= area.bottom() || x >= area.right() || y < area.top() {
            return 0;
        }
        let cells = cells.min(area.right() - x);
        let short = text.cut(cells.into());
        let (end, _) = self.buffer.set_stringn(x, y, short.as_str(), cells.into(), style);
        let used = end.saturating_sub(x);
        // The right half of a wide letter is reset by the buffer: it belongs to the letter.
        self.restyle(x, y, used, style);
        used
    }

    /// Text whose `marks` (byte ranges) stand out.
    pub(super) fn put_marked(
        &mut self,
        (x, y, cells): (u16, u16, u16),
        text: &SafeText,
        marks: &[Range<usize>],
        style: Style,
        marked: Style,
    ) -> u16 {
        let used = self.put(x, y, cells, text, style);
        let mut column = x;
        for (at, grapheme) in text.as_str().grapheme_indices(true) {
            let wide = u16::try_from(width(grapheme)).unwrap_or(u16::MAX);
            if column.saturating_add(wide) > x.saturating_add(used) {
                break;
            }
            if marks.iter().any(|mark| mark.contains(&at)) {
                self.restyle(column, y, wide, marked);
            }
            column = column.saturating_add(wide);
        }
        used
    }

    /// Text that ends at column `right`. Returns where it begins.
    pub(super) fn put_right(&mut self, right: u16, y: u16, cells: u16, text: &SafeText, style: Style) -> u16 {
        let short = text.cut(cells.into());
        let wide = u16::try_from(short.width()).unwrap_or(u16::MAX).min(cells);
        let x = right.saturating_sub(wide);
        self.put(x, y, wide, &short, style);
        x
    }

    /// Adds a style to cells that are there.
    pub(super) fn restyle(&mut self, x: u16, y: u16, cells: u16, style: Style) {
        let area = Rect::new(x, y, cells, 1).intersection(*self.buffer.area());
        self.buffer.set_style(area, style);
    }

    /// Blanks in a style.
    pub(super) fn fill(&mut self, pane: Pane, style: Style) {
        let area = rect(pane).intersection(*self.buffer.area());
        for y in area.top()..area.bottom() {
            for x in area.left()..area.right() {
                if let Some(cell) = self.buffer.cell_mut((x, y)) {
                    cell.reset();
                    cell.set_style(style);
                }
            }
            // A wide letter that reaches in would take the place of what is drawn there.
            let before = area.left().checked_sub(1).and_then(|x| self.buffer.cell_mut((x, y)));
            if let Some(cell) = before.filter(|cell| width(cell.symbol()) > 1) {
                cell.set_symbol(" ");
            }
        }
    }

    /// A horizontal line.
    pub(super) fn rule(&mut self, x: u16, y: u16, cells: u16) {
        for column in x..x.saturating_add(cells) {
            self.sign(column, y, '─', self.theme.quiet());
        }
    }

    /// A vertical line.
    pub(super) fn bar(&mut self, x: u16, y: u16, rows: u16) {
        for row in y..y.saturating_add(rows) {
            self.sign(x, row, '│', self.theme.quiet());
        }
    }

    /// One of our own signs, a cell wide.
    pub(super) fn sign(&mut self, x: u16, y: u16, sign: char, style: Style) {
        if let Some(cell) = self.buffer.cell_mut((x, y)) {
            cell.reset();
            cell.set_char(sign).set_style(style);
        }
    }

    /// One cell of a code: both colours are always set.
    pub(super) fn block(&mut self, x: u16, y: u16, symbol: char, upper: Color, lower: Color) {
        self.sign(x, y, symbol, Style::new().fg(upper).bg(lower));
    }

    /// The row of a list that is selected.
    pub(super) fn select(&mut self, pane: Pane, y: u16) {
        self.sign(pane.x, y, '>', self.theme.strong());
        self.restyle(pane.x, y, pane.columns, self.theme.selected());
    }

    /// Texts one below the other, each as many lines as it needs, until the pane is full. The style is by the
    /// number of the text.
    pub(super) fn lines(&mut self, pane: Pane, texts: &[SafeText], style: impl Fn(usize) -> Style) {
        let mut y = pane.y;
        for (n, text) in texts.iter().enumerate() {
            for line in text.wrap(pane.columns.into()) {
                if y >= pane.y + pane.rows {
                    return;
                }
                self.put(pane.x, y, pane.columns, &line, style(n));
                y += 1;
            }
        }
    }

    /// A frame around a pane that is cleared, with a heading. Returns the inside.
    pub(super) fn framed(&mut self, pane: Pane, heading: &SafeText) -> Pane {
        self.fill(pane, self.theme.plain());
        if pane.columns < 4 || pane.rows < 3 {
            return pane;
        }
        let (right, bottom) = (pane.x + pane.columns - 1, pane.y + pane.rows - 1);
        self.rule(pane.x, pane.y, pane.columns);
        self.rule(pane.x, bottom, pane.columns);
        self.bar(pane.x, pane.y + 1, pane.rows - 2);
        self.bar(right, pane.y + 1, pane.rows - 2);
        for (x, y, sign) in
            [(pane.x, pane.y, '┌'), (right, pane.y, '┐'), (pane.x, bottom, '└'), (right, bottom, '┘')]
        {
            self.sign(x, y, sign, self.theme.quiet());
        }
        if !heading.is_empty() {
            let room = pane.columns.saturating_sub(4);
            let used = self.put(pane.x + 2, pane.y, room, heading, self.theme.strong());
            // A blank on both sides of the heading.
            self.sign(pane.x + 1, pane.y, ' ', self.theme.plain());
            self.sign(pane.x + 2 + used, pane.y, ' ', self.theme.plain());
        }
        pane.framed()
    }

    /// Sentences of ours, wrapped, with an empty line between them. Returns the rows used.
    pub(super) fn paragraphs(&mut self, pane: Pane, texts: &[SafeText], style: Style) -> u16 {
        let mut y = pane.y;
        for text in texts {
            for line in text.wrap(pane.columns.into()) {
                if y >= pane.y + pane.rows {
                    return pane.rows;
                }
                self.put(pane.x, y, pane.columns, &line, style);
                y += 1;
            }
            y += 1;
        }
        y.saturating_sub(pane.y)
    }
}

fn rect(pane: Pane) -> Rect {
    Rect::new(pane.x, pane.y, pane.columns, pane.rows)
}

/// A number of cells as the buffer counts them.
pub(super) fn cells(count: usize) -> u16 {
    u16::try_from(count).unwrap_or(u16::MAX)
}

/// A row that is ticked or not.
pub(super) fn tick(ticked: bool, text: &SafeText) -> SafeText {
    let mut line = SafeText::constant(if ticked { "[x] " } else { "[ ] " });
    line.push(text);
    line
}
