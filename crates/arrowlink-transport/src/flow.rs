//! Whether a transfer waits for the peer, and since when.
//!
//! A limit on the whole of a transfer would end large ones, and a limit on pauses would end those whose rows take long to
//! make. What is limited is how long the peer may leave a piece that is ready.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep, sleep_until};

/// Since when something has been waiting for the peer; `None` while this side has to produce it.
#[derive(Debug, Default)]
pub(crate) struct Flow(Mutex<Option<Instant>>);

impl Flow {
    /// This side works on the next piece: time does not count.
    pub(crate) fn producing(&self) {
        self.set(None);
    }

    /// A piece is ready and the peer has to take it: time counts from now.
    pub(crate) fn offered(&self) {
        self.set(Some(Instant::now()));
    }

    /// Resolves when a piece has waited for `limit`.
    pub(crate) async fn stalled(&self, limit: Duration) {
        loop {
            let since = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
            match since {
                None => sleep(limit).await,
                Some(since) if since.elapsed() < limit => sleep_until(since + limit).await,
                Some(_) => return,
            }
        }
    }

    fn set(&self, since: Option<Instant>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = since;
    }
}
