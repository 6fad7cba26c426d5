//! A batch in runs of rows, so that encoding one of them neither takes long nor makes much.

use arrow_array::RecordBatch;
use arrowlink_core::batch_bytes;

/// Cuts `batch` into runs of rows that have about 1 MiB each, and 64 rows at least; the columns are not copied.
///
/// ```
/// use arrow_array::record_batch;
/// use arrowlink_formats::pieces;
///
/// let batch = record_batch!(("id", Int64, vec![7; 400_000])).unwrap();
/// let rows: Vec<_> = pieces(&batch).map(|piece| piece.num_rows()).collect();
/// assert!(rows.len() > 2);
/// assert_eq!(rows.iter().sum::<usize>(), 400_000);
/// ```
pub fn pieces(batch: &RecordBatch) -> impl Iterator<Item = RecordBatch> + Send + use<> {
    let (batch, rows) = (batch.clone(), batch.num_rows());
    let parts = batch_bytes(&batch).div_ceil(PIECE_BYTES).max(1);
    let step = rows.div_ceil(parts).max(LEAST_ROWS);
    // A batch without rows is one piece: some writers begin with it.
    (0..rows.max(1)).step_by(step).map(move |from| batch.slice(from, step.min(rows - from)))
}

/// How much a run has.
const PIECE_BYTES: usize = 1 << 20;
/// How many rows a run has at least: each costs something by itself.
const LEAST_ROWS: usize = 64;
