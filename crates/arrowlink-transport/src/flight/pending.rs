//! A batch that is to be sent, and how it is cut where its message would be too large.
//!
//! Cuts fall at multiples of 64 rows: there, bitmaps begin at a byte and fixed-width values need no copy, so that a piece
//! is as much a reference to the batch's memory as the whole was. Pieces are about equally large.

use std::collections::VecDeque;

use arrow_array::RecordBatch;
use arrow_schema::{DataType, Schema};
use arrowlink_core::{Error, compact};
use bytes::Bytes;

/// A batch, or a piece of one, with the metadata that goes with it.
#[derive(Debug)]
pub(super) struct Pending {
    pub(super) batch: RecordBatch,
    pub(super) metadata: Bytes,
}

impl Pending {
    /// Cuts a batch of more than one row whose message takes `bytes`, and puts the pieces before `others`.
    ///
    /// A piece of views would take its whole batch along, so that those are copied.
    pub(super) fn cut(
        self,
        bytes: usize,
        max_bytes: usize,
        mut others: VecDeque<Self>,
    ) -> Result<VecDeque<Self>, Error> {
        let Self { batch, mut metadata } = self;
        let rows = batch.num_rows();
        let rows_a_piece = rows_a_piece(rows, bytes, max_bytes);
        let has_views = has_views(batch.schema_ref());
        let mut pieces = VecDeque::with_capacity(rows.div_ceil(rows_a_piece) + others.len());
        for first in (0..rows).step_by(rows_a_piece) {
            let piece = batch.slice(first, rows_a_piece.min(rows - first));
            let piece = if has_views { compact(&piece)? } else { piece };
            pieces.push_back(Self { batch: piece, metadata: std::mem::take(&mut metadata) });
        }
        pieces.append(&mut others);
        Ok(pieces)
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

fn has_views(schema: &Schema) -> bool {
    schema.fields().iter().any(|field| is_view(field.data_type()))
}

fn is_view(data_type: &DataType) -> bool {
    match data_type {
        DataType::Utf8View | DataType::BinaryView | DataType::ListView(_) | DataType::LargeListView(_) => {
            true
        }
        DataType::List(field)
        | DataType::LargeList(field)
        | DataType::FixedSizeList(field, _)
        | DataType::Map(field, _)
        | DataType::RunEndEncoded(_, field) => is_view(field.data_type()),
        DataType::Struct(fields) => fields.iter().any(|field| is_view(field.data_type())),
        DataType::Union(fields, _) => fields.iter().any(|(_, field)| is_view(field.data_type())),
        _ => false,
    }
}

/// Eight bytes of a bitmap.
const ROWS_OF_A_CUT: usize = 64;
