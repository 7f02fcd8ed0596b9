//! The server is killed while sixteen writers write, and started again.
//!
//! `SEED=` repeats a run, `CYCLES=` makes it longer.

use std::time::{Duration, Instant};

use super::block;
use super::crowd::{Dice, begin};
use super::program::server::Server;
use super::support::database::Database;

/// Kills of one server; then another one begins, so that each look through its data takes about as long.
const OF_ONE: u64 = 25;

#[derive(Debug, Default)]
struct Count {
    kills: u64,
    acknowledged: usize,
    cut_off: usize,
    slowest_start: Duration,
}

#[test]
fn a_server_that_is_killed_loses_nothing_that_it_acknowledged() {
    let cycles = std::env::var("CYCLES").ok().and_then(|cycles| cycles.parse().ok()).unwrap_or(OF_ONE);
    let mut dice = Dice::of_run("kill");
    let mut count = Count::default();
    let begun = Instant::now();
    while count.kills < cycles {
        kill_one((cycles - count.kills).min(OF_ONE), &mut dice, &mut count);
    }
    println!("{count:?}, 0 lost; {:?}", begun.elapsed());
    assert!(count.cut_off > 0, "no write was cut off: the kills came at the wrong moments");
}

/// Kills one server so many times.
fn kill_one(kills: u64, dice: &mut Dice, count: &mut Count) {
    let (mut server, mut crowd) = begin(dice);
    for _ in 0..kills {
        let before = crowd.so_far();
        let working = crowd.work(server.at());
        // How long it lives is what is tried out here.
        std::thread::sleep(Duration::from_millis(50 + dice.roll(1_450)));
        let database = server.database();
        let admin = server.kill();
        crowd = working.join();
        let written = crowd.since(before);
        block(async {
            let mut database = Database::look_into(&database).await;
            database.agrees_with_itself().await;
            database.holds(&written).await;
        });
        count.kills += 1;
        count.cut_off += written.iter().filter(|written| written.answer.is_none()).count();
        let started = Instant::now();
        server = Server::start(admin, &[]);
        count.slowest_start = count.slowest_start.max(started.elapsed());
        crowd.replay(server.at(), before);
    }
    let (admin, code, _) = server.stop();
    assert_eq!(code, 0);
    let written = crowd.since(0);
    block(async {
        let mut database = Database::look_into(&admin.dir.path().join("co.db")).await;
        database.agrees_with_itself().await;
        database.holds(&written).await;
    });
    count.acknowledged += written.iter().filter(|written| written.answer.is_some()).count();
}
