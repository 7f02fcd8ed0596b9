//! How far an import is, on a terminal and nowhere else.

use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::program::User;
use super::pty::Terminal;

/// A file that goes on until it is told to end.
fn endless(user: &User) -> (Arc<AtomicBool>, std::thread::JoinHandle<()>) {
    let path = user.dir.path().join("people.csv");
    rustix::fs::mkfifoat(rustix::fs::CWD, &path, rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR).unwrap();
    let ends = Arc::new(AtomicBool::new(false));
    let told = Arc::clone(&ends);
    let feeder = std::thread::spawn(move || {
        let mut file = std::fs::OpenOptions::new().write(true).open(path).unwrap();
        file.write_all(b"id,name\nann,Ann\n").unwrap();
        for n in 0.. {
            if told.load(Ordering::Relaxed) {
                break;
            }
            let rows: String = (0..100).map(|m| format!("p{n}.{m},Pia\n")).collect();
            file.write_all(rows.as_bytes()).unwrap();
        }
    });
    (ends, feeder)
}

#[test]
fn a_terminal_is_told_how_far_an_import_is_and_nothing_of_it_stays() {
    for (lang, sent) in [("en", "rows sent"), ("zh-CN", "已发送")] {
        let user = User::new();
        let (ends, feeder) = endless(&user);
        let file = user.dir.path().join("people.csv");
        let arguments = ["--lang", lang, "import", file.to_str().unwrap(), "--dry-run"];
        let mut terminal = Terminal::open(&user, 60, 12, &arguments);
        terminal.shows(sent);
        ends.store(true, Ordering::Relaxed);
        feeder.join().unwrap();
        assert_eq!(terminal.ends(), 0);
        assert!(!terminal.picture().contains(sent), "{}", terminal.picture());
    }
}
