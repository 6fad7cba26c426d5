//! The plan of one read through the service: its parts, side by side and one after the other.
//!
//! Every partition is a run of neighbouring parts, so that the order of all partitions is that of the rows.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::{ArrowError, SchemaRef};
use arrowlink_core::{CallContext, Name, ReadOptions};
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{DataFusionError, Statistics};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr};
use datafusion::physical_plan::coop::make_cooperative;
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType, SchedulingType};
use datafusion::physical_plan::statistics::StatisticsArgs;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, Partitioning, PlanProperties, ReplaceChildrenOptions,
};
use futures::future::ready;
use futures::{StreamExt as _, TryStreamExt as _, stream};

use super::rows::Rows;
use super::types::SqlTypes;
use crate::failure::changed;
use crate::sql::failure::travelling;

/// Reads a dataset through the service: a run of parts in each partition.
#[derive(Debug)]
pub(crate) struct ServiceScan {
    rows: Arc<dyn Rows>,
    ctx: CallContext,
    name: Name,
    options: ReadOptions,
    /// How many parts there are; 0 is the whole in one.
    parts: u32,
    /// How many of them, or of the whole, are read side by side.
    partitions: u32,
    /// The columns to take, where they cannot be asked for by name.
    columns: Option<Vec<usize>>,
    types: SqlTypes,
    statistics: Arc<Statistics>,
    properties: Arc<PlanProperties>,
}

impl ServiceScan {
    /// Plans a read of `parts`, of which no more than `most` are read at once.
    #[expect(clippy::too_many_arguments, reason = "each is another thing, and there is one caller")]
    pub(crate) fn new(
        rows: Arc<dyn Rows>,
        ctx: CallContext,
        name: Name,
        options: ReadOptions,
        parts: u32,
        most: usize,
        columns: Option<Vec<usize>>,
        types: SqlTypes,
        statistics: Statistics,
    ) -> Self {
        let partitions = parts.min(u32::try_from(most).unwrap_or(u32::MAX)).max(1);
        let properties = PlanProperties::new(
            EquivalenceProperties::new(Arc::clone(types.schema())),
            Partitioning::UnknownPartitioning(partitions as usize),
            EmissionType::Incremental,
            Boundedness::Bounded,
        )
        .with_scheduling_type(SchedulingType::Cooperative);
        Self {
            rows,
            ctx,
            name,
            options,
            parts,
            partitions,
            columns,
            types,
            statistics: Arc::new(statistics),
            properties: Arc::new(properties),
        }
    }

    /// Returns how the reads of one partition are asked for, in their order.
    fn reads(&self, partition: usize) -> Vec<ReadOptions> {
        if self.parts == 0 {
            return vec![self.options.clone()];
        }
        let run = run(self.parts, self.partitions, partition);
        run.map(|part| self.options.clone().with_part(part)).collect()
    }

    /// Returns the columns of the batch that are asked for; it fails where the dataset has other columns now.
    fn shaped(
        columns: Option<&[usize]>,
        schema: &SchemaRef,
        batch: RecordBatch,
    ) -> Result<RecordBatch, ArrowError> {
        let batch = match columns {
            Some(columns) => batch.project(columns)?,
            None => batch,
        };
        if batch.schema_ref() == schema { Ok(batch) } else { batch.with_schema(Arc::clone(schema)) }
    }
}

impl DisplayAs for ServiceScan {
    fn fmt_as(&self, _format: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DatasetExec: name={}, partitions={}", self.name, self.partitions)?;
        if self.parts > self.partitions {
            write!(f, ", parts={}", self.parts)?;
        }
        if let Some(columns) = &self.options.projection {
            write!(f, ", projection=[{}]", columns.join(", "))?;
        }
        match self.options.limit {
            Some(limit) => write!(f, ", limit={limit}"),
            None => Ok(()),
        }
    }
}

impl ExecutionPlan for ServiceScan {
    fn name(&self) -> &'static str {
        "DatasetExec"
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
    ) -> Result<Arc<dyn ExecutionPlan>, DataFusionError> {
        Ok(self)
    }

    fn with_new_children(
        self: Arc<Self>,
        _children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>, DataFusionError> {
        Ok(self)
    }

    fn apply_expressions(
        &self,
        _visit: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion, DataFusionError>,
    ) -> Result<TreeNodeRecursion, DataFusionError> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn execute(
        &self,
        partition: usize,
        _task: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream, DataFusionError> {
        let (rows, ctx, name) = (Arc::clone(&self.rows), self.ctx.clone(), self.name.clone());
        let (types, columns) = (self.types.clone(), self.columns.clone());
        let own = Arc::clone(types.own());
        // A part is opened when the one before it is read to its end.
        let batches = stream::iter(self.reads(partition))
            .then(move |options| {
                let (rows, ctx) = (Arc::clone(&rows), ctx.clone());
                async move { rows.read(ctx, options).await }
            })
            .try_flatten()
            .and_then(move |chunk| {
                let batch = Self::shaped(columns.as_deref(), &own, chunk.into_batch());
                ready(batch.map_err(|error| changed(name.as_str()).with_source(error)))
            })
            .map_ok(move |batch| stream::iter(types.apply(batch)))
            .try_flatten()
            .map_err(travelling);
        Ok(make_cooperative(Box::pin(RecordBatchStreamAdapter::new(self.schema(), batches))))
    }

    fn statistics_from_inputs(
        &self,
        _inputs: &[Arc<Statistics>],
        args: &StatisticsArgs,
    ) -> Result<Arc<Statistics>, DataFusionError> {
        match args.partition() {
            Some(_) if self.partitions > 1 => Ok(Arc::new(Statistics::new_unknown(&self.schema()))),
            _ => Ok(Arc::clone(&self.statistics)),
        }
    }
}

/// Returns the parts of one of `partitions`, which differ by one part at most.
fn run(parts: u32, partitions: u32, partition: usize) -> Range<u32> {
    let until = |partition: u64| {
        let until = u64::from(parts) * partition / u64::from(partitions.max(1));
        u32::try_from(until).unwrap_or(parts).min(parts)
    };
    let partition = partition as u64;
    until(partition)..until(partition.saturating_add(1))
}
