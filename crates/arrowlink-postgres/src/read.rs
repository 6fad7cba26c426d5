//! Rows as they come: a stream of `COPY`, decoded into batches as they are asked for.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;

use arrow_array::{RecordBatch, RecordBatchOptions};
use arrow_schema::{Schema, SchemaRef};
use arrowlink_core::{Chunk, Error, ErrorKind, Result};
use bytes::Bytes;
use futures::StreamExt as _;
use futures::stream::{self, BoxStream};
use tokio_postgres::CopyOutStream;

use crate::copy::{self, Step};
use crate::decode::{self, Decode, Fault};
use crate::failure::{failed, internal, malformed};
use crate::pool::Lease;
use crate::relation::{Relation, Wanted};
use crate::table::Column;

/// Starts to read `columns` of the rows of `relation` that are `wanted`; the columns are those of this transaction.
///
/// Dropping the stream stops the statement in the database.
pub(crate) async fn read(
    mut lease: Lease,
    relation: &Relation,
    columns: Vec<Column>,
    wanted: &Wanted,
    place: String,
) -> Result<BoxStream<'static, Result<Chunk>>> {
    let statement = relation.copy(&columns, wanted);
    let rows = lease.drive(|client| client.copy_out(&statement)).await;
    let rows = Box::pin(rows.map_err(|error| failed(&place, error))?);
    let schema = Arc::new(Schema::new(columns.iter().map(Column::field).collect::<Vec<_>>()));
    let values = columns.iter().map(|column| decode::column(&column.kind)).collect();
    let reading = Reading {
        rows,
        lease,
        message: Bytes::new(),
        has_header: false,
        is_over: false,
        batch: Batch { schema, columns, values, place, rows: 0, bytes: 0, rows_before: 0 },
    };
    let batches = stream::try_unfold(Some(reading), |reading| async move {
        let Some(mut reading) = reading else { return Ok(None) };
        let batch = reading.next().await?;
        if reading.is_over {
            reading.lease.end().await?;
            return Ok(batch.map(|batch| (Chunk::new(batch), None)));
        }
        Ok(batch.map(|batch| (Chunk::new(batch), Some(reading))))
    });
    Ok(batches.boxed())
}

/// A read that is under way.
struct Reading {
    /// Before the connection that it comes over: it is dropped first.
    rows: Pin<Box<CopyOutStream>>,
    lease: Lease,
    /// What is left of the last message.
    message: Bytes,
    has_header: bool,
    is_over: bool,
    batch: Batch,
}

impl Reading {
    /// Collects the next batch; `None` where no rows are left.
    async fn next(&mut self) -> Result<Option<RecordBatch>> {
        while !self.batch.is_full() {
            match copy::step(&mut self.message).map_err(|fault| self.batch.broken(fault))? {
                Step::Row(fields) => self.batch.row(fields, &mut self.message)?,
                Step::Nothing => self.message = self.receive().await?,
                Step::End => {
                    // The end of the rows is followed by that of the statement.
                    while self.message().await?.is_some() {}
                    self.is_over = true;
                    break;
                }
            }
        }
        if self.batch.rows == 0 { Ok(None) } else { self.batch.finish().map(Some) }
    }

    /// Waits for the next message and takes off what stands before the first row.
    async fn receive(&mut self) -> Result<Bytes> {
        let message = self.message().await?;
        let mut message = message.ok_or_else(|| malformed(&self.batch.place, "its rows end too early"))?;
        if !self.has_header {
            copy::header(&mut message).map_err(|fault| self.batch.broken(fault))?;
            self.has_header = true;
        }
        Ok(message)
    }

    async fn message(&mut self) -> Result<Option<Bytes>> {
        let Self { rows, lease, .. } = self;
        let session = lease.session();
        let message = poll_fn(|cx| session.poll_with(cx, |cx| rows.poll_next_unpin(cx))).await;
        message.transpose().map_err(|error| failed(&self.batch.place, error))
    }
}

/// The rows that are collected for the next batch.
struct Batch {
    schema: SchemaRef,
    columns: Vec<Column>,
    values: Vec<Box<dyn Decode>>,
    place: String,
    rows: usize,
    bytes: usize,
    /// How many rows the batches before had.
    rows_before: u64,
}

impl Batch {
    const fn is_full(&self) -> bool {
        self.rows >= MOST_ROWS || self.bytes >= ENOUGH_BYTES
    }

    /// Adds the row that `message` begins with.
    fn row(&mut self, fields: usize, message: &mut Bytes) -> Result<()> {
        if fields != self.columns.len() {
            return Err(self.broken(Fault::Malformed));
        }
        let mut rest: &[u8] = message;
        for idx in 0..fields {
            let value = copy::field(&mut rest).map_err(|fault| self.broken(fault))?;
            self.value(idx, value)?;
        }
        let taken = message.len() - rest.len();
        self.bytes += taken;
        self.rows += 1;
        drop(message.split_to(taken));
        Ok(())
    }

    fn value(&mut self, idx: usize, value: Option<&[u8]>) -> Result<()> {
        let (Some(column), Some(values)) = (self.columns.get(idx), self.values.get_mut(idx)) else {
            return Err(internal("a row has more fields than there are columns"));
        };
        if value.is_none() && !column.is_nullable {
            let row = self.rows_before + self.rows as u64 + 1;
            let text = format!("column `{}` is `NOT NULL`, and row {row} is null in it", column.name);
            return Err(malformed(&self.place, text));
        }
        match values.append(value) {
            Ok(()) => Ok(()),
            Err(Fault::Malformed) => {
                let text = format!("a value of column `{}` is not what its type says", column.name);
                Err(malformed(&self.place, text))
            }
            Err(Fault::Unfit(what)) => {
                let row = self.rows_before + self.rows as u64 + 1;
                let text = format!(
                    "`{}`: column `{}`, row {row} of the read: Arrow has no place for {what}; leave such rows out, or \
                     read what they shall become by the key `query`",
                    self.place, column.name
                );
                Err(Error::new(ErrorKind::Unsupported, text))
            }
        }
    }

    fn finish(&mut self) -> Result<RecordBatch> {
        let columns = self.values.iter_mut().map(|values| values.finish()).collect();
        let options = RecordBatchOptions::new().with_row_count(Some(self.rows));
        self.rows_before += self.rows as u64;
        (self.rows, self.bytes) = (0, 0);
        RecordBatch::try_new_with_options(Arc::clone(&self.schema), columns, &options)
            .map_err(|error| internal("a batch is not of its schema").with_source(error))
    }

    fn broken(&self, _fault: Fault) -> Error {
        malformed(&self.place, "its rows are not in the format of `COPY`")
    }
}

/// The rows of a batch: some hundred kilobytes of most tables.
const MOST_ROWS: usize = 8192;
/// A batch of wide rows ends with the row that reaches this.
const ENOUGH_BYTES: usize = 4 << 20;
