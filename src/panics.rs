//! Panics that are dealt with where they happen must not reach the screen.
//!
//! A handler of the embedded server may panic; the call is then answered with 500 and the screen goes
//! on. The panic hook asks [`is_contained`] before it restores the terminal and ends the program.

use std::cell::Cell;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

thread_local! {
    static CONTAINED: Cell<bool> = const { Cell::new(false) };
}

/// Whether a panic on this thread is being caught right now.
pub fn is_contained() -> bool {
    CONTAINED.with(Cell::get)
}

/// Marks the thread while `future` is polled.
pub fn contained<F: Future>(future: F) -> impl Future<Output = F::Output> {
    Contained { future: Box::pin(future) }
}

/// Marks the thread while `doing` runs.
pub fn contained_call<T>(doing: impl FnOnce() -> T) -> T {
    let _mark = Mark(CONTAINED.with(|mark| mark.replace(true)));
    doing()
}

struct Contained<F> {
    future: Pin<Box<F>>,
}

/// Takes the mark off again, also when the poll panics.
struct Mark(bool);

impl Drop for Mark {
    fn drop(&mut self) {
        CONTAINED.with(|mark| mark.set(self.0));
    }
}

impl<F: Future> Future for Contained<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let _mark = Mark(CONTAINED.with(|mark| mark.replace(true)));
        self.future.as_mut().poll(cx)
    }
}
