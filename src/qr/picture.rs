//! A code as a picture: for files, and to prove what a terminal will draw.

use std::fmt::Write as _;

use super::blocks::{Blocks, Cell, Shade};
use super::code::Code;

/// Pixels per module in saved pictures. Fewer do not survive a phone's compression.
const MODULE_PIXELS: usize = 8;
const QUIET: usize = 4;

/// A grey picture, one byte a pixel, 0 is black.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Raster {
    /// Pixels in a row.
    pub width: usize,
    /// Rows of pixels.
    pub height: usize,
    /// The pixels, row after row.
    pub pixels: Vec<u8>,
}

impl Raster {
    /// Paints terminal cells as a terminal would: `columns` by `rows` cells of 8 by 16 pixels and a
    /// gap of 2 pixels below each row of glyphs, which shows the cell's background.
    pub fn of_cells(columns: usize, rows: usize, cell: impl Fn(usize, usize) -> Cell) -> Self {
        const WIDE: usize = 8;
        const HALF: usize = 8;
        const GAP: usize = 2;
        let line = 2 * HALF + GAP;
        let (width, height) = (columns * WIDE, rows * line);
        let mut pixels = vec![255; width * height];
        for (at, pixel) in pixels.iter_mut().enumerate() {
            let (x, y) = (at % width.max(1), at / width.max(1));
            let cell = cell(x / WIDE, y / line);
            let shade = if y % line < HALF { cell.upper } else { cell.lower };
            *pixel = if shade == Shade::Dark { 0 } else { 255 };
        }
        Self { width, height, pixels }
    }

    /// Paints a laid-out code.
    pub fn of_blocks(blocks: &Blocks) -> Self {
        Self::of_cells(blocks.columns(), blocks.rows(), |x, y| blocks.cell(x, y))
    }

    /// The pixel at a place; white outside.
    pub fn pixel(&self, x: usize, y: usize) -> u8 {
        if x >= self.width { 255 } else { self.pixels.get(y * self.width + x).copied().unwrap_or(255) }
    }

    fn of_code(code: &Code) -> Self {
        let side = (code.side() + 2 * QUIET) * MODULE_PIXELS;
        let module = |at: usize| (at / MODULE_PIXELS).cast_signed() - QUIET.cast_signed();
        let pixels = (0..side * side)
            .map(|at| if code.is_dark(module(at % side), module(at / side)) { 0 } else { 255 })
            .collect();
        Self { width: side, height: side, pixels }
    }
}

/// The code as a PNG file: grey, 8 pixels a module, quiet zone 4.
pub fn png(code: &Code) -> Result<Vec<u8>, png::EncodingError> {
    let raster = Raster::of_code(code);
    let mut file = Vec::new();
    let side = u32::try_from(raster.width).unwrap_or(u32::MAX);
    let mut encoder = ::png::Encoder::new(&mut file, side, side);
    encoder.set_color(::png::ColorType::Grayscale);
    encoder.set_depth(::png::BitDepth::Eight);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&raster.pixels)?;
    writer.finish()?;
    Ok(file)
}

/// The code as an SVG drawing, one unit a module, quiet zone 4.
pub fn svg(code: &Code) -> String {
    let side = code.side() + 2 * QUIET;
    let mut path = String::new();
    for y in 0..code.side() {
        for x in 0..code.side() {
            if code.is_dark(x.cast_signed(), y.cast_signed()) {
                // Writing to a String cannot fail.
                let _ = write!(path, "M{} {}h1v1h-1z", x + QUIET, y + QUIET);
            }
        }
    }
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {side} {side}\" width=\"{0}\" height=\"{0}\" \
         shape-rendering=\"crispEdges\"><path fill=\"#fff\" d=\"M0 0h{side}v{side}H0z\"/><path d=\"{path}\"/></svg>\n",
        side * MODULE_PIXELS
    )
}
