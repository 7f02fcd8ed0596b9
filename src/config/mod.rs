//! What the user may set, where the program keeps things, and how it writes files.

mod accounts;
mod files;
mod paths;
mod scratch;
mod settings;

pub use accounts::{Account, Accounts, LOCAL};
pub use files::{create_private_dir, read_small, write_new, write_private};
pub use paths::{NoHome, Paths};
pub use scratch::Scratch;
pub use settings::{ConfigError, EXAMPLE, Settings};
