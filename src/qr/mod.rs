//! QR codes: made, laid out in terminal cells, drawn as pictures, read back.

mod blocks;
mod code;
mod open;
mod picture;
mod read;

pub use blocks::{Blocks, Cell, Fit, Form, Needs, Shade, fit};
pub use code::{Code, CodeError, Level};
pub use open::{OpenError, is_picture, open};
pub use picture::{Raster, png, svg};
pub use read::{MAX_CODES, ReadError, passes, read};
