//! Search over people: prepared keys, the index over them, ranking and highlighting.
//!
//! Pure and shared by the screen, the commands, the server and the benchmarks. The keys of a person
//! are prepared once, per field, so that whoever builds an index can leave hidden fields out.

mod fold;
mod highlight;
mod index;
mod keys;
mod pinyin;
mod query;

pub use fold::fold;
pub use highlight::highlight;
pub use index::{Hit, Index, Ranked, rank, rank_seen};
pub use keys::{Field, Fields, Keys};
pub use query::Query;
