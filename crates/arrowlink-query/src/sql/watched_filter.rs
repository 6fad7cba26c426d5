//! The condition of a join that asks, each time it is evaluated, whether the query goes on.
//!
//! A nested loop that finds nothing computes for as long as its tables are large, in one piece; its condition is the only
//! code in it that is not the engine's own.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, OnceLock};

use arrow_array::RecordBatch;
use arrow_schema::{DataType, FieldRef, Schema};
use datafusion::common::DataFusionError;
use datafusion::logical_expr::ColumnarValue;
use datafusion::physical_plan::PhysicalExpr;

use super::failure::travelling;
use super::interrupt::Interrupt;

/// Where a condition finds the interrupt of its query once that is executed.
pub(crate) type Place = Arc<OnceLock<Arc<Interrupt>>>;

/// A condition, and where it asks.
#[derive(Debug)]
pub(crate) struct WatchedFilter {
    condition: Arc<dyn PhysicalExpr>,
    place: Place,
}

impl WatchedFilter {
    /// Lets `condition` ask at `place`.
    pub(crate) fn new(condition: Arc<dyn PhysicalExpr>, place: Place) -> Self {
        Self { condition, place }
    }
}

impl PhysicalExpr for WatchedFilter {
    fn data_type(&self, schema: &Schema) -> Result<DataType, DataFusionError> {
        self.condition.data_type(schema)
    }

    fn nullable(&self, schema: &Schema) -> Result<bool, DataFusionError> {
        self.condition.nullable(schema)
    }

    fn return_field(&self, schema: &Schema) -> Result<FieldRef, DataFusionError> {
        self.condition.return_field(schema)
    }

    fn evaluate(&self, batch: &RecordBatch) -> Result<ColumnarValue, DataFusionError> {
        if let Some(interrupt) = self.place.get() {
            interrupt.check().map_err(travelling)?;
        }
        self.condition.evaluate(batch)
    }

    fn children(&self) -> Vec<&Arc<dyn PhysicalExpr>> {
        vec![&self.condition]
    }

    fn with_new_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn PhysicalExpr>>,
    ) -> Result<Arc<dyn PhysicalExpr>, DataFusionError> {
        let condition = children.into_iter().next().unwrap_or_else(|| Arc::clone(&self.condition));
        Ok(Arc::new(Self { condition, place: Arc::clone(&self.place) }))
    }

    fn fmt_sql(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.condition.fmt_sql(f)
    }
}

impl fmt::Display for WatchedFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.condition.fmt(f)
    }
}

impl PartialEq for WatchedFilter {
    fn eq(&self, other: &Self) -> bool {
        self.condition.eq(&other.condition)
    }
}

impl Eq for WatchedFilter {}

impl Hash for WatchedFilter {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.condition.hash(state);
    }
}
