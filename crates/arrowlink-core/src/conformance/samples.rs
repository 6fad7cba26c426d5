//! The rows that the suite writes: every kind of column that each protocol must carry.
//!
//! Three batches of different sizes, with nulls and lists, so that a cut between rows falls within a batch and at
//! its ends. No dictionaries and views are read: a protocol may carry those as what they stand for.

use std::sync::Arc;

use arrow_array::{Array, ArrayRef, Int64Array, RecordBatch, StringArray};
use arrow_schema::{DataType, Field, Schema, SchemaRef, TimeUnit};

use crate::{BatchBuilder, Value, list_of, timestamp_in};

pub(super) fn schema() -> SchemaRef {
    Arc::new(Schema::new(vec![
        Field::new("id", DataType::Int64, false),
        Field::new("name", DataType::Utf8, true),
        Field::new("value", DataType::Float64, true),
        Field::new("valid", DataType::Boolean, false),
        Field::new("at", timestamp_in(TimeUnit::Microsecond, "UTC"), true),
        Field::new("tags", list_of(DataType::Int64), true),
    ]))
}

/// A schema that is not [`schema`], for rows that must be refused.
pub(super) fn other_schema() -> SchemaRef {
    Arc::new(Schema::new(vec![Field::new("id", DataType::Utf8, false)]))
}

/// Makes three batches of different sizes whose rows begin with `first`.
pub(super) fn batches(first: i64) -> Result<Vec<RecordBatch>, String> {
    [(0, 4), (4, 5), (5, 12)].into_iter().map(|(start, end)| batch(first + start, first + end)).collect()
}

fn batch(start: i64, end: i64) -> Result<RecordBatch, String> {
    let mut builder = BatchBuilder::new(schema());
    for id in start..end {
        let name = (id % 3 != 0).then(|| format!("name {id}"));
        let tags = (id % 4 != 0).then(|| (0..id % 3).map(Some).chain([None]).collect::<Vec<_>>());
        let row: (i64, _, _, _, _, _) =
            (id, name, (id % 5 != 0).then_some(0.5 * id as f64), id % 2 == 0, Value::Int(id.into()), tags);
        builder.append(row).map_err(|error| error.chain())?;
    }
    let batches = builder.finish().map_err(|error| error.chain())?;
    batches.into_iter().next().ok_or_else(|| "no rows were asked for".to_owned())
}

/// Makes six batches of 600 KiB each: more than one part, and parts of more than one batch.
pub(super) fn large_batches() -> Result<Vec<RecordBatch>, String> {
    let batch = |first: i64| {
        let ids: ArrayRef = Arc::new(Int64Array::from_iter_values(first..first + 4));
        let texts = (first..first + 4).map(|id| format!("{id:02}").repeat(LARGE_TEXT_BYTES / 2));
        let texts: ArrayRef = Arc::new(StringArray::from_iter_values(texts));
        RecordBatch::try_from_iter([("id", ids), ("text", texts)]).map_err(|error| error.to_string())
    };
    (0..6).map(|idx| batch(4 * idx)).collect()
}

/// Makes one batch that has [`other_schema`].
pub(super) fn other_batch() -> Result<RecordBatch, String> {
    let mut builder = BatchBuilder::new(other_schema());
    builder.append(["seven"]).map_err(|error| error.chain())?;
    let batches = builder.finish().map_err(|error| error.chain())?;
    batches.into_iter().next().ok_or_else(|| "a row makes a batch".to_owned())
}

/// Makes a batch of one column, `text`, of the type that `texts` has.
pub(super) fn texts(texts: impl Array + 'static, nullable: bool) -> Result<RecordBatch, String> {
    let field = Field::new("text", texts.data_type().clone(), nullable);
    let batch = RecordBatch::try_new(Arc::new(Schema::new(vec![field])), vec![Arc::new(texts)]);
    batch.map_err(|error| error.to_string())
}

const LARGE_TEXT_BYTES: usize = 150 << 10;
