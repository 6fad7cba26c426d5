//! What happens on a connection: how many calls run, when the last one ended, when the last byte moved.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;

/// The calls and bytes of one connection.
#[derive(Debug)]
pub(super) struct Activity {
    calls: AtomicUsize,
    last_call: Moment,
    last_byte: Moment,
    shut: CancellationToken,
}

impl Default for Activity {
    fn default() -> Self {
        Self {
            calls: AtomicUsize::new(0),
            last_call: Moment::now(),
            last_byte: Moment::now(),
            shut: CancellationToken::new(),
        }
    }
}

impl Activity {
    /// Counts a call that begins.
    pub(super) fn begin(&self) {
        self.calls.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a call that has ended.
    pub(super) fn end(&self) {
        self.last_call.set();
        self.calls.fetch_sub(1, Ordering::Relaxed);
    }

    /// Notes that bytes came or went.
    pub(super) fn moved(&self) {
        self.last_byte.set();
    }

    /// Notes that this side writes nothing any more.
    pub(super) fn shut(&self) {
        self.shut.cancel();
    }

    /// Resolves when this side writes nothing any more.
    pub(super) async fn closing(&self) {
        self.shut.cancelled().await;
    }

    /// Resolves when there has been no call for `limit`.
    pub(super) async fn idle(&self, limit: Duration) {
        self.quiet(limit, || self.last_call.get() + limit).await;
    }

    /// Resolves when a connection that is to end has nothing to wait for: it has no call, and no byte has moved for
    /// `goodbye`, or the last call ended `grace` ago.
    ///
    /// Bytes count because the end of an answer may still be on its way when its call has ended.
    pub(super) async fn over(&self, goodbye: Duration, grace: Duration) {
        let start = Instant::now();
        let until = || {
            let (call, byte) = (self.last_call.get().max(start), self.last_byte.get().max(start));
            (call + grace).min(call.max(byte) + goodbye)
        };
        self.quiet(goodbye, until).await;
    }

    /// Resolves when no call runs and `until` has passed; looks again after `pause` while calls run.
    async fn quiet(&self, pause: Duration, until: impl Fn() -> Instant) {
        loop {
            let until = until();
            if self.calls.load(Ordering::Relaxed) > 0 {
                sleep(pause).await;
            } else if Instant::now() < until {
                sleep_until(until).await;
            } else {
                return;
            }
        }
    }
}

/// An instant that can be moved to now.
#[derive(Debug)]
struct Moment(Mutex<Instant>);

impl Moment {
    fn now() -> Self {
        Self(Mutex::new(Instant::now()))
    }

    fn set(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    fn get(&self) -> Instant {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
