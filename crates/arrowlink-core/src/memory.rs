//! A dataset whose record batches are in memory: read by anybody, appended to where that is allowed.
//!
//! A dataset is a list of batches that only grows. A snapshot is therefore nothing but how many of them there were,
//! and readers need no copy of the list: they look up one batch at a time under a lock that is held for that moment.

mod budget;
mod marks;
mod pin;
mod reader;
mod store;
mod upload;

use std::ops::Range;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use futures::future::{BoxFuture, FutureExt as _, ready};

use crate::{
    BatchStream, CallContext, Dataset, Description, Durability, Error, ErrorKind, NounKind, Part,
    ReadOptions, Receipt, Result, WriteMode, WriteOptions, divide,
};

use budget::{Budget, Reservation};
use marks::{Mark, Origin};
use reader::Reader;
use upload::{Keys, Upload, Weighed};

pub use store::MemoryStore;

/// Record batches in memory.
///
/// A write becomes visible when its input has ended, whole; a read keeps the rows that were there when it began,
/// whatever is appended meanwhile. Batches come back as they were written, but without those that had no rows and
/// without the chunks' application metadata. A batch that keeps much more in memory than its rows need (a slice of
/// a large one) is copied.
///
/// Every chunk has a [`Position`](crate::Position) from which a later read goes on in the same snapshot; `skip` and
/// `limit` count from there. The position of a [`Receipt`] goes on with all that was written after it. Snapshots
/// live as long as the dataset, and any of them can be read again; one of another dataset, or of an earlier process, is
/// [`SnapshotChanged`](ErrorKind::SnapshotChanged). Parts end where batches do, as [`divide`] has them. `follow` is
/// `Unsupported`.
///
/// Clones are the same dataset.
///
/// ```
/// use arrow_array::record_batch;
/// use arrowlink_core::{BatchStream, CallContext, Dataset, MemoryDataset, ReadOptions, WriteOptions};
///
/// # futures::executor::block_on(async {
/// let batch = record_batch!(("id", Int64, [1, 2])).unwrap();
/// let dataset = MemoryDataset::new(batch.schema(), vec![batch.clone()])?;
///
/// let more = BatchStream::from_batches(batch.schema(), vec![batch]);
/// let receipt = dataset.write(CallContext::new(), more, WriteOptions::default()).await?;
/// assert_eq!(receipt.rows, 2);
///
/// let last = ReadOptions::default().with_skip(3);
/// let rows = dataset.read(CallContext::new(), last).await?.collect_batches().await?;
/// assert_eq!(rows, [record_batch!(("id", Int64, [2])).unwrap()]);
/// # Ok::<(), arrowlink_core::Error>(())
/// # }).unwrap();
/// ```
#[derive(Clone, Debug)]
pub struct MemoryDataset {
    inner: Arc<Inner>,
    source: Arc<str>,
    /// Why it takes no writes; `None` where it takes them.
    read_only: Option<Arc<str>>,
}

impl MemoryDataset {
    /// Makes a dataset of `batches` that can be appended to, without a limit.
    ///
    /// # Errors
    ///
    /// `SchemaMismatch` where a batch has another schema.
    pub fn new(schema: SchemaRef, batches: Vec<RecordBatch>) -> Result<Self> {
        let dataset = Self::empty(schema, Budget::unlimited());
        let mut upload = dataset.upload();
        for batch in batches {
            upload.push(batch)?;
        }
        dataset.append(upload, None)?;
        Ok(dataset)
    }

    /// Makes a read-only dataset of `batches`, whole as they are.
    ///
    /// A batch whose buffers cannot be sent as they lie is copied once: slices, which begin in the middle of their buffers,
    /// and views, whose buffers may have bytes that no view points to.
    ///
    /// # Errors
    ///
    /// `SchemaMismatch` where a batch has another schema.
    ///
    /// ```
    /// use arrow_array::record_batch;
    /// use arrowlink_core::{BatchStream, CallContext, Dataset as _, ErrorKind, MemoryDataset, WriteOptions};
    ///
    /// # futures::executor::block_on(async {
    /// let batch = record_batch!(("id", Int64, vec![7; 1_000_000])).unwrap();
    /// let dataset = MemoryDataset::pinned(batch.schema(), vec![batch.clone()])?;
    /// assert_eq!(dataset.rows(), 1_000_000);
    ///
    /// let more = BatchStream::from_batches(batch.schema(), vec![batch]);
    /// let error = dataset.write(CallContext::new(), more, WriteOptions::default()).await.unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::ReadOnly);
    /// # Ok::<(), arrowlink_core::Error>(())
    /// # }).unwrap();
    /// ```
    pub fn pinned(schema: SchemaRef, batches: Vec<RecordBatch>) -> Result<Self> {
        let batches = batches.into_iter().map(pin::sendable).collect::<Result<_>>()?;
        Ok(Self::new(schema, batches)?.into_read_only("write to a name that is not served yet"))
    }

    /// Makes the same dataset refuse writes; `advice` says what could be written to instead.
    #[must_use]
    pub fn into_read_only(mut self, advice: impl Into<Arc<str>>) -> Self {
        self.read_only = Some(advice.into());
        self
    }

    /// Says where the rows come from, in words for a person. Default: `memory`.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Arc<str>>) -> Self {
        self.source = source.into();
        self
    }

    /// Returns the schema of the rows.
    pub fn schema(&self) -> &SchemaRef {
        &self.inner.schema
    }

    /// Returns how many rows there are.
    pub fn rows(&self) -> u64 {
        self.inner.read().rows_before(usize::MAX)
    }

    /// Returns how many bytes of memory the batches keep, shared allocations counted once for each write.
    pub fn bytes(&self) -> u64 {
        self.inner.read().reservation.bytes()
    }

    /// Makes a dataset without rows whose bytes are taken from `budget`.
    fn empty(schema: SchemaRef, budget: Arc<Budget>) -> Self {
        let state = State {
            batches: Vec::new(),
            bytes: Vec::new(),
            ends: Vec::new(),
            keys: Keys::default(),
            reservation: Reservation::new(budget),
        };
        let inner = Inner { schema, origin: Origin::new(), state: RwLock::new(state) };
        Self { inner: Arc::new(inner), source: "memory".into(), read_only: None }
    }

    /// Begins an upload that is kept in the same budget.
    fn upload(&self) -> Upload {
        Upload::new(SchemaRef::clone(&self.inner.schema), Arc::clone(self.inner.read().reservation.budget()))
    }

    /// Returns the receipt of an earlier write under `key`.
    fn receipt(&self, key: Option<&str>) -> Option<Receipt> {
        self.inner.read().keys.receipt(key?)
    }

    /// Adds a finished upload, or returns the receipt of the earlier one with the same key.
    ///
    /// All of it happens under the lock of the state, so that a key that two writes have in common is decided once.
    fn append(&self, upload: Upload, key: Option<String>) -> Result<Receipt> {
        let mut upload = upload.conformed(&self.inner.schema)?;
        upload.reserve(key.as_deref().map_or(0, Keys::bytes_of))?;
        let mut state = self.inner.write();
        if let Some(receipt) = key.as_deref().and_then(|key| state.keys.receipt(key)) {
            return Ok(receipt);
        }
        let (batches, reservation) = upload.into_parts();
        let before = state.rows_before(usize::MAX);
        let count = batches.len() as u64;
        batches.into_iter().for_each(|batch| state.push(batch));
        let rows = state.rows_before(usize::MAX) - before;
        let mut receipt = Receipt::new(rows, count, reservation.bytes(), Durability::Memory);
        receipt.position = Some(Mark::newer_than(state.batches.len()).position(self.inner.origin));
        state.reservation.absorb(reservation);
        if let Some(key) = key {
            let forgotten = state.keys.remember(key, receipt.clone());
            state.reservation.shrink(forgotten);
        }
        Ok(receipt)
    }

    /// Refuses first what needs no input: a client should not send gigabytes to learn that the dataset is read only.
    async fn write_all(&self, batches: BatchStream, options: WriteOptions) -> Result<Receipt> {
        if let Some(advice) = &self.read_only {
            let text = format!("this dataset ({}) cannot be written to: {advice}", self.source);
            return Err(Error::new(ErrorKind::ReadOnly, text));
        }
        if let Some(receipt) = self.receipt(options.idempotency_key.as_deref()) {
            return Ok(receipt);
        }
        match options.mode {
            WriteMode::AppendOrCreate | WriteMode::Append => {}
            WriteMode::Create => {
                return Err(Error::new(
                    ErrorKind::AlreadyExists,
                    "the dataset is there already: append to it",
                ));
            }
            WriteMode::Replace => {
                let text = "a dataset that a program holds cannot be replaced: append to it";
                return Err(Error::new(ErrorKind::Unsupported, text));
            }
        }
        let batches = batches.conformed(&self.inner.schema)?;
        let upload = self.upload().collect(batches).await?;
        self.append(upload, options.idempotency_key)
    }
}

impl Dataset for MemoryDataset {
    fn describe(&self, _ctx: CallContext) -> BoxFuture<'_, Result<Description>> {
        let state = self.inner.read();
        let description = Description::new(NounKind::Dataset, SchemaRef::clone(&self.inner.schema))
            .with_rows(Some(state.rows_before(usize::MAX)))
            .with_bytes(Some(state.reservation.bytes()))
            .with_source(&*self.source)
            .with_snapshot(self.inner.origin.snapshot(state.batches.len()))
            .with_parts(state.parts(usize::MAX).iter().map(|part| state.describe(part)).collect())
            .with_writable(self.read_only.is_none());
        ready(Ok(description)).boxed()
    }

    fn read(&self, _ctx: CallContext, options: ReadOptions) -> BoxFuture<'_, Result<BatchStream>> {
        ready(Reader::new(&self.inner, options).map(Reader::into_stream)).boxed()
    }

    fn write(
        &self,
        _ctx: CallContext,
        batches: BatchStream,
        options: WriteOptions,
    ) -> BoxFuture<'_, Result<Receipt>> {
        self.write_all(batches, options).boxed()
    }
}

/// What all clones of a dataset share.
#[derive(Debug)]
struct Inner {
    schema: SchemaRef,
    origin: Origin,
    state: RwLock<State>,
}

impl Inner {
    // A panic while the lock is held cannot leave half a state: what is pushed last is `ends`.
    fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Batches are only ever added, so that their number is a snapshot.
#[derive(Debug)]
struct State {
    batches: Vec<RecordBatch>,
    /// How many bytes the rows of each batch take in a message.
    bytes: Vec<u64>,
    /// How many rows there are up to the end of each batch.
    ends: Vec<u64>,
    keys: Keys,
    reservation: Reservation,
}

impl State {
    /// Adds a batch, which has rows.
    fn push(&mut self, Weighed { batch, bytes }: Weighed) {
        let end = self.rows_before(usize::MAX) + batch.num_rows() as u64;
        self.batches.push(batch);
        self.bytes.push(bytes);
        self.ends.push(end);
    }

    /// Divides the first `end` batches.
    fn parts(&self, end: usize) -> Vec<Range<usize>> {
        divide(&[self.bytes.get(..end).unwrap_or(&self.bytes)])
    }

    /// Says how large a part is.
    fn describe(&self, part: &Range<usize>) -> Part {
        let rows = self.rows_before(part.end) - self.rows_before(part.start);
        let bytes = self.bytes.get(part.clone()).unwrap_or_default();
        Part::new(Some(rows), Some(bytes.iter().sum()))
    }

    /// Returns how many rows come before the batch `index`; all of them where there is no such batch.
    fn rows_before(&self, index: usize) -> u64 {
        let before = index.min(self.ends.len());
        before.checked_sub(1).and_then(|last| self.ends.get(last)).copied().unwrap_or(0)
    }

    /// Returns the batch that has the row, and where in it.
    fn locate(&self, row: u64) -> (usize, u64) {
        let batch = self.ends.partition_point(|end| *end <= row);
        (batch, row - self.rows_before(batch))
    }
}
