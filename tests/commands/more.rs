//! The commands that other programs call, and those about the program itself: the real program, what it
//! prints, and the exit codes.

use std::io::{BufRead as _, BufReader, Read as _};
use std::os::fd::AsFd;
use std::process::{ChildStderr, ChildStdout, Stdio};

use crate::program::User;
use crate::program::shape::assert_shape;
use crate::pty::{Terminal, demo, visit, wait};
use rustix::event::{PollFd, PollFlags, Timespec};
use serde_json::{Value, json};

/// What could act on a terminal, or be read for another line or column than it is.
fn acts(c: char) -> bool {
    c.is_control() && c != '\n' && c != '\t' || "\u{202a}\u{202e}\u{2066}\u{200b}\u{feff}".contains(c)
}

#[test]
fn a_query_prints_what_mail_programs_read() {
    let user = User::new();
    let lines = user.run(&["query", "--for", "aerc", "zhang", "san"]).ok();
    let first: Vec<&str> = lines.lines().next().unwrap().split('\t').collect();
    let shown = user.json(&["show", "zhang.san"]);
    assert_eq!(first, [shown["emails"][0].as_str().unwrap(), shown["name"].as_str().unwrap(), "directory"]);
    // Mutt skips the first line, and takes the same behind it.
    let mutt = user.run(&["query", "--for", "mutt", "zhang", "san"]).ok();
    let (message, rest) = mutt.split_once('\n').unwrap();
    assert_eq!(rest, lines);
    assert!(message.ends_with(" found.") && !message.contains('\t'), "{message}");

    let contacts = user.json(&["contacts"]);
    let known = contacts.as_array().unwrap().iter().find(|contact| contact["emails"][0].is_string()).unwrap();
    let address = known["emails"][0].as_str().unwrap();
    let outside = user.run(&["query", "--for", "aerc", "--", address]).ok();
    let line = outside.lines().find(|line| line.starts_with(&format!("{address}\t"))).unwrap();
    assert!(line.ends_with("\texternal"), "{line}");

    // Every line of a wide query has three columns, and nothing that acts on a terminal.
    let many = user.run(&["query", "--for", "aerc", "a"]).ok();
    assert!(many.lines().count() > 50);
    assert!(!many.contains(acts), "{many:?}");
    assert!(many.lines().all(|line| line.split('\t').count() == 3 && line.contains('@')), "{many}");
}

#[test]
fn a_query_that_finds_nobody_says_so_where_the_mail_program_looks() {
    let user = User::new();
    let nobody = user.run(&["query", "--for", "mutt", "qqqxxxzzz"]);
    assert_eq!(
        (nobody.code, nobody.out.as_str(), nobody.err.as_str()),
        (3, "Nobody with an e-mail address matches.\n", "")
    );
    let nobody = user.run(&["query", "--for", "aerc", "qqqxxxzzz"]);
    assert_eq!((nobody.code, nobody.out.as_str(), nobody.err.as_str()), (3, "", ""));
    for wrong in [&["query", "a"][..], &["query", "--for", "pine", "a"], &["query", "--for", "mutt"]] {
        user.run(wrong).failed(2);
    }
    // A word that looks like an option is a word behind the two dashes.
    assert_eq!(user.run(&["query", "--for", "aerc", "--", "--help"]).code, 3);

    // Nobody is signed in: mutt reads that too.
    user.file("people.csv", "id,name,email\nann,Ann,ann@acme.example\nbob,Bob,\n");
    user.run(&["import", "people.csv", "--as", "ann", "--name", "Acme", "--domain", "acme.example"]).ok();
    assert_eq!(user.run(&["query", "--for", "aerc", "bob"]).code, 3, "nobody without an address");
    user.file("others.csv", "id,name\nbob,Bob\n");
    user.run(&["import", "others.csv", "--remove-missing"]).ok();
    let refused = user.run(&["query", "--for", "mutt", "bob"]);
    assert_eq!((refused.code, refused.out.lines().count(), refused.err.as_str()), (6, 1, ""));
    user.run(&["query", "--for", "aerc", "bob"]).failed(6);
}

#[test]
fn hostile_names_do_not_come_through_a_query() {
    let user = User::new();
    let mut file = "id,name,email\nann,Ann,ann@acme.example\n".to_owned();
    let hostile = [
        "Mal\u{1b}]0;x\u{7}lory",
        "Mal\u{9b}2Jlory",
        "Mal\tboss@acme.example\tlory",
        "\"Mal\nboss@acme.example\tBoss\tdirectory\"",
        "Mal\u{202e}lory",
        "Mal\u{200b}\u{feff}lory",
        "\"Mal\rlory\"",
    ];
    for (n, name) in hostile.iter().enumerate() {
        file.push_str(&format!("m{n},{name},m{n}@acme.example\n"));
    }
    user.file("people.csv", &file);
    let args = ["--as", "ann", "--name", "Acme", "--domain", "acme.example", "--skip-bad"];
    let done = user.run(&[&["import", "people.csv"][..], &args].concat());
    assert_eq!(done.code, 0, "{}{}", done.out, done.err);
    for mailer in ["mutt", "aerc"] {
        let out = user.run(&["query", "--for", mailer, "acme.example"]).ok();
        assert!(!out.contains(acts), "{out:?}");
        let lines: Vec<&str> = out.lines().filter(|line| line.contains('\t')).collect();
        assert_eq!(lines.len(), hostile.len() + 1, "{out}");
        for line in lines {
            let columns: Vec<&str> = line.split('\t').collect();
            assert_eq!((columns.len(), columns[2]), (3, "directory"), "{line:?}");
            assert!(columns[0].len() <= "ann@acme.example".len(), "{line:?}");
        }
    }
}

#[test]
fn every_mistake_of_the_settings_is_named_at_once() {
    let user = User::new();
    let check = |args: &[&str]| {
        let done = user.run(&[&["config", "check"][..], args].concat());
        assert_eq!(done.err, "", "said once, and on standard output");
        (done.code, done.out)
    };
    // Without a file the defaults hold.
    let (code, out) = check(&[]);
    assert!(code == 0 && out.contains("config/namecard/config.toml: there is no such file"), "{out}");
    user.file("settings.toml", "lang = 5\n\n[embedded]\nprot = 1\nport = 70000\n[chat]\ncommand = \"x\"\n");
    let (code, out) = check(&["settings.toml"]);
    let places = ["line 1:", "line 4:", "line 5:", "line 7:"];
    assert_eq!((code, out.lines().count()), (2, places.len()), "{out}");
    for (line, place) in out.lines().zip(places) {
        assert!(line.starts_with(&format!("settings.toml {place} ")), "{line}");
    }
    assert!(out.contains("did you mean embedded.port?"), "{out}");
    // The same by the common option, and for the user's own file.
    assert_eq!(check(&["--config", "settings.toml"]), (code, out.clone()));
    let own = user.dir.path().join("config/namecard");
    std::fs::create_dir_all(&own).unwrap();
    std::fs::copy(user.dir.path().join("settings.toml"), own.join("config.toml")).unwrap();
    let (code, said) = check(&[]);
    assert_eq!((code, said.lines().count()), (2, places.len()), "{said}");
    // Not TOML, twice.
    user.file("broken.toml", "lang = \n[server]\n= 3\n");
    let (code, said) = check(&["broken.toml"]);
    assert_eq!((code, said.lines().count()), (2, 2), "{said}");
    assert!(said.contains("line 1:") && said.contains("line 3:"), "{said}");
    // What is right is said too; what cannot be read is a failure.
    user.file("good.toml", "lang = \"en\"\n");
    assert_eq!(check(&["good.toml"]), (0, "good.toml: no mistakes.\n".to_owned()));
    for args in [&["absent.toml"][..], &["--config", "absent.toml"]] {
        let said = user.run(&[&["config", "check"][..], args].concat()).failed(1);
        assert!(said.contains("absent.toml cannot be read"), "{said}");
    }
    user.run(&["config"]).failed(2);
    assert!(!user.data().exists(), "nothing is opened for it");
    // A hostile name of a setting is spelled out.
    user.file("hostile.toml", "\"a\\u001b]0;x\\u0007\" = 1\n");
    let (code, said) = check(&["hostile.toml"]);
    assert!(code == 2 && !said.contains(acts), "{said:?}");
}

/// The server's part of a settings file: looked at as `serve` would.
#[test]
fn the_servers_settings_are_checked_and_shown_with_where_they_were_said() {
    let user = User::new();
    user.file("good.toml", "[server]\nlisten = \"127.0.0.1:9\"\ndatabase = \"sqlite:co.db\"\n");
    assert_eq!(user.run(&["config", "check", "good.toml"]).ok(), "good.toml: no mistakes.\n");
    user.file("key", [7; 32]);
    user.open_to_all("key");
    user.file(
        "wrong.toml",
        "[server]\nlisten = \"0.0.0.0:80\"\npublic_url = \"https://card.example.com/a\"\nhots = []\n\
         [server.tls]\ncert = \"cert.pem\"\n[server.card_key]\nfile = \"key\"\n",
    );
    let done = user.run(&["config", "check", "wrong.toml"]);
    assert_eq!((done.code, done.err.as_str()), (2, ""));
    let lines: Vec<&str> = done.out.lines().collect();
    let expected = [
        ("2", "--behind-proxy and --trusted-proxy"),
        ("3", "a host"),
        ("4", "did you mean server.hosts?"),
        ("6", "belong together"),
        ("8", "chmod 600 key"),
    ];
    assert_eq!(lines.len(), expected.len(), "{lines:#?}");
    for (line, (number, words)) in lines.iter().zip(expected) {
        assert!(line.starts_with(&format!("wrong.toml line {number}: ")) && line.contains(words), "{line}");
    }

    let show = |variables: &[(&str, &str)], args: &[&str]| {
        let mut command = user.command(&[&["config", "show", "--config", "good.toml"], args].concat());
        let output = command.envs(variables.iter().copied()).output().unwrap();
        (output.status.code().unwrap(), String::from_utf8(output.stdout).unwrap())
    };
    let secrets = [
        ("NAMECARD_DATABASE", "sqlite:other.db"),
        ("NAMECARD_TOKEN", "hunter2"),
        ("NAMECARD_CARD_KEY", "hunter2"),
        ("NAMECARD_OPERATOR_TOKEN", "hunter2"),
    ];
    let (code, table) = show(&secrets, &["--insecure-http"]);
    assert!(code == 0 && !table.contains("hunter2"), "{table}");
    assert_eq!(table.matches("(not shown)").count(), 3, "{table}");
    let (_, rows) = show(&secrets, &["--insecure-http", "--format", "json"]);
    assert!(!rows.contains("hunter2"), "{rows}");
    let rows: Value = serde_json::from_str(&rows).unwrap();
    assert_shape("config show", rows.as_array().unwrap());
    let of = |name: &str| {
        let row = rows.as_array().unwrap().iter().find(|row| row["setting"] == name).unwrap().clone();
        (row["value"].clone(), row["from"].clone(), row["line"].clone())
    };
    assert_eq!(of("server.listen"), (json!("\"127.0.0.1:9\""), json!("file"), json!(2)));
    assert_eq!(
        of("server.database"),
        (json!("\"sqlite:other.db\""), json!("NAMECARD_DATABASE"), json!(null))
    );
    assert_eq!(of("server.insecure_http"), (json!("true"), json!("--insecure-http"), json!(null)));
    assert_eq!(of("auth.store"), (json!("\"keyring\""), json!("default"), json!(null)));
    let (code, _) = show(&[("NAMECARD_HOSTS", "https://a")], &[]);
    assert_eq!(code, 2);
}

#[test]
fn the_keys_are_printed_for_people_programs_and_pages() {
    let user = User::new();
    let keys = user.json(&["keys"]);
    let keys = keys.as_array().unwrap();
    assert_shape("keys", keys);
    let table = user.run(&["keys"]).ok();
    assert_eq!(table.lines().count(), keys.len(), "a line is a row");
    let approve = keys.iter().find(|key| key["action"] == "approve").unwrap();
    assert_eq!((&approve["scope"], &approve["keys"]), (&"approvals".into(), &json!(["a"])));
    assert!(table.contains(approve["what"].as_str().unwrap()), "{table}");
    let page = user.run(&["keys", "--format", "markdown"]).ok();
    for key in keys {
        assert!(page.contains(&format!("| {} | ", key["action"].as_str().unwrap())), "{key}");
    }
    assert!(user.run(&["--lang", "zh-CN", "keys"]).ok().contains("第一行"));
    user.run(&["keys", "--format", "vcf"]).failed(2);
    assert!(!user.data().exists(), "nothing is opened for it");
}

#[test]
fn a_doctor_says_what_is_wrong_and_asks_nothing_in_a_pipe() {
    let user = User::new();
    let well = user.run(&["doctor"]).ok();
    assert!(well.ends_with("All is well.\n") && !well.contains('\u{1b}'), "{well}");
    assert!(well.contains("no terminal: nothing was asked") && well.contains("not there yet"), "{well}");
    assert!(!user.data().exists(), "nothing is made for it");
    // With data: the server's version, clock and token, and the policy.
    user.run(&["whoami"]).ok();
    let rows = user.json(&["doctor"]);
    assert_shape("doctor", rows.as_array().unwrap());
    let of = |rows: &Value, check: &str| -> (String, String) {
        let row = rows.as_array().unwrap().iter().find(|row| row["check"] == check);
        let row = row.unwrap_or_else(|| panic!("{check} is not in {rows}"));
        (row["state"].as_str().unwrap().to_owned(), row["says"].as_str().unwrap().to_owned())
    };
    for check in ["encoding", "settings", "data", "disk", "server", "clock", "token", "policy"] {
        assert_eq!(of(&rows, check).0, "good", "{rows}");
    }
    assert!(of(&rows, "server").1.contains("version 0.") && of(&rows, "policy").1 == "policy v3", "{rows}");

    // Each trouble with what to change; whatever else is wrong is told as well.
    user.file("wrong.toml", "lnag = 1\n");
    let data = user.data();
    std::fs::write(data.join("accounts.json"), "{}").unwrap();
    use std::os::unix::fs::PermissionsExt as _;
    let open = |path: &std::path::Path, mode| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    open(&data.join("accounts.json"), 0o644);
    open(&data, 0o755);
    let done = user.run(&["--config", "wrong.toml", "doctor", "--format", "json"]);
    assert_eq!((done.code, done.err.as_str()), (1, ""));
    let rows: Value = serde_json::from_str(&done.out).unwrap();
    for (check, words) in
        [("settings", "did you mean lang?"), ("data", "others can get at"), ("accounts", "chmod 600")]
    {
        let (state, says) = of(&rows, check);
        assert!(state == "bad" && says.contains(words), "{check}: {says}");
    }
    assert_eq!(of(&rows, "token").0, "good", "{rows}");
    open(&data, 0o700);
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let dead = user.run(&["doctor", "--server", &format!("http://127.0.0.1:{port}")]);
    assert!(dead.code == 1 && dead.out.contains("!!  server"), "{}", dead.out);
    assert!(user.run(&["--lang", "zh-CN", "doctor"]).out.contains("处问题"));
}

#[test]
fn shells_complete_every_command_and_the_manual_describes_it() {
    let user = User::new();
    // Neither needs settings that are right, nor a terminal.
    user.file("settings.toml", "lang = 5\n");
    let help = user.run(&["--help"]).ok();
    let commands: Vec<&str> = help
        .lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    assert!(commands.len() > 15 && commands.contains(&"requests"), "{help}");
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = user.run(&["--config", "settings.toml", "completions", shell]).ok();
        for command in &commands {
            assert!(script.contains(command), "{shell} completes {command}");
        }
        assert!(script.contains("dry-run") && script.contains("zh-CN"), "{shell}");
    }
    // Bash itself takes it, and completes by it.
    std::fs::write(user.dir.path().join("completions"), user.run(&["completions", "bash"]).ok()).unwrap();
    let ask = "source ./completions; COMP_WORDS=(namecard req); COMP_CWORD=1; \
               _namecard namecard req namecard; echo \"${COMPREPLY[@]}\"";
    if let Ok(done) =
        std::process::Command::new("bash").args(["-c", ask]).current_dir(user.dir.path()).output()
    {
        assert_eq!(String::from_utf8(done.stdout).unwrap(), "requests\n", "{:?}", done.stderr);
    }
    user.run(&["completions"]).failed(2);
    user.run(&["completions", "tcsh"]).failed(2);

    let manual = user.run(&["--config", "settings.toml", "man"]).ok();
    assert!(manual.contains(".TH namecard 1") && manual.contains(".SH \"EXIT STATUS\""), "{manual}");
    for command in commands {
        assert!(manual.contains(&format!(".SS \"namecard {command}\"")), "{command}");
    }
    assert!(user.run(&["--lang", "zh-CN", "man"]).ok().contains("手册页"));
    assert!(!user.data().exists(), "nothing is opened for it");
}

/// A program that goes on, with what it prints. It ends with the test.
struct Going {
    child: std::process::Child,
    out: Option<BufReader<ChildStdout>>,
    err: BufReader<ChildStderr>,
}

impl Drop for Going {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The next line. Whoever says nothing for long is given up on.
#[track_caller]
fn line_of(from: &mut BufReader<impl std::io::Read + AsFd>) -> String {
    let mut line = Vec::new();
    while !line.ends_with(b"\n") {
        if from.buffer().is_empty() {
            let mut ends = [PollFd::new(from.get_ref(), PollFlags::IN)];
            let patience = Timespec { tv_sec: 40, tv_nsec: 0 };
            assert_ne!(rustix::event::poll(&mut ends, Some(&patience)), Ok(0), "it says nothing: {line:?}");
        }
        let piece = from.fill_buf().unwrap();
        assert!(!piece.is_empty(), "it ended: {line:?}");
        let end = piece.iter().position(|byte| *byte == b'\n').map_or(piece.len(), |at| at + 1);
        line.extend_from_slice(&piece[..end]);
        from.consume(end);
    }
    String::from_utf8(line).unwrap()
}

impl Going {
    /// A watch that has begun: it said so.
    #[track_caller]
    fn watch(user: &User, args: &[&str]) -> Self {
        let mut child = user
            .command(&[&["watch"][..], args].concat())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let out = child.stdout.take().map(BufReader::new);
        let err = BufReader::new(child.stderr.take().unwrap());
        let mut going = Self { child, out, err };
        assert_eq!(
            line_of(&mut going.err),
            "namecard: watching for requests and decisions; Ctrl-C ends it.\n"
        );
        going
    }

    #[track_caller]
    fn line(&mut self) -> String {
        line_of(self.out.as_mut().unwrap())
    }

    #[track_caller]
    fn object(&mut self) -> Value {
        serde_json::from_str(&self.line()).unwrap()
    }

    fn signal(&self, signal: rustix::process::Signal) {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, signal).unwrap();
    }

    /// Waits for its end: the code, and what was still said and printed.
    #[track_caller]
    fn ends(mut self) -> (Option<i32>, String) {
        let code = wait("the end of a watch", || {
            self.child.try_wait().unwrap().ok_or_else(|| "it goes on".to_owned())
        });
        let mut rest = String::new();
        if let Some(mut out) = self.out.take() {
            out.read_to_string(&mut rest).unwrap();
        }
        self.err.read_to_string(&mut rest).unwrap();
        (code.code(), rest)
    }
}

#[test]
fn a_watch_tells_each_new_request_and_decision_while_a_screen_holds_the_data() {
    let user = demo();
    let screen = Terminal::open(&user, 100, 30, &["--tab", "approvals"]);
    screen.shows("live");
    let mut lines = Going::watch(&user, &[]);
    let mut objects = Going::watch(&user, &["--format", "json"]);

    let hostile = "Mal\u{1b}]0;x\u{7}\u{202e}lory";
    visit(&user, hostile, "mallory@northgrid.example");
    let new = objects.object();
    assert_eq!(
        (&new["what"], &new["state"], &new["requester"]["email"]),
        (&json!("new"), &json!("pending"), &json!("mallory@northgrid.example"))
    );
    assert_eq!(new["at"], new["created"]);
    let id = new["id"].as_str().unwrap().to_owned();
    let line = lines.line();
    assert!(line.contains("  new  Mal") && line.trim_end().ends_with(&id[18..]), "{line:?}");
    assert!(!line.contains(acts), "{line:?}");

    user.run(&["approve", &id]).ok();
    let approved = objects.object();
    assert_eq!((&approved["what"], &approved["at"]), (&json!("approved"), &approved["decision"]["at"]));
    assert!(lines.line().contains("  approved by "));
    user.run(&["undo", &id]).ok();
    let undone = objects.object();
    assert_eq!((&undone["what"], &undone["state"]), (&json!("taken_back"), &json!("pending")));
    assert!(lines.line().contains("  taken back  "));
    user.run(&["reject", &id, "--reason", "not_known"]).ok();
    let rejected = objects.object();
    assert_eq!(
        (&rejected["what"], &rejected["decision"]["reason"]),
        (&json!("rejected"), &json!("not_known"))
    );
    assert_shape("watch", &[new, approved, undone, rejected]);

    // Interrupted: the code of that, and nothing said.
    assert!(lines.line().contains("  rejected by "));
    for (going, signal, code) in
        [(lines, rustix::process::Signal::INT, 130), (objects, rustix::process::Signal::TERM, 143)]
    {
        going.signal(signal);
        assert_eq!(going.ends(), (Some(code), String::new()));
    }
}

#[test]
fn a_watch_that_holds_the_data_serves_the_others() {
    let user = demo();
    let mut first = Going::watch(&user, &["--format", "json"]);
    let mut second = Going::watch(&user, &["--format", "json"]);
    let queue = user.json(&["requests"]);
    let ids: Vec<&str> =
        queue.as_array().unwrap().iter().take(2).map(|request| request["id"].as_str().unwrap()).collect();
    user.run(&["approve", ids[0]]).ok();
    for watch in [&mut first, &mut second] {
        let seen = watch.object();
        assert_eq!((&seen["id"], &seen["what"]), (&json!(ids[0]), &json!("approved")));
    }
    // Nobody reads the one that serves any more: it ends at once, quietly, and the other takes over.
    drop(first.out.take());
    assert_eq!(first.ends(), (Some(141), String::new()));
    user.run(&["reject", ids[1], "--reason", "looks_fake"]).ok();
    let seen = second.object();
    assert_eq!((&seen["id"], &seen["what"]), (&json!(ids[1]), &json!("rejected")));
    second.signal(rustix::process::Signal::INT);
    assert_eq!(second.ends().0, Some(130));
}

#[test]
fn a_watch_that_cannot_begin_says_why() {
    let user = User::new();
    user.run(&["watch", "--format", "vcf"]).failed(2);
    user.file("people.csv", "id,name\nann,Ann\nbob,Bob\n");
    user.run(&["import", "people.csv", "--as", "ann", "--name", "Acme", "--domain", "acme.example"]).ok();
    user.file("others.csv", "id,name\nbob,Bob\n");
    user.run(&["import", "others.csv", "--remove-missing"]).ok();
    user.run(&["watch"]).failed(6);
}
