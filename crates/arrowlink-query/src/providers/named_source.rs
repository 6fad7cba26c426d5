//! A scan of files whose errors name the file.
//!
//! DataFusion decodes many files in one scan and says of damage only what it is. This stands around the reader of
//! Parquet, passes everything on, and looks at what comes back for each file.

use std::any::Any;
use std::fmt;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::ArrowError;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{DataFusionError, Result};
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::{FileOpener, FileScanConfig, FileSource};
use datafusion::datasource::table_schema::TableSchema;
use datafusion::object_store::ObjectStore;
use datafusion::physical_expr::projection::ProjectionExprs;
use datafusion::physical_expr::{EquivalenceProperties, LexOrdering, PhysicalExpr, PhysicalSortExpr};
use datafusion::physical_plan::filter_pushdown::{FilterPushdownPropagation, PushedDown};
use datafusion::physical_plan::metrics::ExecutionPlanMetricsSet;
use datafusion::physical_plan::{DisplayFormatType, SortOrderPushdownResult};
use datafusion_datasource::morsel::{Morsel, MorselPlan, MorselPlanner, Morselizer};
use futures::StreamExt as _;
use futures::stream::BoxStream;

use super::file_store::FileStore;
use super::floats;
use crate::failure::{from_datafusion, panicked};
use crate::sql::failure::travelling;

/// A reader of files that are in `store`, which knows what they are called.
pub(crate) struct NamedSource {
    inner: Arc<dyn FileSource>,
    store: Arc<FileStore>,
}

impl NamedSource {
    pub(crate) fn new(inner: Arc<dyn FileSource>, store: Arc<FileStore>) -> Self {
        Self { inner, store }
    }

    fn around(&self, inner: Arc<dyn FileSource>) -> Arc<dyn FileSource> {
        Arc::new(Self { inner, store: Arc::clone(&self.store) })
    }
}

impl FileSource for NamedSource {
    fn create_file_opener(
        &self,
        store: Arc<dyn ObjectStore>,
        config: &FileScanConfig,
        partition: usize,
    ) -> Result<Arc<dyn FileOpener>> {
        self.inner.create_file_opener(store, config, partition)
    }

    fn create_morselizer(
        &self,
        store: Arc<dyn ObjectStore>,
        config: &FileScanConfig,
        partition: usize,
    ) -> Result<Box<dyn Morselizer>> {
        let inner = self.inner.create_morselizer(store, config, partition)?;
        Ok(Box::new(NamedMorselizer { inner, store: Arc::clone(&self.store) }))
    }

    fn table_schema(&self) -> &TableSchema {
        self.inner.table_schema()
    }

    fn with_batch_size(&self, rows: usize) -> Arc<dyn FileSource> {
        self.around(self.inner.with_batch_size(rows))
    }

    fn filter(&self) -> Option<Arc<dyn PhysicalExpr>> {
        self.inner.filter()
    }

    fn projection(&self) -> Option<&ProjectionExprs> {
        self.inner.projection()
    }

    fn metrics(&self) -> &ExecutionPlanMetricsSet {
        self.inner.metrics()
    }

    fn file_type(&self) -> &str {
        self.inner.file_type()
    }

    fn fmt_extra(&self, format: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt_extra(format, f)
    }

    fn supports_repartitioning(&self) -> bool {
        self.inner.supports_repartitioning()
    }

    /// Divides the files; the scan that comes back still has this source.
    fn repartitioned(
        &self,
        partitions: usize,
        least_bytes: usize,
        order: Option<LexOrdering>,
        config: &FileScanConfig,
    ) -> Result<Option<FileScanConfig>> {
        self.inner.repartitioned(partitions, least_bytes, order, config)
    }

    fn try_pushdown_filters(
        &self,
        filters: Vec<Arc<dyn PhysicalExpr>>,
        config: &ConfigOptions,
    ) -> Result<FilterPushdownPropagation<Arc<dyn FileSource>>> {
        let schema = self.inner.table_schema().table_schema();
        let prunes: Vec<bool> = filters.iter().map(|filter| floats::may_prune(filter, schema)).collect();
        let pruning =
            filters.into_iter().zip(&prunes).filter_map(|(filter, prunes)| prunes.then_some(filter));
        let mut pushed = self.inner.try_pushdown_filters(pruning.collect(), config)?;
        let mut answers = pushed.filters.into_iter();
        let answers = prunes.into_iter().map(|prunes| prunes.then(|| answers.next()).flatten());
        pushed.filters = answers.map(|answer| answer.unwrap_or(PushedDown::No)).collect();
        pushed.updated_node = pushed.updated_node.map(|inner| self.around(inner));
        Ok(pushed)
    }

    fn try_pushdown_sort(
        &self,
        order: &[PhysicalSortExpr],
        properties: &EquivalenceProperties,
    ) -> Result<SortOrderPushdownResult<Arc<dyn FileSource>>> {
        Ok(self.inner.try_pushdown_sort(order, properties)?.map(|inner| self.around(inner)))
    }

    fn reorder_files(&self, files: Vec<PartitionedFile>) -> Vec<PartitionedFile> {
        self.inner.reorder_files(files)
    }

    fn try_pushdown_projection(&self, projection: &ProjectionExprs) -> Result<Option<Arc<dyn FileSource>>> {
        Ok(self.inner.try_pushdown_projection(projection)?.map(|inner| self.around(inner)))
    }

    fn apply_expressions(
        &self,
        visit: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        self.inner.apply_expressions(visit)
    }
}

/// Begins with one file after the other.
#[derive(Debug)]
struct NamedMorselizer {
    inner: Box<dyn Morselizer>,
    store: Arc<FileStore>,
}

impl Morselizer for NamedMorselizer {
    fn plan_file(&self, file: PartitionedFile) -> Result<Box<dyn MorselPlanner>> {
        let name: Arc<str> = self.store.name(&file.object_meta.location).into();
        match self.inner.plan_file(file) {
            Ok(inner) => Ok(Box::new(NamedPlanner { inner, name })),
            Err(error) => Err(named(&name, error)),
        }
    }
}

/// Finds out what of a file is read.
#[derive(Debug)]
struct NamedPlanner {
    inner: Box<dyn MorselPlanner>,
    name: Arc<str>,
}

impl NamedPlanner {
    fn around(inner: Box<dyn MorselPlanner>, name: &Arc<str>) -> Box<dyn MorselPlanner> {
        Box::new(Self { inner, name: Arc::clone(name) })
    }
}

impl MorselPlanner for NamedPlanner {
    fn plan(self: Box<Self>) -> Result<Option<MorselPlan>> {
        let Self { inner, name } = *self;
        // A decoder that panics on a footer has met bytes that it was not prepared for.
        let planned = std::panic::catch_unwind(AssertUnwindSafe(|| inner.plan()));
        let planned = planned.unwrap_or_else(|panic| Err(broken(&name, panic.as_ref())));
        let Some(mut plan) = planned.map_err(|error| named(&name, error))? else { return Ok(None) };
        let morsels = plan.take_morsels().into_iter();
        let morsels =
            morsels.map(|inner| Box::new(NamedMorsel { inner, name: Arc::clone(&name) }) as Box<dyn Morsel>);
        let planners = plan.take_ready_planners().into_iter().map(|inner| Self::around(inner, &name));
        let named_plan = MorselPlan::new().with_morsels(morsels.collect()).with_planners(planners.collect());
        Ok(Some(match plan.take_pending_planner() {
            None => named_plan,
            Some(pending) => named_plan.with_pending_planner(async move {
                match pending.await {
                    Ok(inner) => Ok(Self::around(inner, &name)),
                    Err(error) => Err(named(&name, error)),
                }
            }),
        }))
    }
}

/// Decodes a run of rows of a file.
#[derive(Debug)]
struct NamedMorsel {
    inner: Box<dyn Morsel>,
    name: Arc<str>,
}

impl Morsel for NamedMorsel {
    fn into_stream(self: Box<Self>) -> BoxStream<'static, Result<RecordBatch>> {
        let Self { inner, name } = *self;
        let batches = AssertUnwindSafe(inner.into_stream()).catch_unwind();
        batches
            .map(move |batch| match batch {
                Ok(batch) => batch.map_err(|error| named(&name, error)),
                Err(panic) => Err(broken(&name, panic.as_ref())),
            })
            .boxed()
    }
}

/// Names the file in an error that is about it, and leaves others alone: a scan computes with the rows too.
fn named(name: &str, error: DataFusionError) -> DataFusionError {
    if is_of_file(&error) { travelling(from_datafusion(name, error)) } else { error }
}

/// Makes a panic an error of the file.
fn broken(name: &str, panic: &(dyn Any + Send)) -> DataFusionError {
    travelling(panicked(name, panic))
}

/// Returns whether the error came of reading and not of computing.
fn is_of_file(error: &DataFusionError) -> bool {
    match error {
        DataFusionError::ParquetError(_) | DataFusionError::ObjectStore(_) | DataFusionError::IoError(_) => {
            true
        }
        DataFusionError::ArrowError(error, _) => matches!(
            error.as_ref(),
            ArrowError::ParquetError(_)
                | ArrowError::IpcError(_)
                | ArrowError::IoError(..)
                | ArrowError::ExternalError(_)
        ),
        DataFusionError::Context(_, error) => is_of_file(error),
        DataFusionError::Shared(error) => is_of_file(error),
        _ => false,
    }
}
