//! Reads the files of a snapshot one after the other and hands the rows on, one batch ahead at most.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use arrow_array::{RecordBatch, RecordBatchOptions};
use arrow_schema::SchemaRef;
use arrowlink_core::{Chunk, Error, Result};
use datafusion::execution::runtime_env::RuntimeEnv;
use futures::{FutureExt as _, StreamExt as _};
use tokio::sync::mpsc::Sender;

use crate::failure::{from_datafusion, internal, panicked};
use crate::inspect::Facts;
use crate::json::RowCheck;
use crate::one_file::OneFile;
use crate::place::Place;
use crate::plan::FileScan;
use crate::snapshot::Listing;
use crate::{FileFormat, FileOptions, csv};

/// The files of a dataset at one moment and what is known about them.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) listing: Arc<Listing>,
    pub(crate) format: FileFormat,
    pub(crate) schema: SchemaRef,
    pub(crate) facts: Vec<Arc<Facts>>,
}

impl Table {
    /// Returns how many rows there are, where every file says it.
    pub(crate) fn rows(&self) -> Option<u64> {
        self.facts.iter().map(|facts| facts.rows).sum()
    }
}

/// One read of a table.
#[derive(Debug)]
pub(crate) struct Scan {
    pub(crate) table: Table,
    pub(crate) options: Arc<FileOptions>,
    pub(crate) environment: Arc<RuntimeEnv>,
    /// The columns to return, in this order.
    pub(crate) projection: Option<Vec<usize>>,
    /// The schema of what is returned.
    pub(crate) schema: SchemaRef,
    /// Where to start.
    pub(crate) start: Place,
    /// How many rows to pass over from there.
    pub(crate) skip: u64,
    /// How many rows may still be returned.
    pub(crate) left: u64,
}

impl Scan {
    /// Reads to the end, the limit, the first error, or until nobody takes the rows any more.
    pub(crate) async fn run(mut self, chunks: Sender<Result<Chunk>>) {
        for index in 0..self.table.listing.files.len() {
            let Ok(number) = u32::try_from(index) else { return };
            if number < self.start.file || self.left == 0 {
                continue;
            }
            // A decoder that panics has met bytes it was not prepared for; this read ends, others do not notice.
            let read = AssertUnwindSafe(self.file(index, number, &chunks)).catch_unwind().await;
            let read = read.unwrap_or_else(|panic| {
                Err(Stop::Failed(panicked(&self.table.listing.files[index].name, panic.as_ref())))
            });
            match read {
                Ok(()) => {}
                Err(Stop::NobodyListens) => return,
                Err(Stop::Failed(error)) => {
                    // Nobody to tell is no error.
                    let _ = chunks.send(Err(error)).await;
                    return;
                }
            }
        }
    }

    async fn file(&mut self, index: usize, number: u32, chunks: &Sender<Result<Chunk>>) -> Result<(), Stop> {
        let first = if number == self.start.file { self.start.row } else { 0 };
        let facts = Arc::clone(&self.table.facts[index]);
        if let Some(rows) = facts.rows {
            let after = rows.saturating_sub(first);
            if self.skip >= after {
                self.skip -= after;
                return Ok(());
            }
        }
        let listing = Arc::clone(&self.table.listing);
        let stamp = &listing.files[index];
        let begin = first.saturating_add(self.skip);
        let file = Arc::new(OneFile::open(stamp, self.check())?);
        let mut columns = self.projection.clone();
        if let Some(columns) = &mut columns {
            columns.sort_unstable();
        }
        let scan = FileScan {
            stamp,
            facts: &facts,
            format: self.table.format,
            schema: &self.table.schema,
            options: &self.options,
            columns: columns.as_deref(),
            skip: begin,
            limit: None,
        };
        let mut row = if scan.skips_rows() { begin } else { 0 };
        let limit = self.left.checked_add(begin - row).and_then(|rows| usize::try_from(rows).ok());
        let mut batches = FileScan { limit, ..scan }.start(Arc::clone(&file), &self.environment)?;
        while self.left > 0 {
            let Some(batch) = batches.next().await else { break };
            let batch = match batch {
                Ok(batch) => batch,
                Err(error) => return Err(self.failed(&file, index, error).into()),
            };
            let rows = batch.num_rows() as u64;
            let passed = begin.saturating_sub(row).min(rows);
            let kept = (rows - passed).min(self.left);
            row += passed + kept;
            if kept == 0 {
                continue;
            }
            self.left -= kept;
            // Both are at most the rows of one batch, which are counted in `usize`.
            let batch = self.shaped(batch.slice(passed as usize, kept as usize), columns.as_deref())?;
            let place = Place { digest: listing.digest(), file: number, row };
            let chunk = Chunk::new(batch).with_position(place.encode());
            chunks.send(Ok(chunk)).await.map_err(|_| Stop::NobodyListens)?;
        }
        self.skip = begin.saturating_sub(row.max(first));
        Ok(file.verify()?)
    }

    fn check(&self) -> Option<Arc<RowCheck>> {
        (self.table.format == FileFormat::Json).then(|| {
            let inferred = self.options.schema.is_none();
            Arc::new(RowCheck::new(Arc::clone(&self.table.schema), inferred, self.options.max_row_bytes))
        })
    }

    fn failed(&self, file: &OneFile, index: usize, error: datafusion::error::DataFusionError) -> Error {
        if let Err(changed) = file.verify() {
            return changed;
        }
        let stamp = &self.table.listing.files[index];
        let error = from_datafusion(&stamp.name, error);
        match self.table.format {
            FileFormat::Csv => csv::located(error, stamp, &self.table.schema, &self.options),
            _ => error,
        }
    }

    /// Puts the columns of `batch`, which are those of `columns`, in the order that was asked for.
    fn shaped(&self, batch: RecordBatch, columns: Option<&[usize]>) -> Result<RecordBatch> {
        let arrays = match (&self.projection, columns) {
            (Some(projection), Some(columns)) => projection
                .iter()
                .filter_map(|column| columns.iter().position(|decoded| decoded == column))
                .map(|place| Arc::clone(batch.column(place)))
                .collect(),
            _ => batch.columns().to_vec(),
        };
        let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        RecordBatch::try_new_with_options(Arc::clone(&self.schema), arrays, &options)
            .map_err(|error| internal("a file was not decoded into its schema").with_source(error))
    }
}

/// Why a read ends before its last row.
enum Stop {
    NobodyListens,
    Failed(Error),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}
