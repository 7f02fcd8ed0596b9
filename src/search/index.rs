//! The index over prepared keys, and ranking.

use super::keys::{FIELD_END, Field, Fields, Keys};
use super::pinyin;
use super::query::{Query, Term};

/// Prepared keys of many people in one piece of memory.
///
/// Records keep the order in which they were added; a [`Hit`] names them by that number.
#[derive(Default)]
pub struct Index {
    arena: String,
    /// Where each record ends in the arena.
    ends: Vec<u32>,
    /// Which characters a record holds: one bit each, shared by several. A word whose bits are not
    /// all there cannot match, which most records say without being read.
    masks: Vec<u64>,
}

/// A person found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hit {
    /// Number of the record, in the order of adding.
    pub record: u32,
    /// The lower, the better.
    pub score: u32,
    /// The field that says why it matched, where that is not plain from the name.
    pub why: Field,
}

/// The best hits and how many there are in all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ranked {
    /// Best first, at most as many as asked for.
    pub hits: Vec<Hit>,
    /// All that matched.
    pub total: usize,
}

impl Index {
    /// An empty index.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a person's prepared keys. Returns the number of the record.
    pub fn add(&mut self, keys: &Keys) -> u32 {
        self.add_stored(keys.as_str(), |_| true)
    }

    /// Adds keys in their stored form, with only those fields that `visible` lets through.
    pub fn add_stored(&mut self, stored: &str, visible: impl Fn(Field) -> bool) -> u32 {
        let start = self.arena.len();
        for part in stored.split(FIELD_END) {
            if part.chars().next().and_then(Field::from_tag).is_some_and(&visible) {
                if self.arena.len() > start {
                    self.arena.push(FIELD_END);
                }
                self.arena.push_str(part);
            }
        }
        self.masks.push(mask(self.arena.get(start..).unwrap_or_default()));
        self.ends.push(u32::try_from(self.arena.len()).unwrap_or(u32::MAX));
        u32::try_from(self.ends.len() - 1).unwrap_or(u32::MAX)
    }

    /// Gives back the memory that was kept for more records.
    pub fn shrink(&mut self) {
        self.arena.shrink_to_fit();
        self.ends.shrink_to_fit();
        self.masks.shrink_to_fit();
    }

    /// How many people it holds.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether it holds nobody.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    fn record(&self, at: usize) -> &str {
        let start = if at == 0 { 0 } else { self.ends.get(at - 1).copied().unwrap_or(0) };
        let end = self.ends.get(at).copied().unwrap_or(start);
        self.arena.get(start as usize..end as usize).unwrap_or_default()
    }
}

/// Finds everybody who matches all terms of `query`; the best `limit` of them in order.
pub fn rank(index: &Index, query: &Query, limit: usize) -> Ranked {
    rank_seen(index, query, limit, |_| Fields::ALL)
}

/// The same among those who are there for somebody, by the fields that they see of each: `sees` is asked for
/// the numbers of records, and only for those that may match.
pub fn rank_seen(index: &Index, query: &Query, limit: usize, sees: impl Fn(u32) -> Fields) -> Ranked {
    if query.is_empty() {
        return Ranked::default();
    }
    let wanted: Vec<(u64, &Term)> =
        query.terms.iter().map(|term| (mask(term.digits.as_deref().unwrap_or(&term.text)), term)).collect();
    let needed = wanted.iter().fold(0, |all, (bits, _)| all | bits);
    let mut hits: Vec<Hit> = Vec::new();
    for (at, held) in index.masks.iter().enumerate() {
        if held & needed != needed {
            continue;
        }
        let number = u32::try_from(at).unwrap_or(u32::MAX);
        let fields = sees(number);
        if fields == Fields::NONE {
            continue;
        }
        let record = index.record(at);
        let mut score = 0;
        let mut why = Field::Name;
        let mut worst = 0;
        let all = wanted.iter().all(|(_, term)| match best(record, term, fields) {
            Some((points, field)) => {
                score += points;
                if points >= worst {
                    worst = points;
                    why = field;
                }
                true
            }
            None => false,
        });
        if all {
            hits.push(Hit { record: number, score, why });
        }
    }
    let total = hits.len();
    let order = |hit: &Hit| (hit.score, hit.record);
    if limit == 0 {
        hits.clear();
    } else if hits.len() > limit {
        hits.select_nth_unstable_by_key(limit - 1, order);
        hits.truncate(limit);
    }
    hits.sort_unstable_by_key(order);
    Ranked { hits, total }
}

/// The best field of a record for one term: points (fewer are better) and the field.
fn best(record: &str, term: &Term, fields: Fields) -> Option<(u32, Field)> {
    let mut best: Option<(u32, Field)> = None;
    for part in record.split(FIELD_END) {
        let Some(field) = part.chars().next().and_then(Field::from_tag) else { continue };
        if !fields.holds(field) || term.field.is_some_and(|name| !name.covers(field)) {
            continue;
        }
        let text = part.get(1..).unwrap_or_default();
        if let Some(points) = points(field, text, term)
            && best.is_none_or(|(least, _)| points < least)
        {
            best = Some((points, field));
        }
    }
    best
}

fn points(field: Field, text: &str, term: &Term) -> Option<u32> {
    if field == Field::Pinyin {
        let fit = pinyin::fit(&term.text, text)?;
        let from_start = fit.characters.start == 0;
        let base = match (from_start, fit.whole, fit.full) {
            (true, true, true) => 2,
            (true, _, true) => 4,
            (true, true, false) => 6,
            (true, false, false) => 8,
            (false, _, true) => 12,
            (false, _, false) => 16,
        };
        return Some(if fit.usual { base } else { base + 1 });
    }
    if field == Field::Phone {
        let digits = term.digits.as_deref()?;
        return if text.ends_with(digits) { Some(14) } else { text.contains(digits).then_some(26) };
    }
    let place = place(text, &term.text)?;
    Some(match (field, place) {
        (Field::Name, Place::Whole) => 0,
        (Field::Name, Place::Start) => 3,
        (Field::Name, Place::Word) => 7,
        (Field::Name, Place::Inside) => 18,
        (Field::Id, Place::Whole) => 1,
        (Field::Id, Place::Start) => 20,
        (Field::Alias, Place::Whole) => 5,
        (Field::Alias, Place::Start) => 6,
        (Field::Alias, Place::Word) => 9,
        (Field::Email, Place::Start | Place::Whole) => 11,
        (Field::Title | Field::Department | Field::Company, Place::Start | Place::Whole) => 21,
        (Field::Title | Field::Department | Field::Company, Place::Word) => 22,
        _ => 27,
    })
}

enum Place {
    Whole,
    Start,
    Word,
    Inside,
}

fn place(text: &str, word: &str) -> Option<Place> {
    let first = memchr::memmem::find(text.as_bytes(), word.as_bytes())?;
    if first == 0 {
        return Some(if text.len() == word.len() { Place::Whole } else { Place::Start });
    }
    let starts_word =
        |at: usize| text.get(..at).and_then(|t| t.chars().next_back()).is_some_and(|c| !c.is_alphanumeric());
    let words = memchr::memmem::find_iter(text.as_bytes(), word.as_bytes());
    Some(if words.into_iter().any(starts_word) { Place::Word } else { Place::Inside })
}

fn mask(text: &str) -> u64 {
    text.chars().fold(0, |bits, c| bits | bit(c))
}

/// Letters and digits have a bit each, everything else shares the remaining ones; separators have none.
fn bit(c: char) -> u64 {
    match c {
        'a'..='z' => 1 << (u32::from(c) - u32::from('a')),
        '0'..='9' => 1 << (26 + u32::from(c) - u32::from('0')),
        ' ' | FIELD_END | '|' => 0,
        _ => 1 << (36 + u32::from(c) % 28),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Index, best, rank};
    use crate::search::{Field, Fields, Keys, Query};

    fn index(people: &[(&str, &str, &str)]) -> Index {
        let mut index = Index::new();
        for (name, title, phone) in people {
            let mut keys = Keys::new();
            keys.add(Field::Name, name);
            keys.add(Field::Title, title);
            keys.add(Field::Phone, phone);
            index.add(&keys);
        }
        index
    }

    fn found(index: &Index, typed: &str) -> Vec<u32> {
        rank(index, &Query::parse(typed), 10).hits.iter().map(|hit| hit.record).collect()
    }

    #[test]
    fn exact_before_prefix_before_the_rest() {
        let index = index(&[
            ("Lina Berg", "", ""),
            ("Carolina Lin", "", ""),
            ("Lin", "", ""),
            ("张林", "", ""),
            ("Bo", "line manager", ""),
        ]);
        assert_eq!(found(&index, "lin"), [2, 0, 1, 3, 4]);
    }

    #[test]
    fn all_words_must_match_in_any_field() {
        let index = index(&[("张伟", "Engineer", "+86 138 0000 4021"), ("张伟", "Lead", "")]);
        assert_eq!(found(&index, "zw eng"), [0]);
        assert_eq!(found(&index, "4021"), [0]);
        assert_eq!(found(&index, "title:lead zhang"), [1]);
        assert_eq!(found(&index, "zw nobody"), [0_u32; 0]);
        assert_eq!(rank(&index, &Query::parse("zhang"), 1).total, 2);
    }

    #[test]
    fn hidden_fields_are_left_out() {
        let mut keys = Keys::new();
        keys.add(Field::Name, "Ann");
        keys.add(Field::Phone, "13800004021");
        let mut index = Index::new();
        index.add_stored(keys.as_str(), |field| field != Field::Phone);
        assert_eq!(found(&index, "4021"), [0_u32; 0]);
        assert_eq!(found(&index, "ann"), [0]);
    }

    proptest! {
        /// The mask only saves work: without it the same people are found.
        #[test]
        fn the_mask_loses_nobody(names in prop::collection::vec("[a-zA-Zé张伟雄0-9 .-]{1,12}", 1..20), typed in "[a-z张0-9 ]{1,4}") {
            let mut index = Index::new();
            for name in &names {
                let mut keys = Keys::new();
                keys.add(Field::Name, name);
                keys.add(Field::Phone, name);
                index.add(&keys);
            }
            let query = Query::parse(&typed);
            let naive = (0..index.len())
                .filter(|at| !query.is_empty() && query.terms.iter().all(|term| best(index.record(*at), term, Fields::ALL).is_some()))
                .count();
            prop_assert_eq!(rank(&index, &query, 100).total, naive);
        }
    }
}
