//! Signals of the process.

use std::io;

use rustix::process::Signal;
use tokio::signal::unix::{SignalKind, signal};

/// What ends a program that lasts, or sends it to the shell.
pub(super) const ALL: [Signal; 5] = [Signal::TERM, Signal::INT, Signal::QUIT, Signal::HUP, Signal::TSTP];

/// Hands every one of these signals to `hear`, until it wants no more. They are heard when this returns.
pub(super) fn listen(
    signals: &[Signal],
    hear: impl Fn(Signal) -> bool + Clone + Send + 'static,
) -> io::Result<()> {
    for number in signals.iter().copied() {
        let mut stream = signal(SignalKind::from_raw(number.as_raw()))?;
        let hear = hear.clone();
        tokio::spawn(async move {
            while stream.recv().await.is_some() {
                if !hear(number) {
                    return;
                }
            }
        });
    }
    Ok(())
}
