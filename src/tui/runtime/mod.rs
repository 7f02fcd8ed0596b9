//! The part of the screen that waits: the terminal, its input, effects, and the loop between them.

mod clipboard;
mod executor;
mod guard;
mod input;
mod latest;
mod opener;
mod output;
mod run;

pub use executor::{Doer, Executor, computed};
pub use guard::{Guard, install_panic_hook};
pub use opener::ChatCommand;
pub use output::{FrameWriter, Out};
pub use run::{Ended, Inbox, Inlet, Outlet, Screen, Signal, inbox, run};
