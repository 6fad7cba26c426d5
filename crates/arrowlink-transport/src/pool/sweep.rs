//! Frees what lingered, in a thread that is there while something does.
//!
//! The last block of a table goes back from wherever it was dropped, often a thread without a runtime, and nothing may happen in
//! the pool after it. Threads have small stacks that are not touched, and end with their pool.

use std::sync::Weak;
use std::thread;
use std::time::{Duration, Instant};

use super::Shared;

/// Begins a thread that frees the surplus of `pool` as its time comes. Returns whether there is one.
pub(super) fn begin(pool: Weak<Shared>) -> bool {
    let sweep = move || {
        while let Some(pause) = sweep(&pool) {
            thread::sleep(pause);
        }
    };
    thread::Builder::new().name("arrowlink-pool".to_owned()).stack_size(STACK_BYTES).spawn(sweep).is_ok()
}

/// Frees what is due, and returns how long to wait for more, if there will be any.
fn sweep(pool: &Weak<Shared>) -> Option<Duration> {
    let pool = pool.upgrade()?;
    let mut state = pool.state();
    let surplus = state.idle.surplus();
    let due = state.idle.due();
    state.is_swept = due.is_some();
    drop(state);
    drop(surplus);
    // Blocks of one table came one after the other: they go in few steps.
    due.map(|due| due.saturating_duration_since(Instant::now()).max(LEAST_PAUSE))
}

const LEAST_PAUSE: Duration = Duration::from_millis(100);
const STACK_BYTES: usize = 64 * 1024;
