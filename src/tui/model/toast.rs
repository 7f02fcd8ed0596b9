//! Short messages: at most three, gone by themselves, never in the way of a key.

use std::time::Duration;

use crate::domain::Time;
use crate::text::SafeText;

/// How long a message stays.
const STAYS: Duration = Duration::from_secs(5);
/// How many are to be seen at once.
const MOST: usize = 3;

/// What a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Voice {
    /// Something worked, or is worth knowing.
    Good,
    /// Something did not work.
    Bad,
}

/// A message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Toast {
    /// What it is.
    pub voice: Voice,
    /// What it says.
    pub text: SafeText,
    /// When it goes.
    pub until: Time,
}

/// The messages there are, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Toasts(Vec<Toast>);

impl Toasts {
    /// Adds a message. The same one again only stays longer.
    pub fn add(&mut self, voice: Voice, text: SafeText, now: Time) {
        self.0.retain(|toast| toast.text != text);
        self.0.push(Toast { voice, text, until: now.after(STAYS) });
        if self.0.len() > MOST {
            self.0.remove(0);
        }
    }

    /// Takes away what has had its time. Returns whether anything went.
    pub fn expire(&mut self, now: Time) -> bool {
        let before = self.0.len();
        self.0.retain(|toast| toast.until > now);
        self.0.len() != before
    }

    /// When the next one goes.
    pub fn next(&self) -> Option<Time> {
        self.0.iter().map(|toast| toast.until).min()
    }

    /// The messages, oldest first.
    pub fn all(&self) -> &[Toast] {
        &self.0
    }
}
