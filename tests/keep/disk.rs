//! Disks that fill up: a real one where one may be mounted, a limit on the length of files everywhere,
//! and the reserve that is left free.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use axum::http::Method;
use rustix::process::{Pid, Resource, Rlimit, Signal, kill_process, prlimit};
use serde_json::json;

use super::crowd::{Crowd, Dice, WRITERS, company, is_alive};
use super::http::{Call, ask};
use super::program::User;
use super::program::server::Server;
use super::support::World;
use super::support::database::Database;
use super::{block, wait};

const POINTS: usize = 20;
const PROGRAM: &str = env!("CARGO_BIN_EXE_namecard");
/// A server that is asked to keep nothing free meets the wall itself.
const SERVE: [&str; 7] =
    ["serve", "--listen", "127.0.0.1:0", "--database", "sqlite:co.db", "--disk-reserve", "0"];

/// Something that can take the room away and give it back.
trait Tight {
    /// How much is left is up to the dice.
    fn tighten(&mut self, dice: &mut Dice);
    fn loosen(&mut self);
}

/// The longest file that a process may write: every system has that.
struct LongestFile {
    pid: Pid,
    database: PathBuf,
}

impl LongestFile {
    fn set(&self, most: Option<u64>) {
        prlimit(Some(self.pid), Resource::Fsize, Rlimit { current: most, maximum: None }).unwrap();
    }
}

impl Tight for LongestFile {
    fn tighten(&mut self, dice: &mut Dice) {
        let length = |suffix: &str| {
            let mut name = self.database.clone().into_os_string();
            name.push(suffix);
            fs::metadata(name).map_or(0, |found| found.len())
        };
        self.set(Some(length("").max(length("-wal")) + dice.roll(100_000)));
    }

    fn loosen(&mut self) {
        self.set(None);
    }
}

/// A small file system.
struct SmallDisk {
    root: PathBuf,
}

impl SmallDisk {
    fn ballast(&self) -> PathBuf {
        self.root.join("ballast")
    }
}

impl Tight for SmallDisk {
    fn tighten(&mut self, dice: &mut Dice) {
        let mut file = File::create(self.ballast()).unwrap();
        // All that there is; then a little is given back.
        while file.write_all(&[1; 4096]).is_ok() {}
        let length = file.metadata().unwrap().len();
        file.set_len(length.saturating_sub(dice.roll(100_000))).unwrap();
    }

    fn loosen(&mut self) {
        fs::remove_file(self.ballast()).unwrap();
    }
}

/// Tightens and loosens while the crowd writes.
fn squeeze(tight: &mut impl Tight, server: &Server, database: &Path, mut crowd: Crowd, dice: &mut Dice) {
    let at = server.at();
    let mut refused_in_all = 0;
    for point in 0..POINTS {
        let working = crowd.work(at);
        let before = working.count();
        wait("its writing", || (working.count() > before + 16).then_some(()));
        tight.tighten(dice);
        // Each of them was refused several times since somebody last was not.
        let mut last = (0, 0);
        wait("the disk's being full", || {
            if working.count() != last.0 {
                last = (working.count(), working.refused());
            }
            (working.refused() > last.1 + 10 * WRITERS as u64).then_some(())
        });
        assert!(is_alive(at), "point {point}");
        assert_eq!(ask(at, &Call::new("GET", "/readyz")).status, 200, "point {point}");
        tight.loosen();
        let before = working.count();
        wait("its going on", || (working.count() > before + 16).then_some(()));
        refused_in_all += working.refused();
        crowd = working.stop();
    }
    crowd.replay(at, 0);
    let written = crowd.since(0);
    block(async {
        let mut database = Database::open(&copy_of(server, database)).await;
        database.agrees_with_itself().await;
        database.holds(&written).await;
    });
    println!("{POINTS} points, {} writes acknowledged, {refused_in_all} refused, 0 lost", written.len());
}

/// A copy of the database as it is now: the engine finds no way to the file system of another process.
fn copy_of(server: &Server, database: &Path) -> PathBuf {
    kill_process(server.pid(), Signal::STOP).unwrap();
    let copy = server.admin.dir.path().join("copy.db");
    for suffix in ["", "-wal"] {
        let with = |path: &Path| PathBuf::from(format!("{}{suffix}", path.display()));
        fs::copy(with(database), with(&copy)).unwrap();
    }
    kill_process(server.pid(), Signal::CONT).unwrap();
    copy
}

#[test]
fn a_server_whose_files_cannot_grow_loses_nothing_and_goes_on() {
    let mut dice = Dice::of_run("files that cannot grow");
    let admin = User::new();
    // The signal that comes with this limit would end it; a full disk sends none.
    let mut command = Command::new("sh");
    command.args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\"", PROGRAM]).args(SERVE);
    command.current_dir(admin.dir.path()).env_clear().envs(admin.variables());
    command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
    let server = Server::running(admin, command);
    company(&server);
    let crowd = Crowd::gather(&server, &mut dice);
    let database = server.database();
    let mut tight = LongestFile { pid: server.pid(), database: database.clone() };
    squeeze(&mut tight, &server, &database, crowd, &mut dice);
    assert_eq!(server.stop().1, 0);
}

/// How a file system may be mounted that only one process sees: as root, or as root of a world of one's
/// own. Where neither is allowed it is said, and the other test has tried what can be tried.
fn unshare() -> Option<&'static [&'static str]> {
    let ways: [&[&str]; 2] = [&["-m"], &["-U", "-r", "-m"]];
    ways.into_iter().find(|way| {
        let tried = Command::new("unshare")
            .args(*way)
            .args(["sh", "-c", "mount -t tmpfs -o size=1m tmpfs /tmp"])
            .stderr(Stdio::null())
            .status();
        tried.is_ok_and(|status| status.success())
    })
}

#[test]
fn a_server_on_a_full_disk_loses_nothing_and_goes_on() {
    let Some(way) = unshare() else {
        eprintln!("no file system may be mounted here: only the limit on files was tried");
        return;
    };
    let mut dice = Dice::of_run("full disk");
    let admin = User::new();
    fs::create_dir(admin.dir.path().join("small")).unwrap();
    let mut command = Command::new("unshare");
    let mount = "mount -t tmpfs -o size=32m,mode=700 tmpfs small && cd small && exec \"$0\" \"$@\"";
    command.args(way).args(["sh", "-c", mount, PROGRAM]).args(SERVE);
    command.current_dir(admin.dir.path()).env_clear().envs(admin.variables());
    command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
    let server = Server::running(admin, command);
    // Its own view of the files, from here.
    let pid = server.pid().as_raw_nonzero();
    let small = server.admin.dir.path().join("small");
    let root = PathBuf::from(format!("/proc/{pid}/root{}", small.display()));
    let token = fs::read(root.join("co.db.operator-token")).unwrap();
    server.admin.file("co.db.operator-token", token);
    company(&server);
    let crowd = Crowd::gather(&server, &mut dice);
    let database = root.join("co.db");
    squeeze(&mut SmallDisk { root }, &server, &database, crowd, &mut dice);
    assert_eq!(server.stop().1, 0);
}

const MIB: u64 = 1 << 20;

#[tokio::test]
async fn below_the_reserve_nothing_is_written_and_everything_is_read() {
    let world = World::acme().await;
    let ann = world.session("acme", "ann").await;
    let card = world.card(&ann).await;
    let form = world.form(&card).await;
    world.visitor(&card, "Vera", "vera@partner.example").await;
    let request = world.queue(&ann).await[0]["id"].as_str().unwrap().to_owned();
    let ready = async || world.get("", "/readyz").await.text();
    assert_eq!(ready().await, "ready\n");
    world.disk.set(255 * MIB);
    assert!(ready().await.contains("filling up"));
    world.decide(&ann, &request, 1, "a", json!({"kind": "approve"})).await.ok();
    world.disk.set(63 * MIB);
    assert!(ready().await.contains("full"));
    assert_eq!(world.get("", "/readyz").await.status, 200);
    assert_eq!(world.get("", "/healthz").await.status, 200);
    // Longer than a session's use goes unwritten.
    world.pass(Duration::from_secs(120));
    for path in ["/v1/start", "/v1/members", "/v1/search?q=ann", "/v1/contacts", "/v1/changes?since=0"] {
        world.get(&ann, path).await.ok();
    }
    assert_eq!(world.get("", &card).await.status, 200);
    let other = world.form(&card).await;
    world.undo(&ann, &request, 2, "b").await.refused("storage_full");
    let remark = json!({"remark": "x"});
    let contact = world.get(&ann, "/v1/contacts").await.ok()["items"][0]["id"].as_str().unwrap().to_owned();
    let path = format!("/v1/contacts/{contact}/remark");
    let headers = [("if-match", "\"1\""), ("idempotency-key", "c")];
    let refused = world.call_with(&ann, Method::PUT, &path, &headers, Some(remark.clone())).await;
    assert_eq!(refused.status, 507);
    refused.refused("storage_full");
    world
        .call(&world.operator, Method::POST, "/v1/companies", Some(json!({"id": "b", "name": "B"})))
        .await
        .refused("storage_full");
    // What a visitor typed comes back, with the form as good as it was.
    let typed = [
        ("name", "Viktor"),
        ("email", "viktor@partner.example"),
        ("purpose", "the fair"),
        ("message", "first line\nsecond line"),
        ("form", form.as_str()),
    ];
    let page = world.post_form(&card, &typed).await;
    assert_eq!(page.status, 507);
    for text in
        ["Viktor", "viktor@partner.example", "the fair", "first line\nsecond line", "still here", &form]
    {
        assert!(page.text().contains(text), "{text}: {}", page.text());
    }
    assert_ne!(form, other);
    world.disk.set(u64::MAX);
    assert_eq!(ready().await, "ready\n");
    assert_eq!(world.post_form(&card, &typed).await.status, 303);
    world.call_with(&ann, Method::PUT, &path, &headers, Some(remark)).await.ok();
    assert_eq!(world.queue(&ann).await[0]["requester"]["name"], "Viktor");
}

#[test]
fn a_command_says_that_the_disk_is_full_in_both_languages() {
    let (admin, ..) = Server::start(User::new(), &[]).stop();
    // More than any disk has.
    let server = Server::start(admin, &["--disk-reserve", "1000000000"]);
    let make = ["admin", "company", "create", "acme", "--name", "Acme"];
    assert!(server.operate(&make).failed(1).contains("The disk is full"));
    assert!(server.operate(&[&make[..], &["--lang", "zh-CN"]].concat()).failed(1).contains("磁盘已满"));
}
