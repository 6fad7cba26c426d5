//! Cutting batches between rows, once, so that each fits a message.

use arrow_array::RecordBatch;

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
        let whole = pieces.pop().map(without_waste).transpose()?;
        pieces.extend(whole);
        return Ok(());
    }
    for piece in pieces.iter_mut().skip(first) {
        *piece = compact(piece)?;
    }
    Ok(())
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
const FRAMING_BYTES: usize = 1024;
