//! Plain types at the edge: views and run-end encoded columns are cast for clients that do not say that they take them.
//!
//! Datasets keep their own types. What a schema says and what its batches have changes together, however deep the types
//! are nested; what needs no change is passed on as it is, without a look at its rows.

mod array;
mod types;

use std::collections::VecDeque;
use std::sync::Arc;

use arrow_array::{RecordBatch, RecordBatchOptions};
use arrow_schema::{ArrowError, SchemaRef};
use arrowlink_core::{BatchStream, Chunk, Error, ErrorKind, Result};
use futures::stream::BoxStream;
use futures::{StreamExt as _, stream};

pub(crate) use types::plain_schema;

/// Casts every batch to the plain types of its schema.
///
/// Text of more than 2 GiB in one batch has no plain form; such a batch is cut in two, and its position and metadata go with the last piece.
pub(crate) fn plain(batches: BatchStream) -> BatchStream {
    let schema = plain_schema(batches.schema());
    if schema == *batches.schema() {
        return batches;
    }
    let to = Arc::clone(&schema);
    batches.map_chunks(schema, move |chunks| cast_all(chunks, to))
}

fn cast_all(
    chunks: BoxStream<'static, Result<Chunk>>,
    schema: SchemaRef,
) -> impl futures::Stream<Item = Result<Chunk>> + Send + 'static {
    let state = (chunks, VecDeque::new(), schema);
    stream::try_unfold(state, |(mut chunks, mut pending, schema)| async move {
        loop {
            let mut chunk: Chunk = match pending.pop_front() {
                Some(chunk) => chunk,
                None => match chunks.next().await.transpose()? {
                    Some(chunk) => chunk,
                    None => return Ok(None),
                },
            };
            match cast(&chunk.batch, &schema) {
                Ok(batch) => {
                    chunk.batch = batch;
                    return Ok(Some((chunk, (chunks, pending, schema))));
                }
                Err(Failure::TooLong) if chunk.batch.num_rows() > 1 => {
                    halves(chunk).into_iter().rev().for_each(|half| pending.push_front(half));
                }
                Err(failure) => return Err(failure.into()),
            }
        }
    })
}

/// Why a column has no plain form.
#[derive(Debug)]
enum Failure {
    /// Its text takes more than offsets of 32 bits can say.
    TooLong,
    Arrow(ArrowError),
}

impl From<ArrowError> for Failure {
    fn from(error: ArrowError) -> Self {
        Self::Arrow(error)
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::TooLong => Self::new(ErrorKind::LimitExceeded, TOO_LONG),
            Failure::Arrow(error) => {
                Self::new(ErrorKind::Internal, "a column has no plain form").with_source(error)
            }
        }
    }
}

fn cast(batch: &RecordBatch, schema: &SchemaRef) -> std::result::Result<RecordBatch, Failure> {
    let columns = batch
        .columns()
        .iter()
        .zip(schema.fields())
        .map(|(column, field)| array::plain(column, field.data_type()));
    let columns = columns.collect::<std::result::Result<Vec<_>, _>>()?;
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    Ok(RecordBatch::try_new_with_options(Arc::clone(schema), columns, &options)?)
}

fn halves(mut chunk: Chunk) -> [Chunk; 2] {
    let rows = chunk.batch.num_rows();
    let first = Chunk::new(chunk.batch.slice(0, rows / 2));
    chunk.batch = chunk.batch.slice(rows / 2, rows - rows / 2);
    [first, chunk]
}

const TOO_LONG: &str = "a row has more text or runs than a plain column takes: read it with the request metadata `arrowlink-views: keep`";
