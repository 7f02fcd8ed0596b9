//! Server-sent events, parsed as they arrive (WHATWG HTML, section 9.2).

/// Longest event that is kept.
const MAX_EVENT: usize = 256 * 1024;

/// One event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Event {
    /// Its name; `message` when none was given.
    pub name: String,
    /// Its id, when one was given.
    pub id: Option<String>,
    /// Its data; several lines are joined by line breaks.
    pub data: String,
}

/// Takes pieces of a stream and gives events, however the pieces are cut.
#[derive(Debug, Default)]
pub struct EventParser {
    line: Vec<u8>,
    /// The last byte was a carriage return: a line feed right behind it belongs to it.
    after_return: bool,
    begun: bool,
    event: Event,
    has_data: bool,
    overflow: bool,
}

impl EventParser {
    /// A parser at the beginning of a stream.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next piece; returns the events that are complete with it.
    pub fn push(&mut self, piece: &[u8]) -> Vec<Event> {
        let mut events = Vec::new();
        for &b in piece {
            if self.after_return && b == b'\n' {
                self.after_return = false;
                continue;
            }
            self.after_return = b == b'\r';
            if matches!(b, b'\n' | b'\r') {
                let line = std::mem::take(&mut self.line);
                events.extend(self.end_line(&line));
            } else if self.line.len() < MAX_EVENT {
                self.line.push(b);
            } else {
                self.overflow = true;
            }
        }
        events
    }

    fn end_line(&mut self, line: &[u8]) -> Option<Event> {
        let line = if self.begun { line } else { line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line) };
        self.begun = true;
        if line.is_empty() {
            let event = std::mem::take(&mut self.event);
            let complete = std::mem::take(&mut self.has_data) && !std::mem::take(&mut self.overflow);
            return complete.then(|| Event {
                name: if event.name.is_empty() { "message".to_owned() } else { event.name },
                ..event
            });
        }
        let text = String::from_utf8_lossy(line);
        let (field, value) = text.split_once(':').unwrap_or((&text, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => self.event.name = value.to_owned(),
            "id" if !value.contains('\0') => self.event.id = Some(value.to_owned()),
            "data" => {
                if self.has_data {
                    self.event.data.push('\n');
                }
                self.has_data = true;
                if self.event.data.len() + value.len() > MAX_EVENT {
                    self.overflow = true;
                } else {
                    self.event.data.push_str(value);
                }
            }
            _ => {}
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Event, EventParser, MAX_EVENT};

    fn event(name: &str, id: Option<&str>, data: &str) -> Event {
        Event { name: name.into(), id: id.map(str::to_owned), data: data.into() }
    }

    #[test]
    fn events_comments_and_line_ends() {
        let mut parser = EventParser::new();
        let stream =
            "\u{feff}retry: 3000\n\n: \n\nevent: change\nid: 7\ndata: {\"a\":1}\n\ndata:x\r\ndata: y\r\r\n";
        assert_eq!(
            parser.push(stream.as_bytes()),
            [event("change", Some("7"), "{\"a\":1}"), event("message", None, "x\ny")]
        );
    }

    #[test]
    fn an_endless_event_is_dropped_and_the_next_one_read() {
        let mut parser = EventParser::new();
        let mut long = b"data: ".to_vec();
        long.extend(std::iter::repeat_n(b'x', 2 * MAX_EVENT));
        assert!(parser.push(&long).is_empty());
        assert_eq!(parser.push(b"\n\ndata: y\n\n"), [event("message", None, "y")]);
    }

    proptest! {
        #[test]
        fn any_cut_gives_the_same_events(text in "(data|id|event|:)?:? ?[a-z\u{fe0f}é\r\n]{0,40}(\r\n|\n|\r){0,3}data: z\n\n", cuts in prop::collection::vec(1_usize..7, 0..40)) {
            let whole = EventParser::new().push(text.as_bytes());
            let mut parser = EventParser::new();
            let mut events = Vec::new();
            let mut rest = text.as_bytes();
            for cut in cuts {
                let (piece, after) = rest.split_at(cut.min(rest.len()));
                events.extend(parser.push(piece));
                rest = after;
            }
            events.extend(parser.push(rest));
            prop_assert_eq!(events, whole);
        }
    }
}
