//! What a server answers with until it is given data: one row.

use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, Int64Array, RecordBatch};
use arrow_schema::{DataType, Field, Schema};

use crate::MemoryDataset;

/// Makes the read-only dataset of one row, `id` = 1 (int64, not null) and `value` = 3.14 (float64, not null).
///
/// ```
/// let dataset = arrowlink_core::default_dataset();
/// assert_eq!(dataset.rows(), 1);
/// assert_eq!(dataset.schema().field(1).name(), "value");
/// ```
#[expect(clippy::expect_used, reason = "schema and columns stand side by side")]
#[expect(clippy::missing_panics_doc, reason = "schema and columns stand side by side")]
#[expect(clippy::approx_constant, reason = "the value of the demo, not the number of geometry")]
pub fn default_dataset() -> MemoryDataset {
    let schema = Arc::new(Schema::new(vec![
        Field::new("id", DataType::Int64, false),
        Field::new("value", DataType::Float64, false),
    ]));
    let columns: Vec<ArrayRef> =
        vec![Arc::new(Int64Array::from(vec![1])), Arc::new(Float64Array::from(vec![3.14]))];
    RecordBatch::try_new(Arc::clone(&schema), columns)
        .map_err(Into::into)
        .and_then(|batch| MemoryDataset::new(schema, vec![batch]).map_err(Box::<dyn std::error::Error>::from))
        .expect("schema and columns agree")
        .with_source("built in")
        .into_read_only("write to a name that is not served yet")
}
