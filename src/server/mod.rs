//! The backend: an HTTP server over one store. It decides; the client explains.

mod access;
mod address;
pub mod anchors;
mod approvals;
mod auth;
pub mod backup;
mod cards;
mod clock;
mod disk;
mod events;
mod ids;
mod import;
mod index;
mod leaving;
mod listen;
mod looks;
mod page;
mod policy;
mod report;
mod respond;
mod routes;
mod secrets;
mod store;
mod strict;
mod tls;

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use address::{Address, AddressError};
pub use clock::Clock;
pub use disk::{DISK_RESERVE, Disk};
pub use listen::{ClientAddress, Gate, Limits, Network, NetworkError, Proxies, serve, serve_as_told};
pub use report::report;
pub use routes::openapi;
pub use secrets::{CardKey, Token, TokenKind};
pub use store::{Durability, StoreError};
pub use tls::{Tls, TlsError};

use crate::api::{FileUse, ServerReport};
use crate::domain::Time;
use events::Hub;
use secrets::Hash;
use store::{Store, Write};

/// How to open a server.
#[derive(Debug)]
pub struct Options {
    /// The database file; made when missing.
    pub database: PathBuf,
    /// How commits reach the disk.
    pub durability: Durability,
    /// What time it is.
    pub clock: Clock,
    /// How much room there is.
    pub disk: Disk,
    /// The key of codes, forms and status links.
    pub card_key: CardKey,
    /// The server's own token of this run.
    pub operator: Option<Token>,
    /// Where visitors reach it.
    pub address: Address,
    /// Whether a form must rest some seconds before it is sent, and ends after half an hour.
    pub form_waits: bool,
}

/// A running backend: the store and what watches over it. Cheap to clone.
#[derive(Clone, Debug)]
pub struct App(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    store: Store,
    database: PathBuf,
    /// Files that belong to it, besides the database.
    files: Mutex<Vec<(FileUse, PathBuf)>>,
    clock: Clock,
    disk: Disk,
    room_seen: disk::Seen,
    hub: Hub,
    card_key: CardKey,
    operator: Option<Hash>,
    address: RwLock<Address>,
    /// Whether it is reached by plain http beyond this computer.
    insecure_http: AtomicBool,
    form_waits: bool,
    indexes: index::Indexes,
    imports: import::Imports,
    viewers: auth::Viewers,
    /// Held by whoever writes an import: one at a time.
    applying: tokio::sync::Mutex<()>,
    /// Writes under way: they finish even when their caller is gone.
    writes: TaskTracker,
    tasks: TaskTracker,
    stopping: CancellationToken,
}

/// How long a stop waits for writes that are under way.
const FINISH_WRITES: Duration = Duration::from_secs(5);

impl App {
    /// Opens the store. Nothing runs yet.
    pub async fn open(options: Options) -> Result<Self, StoreError> {
        let store = Store::open(&options.database, options.durability).await?;
        Ok(Self(Arc::new(Inner {
            store,
            database: options.database,
            files: Mutex::default(),
            clock: options.clock,
            disk: options.disk,
            room_seen: disk::Seen::default(),
            hub: Hub::default(),
            card_key: options.card_key,
            operator: options.operator.as_ref().map(Token::hash),
            address: RwLock::new(options.address),
            insecure_http: AtomicBool::new(false),
            form_waits: options.form_waits,
            indexes: index::Indexes::default(),
            imports: import::Imports::default(),
            viewers: auth::Viewers::default(),
            applying: tokio::sync::Mutex::new(()),
            writes: TaskTracker::new(),
            tasks: TaskTracker::new(),
            stopping: CancellationToken::new(),
        })))
    }

    /// Whether no company was ever brought in.
    pub async fn is_empty(&self) -> Result<bool, StoreError> {
        Ok(!store::companies::any_ever(self.0.store.read().await?.conn()).await?)
    }

    /// The operator's token of an empty server, drawn now; none when one was issued before. `keep` puts it
    /// where its owner finds it, before it becomes good: one that nobody holds must not be.
    pub async fn first_operator<E: From<StoreError>>(
        &self,
        keep: impl FnOnce(&Token) -> Result<(), E>,
    ) -> Result<Option<Token>, E> {
        // Looked up before: a server comes up when nothing can be written.
        let issued = store::settings::operator(self.0.store.read().await?.conn()).await?;
        if issued.is_some() {
            return Ok(None);
        }
        let mut tx = self.write().await?;
        let token = Token::random(TokenKind::Operator).map_err(StoreError::from)?;
        keep(&token)?;
        store::settings::set_operator(&mut tx, &secrets::hex(&token.hash())).await?;
        tx.commit().await?;
        Ok(Some(token))
    }

    /// The router: every route of the API and the visitor's pages.
    pub fn router(&self) -> axum::Router {
        routes::router(self)
    }

    /// Starts what runs besides calls: announcing what time changes, tidying up after writes.
    pub fn start_tasks(&self) {
        self.0.tasks.spawn(events::keep_time(self.clone()));
        self.0.tasks.spawn(store::tidy::keep_tidy(self.clone()));
        self.0.tasks.spawn(anchors::keep(self.clone()));
    }

    /// Starts what a server does besides that one computer's own data does not need.
    pub fn watch_disk(&self) {
        self.0.tasks.spawn(disk::watch(self.clone()));
    }

    /// Says goodbye to streams and takes no new connections.
    pub fn begin_stop(&self) {
        self.0.stopping.cancel();
    }

    /// Finishes running writes and closes the store.
    pub async fn stop(&self) {
        self.begin_stop();
        self.0.writes.close();
        self.0.tasks.close();
        // A write that hangs longer than this was not acknowledged: the store rolls it back.
        let _ = tokio::time::timeout(FINISH_WRITES, self.0.writes.wait()).await;
        let _ = tokio::time::timeout(FINISH_WRITES, self.0.tasks.wait()).await;
        self.0.store.close().await;
    }

    /// Where visitors reach this server from now on.
    pub fn set_address(&self, address: Address) {
        *self.0.address.write().unwrap_or_else(PoisonError::into_inner) = address;
    }

    /// Says which files belong to it besides the database: its report tells whether they are private.
    pub fn set_files(&self, files: Vec<(FileUse, PathBuf)>) {
        *self.0.files.lock().unwrap_or_else(PoisonError::into_inner) = files;
    }

    /// How it is.
    pub(crate) async fn report(&self) -> Result<ServerReport, StoreError> {
        let files = self.0.files.lock().unwrap_or_else(PoisonError::into_inner).clone();
        report(&self.0.database, &files, &self.0.clock).await
    }

    /// Says whether it is reached by plain http beyond this computer: pages and screens then say so.
    pub fn set_insecure_http(&self, insecure: bool) {
        self.0.insecure_http.store(insecure, Ordering::Relaxed);
    }

    pub(crate) fn insecure_http(&self) -> bool {
        self.0.insecure_http.load(Ordering::Relaxed)
    }

    /// Where visitors reach this server.
    pub(crate) fn address(&self) -> Address {
        self.0.address.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn store(&self) -> &Store {
        &self.0.store
    }

    pub(crate) fn hub(&self) -> &Hub {
        &self.0.hub
    }

    pub(crate) fn card_key(&self) -> &CardKey {
        &self.0.card_key
    }

    pub(crate) fn now(&self) -> Time {
        self.0.clock.now()
    }

    pub(crate) fn stopping(&self) -> &CancellationToken {
        &self.0.stopping
    }

    /// Begins a change at the present moment.
    pub(crate) async fn write(&self) -> Result<Write, StoreError> {
        self.has_room()?;
        let mut tx = self.0.store.write(&self.0.hub, self.now()).await?;
        // Waiting for the writer may have taken a while: the change happens now.
        tx.set_now(self.now());
        Ok(tx)
    }
}
