//! The state of the screen: what is known, what is selected, what is under way. Nothing in here waits,
//! asks the time or draws.

pub mod answer;
mod approvals;
mod blocked;
mod blocked_queue;
mod bulk;
pub mod content;
mod cursor;
mod data;
mod decisions;
mod env;
mod field;
pub mod help;
mod layer;
mod layout;
mod msg;
mod own_layers;
mod pages;
mod queue_layers;
mod request_lines;
mod search;
mod state;
mod toast;
mod wizard;

pub use approvals::{
    Approvals, Common, DueIn, Filter, Group, GroupKey, Grouping, QueueOrder, QueueRow, Range, card_of,
    company_of, has_own_step,
};
pub use bulk::{LeftOut, TYPED_FROM, elsewhere_text, left_out_text, system_name};
pub use cursor::Cursor;
pub use data::{Data, Touched};
pub use decisions::{Batch, Decisions, OnItsWay, Press};
pub use env::Env;
pub use field::Field;
pub(crate) use layer::turn;
pub use layer::{
    Ask, Code, HelpRow, Layer, NamecardLayer, Proof, REMOVE_WORD, RejectLayer, RemarkLayer, RemoveLayer,
};
pub use layout::{
    Pane, Regions, Size, Width, card_area, card_columns, code_area, help_area, layer_area, layout, past_area,
    past_rows, picker_area, picker_rows, window_width,
};
pub use msg::{
    AimBy, Answer, ContactChange, Converse, Effect, Msg, Outcomes, Places, Rankable, Shared, Step, Ticket,
};
pub(crate) use own_layers::BETWEEN_TAGS;
pub use own_layers::{SharingLayer, SharingRow, TagsLayer};
pub use pages::{Directory, External, Order, TreeRow};
pub use queue_layers::{
    BLOCK_WORD, BlockLayer, BulkLayer, ColleagueLayer, DoubtLayer, Errand, Past, PastLayer, SayLayer,
    SayWhat, ScopeLayer, WhenLayer, WhenWhat,
};
pub use search::{Found, SearchBox, SearchPlace};
pub use state::{InFlight, Link, Phase, Selected, State, Tab};
pub use toast::{Toast, Toasts, Voice};
pub use wizard::{PermissionLayer, Stage, WhyLayer, WizardLayer};
