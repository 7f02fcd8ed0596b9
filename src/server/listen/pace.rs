//! What a call that came over a connection may take: a place among those being worked on, and time.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::Error;
use axum::body::{Body, Bytes, HttpBody};
use hyper::body::{Frame, SizeHint};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, Sleep, sleep_until};

use super::limits::Limits;

/// Goes with every call over a connection. One that is made in this process has none: nobody can be slow
/// there.
#[derive(Clone, Debug)]
pub(crate) struct Pace {
    limits: Limits,
    handlers: Arc<Semaphore>,
}

/// A body came too slowly.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the body came too slowly")]
pub(crate) struct TooSlow;

impl Pace {
    pub(super) fn new(limits: Limits) -> Self {
        Self { limits, handlers: Arc::new(Semaphore::new(limits.handlers)) }
    }

    /// A place among the calls being worked on; none is left when there are too many.
    pub(crate) fn enter(&self) -> Option<OwnedSemaphorePermit> {
        self.handlers.clone().try_acquire_owned().ok()
    }

    /// How long the answer may take, the time of the body included; as long as it likes for a patient
    /// call, of which only the silence is bounded.
    pub(crate) fn answer_within(&self, body: &Body, patient: bool) -> Option<Duration> {
        let body = if body.is_end_stream() { Duration::ZERO } else { self.limits.body };
        (!patient).then(|| self.limits.handler + body)
    }

    /// The body, cut off when it comes too slowly.
    pub(crate) fn watch(&self, body: Body, patient: bool) -> Body {
        if body.is_end_stream() {
            return body;
        }
        let now = Instant::now();
        Body::new(Watched {
            body,
            silence: self.limits.body_silence,
            until: (!patient).then(|| now + self.limits.body),
            waits_since: None,
            timer: Box::pin(sleep_until(now)),
        })
    }
}

/// A body whose pieces have to come in time. Only while somebody waits for one: a handler that has not come
/// to read it yet is not the sender's fault.
struct Watched {
    body: Body,
    silence: Duration,
    until: Option<Instant>,
    waits_since: Option<Instant>,
    timer: Pin<Box<Sleep>>,
}

impl HttpBody for Watched {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let this = self.get_mut();
        if let Poll::Ready(frame) = Pin::new(&mut this.body).poll_frame(cx) {
            this.waits_since = None;
            return Poll::Ready(frame);
        }
        let silent = *this.waits_since.get_or_insert_with(Instant::now) + this.silence;
        let until = this.until.map_or(silent, |until| until.min(silent));
        if this.timer.deadline() != until {
            this.timer.as_mut().reset(until);
        }
        ready!(this.timer.as_mut().poll(cx));
        Poll::Ready(Some(Err(Error::new(TooSlow))))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
