//! Reading a code from a picture.

use super::picture::Raster;

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
    let mut prepared = rqrr::PreparedImage::prepare_from_greyscale(picture.width, picture.height, |x, y| {
        picture.pixel(x, y)
    });
    let mut error = ReadError::NoCode;
    for grid in prepared.detect_grids() {
        match grid.decode() {
            Ok((_, content)) => return Ok(content),
            Err(_) => error = ReadError::Damaged,
        }
    }
    Err(error)
}

#[cfg(test)]
mod tests {
    use super::read;
    use crate::qr::{Fit, Form, Raster, ReadError, fit};

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
    }
}
