//! Parquet files as a table that DataFusion reads itself: filters and projections reach the row groups and pages.
//!
//! It differs from [`plan`](crate::plan), which reads one file at a time and keeps the order of the rows: here files and
//! row groups are read side by side. The listing is our own in both.

use std::sync::Arc;

use arrow_schema::SchemaRef;
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::{DataFusionError, Statistics};
use datafusion::config::TableParquetOptions;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::parquet::CachedParquetFileReaderFactory;
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfigBuilder, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType};
use datafusion::object_store::ObjectStore;
use datafusion::physical_plan::ExecutionPlan;

use super::file_statistics::Known;
use super::file_store::FileStore;
use super::named_source::NamedSource;
use crate::one_file::OneFile;
use crate::snapshot::Listing;

/// The Parquet files of a dataset, as they were when the statement was planned.
#[derive(Debug)]
pub(crate) struct FileTable {
    pub(crate) listing: Arc<Listing>,
    /// The columns as SQL has them.
    pub(crate) schema: SchemaRef,
    pub(crate) store: Arc<FileStore>,
    pub(crate) known: Arc<Known>,
}

impl FileTable {
    /// Returns the files in groups that are read side by side.
    ///
    /// Where only the first rows are wanted, they are those of the first files, read one after the other: it takes no
    /// longer, and they are the same every time.
    fn groups(&self, partitions: usize, first_rows: Option<usize>) -> Vec<FileGroup> {
        let files = self.listing.files.iter().zip(&self.known.files);
        let mut rows = 0_usize;
        let mut taken = Vec::with_capacity(self.listing.files.len());
        for (stamp, statistics) in files {
            if first_rows.is_some_and(|first| rows >= first) {
                break;
            }
            rows = rows.saturating_add(statistics.num_rows.get_value().copied().unwrap_or(0));
            taken.push(PartitionedFile::from(OneFile::place(stamp)).with_statistics(Arc::clone(statistics)));
        }
        let group = FileGroup::new(taken);
        if first_rows.is_some() { vec![group] } else { group.split_files(partitions.max(1)) }
    }

    /// Returns the reader, with the settings of the session.
    fn source(&self, state: &dyn Session) -> NamedSource {
        let footers = state.runtime_env().cache_manager.get_file_metadata_cache();
        let store = Arc::clone(&self.store) as Arc<dyn ObjectStore>;
        let mut options = TableParquetOptions::new();
        options.global = state.config_options().execution.parquet.clone();
        let source = ParquetSource::new(Arc::clone(&self.schema))
            .with_table_parquet_options(options)
            .with_parquet_file_reader_factory(Arc::new(CachedParquetFileReaderFactory::new(store, footers)));
        NamedSource::new(Arc::new(source), Arc::clone(&self.store))
    }
}

#[async_trait]
impl TableProvider for FileTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn statistics(&self) -> Option<Statistics> {
        Some(self.known.table.as_ref().clone())
    }

    /// Leaves every filter with DataFusion, which hands it to the scan as well.
    fn supports_filters_pushdown(
        &self,
        filters: &[&Expr],
    ) -> Result<Vec<TableProviderFilterPushDown>, DataFusionError> {
        Ok(vec![TableProviderFilterPushDown::Inexact; filters.len()])
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>, DataFusionError> {
        let first_rows = limit.filter(|_| filters.is_empty());
        let config =
            FileScanConfigBuilder::new(ObjectStoreUrl::local_filesystem(), Arc::new(self.source(state)))
                .with_file_groups(self.groups(state.config().target_partitions(), first_rows))
                .with_statistics(self.known.table.as_ref().clone())
                .with_projection_indices(projection.cloned())?
                .with_limit(limit)
                .build();
        Ok(DataSourceExec::from_data_source(config))
    }
}
