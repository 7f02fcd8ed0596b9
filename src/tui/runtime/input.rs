//! The terminal's events as messages.

use crossterm::event::{Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use crate::tui::keys::{Chord, Key};
use crate::tui::model::{Msg, Size};

/// The message that an event stands for; none for what is of no interest.
pub(super) fn message(event: Event) -> Option<Msg> {
    match event {
        Event::Key(key) => chord(key).map(Msg::Key),
        Event::Paste(text) => Some(Msg::Paste(text)),
        Event::Resize(columns, rows) => Some(Msg::Resize(Size { columns, rows })),
        Event::FocusGained | Event::FocusLost | Event::Mouse(_) => None,
    }
}

fn chord(event: KeyEvent) -> Option<Chord> {
    if event.kind == KeyEventKind::Release {
        return None;
    }
    let held = |modifier| event.modifiers.contains(modifier);
    let mut chord = Chord {
        key: Key::Esc,
        ctrl: held(KeyModifiers::CONTROL),
        alt: held(KeyModifiers::ALT),
        shift: held(KeyModifiers::SHIFT),
    };
    chord.key = match event.code {
        KeyCode::Char(c) => {
            // Shift is part of the letter; Control makes no difference between cases.
            chord.shift = false;
            Key::Char(if chord.ctrl { c.to_ascii_lowercase() } else { c })
        }
        KeyCode::BackTab => {
            chord.shift = true;
            Key::Tab
        }
        KeyCode::Enter => Key::Enter,
        KeyCode::Esc => Key::Esc,
        KeyCode::Tab => Key::Tab,
        KeyCode::Backspace => Key::Backspace,
        KeyCode::Delete => Key::Delete,
        KeyCode::Up => Key::Up,
        KeyCode::Down => Key::Down,
        KeyCode::Left => Key::Left,
        KeyCode::Right => Key::Right,
        KeyCode::Home => Key::Home,
        KeyCode::End => Key::End,
        KeyCode::PageUp => Key::PageUp,
        KeyCode::PageDown => Key::PageDown,
        KeyCode::F(n) => Key::F(n),
        _ => return None,
    };
    Some(chord)
}

#[cfg(test)]
mod tests {
    use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};

    use super::message;
    use crate::tui::keys::Chord;
    use crate::tui::model::Msg;

    #[test]
    fn presses_are_normalised_once() {
        for (code, modifiers, name) in [
            (KeyCode::Char('G'), KeyModifiers::SHIFT, "G"),
            (KeyCode::Char('D'), KeyModifiers::CONTROL | KeyModifiers::SHIFT, "Ctrl-d"),
            (KeyCode::BackTab, KeyModifiers::SHIFT, "S-Tab"),
            (KeyCode::Char('b'), KeyModifiers::ALT, "Alt-b"),
            (KeyCode::PageDown, KeyModifiers::NONE, "PgDn"),
        ] {
            let event = Event::Key(KeyEvent::new(code, modifiers));
            assert_eq!(message(event), Some(Msg::Key(Chord::parse(name).unwrap())), "{name}");
        }
        assert_eq!(message(Event::FocusGained), None);
    }
}
