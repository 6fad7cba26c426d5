//! What the footers of Parquet files say about their values, kept as long as the files stay as they are.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use arrow_schema::SchemaRef;
use arrowlink_core::{CallContext, Name, Result};
use datafusion::catalog::TableProvider;
use datafusion::common::Statistics;
use datafusion::common::stats::Precision;
use datafusion::datasource::physical_plan::parquet::metadata::DFParquetMetadata;
use datafusion::execution::cache::cache_manager::FileMetadataCache;
use futures::future::{BoxFuture, FutureExt as _};

use super::file_store::FileStore;
use super::file_table::FileTable;
use super::floats;
use super::rows::RowsOfFiles;
use super::service_table::ServiceTable;
use super::tables::SqlTable;
use super::types::SqlTypes;
use crate::one_file::OneFile;
use crate::snapshot::{Digest, FileStamp, Listing};
use crate::sql::failure::from_datafusion;
use crate::{FileDataset, FileFormat};

/// A dataset of files, and what is known of those that are Parquet.
#[derive(Debug)]
pub(crate) struct Files {
    dataset: Arc<FileDataset>,
    memory: Mutex<Memory>,
}

/// What is known of the files of one listing.
#[derive(Debug)]
pub(crate) struct Known {
    /// Of each file, in the order of the listing.
    pub(crate) files: Vec<Arc<Statistics>>,
    /// Of all of them.
    pub(crate) table: Arc<Statistics>,
}

/// What is kept between statements; nothing in it has to be.
#[derive(Debug, Default)]
struct Memory {
    /// Good as long as a file is what its stamp says.
    files: HashMap<PathBuf, (FileStamp, Arc<Statistics>)>,
    /// Of the listing that was seen last.
    last: Option<(Digest, Arc<Known>)>,
}

impl Files {
    pub(crate) fn new(dataset: Arc<FileDataset>) -> Self {
        Self { dataset, memory: Mutex::default() }
    }

    /// Returns the files as they are now as the table `name`: Parquet is read by DataFusion itself, what it cannot read
    /// rightly as everybody reads it.
    async fn current(&self, ctx: &CallContext, name: &Name) -> Result<Arc<dyn TableProvider>> {
        let table = self.dataset.current(ctx).await?;
        let types = SqlTypes::new(&table.schema);
        // Its reader makes something up for a field that has to have a value where the struct around it has none.
        let is_read_here = table.format == FileFormat::Parquet && !types.has_hidden_nulls();
        if !is_read_here || table.listing.files.is_empty() {
            let description = self.dataset.description(&table);
            let rows = Arc::new(RowsOfFiles { dataset: Arc::clone(&self.dataset), table });
            return Ok(Arc::new(ServiceTable::new(rows, ctx.clone(), name.clone(), description)));
        }
        let schema = Arc::clone(types.schema());
        let store = Arc::new(FileStore::new(&table.listing, table.storage.clone()));
        let footers = self.dataset.environment().cache_manager.get_file_metadata_cache();
        let known = self.known(&table.listing, &schema, &store, &footers).await?;
        Ok(Arc::new(FileTable { listing: table.listing, schema, store, known }))
    }

    /// Returns what is known of the files of `listing`, and looks into those that are new.
    async fn known(
        &self,
        listing: &Listing,
        schema: &SchemaRef,
        store: &FileStore,
        footers: &Arc<FileMetadataCache>,
    ) -> Result<Arc<Known>> {
        let last = self.with_memory(|memory| memory.last.clone());
        if let Some((_, known)) = last.filter(|(digest, _)| *digest == listing.digest()) {
            return Ok(known);
        }
        let mut files = Vec::with_capacity(listing.files.len());
        for stamp in &listing.files {
            files.push(self.of_file(stamp, schema, store, footers).await?);
        }
        let table =
            Statistics::try_merge_iter(files.iter().map(AsRef::as_ref), schema).map_err(from_datafusion)?;
        let known = Arc::new(Known { files, table: Arc::new(table) });
        self.with_memory(|memory| {
            memory.files = listing.files.iter().zip(&known.files).map(entry).collect();
            memory.last = Some((listing.digest(), Arc::clone(&known)));
        });
        Ok(known)
    }

    /// Returns what the footer of one file says.
    async fn of_file(
        &self,
        stamp: &FileStamp,
        schema: &SchemaRef,
        store: &FileStore,
        footers: &Arc<FileMetadataCache>,
    ) -> Result<Arc<Statistics>> {
        let known = self.with_memory(|memory| memory.files.get(&stamp.path).cloned());
        if let Some((_, known)) = known.filter(|(known, _)| known == stamp) {
            return Ok(known);
        }
        // Many files are looked into one after the other; others get their turn in between.
        tokio::task::yield_now().await;
        let meta = OneFile::place(stamp);
        let metadata = DFParquetMetadata::new(store, &meta)
            .with_file_metadata_cache(Some(Arc::clone(footers)))
            .fetch_metadata()
            .await
            .map_err(|error| crate::failure::from_datafusion(&stamp.name, error))?;
        let statistics = DFParquetMetadata::statistics_from_parquet_metadata(&metadata, schema)
            .unwrap_or_else(|_| Statistics::new_unknown(schema).with_num_rows(rows(&metadata)));
        Ok(Arc::new(floats::without_bounds(statistics, schema)))
    }

    /// Does `work` under the lock; what it finds is whole even where a thread panicked.
    fn with_memory<T>(&self, work: impl FnOnce(&mut Memory) -> T) -> T {
        work(&mut self.memory.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl SqlTable for Files {
    fn table<'a>(
        &'a self,
        ctx: &'a CallContext,
        name: &'a Name,
    ) -> BoxFuture<'a, Result<Arc<dyn TableProvider>>> {
        self.current(ctx, name).boxed()
    }
}

/// Pairs a file with what is known of it, for the memory.
fn entry((stamp, known): (&FileStamp, &Arc<Statistics>)) -> (PathBuf, (FileStamp, Arc<Statistics>)) {
    (stamp.path.clone(), (stamp.clone(), Arc::clone(known)))
}

/// Returns the number of rows, which every footer has.
fn rows(metadata: &parquet::file::metadata::ParquetMetaData) -> Precision<usize> {
    usize::try_from(metadata.file_metadata().num_rows()).map_or(Precision::Absent, Precision::Exact)
}
