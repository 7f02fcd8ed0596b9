//! The three pages: what each of them selects and orders.

use std::collections::HashSet;

use super::cursor::Cursor;
use super::search::SearchBox;
use crate::domain::{ContactId, DepartmentId, MemberId};

/// A row of the department tree: only open ones are there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TreeRow {
    /// The department.
    pub id: DepartmentId,
    /// How deep.
    pub depth: usize,
    /// Whether there are departments below.
    pub has_children: bool,
    /// Whether they are shown.
    pub open: bool,
}

/// The directory's page.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Directory {
    /// Whether the keys move in the tree, not in the list.
    pub in_tree: bool,
    /// Departments whose children are shown.
    pub open: HashSet<DepartmentId>,
    /// The visible tree.
    pub tree: Vec<TreeRow>,
    /// Where in the tree.
    pub tree_cursor: Cursor,
    /// The department whose people are listed.
    pub department: Option<DepartmentId>,
    /// Whether people of the departments below are listed too.
    pub below: bool,
    /// The people listed.
    pub list: Vec<MemberId>,
    /// Where in the list.
    pub list_cursor: Cursor,
    /// The search, when one is open.
    pub search: Option<SearchBox>,
}

/// How external contacts are ordered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// Newest first.
    #[default]
    Recent,
    /// By company, then by name.
    Company,
    /// By the first tag, then by name.
    Tag,
}

/// The page of external contacts.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct External {
    /// The order.
    pub order: Order,
    /// Whether those are listed whom linked companies show, instead of the contacts.
    pub linked: bool,
    /// The contacts or linked people listed.
    pub list: Vec<ContactId>,
    /// Where in the list.
    pub cursor: Cursor,
    /// The search, when one is open.
    pub search: Option<SearchBox>,
}
