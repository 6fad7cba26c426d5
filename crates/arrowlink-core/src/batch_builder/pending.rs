//! Batches on their way to the right size: cut where they are too large, put together where they are too small.
//!
//! Cutting shares the buffers of the batch; putting together copies. A batch that has the right size goes through
//! as it is.

use std::collections::VecDeque;

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use arrow_select::concat::concat_batches;

use crate::Result;
use crate::apply::internal;
use crate::size::batch_bytes;

/// Pieces of the next batch, and batches that are full.
#[derive(Debug)]
pub(super) struct Pending {
    pub(super) max_rows: usize,
    pub(super) max_bytes: usize,
    schema: SchemaRef,
    pieces: Vec<RecordBatch>,
    /// How many rows the pieces have, always fewer than `max_rows`.
    rows: usize,
    bytes: usize,
    full: VecDeque<RecordBatch>,
}

impl Pending {
    /// Begins with nothing pending; `max_bytes` is unlimited until it is set.
    pub(super) fn new(schema: SchemaRef, max_rows: usize) -> Self {
        let (pieces, full) = (Vec::new(), VecDeque::new());
        Self { max_rows, max_bytes: usize::MAX, schema, pieces, rows: 0, bytes: 0, full }
    }

    /// Says whether the pieces make a full batch together with `rows` rows of `bytes` bytes.
    pub(super) fn is_full_with(&self, rows: usize, bytes: impl FnOnce() -> usize) -> bool {
        self.rows + rows >= self.max_rows
            || (self.max_bytes < usize::MAX && self.bytes + bytes() >= self.max_bytes)
    }

    /// Adds a batch of any size, cut to where batches end.
    pub(super) fn add(&mut self, batch: &RecordBatch) -> Result<()> {
        let rows = batch.num_rows();
        let measured = if self.max_bytes == usize::MAX { 0 } else { batch_bytes(batch) };
        let per_row = measured.checked_div(rows).unwrap_or(0);
        let mut start = 0;
        while start < rows {
            let left_bytes = self.max_bytes.saturating_sub(self.bytes);
            let by_bytes = if per_row == 0 { rows } else { left_bytes.div_ceil(per_row) };
            let count = (rows - start).min(self.max_rows - self.rows).min(by_bytes);
            self.push(batch.slice(start, count), count * per_row)?;
            start += count;
        }
        Ok(())
    }

    /// Adds a batch of `bytes` bytes that is not larger than what is left of the next one.
    pub(super) fn push(&mut self, batch: RecordBatch, bytes: usize) -> Result<()> {
        self.rows += batch.num_rows();
        self.bytes = self.bytes.saturating_add(bytes);
        self.pieces.push(batch);
        if self.rows >= self.max_rows || self.bytes >= self.max_bytes { self.complete() } else { Ok(()) }
    }

    /// Takes the oldest full batch out.
    pub(super) fn next_full(&mut self) -> Option<RecordBatch> {
        self.full.pop_front()
    }

    /// Returns the full batches and, as the last, what is left.
    pub(super) fn finish(mut self) -> Result<Vec<RecordBatch>> {
        self.complete()?;
        Ok(self.full.into())
    }

    /// Makes the pieces one batch; a single piece is not copied.
    fn complete(&mut self) -> Result<()> {
        let pieces = std::mem::take(&mut self.pieces);
        (self.rows, self.bytes) = (0, 0);
        match pieces.as_slice() {
            [] => {}
            [one] => self.full.push_back(one.clone()),
            many => self.full.push_back(concat_batches(&self.schema, many).map_err(internal)?),
        }
        Ok(())
    }
}
