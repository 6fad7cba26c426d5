//! Many rows at once, column by column.

use std::collections::BTreeMap;

use arrow_array::{Array as _, ArrayRef, RecordBatch, RecordBatchOptions, new_null_array};
use arrow_schema::{Field, SchemaRef};

use super::cells::Cells;
use super::{BatchBuilder, refused};
use crate::apply::{internal, unknown_column};
use crate::{Error, ErrorKind, Result, Value};

/// Columns of equal length for a [`BatchBuilder`], each given once, in any order.
///
/// Nothing is appended before [`append`](Self::append); dropping it leaves the builder as it was.
///
/// ```
/// use std::sync::Arc;
/// use arrow_array::Int64Array;
/// use arrow_schema::DataType;
/// use arrowlink_core::{BatchBuilder, SchemaBuilder};
///
/// let schema =
///     SchemaBuilder::new().required("id", DataType::Int64).optional("name", DataType::Utf8).build()?;
/// let mut builder = BatchBuilder::new(schema);
/// builder
///     .columns()
///     .array("id", Arc::new(Int64Array::from(vec![1, 2])))?
///     .values("name", [Some("ada"), None])?
///     .append()?;
/// assert_eq!(builder.rows(), 2);
/// # Ok::<(), arrowlink_core::Error>(())
/// ```
#[derive(Debug)]
pub struct Columns<'b> {
    builder: &'b mut BatchBuilder,
    columns: BTreeMap<usize, ArrayRef>,
}

impl<'b> Columns<'b> {
    /// Begins without columns.
    pub(super) const fn new(builder: &'b mut BatchBuilder) -> Self {
        Self { builder, columns: BTreeMap::new() }
    }

    /// Gives a column as an array, which must have exactly the column's type.
    ///
    /// # Errors
    ///
    /// `InvalidArgument` where there is no such column, it was given before, or the array has another type or nulls
    /// that the column does not take.
    pub fn array(mut self, column: &str, array: ArrayRef) -> Result<Self> {
        let idx = self.place(column)?;
        let field = self.builder.schema.field(idx);
        if array.data_type() != field.data_type() {
            return Err(invalid(format!(
                "column `{column}`: expected an array of {}, got one of {}",
                field.data_type(),
                array.data_type()
            )));
        }
        if !field.is_nullable() && array.logical_null_count() > 0 {
            let row =
                self.builder.rows() + (0..array.len()).position(|row| array.is_null(row)).unwrap_or(0) as u64;
            let expected = field.data_type();
            return Err(invalid(format!(
                "row {row}, column `{column}`: expected {expected} not null, got null"
            )));
        }
        self.columns.insert(idx, array);
        Ok(self)
    }

    /// Gives a column as values, one for each row.
    ///
    /// # Errors
    ///
    /// `InvalidArgument` where there is no such column, it was given before, or a value does not fit it.
    pub fn values<'a, V: Into<Value<'a>>>(
        mut self,
        column: &str,
        values: impl IntoIterator<Item = V>,
    ) -> Result<Self> {
        let idx = self.place(column)?;
        let first = self.builder.rows();
        let mut cells = Cells::new(self.builder.schema.field(idx));
        for (row, value) in values.into_iter().enumerate() {
            cells.append(&value.into()).map_err(|mismatch| refused(first + row as u64, column, &mismatch))?;
        }
        self.columns.insert(idx, cells.finish().map_err(internal)?);
        Ok(self)
    }

    /// Appends the rows; columns that were not given are null.
    ///
    /// # Errors
    ///
    /// `InvalidArgument` where columns differ in length, or one was not given that is not null.
    ///
    /// ```
    /// use arrow_schema::DataType;
    /// use arrowlink_core::{BatchBuilder, SchemaBuilder};
    ///
    /// let schema = SchemaBuilder::new().required("id", DataType::Int64).required("age", DataType::UInt8).build()?;
    /// let mut builder = BatchBuilder::new(schema);
    /// let columns = builder.columns().values("id", [1, 2])?.values("age", [30])?;
    /// assert_eq!(columns.append().unwrap_err().message(), "column `age` has 1 rows, the first one has 2");
    /// assert_eq!(builder.rows(), 0);
    /// # Ok::<(), arrowlink_core::Error>(())
    /// ```
    pub fn append(self) -> Result<()> {
        let schema = SchemaRef::clone(&self.builder.schema);
        let rows = self.columns.values().next().map_or(0, |column| column.len());
        let mut columns = Vec::with_capacity(schema.fields().len());
        for (idx, field) in schema.fields().iter().enumerate() {
            columns.push(self.column(idx, field, rows)?);
        }
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        let batch = RecordBatch::try_new_with_options(schema, columns, &options).map_err(internal)?;
        self.builder.append_batch(batch)
    }

    /// Returns the column as it was given, or nulls where it was not.
    fn column(&self, idx: usize, field: &Field, rows: usize) -> Result<ArrayRef> {
        let name = field.name();
        match self.columns.get(&idx) {
            Some(column) if column.len() == rows => Ok(ArrayRef::clone(column)),
            Some(column) => {
                let length = column.len();
                Err(invalid(format!("column `{name}` has {length} rows, the first one has {rows}")))
            }
            None if field.is_nullable() => Ok(new_null_array(field.data_type(), rows)),
            None => Err(invalid(format!("column `{name}` is not null and was not given"))),
        }
    }

    /// Finds the column; each may be given once.
    fn place(&self, column: &str) -> Result<usize> {
        let schema = &self.builder.schema;
        let (idx, _) = schema.fields().find(column).ok_or_else(|| unknown_column(column, schema))?;
        if self.columns.contains_key(&idx) {
            return Err(invalid(format!("column `{column}` is given twice")));
        }
        Ok(idx)
    }
}

fn invalid(text: String) -> Error {
    Error::new(ErrorKind::InvalidArgument, text)
}
