//! A decorator that bounds how much is written at once and how many calls run side by side.
#![deny(clippy::missing_trait_methods)]

use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt as _;
use futures::future::{BoxFuture, FutureExt as _};
use futures::stream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use crate::size::batch_bytes;
use crate::{
    BatchStream, CallContext, CallOptions, Chunk, DataService, Description, EntryStream, Error, ErrorKind,
    ListOptions, Name, ReadOptions, Receipt, RemoveOptions, Result, Target, WriteOptions,
};

/// What a [`Limited`] service allows. Everything is unlimited by default, but for the wait.
///
/// # Defaults
///
/// | | |
/// |---|---|
/// | `max_write_rows`, `max_write_bytes` | unlimited |
/// | `max_reads`, `max_writes`, `max_calls` | unlimited |
/// | `max_wait` | 30 s |
///
/// ```
/// use std::time::Duration;
/// use arrowlink_core::ServiceLimits;
///
/// let limits = ServiceLimits::default().with_max_writes(4).with_max_wait(Duration::from_secs(5));
/// assert_eq!(limits.max_writes, Some(4));
/// assert_eq!(limits.max_reads, None);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServiceLimits {
    /// The most rows of one write, or of the input of one call.
    pub max_write_rows: Option<u64>,
    /// The most bytes of one write, or of the input of one call, as its rows take in a message. Slices count for
    /// themselves, not for what they were cut from.
    pub max_write_bytes: Option<u64>,
    /// How many reads may run at once, until their stream ends or is dropped.
    pub max_reads: Option<usize>,
    /// How many writes and removals may run at once.
    pub max_writes: Option<usize>,
    /// How many functions may run at once, until their stream ends or is dropped.
    pub max_calls: Option<usize>,
    /// How long a read, write, removal or call waits for its turn before it fails with `Unavailable`.
    pub max_wait: Duration,
}

impl Default for ServiceLimits {
    fn default() -> Self {
        Self {
            max_write_rows: None,
            max_write_bytes: None,
            max_reads: None,
            max_writes: None,
            max_calls: None,
            max_wait: Duration::from_secs(30),
        }
    }
}

impl ServiceLimits {
    /// Sets [`max_write_rows`](Self::max_write_rows).
    #[must_use]
    pub const fn with_max_write_rows(mut self, rows: u64) -> Self {
        self.max_write_rows = Some(rows);
        self
    }

    /// Sets [`max_write_bytes`](Self::max_write_bytes).
    #[must_use]
    pub const fn with_max_write_bytes(mut self, bytes: u64) -> Self {
        self.max_write_bytes = Some(bytes);
        self
    }

    /// Sets [`max_reads`](Self::max_reads).
    #[must_use]
    pub const fn with_max_reads(mut self, reads: usize) -> Self {
        self.max_reads = Some(reads);
        self
    }

    /// Sets [`max_writes`](Self::max_writes).
    #[must_use]
    pub const fn with_max_writes(mut self, writes: usize) -> Self {
        self.max_writes = Some(writes);
        self
    }

    /// Sets [`max_calls`](Self::max_calls).
    #[must_use]
    pub const fn with_max_calls(mut self, calls: usize) -> Self {
        self.max_calls = Some(calls);
        self
    }

    /// Sets [`max_wait`](Self::max_wait).
    #[must_use]
    pub const fn with_max_wait(mut self, wait: Duration) -> Self {
        self.max_wait = wait;
        self
    }
}

/// Holds the calls of `inner` to [`ServiceLimits`].
///
/// A write past its size fails with [`LimitExceeded`](ErrorKind::LimitExceeded) as soon as the batch arrives that is
/// too much, and leaves nothing. A read, write or call past its number waits for its turn. Listing and describing
/// are not limited. Waiting needs a tokio runtime with time enabled.
///
/// A client that keeps a read open and does not poll it keeps its turn: put [`Deadlines`](crate::Deadlines) inside
/// where that must not last.
///
/// ```
/// use std::sync::Arc;
/// use arrow_array::record_batch;
/// use arrowlink_core::{DataServiceExt, ErrorKind, Limited, MemoryStore, ServiceLimits};
///
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
/// let limits = ServiceLimits::default().with_max_write_rows(2).with_max_reads(16);
/// let service = Limited::new(Arc::new(MemoryStore::new(1 << 20)), limits);
/// let batch = record_batch!(("id", Int64, [1, 2, 3])).unwrap();
/// let error = service.append(&"trips".parse()?, batch.schema(), vec![batch]).await.unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::LimitExceeded);
/// assert_eq!(
///     error.message(),
///     "the input has at least 3 rows, the limit is 2: send less, or raise `max_write_rows`"
/// );
/// # Ok::<(), arrowlink_core::Error>(())
/// # }).unwrap();
/// ```
#[derive(Clone, Debug)]
pub struct Limited {
    inner: Arc<dyn DataService>,
    limits: ServiceLimits,
    reads: Gate,
    writes: Gate,
    calls: Gate,
}

impl Limited {
    /// Holds `inner` to `limits`.
    pub fn new(inner: Arc<dyn DataService>, limits: ServiceLimits) -> Self {
        let reads = Gate::new("max_reads", limits.max_reads);
        let writes = Gate::new("max_writes", limits.max_writes);
        let calls = Gate::new("max_calls", limits.max_calls);
        Self { inner, limits, reads, writes, calls }
    }

    /// Makes the input fail at the batch that is too much.
    fn bounded(&self, batches: BatchStream) -> BatchStream {
        let (max_rows, max_bytes) = (self.limits.max_write_rows, self.limits.max_write_bytes);
        if max_rows.is_none() && max_bytes.is_none() {
            return batches;
        }
        let (mut rows, mut bytes) = (0, 0);
        let mut check = move |chunk: Chunk| {
            rows += chunk.batch.num_rows() as u64;
            bytes += batch_bytes(&chunk.batch) as u64;
            within(rows, max_rows, "rows", "max_write_rows")?;
            within(bytes, max_bytes, "bytes", "max_write_bytes")?;
            Ok(chunk)
        };
        let schema = Arc::clone(batches.schema());
        batches.map_chunks(schema, |chunks| chunks.map(move |chunk| chunk.and_then(&mut check)))
    }
}

impl DataService for Limited {
    fn list(&self, ctx: CallContext, options: ListOptions) -> BoxFuture<'_, Result<EntryStream>> {
        self.inner.list(ctx, options)
    }

    fn describe(&self, ctx: CallContext, target: Target) -> BoxFuture<'_, Result<Description>> {
        self.inner.describe(ctx, target)
    }

    fn read(
        &self,
        ctx: CallContext,
        target: Target,
        options: ReadOptions,
    ) -> BoxFuture<'_, Result<BatchStream>> {
        async move {
            let turn = self.reads.turn(self.limits.max_wait).await?;
            Ok(held(self.inner.read(ctx, target, options).await?, turn))
        }
        .boxed()
    }

    fn write(
        &self,
        ctx: CallContext,
        name: Name,
        batches: BatchStream,
        options: WriteOptions,
    ) -> BoxFuture<'_, Result<Receipt>> {
        async move {
            let _turn = self.writes.turn(self.limits.max_wait).await?;
            self.inner.write(ctx, name, self.bounded(batches), options).await
        }
        .boxed()
    }

    fn remove(&self, ctx: CallContext, name: Name, options: RemoveOptions) -> BoxFuture<'_, Result<()>> {
        async move {
            let _turn = self.writes.turn(self.limits.max_wait).await?;
            self.inner.remove(ctx, name, options).await
        }
        .boxed()
    }

    fn call(
        &self,
        ctx: CallContext,
        name: Name,
        batches: BatchStream,
        options: CallOptions,
    ) -> BoxFuture<'_, Result<BatchStream>> {
        async move {
            let turn = self.calls.turn(self.limits.max_wait).await?;
            Ok(held(self.inner.call(ctx, name, self.bounded(batches), options).await?, turn))
        }
        .boxed()
    }
}

/// A number of turns that may be taken at once.
#[derive(Clone, Debug)]
struct Gate {
    setting: &'static str,
    turns: Option<(usize, Arc<Semaphore>)>,
}

impl Gate {
    /// No limit is no gate; a limit of 0 counts as 1, because nothing would ever have its turn.
    fn new(setting: &'static str, turns: Option<usize>) -> Self {
        let turns = turns.map(|turns| turns.clamp(1, Semaphore::MAX_PERMITS));
        Self { setting, turns: turns.map(|turns| (turns, Arc::new(Semaphore::new(turns)))) }
    }

    /// Waits for a turn at most `max_wait`. Turns are given in the order in which they were asked for.
    async fn turn(&self, max_wait: Duration) -> Result<Option<OwnedSemaphorePermit>> {
        let Some((most, turns)) = &self.turns else { return Ok(None) };
        match timeout(max_wait, Arc::clone(turns).acquire_owned()).await {
            Ok(Ok(turn)) => Ok(Some(turn)),
            // The semaphore is never closed.
            Ok(Err(_)) | Err(_) => Err(Error::new(
                ErrorKind::Unavailable,
                format!(
                    "{most} are running already and none ended within {max_wait:?}: try again later, or raise `{}`",
                    self.setting
                ),
            )),
        }
    }
}

/// Keeps `turn` until the stream ends or is dropped.
fn held(batches: BatchStream, turn: Option<OwnedSemaphorePermit>) -> BatchStream {
    let Some(turn) = turn else { return batches };
    let schema = Arc::clone(batches.schema());
    batches.map_chunks(schema, |chunks| {
        let end = stream::once(async move {
            drop(turn);
            None
        });
        chunks.map(Some).chain(end).filter_map(|chunk| async { chunk })
    })
}

/// Fails where `actual` is more than `limit`, with the setting that raises it.
fn within(actual: u64, limit: Option<u64>, unit: &str, setting: &str) -> Result<()> {
    match limit {
        Some(limit) if actual > limit => Err(Error::new(
            ErrorKind::LimitExceeded,
            format!(
                "the input has at least {actual} {unit}, the limit is {limit}: send less, or raise `{setting}`"
            ),
        )),
        _ => Ok(()),
    }
}
