//! A dataset of the service as a table: whatever it is, it is read as everybody reads it.
//!
//! Projection and limit are pushed down, parts become partitions, and its number of rows is a statistic. Filters stay
//! with DataFusion.

use std::collections::HashSet;
use std::sync::Arc;

use arrow_schema::SchemaRef;
use arrowlink_core::{CallContext, Description, Name, ReadOptions};
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::stats::Precision;
use datafusion::common::{DataFusionError, Statistics};
use datafusion::logical_expr::{Expr, TableType};
use datafusion::physical_plan::ExecutionPlan;

use super::rows::Rows;
use super::service_scan::ServiceScan;

/// One dataset of the service, as it was described when the statement was planned.
#[derive(Debug)]
pub(crate) struct ServiceTable {
    pub(crate) rows: Arc<dyn Rows>,
    pub(crate) ctx: CallContext,
    pub(crate) name: Name,
    pub(crate) description: Description,
}

impl ServiceTable {
    /// Returns how one read of all parts, or of one of them, is asked for.
    fn options(&self, projection: Option<&Vec<usize>>, limit: Option<usize>) -> ReadOptions {
        let mut options = ReadOptions::default();
        if let Some(columns) = projection {
            let fields = self.description.schema.fields();
            options = options.with_projection(
                columns.iter().filter_map(|column| fields.get(*column)).map(|field| field.name()),
            );
        }
        if let Some(limit) = limit {
            options = options.with_limit(limit as u64);
        }
        // Columns, parts and statistics are those of the state that was described.
        if let Some(snapshot) = &self.description.snapshot {
            options = options.with_snapshot(snapshot.clone());
        }
        options
    }

    /// Returns whether columns can be asked for by their names.
    fn has_distinct_names(&self) -> bool {
        let mut seen = HashSet::new();
        self.description.schema.fields().iter().all(|field| seen.insert(field.name()))
    }

    /// Returns the number of rows. It is exact where the rows are read as they were described.
    fn known(&self) -> Statistics {
        let mut statistics = Statistics::new_unknown(&self.description.schema);
        if let Some(rows) = self.description.rows.and_then(|rows| usize::try_from(rows).ok()) {
            let pinned = self.description.snapshot.is_some();
            statistics.num_rows = if pinned { Precision::Exact(rows) } else { Precision::Inexact(rows) };
        }
        statistics
    }
}

#[async_trait]
impl TableProvider for ServiceTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.description.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn statistics(&self) -> Option<Statistics> {
        Some(self.known())
    }

    async fn scan(
        &self,
        _state: &dyn Session,
        projection: Option<&Vec<usize>>,
        _filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>, DataFusionError> {
        // The first rows are asked for in one piece: they are the same every time, and the other parts are not opened.
        let parts =
            if limit.is_some() { 0 } else { u32::try_from(self.description.parts.len()).unwrap_or(0) };
        let schema = match projection {
            Some(columns) => Arc::new(self.description.schema.project(columns)?),
            None => Arc::clone(&self.description.schema),
        };
        let by_name = projection.filter(|_| self.has_distinct_names());
        let by_index = if by_name.is_none() { projection.cloned() } else { None };
        Ok(Arc::new(ServiceScan::new(
            Arc::clone(&self.rows),
            self.ctx.clone(),
            self.name.clone(),
            self.options(by_name, limit),
            parts,
            by_index,
            schema,
            self.known().project(projection),
        )))
    }
}
