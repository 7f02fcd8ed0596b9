//! The server's clock: the only place where it learns what time it is.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use crate::domain::Time;

/// The system's clock, or one that is set by hand (demo world, tests).
#[derive(Clone, Debug, Default)]
pub struct Clock(Option<Arc<AtomicI64>>);

impl Clock {
    /// The system's clock.
    pub fn system() -> Self {
        Self(None)
    }

    /// A clock that stands still until it is set.
    pub fn manual(at: Time) -> Self {
        Self(Some(Arc::new(AtomicI64::new(at.as_micros()))))
    }

    /// What time it is.
    pub fn now(&self) -> Time {
        match &self.0 {
            Some(at) => Time::from_micros(at.load(Ordering::SeqCst)),
            None => jiff::Timestamp::now().into(),
        }
    }

    /// Sets a manual clock; the system's clock is not touched.
    pub fn set(&self, at: Time) {
        if let Some(clock) = &self.0 {
            clock.store(at.as_micros(), Ordering::SeqCst);
        }
    }

    /// Whether it is set by hand.
    pub fn is_manual(&self) -> bool {
        self.0.is_some()
    }
}
