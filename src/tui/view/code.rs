//! A code in cells, and the same cells read back. What is shown is what was read.

use ratatui::buffer::Buffer;
use ratatui::style::Color;

use super::canvas::{Canvas, cells};
use super::theme::Theme;
use crate::qr::{Blocks, Cell, Raster, Shade};

/// Draws a laid-out code with its upper left corner at a place. Both colours are set on every cell.
pub fn draw_code(buffer: &mut Buffer, theme: &Theme, blocks: &Blocks, x: u16, y: u16) {
    let mut canvas = Canvas::new(buffer, theme);
    put(&mut canvas, blocks, x, y);
}

pub(super) fn put(canvas: &mut Canvas<'_>, blocks: &Blocks, x: u16, y: u16) {
    for row in 0..blocks.rows() {
        for column in 0..blocks.columns() {
            let cell = blocks.cell(column, row);
            let (upper, lower) = (canvas.theme.shade(cell.upper), canvas.theme.shade(cell.lower));
            canvas.block(x + cells(column), y + cells(row), cell.symbol(), upper, lower);
        }
    }
}

/// The cells of a drawn buffer as a picture, painted as a terminal would.
pub fn read_cells(buffer: &Buffer, theme: &Theme) -> Raster {
    let area = *buffer.area();
    let shade = |colour: Color| if colour == theme.shade(Shade::Dark) { Shade::Dark } else { Shade::Light };
    Raster::of_cells(area.width.into(), area.height.into(), |column, row| {
        let Some(cell) = buffer.cell((area.x + cells(column), area.y + cells(row))) else {
            return Cell { upper: Shade::Light, lower: Shade::Light };
        };
        let lower = shade(cell.bg);
        let upper = if cell.symbol() == "▀" { shade(cell.fg) } else { lower };
        Cell { upper, lower }
    })
}

#[cfg(test)]
mod tests {
    use ratatui::buffer::Buffer;
    use ratatui::layout::Rect;
    use ratatui::style::Color;

    use super::{draw_code, read_cells};
    use crate::qr::{self, Fit, Form};
    use crate::tui::view::{Depth, Theme};

    const LINK: &str = "HTTP://127.0.0.1:45678/C/7Q2M9K4TZR8VPQ1SWN5YB3XEA1";

    #[test]
    fn drawn_cells_read_back_at_every_depth_and_form() {
        for codes in [Depth::Sixteen, Depth::Indexed, Depth::True] {
            for form in [Form::Half, Form::Full] {
                let theme = Theme { depth: Depth::Mono, codes };
                let Fit::Fits(blocks) = qr::fit(LINK, form, 80, 40).unwrap() else { panic!("it should fit") };
                let mut buffer = Buffer::empty(Rect::new(0, 0, 80, 40));
                // A dark terminal behind it: the quiet zone is part of the code.
                buffer
                    .set_style(*buffer.area(), ratatui::style::Style::new().bg(theme.shade(qr::Shade::Dark)));
                draw_code(&mut buffer, &theme, &blocks, 1, 1);
                for y in 0..blocks.rows() {
                    for x in 0..blocks.columns() {
                        let cell = &buffer[(1 + x as u16, 1 + y as u16)];
                        assert!(
                            cell.fg != Color::Reset && cell.bg != Color::Reset,
                            "both colours on {x},{y}"
                        );
                    }
                }
                assert_eq!(qr::read(&read_cells(&buffer, &theme)).as_deref(), Ok(LINK), "{codes:?} {form:?}");
            }
        }
    }
}
