//! One file as a DataFusion scan: one partition, nothing divided, nothing decoded into other types.
//!
//! This is what DataFusion's listing tables make of their files, one file at a time. The listing is our own, because
//! a read belongs to a snapshot; so every error belongs to one file, and no setting can change the order of the rows.
//!
//! It differs from [`scan`](crate::scan), which decides what is wanted of which file: here DataFusion is told how to
//! get it. View types, page indices and statistics are off, so that a batch has the types of the file and nothing is
//! read that no row needs.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_schema::SchemaRef;
use arrowlink_core::Result;
use datafusion::config::TableParquetOptions;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::parquet::{CachedParquetFileReaderFactory, ParquetRowSelection};
use datafusion::datasource::physical_plan::{
    ArrowSource, CsvSource, FileScanConfigBuilder, FileSource, JsonSource, ParquetSource,
};
use datafusion::datasource::source::DataSourceExec;
use datafusion::execution::object_store::{
    DefaultObjectStoreRegistry, ObjectStoreRegistry as _, ObjectStoreUrl,
};
use datafusion::execution::runtime_env::RuntimeEnv;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::object_store::ObjectStore;
use datafusion::physical_plan::ExecutionPlan as _;
use datafusion::prelude::SessionConfig;
use parquet::arrow::arrow_reader::{RowSelection, RowSelector};

use crate::csv::Dialect;
use crate::failure::from_datafusion;
use crate::inspect::Facts;
use crate::one_file::OneFile;
use crate::snapshot::FileStamp;
use crate::{FileFormat, FileOptions};

/// What is read of one file.
#[derive(Debug)]
pub(crate) struct FileScan<'a> {
    pub(crate) stamp: &'a FileStamp,
    /// What is known of the file: whether it is an IPC stream, and how many rows it has.
    pub(crate) facts: &'a Facts,
    pub(crate) format: FileFormat,
    /// The schema of the dataset, which the file is known to fit.
    pub(crate) schema: &'a SchemaRef,
    pub(crate) options: &'a FileOptions,
    /// Which columns are decoded, in ascending order; all where `None`.
    pub(crate) columns: Option<&'a [usize]>,
    /// How many rows are passed over; see [`skips_rows`](Self::skips_rows).
    pub(crate) skip: u64,
    /// How many rows are returned at most.
    pub(crate) limit: Option<usize>,
}

impl FileScan<'_> {
    /// Says whether the scan passes over `skip` rows by itself; where not, it begins at the first row.
    ///
    /// Only Parquet can, whose row groups say how many rows they have.
    pub(crate) fn skips_rows(&self) -> bool {
        self.format == FileFormat::Parquet && self.facts.rows.is_some()
    }

    /// Starts reading `file`, with the cache of footers that is `shared`.
    ///
    /// Each scan has a registry of stores of its own with nothing but its file in it.
    ///
    /// Fails where DataFusion refuses the plan; what is wrong with the file comes out of the stream.
    pub(crate) fn start(&self, file: Arc<OneFile>, shared: &RuntimeEnv) -> Result<SendableRecordBatchStream> {
        let failed = |error| from_datafusion(&self.stamp.name, error);
        let url = ObjectStoreUrl::local_filesystem();
        let columns = self.columns.map(<[usize]>::to_vec);
        let config = FileScanConfigBuilder::new(url.clone(), self.source(&file, shared))
            .with_file(self.partitioned(&file))
            .with_limit(self.limit)
            .with_batch_size(Some(self.batch_rows()))
            .with_preserve_order(true)
            .with_projection_indices(columns)
            .map_err(failed)?
            .build();
        let stores = DefaultObjectStoreRegistry::new();
        stores.register_store(url.as_ref(), file as Arc<dyn ObjectStore>);
        let environment = RuntimeEnv { object_store_registry: Arc::new(stores), ..shared.clone() };
        let plan = DataSourceExec::from_data_source(config);
        plan.execute(0, self.task(environment)).map_err(failed)
    }

    /// Returns the file as DataFusion knows it, with the rows to read where the format can pass over the others.
    fn partitioned(&self, file: &OneFile) -> PartitionedFile {
        let partitioned = PartitionedFile::from(file.meta());
        let rows = self.facts.rows.filter(|_| self.skip > 0 && self.skips_rows());
        let Some(rows) = rows.and_then(|rows| usize::try_from(rows).ok()) else { return partitioned };
        let skip = usize::try_from(self.skip).unwrap_or(rows).min(rows);
        let selection = RowSelection::from(vec![RowSelector::skip(skip), RowSelector::select(rows - skip)]);
        partitioned.with_extension(ParquetRowSelection::new(selection))
    }

    /// Returns the reader of the format.
    ///
    /// Types are those of the dataset's schema; nothing is guessed here again.
    fn source(&self, file: &Arc<OneFile>, shared: &RuntimeEnv) -> Arc<dyn FileSource> {
        let schema = Arc::clone(self.schema);
        match self.format {
            FileFormat::Parquet => {
                let footers = shared.cache_manager.get_file_metadata_cache();
                let file = Arc::clone(file) as Arc<dyn ObjectStore>;
                let mut options = TableParquetOptions::new();
                options.global.schema_force_view_types = false;
                options.global.skip_metadata = false;
                options.global.enable_page_index = false;
                let source = ParquetSource::new(schema)
                    .with_table_parquet_options(options)
                    .with_parquet_file_reader_factory(Arc::new(CachedParquetFileReaderFactory::new(
                        file, footers,
                    )));
                Arc::new(source)
            }
            FileFormat::Csv => {
                let dialect = Dialect::new(&self.options.csv, &self.stamp.path);
                Arc::new(CsvSource::new(schema).with_csv_options(dialect.for_datafusion()))
            }
            FileFormat::Json => Arc::new(JsonSource::new(schema)),
            FileFormat::Arrow if self.facts.is_stream => {
                Arc::new(ArrowSource::new_stream_file_source(schema))
            }
            FileFormat::Arrow => Arc::new(ArrowSource::new_file_source(schema)),
        }
    }

    /// Returns how many rows a batch has at most; DataFusion cuts those that have more.
    fn batch_rows(&self) -> usize {
        match self.format {
            FileFormat::Arrow => self.options.batch_rows.max(LARGEST_STORED_BATCH),
            _ => self.options.batch_rows,
        }
    }

    /// Returns what the scan runs in: one partition, and no statistics, which nothing here asks for.
    fn task(&self, environment: RuntimeEnv) -> Arc<TaskContext> {
        let config = SessionConfig::new()
            .with_target_partitions(1)
            .with_batch_size(self.batch_rows())
            .with_repartition_file_scans(false)
            .with_collect_statistics(false);
        Arc::new(TaskContext::new(
            None,
            String::new(),
            config,
            HashMap::new(),
            HashMap::new(),
            HashMap::new(),
            HashMap::new(),
            Arc::new(environment),
        ))
    }
}

/// Up to how many rows the batches of an Arrow IPC file stay as they are.
///
/// Smaller batches would be slices, and the offsets and bitmaps of a slice are copied when it is sent.
const LARGEST_STORED_BATCH: usize = 65_536;
