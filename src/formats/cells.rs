//! Cells of a CSV file: quoted as RFC 4180, and marked where a spreadsheet would take them for a formula.

/// Whether cells that begin like a formula are marked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Formulas {
    /// They get a `'` in front, which the import takes off again.
    #[default]
    Marked,
    /// They go out as they are.
    AsTheyAre,
}

/// Whether a spreadsheet may take `text` for a formula. Marks in front do not count, so that a text which
/// begins with one of its own is told from a marked one: it gets a second.
fn is_formula(text: &str) -> bool {
    // Programs drop blanks and other characters without a look of their own before they decide.
    let ignored = |c: char| {
        c.is_whitespace() || c.is_control() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}')
    };
    text.trim_start_matches('\'')
        .chars()
        .find_map(|c| match c {
            '=' | '+' | '-' | '@' | '\t' | '\r' | '\0' | '＝' | '＋' | '－' | '＠' => Some(true),
            c if ignored(c) => None,
            _ => Some(false),
        })
        .unwrap_or(false)
}

/// A cell without the mark that `line` gave it.
pub(super) fn unmarked(text: &str) -> &str {
    match text.strip_prefix('\'') {
        Some(rest) if is_formula(rest) => rest,
        _ => text,
    }
}

/// Appends one line of cells.
pub(super) fn line<'a>(out: &mut String, cells: impl IntoIterator<Item = &'a str>, formulas: Formulas) {
    for (at, cell) in cells.into_iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        let mark = if formulas == Formulas::Marked && is_formula(cell) { "'" } else { "" };
        // `;` needs no quotes, but who opens the file may take it for the sign between cells.
        let plain = !cell.contains(['"', ',', ';', '\t', '\r', '\n']) && cell.trim() == cell;
        if plain {
            out.push_str(mark);
            out.push_str(cell);
        } else {
            out.push('"');
            out.push_str(mark);
            out.push_str(&cell.replace('"', "\"\""));
            out.push('"');
        }
    }
    out.push_str("\r\n");
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Formulas, is_formula, line, unmarked};

    fn written(cell: &str, formulas: Formulas) -> String {
        let mut out = String::new();
        line(&mut out, ["id", cell], formulas);
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(out.as_bytes());
        let record = reader.records().next().map(Result::unwrap).unwrap_or_default();
        record.get(1).unwrap_or_default().to_owned()
    }

    #[test]
    fn what_begins_like_a_formula_is_marked() {
        for bad in [
            "=1+1",
            "+86 138",
            "-1",
            "@SUM(A1)",
            "\t=1",
            "\r=1",
            "\0=1",
            " =1",
            "\u{3000}+1",
            "＝1",
            "＋1",
            "－1",
            "＠1",
            "\n=1",
            "\u{feff}=1",
            "\u{200b}@x",
            "'=1",
            "''+1",
            "\u{1b}=1",
            "' =1",
        ] {
            assert_eq!(written(bad, Formulas::Marked), format!("'{bad}"), "{bad:?}");
            assert_eq!(written(bad, Formulas::AsTheyAre), bad, "{bad:?}");
        }
        for good in ["", "Ann", "'Ann'", "a=1", "1-2", "王芳", " Ann", "'", "#1"] {
            assert_eq!(written(good, Formulas::Marked), good, "{good:?}");
        }
    }

    proptest! {
        #[test]
        fn a_mark_comes_off_again_and_no_formula_is_left(cell in "[=+\\-@\t\r\0＝＋－＠' \n\u{feff}\",;a王]{0,8}|\\PC*") {
            let out = written(&cell, Formulas::Marked);
            prop_assert_eq!(unmarked(&out), cell.as_str());
            prop_assert!(out.starts_with('\'') || !is_formula(&out), "{:?}", out);
        }
    }
}
