//! Building record batches from rows, from columns and from `serde` structs, batch by batch as they fill up.

mod cells;
mod columns;
mod dictionary;
mod nested;
mod numbers;
mod other;
mod pending;
mod records;
mod texts;
mod times;

use arrow_array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow_schema::SchemaRef;

use cells::{Cells, Mismatch};
use pending::Pending;

use crate::apply::internal;
use crate::schemas::retold;
use crate::{Error, ErrorKind, IntoRow, Result};

pub use columns::Columns;
pub use records::{from_records, schema_of, to_records};

/// Takes rows in any of three ways and gives out record batches of one schema, in the order of what was appended.
///
/// - [`append`](Self::append): one row of values;
/// - [`columns`](Self::columns): many rows, column by column, from arrays or iterators;
/// - [`append_records`](Self::append_records): many rows from `serde` structs.
///
/// What does not fit the schema is refused with the row, the column, what was expected and what was got, and leaves
/// no trace: rows that were appended before stay. A batch is ready as soon as it has
/// [`max_rows`](Self::with_max_rows) rows or [`max_bytes`](Self::with_max_bytes) bytes.
///
/// ```
/// use arrow_schema::DataType;
/// use arrowlink_core::{BatchBuilder, SchemaBuilder};
///
/// let schema = SchemaBuilder::new()
///     .required("id", DataType::Int64)
///     .optional("name", DataType::Utf8)
///     .optional("score", DataType::Float64)
///     .build()?;
/// let mut builder = BatchBuilder::new(schema).with_max_rows(2);
/// builder.append((1, "ada", 0.5))?;
/// builder.append((2, None::<&str>, 1.5))?;
///
/// let error = builder.append((3, "grace", "high")).unwrap_err();
/// assert_eq!(error.message(), "row 2, column `score`: expected Float64, got \"high\"");
///
/// builder.append((3, "grace", 2.5))?;
/// let rows: Vec<_> = builder.finish()?.iter().map(|batch| batch.num_rows()).collect();
/// assert_eq!(rows, [2, 1]);
/// # Ok::<(), arrowlink_core::Error>(())
/// ```
#[derive(Debug)]
pub struct BatchBuilder {
    schema: SchemaRef,
    cells: Vec<Cells>,
    /// How many rows the cells have.
    rows: usize,
    /// How many rows went before those in the cells.
    earlier_rows: u64,
    pending: Pending,
}

impl BatchBuilder {
    /// How many rows a batch has that was not told: 65,536.
    pub const DEFAULT_MAX_ROWS: usize = 65_536;

    /// Begins batches of `schema`.
    pub fn new(schema: SchemaRef) -> Self {
        let cells = schema.fields().iter().map(|field| Cells::new(field)).collect();
        let pending = Pending::new(SchemaRef::clone(&schema), Self::DEFAULT_MAX_ROWS);
        Self { schema, cells, rows: 0, earlier_rows: 0, pending }
    }

    /// Sets how many rows a batch has, at least one. Default: [`DEFAULT_MAX_ROWS`](Self::DEFAULT_MAX_ROWS).
    #[must_use]
    pub fn with_max_rows(mut self, rows: usize) -> Self {
        self.pending.max_rows = rows.max(1);
        self
    }

    /// Sets at how many bytes a batch is ready, even with fewer rows. Default: rows alone count.
    #[must_use]
    pub fn with_max_bytes(mut self, bytes: usize) -> Self {
        self.pending.max_bytes = bytes.max(1);
        self
    }

    /// Returns the schema of the batches.
    pub const fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// Returns how many rows have been appended in all.
    pub const fn rows(&self) -> u64 {
        self.earlier_rows + self.rows as u64
    }

    /// Appends one row: a value for each column, in the schema's order.
    ///
    /// # Errors
    ///
    /// `InvalidArgument` where there are more or fewer values than columns, or one does not fit its column. Rows are
    /// counted from 0 over the life of the builder.
    pub fn append<'a>(&mut self, row: impl IntoRow<'a>) -> Result<()> {
        let row = row.into_row();
        let values = row.as_ref();
        if values.len() != self.cells.len() {
            let (got, expected) = (values.len(), self.cells.len());
            let text = format!("row {}: {got} values for {expected} columns", self.rows());
            return Err(Error::new(ErrorKind::InvalidArgument, text));
        }
        for (column, value) in values.iter().enumerate() {
            let Some(cells) = self.cells.get_mut(column) else { continue };
            if let Err(mismatch) = cells.append(value) {
                self.cells.iter_mut().take(column + 1).for_each(|cells| cells.truncate(self.rows));
                return Err(self.refused(column, &mismatch));
            }
        }
        self.rows += 1;
        if self.is_full() { self.flush() } else { Ok(()) }
    }

    /// Begins to append rows column by column.
    pub fn columns(&mut self) -> Columns<'_> {
        Columns::new(self)
    }

    /// Appends the rows of a batch that is there already; it is not copied where batches are as large as they may be.
    ///
    /// # Errors
    ///
    /// `SchemaMismatch` where it has another schema.
    ///
    /// ```
    /// use arrow_array::record_batch;
    /// use arrowlink_core::{BatchBuilder, ErrorKind};
    ///
    /// let batch = record_batch!(("id", Int64, [1, 2, 3])).unwrap();
    /// let mut builder = BatchBuilder::new(batch.schema()).with_max_rows(2);
    /// builder.append_batch(batch.clone())?;
    /// assert_eq!(builder.next_batch(), Some(batch.slice(0, 2)));
    ///
    /// let other = record_batch!(("id", Utf8, ["one"])).unwrap();
    /// assert_eq!(builder.append_batch(other).unwrap_err().kind(), ErrorKind::SchemaMismatch);
    /// assert_eq!(builder.finish()?, [batch.slice(2, 1)]);
    /// # Ok::<(), arrowlink_core::Error>(())
    /// ```
    pub fn append_batch(&mut self, batch: RecordBatch) -> Result<()> {
        let batch = retold(batch, &self.schema)?;
        self.flush()?;
        self.earlier_rows += batch.num_rows() as u64;
        self.pending.add(&batch)
    }

    /// Returns the next batch that is full; `None` until there is one.
    pub fn next_batch(&mut self) -> Option<RecordBatch> {
        self.pending.next_full()
    }

    /// Returns all batches that were not taken yet, the last of them with the rows that are left.
    ///
    /// # Errors
    ///
    /// `Internal` where batches cannot be put together, which is a bug.
    pub fn finish(mut self) -> Result<Vec<RecordBatch>> {
        self.flush()?;
        self.pending.finish()
    }

    /// Says whether the cells and what is pending make a full batch.
    fn is_full(&self) -> bool {
        let bytes = || self.cells.iter().map(Cells::bytes).sum();
        self.pending.is_full_with(self.rows, bytes)
    }

    /// Makes a batch of the cells and puts it behind what is pending.
    fn flush(&mut self) -> Result<()> {
        if self.rows == 0 {
            return Ok(());
        }
        let bytes = self.cells.iter().map(Cells::bytes).sum();
        let columns: Vec<ArrayRef> =
            self.cells.iter_mut().map(Cells::finish).collect::<Result<_, _>>().map_err(internal)?;
        let options = RecordBatchOptions::new().with_row_count(Some(self.rows));
        let batch = RecordBatch::try_new_with_options(SchemaRef::clone(&self.schema), columns, &options);
        self.earlier_rows += std::mem::take(&mut self.rows) as u64;
        self.pending.push(batch.map_err(internal)?, bytes)
    }

    fn refused(&self, column: usize, mismatch: &Mismatch) -> Error {
        refused(self.rows(), self.schema.field(column).name(), mismatch)
    }
}

/// Says which cell of which row does not fit, rows counted from 0.
fn refused(row: u64, column: &str, mismatch: &Mismatch) -> Error {
    let Mismatch { path, expected, got } = mismatch;
    let text = format!("row {row}, column `{column}{path}`: expected {expected}, got {got}");
    Error::new(ErrorKind::InvalidArgument, text)
}
