//! A busy approver's morning (the scene `busy`), key by key, in the real program: what stands on the screen, and
//! what the server and the colleague at another computer know of it.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use serde_json::{Value, json};

use super::program::User;
use super::pty::{Terminal, wait};

/// The server in the terminal, as everybody else reaches it.
struct Server {
    address: String,
    operator: String,
}

impl Server {
    /// The one that serves the throw-away world of a user.
    fn of(user: &User) -> Self {
        let dirs = std::fs::read_dir(user.dir.path()).unwrap().map(|entry| entry.unwrap().path());
        let dir = dirs.into_iter().find(|dir| dir.display().to_string().contains("namecard-demo-")).unwrap();
        let holder: Value = serde_json::from_slice(&std::fs::read(dir.join("server.json")).unwrap()).unwrap();
        let text = |name: &str| holder[name].as_str().unwrap().to_owned();
        Self { address: text("address"), operator: text("key") }
    }

    fn call(
        &self,
        token: &str,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<Value>,
    ) -> Value {
        let body = body.map(|body| body.to_string()).unwrap_or_default();
        let more: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nAuthorization: Bearer {token}\r\n\
             Content-Type: application/json\r\n{more}Content-Length: {}\r\n\r\n{body}",
            self.address,
            body.len()
        );
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let answer = String::from_utf8(answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 200"), "{method} {path}: {answer}");
        serde_json::from_str(body).unwrap()
    }

    fn session(&self, member: &str) -> String {
        let body = json!({"company": "yunfan", "member": member});
        self.call(&self.operator, "POST", "/v1/sessions", &[], Some(body))["token"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    /// Somebody's queue: what waits, and what was decided there and can still be taken back.
    fn queue(&self, token: &str) -> Vec<Value> {
        let (mut all, mut after) = (Vec::new(), String::new());
        loop {
            let path = format!("/v1/requests?limit=100&after={after}");
            let page = self.call(token, "GET", &path, &[], None);
            all.extend(page["items"].as_array().unwrap().iter().cloned());
            match page["next"].as_str() {
                Some(next) => after = next.to_owned(),
                None => return all,
            }
        }
    }

    /// How many contacts somebody has, by what has taken effect.
    fn contacts(&self, token: &str) -> i64 {
        self.call(token, "GET", "/v1/start", &[], None)["contacts_total"].as_i64().unwrap()
    }
}

/// The line with the cursor.
fn cursor(picture: &str) -> String {
    picture.lines().find(|line| line.starts_with('>')).unwrap_or_default().to_owned()
}

/// Goes to the row with this on it, which is on the screen.
fn go_to(terminal: &mut Terminal, text: &str) {
    let picture = terminal.picture();
    // What stands beside the list says it as well.
    let list = |line: &str| line.split('│').next().unwrap_or_default().to_owned();
    let at = |holds: &dyn Fn(&str) -> bool| picture.lines().position(|line| holds(&list(line)));
    let (from, to) = (at(&|line| line.starts_with('>')), at(&|line| line.contains(text)));
    let (Some(from), Some(to)) = (from, to) else { panic!("{text} is not there:\n{picture}") };
    terminal.press(&if to > from { "j".repeat(to - from) } else { "k".repeat(from - to) });
    terminal.until(text, |picture| cursor(picture).contains(text));
}

/// Goes to the first row, and waits until the cursor is there.
fn to_the_top(terminal: &mut Terminal) {
    terminal.press("gg");
    terminal
        .until("the first row", |picture| picture.lines().nth(3).is_some_and(|line| line.starts_with('>')));
}

fn of_booth_4(rows: &[Value]) -> Vec<&Value> {
    rows.iter().filter(|row| row["card_label"] == "booth 4").collect()
}

#[test]
fn a_morning_with_200_requests() {
    let user = User::new();
    let arguments = ["--demo", "2", "--scene", "busy", "--tab", "approvals"];
    let mut terminal = Terminal::open(&user, 120, 40, &arguments);
    terminal.shows("Filling in a made-up company");
    terminal.shows("live");
    terminal.shows("[3 Approvals 200]");
    terminal.shows("2 due today");
    let server = Server::of(&user);
    let (me, li_na) = (server.session("zhang.san"), server.session("li.na"));

    each_press_moves_on_and_the_last_comes_back(&mut terminal);
    all_of_a_booth_are_taken_back_and_decided_again(&mut terminal, &server, &me);
    who_looks_like_another_is_blocked_and_who_is_private_is_not(&mut terminal);
    one_is_asked_and_one_is_passed_on(&mut terminal);
    a_row_that_a_colleague_takes_is_left_to_her(&mut terminal, &server, &li_na);
    // Meanwhile the windows have passed: all of the booth left at once.
    wait("what was decided to hold", || match server.contacts(&me) {
        1_316 => Ok(()),
        other => Err(other.to_string()),
    });
    let left = server.queue(&me);
    let kept = |row: &&Value| row["elsewhere"].is_object() || row["flags"].is_array();
    assert!(of_booth_4(&left).iter().all(kept), "none of the 114 is held any more");
    what_has_no_room_stays(&mut terminal, &server, &me);
    terminal.press("q");
    assert_eq!(terminal.ends(), 0);
}

/// Step 2.
fn each_press_moves_on_and_the_last_comes_back(terminal: &mut Terminal) {
    let first = cursor(&terminal.picture());
    assert!(first.contains("desk QR"), "the most urgent: {first}");
    terminal.press("a");
    terminal.shows("[3 Approvals 199]");
    terminal.until("the second row", |picture| cursor(picture).contains("desk QR"));
    let second = cursor(&terminal.picture());
    assert_ne!(first, second);
    terminal.press("a");
    terminal.shows("[3 Approvals 198]");
    let bars = |picture: &str| picture.matches("s [#").count();
    terminal.until("two bars", |picture| bars(picture) == 2);
    terminal.press("u");
    terminal.shows("waits again");
    terminal.shows("[3 Approvals 199]");
    // The last one alone, in its place, with the cursor on it.
    terminal.until("the second row", |picture| cursor(picture) == second);
    assert_eq!(bars(&terminal.picture()), 1);
    terminal.press("U");
    terminal.shows("[3 Approvals 198]");
}

/// Steps 3 and 5.
fn all_of_a_booth_are_taken_back_and_decided_again(terminal: &mut Terminal, server: &Server, me: &str) {
    terminal.press("Sq");
    terminal.shows("+ booth 4  118  2 flagged");
    go_to(terminal, "booth 4");
    terminal.press("\r");
    terminal.shows("v booth 4");
    terminal.press("mq");
    terminal.shows("114 marked. 4 not marked: 2 flagged, 2 in WeCom.");
    terminal.shows("ACTING ON 114");
    terminal.press("a");
    terminal.shows("Approve 114 people");
    terminal.shows("37 碧波数据 Bluewave");
    terminal.press("114");
    terminal.shows("> 114");
    // What is confirmed before the question could be read answers nothing: so it is confirmed until it is done.
    wait("the decisions", || {
        let picture = terminal.picture();
        if picture.contains("114 approved.") {
            return Ok(());
        }
        if picture.contains("Approve 114 people") {
            terminal.press("\r");
        }
        Err(picture)
    });
    terminal.shows("[3 Approvals 84]");
    terminal.press("u");
    terminal.shows("Taken back: 114 wait again");
    terminal.shows("[3 Approvals 198]");
    // Nothing of it was ever heard: all wait as before, and nobody became a contact.
    let rows = server.queue(me);
    let waiting = of_booth_4(&rows).into_iter().filter(|row| {
        row["state"] == "pending" && row["effective_at"].is_null() && row["decision"].is_null()
    });
    assert_eq!(waiting.count(), 118);
    assert!(server.contacts(me) <= 1_202);
    terminal.press("U");
    wait("the decisions' being there again", || {
        let rows = server.queue(me);
        let held = of_booth_4(&rows).into_iter().filter(|row| row["state"] == "approved").count();
        if held == 114 { Ok(()) } else { Err(held.to_string()) }
    });
    terminal.shows("[3 Approvals 84]");
}

/// Step 7.
fn who_looks_like_another_is_blocked_and_who_is_private_is_not(terminal: &mut Terminal) {
    // Without groups, the flagged alone.
    terminal.press("SqFff");
    terminal.shows("/6  filter: flagged");
    go_to(terminal, "K. Meyer");
    terminal.press("\r");
    terminal.until("the card", |picture| picture.contains('┌'));
    for line in
        ["known        bluewave.example", "typed        b1uewave.example", "differ       U+006C  /  U+0031"]
    {
        terminal.shows(line);
    }
    terminal.press("x");
    terminal.shows("Reject K. Meyer");
    terminal.press("4");
    terminal.shows("> 4");
    terminal.press(" ");
    terminal.shows("[x] also block this person");
    terminal.press("\r");
    terminal.shows("Reject and block K. Meyer");
    // A press does not do it: the word has to be typed.
    terminal.press("\r");
    terminal.press("block");
    terminal.shows("> block");
    terminal.press("\r");
    terminal.shows("Rejected and blocked: K. Meyer");
    terminal.until("the list", |picture| !picture.contains('┌'));
    terminal.until("the next row", |picture| cursor(picture).contains("personal"));
    // The reason again, and not the block.
    terminal.press(".");
    terminal.shows("Rejected: ");
    terminal.until("one block", |picture| picture.matches("blocked by you").count() == 1);
    terminal.shows("rejected by you");
}

/// Step 9. Li Na's own stand-in is whoever is at the screen: it is another colleague who is away.
fn one_is_asked_and_one_is_passed_on(terminal: &mut Terminal) {
    terminal.press("F");
    terminal.until("all rows", |picture| !picture.contains("filter:"));
    go_to(terminal, "mail link");
    let asked = cursor(&terminal.picture());
    terminal.press("i");
    terminal.shows("Ask ");
    terminal.press("Which team?");
    terminal.shows("> Which team?");
    terminal.press("\r");
    terminal.shows("Asked: ");
    terminal.shows("[3 Approvals 81]");
    terminal.until("the next row", |picture| cursor(picture) != asked);
    go_to(terminal, "desk QR");
    terminal.press("H");
    terminal.shows("Pass ");
    terminal.press("shanxiong");
    terminal.shows("单雄  away until");
    terminal.press("\r");
    terminal.shows("单雄 is away: first who decides meanwhile.");
    terminal.shows("> 张伟");
    terminal.press("\r");
    terminal.shows("Passed on: ");
    terminal.shows("[3 Approvals 80]");
}

/// Step 10.
fn a_row_that_a_colleague_takes_is_left_to_her(terminal: &mut Terminal, server: &Server, li_na: &str) {
    to_the_top(terminal);
    go_to(terminal, "booth 5");
    let row = cursor(&terminal.picture());
    let hers = server.queue(li_na);
    let request = hers.iter().find(|request| row.contains(request["requester"]["name"].as_str().unwrap()));
    let request = request.unwrap_or_else(|| panic!("{row}"));
    let (id, revision) = (request["id"].as_str().unwrap(), request["revision"].to_string());
    let headers = [("If-Match", format!("\"{revision}\"")), ("Idempotency-Key", "by-telephone".to_owned())];
    let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let path = format!("/v1/requests/{id}/decision");
    let decided = server.call(li_na, "POST", &path, &headers, Some(json!({"kind": "approve"})));
    assert_eq!(decided["state"], "approved");
    terminal.shows("approved by 李娜");
    terminal.shows("[3 Approvals 79]");
    terminal.press("x");
    // One line, and no dialog; the cursor stays.
    let name = request["requester"]["name"].as_str().unwrap();
    terminal.until("a line about it", |picture| {
        picture.lines().filter(|line| line.starts_with("! ")).count() == 1
            && !picture.contains('┌')
            && cursor(picture).contains(name)
    });
    let after = server.call(li_na, "GET", &format!("/v1/requests/{id}"), &[], None);
    assert_eq!((&after["state"], &after["revision"]), (&decided["state"], &decided["revision"]));
}

/// Step 11.
fn what_has_no_room_stays(terminal: &mut Terminal, server: &Server, me: &str) {
    to_the_top(terminal);
    terminal.press("Sq");
    terminal.shows("+ desk QR");
    go_to(terminal, "desk QR");
    terminal.press("\r");
    terminal.shows("v desk QR");
    go_to(terminal, "[WeCom]");
    terminal.press("a");
    terminal.until("one line", |picture| {
        picture.lines().any(|line| line.starts_with("! ") && line.contains("APR-02"))
    });
    terminal.shows("[3 Approvals 79]");

    // Room for three more.
    let policy = server.call(me, "GET", "/v1/policy", &[], None);
    let limit = server.contacts(me) + 3;
    let rule = format!(
        "\n[[rule]]\nid = \"EXT-08\"\ntitle = \"Fewer contacts\"\nowner = \"Customer success\"\n\
         reason = \"Nobody looks after more.\"\ncontact_limit = {limit}\n"
    );
    let document = policy["document"].as_str().unwrap().to_owned() + &rule;
    let version = format!("\"{}\"", policy["version"]);
    let headers = [("If-Match", version.as_str()), ("Idempotency-Key", "fewer")];
    server.call(me, "PUT", "/v1/policy", &headers, Some(json!({"document": document})));
    terminal.shows("policy v4");
    to_the_top(terminal);
    go_to(terminal, "desk QR");
    terminal.press("j");
    terminal.until("the first row", |picture| {
        let row = cursor(picture);
        row.contains("desk QR") && !row.contains("v desk QR")
    });
    // Each press marks a row and goes on to the next.
    for n in 1..=5 {
        terminal.press(" ");
        terminal.shows(&format!("marked {n} "));
    }
    terminal.press("a");
    terminal.shows("3 fit, 2 do not (EXT-08)");
    terminal.shows("pass the 2 without room on");
    // What is confirmed before the question could be read answers nothing: so it is confirmed until it is done.
    terminal.press("2");
    wait("the decisions", || {
        let picture = terminal.picture();
        if picture.contains("3 approved") {
            return Ok(());
        }
        if picture.contains("Approve 3 people") {
            terminal.press("\r");
        }
        Err(picture)
    });
    // Nothing is half done: three are decided, and two stay as they were, and marked.
    terminal.shows("marked 2 ");
    terminal.shows("[3 Approvals 76]");
    let held = server.queue(me).iter().filter(|row| row["state"] == "approved").count();
    assert_eq!(held, 3);
}
