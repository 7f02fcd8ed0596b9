//! Reading codes from a picture: as it is, and if that gives nothing, after what usually helps.

use super::picture::Raster;
use crate::domain::Pass;

/// Codes of one picture that are read.
pub const MAX_CODES: usize = 16;
/// Longest content of a code in bytes: what the largest code holds.
const MAX_CONTENT: usize = 2_953;
/// Pixels of the bar that closes thin lines: it must be thicker than they are and thinner than a module.
const BAR: usize = 5;

/// Why nothing was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// No code in the picture.
    #[error("there is no QR code in the picture")]
    NoCode,
    /// A code was seen but cannot be read.
    #[error("the QR code cannot be read")]
    Damaged,
}

/// Reads the first readable code of a picture, as it is.
pub fn read(picture: &Raster) -> Result<String, ReadError> {
    codes(picture)?.into_iter().next().ok_or(ReadError::NoCode)
}

/// The codes of a picture as it is, at most [`MAX_CODES`].
fn codes(picture: &Raster) -> Result<Vec<String>, ReadError> {
    let mut prepared = rqrr::PreparedImage::prepare_from_greyscale(picture.width, picture.height, |x, y| {
        picture.pixel(x, y)
    });
    let mut found: Vec<String> = Vec::new();
    let mut error = ReadError::NoCode;
    for grid in prepared.detect_grids() {
        match grid.decode() {
            Ok((_, content)) if content.len() > MAX_CONTENT => error = ReadError::Damaged,
            Ok((_, content)) if found.len() < MAX_CODES && !found.contains(&content) => found.push(content),
            Ok(_) => {}
            Err(_) => error = ReadError::Damaged,
        }
    }
    if found.is_empty() { Err(error) } else { Ok(found) }
}

/// Makes a picture that may be read where another one was not.
type Prepare = fn(&Raster) -> Raster;

/// Each pass over a picture with what it gave, the cheapest first. A pass runs when it is asked for, so
/// whoever has what they want, or no more time, stops.
pub fn passes(picture: &Raster) -> impl Iterator<Item = (Pass, Result<Vec<String>, ReadError>)> {
    let steps: [(Pass, Prepare); 6] = [
        (Pass::AsIs, Raster::clone),
        (Pass::Inverted, inverted),
        (Pass::Closed, |picture| closed(picture, false)),
        (Pass::Closed, |picture| closed(picture, true)),
        (Pass::Closed, |picture| closed(&inverted(picture), false)),
        (Pass::Smoothed, smoothed),
    ];
    steps.into_iter().map(|(pass, prepare)| (pass, codes(&prepare(picture))))
}

fn inverted(picture: &Raster) -> Raster {
    Raster { pixels: picture.pixels.iter().map(|pixel| 255 - pixel).collect(), ..*picture }
}

/// Makes dark lines that are thinner than the bar light, and leaves what is thicker: the lightest pixel
/// under the bar, then the darkest of those. The bar stands, or lies when `lying`.
fn closed(picture: &Raster, lying: bool) -> Raster {
    let light = under_bar(picture, lying, |a, b| a.max(b));
    under_bar(&light, lying, |a, b| a.min(b))
}

fn under_bar(picture: &Raster, lying: bool, choose: impl Fn(u8, u8) -> u8) -> Raster {
    let Raster { width, height, ref pixels } = *picture;
    let half = BAR / 2;
    let mut chosen = pixels.clone();
    for (at, pixel) in chosen.iter_mut().enumerate() {
        let (x, y) = (at % width.max(1), at / width.max(1));
        let (here, end, step) = if lying { (x, width, 1) } else { (y, height, width) };
        let first = here.saturating_sub(half);
        let last = (here + half).min(end.saturating_sub(1));
        let from = at - (here - first) * step;
        for place in (from..).step_by(step.max(1)).take(last + 1 - first) {
            *pixel = choose(*pixel, pixels.get(place).copied().unwrap_or(*pixel));
        }
    }
    Raster { width, height, pixels: chosen }
}

/// Each pixel becomes the mean of those around it, then light or dark, whichever is nearer.
fn smoothed(picture: &Raster) -> Raster {
    let lying = mean(picture, true);
    let mut smooth = mean(&lying, false);
    let least = smooth.pixels.iter().copied().min().unwrap_or(0);
    let most = smooth.pixels.iter().copied().max().unwrap_or(255);
    let middle = least + (most - least) / 2;
    for pixel in &mut smooth.pixels {
        *pixel = if *pixel > middle { 255 } else { 0 };
    }
    smooth
}

fn mean(picture: &Raster, lying: bool) -> Raster {
    let Raster { width, height, ref pixels } = *picture;
    let step = if lying { 1 } else { width };
    let mut means = pixels.clone();
    for (at, pixel) in means.iter_mut().enumerate() {
        let (here, end) = if lying { (at % width.max(1), width) } else { (at / width.max(1), height) };
        let (mut sum, mut count) = (0_u32, 0_u32);
        let first = here.saturating_sub(1);
        for n in first..(here + 2).min(end) {
            if let Some(other) = pixels.get(at - (here - first) * step + (n - first) * step) {
                sum += u32::from(*other);
                count += 1;
            }
        }
        *pixel = u8::try_from(sum / count.max(1)).unwrap_or(u8::MAX);
    }
    Raster { width, height, pixels: means }
}

#[cfg(test)]
mod tests {
    use super::{passes, read};
    use crate::domain::Pass;
    use crate::qr::{Blocks, Code, Fit, Form, Level, Raster, ReadError, fit};

    const LINK: &str = "HTTP://127.0.0.1:45678/C/7Q2M9K4TZR8VPQ1SWN5YB3XEA1";

    #[test]
    fn drawn_cells_read_back() {
        for form in [Form::Half, Form::Full] {
            for (columns, rows) in [(120, 60), (66, 33), (37, 19), (33, 17)] {
                let Fit::Fits(blocks) = fit(LINK, form, columns, rows).unwrap() else { continue };
                assert_eq!(
                    read(&Raster::of_blocks(&blocks)).as_deref(),
                    Ok(LINK),
                    "{columns}x{rows} {form:?}"
                );
            }
        }
    }

    #[test]
    fn an_empty_picture_has_no_code() {
        let white = Raster { width: 200, height: 200, pixels: vec![255; 40_000] };
        assert_eq!(read(&white), Err(ReadError::NoCode));
        assert!(passes(&white).all(|(_, found)| found == Err(ReadError::NoCode)));
        let nothing = Raster { width: 0, height: 0, pixels: Vec::new() };
        assert!(passes(&nothing).all(|(_, found)| found.is_err()));
    }

    /// A code of so many pixels a module and modules of white around it, in two greys.
    fn drawn(content: &str, module: usize, quiet: usize, dark: u8, light: u8) -> Raster {
        let code = Code::new(content, Level::M).unwrap();
        let side = (code.side() + 2 * quiet) * module;
        let place = |at: usize| (at / module).cast_signed() - quiet.cast_signed();
        let pixels = (0..side * side)
            .map(|at| if code.is_dark(place(at % side), place(at / side)) { dark } else { light })
            .collect();
        Raster { width: side, height: side, pixels }
    }

    /// Another picture, each pixel taken from a place of this one; grey where there is none.
    fn taken(
        picture: &Raster,
        (width, height): (usize, usize),
        from: impl Fn(f64, f64) -> (f64, f64),
    ) -> Raster {
        let pixels = (0..width * height)
            .map(|at| {
                let (x, y) = from((at % width) as f64, (at / width) as f64);
                let inside = x >= 0.0 && y >= 0.0 && x < picture.width as f64 && y < picture.height as f64;
                if inside { picture.pixel(x as usize, y as usize) } else { 230 }
            })
            .collect();
        Raster { width, height, pixels }
    }

    fn turned(picture: &Raster, degrees: f64) -> Raster {
        let (sin, cos) = degrees.to_radians().sin_cos();
        let side = picture.width * 3 / 2;
        let (middle, own) = (side as f64 / 2.0, picture.width as f64 / 2.0);
        taken(picture, (side, side), |x, y| {
            let (x, y) = (x - middle, y - middle);
            (x * cos + y * sin + own, y * cos - x * sin + own)
        })
    }

    /// The pass that reads it, and what.
    fn first(picture: &Raster) -> Option<(Pass, Vec<String>)> {
        passes(picture).find_map(|(pass, found)| Some((pass, found.ok()?)))
    }

    #[test]
    fn poor_pictures_are_read_as_they_are() {
        let clean = drawn(LINK, 4, 4, 0, 255);
        let mirrored = taken(&clean, (clean.width, clean.height), |x, y| (clean.width as f64 - 1.0 - x, y));
        let pictures = [
            ("small", drawn(LINK, 1, 4, 0, 255)),
            ("2 pixels a module", drawn(LINK, 2, 4, 0, 255)),
            ("no margin", drawn(LINK, 4, 0, 0, 255)),
            ("low contrast", drawn(LINK, 4, 4, 0x55, 0x99)),
            ("turned by 90", turned(&clean, 90.0)),
            ("turned by 30", turned(&drawn(LINK, 8, 4, 0, 255), 30.0)),
            ("mirrored", mirrored),
        ];
        for (name, picture) in pictures {
            assert_eq!(first(&picture), Some((Pass::AsIs, vec![LINK.to_owned()])), "{name}");
        }
    }

    /// Lines of the terminal's own dark background between the rows of cells.
    fn with_gaps(gap: usize) -> Raster {
        const HALF: usize = 10;
        let blocks = Blocks { code: Code::new(LINK, Level::M).unwrap(), quiet: 4, form: Form::Half };
        let line = 2 * HALF + gap;
        let (width, height) = (blocks.columns() * HALF, blocks.rows() * line);
        let pixels = (0..width * height)
            .map(|at| {
                let (x, y) = (at % width, at / width);
                let cell = blocks.cell(x / HALF, y / line);
                let shade = if y % line < HALF { cell.upper } else { cell.lower };
                if y % line >= 2 * HALF || shade == crate::qr::Shade::Dark { 20 } else { 255 }
            })
            .collect();
        Raster { width, height, pixels }
    }

    #[test]
    fn what_is_not_read_as_it_is_is_rescued() {
        let inverted = drawn(LINK, 4, 4, 255, 0);
        assert_eq!(first(&inverted), Some((Pass::Inverted, vec![LINK.to_owned()])));
        for gap in [2, 4] {
            let picture = with_gaps(gap);
            assert!(read(&picture).is_err(), "a gap of {gap} needs no rescue");
            let (pass, found) = first(&picture).unwrap();
            assert_eq!((pass, found), (Pass::Closed, vec![LINK.to_owned()]), "a gap of {gap}");
        }
        // The same lying down: a picture of a terminal that was turned.
        let picture = with_gaps(2);
        let lying = taken(&picture, (picture.height, picture.width), |x, y| (y, x));
        assert!(read(&lying).is_err());
        assert_eq!(first(&lying).map(|(pass, _)| pass), Some(Pass::Closed));
    }

    #[test]
    fn several_codes_are_all_read() {
        let one = drawn("first", 4, 4, 0, 255);
        let two = drawn("second", 4, 4, 0, 255);
        let both = taken(&one, (one.width * 2, one.height), |x, y| (x, y));
        let mut both = both;
        for y in 0..two.height {
            for x in 0..two.width {
                both.pixels[y * one.width * 2 + one.width + x] = two.pixel(x, y);
            }
        }
        let (_, mut found) = first(&both).unwrap();
        found.sort();
        assert_eq!(found, ["first", "second"]);
    }
}
