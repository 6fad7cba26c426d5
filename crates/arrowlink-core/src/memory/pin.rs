//! Batches that are kept to be sent many times, in a form in which sending copies nothing.

use arrow_array::{Array as _, RecordBatch};
use arrow_schema::DataType;

use crate::Result;
use crate::size::compact;

/// Copies `batch` where its buffers cannot be sent as they lie.
pub(super) fn sendable(batch: RecordBatch) -> Result<RecordBatch> {
    let is_slice = batch.columns().iter().any(|column| column.offset() > 0);
    if is_slice || has_views(&batch) { compact(&batch) } else { Ok(batch) }
}

/// Says whether there are views, whose buffers are sent whole even where only some of their bytes are pointed to.
fn has_views(batch: &RecordBatch) -> bool {
    let mut types = batch.columns().iter().map(|column| column.data_type());
    types.any(|data_type| matches!(data_type, DataType::Utf8View | DataType::BinaryView))
}
