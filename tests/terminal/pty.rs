//! A terminal in memory with the real program in it, and a visitor with a browser.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use serde_json::Value;

use crate::program::User;

/// How long anything may take before a test gives up on it.
const PATIENCE: Duration = Duration::from_secs(100);

/// Waits for a state. Looks again after a short while; what is measured is never the time.
#[track_caller]
pub fn wait<T>(what: &str, mut look: impl FnMut() -> Result<T, String>) -> T {
    let begun = Instant::now();
    loop {
        match look() {
            Ok(found) => return found,
            Err(last) if begun.elapsed() > PATIENCE => panic!("{what} did not come:\n{last}"),
            Err(_) => std::thread::sleep(Duration::from_millis(15)),
        }
    }
}

/// Where the world is that the users of these tests begin with: made once.
fn seeded() -> &'static Path {
    static SEEDED: OnceLock<User> = OnceLock::new();
    let user = SEEDED.get_or_init(|| {
        let user = User::new();
        user.run(&["whoami"]).ok();
        user
    });
    user.dir.path()
}

/// A user with the made-up world in their data.
pub fn demo() -> User {
    let user = User::new();
    std::fs::create_dir_all(user.data()).unwrap();
    for entry in std::fs::read_dir(seeded().join("data/namecard")).unwrap() {
        let entry = entry.unwrap();
        // Everybody has a port of their own: tests run side by side.
        if entry.file_name() != "port" {
            std::fs::copy(entry.path(), user.data().join(entry.file_name())).unwrap();
        }
    }
    user
}

fn log(user: &User) -> PathBuf {
    user.dir.path().join("log")
}

/// The calls that the log of a user's terminals tells of.
pub fn calls(user: &User) -> Vec<Value> {
    let log = std::fs::read_to_string(log(user)).unwrap_or_default();
    log.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// A terminal with the program in it.
pub struct Terminal {
    child: Box<dyn Child + Send + Sync>,
    master: Box<dyn MasterPty + Send>,
    keys: Box<dyn std::io::Write + Send>,
    parser: Arc<Mutex<vt100::Parser>>,
    raw: Arc<Mutex<Vec<u8>>>,
}

impl Terminal {
    pub fn open(user: &User, columns: u16, rows: u16, arguments: &[&str]) -> Self {
        Self::with(user, columns, rows, arguments, &[])
    }

    pub fn with(user: &User, columns: u16, rows: u16, arguments: &[&str], more: &[(&str, &str)]) -> Self {
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_namecard"));
        command.args(arguments);
        command.env_clear();
        for (name, value) in user.variables() {
            command.env(name, value);
        }
        command.env("NAMECARD_LOG", log(user));
        command.env("TERM", "xterm-256color");
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        for (name, value) in more {
            command.env(name, value);
        }
        Self::spawn(command, columns, rows)
    }

    pub fn spawn(command: CommandBuilder, columns: u16, rows: u16) -> Self {
        let size = PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).unwrap();
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let parser = Arc::new(Mutex::new(vt100::Parser::new(cells(rows), cells(columns), 0)));
        let raw = Arc::new(Mutex::new(Vec::new()));
        let mut out = pair.master.try_clone_reader().unwrap();
        let (screen, bytes) = (Arc::clone(&parser), Arc::clone(&raw));
        std::thread::spawn(move || {
            let mut buffer = [0; 16 * 1024];
            while let Ok(read @ 1..) = out.read(&mut buffer) {
                bytes.lock().unwrap().extend_from_slice(&buffer[..read]);
                screen.lock().unwrap().process(&buffer[..read]);
            }
        });
        let keys = pair.master.take_writer().unwrap();
        Self { child, master: pair.master, keys, parser, raw }
    }

    pub fn picture(&self) -> String {
        self.parser.lock().unwrap().screen().contents()
    }

    /// Waits until the screen is as wanted.
    #[track_caller]
    pub fn until(&self, what: &str, holds: impl Fn(&str) -> bool) {
        wait(what, || {
            let picture = self.picture();
            if holds(&picture) { Ok(()) } else { Err(picture) }
        });
    }

    #[track_caller]
    pub fn shows(&self, text: &str) {
        self.until(text, |picture| picture.contains(text));
    }

    /// Waits until the program has sent something, whether it shows or not.
    #[track_caller]
    pub fn sends(&self, bytes: &[u8]) {
        wait("a question to the terminal", || {
            let raw = self.raw.lock().unwrap();
            let found = raw.windows(bytes.len()).any(|part| part == bytes);
            if found { Ok(()) } else { Err(String::from_utf8_lossy(&raw).into_owned()) }
        });
    }

    /// Waits until the tab counts what the server counts.
    #[track_caller]
    pub fn counts(&self, user: &User) {
        let count = user.run(&["requests", "--count"]).ok();
        self.shows(&format!("Approvals {}", count.trim()));
    }

    pub fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
        self.keys.flush().unwrap();
    }

    pub fn resize(&self, columns: u16, rows: u16) {
        self.parser.lock().unwrap().screen_mut().set_size(cells(rows), cells(columns));
        self.master.resize(PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 }).unwrap();
    }

    pub fn pid(&self) -> rustix::process::Pid {
        let pid = i32::try_from(self.child.process_id().unwrap()).unwrap();
        rustix::process::Pid::from_raw(pid).unwrap()
    }

    pub fn signal(&self, signal: rustix::process::Signal) {
        rustix::process::kill_process(self.pid(), signal).unwrap();
    }

    /// Waits for the end; returns the exit code.
    #[track_caller]
    pub fn ends(&mut self) -> u32 {
        wait("the end", || match self.child.try_wait().unwrap() {
            Some(status) => Ok(status.exit_code()),
            None => Err(self.picture()),
        })
    }

    /// Whether every mode that was switched on is off again, the cursor is there, and the screen of
    /// before is in front.
    #[track_caller]
    pub fn is_restored(&self) {
        wait("the terminal's being as before", || {
            let raw = self.raw.lock().unwrap();
            let parser = self.parser.lock().unwrap();
            let screen = parser.screen();
            let paste = screen.bracketed_paste();
            let modes = (screen.alternate_screen(), screen.hide_cursor(), paste);
            let count = |mode: &[u8]| raw.windows(mode.len()).filter(|bytes| *bytes == mode).count();
            let (begun, ended) = (count(b"\x1b[?2026h"), count(b"\x1b[?2026l"));
            if modes == (false, false, false) && ended >= begun {
                Ok(())
            } else {
                Err(format!("{modes:?}, {begun} updates begun, {ended} ended"))
            }
        });
        // Lines are edited by the terminal again, and what is typed is seen.
        let local = self.master.get_termios().unwrap().local_flags.bits();
        let wanted = rustix::termios::LocalModes::ICANON | rustix::termios::LocalModes::ECHO;
        assert_eq!(local & wanted.bits(), wanted.bits());
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn cells(count: u16) -> std::num::NonZero<u16> {
    std::num::NonZero::new(count).unwrap()
}

/// An answer of the server to a browser.
#[derive(Debug)]
pub struct Page {
    pub status: u16,
    pub location: String,
    pub body: String,
}

/// Asks as a browser does.
pub fn browse(address: &str, path: &str, form: Option<&[(&str, &str)]>) -> Page {
    let encode = |value: &str| value.bytes().map(|b| format!("%{b:02X}")).collect::<String>();
    let body: Option<String> = form.map(|fields| {
        fields.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect::<Vec<_>>().join("&")
    });
    let method = if body.is_some() { "POST" } else { "GET" };
    let mut request = format!("{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n");
    if let Some(body) = &body {
        let length = body.len();
        request.push_str("Content-Type: application/x-www-form-urlencoded\r\n");
        request.push_str(&format!("Content-Length: {length}\r\n\r\n{body}"));
    } else {
        request.push_str("\r\n");
    }
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let header = |name: &str| {
        let line = head.lines().find(|line| line.to_ascii_lowercase().starts_with(name));
        line.and_then(|line| line.split_once(": ")).map(|(_, value)| value.to_owned())
    };
    Page {
        status: head.split(' ').nth(1).unwrap().parse().unwrap(),
        location: header("location").unwrap_or_default(),
        body: body.to_owned(),
    }
}

/// A visitor scans the code, fills in the form and sends it. Returns address and path of the status page.
pub fn visit(user: &User, name: &str, email: &str) -> (String, String) {
    let card = user.json(&["card"]);
    let link = card["link"].as_str().unwrap().to_ascii_lowercase();
    let rest = link.strip_prefix("http://").unwrap();
    let (address, _) = rest.split_once('/').unwrap();
    // Paths are upper case in the code.
    let path = &card["link"].as_str().unwrap()[7 + address.len()..];
    let page = browse(address, &format!("{path}?for=business"), None);
    assert_eq!(page.status, 200, "{page:?}");
    let (_, field) = page.body.split_once("name=\"form\" value=\"").unwrap();
    let field = field.split('"').next().unwrap();
    let fields = [("name", name), ("email", email), ("purpose", "the fair"), ("form", field)];
    // Who answers within three seconds is taken for a program: a person takes a while to type.
    let sent = wait("the form's being taken", || {
        let page = browse(address, path, Some(&fields));
        if page.status == 303 { Ok(page.location) } else { Err(page.body) }
    });
    (address.to_owned(), sent)
}
