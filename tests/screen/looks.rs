//! How every screen looks, at three sizes and in both languages, letter by letter.

use namecard::i18n::Lang;
use namecard::tui::model::{Answer, Msg};
use ratatui::style::Modifier;
use serde_json::json;

use super::desk::{Desk, SECOND, START, decided};
use super::namecard::card;
use super::reach::{asked_about, outside, person, refused};

const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (40, 12)];

/// Pictures of one screen, reached by keys, at all sizes.
fn look(name: &str, reach: impl Fn(&mut Desk)) {
    for (lang, tag) in [(Lang::En, "en"), (Lang::ZhCn, "zh")] {
        let mut pictures = String::new();
        for (columns, rows) in SIZES {
            let mut desk = Desk::new(columns, rows, lang);
            reach(&mut desk);
            pictures.push_str(&format!("── {columns}x{rows}\n"));
            let picture = desk.picture();
            for row in picture.lines() {
                assert!(namecard::text::width(row) <= columns.into(), "{row}");
            }
            pictures.push_str(&picture);
        }
        insta::with_settings!({ snapshot_path => "looks", prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_snapshot!(format!("{name}-{tag}"), pictures);
        });
    }
}

#[test]
fn the_directory() {
    look("directory", |_| {});
    look("people", |desk| {
        desk.keys("l l j");
    });
    look("member", |desk| {
        desk.keys("/");
        desk.type_in("sam");
        desk.keys("Enter");
    });
    look("search", |desk| {
        desk.keys("/");
        desk.type_in("wxm");
    });
    look("search-nothing", |desk| {
        desk.keys("/");
        desk.type_in("qqqq");
    });
}

#[test]
fn people_outside() {
    look("external", |desk| {
        desk.keys("2");
    });
    look("contact", |desk| {
        desk.keys("2 Enter");
    });
    look("remark", |desk| {
        desk.keys("2 e");
        desk.type_in("，展会");
    });
    look("remove", |desk| {
        desk.keys("2 D");
    });
}

#[test]
fn the_queue() {
    look("approvals", |desk| {
        desk.keys("3");
    });
    look("approvals-held", |desk| {
        desk.keys("3");
        let change =
            namecard::domain::Change::Request(Box::new(decided(11, "approve", "ann", START + 8 * SECOND)));
        desk.send(Msg::Changes(vec![change], namecard::domain::Time::from_micros(START)));
    });
    look("request", |desk| {
        desk.keys("3 Enter");
    });
    look("reject", |desk| {
        desk.keys("3 x j");
    });
}

/// The queue with a row of every kind.
fn whole(desk: &mut Desk) {
    let size = desk.state.size;
    *desk = super::queue::queue(size.columns, size.rows, desk.env.words.lang());
}

#[test]
fn the_whole_queue() {
    look("queue", whole);
    look("queue-detail", |desk| {
        whole(desk);
        desk.keys("j j Enter");
        let detail = super::queue::detail_of(2, super::queue::known());
        let id = detail.request.id.clone();
        desk.send(Msg::Answer(Answer::RequestDetailRead(id, Ok(Box::new(detail)))));
    });
    look("queue-elsewhere", |desk| {
        whole(desk);
        desk.keys("j Enter a");
    });
    look("queue-elsewhere-why", |desk| {
        whole(desk);
        desk.keys("j w");
    });
    look("queue-groups", |desk| {
        whole(desk);
        desk.keys("S q Enter m q");
    });
    look("queue-marks", |desk| {
        whole(desk);
        desk.keys("m");
    });
    look("queue-bulk", |desk| {
        whole(desk);
        desk.keys("Space m a a");
    });
    look("queue-room", |desk| {
        whole(desk);
        super::queue::room(desk, 2);
        desk.keys("j j m q a");
    });
    look("queue-doubt", |desk| {
        whole(desk);
        let alike = json!({
            "look_alikes": [{"flag": "look_alike_domain", "typed": "b1uewave.example", "known": "bluewave.example"}],
        });
        let detail = super::queue::detail_of(0, alike);
        let id = detail.request.id.clone();
        desk.send(Msg::Answer(Answer::RequestDetailRead(id, Ok(Box::new(detail)))));
        desk.keys("a");
    });
    look("queue-alike", |desk| {
        whole(desk);
        let alike = json!({
            "look_alikes": [{"flag": "look_alike_domain", "typed": "b1uewave.example", "known": "bluewave.example"}],
        });
        let detail = super::queue::detail_of(0, alike);
        let id = detail.request.id.clone();
        desk.send(Msg::Answer(Answer::RequestDetailRead(id, Ok(Box::new(detail)))));
        desk.keys("Enter");
    });
    look("queue-taken", |desk| {
        whole(desk);
        desk.keys("j j");
        let taken = super::queue::taken(2, START);
        let news = vec![namecard::domain::Change::Request(Box::new(taken))];
        desk.send(Msg::Changes(news, namecard::domain::Time::from_micros(START)));
        desk.keys("a");
    });
    look("queue-block", |desk| {
        whole(desk);
        desk.keys("B Enter");
    });
    look("queue-pass", |desk| {
        whole(desk);
        desk.keys("H");
    });
    look("queue-pass-away", |desk| {
        whole(desk);
        super::queue::goes_away(desk, "wang.xm", Some("suzuki"));
        desk.keys("H");
        desk.type_in("wxm");
        desk.keys("Enter");
    });
    look("queue-snooze", |desk| {
        whole(desk);
        desk.keys("s");
    });
    look("queue-why", |desk| {
        whole(desk);
        desk.keys("j j w");
    });
    look("queue-past", |desk| {
        whole(desk);
        desk.keys("g h");
        let mut one = decided(31, "reject", "li.na", START - SECOND);
        (one.queued, one.allowed) = (false, Vec::new());
        desk.send(Msg::Answer(Answer::PastRead(
            namecard::tui::model::Past::Decided,
            String::new(),
            Ok((vec![one], None)),
        )));
    });
    look("queue-scope", |desk| {
        whole(desk);
        desk.keys("f k F G k");
        desk.keys("a j Space");
    });
}

#[test]
fn my_namecard_and_the_help() {
    let open = |desk: &mut Desk| {
        desk.keys("Q");
        desk.send(Msg::Answer(Answer::Card(Ok(Box::new(card(json!({})))))));
    };
    look("namecard", open);
    look("rotate", |desk| {
        open(desk);
        desk.keys("R");
    });
    look("help", |desk| {
        desk.keys("3 ?");
    });
}

#[test]
fn reaching_somebody() {
    look("add", |desk| {
        desk.keys("+");
    });
    look("add-refused", |desk| {
        asked_about(desk, refused());
        desk.keys("Enter j");
    });
    look("add-purpose", |desk| {
        asked_about(desk, outside());
        desk.keys("Enter");
        desk.type_in("展会 the fair");
    });
    look("linked", |desk| {
        let people = vec![person(102, "单雄信"), person(101, "Zoë Álvarez"), person(104, "Dana Kern")];
        desk.send(Msg::Linked(people, true));
        desk.keys("g l j");
    });
    look("scan", |desk| {
        desk.keys("I");
        desk.type_in("~/照片/card.png");
    });
    look("why", |desk| {
        desk.keys("3 w");
    });
    look("why-refused", |desk| {
        desk.keys("2 w");
        let ticket = desk.state.aims;
        let aim = namecard::domain::Aim::One(Box::new(refused()));
        desk.send(Msg::Answer(Answer::Aimed(ticket, Box::new(aim))));
        desk.keys("G");
    });
}

#[test]
fn before_and_without_the_server() {
    for (lang, tag) in [(Lang::En, "en"), (Lang::ZhCn, "zh")] {
        let mut opening = Desk::empty(80, 24, lang);
        let mut failed = Desk::empty(80, 24, lang);
        failed.send(Msg::Offline(namecard::domain::Fault::Unreachable));
        let mut lost = Desk::new(80, 24, lang);
        lost.send(Msg::Offline(namecard::domain::Fault::Unreachable));
        let pictures = [&mut opening, &mut failed, &mut lost].map(Desk::picture).join("──\n");
        insta::with_settings!({ snapshot_path => "looks", prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_snapshot!(format!("offline-{tag}"), pictures);
        });
    }
}

/// Where a text stands on the screen.
fn find(desk: &mut Desk, text: &str) -> (u16, u16) {
    let buffer = desk.buffer();
    for y in 0..buffer.area.height {
        for start in 0..buffer.area.width {
            let mut row = String::new();
            let mut x = start;
            while x < buffer.area.width && row.len() < text.len() {
                let symbol = buffer[(x, y)].symbol();
                row.push_str(symbol);
                x += u16::try_from(namecard::text::width(symbol)).unwrap();
            }
            if row.starts_with(text) {
                return (start, y);
            }
        }
    }
    panic!("{text:?} is not on the screen:\n{}", desk.picture());
}

#[test]
fn what_others_wrote_has_a_style_of_its_own_and_nothing_of_ours_has_it() {
    let mut desk = Desk::usual();
    desk.keys("3");
    let buffer = desk.buffer();
    let italic = |buffer: &ratatui::buffer::Buffer, at: (u16, u16)| {
        buffer[at].style().add_modifier.contains(Modifier::ITALIC)
    };
    for theirs in ["Northgrid Ltd", "Talk about the fair", "We met in hall 3.", "Buyer"] {
        let at = find(&mut desk, theirs);
        assert!(italic(&buffer, at), "{theirs}");
    }
    for ours in ["Approvals", "Written by the requester", "as typed by them", "DUE", "Enter open", "EXTERNAL"]
    {
        let at = find(&mut desk, ours);
        assert!(!italic(&buffer, at), "{ours}");
    }
    desk.keys("1");
    let buffer = desk.buffer();
    assert!(
        buffer.content.iter().all(|cell| !cell.style().add_modifier.contains(Modifier::ITALIC)),
        "nothing of the company looks as if it came from outside"
    );
}

#[test]
fn the_selected_row_is_marked_by_more_than_colour() {
    for (keys, at) in [("1 l", "王小明"), ("2", "Amélie"), ("3", "Maria")] {
        let mut desk = Desk::usual();
        desk.keys(keys);
        for _ in 0..3 {
            let place = find(&mut desk, at);
            if desk.buffer()[place].style().add_modifier.contains(Modifier::REVERSED) {
                break;
            }
            desk.keys("j");
        }
        let (x, y) = find(&mut desk, at);
        let buffer = desk.buffer();
        assert!(
            buffer[(x, y)].style().add_modifier.contains(Modifier::REVERSED),
            "{at}:\n{}",
            desk.picture()
        );
        let mark = (0..x).rev().map(|x| buffer[(x, y)].symbol().to_owned()).find(|symbol| symbol == ">");
        assert!(mark.is_some(), "{at}:\n{}", desk.picture());
    }
}
