//! Frees what lingered, in a thread that is there while something does.
//!
//! The last block of a table goes back from wherever it was dropped, often a thread without a runtime, and nothing may happen in
//! the pool after it. The thread has a small stack that is hardly touched, and ends with its pool.

use std::convert::Infallible;
use std::sync::Weak;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use super::Shared;

/// The pool's hold of its thread, which ends when this is dropped.
pub(super) type Sweeper = Sender<Infallible>;

/// Begins a thread that frees the surplus of `pool` as its time comes; `None` where there can be none.
pub(super) fn begin(pool: Weak<Shared>) -> Option<Sweeper> {
    let (sweeper, end) = channel();
    let thread = thread::Builder::new().name("arrowlink-pool".to_owned()).stack_size(STACK_BYTES);
    thread.spawn(move || run(&pool, &end)).ok().map(|_| sweeper)
}

fn run(pool: &Weak<Shared>, end: &Receiver<Infallible>) {
    while let Some(pause) = sweep(pool) {
        if end.recv_timeout(pause) == Err(RecvTimeoutError::Disconnected) {
            return;
        }
    }
}

/// Frees what is due, and returns how long to wait for more, if there will be any.
fn sweep(pool: &Weak<Shared>) -> Option<Duration> {
    let pool = pool.upgrade()?;
    let mut state = pool.state();
    let surplus = state.idle.surplus();
    let due = state.idle.due();
    if due.is_none() {
        state.sweeper = None;
    }
    drop(state);
    drop(surplus);
    // Blocks of one table came one after the other: they go in few steps.
    due.map(|due| due.saturating_duration_since(Instant::now()).max(LEAST_PAUSE))
}

const LEAST_PAUSE: Duration = Duration::from_millis(100);
const STACK_BYTES: usize = 64 * 1024;
