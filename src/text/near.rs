//! The name that was probably meant.

/// In how many letters two texts differ: letters put in, left out, or exchanged (Levenshtein).
pub fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (line, x) in a.chars().enumerate() {
        let mut diagonal = line;
        let mut left = line + 1;
        let mut next = vec![left];
        for (y, above) in b.iter().zip(row.iter().skip(1).copied()) {
            left = (diagonal + usize::from(x != *y)).min(above + 1).min(left + 1);
            diagonal = above;
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}

/// The known name that differs from `name` in the fewest letters, when these are at most a third.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let most = (name.chars().count() / 3).max(1);
    known
        .into_iter()
        .map(|known| (distance(name, known), known))
        .filter(|(distance, _)| *distance <= most)
        .min()
        .map(|(_, known)| known)
}

#[cfg(test)]
mod tests {
    use super::{distance, nearest};

    #[test]
    fn slips_are_told_from_other_names() {
        assert_eq!((distance("", "ab"), distance("abc", "abc"), distance("kitten", "sitting")), (2, 0, 3));
        assert_eq!(nearest("extrenal", ["channels", "external"]), Some("external"));
        assert_eq!(nearest("colour", ["channels", "external"]), None);
        assert_eq!(nearest("研发x", ["研发", "销售"]), Some("研发"));
    }
}
