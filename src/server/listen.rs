//! The accept loop: connections with time-outs, and a stop that does not wait for streams.

use std::time::Duration;

use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio_util::task::TaskTracker;

use super::App;

/// A request's head has to be there within this time.
const HEAD_TIME: Duration = Duration::from_secs(10);
/// Streams are told goodbye, then every connection is cut after this time.
const CUT_AFTER: Duration = Duration::from_millis(200);
/// Longest head.
const MAX_HEAD: usize = 16 * 1024;
/// How long to rest when the system gives no connection.
const AFTER_FAILURE: Duration = Duration::from_millis(50);

/// Serves connections until the server stops.
pub async fn serve(app: App, listener: TcpListener) {
    let router = app.router();
    let connections = TaskTracker::new();
    let cut = tokio_util::sync::CancellationToken::new();
    loop {
        let accepted = tokio::select! {
            () = app.stopping().cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        let Ok((socket, _)) = accepted else {
            // Out of descriptors, most likely: the connections there are go on.
            tokio::time::sleep(AFTER_FAILURE).await;
            continue;
        };
        // Answers are small and waited for.
        let _ = socket.set_nodelay(true);
        let service = TowerToHyperService::new(router.clone());
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_TIME)
            .max_buf_size(MAX_HEAD)
            .serve_connection(TokioIo::new(socket), service);
        let (stopping, cut) = (app.stopping().clone(), cut.clone());
        connections.spawn(async move {
            tokio::pin!(connection);
            tokio::select! {
                _ = connection.as_mut() => return,
                () = stopping.cancelled() => connection.as_mut().graceful_shutdown(),
            }
            tokio::select! {
                _ = connection.as_mut() => {}
                () = cut.cancelled() => {}
            }
        });
    }
    drop(listener);
    connections.close();
    if tokio::time::timeout(CUT_AFTER, connections.wait()).await.is_err() {
        cut.cancel();
        connections.wait().await;
    }
}
