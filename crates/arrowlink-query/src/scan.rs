//! Reads the files of a snapshot one after the other and hands the rows on, one batch ahead at most.
//!
//! What a file is decoded with is [`plan`](crate::plan)'s; here is which rows of which files are wanted, in which
//! order the columns go, and what an error means. A scan runs as one task: when its stream is dropped, the task is
//! ended.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use arrow_array::{RecordBatch, RecordBatchOptions};
use arrow_schema::SchemaRef;
use arrowlink_core::{Chunk, Error, Result};
use datafusion::error::DataFusionError;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::execution::runtime_env::RuntimeEnv;
use futures::{FutureExt as _, StreamExt as _};
use tokio::sync::mpsc::Sender;

use crate::failure::{corrupt, from_datafusion, panicked};
use crate::inspect::Facts;
use crate::json::RowCheck;
use crate::one_file::OneFile;
use crate::pieces::Piece;
use crate::place::Place;
use crate::plan::FileScan;
use crate::snapshot::FileStamp;
use crate::tables::Table;
use crate::{FileFormat, FileOptions, csv, damage};

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
    /// Where to start, which is in `piece`.
    pub(crate) start: Place,
    /// The run of rows that is read.
    pub(crate) piece: Piece,
    /// How many rows to pass over from there.
    pub(crate) skip: u64,
    /// How many rows may still be returned.
    pub(crate) left: u64,
}

impl Scan {
    /// Reads to the end, the limit, the first error, or until nobody takes the rows any more.
    ///
    /// Files are read one after the other, in the order of the listing. A panic in a decoder is an error of its file.
    pub(crate) async fn run(mut self, chunks: Sender<Result<Chunk>>) {
        let listing = Arc::clone(&self.table.listing);
        let facts = std::mem::take(&mut self.table.facts);
        for (number, (stamp, facts)) in (0..).zip(listing.files.iter().zip(&facts)) {
            let Some(rows) = self.rows_of(number, facts) else { continue };
            // A decoder that panics has met bytes it was not prepared for; this read ends, others do not notice.
            let read = AssertUnwindSafe(self.file(number, stamp, facts, rows, &chunks)).catch_unwind().await;
            match read.unwrap_or_else(|panic| Err(Stop::Failed(panicked(&stamp.name, panic.as_ref())))) {
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

    /// Returns which rows of the file are read; `None` where that is none.
    ///
    /// Files before the start, after the limit, or with no more rows than are to be skipped are not opened at all;
    /// the last needs a row count, which CSV does not have.
    fn rows_of(&mut self, number: u32, facts: &Facts) -> Option<Rows> {
        if number < self.start.file || number >= self.piece.files.end || self.left == 0 {
            return None;
        }
        let first = if number == self.start.file { self.start.row } else { 0 };
        let end = self.piece.rows.end.min(facts.rows.unwrap_or(u64::MAX));
        if facts.rows.is_some() {
            let after = end.saturating_sub(first);
            if self.skip >= after {
                self.skip -= after;
                return None;
            }
        }
        Some(Rows { first, begin: first.saturating_add(self.skip), end })
    }

    /// Hands on the rows of one file.
    ///
    /// The file is compared with the snapshot before the first and after the last row, so that what was returned was
    /// all of one state; otherwise the read ends with `SnapshotChanged`. Where the file ends before `rows.begin`, the
    /// rest is skipped in the next one.
    async fn file(
        &mut self,
        number: u32,
        stamp: &FileStamp,
        facts: &Facts,
        rows: Rows,
        chunks: &Sender<Result<Chunk>>,
    ) -> Result<(), Stop> {
        let file = Arc::new(OneFile::open(&self.table.storage, stamp)?.with_rows(self.check()));
        let columns = self.decoded_columns();
        let (mut row, mut batches) = self.batches(&file, stamp, facts, rows, columns.as_deref())?;
        while self.left > 0 && row < rows.end {
            // Nothing below waits while rows are passed over: others get their turn, and so does a cancellation.
            tokio::task::consume_budget().await;
            let Some(batch) = batches.next().await else { break };
            let batch = match batch {
                Ok(batch) => batch,
                Err(error) => return Err(self.failed(&file, stamp, row, error).await.into()),
            };
            let all = batch.num_rows() as u64;
            let passed = rows.begin.saturating_sub(row).min(all);
            let kept = (all - passed).min(self.left).min(rows.end - row - passed);
            row += passed + kept;
            self.left -= kept;
            if kept > 0 {
                // Both are at most the rows of one batch, which are counted in `usize`.
                let batch =
                    self.shaped(stamp, &batch.slice(passed as usize, kept as usize), columns.as_deref())?;
                let place = Place { digest: self.table.listing.digest(), file: number, row };
                let chunk = Chunk::new(batch).with_position(place.encode());
                chunks.send(Ok(chunk)).await.map_err(|_| Stop::NobodyListens)?;
            } else if chunks.is_closed() {
                return Err(Stop::NobodyListens);
            }
        }
        self.skip = rows.begin.saturating_sub(row.max(rows.first));
        Ok(file.verify().await?)
    }

    /// Starts decoding `file`; also returns which row the first batch begins with.
    fn batches(
        &self,
        file: &Arc<OneFile>,
        stamp: &FileStamp,
        facts: &Facts,
        rows: Rows,
        columns: Option<&[usize]>,
    ) -> Result<(u64, SendableRecordBatchStream)> {
        let Table { format, schema, .. } = &self.table;
        let mut scan = FileScan {
            stamp,
            facts,
            format: *format,
            schema,
            options: &self.options,
            columns,
            skip: rows.begin,
            limit: None,
        };
        let row = if scan.skips_rows() { rows.begin } else { 0 };
        let wanted = self.left.min(rows.end.saturating_sub(rows.begin));
        scan.limit = wanted.checked_add(rows.begin - row).and_then(|rows| usize::try_from(rows).ok());
        Ok((row, scan.start(Arc::clone(file), &self.environment)?))
    }

    /// Returns the columns to decode, in the order of the schema.
    ///
    /// Decoders return columns in the order of the schema, whatever order was asked for; [`shaped`](Self::shaped)
    /// puts it right.
    fn decoded_columns(&self) -> Option<Vec<usize>> {
        let mut columns = self.projection.clone()?;
        columns.sort_unstable();
        Some(columns)
    }

    /// Returns what rows of JSON must have.
    ///
    /// A row may have columns that the schema lacks, most often because the schema was `inferred`; the error then
    /// says that one can be given.
    fn check(&self) -> Option<Arc<RowCheck>> {
        (self.table.format == FileFormat::Json).then(|| {
            let inferred = self.options.schema.is_none();
            Arc::new(RowCheck::new(Arc::clone(&self.table.schema), inferred, self.options.max_row_bytes))
        })
    }

    /// Says what went wrong after the first `row` rows: that the file was changed, if it was, and else what is wrong
    /// with it.
    ///
    /// Bytes that change under a decoder look like damage, so that the file is compared first.
    async fn failed(&self, file: &OneFile, stamp: &FileStamp, row: u64, error: DataFusionError) -> Error {
        if let Err(changed) = file.verify().await {
            return changed;
        }
        let error = file.troubled(from_datafusion(&stamp.name, error));
        match self.table.format {
            FileFormat::Csv => csv::located(error, stamp, &self.table.schema, &self.options),
            FileFormat::Parquet => damage::located(error, file, stamp, row).await,
            FileFormat::Json | FileFormat::Arrow => error,
        }
    }

    /// Puts the columns of `batch`, which are those of `columns`, in the order that was asked for.
    ///
    /// A scan that decodes all columns has them in the right order already. The schema is that of the dataset, whose
    /// nullability may be wider than the file's.
    fn shaped(
        &self,
        stamp: &FileStamp,
        batch: &RecordBatch,
        columns: Option<&[usize]>,
    ) -> Result<RecordBatch> {
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
            .map_err(|error| corrupt(&stamp.name, "has rows that are not of its schema").with_source(error))
    }
}

/// Which rows of a file are read.
///
/// All are counted from the start of the file. `begin` is `first` plus what is still to be skipped.
#[derive(Clone, Copy, Debug)]
struct Rows {
    /// The first that belongs to the read.
    first: u64,
    /// The first that is returned, unless the file ends before it.
    begin: u64,
    /// The first that is not read any more.
    end: u64,
}

/// Why a read ends before its last row.
enum Stop {
    /// The stream was dropped: nothing is left to do and nobody is left to tell.
    NobodyListens,
    /// The error is the last thing that the stream returns.
    Failed(Error),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}
