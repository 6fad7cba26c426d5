//! A dataset of the service as a table: whatever it is, it is read as everybody reads it.
//!
//! Projection and limit are pushed down, runs of parts become partitions, and its number of rows is a statistic. Filters stay
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
use super::types::SqlTypes;

/// One dataset of the service, as it was described when the statement was planned.
#[derive(Debug)]
pub(crate) struct ServiceTable {
    rows: Arc<dyn Rows>,
    ctx: CallContext,
    name: Name,
    description: Description,
    types: SqlTypes,
}

impl ServiceTable {
    pub(crate) fn new(rows: Arc<dyn Rows>, ctx: CallContext, name: Name, description: Description) -> Self {
        let types = SqlTypes::new(&description.schema);
        Self { rows, ctx, name, description, types }
    }

    /// Returns the schema of the dataset, whose types SQL may see otherwise.
    pub(crate) const fn own_schema(&self) -> &SchemaRef {
        self.types.own()
    }

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
        Arc::clone(self.types.schema())
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn statistics(&self) -> Option<Statistics> {
        Some(self.known())
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        _filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>, DataFusionError> {
        // The first rows are asked for in one piece: they are the same every time, and the other parts are not opened.
        let parts =
            if limit.is_some() { 0 } else { u32::try_from(self.description.parts.len()).unwrap_or(0) };
        let types = match projection {
            Some(columns) => SqlTypes::new(&Arc::new(self.description.schema.project(columns)?)),
            None => self.types.clone(),
        };
        let by_name = projection.filter(|_| self.has_distinct_names());
        let by_index = if by_name.is_none() { projection.cloned() } else { None };
        Ok(Arc::new(ServiceScan::new(
            Arc::clone(&self.rows),
            self.ctx.clone(),
            self.name.clone(),
            self.options(by_name, limit),
            parts,
            state.config().target_partitions(),
            by_index,
            types,
            self.known().project(projection),
        )))
    }
}
