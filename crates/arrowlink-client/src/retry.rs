//! Which calls are repeated, how often, and how long is waited in between.

use std::time::Duration;

use arrowlink_core::{CallContext, Error, ErrorKind};
use rand::Rng as _;
use tokio::time::{Instant, sleep};

/// How a call that found its server unavailable is repeated.
///
/// A read goes on after the rows that it returned, and may do so any number of times: repetitions are counted from the last
/// row that came. A write is repeated as long as nothing of its rows was asked for, so that none can have been kept.
///
/// The wait before the n-th repetition is chosen at random between nothing and `first_wait` doubled n - 1 times, at
/// most `longest_wait`: clients that lost one server together do not come back together.
///
/// # Defaults
///
/// Three repetitions; at most 100 ms before the first, at most 2 s before any.
///
/// ```
/// use arrowlink_client::RetryOptions;
///
/// assert_eq!(RetryOptions::default().repetitions, 3);
/// assert_eq!(RetryOptions::never().repetitions, 0);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RetryOptions {
    /// How often a call is repeated at most without progress.
    pub repetitions: u32,
    /// The longest wait before the first repetition.
    pub first_wait: Duration,
    /// The longest wait before any.
    pub longest_wait: Duration,
}

impl RetryOptions {
    /// Repeats nothing.
    pub const fn never() -> Self {
        Self { repetitions: 0, first_wait: Duration::ZERO, longest_wait: Duration::ZERO }
    }

    /// Sets [`repetitions`](Self::repetitions).
    #[must_use]
    pub const fn with_repetitions(mut self, repetitions: u32) -> Self {
        self.repetitions = repetitions;
        self
    }

    /// Sets [`first_wait`](Self::first_wait) and [`longest_wait`](Self::longest_wait).
    #[must_use]
    pub const fn with_waits(mut self, first: Duration, longest: Duration) -> Self {
        self.first_wait = first;
        self.longest_wait = longest;
        self
    }

    fn wait(&self, repetition: u32) -> Duration {
        let longest = self.first_wait.saturating_mul(2_u32.saturating_pow(repetition)).min(self.longest_wait);
        longest.mul_f64(rand::rng().random::<f64>())
    }
}

impl Default for RetryOptions {
    fn default() -> Self {
        Self { repetitions: 3, first_wait: Duration::from_millis(100), longest_wait: Duration::from_secs(2) }
    }
}

/// The repetitions of one call.
#[derive(Debug)]
pub(crate) struct Repetitions {
    options: RetryOptions,
    done: u32,
}

impl Repetitions {
    pub(crate) const fn new(options: RetryOptions) -> Self {
        Self { options, done: 0 }
    }

    /// Begins anew: what was repeated made progress.
    pub(crate) const fn reset(&mut self) {
        self.done = 0;
    }

    /// Waits before the next repetition; `false`, at once, where none would help after `error` or is left, or time is up.
    #[must_use]
    pub(crate) async fn wait_after(&mut self, ctx: &CallContext, error: &Error) -> bool {
        let wait = self.options.wait(self.done);
        let is_last = self.done >= self.options.repetitions;
        if error.kind() != ErrorKind::Unavailable || is_last || !in_time(ctx, wait) {
            return false;
        }
        self.done += 1;
        let (request_id, repetition) = (ctx.request_id(), self.done);
        tracing::info!(request_id, repetition, error = error.chain(), "call is repeated");
        sleep(wait).await;
        true
    }
}

fn in_time(ctx: &CallContext, wait: Duration) -> bool {
    ctx.deadline().is_none_or(|deadline| Instant::now() + wait < deadline)
}
