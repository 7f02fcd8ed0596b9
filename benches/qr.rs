//! The code of a card: made, drawn into cells, and read back from them.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use namecard::qr::{self, Blocks, Fit, Form};
use namecard::tui::view::{Depth, Theme, draw_code, read_cells};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

const LINK: &str = "HTTPS://NC.ACME.EXAMPLE/C/7Q2M9K4TZR8VPQ1SWN5YB3XEA1";

fn laid_out() -> Box<Blocks> {
    match qr::fit(LINK, Form::Half, 80, 24).unwrap() {
        Fit::Fits(blocks) => blocks,
        Fit::TooSmall(needs) => panic!("it needs {needs:?}"),
    }
}

fn codes(c: &mut Criterion) {
    let theme = Theme { depth: Depth::True, codes: Depth::True };
    let blocks = laid_out();
    let mut buffer = Buffer::empty(Rect::new(0, 0, 80, 24));
    draw_code(&mut buffer, &theme, &blocks, 1, 0);
    assert_eq!(qr::read(&read_cells(&buffer, &theme)).as_deref(), Ok(LINK));
    c.bench_function("qr encode", |b| b.iter(|| qr::fit(black_box(LINK), Form::Half, 80, 24)));
    c.bench_function("qr draw", |b| b.iter(|| draw_code(&mut buffer, &theme, black_box(&blocks), 1, 0)));
    c.bench_function("qr prove", |b| b.iter(|| qr::read(&read_cells(black_box(&buffer), &theme))));
}

criterion_group!(benches, codes);
criterion_main!(benches);
