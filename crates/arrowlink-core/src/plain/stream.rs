//! Batches made plain however many rows that takes at a time: in pieces, one when it is asked for.

use std::sync::Arc;

use arrow_array::RecordBatch;
use futures::{StreamExt as _, TryStreamExt as _, stream};

use super::Plain;
use crate::{BatchStream, Chunk, Error, ErrorKind, Result};

impl Plain {
    /// Makes every batch plain, and the schema with them; a stream that is plain is passed on as it is.
    ///
    /// Batches are cut as [`pieces`](Self::pieces) does; their position and metadata go with the last piece. The work is
    /// done where the stream is polled.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use arrow_array::{ArrayRef, RecordBatch, StringViewArray};
    /// use arrow_schema::DataType;
    /// use arrowlink_core::{BatchStream, Plain};
    ///
    /// let names: ArrayRef = Arc::new(StringViewArray::from(vec!["ada", "grace"]));
    /// let batch = RecordBatch::try_from_iter([("name", names)])?;
    /// let batches = BatchStream::from_batches(batch.schema(), vec![batch]);
    /// let plain = Plain::new(batches.schema()).stream(batches);
    /// assert_eq!(plain.schema().field(0).data_type(), &DataType::Utf8);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn stream(self, batches: BatchStream) -> BatchStream {
        if self.is_unchanged() {
            return batches;
        }
        batches.map_chunks(Arc::clone(self.schema()), move |chunks| {
            chunks.map_ok(move |chunk| stream::iter(Pieces::new(self.clone(), chunk))).try_flatten().boxed()
        })
    }

    /// Makes `batch` plain, each piece when it is asked for; most batches are one.
    ///
    /// A batch whose rows would take far more memory than they do is cut in two, as often as that is so. A single row of
    /// which it is true is an error, `LimitExceeded`, and the last of the items; so is what [`apply`](Self::apply) says else.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use arrow_array::types::Int32Type;
    /// use arrow_array::{ArrayRef, Int32Array, RecordBatch, RunArray, StringArray};
    /// use arrowlink_core::Plain;
    ///
    /// let text = StringArray::from(vec!["x".repeat(4096)]);
    /// let runs: ArrayRef = Arc::new(RunArray::<Int32Type>::try_new(&Int32Array::from(vec![100_000]), &text)?);
    /// let batch = RecordBatch::try_from_iter([("text", runs)])?;
    /// let mut pieces = Plain::new(batch.schema_ref()).pieces(batch);
    /// assert!(pieces.next().unwrap()?.num_rows() < 50_000);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn pieces(&self, batch: RecordBatch) -> impl Iterator<Item = Result<RecordBatch>> + Send + use<> {
        Pieces::new(self.clone(), Chunk::new(batch)).map(|piece| piece.map(Chunk::into_batch))
    }
}

/// What is left of one chunk, the next piece last.
struct Pieces {
    plain: Plain,
    left: Vec<Chunk>,
}

impl Pieces {
    fn new(plain: Plain, chunk: Chunk) -> Self {
        Self { plain, left: vec![chunk] }
    }
}

impl Iterator for Pieces {
    type Item = Result<Chunk>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let mut chunk = self.left.pop()?;
            let error = match self.plain.apply(&chunk.batch) {
                Ok(batch) => {
                    chunk.batch = batch;
                    return Some(Ok(chunk));
                }
                Err(error) => error,
            };
            if error.kind() == ErrorKind::LimitExceeded && chunk.batch.num_rows() > 1 {
                let [first, second] = halves(chunk);
                self.left.extend([second, first]);
                continue;
            }
            self.left.clear();
            let is_too_long = error.kind() == ErrorKind::LimitExceeded;
            return Some(Err(if is_too_long { too_long(self.plain.instead) } else { error }));
        }
    }
}

fn halves(mut chunk: Chunk) -> [Chunk; 2] {
    let rows = chunk.batch.num_rows();
    let first = Chunk::new(chunk.batch.slice(0, rows / 2));
    chunk.batch = chunk.batch.slice(rows / 2, rows - rows / 2);
    [first, chunk]
}

/// Says that one row is too much, and what to do `instead`.
fn too_long(instead: Option<&str>) -> Error {
    let instead = instead.map_or_else(String::new, |instead| format!(": {instead}"));
    Error::new(
        ErrorKind::LimitExceeded,
        format!("a row has more text or runs than a plain column takes{instead}"),
    )
}
