//! The accept loop: what stands between the network and the router. Every connection has a place, every part
//! of it a time, and a stop does not wait for streams.

mod call;
mod head;
mod hosts;
mod limits;
mod pace;
mod places;
mod proxies;
mod talk;
mod wire;

use std::io::Write as _;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use call::ClientAddress;
pub use limits::Limits;
pub(crate) use pace::{Pace, TooSlow};
pub use proxies::{Network, NetworkError, Proxies};

use super::App;
use super::tls::Tls;
use crate::api::{PROBLEM_JSON, Problem, ProblemCode};
use call::Calls;
use places::{Place, Places, counted};
use talk::Talk;
use wire::Wire;

/// How long to rest when the system gives no connection.
const AFTER_FAILURE: Duration = Duration::from_millis(50);
/// Bytes that the HTTP library keeps of what it reads, and of what it is to write.
const BUFFER: usize = 64 * 1024;

/// What is let in, and how.
#[derive(Debug, Default)]
pub struct Gate {
    /// How many, and how long.
    pub limits: Limits,
    /// Names of this server besides `localhost` and that of its public address.
    pub hosts: Vec<String>,
    /// Proxies that are believed.
    pub proxies: Proxies,
    /// The certificate; without one plain HTTP is spoken.
    pub tls: Option<Arc<Tls>>,
}

/// What the connections share.
struct Hall {
    app: App,
    /// How many, and how long, as it began.
    limits: Limits,
    gate: watch::Receiver<Arc<Gate>>,
    router: axum::Router,
    pace: Pace,
    /// When set, every connection ends at once.
    cut: CancellationToken,
}

impl Hall {
    /// As it is now.
    fn gate(&self) -> Arc<Gate> {
        self.gate.borrow().clone()
    }
}

/// Serves connections until the server stops.
pub async fn serve(app: App, listener: TcpListener, gate: Gate) {
    serve_as_told(app, listener, watch::channel(Arc::new(gate)).1).await;
}

/// Serves connections until the server stops. Whoever sends another gate has it hold for what comes in from
/// then on; limits stay as they were at the beginning.
pub async fn serve_as_told(app: App, listener: TcpListener, gate: watch::Receiver<Arc<Gate>>) {
    let limits = gate.borrow().limits;
    let places = Places::new(limits.connections, limits.per_address);
    let connections = TaskTracker::new();
    let hall = Arc::new(Hall {
        router: app.router(),
        pace: Pace::new(limits),
        cut: CancellationToken::new(),
        app,
        limits,
        gate,
    });
    let full = full();
    loop {
        let accepted = tokio::select! {
            () = hall.app.stopping().cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        let Ok((socket, peer)) = accepted else {
            // Out of descriptors, most likely: the connections there are go on.
            tokio::time::sleep(AFTER_FAILURE).await;
            continue;
        };
        let peer = peer.ip().to_canonical();
        let now = hall.gate();
        let Some(place) = places.take(counted(peer, &now.proxies)) else {
            // Nothing is read from it, so a caller may also find it closed.
            if now.tls.is_none()
                && let Ok(mut socket) = socket.into_std()
            {
                let _ = socket.write(&full);
            }
            continue;
        };
        connections.spawn(connection(hall.clone(), socket, peer, place));
    }
    drop(listener);
    connections.close();
    if tokio::time::timeout(limits.drain, connections.wait()).await.is_err() {
        hall.cut.cancel();
        connections.wait().await;
    }
}

/// The answer to a connection for which there is no place.
fn full() -> Vec<u8> {
    let problem = serde_json::to_string(&Problem::new(ProblemCode::Unavailable)).unwrap_or_default();
    let length = problem.len();
    format!(
        "HTTP/1.1 503 Service Unavailable\r\nconnection: close\r\nretry-after: 1\r\n\
         content-type: {PROBLEM_JSON}\r\ncontent-length: {length}\r\n\r\n{problem}"
    )
    .into_bytes()
}

async fn connection(hall: Arc<Hall>, socket: TcpStream, peer: IpAddr, _place: Place) {
    // Answers are small and waited for.
    let _ = socket.set_nodelay(true);
    let Ok(came_in_on) = socket.local_addr() else { return };
    let came_in_on = came_in_on.ip();
    let Some(tls) = hall.gate().tls.clone() else { return talk(&hall, socket, peer, came_in_on).await };
    let within = hall.limits.handshake;
    let handshake = tls.acceptor(hall.limits.certificate).accept(socket);
    let shaken = tokio::select! {
        () = hall.app.stopping().cancelled() => return,
        shaken = tokio::time::timeout(within, handshake) => shaken,
    };
    if let Ok(Ok(stream)) = shaken {
        talk(&hall, stream, peer, came_in_on).await;
    }
}

/// Speaks HTTP until one side has had enough.
async fn talk<S>(hall: &Arc<Hall>, socket: S, peer: IpAddr, came_in_on: IpAddr)
where
    S: AsyncRead + AsyncWrite + Unpin + Send,
{
    let talk = Arc::new(Talk::default());
    let wire = Wire::new(socket, hall.limits, talk.clone());
    let calls = Calls { hall: hall.clone(), talk, peer, came_in_on };
    let connection = http1::Builder::new()
        // The wire has timers of its own, for more than heads.
        .header_read_timeout(None)
        .max_buf_size(BUFFER)
        .serve_connection(TokioIo::new(wire), calls);
    tokio::pin!(connection);
    tokio::select! {
        _ = connection.as_mut() => return,
        () = hall.app.stopping().cancelled() => connection.as_mut().graceful_shutdown(),
    }
    tokio::select! {
        _ = connection.as_mut() => {}
        () = hall.cut.cancelled() => {}
    }
}
