//! What the user may set, where the program keeps things, and how it writes files.

mod accounts;
mod files;
pub mod keyring;
mod layers;
mod paths;
mod scratch;
mod settings;
mod table;
mod tokens;
mod value;

pub use accounts::{Account, Accounts, LOCAL};
pub use files::{
    FileState, SecretError, beside, create_private_dir, free_space, read_secret, read_small, state_of,
    write_new, write_private,
};
pub use layers::{ConfigError, Layers, Place};
pub use paths::{NoHome, Paths};
pub use scratch::Scratch;
pub use settings::{EXAMPLE, ServerSettings, Settings, Store};
pub use table::{SETTINGS, Setting};
pub use tokens::Tokens;
pub use value::{Takes, Value};
