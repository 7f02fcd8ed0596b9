//! A key press, normalised once.

use std::fmt;

/// A key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Key {
    /// A character; its case says whether Shift was held.
    Char(char),
    /// Enter.
    Enter,
    /// Escape.
    Esc,
    /// Tab.
    Tab,
    /// Backspace.
    Backspace,
    /// Delete.
    Delete,
    /// Arrow up.
    Up,
    /// Arrow down.
    Down,
    /// Arrow left.
    Left,
    /// Arrow right.
    Right,
    /// Home.
    Home,
    /// End.
    End,
    /// Page up.
    PageUp,
    /// Page down.
    PageDown,
    /// A function key.
    F(u8),
}

/// A key with what was held. On characters Shift is part of the character.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Chord {
    /// The key.
    pub key: Key,
    /// Control.
    pub ctrl: bool,
    /// Alt.
    pub alt: bool,
    /// Shift, on keys that are no characters.
    pub shift: bool,
}

const NAMES: [(Key, &str); 14] = [
    (Key::Enter, "Enter"),
    (Key::Esc, "Esc"),
    (Key::Tab, "Tab"),
    (Key::Backspace, "Backspace"),
    (Key::Delete, "Delete"),
    (Key::Up, "Up"),
    (Key::Down, "Down"),
    (Key::Left, "Left"),
    (Key::Right, "Right"),
    (Key::Home, "Home"),
    (Key::End, "End"),
    (Key::PageUp, "PgUp"),
    (Key::PageDown, "PgDn"),
    (Key::Char(' '), "Space"),
];

impl Chord {
    /// A key alone.
    pub const fn plain(key: Key) -> Self {
        Self { key, ctrl: false, alt: false, shift: false }
    }

    /// A character alone.
    pub const fn char(c: char) -> Self {
        Self::plain(Key::Char(c))
    }

    /// Reads the name of a chord: `j`, `Ctrl-d`, `S-Tab`, `PgDn`, `F1`.
    pub fn parse(text: &str) -> Option<Self> {
        let mut chord = Self::plain(Key::Esc);
        let mut rest = text;
        loop {
            rest = if let Some(after) = rest.strip_prefix("Ctrl-") {
                chord.ctrl = true;
                after
            } else if let Some(after) = rest.strip_prefix("Alt-") {
                chord.alt = true;
                after
            } else if let Some(after) = rest.strip_prefix("S-") {
                chord.shift = true;
                after
            } else {
                break;
            };
        }
        let mut chars = rest.chars();
        chord.key = match (chars.next()?, chars.next()) {
            (c, None) => Key::Char(c),
            ('F', Some(_)) => Key::F(rest.get(1..)?.parse().ok()?),
            _ => NAMES.iter().find(|(_, name)| *name == rest)?.0,
        };
        Some(chord)
    }

    /// The ASCII key that was probably meant when an input method for Chinese is on: full-width letters
    /// and Chinese punctuation. Only where keys are commands.
    #[must_use]
    pub fn ascii(self) -> Self {
        let Key::Char(c) = self.key else { return self };
        let plain = match c {
            '\u{FF01}'..='\u{FF5E}' => char::from_u32(u32::from(c) - 0xFEE0).unwrap_or(c),
            '\u{3000}' => ' ',
            '、' => '/',
            '。' => '.',
            '【' => '[',
            '】' => ']',
            '—' => '_',
            _ => c,
        };
        Self { key: Key::Char(plain), ..self }
    }

    /// The character to type into a field, if the chord is one.
    pub fn typed(self) -> Option<char> {
        match self.key {
            Key::Char(c) if !self.ctrl && !self.alt => Some(c),
            _ => None,
        }
    }
}

impl fmt::Display for Chord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.ctrl {
            f.write_str("Ctrl-")?;
        }
        if self.alt {
            f.write_str("Alt-")?;
        }
        if self.shift {
            f.write_str("S-")?;
        }
        match self.key {
            Key::F(n) => write!(f, "F{n}"),
            key => match (NAMES.iter().find(|(known, _)| *known == key), key) {
                (Some((_, name)), _) => f.write_str(name),
                (None, Key::Char(c)) => write!(f, "{c}"),
                (None, _) => Ok(()),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Chord, Key};

    #[test]
    fn names_are_read_as_they_are_written() {
        for name in ["j", "G", "Ctrl-d", "S-Tab", "PgDn", "F1", "Space", "Alt-b", "-", "?"] {
            assert_eq!(Chord::parse(name).unwrap().to_string(), name);
        }
        assert_eq!(Chord::parse("Nope"), None);
        assert_eq!(Chord::parse(""), None);
    }

    #[test]
    fn an_input_method_does_not_get_in_the_way() {
        for (typed, meant) in
            [('ａ', 'a'), ('Ｑ', 'Q'), ('／', '/'), ('、', '/'), ('？', '?'), ('】', ']'), ('王', '王')]
        {
            assert_eq!(Chord::char(typed).ascii(), Chord::char(meant));
        }
        assert_eq!(Chord::plain(Key::Tab).ascii(), Chord::plain(Key::Tab));
    }
}
