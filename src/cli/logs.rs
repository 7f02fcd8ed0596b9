//! Logs: JSON lines in a file of the user's choice, with an allow-list of fields that names nobody.

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt as _;
use std::sync::Mutex;

use super::failure::Failure;
use crate::i18n::{Text, Words};

/// Names the file that the log is appended to.
const VARIABLE: &str = "NAMECARD_LOG";

/// Begins logging, if a file was named.
pub(super) fn begin(words: &Words) -> Result<(), Failure> {
    let Some(path) = std::env::var_os(VARIABLE).filter(|path| !path.is_empty()) else { return Ok(()) };
    let file = OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o600)
        .open(&path)
        .map_err(|error| Failure::of_file(words, Text::CannotWrite, path.as_ref(), &error))?;
    // What libraries say may hold paths and addresses: only our own events are written.
    let ours = tracing_subscriber::filter::filter_fn(|event| event.target().starts_with("namecard"));
    let layer = tracing_subscriber::fmt::layer().json().flatten_event(true).with_writer(Mutex::new(file));
    use tracing_subscriber::Layer as _;
    use tracing_subscriber::layer::SubscriberExt as _;
    use tracing_subscriber::util::SubscriberInitExt as _;
    // Once a process; a second call would be a fault of ours and changes nothing.
    let _ = tracing_subscriber::registry().with(layer.with_filter(ours)).try_init();
    Ok(())
}
