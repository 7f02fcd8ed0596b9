//! Which letters of a shown text a query matched.

use std::ops::Range;

use pinyin::ToPinyinMulti as _;

use super::fold::Folded;
use super::keys::Field;
use super::pinyin as sound;
use super::query::Query;

/// Byte ranges of `text` that the terms of `query` matched in `field`, in order and apart.
///
/// Called for visible rows only.
pub fn highlight(field: Field, text: &str, query: &Query) -> Vec<Range<usize>> {
    let folded = Folded::of(text);
    let mut ranges: Vec<Range<usize>> = Vec::new();
    for term in &query.terms {
        if term.field.is_some_and(|name| !name.covers(field)) {
            continue;
        }
        if let Some(at) = folded.text.find(&term.text) {
            ranges.extend(folded.original(&(at..at + term.text.len())));
        } else if field == Field::Phone {
            ranges.extend(term.digits.as_deref().and_then(|digits| digit_run(text, digits)));
        } else if field == Field::Name
            && let Some(fit) = sound::fit(&term.text, &sound::sounds(&folded.text))
        {
            let characters = text.char_indices().filter(|(_, c)| c.to_pinyin_multi().is_some());
            ranges.extend(
                characters
                    .skip(fit.characters.start)
                    .take(fit.characters.len())
                    .map(|(start, c)| start..start + c.len_utf8()),
            );
        }
    }
    merge(ranges)
}

/// The last place where the digits of `text` spell `digits`, whatever stands between them.
fn digit_run(text: &str, digits: &str) -> Option<Range<usize>> {
    let places: Vec<(usize, char)> = text.char_indices().filter(|(_, c)| c.is_ascii_digit()).collect();
    let spelled: String = places.iter().map(|(_, c)| *c).collect();
    let at = spelled.rfind(digits)?;
    Some(places.get(at)?.0..places.get(at + digits.len() - 1)?.0 + 1)
}

fn merge(mut ranges: Vec<Range<usize>>) -> Vec<Range<usize>> {
    ranges.sort_by_key(|range| (range.start, range.end));
    let mut merged: Vec<Range<usize>> = Vec::new();
    for range in ranges {
        match merged.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => merged.push(range),
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::highlight;
    use crate::search::{Field, Query};

    fn marked(field: Field, text: &str, typed: &str) -> Vec<String> {
        highlight(field, text, &Query::parse(typed))
            .into_iter()
            .map(|range| text.get(range).unwrap().to_owned())
            .collect()
    }

    #[test]
    fn letters_sounds_and_digits_are_marked() {
        assert_eq!(marked(Field::Name, "Zoë García", "gar zo"), ["Zo", "Gar"]);
        assert_eq!(marked(Field::Name, "单雄 Xiong", "shanx"), ["单雄"]);
        assert_eq!(marked(Field::Name, "王小明", "xm"), ["小明"]);
        assert_eq!(marked(Field::Phone, "+86 138 0000 4021", "04021"), ["0 4021"]);
        assert_eq!(marked(Field::Name, "Ann", "bob"), [""; 0]);
    }
}
