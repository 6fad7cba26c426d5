//! The small tables and catalogs that many tests begin with.

use std::sync::Arc;

use arrow_array::types::Int32Type;
use arrow_array::{
    Array as _, ArrayRef, Int32Array, ListArray, RecordBatch, RunArray, StringArray, record_batch,
};
use arrow_buffer::OffsetBuffer;
use arrow_schema::Field;
use arrowlink_core::{BatchStream, Catalog, MemoryStore, Name, default_dataset};

/// Parses a name that is one.
pub fn name(text: &str) -> Name {
    text.parse().unwrap()
}

/// Makes three rows of `id` and `name`.
pub fn three_rows() -> RecordBatch {
    record_batch!(("id", Int64, [1, 2, 3]), ("name", Utf8, ["a", "b", "c"])).unwrap()
}

/// Makes one row in a few bytes that has no plain form: a list of more values than runs are taken apart to at a time.
pub fn endless_row() -> RecordBatch {
    let values = 20_000_000;
    let text = StringArray::from(vec!["x"]);
    let runs = RunArray::<Int32Type>::try_new(&Int32Array::from(vec![values]), &text).unwrap();
    let item = Arc::new(Field::new_list_field(runs.data_type().clone(), true));
    let list = ListArray::new(item, OffsetBuffer::new(vec![0, values].into()), Arc::new(runs), None);
    RecordBatch::try_from_iter([("list", Arc::new(list) as ArrayRef)]).unwrap()
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
