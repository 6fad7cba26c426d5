//! Batches to payloads, cut at rows where a batch does not fit.

use arrow_array::RecordBatch;
use arrow_buffer::Buffer;
use arrowlink_core::{BatchStream, Error, ErrorKind, Plain};
use arrowlink_ipc::{EncodeOptions, write_stream};
use futures::stream::{self, BoxStream};
use futures::{Stream, StreamExt as _};

use super::least::least_bytes;
use super::{Origin, from_ipc};
use crate::Rope;
use crate::frame::framing_bytes;
use crate::metadata::MAX_MESSAGE_BYTES;
use crate::rope::RopeBuilder;

/// A complete Arrow IPC stream with what is in it: the bytes of one message's payload, without the message's framing.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Payload {
    /// The stream, whose segments for the most part are the columns' own memory.
    pub bytes: Rope,
    /// How many rows are in it.
    pub rows: u64,
    /// How many cells: rows times columns.
    pub cells: u64,
}

/// Makes payloads of `batches`, each of which is, with the framing of its message, at most `max_message_bytes` long.
///
/// A batch that fits stays whole; one that does not is cut into runs of rows, the first by what its rows take at least,
/// the others by what was measured, so that rows of one width are encoded once. The runs have about as many rows each,
/// a multiple of 64 where so many fit. Order and rows are those of `batches`. Batches without rows are left out, but
/// where there is no row at all there is one payload, without rows. The next payload is made when the one before it has
/// been taken.
///
/// The stream ends with an error where `batches` does, and with [`ErrorKind::LimitExceeded`] at a row, or a schema, that
/// is too large for a message by itself; the error names the row, its size, and the metadata key that allows more.
///
/// ```
/// use arrow_array::record_batch;
/// use arrowlink_core::BatchStream;
/// use arrowlink_ipc::{Limits, read_stream};
/// use arrowlink_transport::payload::encode;
/// use futures::TryStreamExt as _;
///
/// # futures::executor::block_on(async {
/// let batch = record_batch!(("id", Int64, [1, 2, 3])).unwrap();
/// let batches = BatchStream::from_batches(batch.schema(), vec![batch.clone()]);
/// let payloads: Vec<_> = encode(batches, 4 << 20).try_collect().await.unwrap();
/// assert_eq!((payloads.len(), payloads[0].rows), (1, 3));
/// let (_, decoded) = read_stream(payloads[0].bytes.to_bytes(), &Limits::default()).unwrap();
/// assert_eq!(decoded, [batch]);
/// # });
/// ```
pub fn encode(
    batches: BatchStream,
    max_message_bytes: usize,
) -> impl Stream<Item = Result<Payload, Error>> + Send + 'static {
    let cutter = Cutter::new(&batches, max_message_bytes);
    let state = (batches.map(|chunk| chunk.map(|chunk| chunk.batch)).boxed(), cutter);
    stream::try_unfold(state, |(mut batches, mut cutter)| async move {
        let payload = next(&mut batches, &mut cutter).await?;
        Ok(payload.map(|payload| (payload, (batches, cutter))))
    })
}

async fn next(
    batches: &mut BoxStream<'static, Result<RecordBatch, Error>>,
    cutter: &mut Cutter,
) -> Result<Option<Payload>, Error> {
    while cutter.rest.is_none() {
        match batches.next().await {
            Some(batch) => cutter.take(batch?),
            None if cutter.is_untouched => return cutter.empty().map(Some),
            None => return Ok(None),
        }
    }
    cutter.cut().map(Some)
}

/// Cuts one batch after the other.
struct Cutter {
    plain: Plain,
    max_message_bytes: usize,
    /// The batch that is being cut, without the rows that were given out.
    rest: Option<RecordBatch>,
    /// How many rows probably fit: all of a batch at its beginning, unless that cannot be, and then what was measured.
    fitting: usize,
    /// The rows before `rest`, in the whole dataset.
    rows_before: u64,
    is_untouched: bool,
}

impl Cutter {
    fn new(batches: &BatchStream, max_message_bytes: usize) -> Self {
        let plain = Plain::pruning(batches.schema());
        Self { plain, max_message_bytes, rest: None, fitting: 1, rows_before: 0, is_untouched: true }
    }

    fn take(&mut self, batch: RecordBatch) {
        if batch.num_rows() > 0 {
            let (rows, least) = (batch.num_rows(), least_bytes(&batch));
            self.fitting = if self.fits(least) { rows } else { fewer(rows, self.max_message_bytes, least) };
            self.rest = Some(batch);
        }
    }

    /// The payload of a dataset without rows.
    fn empty(&mut self) -> Result<Payload, Error> {
        self.is_untouched = false;
        let none: [&RecordBatch; 0] = [];
        let segments = write_stream(self.plain.schema(), none, &EncodeOptions::default())
            .map_err(|error| from_ipc(error, CANNOT_ENCODE, Origin::Server))?;
        let size = size(&segments);
        if !self.fits(size) {
            return Err(too_large("the schema", size, self.max_message_bytes));
        }
        Ok(Payload { bytes: rope(segments), rows: 0, cells: 0 })
    }

    /// Gives out a run of rows at the beginning of `rest` that is found to fit.
    fn cut(&mut self) -> Result<Payload, Error> {
        let Some(rest) = self.rest.take() else { return self.empty() };
        self.is_untouched = false;
        let mut boldness = 4;
        let mut rows = even(rest.num_rows(), self.fitting);
        loop {
            let run = if rows == rest.num_rows() { rest.clone() } else { rest.slice(0, rows) };
            match self.segments(&run) {
                Ok((segments, size)) if self.fits(size) => {
                    self.advance(&rest, rows, size);
                    let cells = rows as u64 * run.num_columns() as u64;
                    return Ok(Payload { bytes: rope(segments), rows: rows as u64, cells });
                }
                Ok((_, size)) if rows == 1 => {
                    let row = format!("row {}", self.rows_before + 1);
                    return Err(too_large(&row, size, self.max_message_bytes));
                }
                Ok((_, size)) => {
                    // The first guess is close where rows are alike; where they are not, guesses get bolder.
                    let fitting = fewer(rows, self.max_message_bytes, size) * boldness / 4;
                    rows = even(rest.num_rows(), fitting.clamp(1, rows - 1));
                    boldness = 3;
                }
                Err(_) if rows > 1 => rows = even(rest.num_rows(), rows / 2),
                Err(error) => return Err(error),
            }
        }
    }

    fn advance(&mut self, rest: &RecordBatch, rows: usize, size: usize) {
        self.fitting = fewer(rows, self.max_message_bytes, size);
        self.rows_before += rows as u64;
        self.rest = (rows < rest.num_rows()).then(|| rest.slice(rows, rest.num_rows() - rows));
    }

    fn segments(&self, run: &RecordBatch) -> Result<(Vec<Buffer>, usize), Error> {
        let plain = self.plain.apply(run).map_err(not_plain)?;
        let segments = write_stream(self.plain.schema(), [&plain], &EncodeOptions::default())
            .map_err(|error| from_ipc(error, CANNOT_ENCODE, Origin::Server))?;
        let size = size(&segments);
        Ok((segments, size))
    }

    const fn fits(&self, size: usize) -> bool {
        framing_bytes(size) + size <= self.max_message_bytes
    }
}

fn not_plain(error: Error) -> Error {
    match error.kind() == ErrorKind::LimitExceeded {
        true => error,
        false => Error::new(ErrorKind::Unsupported, CANNOT_ENCODE).with_source(error),
    }
}

fn size(segments: &[Buffer]) -> usize {
    segments.iter().map(Buffer::len).sum()
}

fn rope(segments: Vec<Buffer>) -> Rope {
    let mut rope = RopeBuilder::with_capacity(SMALL_PARTS_BYTES);
    segments.into_iter().for_each(|segment| rope.put(segment));
    rope.finish()
}

/// How many rows probably fit where `rows` took `size`, with some room; at least one.
fn fewer(rows: usize, max_bytes: usize, size: usize) -> usize {
    let fitting = rows as u128 * max_bytes as u128 * 63 / (64 * size.max(1) as u128);
    usize::try_from(fitting).unwrap_or(usize::MAX).max(1)
}

/// How many of `rows` go into the next piece, where `fitting` would fit: about as many as into each that follows, and
/// never more than fit.
///
/// Pieces of [`ALIGNED_ROWS`] begin at a byte of every bitmap, so that no bitmap has to be shifted.
fn even(rows: usize, fitting: usize) -> usize {
    if rows <= fitting {
        return rows;
    }
    let unit = if fitting < ALIGNED_ROWS { 1 } else { ALIGNED_ROWS };
    let pieces = rows.div_ceil(fitting / unit * unit);
    rows.div_ceil(pieces).next_multiple_of(unit)
}

fn too_large(what: &str, size: usize, max_message_bytes: usize) -> Error {
    Error::new(
        ErrorKind::LimitExceeded,
        format!(
            "{what} takes {size} bytes by itself, more than the {max_message_bytes} bytes of a message: announce a larger \
             limit in the request metadata key `{MAX_MESSAGE_BYTES}`"
        ),
    )
}

/// What schema and metadata of a narrow table take, about.
const SMALL_PARTS_BYTES: usize = 1024;
/// Bits of a word, the widest that bitmaps are read by.
const ALIGNED_ROWS: usize = 64;
const CANNOT_ENCODE: &str = "the rows have no form on the wire";
