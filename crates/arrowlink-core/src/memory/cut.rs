//! Cutting batches between rows, once, so that each fits a message.
//!
//! The measure is a bound from above: padding, the descriptions of all buffers, views as if they travelled as they
//! are and dictionaries as if each payload had all it needs. What is cut is copied, because the offsets and
//! bitmaps of a slice would otherwise be copied again by every send.

use arrow_array::{Array as _, RecordBatch};
use arrow_schema::DataType;

use crate::Result;
use crate::size::{batch_bytes, compact, schema_bytes, without_waste};

/// The longest message, framing included, that every gRPC client takes without being told: 4 MiB.
pub const MAX_DEFAULT_MESSAGE_BYTES: usize = 4_194_304;

/// Adds `batch` to `pieces`, in as many parts as it takes for each to fit.
pub(super) fn into_messages(batch: RecordBatch, pieces: &mut Vec<RecordBatch>) -> Result<()> {
    let room = MAX_DEFAULT_MESSAGE_BYTES.saturating_sub(FRAMING_BYTES + schema_bytes(batch.schema_ref()));
    let first = pieces.len();
    cut(batch, room, pieces);
    if pieces.len() == first + 1 {
        // Nothing was cut.
        let whole =
            pieces.pop().map(|whole| if has_views(&whole) { compact(&whole) } else { without_waste(whole) });
        pieces.extend(whole.transpose()?);
        return Ok(());
    }
    for piece in pieces.iter_mut().skip(first) {
        *piece = compact(piece)?;
    }
    Ok(())
}

/// Says whether there are views, whose buffers are sent whole even where only some of their bytes are pointed to.
fn has_views(batch: &RecordBatch) -> bool {
    let mut types = batch.columns().iter().map(|column| column.data_type());
    types.any(|data_type| matches!(data_type, DataType::Utf8View | DataType::BinaryView))
}

/// Cuts evenly by the bytes of the whole, and again what is still too large.
fn cut(batch: RecordBatch, room: usize, pieces: &mut Vec<RecordBatch>) {
    let bytes = batch_bytes(&batch);
    let rows = batch.num_rows();
    if bytes <= room || rows <= 1 {
        pieces.push(batch);
        return;
    }
    let parts = bytes.div_ceil(room.max(1)).clamp(2, rows);
    let step = rows.div_ceil(parts);
    for start in (0..rows).step_by(step) {
        cut(batch.slice(start, step.min(rows - start)), room, pieces);
    }
}

/// What a payload has around schema and batch: the fields and lengths of gRPC, protobuf and Arrow IPC.
///
/// It is rounded up: what is missing here would make a message too large, what is too much makes it a little smaller.
const FRAMING_BYTES: usize = 1024;
