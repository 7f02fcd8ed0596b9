//! The state of the screen: what is known, what is selected, what is under way. Nothing in here waits,
//! asks the time or draws.

pub mod answer;
mod blocked;
pub mod content;
mod cursor;
mod data;
mod env;
mod field;
pub mod help;
mod layer;
mod layout;
mod msg;
mod pages;
mod search;
mod state;
mod toast;
mod wizard;

pub use cursor::Cursor;
pub use data::{Data, Touched};
pub use env::Env;
pub use field::Field;
pub(crate) use layer::turn;
pub use layer::{
    Ask, Code, HelpRow, Layer, NamecardLayer, Proof, REMOVE_WORD, RejectLayer, RemarkLayer, RemoveLayer,
};
pub use layout::{
    Pane, Regions, Size, Width, card_area, card_columns, code_area, help_area, layer_area, layout,
    window_width,
};
pub use msg::{AimBy, Answer, Effect, Msg, Places, Rankable, Shared, Step, Ticket};
pub use pages::{Approvals, Directory, External, Order, TreeRow};
pub use search::{Found, SearchBox, SearchPlace};
pub use state::{InFlight, Link, Phase, Selected, State, Tab};
pub use toast::{Toast, Toasts, Voice};
pub use wizard::{PermissionLayer, Stage, WhyLayer, WizardLayer};
