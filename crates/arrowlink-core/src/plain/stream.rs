//! Streams whose batches are made plain as they come, however many rows that takes at a time.

use std::collections::VecDeque;
use std::sync::Arc;

use futures::stream::BoxStream;
use futures::{Stream, StreamExt as _, stream};

use super::Plain;
use crate::{BatchStream, Chunk, Error, ErrorKind, Result};

impl Plain {
    /// Makes every batch plain, and the schema with them; a stream that is plain is passed on as it is.
    ///
    /// A batch whose rows would take far more memory than they do is cut in two, and its position and metadata go with
    /// the last piece. A single row of which that is true is an error in the stream, `LimitExceeded`.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use arrow_array::{ArrayRef, RecordBatch, StringViewArray};
    /// use arrow_schema::DataType;
    /// use arrowlink_core::{BatchStream, Plain};
    ///
    /// let names: ArrayRef = Arc::new(StringViewArray::from(vec!["ada", "grace"]));
    /// let batch = RecordBatch::try_from_iter([("name", names)])?;
    /// let plain = Plain::stream(BatchStream::from_batches(batch.schema(), vec![batch]));
    /// assert_eq!(plain.schema().field(0).data_type(), &DataType::Utf8);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn stream(batches: BatchStream) -> BatchStream {
        let plain = Self::new(batches.schema());
        if plain.is_unchanged() {
            return batches;
        }
        batches.map_chunks(Arc::clone(plain.schema()), move |chunks| cast_all(chunks, plain))
    }
}

fn cast_all(
    chunks: BoxStream<'static, Result<Chunk>>,
    plain: Plain,
) -> impl Stream<Item = Result<Chunk>> + Send + 'static {
    let state = (chunks, VecDeque::new(), plain);
    stream::try_unfold(state, |(mut chunks, mut pending, plain)| async move {
        loop {
            let mut chunk: Chunk = match pending.pop_front() {
                Some(chunk) => chunk,
                None => match chunks.next().await.transpose()? {
                    Some(chunk) => chunk,
                    None => return Ok(None),
                },
            };
            match plain.apply(&chunk.batch) {
                Ok(batch) => {
                    chunk.batch = batch;
                    return Ok(Some((chunk, (chunks, pending, plain))));
                }
                Err(error) if error.kind() != ErrorKind::LimitExceeded => return Err(error),
                Err(_) if chunk.batch.num_rows() > 1 => {
                    halves(chunk).into_iter().rev().for_each(|half| pending.push_front(half));
                }
                Err(_) => return Err(Error::new(ErrorKind::LimitExceeded, TOO_LONG)),
            }
        }
    })
}

fn halves(mut chunk: Chunk) -> [Chunk; 2] {
    let rows = chunk.batch.num_rows();
    let first = Chunk::new(chunk.batch.slice(0, rows / 2));
    chunk.batch = chunk.batch.slice(rows / 2, rows - rows / 2);
    [first, chunk]
}

const TOO_LONG: &str = "a row has more text or runs than a plain column takes: read it with the request metadata `arrowlink-views: keep`";
