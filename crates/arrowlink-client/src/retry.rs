//! Which calls are repeated, how often, and how long is waited in between.

use std::time::Duration;

use arrowlink_core::{CallContext, Error, ErrorKind, Result};
use rand::Rng as _;
use tokio::time::{Instant, sleep};

/// How a read that found its server unavailable is repeated; a write never is.
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
    /// How often a call is repeated at most.
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
pub(crate) struct Repetitions<'a> {
    options: RetryOptions,
    ctx: &'a CallContext,
    done: u32,
}

impl<'a> Repetitions<'a> {
    pub(crate) const fn new(options: RetryOptions, ctx: &'a CallContext) -> Self {
        Self { options, ctx, done: 0 }
    }

    /// Waits before the next repetition, or returns `error` where none would help or is left, or time is up.
    pub(crate) async fn wait_after(&mut self, error: Error) -> Result<()> {
        let wait = self.options.wait(self.done);
        let is_last = self.done == self.options.repetitions;
        if error.kind() != ErrorKind::Unavailable || is_last || !in_time(self.ctx, wait) {
            return Err(error);
        }
        self.done += 1;
        let (request_id, repetition) = (self.ctx.request_id(), self.done);
        tracing::info!(request_id, repetition, error = error.chain(), "read is repeated");
        sleep(wait).await;
        Ok(())
    }
}

fn in_time(ctx: &CallContext, wait: Duration) -> bool {
    ctx.deadline().is_none_or(|deadline| Instant::now() + wait < deadline)
}
