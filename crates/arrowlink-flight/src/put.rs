//! `DoPut` to a dataset: acknowledged batch by batch, kept whole or not at all.

use std::sync::Arc;

use arrow_flight::PutResult;
use arrowlink_core::{BatchStream, DataService, Name, Result, WriteOptions};
use arrowlink_transport::{FlightCall, receipt_json};
use futures::stream::BoxStream;
use futures::{StreamExt as _, stream};

/// Writes `batches` to `name`.
pub(crate) async fn put(
    service: Arc<dyn DataService>,
    call: FlightCall,
    name: Name,
    batches: BatchStream,
) -> Result<BoxStream<'static, Result<PutResult>>> {
    let receipt = service.write(call.ctx, name, batches, WriteOptions::default()).await?;
    let result = PutResult { app_metadata: receipt_json(&receipt).into() };
    Ok(stream::iter([Ok(result)]).boxed())
}
