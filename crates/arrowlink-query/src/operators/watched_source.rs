//! A source that asks, after each batch, whether the query goes on.
//!
//! Every task of a query reads a source or waits for one that does: so all of them end, also those that are not told to
//! pause, and the turn of the query is kept for as long as one of them reads.

use std::sync::Arc;

use datafusion::common::DataFusionError;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use futures::StreamExt as _;

use super::around::Begin;
use super::interrupt::Interrupt;
use crate::sql::failure::travelling;

/// Passes on what its input has, for as long as somebody waits.
#[derive(Debug)]
pub(crate) struct WatchedSource;

impl Begin for WatchedSource {
    const NAME: &'static str = "WatchedExec";

    fn anew(&self) -> Self {
        Self
    }

    fn begin(
        &self,
        input: &Arc<dyn ExecutionPlan>,
        partition: usize,
        context: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream, DataFusionError> {
        let interrupt = Interrupt::of(&context);
        let rows = input.execute(partition, context)?;
        let Some(interrupt) = interrupt else { return Ok(rows) };
        let schema = rows.schema();
        let rows = rows.map(move |batch| interrupt.check().map_err(travelling).and(batch));
        Ok(Box::pin(RecordBatchStreamAdapter::new(schema, rows)))
    }
}
