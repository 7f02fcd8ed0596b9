//! How many connections there may be, and how long each part of one may take.

use std::time::Duration;

/// Descriptors that are not connections: the database, its log, files of certificates, and some air.
const OTHER_FILES: u64 = 64;

/// The limits of connections and of the calls on them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Connections at once.
    pub connections: usize,
    /// Connections at once from one address (for IPv6: one network of 64 bits).
    pub per_address: usize,
    /// Calls being worked on at once. An event stream that has begun is none.
    pub handlers: usize,
    /// From the connection to the end of the TLS handshake.
    pub handshake: Duration,
    /// From the connection, or the handshake, to the first byte.
    pub first_byte: Duration,
    /// From the first byte of a head to its end.
    pub head: Duration,
    /// Between two pieces of a body that is waited for.
    pub body_silence: Duration,
    /// The whole body; rows of an import may take longer.
    pub body: Duration,
    /// From the body to the head of the answer; applying an import may take longer.
    pub handler: Duration,
    /// Between the end of an answer and the next call.
    pub idle: Duration,
    /// While the other side takes nothing of what is there for it.
    pub stuck: Duration,
    /// How long what is still sent after the last answer is read and thrown away, so that the answer arrives.
    pub linger: Duration,
    /// From the goodbye to the end of every connection.
    pub drain: Duration,
    /// The files of the certificate are looked at no more often.
    pub certificate: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 1_024,
            per_address: 32,
            handlers: 256,
            handshake: Duration::from_secs(10),
            first_byte: Duration::from_secs(10),
            head: Duration::from_secs(10),
            body_silence: Duration::from_secs(10),
            body: Duration::from_secs(30),
            handler: Duration::from_secs(30),
            idle: Duration::from_secs(60),
            stuck: Duration::from_secs(30),
            linger: Duration::from_secs(1),
            // Whoever stops the service waits 15 seconds; the writes under way come after this.
            drain: Duration::from_secs(9),
            certificate: Duration::from_secs(60),
        }
    }
}

impl Limits {
    /// Those of a server that a screen runs beside itself: whoever quits does not wait for others.
    pub fn embedded() -> Self {
        Self { drain: Duration::from_millis(200), ..Self::default() }
    }

    /// No more connections than a process with so many descriptors can hold.
    #[must_use]
    pub fn within(self, descriptors: u64) -> Self {
        let room = usize::try_from(descriptors.saturating_sub(OTHER_FILES)).unwrap_or(usize::MAX);
        Self { connections: self.connections.min(room.max(1)), ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::Limits;

    #[test]
    fn connections_leave_room_for_files() {
        let connections = |descriptors| Limits::default().within(descriptors).connections;
        assert_eq!([connections(1 << 20), connections(1_024), connections(10)], [1_024, 960, 1]);
    }
}
