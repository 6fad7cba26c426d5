//! The small tables and catalogs that many tests begin with.

use std::sync::Arc;

use arrow_array::{RecordBatch, record_batch};
use arrowlink_core::{BatchStream, Catalog, MemoryStore, Name, default_dataset};

/// Parses a name that is one.
pub fn name(text: &str) -> Name {
    text.parse().unwrap()
}

/// Makes three rows of `id` and `name`.
pub fn three_rows() -> RecordBatch {
    record_batch!(("id", Int64, [1, 2, 3]), ("name", Utf8, ["a", "b", "c"])).unwrap()
}

/// Makes a stream of one batch.
pub fn stream_of(batch: &RecordBatch) -> BatchStream {
    BatchStream::from_batches(batch.schema(), vec![batch.clone()])
}

/// Makes a catalog with the one-row default dataset as `default`, and uploads in memory.
pub fn catalog() -> Arc<Catalog> {
    let uploads = Arc::new(MemoryStore::new(1 << 30));
    Arc::new(Catalog::new().with_dataset(name("default"), Arc::new(default_dataset())).with_uploads(uploads))
}
