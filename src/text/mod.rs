//! Text from outside and the only way it may reach a terminal, a log, a file or a page.
//!
//! [`Untrusted`] holds what somebody else wrote. It cannot be printed. [`Untrusted::line`] and
//! [`Untrusted::block`] run it through the one sanitiser and give [`SafeText`], which is what every
//! drawing, printing and page function takes.
//!
//! This module is a leaf: it names nothing else of this program.

mod near;
mod safe;
mod sanitise;
mod untrusted;
mod width;

pub use near::{distance, nearest};
pub use safe::SafeText;
pub use sanitise::{MAX_LINE_BYTES, has_hidden, is_readable, sanitise_line};
pub use untrusted::{Block, Untrusted};
pub use width::{cut, fits, width};
