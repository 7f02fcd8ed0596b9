//! Putting values into a sentence.

use crate::text::SafeText;

/// Replaces `{name}` by its value and chooses between the forms of `{name|one|many}`: the first when the
/// value is `1`. An unknown name stays as it is.
pub(super) fn fill(pattern: &str, values: &[(&str, SafeText)]) -> SafeText {
    let mut out = String::with_capacity(pattern.len() + 32);
    let mut rest = pattern;
    while let Some((before, hole, after)) = next_hole(rest) {
        out.push_str(before);
        let mut parts = hole.split('|');
        let name = parts.next().unwrap_or_default();
        match (values.iter().find(|(known, _)| *known == name), parts.next(), parts.next()) {
            (Some((_, value)), None, _) => out.push_str(value.as_str()),
            (Some((_, value)), Some(one), many) => {
                out.push_str(if value.as_str() == "1" { one } else { many.unwrap_or(one) });
            }
            (None, ..) => {
                out.push('{');
                out.push_str(hole);
                out.push('}');
            }
        }
        rest = after;
    }
    out.push_str(rest);
    // Pattern and values are safe; what they make together is sanitised all the same, because marks
    // of one may join letters of the other.
    SafeText::clean(&out)
}

fn next_hole(text: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = text.split_once('{')?;
    let (hole, after) = rest.split_once('}')?;
    Some((before, hole, after))
}

/// The names of a pattern's holes, each once, in order.
#[cfg(test)]
pub(super) fn names(pattern: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut rest = pattern;
    while let Some((_, hole, after)) = next_hole(rest) {
        names.push(hole.split('|').next().unwrap_or_default().to_owned());
        rest = after;
    }
    names.sort_unstable();
    names.dedup();
    names
}

#[cfg(test)]
mod tests {
    use super::fill;
    use crate::text::SafeText;

    #[test]
    fn values_and_plurals() {
        let people = |n: i64| {
            fill(
                "{n} {n|person|people} at {where}",
                &[("n", SafeText::number(n)), ("where", SafeText::constant("Acme"))],
            )
        };
        assert_eq!(people(1).as_str(), "1 person at Acme");
        assert_eq!(people(2).as_str(), "2 people at Acme");
        assert_eq!(fill("{unknown} {", &[]).as_str(), "{unknown} {");
    }
}
