//! Opening a picture file: PNG, JPEG, WebP and GIF, the first frame, within limits.

use std::io::Cursor;

use image::{DynamicImage, ImageDecoder as _, ImageError, ImageFormat, ImageReader, Limits};

use super::picture::Raster;

/// Most pixels along a side.
const MAX_SIDE: u32 = 8_192;
/// Most pixels in all.
const MAX_PIXELS: u64 = 25_000_000;
/// Most bytes that decoding may take.
const MAX_BYTES: u64 = 64 << 20;

/// Why a picture was not opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// None of the kinds that are read.
    #[error("not a picture that is read")]
    Unknown,
    /// More pixels than are looked at.
    #[error("too many pixels")]
    TooLarge,
    /// Not a whole one.
    #[error("damaged")]
    Broken,
}

impl From<ImageError> for OpenError {
    fn from(error: ImageError) -> Self {
        match error {
            ImageError::Limits(_) => Self::TooLarge,
            _ => Self::Broken,
        }
    }
}

/// The kind of a picture, by how its file begins; none for one that is not read.
fn kind(file: &[u8]) -> Option<ImageFormat> {
    let format = image::guess_format(file).ok()?;
    let read = [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::WebP, ImageFormat::Gif];
    Some(format).filter(|format| read.contains(format))
}

/// Whether a file begins like a picture that is read.
pub fn is_picture(file: &[u8]) -> bool {
    kind(file).is_some()
}

/// Opens a picture as greys. What is see-through lies on white, as most programs show it.
pub fn open(file: &[u8]) -> Result<Raster, OpenError> {
    let mut reader = ImageReader::new(Cursor::new(file));
    reader.set_format(kind(file).ok_or(OpenError::Unknown)?);
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_SIDE);
    limits.max_image_height = Some(MAX_SIDE);
    limits.max_alloc = Some(MAX_BYTES);
    reader.limits(limits);
    let decoder = reader.into_decoder()?;
    let (width, height) = decoder.dimensions();
    let too_many = u64::from(width) * u64::from(height) > MAX_PIXELS || decoder.total_bytes() > MAX_BYTES;
    if too_many || width > MAX_SIDE || height > MAX_SIDE {
        return Err(OpenError::TooLarge);
    }
    let picture = DynamicImage::from_decoder(decoder)?;
    let pixels = if picture.color().has_alpha() {
        let over_white = |grey: u8, alpha: u8| {
            let (grey, alpha) = (u32::from(grey), u32::from(alpha));
            u8::try_from((grey * alpha + 255 * (255 - alpha)) / 255).unwrap_or(u8::MAX)
        };
        picture.into_luma_alpha8().pixels().map(|pixel| over_white(pixel.0[0], pixel.0[1])).collect()
    } else {
        picture.into_luma8().into_raw()
    };
    let side = |side: u32| usize::try_from(side).unwrap_or(0);
    Ok(Raster { width: side(width), height: side(height), pixels })
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use image::{DynamicImage, GrayImage, ImageFormat, RgbaImage};

    use super::{OpenError, open};
    use crate::qr::{Code, Level, png, read};

    const TEXT: &str = "HTTP://127.0.0.1:1/C/7Q2M9K4TZR8VPQ1SWN5YB3XEA1";

    fn file(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
        let mut file = Cursor::new(Vec::new());
        picture.write_to(&mut file, format).unwrap();
        file.into_inner()
    }

    fn picture() -> DynamicImage {
        let code = png(&Code::new(TEXT, Level::M).unwrap()).unwrap();
        image::load_from_memory(&code).unwrap()
    }

    #[test]
    fn all_four_kinds_are_read_and_others_are_not() {
        for format in [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::WebP, ImageFormat::Gif] {
            let rgb = DynamicImage::from(picture().to_rgb8());
            let raster = open(&file(&rgb, format)).unwrap();
            assert_eq!(read(&raster).as_deref(), Ok(TEXT), "{format:?}");
        }
        for other in [&b"BM6\0\0\0"[..], b"II*\0", b"", b"<svg/>", b"BEGIN:VCARD"] {
            assert_eq!(open(other), Err(OpenError::Unknown));
        }
    }

    #[test]
    fn what_is_see_through_lies_on_white() {
        let clear = RgbaImage::from_fn(picture().width(), picture().height(), |x, y| {
            let dark = picture_pixel(x, y) < 128;
            image::Rgba([0, 0, 0, if dark { 255 } else { 0 }])
        });
        let raster = open(&file(&DynamicImage::from(clear), ImageFormat::Png)).unwrap();
        assert_eq!(read(&raster).as_deref(), Ok(TEXT));
    }

    fn picture_pixel(x: u32, y: u32) -> u8 {
        use std::sync::OnceLock;
        static PICTURE: OnceLock<GrayImage> = OnceLock::new();
        PICTURE.get_or_init(|| picture().to_luma8()).get_pixel(x, y).0[0]
    }

    #[test]
    fn half_a_picture_is_damaged_and_a_bomb_is_not_opened() {
        let whole = file(&picture(), ImageFormat::Png);
        assert_eq!(open(&whole[..whole.len() / 2]), Err(OpenError::Broken));
        assert_eq!(open(&whole[..20]), Err(OpenError::Broken));
        // Few bytes, many pixels: refused by what the header says, before anything is decoded.
        for (width, height) in [(9_000, 1), (1, 9_000), (8_000, 8_000)] {
            let bomb = file(&DynamicImage::from(GrayImage::new(width, height)), ImageFormat::Png);
            assert!(bomb.len() < 1_000_000, "{}", bomb.len());
            assert_eq!(open(&bomb).map(|_| ()), Err(OpenError::TooLarge), "{width}x{height}");
        }
        // A header alone that promises more.
        let mut header = whole;
        header[16..24].copy_from_slice(&[0x7f, 0xff, 0xff, 0xff, 0x7f, 0xff, 0xff, 0xff]);
        assert!(open(&header).is_err());
    }
}
