//! Demonstration data: a table of any length whose every row is a function of the seed and its number.
//!
//! Nothing is kept: a batch is made when it is asked for, and any batch without those before it.

mod rows;
mod uri;

use std::ops::Range;

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use futures::future::{BoxFuture, FutureExt as _, ready};
use futures::stream;

use crate::apply::{Projection, internal};
use crate::{
    BatchStream, CallContext, Chunk, Dataset, Description, Error, ErrorKind, MAX_PARTS, NounKind, Part,
    Position, ReadOptions, Result, Snapshot,
};

/// Made-up sensor readings: `id` int64, `timestamp` in milliseconds UTC, `value` float64, `category` string, `is_valid`
/// bool, none of them null.
///
/// Row `i` has `id` = `i` and a timestamp `i` seconds after the beginning of 2024; its value is even between 0 and
/// 1000, its category one of eight, and nine of ten rows are valid. The same seed gives the same rows for ever, on
/// every machine. `skip`, `limit` and `resume` cost nothing. There are up to 64 parts, each of which begins at a
/// multiple of [`DEFAULT_BATCH_ROWS`](Self::DEFAULT_BATCH_ROWS).
///
/// ```
/// use arrowlink_core::{CallContext, Dataset, DemoDataset, ReadOptions};
///
/// # futures::executor::block_on(async {
/// let demo = DemoDataset::from_uri("demo://?rows=1000000&seed=7")?;
/// let options = ReadOptions::default().with_skip(999_999);
/// let last = demo.read(CallContext::new(), options).await?.collect_batches().await?;
/// assert_eq!(last[0].num_rows(), 1);
/// # Ok::<(), arrowlink_core::Error>(())
/// # }).unwrap();
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DemoDataset {
    rows: u64,
    seed: u64,
    batch_rows: u64,
}

impl DemoDataset {
    /// The most rows a dataset has.
    pub const MAX_ROWS: u64 = 1_000_000_000_000;
    /// The most rows a batch has.
    pub const MAX_BATCH_ROWS: u64 = 1_048_576;
    /// How many rows a dataset has that was not told: 1,000.
    pub const DEFAULT_ROWS: u64 = 1000;
    /// How many rows a batch has that was not told: 65,536, which is about 2 MiB and fits every message.
    pub const DEFAULT_BATCH_ROWS: u64 = 65_536;

    /// Makes a dataset of `rows` rows from `seed`.
    ///
    /// # Errors
    ///
    /// `InvalidArgument` past [`MAX_ROWS`](Self::MAX_ROWS).
    pub fn new(rows: u64, seed: u64) -> Result<Self> {
        let rows = within("rows", rows, 0, Self::MAX_ROWS)?;
        Ok(Self { rows, seed, batch_rows: Self::DEFAULT_BATCH_ROWS })
    }

    /// Makes the dataset that `uri` describes: `demo://?rows=N&seed=S&batch_rows=B`, each of the three optional.
    ///
    /// Without them there are [`DEFAULT_ROWS`](Self::DEFAULT_ROWS) from seed 0 in batches of
    /// [`DEFAULT_BATCH_ROWS`](Self::DEFAULT_BATCH_ROWS).
    ///
    /// # Errors
    ///
    /// `InvalidArgument` where it is not such a URI, a key is not known or given twice, or a number is not one or too
    /// large.
    pub fn from_uri(uri: &str) -> Result<Self> {
        let query = uri::Query::parse(uri)?;
        let demo = Self::new(query.rows.unwrap_or(Self::DEFAULT_ROWS), query.seed.unwrap_or(0))?;
        demo.with_batch_rows(query.batch_rows.unwrap_or(Self::DEFAULT_BATCH_ROWS))
    }

    /// Sets how many rows a batch has.
    ///
    /// # Errors
    ///
    /// `InvalidArgument` for 0 and past [`MAX_BATCH_ROWS`](Self::MAX_BATCH_ROWS).
    pub fn with_batch_rows(mut self, batch_rows: u64) -> Result<Self> {
        self.batch_rows = within("batch_rows", batch_rows, 1, Self::MAX_BATCH_ROWS)?;
        Ok(self)
    }

    /// Returns the schema that every demo dataset has.
    pub fn schema() -> SchemaRef {
        rows::schema()
    }

    /// Returns how many rows there are.
    pub const fn rows(&self) -> u64 {
        self.rows
    }

    /// Makes the rows with these numbers as one batch, without those before them.
    ///
    /// # Errors
    ///
    /// `InvalidArgument` for more than [`MAX_BATCH_ROWS`](Self::MAX_BATCH_ROWS) rows, or for rows that there are not.
    ///
    /// ```
    /// use arrowlink_core::{DemoDataset, ErrorKind};
    ///
    /// let demo = DemoDataset::new(1000, 7)?;
    /// assert_eq!(demo.batch(10..20)?, demo.batch(0..1000)?.slice(10, 10));
    /// assert_eq!(demo.batch(990..1010).unwrap_err().kind(), ErrorKind::InvalidArgument);
    /// # Ok::<(), arrowlink_core::Error>(())
    /// ```
    pub fn batch(&self, rows: Range<u64>) -> Result<RecordBatch> {
        if rows.end > self.rows || rows.start > rows.end {
            let text = format!("no rows {} to {}: there are {}", rows.start, rows.end, self.rows);
            return Err(Error::new(ErrorKind::InvalidArgument, text));
        }
        within("rows of one batch", rows.end - rows.start, 0, Self::MAX_BATCH_ROWS)?;
        rows::batch(self.seed, rows).map_err(internal)
    }

    /// Makes all rows, batch by batch.
    ///
    /// ```
    /// use arrowlink_core::DemoDataset;
    ///
    /// let demo = DemoDataset::new(25, 7)?.with_batch_rows(10)?;
    /// let sizes: Vec<_> = demo.batches().map(|batch| batch.unwrap().num_rows()).collect();
    /// assert_eq!(sizes, [10, 10, 5]);
    /// # Ok::<(), arrowlink_core::Error>(())
    /// ```
    pub fn batches(&self) -> impl Iterator<Item = Result<RecordBatch>> + Send + 'static {
        let demo = self.clone();
        let mut next = 0;
        std::iter::from_fn(move || demo.next_rows(&mut next, demo.rows)).map({
            let seed = self.seed;
            move |rows| rows::batch(seed, rows).map_err(internal)
        })
    }

    /// Returns the rows of the batch that begins at `next`, and moves `next` past them.
    fn next_rows(&self, next: &mut u64, end: u64) -> Option<Range<u64>> {
        let start = *next;
        // Batches end where they always end, wherever a read begins.
        *next = ((start / self.batch_rows + 1) * self.batch_rows).min(end);
        (start < end).then_some(start..*next)
    }

    fn snapshot(&self) -> Snapshot {
        Snapshot::new(self.state())
    }

    /// `version, seed, rows`: all that the rows depend on.
    fn state(&self) -> Vec<u8> {
        [&[VERSION][..], &self.seed.to_le_bytes(), &self.rows.to_le_bytes()].concat()
    }

    /// The state, followed by the number of the next row.
    fn position(&self, next: u64) -> Position {
        Position::new([&self.state()[..], &next.to_le_bytes()].concat())
    }

    fn row_of(&self, position: &Position) -> Result<u64> {
        let next = position.as_bytes().strip_prefix(&self.state()[..]).and_then(|next| next.try_into().ok());
        next.map(u64::from_le_bytes).ok_or_else(changed)
    }

    /// Divides the rows evenly. Nothing but their number decides, as the state says no more.
    fn parts(&self) -> Vec<Range<u64>> {
        let pieces = self.rows.div_ceil(Self::DEFAULT_BATCH_ROWS);
        let count = pieces.min(MAX_PARTS as u64);
        let start = |part: u64| (part * pieces / count * Self::DEFAULT_BATCH_ROWS).min(self.rows);
        (0..count).map(|part| start(part)..start(part + 1)).collect()
    }

    /// Returns the rows that a read is about and the first of them that it has not returned yet.
    fn rows_of(&self, options: &mut ReadOptions) -> Result<(u64, Range<u64>)> {
        if options.snapshot.as_ref().is_some_and(|snapshot| *snapshot != self.snapshot()) {
            return Err(changed());
        }
        let rows = options.take_part(&self.parts())?.cloned().unwrap_or(0..self.rows);
        let next = options.resume.as_ref().map_or(Ok(rows.start), |position| self.row_of(position))?;
        if next < rows.start || next > rows.end {
            let text = "the position to resume at is not in the part: name the part whose read gave it";
            return Err(Error::new(ErrorKind::InvalidArgument, text));
        }
        Ok((next, rows))
    }

    fn stream(&self, mut options: ReadOptions) -> Result<BatchStream> {
        let projection = Projection::new(&Self::schema(), &options)?;
        let (first, rows) = self.rows_of(&mut options)?;
        options.refuse_beyond_rows()?;
        let mut next = first.saturating_add(options.skip);
        let end = next.saturating_add(options.limit.unwrap_or(u64::MAX)).min(rows.end);
        let schema = SchemaRef::clone(projection.schema());
        let demo = self.clone();
        let chunks = std::iter::from_fn(move || {
            let rows = demo.next_rows(&mut next, end)?;
            let position = demo.position(rows.end);
            let batch = rows::batch(demo.seed, rows).map_err(internal).and_then(|batch| projection.of(batch));
            Some(batch.map(|batch| Chunk::new(batch).with_position(position)))
        });
        Ok(BatchStream::new(schema, stream::iter(chunks)).with_snapshot(self.snapshot()))
    }
}

impl Dataset for DemoDataset {
    fn describe(&self, _ctx: CallContext) -> BoxFuture<'_, Result<Description>> {
        let description = Description::new(NounKind::Dataset, Self::schema())
            .with_rows(Some(self.rows))
            .with_source(format!("demo://?rows={}&seed={}", self.rows, self.seed))
            .with_snapshot(self.snapshot())
            .with_parts(
                self.parts().iter().map(|rows| Part::new(Some(rows.end - rows.start), None)).collect(),
            );
        ready(Ok(description)).boxed()
    }

    fn read(&self, _ctx: CallContext, options: ReadOptions) -> BoxFuture<'_, Result<BatchStream>> {
        ready(self.stream(options)).boxed()
    }
}

fn changed() -> Error {
    let text = "the demo has another seed or length than before: read it from the start";
    Error::new(ErrorKind::SnapshotChanged, text)
}

fn within(what: &str, number: u64, least: u64, most: u64) -> Result<u64> {
    if (least..=most).contains(&number) {
        return Ok(number);
    }
    let text = format!("{number} is not a number of {what}: use {least} to {most}");
    Err(Error::new(ErrorKind::InvalidArgument, text))
}

/// The version of snapshots and positions.
const VERSION: u8 = 1;
