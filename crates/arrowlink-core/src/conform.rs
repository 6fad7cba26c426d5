//! Batches in the schema of the dataset that they are for, where only the representation of their values differs.
//!
//! What is read may come in plain types and be sent back, and libraries disagree about which form of text they write:
//! neither is another schema. Whether two schemas are the same is decided in [`schema_mismatch`].

use std::sync::Arc;

use arrow_array::{RecordBatch, RecordBatchOptions};
use arrow_schema::SchemaRef;
use futures::StreamExt as _;

use crate::schemas::{Nulls, retyped, same_fields, same_type};
use crate::{BatchStream, Error, ErrorKind, Plain, Result, schema_mismatch};

impl BatchStream {
    /// Gives each batch the `schema` of the dataset that it is for, as it comes.
    ///
    /// The schemas may differ in metadata, in what a plain type stands for (see [`Plain`]: views, run-end encoding), and in
    /// columns that are never null where the dataset's may be. Columns whose types are the same are passed on as they are.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use arrow_array::record_batch;
    /// use arrow_schema::{DataType, Field, Schema};
    /// use arrowlink_core::{BatchStream, ErrorKind};
    ///
    /// # futures::executor::block_on(async {
    /// let city = |data_type| Arc::new(Schema::new(vec![Field::new("city", data_type, true)]));
    /// let cities = || {
    ///     let batch = record_batch!(("city", Utf8, ["Lima", "Oslo"])).unwrap();
    ///     BatchStream::from_batches(batch.schema(), vec![batch])
    /// };
    /// let batches = cities().conformed(&city(DataType::Utf8View))?.collect_batches().await?;
    /// assert_eq!(batches[0].column(0).data_type(), &DataType::Utf8View);
    ///
    /// let error = cities().conformed(&city(DataType::Int64)).unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::SchemaMismatch);
    /// # Ok::<(), arrowlink_core::Error>(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// `SchemaMismatch` where the schemas differ in more, as [`schema_mismatch`] says it. The stream ends with
    /// `LimitExceeded` at a batch whose rows would take far more memory than they do.
    pub fn conformed(self, schema: &SchemaRef) -> Result<Self> {
        if self.schema() == schema {
            return Ok(self);
        }
        let conform = Conform::new(schema, self.schema())?;
        let batches = self.map_chunks(SchemaRef::clone(schema), move |chunks| {
            chunks.map(move |chunk| {
                let mut chunk = chunk?;
                chunk.batch = conform.apply(&chunk.batch)?;
                Ok(chunk)
            })
        });
        Ok(batches)
    }
}

/// How batches of one schema are given another.
#[derive(Debug)]
struct Conform {
    schema: SchemaRef,
    /// Makes those columns plain that are represented in another way.
    plain: Plain,
    /// Which these are: the others have the values, and nested fields that are told otherwise at most.
    represented: Vec<bool>,
}

impl Conform {
    /// Finds out how batches of `actual` become such of `expected`; an empty one is tried, so that the first may not fail.
    fn new(expected: &SchemaRef, actual: &SchemaRef) -> Result<Self> {
        let (target, plain) = (Plain::new(expected), Plain::new(actual));
        let refused = || schema_mismatch(expected, actual);
        if !same_fields(target.schema().fields(), plain.schema().fields(), Nulls::Fewer) {
            return Err(refused().unwrap_or_else(|| mismatch("the batches have another schema")));
        }
        let columns = expected.fields().iter().zip(actual.fields());
        let represented =
            columns.map(|(a, b)| !same_type(a.data_type(), b.data_type(), Nulls::Fewer)).collect();
        let conform = Self { schema: SchemaRef::clone(expected), plain, represented };
        let empty = RecordBatch::new_empty(SchemaRef::clone(actual));
        conform.apply(&empty).map_err(|error| refused().unwrap_or(error))?;
        Ok(conform)
    }

    fn apply(&self, batch: &RecordBatch) -> Result<RecordBatch> {
        let maker = self.plain.maker();
        let columns = batch.columns().iter().enumerate().zip(self.schema.fields()).zip(&self.represented);
        let columns = columns.map(|(((idx, column), field), is_represented)| match is_represented {
            true => retyped(&self.plain.column(&maker, idx, column)?, field),
            false => retyped(column, field),
        });
        let columns = columns.collect::<Result<Vec<_>>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        RecordBatch::try_new_with_options(Arc::clone(&self.schema), columns, &options)
            .map_err(|error| mismatch("the batch does not have its schema").with_source(error))
    }
}

fn mismatch(text: impl Into<String>) -> Error {
    Error::new(ErrorKind::SchemaMismatch, text)
}
