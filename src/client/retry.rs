//! When a call is sent again, and how long to wait before.

use std::time::Duration;

use super::transport::{Reply, TransportError};

/// Most tries of one call.
pub(super) const TRIES: u32 = 5;
/// Longest wait that a server may ask for.
const LONGEST_ASKED: u64 = 300;

/// Whether the same call may succeed when it is sent again.
pub(super) fn is_passing(outcome: &Result<Reply, TransportError>) -> bool {
    match outcome {
        Ok(reply) => matches!(reply.status, 408 | 425 | 429 | 502 | 503 | 504),
        Err(error) => !matches!(error, TransportError::TooLong | TransportError::Certificate),
    }
}

/// How long to wait before try number `next` (2 is the first repetition): full jitter, doubling, or what
/// the server asked for.
pub(super) fn pause(next: u32, asked: Option<u64>) -> Duration {
    if let Some(seconds) = asked {
        return Duration::from_secs(seconds.min(LONGEST_ASKED));
    }
    jitter(
        Duration::from_millis(250)
            .saturating_mul(1 << next.saturating_sub(2).min(7))
            .min(Duration::from_secs(30)),
    )
}

/// A random time up to `most`, so that clients that lost the same server do not come back as one.
pub(super) fn jitter(most: Duration) -> Duration {
    let mut bytes = [0; 4];
    // Without random numbers everybody waits the full time: no harm.
    let part = if getrandom::fill(&mut bytes).is_ok() { u32::from_le_bytes(bytes) } else { u32::MAX };
    most.mul_f64(f64::from(part) / f64::from(u32::MAX))
}
