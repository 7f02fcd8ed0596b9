//! Keys: what a press is called, what it does where, and why not. One table drives dispatch, footer,
//! help and the key pages.

mod action;
mod chord;
mod keymap;
mod page;
mod table;

pub use action::Action;
pub use chord::{Chord, Key};
pub use keymap::{KeyMap, Resolved};
pub use page::page;
pub use table::{BINDINGS, Binding, Scope};
