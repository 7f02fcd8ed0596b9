//! What surrounds the state: the words, the keys, the time.

use crate::domain::Time;
use crate::i18n::Words;
use crate::tui::keys::KeyMap;

/// Handed to every update and every drawing.
#[derive(Clone, Debug)]
pub struct Env {
    /// The sentences.
    pub words: Words,
    /// The keys.
    pub keymap: KeyMap,
    /// This computer's clock.
    pub now: Time,
    /// The zone in which times are shown.
    pub zone: jiff::tz::TimeZone,
    /// Random, made once a process: part of every idempotency key.
    pub instance: [u8; 16],
}
