//! Sixteen writers who never stop: each at a card of their own, with visitors who ask, decisions, undos
//! and remarks. Each writes down what it was told.

use std::collections::VecDeque;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::json;

use super::http::{Answer, Call, Http, ask};
use super::program::User;
use super::program::server::Server;

pub const WRITERS: usize = 16;
/// A form is not taken earlier than three seconds after it was given out.
const RIPE: Duration = Duration::from_millis(3_200);
/// A decision is not taken back later than this by these writers; its window is ten seconds.
const FRESH: Duration = Duration::from_secs(6);

/// Chance that can be repeated.
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    /// From `SEED`, else from the clock. Printed, so that a failure can be repeated.
    pub fn of_run(what: &str) -> Self {
        let seed = std::env::var("SEED").ok().and_then(|seed| seed.parse().ok());
        let seed = seed.unwrap_or_else(|| jiff::Timestamp::now().as_nanosecond() as u64 % 1_000_000_007);
        println!("{what}: SEED={seed}");
        Self(seed)
    }

    pub fn of(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below `most`.
    pub fn roll(&mut self, most: u64) -> u64 {
        // splitmix64
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ z >> 31) % most
    }
}

/// A write and what was told of it.
#[derive(Clone, Debug)]
pub struct Written {
    pub call: Call,
    /// None when the connection ended before all of the answer was there.
    pub answer: Option<Answer>,
}

impl Written {
    pub fn is_form(&self) -> bool {
        self.call.path.starts_with("/C/")
    }

    pub fn key(&self) -> &str {
        self.call.headers.iter().find(|(name, _)| *name == "idempotency-key").map_or("", |(_, key)| key)
    }

    /// The 16 random bytes of a form, by which the server knows it again.
    pub fn form_bytes(&self) -> Vec<u8> {
        use base64::Engine as _;
        let form = self.call.body.rsplit_once("form=").unwrap().1;
        base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(form).unwrap()[8..24].to_vec()
    }
}

/// What is known of one writer's world; it lives on when the server does not.
#[derive(Debug)]
struct Writer {
    member: usize,
    token: String,
    card: String,
    dice: Dice,
    count: u64,
    forms: VecDeque<(Instant, String)>,
    pending: VecDeque<(String, i64)>,
    decided: VecDeque<(Instant, String, i64)>,
    contacts: Vec<(String, i64)>,
    written: Arc<Mutex<Vec<Written>>>,
}

/// All of them.
pub struct Crowd {
    writers: Vec<Writer>,
    /// Everything that was written down, in no order.
    written: Arc<Mutex<Vec<Written>>>,
}

/// The crowd at work.
pub struct Working {
    stop: Arc<AtomicBool>,
    /// Writes that the server had no room for.
    refused: Arc<AtomicU64>,
    threads: Vec<JoinHandle<Writer>>,
    written: Arc<Mutex<Vec<Written>>>,
}

/// A server with a company of as many members as there are writers.
pub fn company(server: &Server) {
    let mut people = "id,name\n".to_owned();
    for n in 0..WRITERS {
        people.push_str(&format!("m{n},Member {n}\n"));
    }
    server.admin.file("people.csv", people);
    server
        .operate(&["admin", "company", "create", "acme", "--name", "Acme", "--domain", "acme.example"])
        .ok();
    server.operate(&["import", "people.csv", "--company", "acme"]).ok();
}

impl Crowd {
    /// Signs all of them in.
    pub fn gather(server: &Server, dice: &mut Dice) -> Self {
        let csv = server.operate(&["admin", "token", "--all", "--format", "csv", "--company", "acme"]).ok();
        Self::with_tokens(server.at(), &csv, dice)
    }

    pub fn with_tokens(at: &str, csv: &str, dice: &mut Dice) -> Self {
        let written = Arc::<Mutex<Vec<Written>>>::default();
        let mut http = Http::connect(at).unwrap();
        let writers = csv.lines().skip(1).enumerate().map(|(member, line)| {
            let token = line.rsplit(',').next().unwrap().to_owned();
            let card = Call::new("PUT", "/v1/card")
                .with("authorization", format!("Bearer {token}"))
                .sending("application/json", "{}");
            let link = http.call(&card).unwrap().json()["link"].as_str().unwrap().to_owned();
            let card = format!("/C/{}", link.rsplit('/').next().unwrap());
            Writer {
                member,
                token,
                card,
                dice: Dice::of(dice.roll(u64::MAX)),
                count: 0,
                forms: VecDeque::new(),
                pending: VecDeque::new(),
                decided: VecDeque::new(),
                contacts: Vec::new(),
                written: Arc::clone(&written),
            }
        });
        let writers: Vec<Writer> = writers.collect();
        assert_eq!(writers.len(), WRITERS);
        Self { writers, written }
    }

    /// Sets them to work until they are told to stop, or their server is gone.
    pub fn work(self, at: &str) -> Working {
        let (stop, refused) = (Arc::<AtomicBool>::default(), Arc::<AtomicU64>::default());
        let written = self.written;
        let threads = self.writers.into_iter().map(|mut writer| {
            let (at, stop, refused) = (at.to_owned(), Arc::clone(&stop), Arc::clone(&refused));
            std::thread::spawn(move || {
                if let Ok(mut http) = Http::connect(&at) {
                    while !stop.load(Ordering::SeqCst) {
                        match writer.step(&mut http) {
                            Ok(true) => {}
                            Ok(false) => drop(refused.fetch_add(1, Ordering::SeqCst)),
                            // The server is gone.
                            Err(_) => break,
                        }
                    }
                }
                writer
            })
        });
        let threads = threads.collect();
        Working { stop, refused, threads, written }
    }
}

impl Working {
    /// What was acknowledged until now.
    pub fn acknowledged(&self) -> Vec<Written> {
        let written = self.written.lock().unwrap();
        written.iter().filter(|written| written.answer.is_some()).cloned().collect()
    }

    /// How many writes were acknowledged until now.
    pub fn count(&self) -> usize {
        self.written.lock().unwrap().len()
    }

    /// How many writes were refused until now.
    pub fn refused(&self) -> u64 {
        self.refused.load(Ordering::SeqCst)
    }

    /// Tells them to stop.
    pub fn stop(self) -> Crowd {
        self.stop.store(true, Ordering::SeqCst);
        self.join()
    }

    /// Waits until they have noticed that the server is gone.
    pub fn join(self) -> Crowd {
        let writers = self.threads.into_iter().map(|thread| thread.join().unwrap()).collect();
        Crowd { writers, written: self.written }
    }
}

impl Writer {
    fn get(&self, path: impl Into<String>) -> Call {
        Call::new("GET", path).with("authorization", format!("Bearer {}", self.token))
    }

    fn write(&mut self, method: &'static str, path: String, revision: i64) -> Call {
        self.count += 1;
        let key = format!("{}-{}-{:016x}", self.member, self.count, self.dice.roll(u64::MAX));
        Call::new(method, path)
            .with("authorization", format!("Bearer {}", self.token))
            .with("if-match", format!("\"{revision}\""))
            .with("idempotency-key", key)
    }

    /// Does one thing. False when the server had no room for it.
    fn step(&mut self, http: &mut Http) -> io::Result<bool> {
        // A form has to lie for a while: there are always some that do.
        if self.forms.len() < 40 {
            let page = http.call(&Call::new("GET", format!("{}?for=business", self.card)))?;
            assert_eq!(page.status, 200, "{}", page.body);
            self.forms.push_back((Instant::now(), super::support::hidden_field(&page.body)));
        }
        if self.pending.is_empty() {
            let page = http.call(&self.get("/v1/requests?limit=50"))?.json();
            let waits = page["items"].as_array().unwrap().iter().filter(|row| row["state"] == "pending");
            self.pending = waits.map(of_row).collect();
        }
        if self.contacts.is_empty() || self.dice.roll(40) == 0 {
            let page = http.call(&self.get("/v1/contacts?limit=50"))?.json();
            self.contacts = page["items"].as_array().unwrap().iter().map(of_row).collect();
        }
        self.decided.retain(|(at, ..)| at.elapsed() < FRESH);
        match self.dice.roll(100) {
            0..40 if self.forms.front().is_some_and(|(at, _)| at.elapsed() > RIPE) => self.visit(http),
            40..75 if !self.pending.is_empty() => self.decide(http),
            75..87 if !self.decided.is_empty() => self.undo(http),
            _ if !self.contacts.is_empty() => self.remark(http),
            _ => Ok(true),
        }
    }

    /// Sends a write and writes down what came of it.
    fn send(&mut self, http: &mut Http, call: Call) -> io::Result<Option<Answer>> {
        let outcome = http.call(&call);
        let answer = outcome.as_ref().ok().cloned();
        if answer.as_ref().is_some_and(|answer| answer.status == 507) {
            assert!(answer.is_some_and(|answer| answer.header("content-type").contains('/')));
            return Ok(None);
        }
        if let Some(answer) = &answer {
            // A form that is only given back was not taken.
            let done = if call.path.starts_with("/C/") { 303 } else { 200 };
            assert_eq!(answer.status, done, "{call:?}: {answer:?}");
        }
        self.written.lock().unwrap().push(Written { call, answer });
        outcome.map(Some)
    }

    fn visit(&mut self, http: &mut Http) -> io::Result<bool> {
        let Some((_, form)) = self.forms.pop_front() else { return Ok(true) };
        self.count += 1;
        // Whoever asks a second time within a day is not asked for again: everybody is somebody else.
        let email =
            format!("v{}x{}x{:x}%40partner.example", self.member, self.count, self.dice.roll(1 << 40));
        let body = format!("name=Visitor+{}&email={email}&purpose=fair&form={form}", self.count);
        let call = Call::new("POST", self.card.clone()).sending("application/x-www-form-urlencoded", body);
        let taken = self.send(http, call)?;
        if taken.is_none() {
            // It is good as it was.
            self.forms.push_front((Instant::now() - RIPE, form));
        }
        Ok(taken.is_some())
    }

    fn decide(&mut self, http: &mut Http) -> io::Result<bool> {
        let Some((id, revision)) = self.pending.pop_front() else { return Ok(true) };
        let body = if self.dice.roll(10) < 7 {
            json!({"kind": "approve"})
        } else {
            json!({"kind": "reject", "reason": "not_known"})
        };
        let call = self.write("POST", format!("/v1/requests/{id}/decision"), revision);
        let answer = self.send(http, call.sending("application/json", body.to_string()))?;
        match &answer {
            Some(_) => self.decided.push_back((Instant::now(), id, revision + 1)),
            None => self.pending.push_front((id, revision)),
        }
        Ok(answer.is_some())
    }

    fn undo(&mut self, http: &mut Http) -> io::Result<bool> {
        let Some((at, id, revision)) = self.decided.pop_back() else { return Ok(true) };
        let call = self.write("POST", format!("/v1/requests/{id}/undo"), revision);
        let answer = self.send(http, call)?;
        match &answer {
            Some(_) => self.pending.push_back((id, revision + 1)),
            None => self.decided.push_back((at, id, revision)),
        }
        Ok(answer.is_some())
    }

    fn remark(&mut self, http: &mut Http) -> io::Result<bool> {
        let which = self.dice.roll(self.contacts.len() as u64) as usize;
        let (id, revision) = self.contacts.swap_remove(which);
        let body = json!({"remark": format!("remark {}", self.count)}).to_string();
        let call = self.write("PUT", format!("/v1/contacts/{id}/remark"), revision);
        let answer = self.send(http, call.sending("application/json", body))?;
        let next = if answer.is_some() { revision + 1 } else { revision };
        self.contacts.push((id, next));
        Ok(answer.is_some())
    }

    /// After its server was gone: what it was about to change may have changed.
    fn forget(&mut self) {
        self.pending.clear();
        self.decided.clear();
        self.contacts.clear();
    }
}

impl Crowd {
    /// Sends everything again that was written since `from`; each has to be answered as before. What was
    /// never answered is done now, at the latest, and is known from here on.
    pub fn replay(&mut self, at: &str, from: usize) {
        let mut http = Http::connect(at).unwrap();
        for written in self.written.lock().unwrap().iter_mut().skip(from) {
            let again = http.call(&written.call).unwrap();
            match &written.answer {
                Some(answer) => {
                    assert_eq!((again.status, &again.body), (answer.status, &answer.body), "{written:?}");
                    for header in ["location", "etag"] {
                        assert_eq!(again.header(header), answer.header(header), "{written:?}");
                    }
                    if !written.is_form() {
                        assert_eq!(again.header("idempotent-replay"), "true", "{written:?}");
                    }
                }
                // Its time may be over by now.
                None if again.status == 409 => {}
                None => {
                    assert!(matches!(again.status, 200 | 303), "{written:?}: {again:?}");
                    written.answer = Some(again);
                }
            }
        }
        self.writers.iter_mut().for_each(Writer::forget);
    }

    /// What was written down since then.
    pub fn since(&self, from: usize) -> Vec<Written> {
        self.written.lock().unwrap()[from..].to_vec()
    }

    pub fn so_far(&self) -> usize {
        self.written.lock().unwrap().len()
    }
}

fn of_row(row: &serde_json::Value) -> (String, i64) {
    (row["id"].as_str().unwrap().to_owned(), row["revision"].as_i64().unwrap())
}

/// A server with the company, and the crowd before it has begun.
pub fn begin(dice: &mut Dice) -> (Server, Crowd) {
    let server = Server::start(User::new(), &[]);
    company(&server);
    let crowd = Crowd::gather(&server, dice);
    (server, crowd)
}

/// Whether it answers at all.
pub fn is_alive(at: &str) -> bool {
    ask(at, &Call::new("GET", "/healthz")).status == 200
}
