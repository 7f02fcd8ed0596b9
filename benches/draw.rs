//! A whole frame of the directory, and a key with the frame after it.

#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing)]

mod support;

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use namecard::domain::Time;
use namecard::i18n::{Lang, Words};
use namecard::tui::keys::{Chord, KeyMap};
use namecard::tui::model::{Env, Msg, Size, State};
use namecard::tui::update::update;
use namecard::tui::view::{Depth, Theme, draw};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

const SIZE: Size = Size { columns: 120, rows: 40 };

fn env() -> Env {
    Env {
        words: Words::of(Lang::En),
        keymap: KeyMap::new(),
        now: Time::from_micros(1_780_000_000_000_000),
        zone: jiff::tz::TimeZone::UTC,
        instance: [7; 16],
    }
}

fn loaded(env: &Env) -> State {
    let people = support::people(10_000);
    let mut state = State::new(SIZE);
    update(&mut state, env, Msg::Snapshot(Box::new(support::snapshot(&people))));
    update(&mut state, env, Msg::Members(people, true));
    state
}

fn frames(c: &mut Criterion) {
    let env = env();
    let theme = Theme { depth: Depth::True, codes: Depth::True };
    let mut state = loaded(&env);
    let area = Rect::new(0, 0, SIZE.columns, SIZE.rows);
    let mut buffer = Buffer::empty(area);
    draw(&state, &env, &theme, &mut buffer);
    let text: String = buffer.content().iter().map(ratatui::buffer::Cell::symbol).collect();
    assert!(text.contains("m000000") || text.contains("Department 1"), "the frame shows the directory");
    c.bench_function("draw directory 120x40", |b| {
        b.iter(|| {
            buffer.reset();
            draw(black_box(&state), &env, &theme, &mut buffer)
        });
    });
    let keys = [Chord::parse("j").unwrap(), Chord::parse("k").unwrap()];
    let mut turn = 0;
    c.bench_function("key and draw 120x40", |b| {
        b.iter(|| {
            turn += 1;
            update(&mut state, &env, Msg::Key(keys[turn % 2]));
            buffer.reset();
            draw(&state, &env, &theme, &mut buffer)
        });
    });
}

criterion_group!(benches, frames);
criterion_main!(benches);
