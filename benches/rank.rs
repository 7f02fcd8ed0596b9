//! A query over an index of many people: what one key press in the search field costs.

#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing)]

mod support;

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use namecard::search::{Index, Keys, Query, rank};

fn index(how_many: u64) -> Index {
    let mut index = Index::new();
    for member in support::people(how_many) {
        index.add(&Keys::of_member(&member, "Acme 研发中心 R&D"));
    }
    index
}

fn ranking(c: &mut Criterion) {
    for how_many in [10_000, 100_000] {
        let index = index(how_many);
        let mut group = c.benchmark_group(format!("rank {how_many}"));
        // A letter that nearly all have, initials, a sound, letters, digits, several words, nobody.
        for typed in ["a", "zw", "zhangwei", "伟", "4021", "zhang eng", "qqqq"] {
            let query = Query::parse(typed);
            group.bench_with_input(BenchmarkId::from_parameter(typed), &query, |b, query| {
                b.iter(|| rank(black_box(&index), black_box(query), 200));
            });
        }
        group.finish();
    }
    c.bench_function("index 10000", |b| {
        let keys: Vec<Keys> = support::people(10_000).iter().map(|m| Keys::of_member(m, "Acme")).collect();
        b.iter(|| {
            let mut index = Index::new();
            for keys in &keys {
                index.add(black_box(keys));
            }
            index
        });
    });
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(30);
    targets = ranking
}
criterion_main!(benches);
