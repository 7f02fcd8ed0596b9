//! The backend on this computer: found, or become.
//!
//! One process at a time serves the data: it takes the lock, opens the database, binds a port and writes
//! address and key to `server.json`. Whoever does not get the lock connects to that address. When the
//! holder is gone, the next to notice takes over. A command that gets the lock calls the router
//! directly, without a socket, and lets go of it when it is done.

mod direct;
mod home;

use std::fs::{File, TryLockError};
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;
use tokio::sync::{Mutex, watch};
use tokio::task::JoinHandle;

use crate::api::{NewSession, SessionReply};
use crate::client::{Access, Body, BoxFuture, Call, HttpTransport, Method, Transport, Trust, Way};
use crate::demo::{self, Scene, World};
use crate::domain::{DataFault, Fault, Time};
use crate::server::{
    self, Address, App, CardKey, Clock, DISK_RESERVE, Disk, Durability, Gate, Limits, Options, StoreError,
    Token, TokenKind,
};
use crate::text::Untrusted;
use direct::Direct;
pub use home::Home;

/// How often, and how long, the lock and the holder's address are tried.
const EVERY: Duration = Duration::from_millis(20);
const GIVE_UP: Duration = Duration::from_secs(5);
/// How long the holder may take to accept a connection from this computer.
const KNOCK: Duration = Duration::from_millis(500);

/// What this process wants of the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A screen: it serves the others and the visitors while it runs.
    Screen,
    /// One command: it calls the router and is done.
    Command,
}

/// What to fill an empty directory with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seed {
    /// This made-up world.
    Demo(World),
    /// Nothing: an import comes.
    Nothing,
}

/// What is being done before there is a way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// The made-up world of this scene is being filled in.
    Seeding(Scene),
}

/// Where the holder answers: `server.json`.
#[derive(Serialize, Deserialize)]
struct Holder {
    address: String,
    key: String,
    pid: u32,
}

/// Finds the backend of this computer's data, or becomes it.
#[derive(Clone)]
pub struct Embedded(Arc<Inner>);

struct Inner {
    home: Home,
    purpose: Purpose,
    seed: Seed,
    durability: Durability,
    on_stage: Box<dyn Fn(Stage) + Send + Sync>,
    state: Mutex<State>,
    /// While this is set nobody finds a way: the process is about to stand still, or to end.
    paused: watch::Sender<bool>,
}

#[derive(Default)]
struct State {
    held: Option<Held>,
    way: Option<Way>,
    operator: Option<Way>,
    numbers: u64,
}

/// What the holder of the lock has.
struct Held {
    app: App,
    lock: File,
    serving: Option<JoinHandle<()>>,
}

impl std::fmt::Debug for Embedded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Embedded")
    }
}

fn local(error: impl std::fmt::Display) -> Fault {
    Fault::Local(Untrusted::from(error.to_string()))
}

fn store(home: &Home, error: StoreError) -> Fault {
    match error {
        StoreError::Full => Fault::StorageFull,
        StoreError::Newer { .. } => Fault::NewerData,
        error => match error.data_fault() {
            Some(what) => bad_data(home, what),
            None => local(error),
        },
    }
}

fn bad_data(home: &Home, what: DataFault) -> Fault {
    Fault::BadData { file: home.database().display().to_string().into(), what }
}

/// What the system says of a file in the data directory.
fn file(home: &Home, error: std::io::Error) -> Fault {
    use std::io::ErrorKind as Kind;
    match error.kind() {
        Kind::ReadOnlyFilesystem => bad_data(home, DataFault::ReadOnly),
        Kind::PermissionDenied => bad_data(home, DataFault::CannotOpen),
        Kind::StorageFull | Kind::QuotaExceeded => Fault::StorageFull,
        _ => local(error),
    }
}

impl Embedded {
    /// The backend of the data at `home`. Nothing is opened yet. `on_stage` hears what takes time.
    pub fn new(
        home: Home,
        purpose: Purpose,
        seed: Seed,
        on_stage: impl Fn(Stage) + Send + Sync + 'static,
    ) -> Self {
        let durability = if home.is_throw_away() { Durability::Scratch } else { Durability::Full };
        Self(Arc::new(Inner {
            home,
            purpose,
            seed,
            durability,
            on_stage: Box::new(on_stage),
            state: Mutex::new(State::default()),
            paused: watch::channel(false).0,
        }))
    }

    /// Calls as the operator: the data is this user's own.
    pub fn as_operator(&self) -> Arc<dyn Access> {
        Arc::new(Operator(self.clone()))
    }

    /// Lets go until [`resume`](Self::resume): the process is about to stand still.
    pub async fn suspend(&self) {
        self.stop().await;
    }

    /// Goes on like anyone who has just started.
    pub fn resume(&self) {
        self.0.paused.send_replace(false);
    }

    /// Lets go: running writes finish, streams are told goodbye, the database is closed, and only then
    /// the lock is given up.
    pub async fn stop(&self) {
        self.0.paused.send_replace(true);
        let mut state = self.0.state.lock().await;
        state.way = None;
        state.operator = None;
        if let Some(held) = state.held.take() {
            self.let_go(held).await;
        }
    }

    async fn let_go(&self, held: Held) {
        held.app.begin_stop();
        if let Some(serving) = held.serving {
            // It ends by itself, soon: streams are cut after a moment.
            let _ = serving.await;
            self.0.home.forget_holder();
        }
        held.app.stop().await;
        drop(held.lock);
    }

    /// Finds or becomes the backend; leaves both ways in `state`.
    async fn enter(&self, state: &mut State) -> Result<(), Fault> {
        if state.way.is_some() {
            return Ok(());
        }
        if state.held.is_none() {
            let begun = tokio::time::Instant::now();
            loop {
                match self.try_lock()? {
                    Some(lock) => {
                        let (held, operator) = self.become_holder(lock, state.numbers + 1).await?;
                        state.held = Some(held);
                        state.operator = Some(operator);
                        break;
                    }
                    None => {
                        if let Some(operator) = self.find_holder(state.numbers + 1).await? {
                            state.operator = Some(operator);
                            break;
                        }
                    }
                }
                if begun.elapsed() > GIVE_UP {
                    return Err(Fault::Held { pid: self.0.home.locked_by() });
                }
                tokio::time::sleep(EVERY).await;
            }
            state.numbers += 1;
        }
        let operator = state.operator.clone().ok_or(Fault::Unreachable)?;
        let token = match self.0.home.session().map_err(local)? {
            Some(token) => token,
            None => self.new_session(&operator).await?,
        };
        state.way = Some(Way { token: token.into(), ..operator });
        Ok(())
    }

    fn try_lock(&self) -> Result<Option<File>, Fault> {
        let home = &self.0.home;
        let lock = home.lock_file().map_err(|error| file(home, error))?;
        match lock.try_lock() {
            Ok(()) => {
                home.note_lock(&lock).map_err(|error| file(home, error))?;
                Ok(Some(lock))
            }
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(local(error)),
        }
    }

    /// Opens the database, filled first if it is new, and serves it if this is a screen.
    async fn become_holder(&self, lock: File, number: u64) -> Result<(Held, Way), Fault> {
        let home = &self.0.home;
        let key = home.card_key().map_err(|error| file(home, error))?;
        if let Seed::Demo(world) = self.0.seed
            && !home.has_database()
        {
            self.fill(world, &key).await?;
        }
        home.make_database().map_err(|error| file(home, error))?;
        let token = Token::random(TokenKind::Operator).map_err(local)?;
        let (listener, address) = match self.0.purpose {
            Purpose::Screen => {
                let (listener, address) = self.bind().await?;
                (Some(listener), address)
            }
            Purpose::Command => (None, Address::local(self.kept_port().await?, false)),
        };
        let mut app = self.open(&key, &token, &address).await?;
        // An import that was refused, or only tried, leaves a database without a company.
        if let Seed::Demo(world) = self.0.seed
            && app.is_empty().await.map_err(|error| store(home, error))?
        {
            app.stop().await;
            self.fill(world, &key).await?;
            app = self.open(&key, &token, &address).await?;
        }
        let (transport, serving): (Arc<dyn Transport>, _) = match listener {
            None => (Arc::new(Direct::new(&app)), None),
            Some(listener) => {
                let at = listener.local_addr().map_err(local)?;
                app.start_tasks();
                let gate = Gate { limits: Limits::embedded(), ..Gate::default() };
                let serving = tokio::spawn(server::serve(app.clone(), listener, gate));
                let holder = Holder {
                    address: at.to_string(),
                    key: token.expose().to_owned(),
                    pid: std::process::id(),
                };
                home.note_holder(&serde_json::to_vec(&holder).map_err(local)?)
                    .map_err(|error| file(home, error))?;
                (Arc::new(http(&at.to_string())?), Some(serving))
            }
        };
        let operator = Way { transport, token: token.expose().into(), number };
        Ok((Held { app, lock, serving }, operator))
    }

    async fn open(&self, key: &CardKey, token: &Token, address: &Address) -> Result<App, Fault> {
        let options = Options {
            database: self.0.home.database(),
            durability: self.0.durability,
            clock: Clock::system(),
            disk: Disk::system(DISK_RESERVE),
            card_key: key.clone(),
            operator: Some(token.clone()),
            address: address.clone(),
            form_waits: true,
        };
        let app = App::open(options).await.map_err(|error| store(&self.0.home, error))?;
        app.set_files(self.0.home.files());
        Ok(app)
    }

    /// Fills a new database with a made-up world, beside its place: a half one is never found there.
    async fn fill(&self, world: World, key: &CardKey) -> Result<(), Fault> {
        (self.0.on_stage)(Stage::Seeding(world.scene));
        let home = &self.0.home;
        let aside = home.fresh_database().map_err(|error| file(home, error))?;
        let now: Time = Clock::system().now();
        let clock = Clock::manual(now);
        let token = Token::random(TokenKind::Operator).map_err(local)?;
        let app = App::open(Options {
            database: aside.clone(),
            durability: Durability::Scratch,
            clock: clock.clone(),
            disk: Disk::system(DISK_RESERVE),
            card_key: key.clone(),
            operator: Some(token.clone()),
            address: Address::local(1, false),
            form_waits: false,
        })
        .await
        .map_err(|error| store(home, error))?;
        let filled = demo::fill(app.router(), token.expose(), &clock, now, world).await;
        app.stop().await;
        filled.map_err(local)?;
        home.keep_database(&aside).map_err(|error| file(home, error))
    }

    /// Binds the port that was kept. If it is taken, another one is kept from now on, and older codes
    /// no longer open.
    async fn bind(&self) -> Result<(TcpListener, Address), Fault> {
        let kept = self.0.home.port().map_err(local)?;
        if let Some(port) = kept {
            match TcpListener::bind(("127.0.0.1", port)).await {
                Ok(listener) => return Ok((listener, Address::local(port, false))),
                Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => {}
                Err(error) => return Err(local(error)),
            }
        }
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.map_err(local)?;
        let port = listener.local_addr().map_err(local)?.port();
        self.0.home.keep_port(port).map_err(local)?;
        Ok((listener, Address::local(port, kept.is_some())))
    }

    /// The port that card links name, chosen now if none was yet.
    async fn kept_port(&self) -> Result<u16, Fault> {
        match self.0.home.port().map_err(local)? {
            Some(port) => Ok(port),
            None => {
                let listener = TcpListener::bind(("127.0.0.1", 0)).await.map_err(local)?;
                let port = listener.local_addr().map_err(local)?.port();
                self.0.home.keep_port(port).map_err(local)?;
                Ok(port)
            }
        }
    }

    /// The holder's operator way, if it answers.
    async fn find_holder(&self, number: u64) -> Result<Option<Way>, Fault> {
        let Some(file) = self.0.home.holder().map_err(local)? else { return Ok(None) };
        // A file that is just being replaced, or of a holder that was killed: try again.
        let Ok(holder) = serde_json::from_slice::<Holder>(&file) else { return Ok(None) };
        let knock = tokio::time::timeout(KNOCK, tokio::net::TcpStream::connect(&holder.address)).await;
        if !matches!(knock, Ok(Ok(_))) {
            return Ok(None);
        }
        let transport: Arc<dyn Transport> = Arc::new(http(&holder.address)?);
        Ok(Some(Way { transport, token: holder.key.into(), number }))
    }

    /// A session for the member that this computer is signed in as, kept beside the database.
    async fn new_session(&self, operator: &Way) -> Result<String, Fault> {
        let body = serde_json::to_vec(&NewSession { company: None, member: None }).map_err(local)?;
        let call = Call {
            method: Method::Post,
            path: "/v1/sessions".to_owned(),
            if_match: None,
            key: None,
            last_event: None,
            body: Body::Json(body.into()),
            limit: GIVE_UP,
            patient: false,
        };
        let reply = operator.transport.call(&operator.token, call).await?;
        match reply.status {
            200 => {
                let made: SessionReply = serde_json::from_slice(&reply.body).map_err(|_| Fault::Garbled)?;
                self.0.home.keep_session(&made.token).map_err(local)?;
                Ok(made.token)
            }
            404 => Err(Fault::NotSignedIn),
            503 => Err(Fault::Busy { retry_after: None }),
            507 => Err(Fault::StorageFull),
            status => Err(Fault::Server { status, code: Untrusted::default() }),
        }
    }
}

fn http(address: &str) -> Result<HttpTransport, Fault> {
    HttpTransport::new(&format!("http://{address}"), &Trust::default()).map_err(local)
}

impl Access for Embedded {
    fn way(&self) -> BoxFuture<'_, Result<Way, Fault>> {
        Box::pin(async move {
            // An error would mean that this value itself is gone.
            let _ = self.0.paused.subscribe().wait_for(|paused| !paused).await;
            let mut state = self.0.state.lock().await;
            self.enter(&mut state).await?;
            state.way.clone().ok_or(Fault::Unreachable)
        })
    }

    fn lost(&self, number: u64) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            let mut state = self.0.state.lock().await;
            // What this process itself serves is not lost by a failed connection.
            if state.held.is_none() && state.way.as_ref().is_some_and(|way| way.number == number) {
                state.way = None;
                state.operator = None;
            }
        })
    }

    fn refused(&self, number: u64) -> BoxFuture<'_, bool> {
        Box::pin(async move {
            let mut state = self.0.state.lock().await;
            let Some(way) = state.way.clone() else { return true };
            if way.number != number {
                return true;
            }
            let Some(operator) = state.operator.clone() else { return true };
            // Another process may have made the new one already.
            let kept = self.0.home.session().ok().flatten().filter(|kept| **kept != *way.token);
            let token = match kept {
                Some(kept) => kept,
                None => match self.new_session(&operator).await {
                    Ok(made) => made,
                    Err(_) => {
                        // The holder may be another one by now, with another key.
                        if state.held.is_none() {
                            state.way = None;
                            state.operator = None;
                        }
                        return false;
                    }
                },
            };
            state.numbers += 1;
            state.way = Some(Way { token: token.into(), number: state.numbers, ..operator });
            true
        })
    }
}

/// The same backend, as the operator.
struct Operator(Embedded);

impl Access for Operator {
    fn way(&self) -> BoxFuture<'_, Result<Way, Fault>> {
        Box::pin(async move {
            let mut state = self.0.0.state.lock().await;
            if state.operator.is_none() {
                // Before anything was brought in nobody can be signed in; the operator's way is there
                // all the same.
                match self.0.enter(&mut state).await {
                    Ok(()) | Err(Fault::NotSignedIn) => {}
                    Err(fault) => return Err(fault),
                }
            }
            state.operator.clone().ok_or(Fault::Unreachable)
        })
    }

    fn lost(&self, number: u64) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            let mut state = self.0.0.state.lock().await;
            if state.held.is_none() && state.operator.as_ref().is_some_and(|way| way.number == number) {
                state.way = None;
                state.operator = None;
            }
        })
    }

    fn refused(&self, _: u64) -> BoxFuture<'_, bool> {
        Box::pin(async { false })
    }
}
