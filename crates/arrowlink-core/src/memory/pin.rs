//! Batches that are kept to be sent many times, in a form in which sending copies nothing.

use arrow_array::{Array as _, RecordBatch};

use crate::Result;
use crate::size::{compact, has_views};

/// Copies `batch` where its buffers cannot be sent as they lie.
pub(super) fn sendable(batch: RecordBatch) -> Result<RecordBatch> {
    let is_slice = batch.columns().iter().any(|column| column.offset() > 0);
    // The buffers of views are sent whole even where only some of their bytes are pointed to.
    let views = batch.columns().iter().any(|column| has_views(column.data_type()));
    if is_slice || views { compact(&batch) } else { Ok(batch) }
}
