//! A batch that is to be sent, and how it is cut where its message would be too large.
//!
//! Cuts fall at multiples of 64 rows: there, bitmaps begin at a byte and fixed-width values need no copy, so that a piece
//! is as much a reference to the batch's memory as the whole was. Pieces are about equally large. Views and dense
//! unions are the exception: the rows of a slice refer to values that lie among those of the whole, and are copied.

use std::collections::VecDeque;

use arrow_array::RecordBatch;
use arrow_schema::{DataType, Schema, UnionMode};
use arrowlink_core::{Chunk, Error, compact};
use bytes::Bytes;

/// A batch, or a piece of one, with the metadata that goes with it.
#[derive(Debug)]
pub(super) struct Pending {
    pub(super) batch: RecordBatch,
    pub(super) metadata: Bytes,
    state: State,
}

/// How much a batch takes along.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Nobody knows: it is as it was given.
    Given,
    /// More than its rows need: it is a piece of views.
    Cut,
    /// What its rows need.
    Compact,
}

impl Pending {
    /// Returns the batch as it is to be sent.
    pub(super) fn prepared(self) -> Result<Self, Error> {
        if self.state == State::Cut { self.compacted() } else { Ok(self) }
    }

    /// Returns whether a copy may be smaller.
    pub(super) fn may_shrink(&self) -> bool {
        self.state != State::Compact && is_shared(self.batch.schema_ref())
    }

    /// Leaves out what no row refers to.
    pub(super) fn compacted(self) -> Result<Self, Error> {
        Ok(Self { batch: compact(&self.batch)?, state: State::Compact, ..self })
    }

    /// Cuts a batch of more than one row whose message takes `bytes`, and puts the pieces before `others`.
    pub(super) fn cut(self, bytes: usize, max_bytes: usize, mut others: VecDeque<Self>) -> VecDeque<Self> {
        let Self { batch, metadata, .. } = self;
        let rows = batch.num_rows();
        let rows_a_piece = rows_a_piece(rows, bytes, max_bytes);
        let state = if is_shared(batch.schema_ref()) { State::Cut } else { State::Compact };
        let mut pieces = VecDeque::with_capacity(rows.div_ceil(rows_a_piece) + others.len());
        for first in (0..rows).step_by(rows_a_piece) {
            let batch = batch.slice(first, rows_a_piece.min(rows - first));
            pieces.push_back(Self { batch, metadata: Bytes::new(), state });
        }
        if let Some(last) = pieces.back_mut() {
            last.metadata = metadata;
        }
        pieces.append(&mut others);
        pieces
    }
}

impl From<Chunk> for Pending {
    fn from(chunk: Chunk) -> Self {
        let Chunk { batch, metadata, .. } = chunk;
        Self { batch, metadata, state: State::Given }
    }
}

/// How many of `rows`, which take `bytes`, go into a piece: at least 1 and less than all.
fn rows_a_piece(rows: usize, bytes: usize, max_bytes: usize) -> usize {
    // What a message takes beside its rows is not known; a 64th is left for it.
    let room = (max_bytes - max_bytes / 64).max(1);
    let even = rows.div_ceil(bytes.div_ceil(room).max(2));
    let whole = even.next_multiple_of(ROWS_OF_A_CUT);
    if whole < rows && even >= ROWS_OF_A_CUT / 2 { whole } else { even }
}

/// Whether a slice takes all along that the rows of the whole refer to.
fn is_shared(schema: &Schema) -> bool {
    schema.fields().iter().any(|field| is_shared_type(field.data_type()))
}

fn is_shared_type(data_type: &DataType) -> bool {
    match data_type {
        DataType::Utf8View | DataType::BinaryView | DataType::ListView(_) | DataType::LargeListView(_) => {
            true
        }
        DataType::List(field)
        | DataType::LargeList(field)
        | DataType::FixedSizeList(field, _)
        | DataType::Map(field, _)
        | DataType::RunEndEncoded(_, field) => is_shared_type(field.data_type()),
        DataType::Struct(fields) => fields.iter().any(|field| is_shared_type(field.data_type())),
        DataType::Union(fields, mode) => {
            *mode == UnionMode::Dense || fields.iter().any(|(_, field)| is_shared_type(field.data_type()))
        }
        _ => false,
    }
}

/// Eight bytes of a bitmap.
const ROWS_OF_A_CUT: usize = 64;
