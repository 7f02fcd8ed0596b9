//! The event stream of one viewer.

use std::convert::Infallible;
use std::time::Duration;

use bytes::Bytes;
use futures_util::Stream;
use tokio::sync::watch;

use super::StreamPlace;
use crate::api::{EventData, EventKind};
use crate::domain::MemberId;
use crate::server::App;
use crate::server::access::{self, Viewer};
use crate::server::secrets::Hash;
use crate::server::store::outbox::Entry;
use crate::server::store::{Read, StoreError, departments, outbox, sessions, visible};

/// A comment goes out after so long without an event, so that a dead connection is noticed.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// Rows read at once.
const BATCH: i64 = 256;

/// Server-sent events: `{seq, prev, kind, type, id}` with `seq` as id, from `since` on.
pub(crate) fn stream(
    app: App,
    viewer: Viewer,
    session: Hash,
    since: i64,
    place: StreamPlace,
) -> impl Stream<Item = Result<Bytes, Infallible>> + Send {
    let news = app.hub().follow(viewer.company);
    let state = Follower {
        app,
        viewer,
        session,
        last_read: since,
        last_sent: since,
        news,
        _place: place,
        begun: false,
        over: false,
    };
    futures_util::stream::unfold(state, |mut follower| async move {
        if follower.over {
            return None;
        }
        let piece = follower.next().await;
        Some((Ok(Bytes::from(piece)), follower))
    })
}

struct Follower {
    app: App,
    viewer: Viewer,
    session: Hash,
    /// Last outbox row looked at.
    last_read: i64,
    /// Last event sent: `prev` of the next one.
    last_sent: i64,
    news: watch::Receiver<i64>,
    _place: StreamPlace,
    begun: bool,
    over: bool,
}

impl Follower {
    /// The next piece of the stream: events, a heartbeat, or a goodbye.
    async fn next(&mut self) -> String {
        if !self.begun {
            self.begun = true;
            return "retry: 3000\n\n".to_owned();
        }
        loop {
            self.news.mark_unchanged();
            match self.gather().await {
                Ok(events) if !events.is_empty() => return events,
                Ok(_) => {}
                Err(error) => {
                    tracing::error!(target: "namecard::events", error = %error, "reading the outbox failed");
                    return self.goodbye();
                }
            }
            let stopping = self.app.stopping().clone();
            tokio::select! {
                () = stopping.cancelled() => return self.goodbye(),
                changed = self.news.changed() => {
                    if changed.is_err() {
                        return self.goodbye();
                    }
                }
                () = tokio::time::sleep(HEARTBEAT) => {
                    return match self.is_signed_in().await {
                        Ok(true) => ": \n\n".to_owned(),
                        _ => self.goodbye(),
                    };
                }
            }
        }
    }

    async fn is_signed_in(&self) -> Result<bool, StoreError> {
        let mut read = self.app.store().read().await?;
        Ok(sessions::find(read.conn(), &self.session, self.app.now()).await?.is_some())
    }

    async fn gather(&mut self) -> Result<String, StoreError> {
        let mut read = self.app.store().read().await?;
        if sessions::find(read.conn(), &self.session, self.app.now()).await?.is_none() {
            return Ok(self.goodbye());
        }
        let head = outbox::head(read.conn(), self.viewer.company).await?;
        if !outbox::reaches(head, self.last_read) {
            self.last_read = head;
            self.last_sent = head;
            return Ok(format!("event: reset\nid: {head}\ndata: {{\"as_of\":{head}}}\n\n"));
        }
        let mut out = String::new();
        // Until there is something to send, or nothing left: rows of others wake nobody a second time.
        while out.is_empty() && self.last_read < head {
            let rows = outbox::after(read.conn(), self.viewer.company, self.last_read, BATCH).await?;
            // A number without a row was cut off by hand: it is not waited for.
            self.last_read = rows.last().map_or(head, |row| row.seq);
            for row in rows {
                if !access::hears(&self.viewer, row.member) || self.is_hidden(&mut read, &row).await? {
                    continue;
                }
                let event = EventData {
                    seq: row.seq,
                    prev: self.last_sent,
                    kind: row.kind,
                    what: row.what,
                    id: row.id,
                };
                self.last_sent = row.seq;
                let name = if row.what == crate::api::EventType::Reset { "reset" } else { "change" };
                let data = serde_json::to_string(&event)?;
                out.push_str(&format!("event: {name}\nid: {}\ndata: {data}\n\n", row.seq));
            }
        }
        Ok(out)
    }

    /// Whether a row is about somebody or something that is not there for the viewer.
    async fn is_hidden(&self, read: &mut Read, row: &Entry) -> Result<bool, StoreError> {
        let about = matches!(row.kind, EventKind::Member | EventKind::Department);
        if !about || visible::sees_everybody(read.conn(), &self.viewer).await? {
            return Ok(false);
        }
        match (row.kind, MemberId::new(&row.id)) {
            (EventKind::Member, Ok(id)) => Ok(!visible::is_seen(read.conn(), &self.viewer, &id).await?),
            (EventKind::Member, Err(_)) => Ok(true),
            _ => departments::is_hidden(read.conn(), &self.viewer, &row.id).await,
        }
    }

    fn goodbye(&mut self) -> String {
        self.over = true;
        "event: bye\ndata: {}\n\n".to_owned()
    }
}
