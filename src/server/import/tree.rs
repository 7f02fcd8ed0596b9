//! The departments of a company while an import is prepared: those that are there, and those that rows name.

use std::collections::HashMap;

use super::total;
use crate::domain::{DepartmentPath, DepartmentRow, Time};
use crate::server::ids;
use crate::server::store::departments::{DepartmentRow as Stored, PATH_SIGN};
use crate::server::store::staging::NewDepartment;
use crate::text::Untrusted;

/// A department of the tree: its hidden key, or its number below nought when it is new.
#[derive(Debug)]
struct Node {
    key: i64,
    english_name: Option<String>,
}

/// A department that is there and is said to be otherwise.
#[derive(Clone, Debug)]
pub(super) struct ChangedDepartment {
    pub(super) sk: i64,
    pub(super) id: String,
    pub(super) english_name: Option<String>,
    pub(super) ord: i64,
    /// The revision that it gets.
    pub(super) revision: i64,
    /// Whether people are found by another name of it.
    pub(super) renamed: bool,
}

/// The departments of a company.
#[derive(Debug)]
pub(super) struct Tree {
    nodes: HashMap<String, Node>,
    /// Paths and ids of those that are there.
    there: HashMap<i64, (String, String)>,
    pub(super) new: Vec<NewDepartment>,
    pub(super) changed: Vec<ChangedDepartment>,
    last_order: i64,
    now: Time,
}

/// A path as one text.
fn path_key(path: &[Untrusted]) -> String {
    let parts: Vec<&str> = path.iter().map(Untrusted::as_data).collect();
    parts.join(&PATH_SIGN.to_string())
}

impl Tree {
    /// The departments that are there, and what rows say of departments.
    pub(super) fn new(stored: HashMap<String, Stored>, said: Vec<DepartmentRow>, now: Time) -> Self {
        let mut tree = Self {
            nodes: HashMap::with_capacity(stored.len()),
            there: HashMap::with_capacity(stored.len()),
            new: Vec::new(),
            changed: Vec::new(),
            last_order: stored.values().map(|row| row.ord).max().unwrap_or(0),
            now,
        };
        let mut there: HashMap<i64, Stored> = HashMap::with_capacity(stored.len());
        for (path, row) in stored {
            let english_name = row.english_name.as_ref().map(|name| name.as_data().to_owned());
            tree.there.insert(row.sk, (path.clone(), row.id.as_str().to_owned()));
            tree.nodes.insert(path, Node { key: row.sk, english_name });
            there.insert(row.sk, row);
        }
        for row in said {
            let key = tree.find_or_add(&row.path);
            if let Some(stored) = there.get(&key) {
                tree.compare(stored, &row);
            } else if let Some(new) = tree.new.get_mut(place(key)) {
                new.ord = row.order.unwrap_or(new.ord);
                new.english_name = row
                    .english_name
                    .as_ref()
                    .map(|name| name.as_data().to_owned())
                    .or(new.english_name.take());
            }
            if let (Some(node), Some(name)) = (tree.nodes.get_mut(&path_key(&row.path)), row.english_name) {
                node.english_name = Some(name.as_data().to_owned());
            }
        }
        tree
    }

    /// What a row is silent about stays.
    fn compare(&mut self, stored: &Stored, row: &DepartmentRow) {
        // A path may stand there twice: the last one counts.
        self.changed.retain(|changed| changed.sk != stored.sk);
        let ord = row.order.unwrap_or(stored.ord);
        let english_name = row.english_name.as_ref().or(stored.english_name.as_ref());
        let renamed = english_name != stored.english_name.as_ref();
        if renamed || ord != stored.ord {
            self.changed.push(ChangedDepartment {
                sk: stored.sk,
                id: stored.id.as_str().to_owned(),
                english_name: english_name.map(|name| name.as_data().to_owned()),
                ord,
                revision: stored.revision + 1,
                renamed,
            });
        }
    }

    /// The department with this path; it and what lies above it is made when it is not there.
    pub(super) fn find_or_add(&mut self, path: &[Untrusted]) -> i64 {
        let whole = path_key(path);
        if let Some(node) = self.nodes.get(&whole) {
            return node.key;
        }
        let mut ancestors: Vec<i64> = Vec::with_capacity(path.len());
        for (end, name) in ends(&whole).zip(path) {
            let part = whole.get(..end).unwrap_or_default();
            let key = match self.nodes.get(part) {
                Some(node) => node.key,
                None => self.add(part, name, &ancestors),
            };
            ancestors.push(key);
        }
        ancestors.last().copied().unwrap_or_default()
    }

    fn add(&mut self, path: &str, name: &Untrusted, above: &[i64]) -> i64 {
        let key = -1 - total(self.new.len());
        self.last_order += 1;
        self.nodes.insert(path.to_owned(), Node { key, english_name: None });
        self.new.push(NewDepartment {
            department: key,
            id: ids::department(self.now).as_str().to_owned(),
            path: path.to_owned(),
            name: name.as_data().to_owned(),
            english_name: None,
            ord: self.last_order,
            ancestors: above.iter().copied().chain([key]).collect(),
        });
        key
    }

    /// The path of a department that is there.
    pub(super) fn path(&self, sk: i64) -> Option<DepartmentPath> {
        self.there.get(&sk).map(|(path, _)| path.split(PATH_SIGN).map(Untrusted::from).collect())
    }

    /// The id of a department.
    pub(super) fn id(&self, key: i64) -> &str {
        let there = self.there.get(&key).map(|(_, id)| id.as_str());
        there.or_else(|| self.new.get(place(key)).map(|new| new.id.as_str())).unwrap_or_default()
    }

    /// A path for searching: the names from the top down, with the English ones.
    pub(super) fn shown(&self, path: &[Untrusted]) -> String {
        let whole = path_key(path);
        let mut shown = String::new();
        for (end, name) in ends(&whole).zip(path) {
            shown.push_str(name.as_data());
            let part = whole.get(..end).unwrap_or_default();
            if let Some(english) = self.nodes.get(part).and_then(|node| node.english_name.as_ref()) {
                shown.push(' ');
                shown.push_str(english);
            }
            shown.push(' ');
        }
        shown
    }
}

/// Where each part of a path ends.
fn ends(path: &str) -> impl Iterator<Item = usize> {
    path.match_indices(PATH_SIGN).map(|(at, _)| at).chain([path.len()])
}

/// The place of a new department in its list.
fn place(key: i64) -> usize {
    usize::try_from(-1 - key).unwrap_or(usize::MAX)
}
