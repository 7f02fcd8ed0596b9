//! What others write, on the way to the terminal: every scalar value through the real lists, and strings
//! made to harm on every screen. What is checked are the bytes that a terminal would get.

use std::cell::RefCell;
use std::fmt::Write as _;
use std::io;
use std::rc::Rc;

use namecard::domain::{Change, Contact, Request, Time};
use namecard::i18n::Lang;
use namecard::text::{sanitise_line, width};
use namecard::tui::model::{Msg, Size, Tab};
use namecard::tui::view::draw;
use ratatui::backend::CrosstermBackend;
use ratatui::buffer::CellWidth as _;
use ratatui::layout::Rect;
use ratatui::{Terminal, TerminalOptions, Viewport};
use serde_json::json;
use unicode_segmentation::UnicodeSegmentation as _;

use super::desk::{DAY, Desk, START, contact, department, member, members, request, snapshot};

#[derive(Clone, Default)]
struct Written(Rc<RefCell<Vec<u8>>>);

impl io::Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The bytes of a first frame on a cleared terminal.
fn bytes(desk: &Desk) -> Vec<u8> {
    let Size { columns, rows } = desk.state.size;
    let written = Written::default();
    let viewport = Viewport::Fixed(Rect::new(0, 0, columns, rows));
    let backend = CrosstermBackend::new(written.clone());
    let mut terminal = Terminal::with_options(backend, TerminalOptions { viewport }).unwrap();
    terminal
        .draw(|frame| {
            draw(&desk.state, &desk.env, &desk.theme, frame.buffer_mut());
        })
        .unwrap();
    written.0.take()
}

/// Reads what was written as a terminal would, and accepts nothing but text, colours, places and the
/// cursor's being hidden or shown. Returns the rows.
#[track_caller]
fn rows(bytes: &[u8], size: Size) -> Vec<String> {
    let text = std::str::from_utf8(bytes).expect("UTF-8");
    let mut rows = vec![String::new(); size.rows.into()];
    let mut widths = vec![0; size.rows.into()];
    let (mut x, mut y) = (0, 0);
    let mut rest = text;
    while !rest.is_empty() {
        if let Some(sequence) = rest.strip_prefix("\u{1b}[") {
            let end = sequence.find(|c: char| c.is_ascii_alphabetic()).expect("an end");
            let (parameters, last) = (&sequence[..end], sequence.as_bytes()[end]);
            match last {
                b'm' => assert!(parameters.bytes().all(|b| b.is_ascii_digit() || b == b';')),
                b'h' | b'l' => assert_eq!(parameters, "?25"),
                b'H' => {
                    let (row, column) = parameters.split_once(';').unwrap_or(("1", "1"));
                    (y, x) = (row.parse::<usize>().unwrap() - 1, column.parse::<usize>().unwrap() - 1);
                }
                other => panic!("a sequence that no frame needs: {parameters}{}", char::from(other)),
            }
            rest = &sequence[end + 1..];
            continue;
        }
        let end = rest.find('\u{1b}').unwrap_or(rest.len());
        assert!(end > 0, "an escape that no frame needs: {:?}", &rest[..rest.len().min(20)]);
        let (run, behind) = rest.split_at(end);
        for c in run.chars() {
            assert!(!forbidden(c), "{} went out", c.escape_unicode());
        }
        assert!(x >= widths[y], "row {y} is drawn over at column {x}: {}", rows[y]);
        rows[y].extend(std::iter::repeat_n(' ', x - widths[y]));
        rows[y].push_str(run);
        x += run.graphemes(true).map(width).sum::<usize>();
        widths[y] = x;
        rest = behind;
    }
    assert!(widths.iter().all(|cells| *cells <= size.columns.into()), "beyond the right edge");
    rows
}

/// What must never reach a terminal on its own, written down anew and not taken from the sanitiser.
/// Joiners and the emoji selector are lawful inside a word or an emoji; they are looked at apart.
fn forbidden(c: char) -> bool {
    let n = u32::from(c);
    c.is_control()
        || matches!(n,
            0xad | 0x34f | 0x61c | 0x115f..=0x1160 | 0x17b4..=0x17b5 | 0x180b..=0x180f | 0x200b
            | 0x200e..=0x200f | 0x2028..=0x202e | 0x2060..=0x206f | 0x2800 | 0x3164 | 0xfe00..=0xfe0e
            | 0xfeff | 0xffa0 | 0xfff0..=0xfffc | 0x1bca0..=0x1bca3 | 0x1d173..=0x1d17a
            | 0xe0000..=0xe0fff | 0xe000..=0xf8ff | 0xf0000.. | 0xfdfd | 0x12031 | 0x2e3a..=0x2e3b)
        || n & 0xfffe == 0xfffe
        || matches!(n, 0xfdd0..=0xfdef)
        || (c.is_whitespace() && c != ' ')
}

/// What a scalar between two letters may look like.
fn forms(c: char) -> Vec<String> {
    let spelled = format!("<U+{:04X}>", u32::from(c));
    let n = u32::from(c);
    match c {
        '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}' => vec![" ⏎ ".into()],
        '\t' => vec![" ".into()],
        '\0'..='\u{1f}' => vec![char::from_u32(0x2400 + n).unwrap().into()],
        '\u{7f}' => vec!["␡".into()],
        '\u{fe0e}' => vec![String::new()],
        '\u{200c}' | '\u{200d}' | '\u{fe0f}' => vec![spelled],
        _ if c.is_whitespace() => vec![" ".into()],
        _ if forbidden(c) || width(c.encode_utf8(&mut [0; 4])) == 0 => {
            vec![spelled, format!("◌{c}"), c.into()]
        }
        // Letters and digits are why the program exists; they come through as they are.
        _ if c.is_alphanumeric() => vec![c.into()],
        // Whether a sign is assigned is for the tables of Unicode to say.
        _ => vec![c.into(), spelled],
    }
}

/// Puts a scalar between letters of its own, so that none has a neighbour that changes it.
fn spaced(scalars: &[char]) -> String {
    let mut text = String::from("a");
    for c in scalars {
        text.push(*c);
        text.push('b');
    }
    text
}

/// Finds the scalars of [`spaced`] in a row, from where they begin.
#[track_caller]
fn read_back<'a>(row: &'a str, scalars: &[char]) -> &'a str {
    let mut rest = &row[row.find('a').expect("a field that begins")..][1..];
    for c in scalars {
        let found = forms(*c).into_iter().find_map(|form| rest.strip_prefix(&(form + "b")));
        rest = found.unwrap_or_else(|| panic!("{} is shown as {rest:?} in {row:?}", c.escape_unicode()));
    }
    rest
}

const NAMED: usize = 7;
const AT_WORK: usize = 6;
const ROWS: usize = 200;

#[test]
fn every_scalar_value_goes_through_the_lists_of_contacts_and_requests() {
    let scalars: Vec<char> = ('\0'..=char::MAX).collect();
    assert_eq!(scalars.len(), 1_112_064);
    let size = Size { columns: 300, rows: ROWS as u16 + 6 };
    let mut seen = [0_usize; 2];
    for block in scalars.chunks((NAMED + AT_WORK) * ROWS) {
        let people: Vec<_> =
            block.chunks(NAMED + AT_WORK).map(|row| row.split_at(NAMED.min(row.len()))).collect();
        let mut desk = Desk::empty(size.columns, size.rows, Lang::En);
        let mut start = snapshot();
        start.requests = people
            .iter()
            .zip(1..)
            .map(|((name, work), n)| {
                let company = spaced(work);
                // Most urgent first: in this order.
                request(n, &spaced(name), &company, n as i64 * DAY, json!({"purpose": null, "message": null}))
            })
            .collect();
        desk.send(Msg::Snapshot(Box::new(start)));
        let contacts = people.iter().zip(1..).map(|((name, work), n)| {
            contact(n, &spaced(name), Some(&spaced(work)), n as i64 * DAY, json!({}))
        });
        desk.send(Msg::Contacts(contacts.collect(), true));
        for (at, tab) in [Tab::External, Tab::Approvals].into_iter().enumerate() {
            desk.state.tab = tab;
            let shown = rows(&bytes(&desk), size);
            let listed: Vec<&String> =
                shown.iter().skip(1).filter(|row| row.contains("printed") && row.len() > 80).collect();
            assert!(listed.len() >= people.len(), "{} rows of {}", listed.len(), people.len());
            for ((name, work), row) in people.iter().zip(listed) {
                // The mark or the time comes first; no letter of it is an `a`.
                let rest = read_back(row, name);
                read_back(rest, work);
                seen[at] += name.len() + work.len();
            }
        }
    }
    assert_eq!(seen, [1_112_064; 2]);
}

#[test]
fn our_width_is_the_width_that_the_renderer_counts() {
    for c in '\0'..=char::MAX {
        let shown = sanitise_line(&format!("a{c}b"));
        let theirs: usize = shown.graphemes(true).map(|grapheme| usize::from(grapheme.cell_width())).sum();
        assert_eq!(width(&shown), theirs, "{}", c.escape_unicode());
    }
    for shown in hostile().iter().map(|text| sanitise_line(text)) {
        let theirs: usize = shown.graphemes(true).map(|grapheme| usize::from(grapheme.cell_width())).sum();
        assert_eq!(width(&shown), theirs, "{}", shown.escape_unicode());
    }
}

/// Strings that have harmed some terminal, list or reader before, with and without ordinary text around.
fn hostile() -> Vec<String> {
    let harmful = [
        "\u{1b}[2J\u{1b}[H",
        "\u{1b}]0;owned\u{7}",
        "\u{1b}]52;c;cm0gLXJmIC8=\u{7}",
        "\u{1b}]8;;https://evil.example\u{1b}\\click\u{1b}]8;;\u{1b}\\",
        "\u{1b}P1$r0m\u{1b}\\",
        "\u{1b}[6n",
        "\u{1b}[?1049l",
        "\u{1b}c",
        "\u{9b}31m",
        "\u{9d}0;owned\u{9c}",
        "\u{90}q\u{9c}",
        "\r\nApproved by 张三",
        "\n\n\n\n\n\n\n\n\n\n",
        "\u{b}\u{c}\u{85}\u{2028}\u{2029}",
        "\u{8}\u{8}\u{8}\u{8}admin",
        "\u{7f}\u{7f}",
        "\t\t\t\t",
        "\u{202e}txt.exe",
        "\u{2066}\u{2067}\u{2068}\u{2069}",
        "\u{200e}\u{200f}\u{61c}",
        "zero\u{200b}width\u{200c}joiner\u{200d}s",
        "\u{feff}\u{2060}\u{ad}",
        "e\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}",
        "\u{301}\u{302}\u{303}",
        "\u{20dd}\u{20e3}",
        "👩\u{200d}👩\u{200d}👧\u{200d}👦",
        "👨🏽\u{200d}❤\u{fe0f}\u{200d}👨🏿",
        "🇨🇳🇨",
        "\u{fe0f}\u{fe0e}\u{fe00}",
        "1\u{fe0f}\u{20e3}2\u{20e3}",
        "﷽﷽﷽",
        "⸻⸺𒀱",
        "\u{e000}\u{f8ff}\u{10fffd}",
        "\u{ffff}\u{fdd0}\u{1fffe}",
        "\u{e0001}\u{e0041}\u{e007f}",
        "\u{2800}\u{3164}\u{ffa0}\u{115f}",
        "\u{a0}\u{2003}\u{3000}",
        "ｶﾞﾊﾟﾞ",
        "ﾞﾟ",
        "각\u{1100}\u{1161}\u{11a8}",
        "नि\u{94d}\u{200d}क्षि",
        "สวัสดีำำ",
        "مرحبا بالعالم",
        "שלום עולם",
        "葛\u{e0100}城",
        "[X] Approved · policy v1 · 8 s left",
        "EXTERNAL [INT] ✓ verified",
        "%s%s%n {name} {} \\x1b[31m",
        "<script>alert(1)</script>&amp;",
        "-----────│││┌┐└┘",
    ];
    let mut all = Vec::new();
    for text in harmful {
        all.push(text.to_owned());
        all.push(format!("王{text}芳"));
        all.push(format!("Ann {text} Lee"));
        all.push(format!("{text}{text}{text}"));
        all.push(format!("{text}\u{202e}\u{1b}["));
        all.push(text.chars().rev().collect());
        all.push(text.repeat(40));
        all.push(format!("{}{text}", "long ".repeat(30)));
        all.push(format!("{text}{}", "长".repeat(60)));
        all.push(text.chars().fold(String::new(), |mut mixed, c| {
            write!(mixed, "{c}\u{200b}").unwrap();
            mixed
        }));
    }
    all
}

/// A world in which everything that others can write is hostile, each field in another way.
fn world(texts: &[String], from: usize, size: (u16, u16), lang: Lang) -> Desk {
    let next = std::cell::Cell::new(from);
    let text = || {
        next.set(next.get() + 1);
        texts[next.get() % texts.len()].clone()
    };
    let mut desk = Desk::empty(size.0, size.1, lang);
    let mut start = snapshot();
    start
        .departments
        .push(serde_json::from_value(department(9, Some(1), &text(), Some(&text()), 3)).unwrap());
    start.company.name = text().as_str().into();
    start.requests = (1..6)
        .map(|n| -> Request {
            let more = json!({
                "purpose": text(), "message": format!("{}\n{}", text(), text()), "card_label": text(),
                "requester": {"kind": "visitor", "name": text(), "company": text(), "title": text(), "email": text(), "phone": text()},
            });
            request(n, "", "", n as i64 * DAY, more)
        })
        .collect();
    desk.send(Msg::Snapshot(Box::new(start)));
    let people = (0..4).map(|n| {
        let more = json!({
            "alias": text(), "title": text(), "external_title": text(), "emails": [text()], "office": text(),
            "phones": [{"kind": "mobile", "number": text()}], "chat": text(),
            "attributes": [{"name": text(), "value": text()}],
        });
        member(&format!("h{n}"), &text(), 4, n, more)
    });
    desk.send(Msg::Members(members().into_iter().take(1).chain(people).collect(), true));
    let contacts = (1..5).map(|n| -> Contact {
        let more = json!({
            "remark": text(), "title": text(), "phones": [text()], "emails": [text()],
            "source": {"channel": "namecard", "add_way": "they_asked", "card_label": text()},
        });
        contact(n, &text(), Some(&text()), n as i64 * DAY, more)
    });
    desk.send(Msg::Contacts(contacts.collect(), true));
    desk
}

/// Every screen, by the keys that lead there.
const SCREENS: [&str; 16] = [
    "1",
    "1 l",
    "1 l j Enter",
    "1 l j j / h",
    "2",
    "2 j",
    "2 Enter",
    "2 e",
    "2 D",
    "2 S c",
    "2 / a",
    "3",
    "3 Enter",
    "3 x",
    "3 j j",
    "?",
];

#[test]
fn hostile_strings_on_every_screen_stay_text_in_their_own_fields() {
    let texts = hostile();
    assert!(texts.len() >= 500);
    let calm: Vec<String> = vec!["calm".into()];
    for from in 0..texts.len() {
        let size = [(80, 24), (120, 40), (40, 12)][from % 3];
        let lang = [Lang::En, Lang::ZhCn][from / 3 % 2];
        // All the screens for some, one after the other for the rest: each string meets each screen.
        for (at, keys) in SCREENS.iter().enumerate() {
            if (from + at) % 4 != 0 && from % 25 != 0 {
                continue;
            }
            let mut desk = world(&texts, from * 7, size, lang);
            desk.keys(keys);
            let window = desk.state.size;
            let shown = rows(&bytes(&desk), window);
            let mut peer = world(&calm, 0, size, lang);
            peer.keys(keys);
            let usual = rows(&bytes(&peer), window);
            // Keys and tabs are ours: nothing that somebody wrote moves or changes them.
            for row in [0, usize::from(window.rows) - 2] {
                if row == 0 && usual[0].contains("calm") {
                    continue;
                }
                assert_eq!(shown[row], usual[row], "{keys} at {size:?}: {}", texts[from].escape_unicode());
            }
        }
    }
}

#[test]
fn hostile_news_and_decisions_of_others_are_only_text() {
    let texts = hostile();
    for (n, text) in texts.iter().enumerate() {
        let mut desk = Desk::new(80, 24, Lang::En);
        desk.keys("3");
        let changed = request(
            11,
            text,
            text,
            5 * DAY,
            json!({
                "revision": 2, "as_of": 5, "state": "rejected", "allowed": [],
                "effective_at": super::desk::time(START + 9_000_000),
                "decision": {
                    "kind": "reject", "part": "target", "by": {"id": "ann", "name": text}, "at": super::desk::time(START),
                    "reason": "other", "text": text,
                },
            }),
        );
        let change = Change::Request(Box::new(changed));
        desk.send(Msg::Changes(vec![change], Time::from_micros(START)));
        let shown = rows(&bytes(&desk), desk.state.size);
        assert!(shown.iter().any(|row| row.contains("9 s")), "{n}: {shown:#?}");
    }
}
