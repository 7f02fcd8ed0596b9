//! The real program, run as a person or a script runs it, on data of its own.

#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(missing_docs, unreachable_pub)]

pub mod server;
pub mod shape;

use std::ffi::{OsStr, OsString};
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;

/// How long a command may take before a test gives up on it.
const PATIENCE: Duration = Duration::from_secs(60);

/// A user with a home of their own.
pub struct User {
    pub dir: tempfile::TempDir,
}

/// What came of a command.
#[derive(Debug)]
pub struct Done {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Done {
    #[track_caller]
    pub fn ok(self) -> String {
        assert_eq!((self.code, self.err.as_str()), (0, ""), "{}", self.out);
        self.out
    }

    #[track_caller]
    pub fn json(self) -> Value {
        let out = self.ok();
        serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {out}"))
    }

    /// Nothing on standard output, one exit code; returns what was said.
    #[track_caller]
    pub fn failed(self, code: i32) -> String {
        assert_eq!((self.code, self.out.as_str()), (code, ""), "{}", self.err);
        self.err
    }
}

impl User {
    pub fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap() }
    }

    pub fn data(&self) -> PathBuf {
        self.dir.path().join("data/namecard")
    }

    /// Writes a file into the user's directory, for them alone; commands run there.
    pub fn file(&self, name: &str, content: impl AsRef<[u8]>) {
        std::fs::write(self.dir.path().join(name), content).unwrap();
        self.mode(name, 0o600);
    }

    /// Lets everybody read a file.
    pub fn open_to_all(&self, name: &str) {
        self.mode(name, 0o644);
    }

    fn mode(&self, name: &str, mode: u32) {
        use std::os::unix::fs::PermissionsExt as _;
        let file = self.dir.path().join(name);
        std::fs::set_permissions(file, std::fs::Permissions::from_mode(mode)).unwrap();
    }

    /// The environment of everything that this user runs.
    pub fn variables(&self) -> [(&'static str, OsString); 6] {
        let home = self.dir.path();
        [
            ("HOME", home.into()),
            ("TMPDIR", home.into()),
            ("XDG_DATA_HOME", home.join("data").into()),
            ("XDG_CONFIG_HOME", home.join("config").into()),
            ("TZ", "UTC".into()),
            ("LANG", "en_GB.UTF-8".into()),
        ]
    }

    pub fn command(&self, args: &[impl AsRef<OsStr>]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_namecard"));
        command.args(args).current_dir(self.dir.path()).env_clear().envs(self.variables());
        command
    }

    pub fn run(&self, args: &[impl AsRef<OsStr>]) -> Done {
        self.run_with(args, b"")
    }

    /// Runs a command that reads `input`.
    pub fn run_with(&self, args: &[impl AsRef<OsStr>], input: &[u8]) -> Done {
        self.run_in(&[], args, input)
    }

    /// Runs a command with more variables.
    pub fn run_in(&self, more: &[(&str, &str)], args: &[impl AsRef<OsStr>], input: &[u8]) -> Done {
        let mut command = self.command(args);
        command.envs(more.iter().copied());
        self.run_command(command, input)
    }

    /// The same with a command that was prepared.
    pub fn run_command(&self, mut command: Command, input: &[u8]) -> Done {
        let said = format!("{command:?}");
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let input = input.to_vec();
        // A command that refuses its arguments does not read.
        let feeder = std::thread::spawn(move || drop(stdin.write_all(&input)));
        let pid = rustix::process::Pid::from_child(&child);
        let (sender, ended) = std::sync::mpsc::channel();
        std::thread::spawn(move || sender.send(child.wait_with_output()));
        let output = ended.recv_timeout(PATIENCE).unwrap_or_else(|_| {
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
            panic!("{said} does not end");
        });
        let output = output.unwrap();
        feeder.join().unwrap();
        Done {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    pub fn json(&self, args: &[&str]) -> Value {
        let mut all = args.to_vec();
        all.extend(["--format", "json"]);
        self.run(&all).json()
    }
}
