//! Rows from `serde` structs and back, through `serde_arrow`.

use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::{FieldRef, Schema, SchemaRef};
use serde::{Deserialize, Serialize};
use serde_arrow::schema::{SchemaLike as _, TracingOptions};
use serde_arrow::{from_record_batch, to_record_batch};

use super::BatchBuilder;
use crate::{Error, ErrorKind, Result};

impl BatchBuilder {
    /// Appends one row for each of `records`, whose fields are found by the columns' names.
    ///
    /// # Errors
    ///
    /// `InvalidArgument` where a record does not fit the schema; the message has its row, the source what is wrong.
    /// The records before it have been appended then, itself and those after it have not.
    pub fn append_records<T: Serialize>(&mut self, records: &[T]) -> Result<()> {
        if let Ok(batch) = to_record_batch(self.schema.fields(), &records) {
            return self.append_batch(self.with_metadata(batch)?);
        }
        for record in records {
            let batch = to_record_batch(self.schema.fields(), &[record]).map_err(|error| {
                let text = format!("row {}: the record does not fit the schema", self.rows());
                Error::new(ErrorKind::InvalidArgument, text).with_source(ShortError::new(&error))
            })?;
            self.append_batch(self.with_metadata(batch)?)?;
        }
        Ok(())
    }

    /// Batches come from the fields alone.
    fn with_metadata(&self, batch: RecordBatch) -> Result<RecordBatch> {
        batch.with_schema(SchemaRef::clone(&self.schema)).map_err(crate::apply::internal)
    }
}

/// Finds the schema that records of `T` have: its fields by name, `Option` as nullable.
///
/// What Rust does not say has to be said by hand, with [`SchemaBuilder`](crate::SchemaBuilder): time zones, the size of
/// vectors, decimals, dictionaries. Text becomes `LargeUtf8`, a `Vec` a `LargeList`.
///
/// # Errors
///
/// `InvalidArgument` where the type alone does not say it (an enum with data, `serde_json::Value`).
///
/// ```
/// use arrow_schema::DataType;
/// use arrowlink_core::schema_of;
///
/// #[derive(serde::Deserialize)]
/// #[allow(dead_code)]
/// struct Reading {
///     sensor: u32,
///     celsius: Option<f64>,
/// }
///
/// let schema = schema_of::<Reading>()?;
/// assert_eq!(schema.field(0).data_type(), &DataType::UInt32);
/// assert!(schema.field(1).is_nullable());
/// # Ok::<(), arrowlink_core::Error>(())
/// ```
pub fn schema_of<'de, T: Deserialize<'de>>() -> Result<SchemaRef> {
    let fields = Vec::<FieldRef>::from_type::<T>(TracingOptions::default()).map_err(|error| {
        let text =
            format!("the type `{}` does not say its schema: build it by hand", std::any::type_name::<T>());
        Error::new(ErrorKind::InvalidArgument, text).with_source(ShortError::new(&error))
    })?;
    Ok(Arc::new(Schema::new(fields)))
}

/// Makes one batch of `records`, whose fields are found by the columns' names.
///
/// Text fits columns of times, decimals and dictionaries where it reads as one.
///
/// # Errors
///
/// `InvalidArgument` where a record does not fit the schema.
///
/// ```
/// use arrow_schema::DataType;
/// use arrowlink_core::{SchemaBuilder, from_records, to_records};
///
/// #[derive(Debug, PartialEq, serde::Serialize, serde::Deserialize)]
/// struct Reading {
///     sensor: u32,
///     celsius: Option<f64>,
/// }
///
/// let schema = SchemaBuilder::new()
///     .required("sensor", DataType::UInt32)
///     .optional("celsius", DataType::Float64)
///     .build()?;
/// let readings = [Reading { sensor: 1, celsius: Some(21.5) }, Reading { sensor: 2, celsius: None }];
/// let batch = from_records(schema, &readings)?;
/// assert_eq!(to_records::<Reading>(&batch)?, readings);
/// # Ok::<(), arrowlink_core::Error>(())
/// ```
pub fn from_records<T: Serialize>(schema: SchemaRef, records: &[T]) -> Result<RecordBatch> {
    let mut builder = BatchBuilder::new(SchemaRef::clone(&schema)).with_max_rows(usize::MAX);
    builder.append_records(records)?;
    Ok(builder.finish()?.pop().unwrap_or_else(|| RecordBatch::new_empty(schema)))
}

/// Returns the rows of `batch` as records, whose fields are found by the columns' names.
///
/// # Errors
///
/// `InvalidArgument` where a record has a field that is no column, or of another type.
///
/// ```
/// use arrow_array::record_batch;
/// use arrowlink_core::{ErrorKind, to_records};
///
/// #[derive(Debug, PartialEq, serde::Deserialize)]
/// struct Reading {
///     sensor: i64,
/// }
///
/// let batch = record_batch!(("sensor", Int64, [1]), ("unused", Int64, [2])).unwrap();
/// assert_eq!(to_records::<Reading>(&batch)?, [Reading { sensor: 1 }]);
///
/// let other = record_batch!(("celsius", Float64, [21.5])).unwrap();
/// assert_eq!(to_records::<Reading>(&other).unwrap_err().kind(), ErrorKind::InvalidArgument);
/// # Ok::<(), arrowlink_core::Error>(())
/// ```
pub fn to_records<'de, T: Deserialize<'de>>(batch: &'de RecordBatch) -> Result<Vec<T>> {
    from_record_batch(batch).map_err(|error| {
        let text = format!("the rows are no records of `{}`", std::any::type_name::<T>());
        Error::new(ErrorKind::InvalidArgument, text).with_source(ShortError::new(&error))
    })
}

/// What `serde_arrow` says, without its hint on backtraces.
#[derive(Debug)]
struct ShortError(String);

impl ShortError {
    fn new(error: &serde_arrow::Error) -> Self {
        Self(error.message().to_owned())
    }
}

impl std::fmt::Display for ShortError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ShortError {}
