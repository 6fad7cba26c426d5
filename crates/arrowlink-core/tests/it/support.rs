//! What many topics need: batches of numbers, reads as one batch, and inputs that fail or never end.

use std::sync::Arc;

use arrow_array::cast::AsArray as _;
use arrow_array::types::Int64Type;
use arrow_array::{Int64Array, RecordBatch};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use arrowlink_core::{
    BatchStream, CallContext, Chunk, DataService, Error, ErrorKind, Name, ReadOptions, Result,
};
use futures::{StreamExt as _, stream};

/// One column, `id` int64 not null.
pub(crate) fn ids_schema() -> SchemaRef {
    Arc::new(Schema::new(vec![Field::new("id", DataType::Int64, false)]))
}

pub(crate) fn ids(ids: impl IntoIterator<Item = i64>) -> RecordBatch {
    RecordBatch::try_new(ids_schema(), vec![Arc::new(Int64Array::from_iter_values(ids))]).unwrap()
}

pub(crate) fn ids_stream(batches: impl IntoIterator<Item = RecordBatch>) -> BatchStream {
    BatchStream::from_batches(ids_schema(), batches.into_iter().collect())
}

/// An input that fails after its batches.
pub(crate) fn failing(batches: impl IntoIterator<Item = RecordBatch>) -> BatchStream {
    let good: Vec<_> = batches.into_iter().map(|batch| Ok(Chunk::new(batch))).collect();
    let bad = Err(Error::new(ErrorKind::Corrupt, "the input is torn"));
    BatchStream::new(ids_schema(), stream::iter(good.into_iter().chain([bad])))
}

/// An input that never ends after its batches.
pub(crate) fn endless(batches: impl IntoIterator<Item = RecordBatch>) -> BatchStream {
    let good: Vec<_> = batches.into_iter().map(|batch| Ok(Chunk::new(batch))).collect();
    BatchStream::new(ids_schema(), stream::iter(good).chain(stream::pending()))
}

/// The values of the column `id`, of all batches.
pub(crate) fn id_values(batches: &[RecordBatch]) -> Vec<i64> {
    batches.iter().flat_map(|batch| batch["id"].as_primitive::<Int64Type>().values().to_vec()).collect()
}

pub(crate) async fn read_ids(
    service: &dyn DataService,
    name: &str,
    options: ReadOptions,
) -> Result<Vec<i64>> {
    let stream = service.read(CallContext::new(), (&self::name(name)).into(), options).await?;
    Ok(id_values(&stream.collect_batches().await?))
}

pub(crate) fn name(text: &str) -> Name {
    Name::new(text).unwrap()
}
