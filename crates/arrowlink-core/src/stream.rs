//! Rows on their way: a schema and a stream of chunks, each a record batch with what belongs to it.
//!
//! A bare stream of record batches could carry neither offsets nor acknowledgements; a [`Chunk`] can.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use bytes::Bytes;
use futures::stream::{self, BoxStream};
use futures::{Stream, StreamExt as _, TryStreamExt as _};

use crate::Result;

/// A schema and the chunks that have it, produced as they are polled.
///
/// Dropping the stream cancels the work behind it. After an `Err` or the end nothing more may be expected of it.
/// Polling is cancel safe: a chunk is never lost between two polls.
///
/// ```
/// use arrowlink_core::BatchStream;
/// use arrow_array::record_batch;
///
/// # futures::executor::block_on(async {
/// let batch = record_batch!(("id", Int64, [1, 2])).unwrap();
/// let stream = BatchStream::from_batches(batch.schema(), vec![batch.clone()]);
/// assert_eq!(stream.collect_batches().await.unwrap(), [batch]);
/// # });
/// ```
pub struct BatchStream {
    schema: SchemaRef,
    snapshot: Option<Snapshot>,
    chunks: BoxStream<'static, Result<Chunk>>,
}

impl BatchStream {
    /// Wraps `chunks`, each of which must have `schema`.
    pub fn new(schema: SchemaRef, chunks: impl Stream<Item = Result<Chunk>> + Send + 'static) -> Self {
        Self { schema, snapshot: None, chunks: chunks.boxed() }
    }

    /// Makes a stream of batches that are there already.
    pub fn from_batches(schema: SchemaRef, batches: Vec<RecordBatch>) -> Self {
        Self::new(schema, stream::iter(batches.into_iter().map(|batch| Ok(Chunk::new(batch)))))
    }

    /// Says which state of the dataset the rows belong to.
    #[must_use]
    pub fn with_snapshot(mut self, snapshot: Snapshot) -> Self {
        self.snapshot = Some(snapshot);
        self
    }

    /// Returns the schema of every chunk.
    pub const fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// Returns which state of the dataset the rows belong to, where the source knows states.
    pub const fn snapshot(&self) -> Option<&Snapshot> {
        self.snapshot.as_ref()
    }

    /// Replaces the chunks by `map` of them, and the schema by `schema`; the snapshot stays.
    #[must_use]
    pub fn map_chunks<S>(
        self,
        schema: SchemaRef,
        map: impl FnOnce(BoxStream<'static, Result<Chunk>>) -> S,
    ) -> Self
    where
        S: Stream<Item = Result<Chunk>> + Send + 'static,
    {
        Self { schema, snapshot: self.snapshot, chunks: map(self.chunks).boxed() }
    }

    /// Reads to the end and returns the batches in order; all of them are in memory then.
    ///
    /// # Errors
    ///
    /// The first error of the stream.
    pub async fn collect_batches(self) -> Result<Vec<RecordBatch>> {
        self.chunks.map_ok(Chunk::into_batch).try_collect().await
    }
}

impl Stream for BatchStream {
    type Item = Result<Chunk>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.chunks.poll_next_unpin(cx)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.chunks.size_hint()
    }
}

impl fmt::Debug for BatchStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BatchStream")
            .field("schema", &self.schema)
            .field("snapshot", &self.snapshot)
            .finish_non_exhaustive()
    }
}

/// One record batch and what travels with it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Chunk {
    /// The rows; may be none.
    pub batch: RecordBatch,
    /// Where a read that stops after this chunk goes on; `None` where the source cannot resume.
    pub position: Option<Position>,
    /// Bytes for the application that ArrowLink carries and does not read; empty by default.
    pub metadata: Bytes,
}

impl Chunk {
    /// Makes a chunk of a batch alone.
    pub const fn new(batch: RecordBatch) -> Self {
        Self { batch, position: None, metadata: Bytes::new() }
    }

    /// Says where a read that stops after this chunk goes on.
    #[must_use]
    pub fn with_position(mut self, position: Position) -> Self {
        self.position = Some(position);
        self
    }

    /// Returns the rows alone.
    pub fn into_batch(self) -> RecordBatch {
        self.batch
    }
}

impl From<RecordBatch> for Chunk {
    fn from(batch: RecordBatch) -> Self {
        Self::new(batch)
    }
}

/// Which state of a dataset a read saw: opaque, versioned bytes that its source alone understands.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Snapshot(Bytes);

impl Snapshot {
    /// Wraps what a source wrote.
    pub fn new(bytes: impl Into<Bytes>) -> Self {
        Self(bytes.into())
    }

    /// Returns what the source wrote.
    pub const fn as_bytes(&self) -> &Bytes {
        &self.0
    }
}

/// A place between two chunks of a snapshot or stream: opaque, versioned bytes that its source alone understands.
///
/// ```
/// use arrow_array::record_batch;
/// use arrowlink_core::{CallContext, Dataset, MemoryDataset, ReadOptions};
/// use futures::StreamExt as _;
///
/// # futures::executor::block_on(async {
/// let batches: Vec<_> = (0..3).map(|id| record_batch!(("id", Int64, [id])).unwrap()).collect();
/// let dataset = MemoryDataset::new(batches[0].schema(), batches.clone())?;
///
/// let mut read = dataset.read(CallContext::new(), ReadOptions::default()).await?;
/// let position = read.next().await.unwrap()?.position.unwrap();
/// drop(read);
///
/// let options = ReadOptions::default().with_resume(position);
/// let rest = dataset.read(CallContext::new(), options).await?.collect_batches().await?;
/// assert_eq!(rest, batches[1..]);
/// # Ok::<(), arrowlink_core::Error>(())
/// # }).unwrap();
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Position(Bytes);

impl Position {
    /// Wraps what a source wrote.
    pub fn new(bytes: impl Into<Bytes>) -> Self {
        Self(bytes.into())
    }

    /// Returns what the source wrote.
    pub const fn as_bytes(&self) -> &Bytes {
        &self.0
    }
}
