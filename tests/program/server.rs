//! A company's server of its own, for the length of a test.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::{Done, User};

pub const PEOPLE: &str =
    "id,name,manager,email\nann,Ann Lee,,ann@acme.example\nbob,王芳,ann,bob@acme.example\n";

/// Nothing that is waited for takes longer, however busy the machine is.
const LONG: Duration = Duration::from_secs(60);

const SERVE: [&str; 5] = ["serve", "--listen", "127.0.0.1:0", "--database", "sqlite:co.db"];

/// A server of its own, ended when dropped.
pub struct Server {
    pub admin: User,
    child: Child,
    pub origin: String,
    /// What it said on standard error since it served.
    said: Arc<Mutex<String>>,
}

impl Server {
    pub fn start(admin: User, more: &[&str]) -> Self {
        let command = admin.command(&[&SERVE, more].concat());
        Self::running(admin, command)
    }

    /// What the command runs is a server in the admin's directory.
    pub fn running(admin: User, mut command: Command) -> Self {
        let mut child =
            command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut said = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        let origin = loop {
            line.clear();
            assert_ne!(said.read_line(&mut line).unwrap(), 0, "it ended before it served");
            if let Some((_, at)) = line.trim_end().split_once(" at ") {
                break at.trim_end_matches('.').to_owned();
            }
        };
        // Read on, so that it never waits for us.
        let kept = Arc::new(Mutex::new(String::new()));
        let keep = kept.clone();
        std::thread::spawn(move || {
            while said.read_line(&mut line).is_ok_and(|read| read > 0) {
                keep.lock().unwrap().push_str(&std::mem::take(&mut line));
            }
        });
        Self { admin, child, origin, said: kept }
    }

    /// Waits until it says something more on standard error; returns that with what came before.
    #[track_caller]
    pub fn until_it_says(&self, words: &str) -> String {
        let begun = Instant::now();
        loop {
            let mut said = self.said.lock().unwrap();
            // Lines are kept whole.
            let mut end = 0;
            let found = said.split_inclusive('\n').any(|line| {
                end += line.len();
                line.contains(words)
            });
            if found {
                return said.drain(..end).collect();
            }
            assert!(begun.elapsed() < LONG, "{words}: {said}");
            drop(said);
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    pub fn database(&self) -> PathBuf {
        self.admin.dir.path().join("co.db")
    }

    pub fn pid(&self) -> rustix::process::Pid {
        rustix::process::Pid::from_child(&self.child)
    }

    /// Host and port.
    pub fn at(&self) -> &str {
        self.origin.trim_start_matches("http://")
    }

    /// Ends it as a power switch does, as far as processes go.
    pub fn kill(mut self) -> User {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        std::mem::replace(&mut self.admin, User::new())
    }

    /// With a company of two people, `ann` its admin.
    pub fn acme() -> Self {
        Self::acme_with(&[])
    }

    /// The same, served in another way.
    pub fn acme_with(more: &[&str]) -> Self {
        let admin = User::new();
        admin.file("people.csv", PEOPLE);
        let server = Self::start(admin, more);
        server.operate(&["admin", "company", "create", "acme", "--name", "Acme Ltd"]).ok();
        server.operate(&["import", "people.csv", "--company", "acme"]).ok();
        server.operate(&["admin", "role", "ann", "admin", "--company", "acme"]).ok();
        server
    }

    /// A command with the operator's token.
    pub fn operate(&self, arguments: &[&str]) -> Done {
        let beside = ["--server", &self.origin, "--token-file", "co.db.operator-token"];
        self.admin.run(&[arguments, &beside].concat())
    }

    pub fn token(&self, member: &str) -> String {
        self.operate(&["admin", "token", member, "--company", "acme"]).ok()
    }

    /// Somebody at a computer of their own, signed in.
    pub fn signed_in(&self, token: &str) -> User {
        let user = User::new();
        let done = user.run_with(&["login", &self.origin], token.as_bytes());
        assert_eq!(done.code, 0, "{}", done.err);
        user
    }

    pub fn signal(&self, signal: Signal) {
        rustix::process::kill_process(self.pid(), signal).unwrap();
    }

    /// Ends it as a system does; returns what it printed.
    pub fn stop(mut self) -> (User, i32, String) {
        self.signal(Signal::TERM);
        let mut out = String::new();
        self.child.stdout.take().unwrap().read_to_string(&mut out).unwrap();
        let code = self.child.wait().unwrap().code().unwrap_or(-1);
        let admin = std::mem::replace(&mut self.admin, User::new());
        (admin, code, out)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
