//! How much room is left where the database is. A server that fills its disk cannot even shrink what it
//! has, so it stops writing a little before.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::time::Duration;

use super::App;
use super::store::StoreError;

/// Free bytes below which nothing is written, unless something else is said: 64 MiB.
pub const DISK_RESERVE: u64 = 64 << 20;
/// Below so many times the reserve there is a warning.
const WARN: u64 = 4;
/// How often a server looks while nobody writes.
const EVERY: Duration = Duration::from_secs(60);

/// The room on the disk: asked of the system, or set by hand (tests).
#[derive(Clone, Debug)]
pub struct Disk {
    by_hand: Option<Arc<AtomicU64>>,
    reserve: u64,
}

/// Whether there is room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Room {
    /// Enough of it.
    Enough,
    /// It is time to make some.
    Low,
    /// Nothing is written until there is more.
    Gone,
}

impl Disk {
    /// The disk of the database, of which `reserve` bytes are left free.
    pub fn system(reserve: u64) -> Self {
        Self { by_hand: None, reserve }
    }

    /// A disk with so many free bytes, until it is set.
    pub fn manual(free: u64) -> Self {
        Self { by_hand: Some(Arc::new(AtomicU64::new(free))), reserve: DISK_RESERVE }
    }

    /// Sets a manual disk; the system's is not touched.
    pub fn set(&self, free: u64) {
        if let Some(by_hand) = &self.by_hand {
            by_hand.store(free, Ordering::SeqCst);
        }
    }

    /// The free bytes where `file` is; none when the system does not say.
    fn free(&self, file: &Path) -> Option<u64> {
        if let Some(by_hand) = &self.by_hand {
            return Some(by_hand.load(Ordering::SeqCst));
        }
        let found = rustix::fs::statvfs(file).ok()?;
        Some(found.f_bavail.saturating_mul(found.f_frsize))
    }

    fn room(&self, file: &Path) -> Room {
        match self.free(file) {
            Some(free) if free < self.reserve => Room::Gone,
            Some(free) if free < self.reserve.saturating_mul(WARN) => Room::Low,
            _ => Room::Enough,
        }
    }
}

/// What was seen last, so that a change is logged once.
#[derive(Debug, Default)]
pub(super) struct Seen(AtomicU8);

impl App {
    /// Looks how much room there is.
    pub(crate) fn room(&self) -> Room {
        let room = self.0.disk.room(&self.0.database);
        if self.0.room_seen.0.swap(room as u8, Ordering::SeqCst) != room as u8 {
            match room {
                Room::Enough => tracing::info!(target: "namecard::disk", "there is room on the disk again"),
                Room::Low => tracing::warn!(target: "namecard::disk", "the disk is filling up"),
                Room::Gone => {
                    tracing::error!(target: "namecard::disk", "the disk is full: nothing is written");
                }
            }
        }
        room
    }

    /// Whether a change may begin.
    pub(super) fn has_room(&self) -> Result<(), StoreError> {
        if self.room() == Room::Gone { Err(StoreError::Full) } else { Ok(()) }
    }
}

/// Looks now and then until the server stops, so that a warning does not wait for somebody who writes.
pub(super) async fn watch(app: App) {
    loop {
        app.room();
        tokio::select! {
            () = app.stopping().cancelled() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{DISK_RESERVE, Disk, Room};

    #[test]
    fn room_runs_out_in_two_steps() {
        let disk = Disk::manual(0);
        for (free, room) in [
            (0, Room::Gone),
            (DISK_RESERVE - 1, Room::Gone),
            (DISK_RESERVE, Room::Low),
            ((256 << 20) - 1, Room::Low),
            (256 << 20, Room::Enough),
        ] {
            disk.set(free);
            assert_eq!(disk.room(Path::new("/")), room, "{free}");
        }
        assert_eq!(Disk::system(0).room(Path::new("/")), Room::Enough, "no reserve, no limit");
        assert_eq!(Disk::system(u64::MAX).room(Path::new("/")), Room::Gone);
        assert_eq!(Disk::system(1).room(Path::new("/nowhere")), Room::Enough, "nothing is known");
    }
}
