//! A service of one table that counts: the streams and writes that live, the batches that were asked for, the uploads
//! that were kept.

use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use arrow_array::{ArrayRef, Int64Array, RecordBatch};
use arrowlink_core::{BatchStream, Chunk, Durability, Receipt, Result};
use arrowlink_testkit::Stub;
use futures::future::{BoxFuture, FutureExt as _, ready};
use futures::{Stream, StreamExt as _, stream};
use tokio::sync::Notify;

/// Counts streams. Clones count together.
#[derive(Clone, Debug, Default)]
pub(crate) struct Counts(Arc<[AtomicUsize; 2]>);

impl Counts {
    /// How many streams there are that were not dropped.
    pub(crate) fn live(&self) -> usize {
        self.0[0].load(Ordering::SeqCst)
    }

    /// How many batches were given out by all streams there ever were.
    pub(crate) fn given(&self) -> usize {
        self.0[1].load(Ordering::SeqCst)
    }

    /// Counts one more until what is returned is dropped.
    fn begin(&self) -> Live {
        self.0[0].fetch_add(1, Ordering::SeqCst);
        Live(self.clone())
    }

    /// Counts `chunks` and each that it gives out.
    pub(crate) fn track<S: Stream + Unpin>(&self, chunks: S) -> Tracked<S> {
        Tracked { chunks, live: self.begin() }
    }

    /// A stream of `batches`, counted.
    pub(crate) fn stream_of(&self, batches: &[RecordBatch]) -> BatchStream {
        let chunks: Vec<_> = batches.iter().cloned().map(|batch| Ok(Chunk::new(batch))).collect();
        BatchStream::new(batches[0].schema(), self.track(stream::iter(chunks)))
    }
}

struct Live(Counts);

impl Drop for Live {
    fn drop(&mut self) {
        self.0.0[0].fetch_sub(1, Ordering::SeqCst);
    }
}

pub(crate) struct Tracked<S> {
    chunks: S,
    live: Live,
}

impl<S: Stream + Unpin> Stream for Tracked<S> {
    type Item = S::Item;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<S::Item>> {
        let next = self.chunks.poll_next_unpin(cx);
        if matches!(next, Poll::Ready(Some(_))) {
            self.live.0.0[1].fetch_add(1, Ordering::SeqCst);
        }
        next
    }
}

/// Reads are of its table, whatever their name; writes are counted and forgotten; calls echo.
#[derive(Debug)]
pub(crate) struct Probe {
    table: Vec<RecordBatch>,
    pub(crate) counts: Counts,
    /// The rows of each upload that was kept.
    pub(crate) kept: Mutex<Vec<usize>>,
    /// How many batches a write takes before it waits for `more`.
    pause_after: usize,
    pub(crate) more: Arc<Notify>,
}

impl Probe {
    pub(crate) fn new(table: Vec<RecordBatch>) -> Self {
        let (counts, kept) = (Counts::default(), Mutex::default());
        Self { table, counts, kept, pause_after: usize::MAX, more: Arc::default() }
    }

    /// Makes writes and calls stop after so many batches, until they are notified.
    pub(crate) fn with_pause_after(mut self, batches: usize) -> Self {
        self.pause_after = batches;
        self
    }

    async fn keep(&self, mut batches: BatchStream) -> Result<Receipt> {
        let _live = self.counts.begin();
        let (mut rows, mut count) = (0, 0);
        while let Some(chunk) = batches.next().await {
            rows += chunk?.batch.num_rows();
            count += 1;
            if count == self.pause_after {
                self.more.notified().await;
            }
        }
        self.kept.lock().unwrap().push(rows);
        Ok(Receipt::new(rows as u64, count as u64, 0, Durability::Memory))
    }
}

impl Stub for Probe {
    fn read(&self) -> BoxFuture<'_, Result<BatchStream>> {
        ready(Ok(self.counts.stream_of(&self.table))).boxed()
    }

    fn write(&self, batches: BatchStream) -> BoxFuture<'_, Result<Receipt>> {
        self.keep(batches).boxed()
    }

    fn call(&self, batches: BatchStream) -> BoxFuture<'_, Result<BatchStream>> {
        let schema = Arc::clone(batches.schema());
        let (more, pause_after) = (Arc::clone(&self.more), self.pause_after);
        let paused = batches.enumerate().then(move |(at, chunk)| {
            let more = Arc::clone(&more);
            async move {
                if at + 1 == pause_after {
                    more.notified().await;
                }
                chunk
            }
        });
        ready(Ok(BatchStream::new(schema, self.counts.track(paused.boxed())))).boxed()
    }
}

/// Makes `batches` of `rows` numbers, which take eight bytes each.
pub(crate) fn table(batches: usize, rows: usize) -> Vec<RecordBatch> {
    let batch = |at: usize| {
        let first = (at * rows) as i64;
        let ids: ArrayRef = Arc::new(Int64Array::from_iter_values(first..first + rows as i64));
        RecordBatch::try_from_iter([("id", ids)]).unwrap()
    };
    (0..batches).map(batch).collect()
}
