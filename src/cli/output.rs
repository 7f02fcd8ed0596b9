//! Printing: tables for people, JSON for programs. A pipe that nobody reads ends the command quietly.

use std::io::{self, IsTerminal as _, Write as _};
use std::path::Path;

use serde::Serialize;

use super::failure::Failure;
use crate::config::{write_new, write_private};
use crate::i18n::{Text, Words};
use crate::text::{SafeText, sanitise_line};

/// Writes a file for this user alone; over one that is there only if that was asked for.
pub(super) fn put_file(words: &Words, file: &Path, content: &str, over: bool) -> Result<(), Failure> {
    let content = content.as_bytes();
    let written = if over { write_private(file, content) } else { write_new(file, content) };
    written.map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => {
            let shown = SafeText::clean(&file.display().to_string());
            Failure::Said(words.fill(Text::FileIsThere, &[("file", shown)]))
        }
        _ => Failure::of_file(words, Text::CannotWrite, file, &error),
    })
}

/// Standard output.
#[derive(Clone, Copy, Debug)]
pub(super) struct Output {
    /// Whether a person may be reading: headings, and columns that fit.
    pub(super) is_terminal: bool,
}

impl Output {
    pub(super) fn new() -> Self {
        Self { is_terminal: io::stdout().is_terminal() }
    }

    /// A line.
    pub(super) fn line(&self, text: &SafeText) -> io::Result<()> {
        let mut out = io::stdout().lock();
        writeln!(out, "{text}")?;
        out.flush()
    }

    /// Bytes as they are: a picture, an escape sequence of ours.
    pub(super) fn bytes(&self, bytes: &[u8]) -> io::Result<()> {
        let mut out = io::stdout().lock();
        out.write_all(bytes)?;
        out.flush()
    }

    /// An object as JSON. On a terminal every character that might act on it is escaped.
    pub(super) fn json(&self, value: &impl Serialize) -> io::Result<()> {
        let mut text = serde_json::to_string_pretty(value).map_err(io::Error::other)?;
        if self.is_terminal {
            text = escape(&text);
        }
        text.push('\n');
        self.bytes(text.as_bytes())
    }

    /// An object as JSON on one line, for whoever reads line by line.
    pub(super) fn json_line(&self, value: &impl Serialize) -> io::Result<()> {
        let mut text = serde_json::to_string(value).map_err(io::Error::other)?;
        if self.is_terminal {
            text = escape(&text);
        }
        text.push('\n');
        self.bytes(text.as_bytes())
    }

    /// JSON that is text already, as [`json`](Self::json) prints it.
    pub(super) fn json_text(&self, text: &str) -> io::Result<()> {
        if self.is_terminal { self.bytes(escape(text).as_bytes()) } else { self.bytes(text.as_bytes()) }
    }

    /// A file for other programs. A terminal gets its lines cleaned: what it shows is to be looked at.
    pub(super) fn data(&self, text: &str) -> io::Result<()> {
        if !self.is_terminal {
            return self.bytes(text.as_bytes());
        }
        for line in text.lines() {
            self.line(&SafeText::clean(line))?;
        }
        Ok(())
    }

    /// Rows in columns that begin one below the other; the last column is not padded.
    pub(super) fn table(&self, headings: &[SafeText], rows: &[Vec<SafeText>]) -> io::Result<()> {
        let mut widths: Vec<usize> = headings.iter().map(SafeText::width).collect();
        for row in rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.width());
            }
        }
        if let Some(room) = self.columns() {
            shrink(&mut widths, room);
        }
        let mut out = io::stdout().lock();
        let last = widths.len().saturating_sub(1);
        // Without a person reading there are no headings: a line is a row.
        let heading = self.is_terminal.then_some(headings);
        for cells in heading.into_iter().chain(rows.iter().map(Vec::as_slice)) {
            let mut line = String::new();
            for (at, (cell, width)) in cells.iter().zip(&widths).enumerate() {
                if at == last {
                    line.push_str(cell.cut(*width).as_str());
                } else {
                    line.push_str(cell.fit(*width).as_str());
                    line.push_str("  ");
                }
            }
            writeln!(out, "{}", line.trim_end())?;
        }
        out.flush()
    }

    /// Columns of the terminal; none when nobody looks.
    fn columns(&self) -> Option<usize> {
        if !self.is_terminal {
            return None;
        }
        crossterm::terminal::size()
            .ok()
            .map(|(columns, _)| usize::from(columns))
            .filter(|columns| *columns > 0)
    }
}

/// Takes from the widest columns until the rows fit.
fn shrink(widths: &mut [usize], room: usize) {
    let room = room.saturating_sub(2 * widths.len().saturating_sub(1));
    while widths.iter().sum::<usize>() > room {
        match widths.iter_mut().max() {
            Some(widest) if *widest > 6 => *widest -= 1,
            _ => return,
        }
    }
}

/// Escapes what the sanitiser would not let through; the JSON stays the same value.
fn escape(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        let mut buffer = [0; 4];
        let alone: &str = c.encode_utf8(&mut buffer);
        if c == '\n' || (' '..='~').contains(&c) || sanitise_line(alone) == alone {
            out.push(c);
        } else {
            for unit in c.encode_utf16(&mut [0; 2]) {
                out.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{escape, shrink};

    #[test]
    fn escaped_json_is_the_same_value_and_harmless() {
        let value = serde_json::json!({"a": "x\u{202e}\u{9b}y\u{e0067}张 👍"});
        let text = escape(&serde_json::to_string_pretty(&value).unwrap());
        assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap(), value);
        assert!(!text.contains(['\u{202e}', '\u{9b}', '\u{e0067}']) && text.contains('张'), "{text}");
    }

    #[test]
    fn columns_shrink_to_the_terminal() {
        let mut widths = [10, 60, 30];
        shrink(&mut widths, 64);
        assert_eq!(widths.iter().sum::<usize>(), 60);
        assert_eq!(widths[0], 10);
        let mut narrow = [10, 10];
        shrink(&mut narrow, 3);
        assert_eq!(narrow, [6, 6]);
    }
}
