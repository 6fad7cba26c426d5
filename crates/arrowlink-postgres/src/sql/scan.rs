//! The scan of a table: one statement of PostgreSQL, shown by `EXPLAIN`.

use std::fmt;
use std::sync::Arc;

use arrow_schema::SchemaRef;
use arrowlink_core::{CallContext, Chunk};
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{DataFusionError, Result, Statistics};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr};
use datafusion::physical_plan::coop::make_cooperative;
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType, SchedulingType};
use datafusion::physical_plan::statistics::StatisticsArgs;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, Partitioning, PlanProperties, ReplaceChildrenOptions,
};
use futures::{TryFutureExt as _, TryStreamExt as _};

use crate::PostgresDataset;
use crate::relation::Wanted;
use crate::table::{Column, Table};

/// Some columns of some rows of a table.
#[derive(Debug)]
pub(super) struct PostgresScan {
    dataset: PostgresDataset,
    ctx: CallContext,
    /// As it was when the statement was planned.
    table: Arc<Table>,
    columns: Vec<usize>,
    wanted: Wanted,
    statistics: Arc<Statistics>,
    properties: Arc<PlanProperties>,
}

impl PostgresScan {
    pub(super) fn new(
        dataset: PostgresDataset,
        ctx: CallContext,
        table: Arc<Table>,
        columns: Vec<usize>,
        wanted: Wanted,
        statistics: Statistics,
    ) -> Result<Self> {
        let schema: SchemaRef = Arc::new(table.schema.project(&columns)?);
        let properties = PlanProperties::new(
            EquivalenceProperties::new(schema),
            Partitioning::UnknownPartitioning(1),
            EmissionType::Incremental,
            Boundedness::Bounded,
        )
        .with_scheduling_type(SchedulingType::Cooperative);
        let (statistics, properties) = (Arc::new(statistics), Arc::new(properties));
        Ok(Self { dataset, ctx, table, columns, wanted, statistics, properties })
    }
}

impl DisplayAs for PostgresScan {
    fn fmt_as(&self, _format: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let columns: Vec<Column> =
            self.columns.iter().filter_map(|column| self.table.columns.get(*column)).cloned().collect();
        write!(f, "PostgresExec: {}", self.dataset.relation().select(&columns, &self.wanted))
    }
}

impl ExecutionPlan for PostgresScan {
    fn name(&self) -> &'static str {
        "PostgresExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        Vec::new()
    }

    fn replace_children(
        self: Arc<Self>,
        _children: Vec<Arc<dyn ExecutionPlan>>,
        _options: ReplaceChildrenOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(self)
    }

    fn with_new_children(
        self: Arc<Self>,
        _children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(self)
    }

    fn apply_expressions(
        &self,
        _visit: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn execute(&self, _partition: usize, _task: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let (dataset, ctx) = (self.dataset.clone(), self.ctx.clone());
        let (table, columns, wanted) = (Arc::clone(&self.table), self.columns.clone(), self.wanted.clone());
        let batches = async move { dataset.rows(&ctx, &table, &columns, &wanted).await }
            .try_flatten_stream()
            .map_ok(Chunk::into_batch)
            .map_err(|error| DataFusionError::External(Box::new(error)));
        Ok(make_cooperative(Box::pin(RecordBatchStreamAdapter::new(self.schema(), batches))))
    }

    fn statistics_from_inputs(
        &self,
        _inputs: &[Arc<Statistics>],
        _args: &StatisticsArgs,
    ) -> Result<Arc<Statistics>> {
        Ok(Arc::clone(&self.statistics))
    }
}
