//! Plain types: batches as every Arrow library knows them, without views and without runs.
//!
//! Datasets keep their own types; where they leave the process for somebody who may not know those, schema and batches
//! are made plain together, however deep the types are nested. [`compact`](crate::compact) copies rows and leaves their
//! types alone.

mod array;
mod repeated;
mod stream;
mod types;

use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow_schema::{ArrowError, SchemaRef};

use crate::{Error, ErrorKind, Result};
use array::Maker;

/// How the batches of one schema are made plain.
///
/// | type | becomes |
/// |---|---|
/// | `Utf8View`, `BinaryView` | `Utf8`, `Binary` |
/// | `ListView`, `LargeListView` | `List`, `LargeList` |
/// | `RunEndEncoded` | its values, one for each row; it may be null where a value may |
/// | `Dictionary` | the same keys, its values as above |
/// | all others | themselves, with what is nested in them as above |
///
/// Columns that need no change are passed on as they are, memory and all. Nested ones are rebuilt level by level, each
/// cut to the rows of the batch first, so that the work is in proportion to the rows and not to what they were sliced
/// from.
///
/// ```
/// use std::sync::Arc;
/// use arrow_array::{ArrayRef, RecordBatch, StringViewArray};
/// use arrow_schema::DataType;
/// use arrowlink_core::Plain;
///
/// let names: ArrayRef = Arc::new(StringViewArray::from(vec!["ada", "grace"]));
/// let batch = RecordBatch::try_from_iter([("name", names)])?;
/// let plain = Plain::new(batch.schema_ref());
/// assert!(!plain.is_unchanged());
/// assert_eq!(plain.apply(&batch)?.column(0).data_type(), &DataType::Utf8);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Plain {
    schema: SchemaRef,
    /// Whether dictionary values and children of unions are left out that no row uses.
    prunes: bool,
    /// Which columns there is anything to do for.
    touched: Arc<[bool]>,
    /// What a reader can do where a row has no plain form.
    instead: Option<&'static str>,
}

impl Plain {
    /// Makes batches of `schema` plain. What lies in dictionaries is left there, used or not.
    pub fn new(schema: &SchemaRef) -> Self {
        Self::with_prunes(schema, false)
    }

    /// As [`new`](Self::new), and leaves out dictionary values and children of unions that no row uses.
    ///
    /// ```
    /// use arrow_array::cast::AsArray as _;
    /// use arrow_array::{DictionaryArray, RecordBatch, types::Int32Type};
    /// use arrowlink_core::Plain;
    ///
    /// let cities: DictionaryArray<Int32Type> = ["Lima", "Oslo", "Rome"].into_iter().collect();
    /// let batch = RecordBatch::try_from_iter([("city", std::sync::Arc::new(cities) as _)])?.slice(1, 1);
    /// let pruned = Plain::pruning(batch.schema_ref()).apply(&batch)?;
    /// assert_eq!(pruned.column(0).as_any_dictionary().values().len(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn pruning(schema: &SchemaRef) -> Self {
        Self::with_prunes(schema, true)
    }

    fn with_prunes(schema: &SchemaRef, prunes: bool) -> Self {
        let maker = Maker::new(prunes);
        let touched = schema.fields().iter().map(|field| maker.touches(field.data_type())).collect();
        Self { schema: types::plain_schema(schema), prunes, touched, instead: None }
    }

    /// Says what a reader can do where a single row has no plain form: the end of the error's text, in the words of the
    /// protocol that the rows leave by. Default: nothing.
    #[must_use]
    pub const fn with_hint(mut self, instead: &'static str) -> Self {
        self.instead = Some(instead);
        self
    }

    /// Returns the schema that plain batches have.
    pub const fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// Says whether batches stay as they are.
    pub fn is_unchanged(&self) -> bool {
        !self.touched.contains(&true)
    }

    /// Returns the rows of `batch`, which has the schema that this was made for, in the plain types.
    ///
    /// # Errors
    ///
    /// `LimitExceeded` where the rows would take far more memory than they do: more than 2 GiB of text in one column, or
    /// more than 64 MiB of values that runs and views repeat in all columns together. Fewer of the rows may pass, unless it is a single one.
    /// `Internal` where the batch has another schema.
    pub fn apply(&self, batch: &RecordBatch) -> Result<RecordBatch> {
        let columns = batch.columns().iter().enumerate();
        let maker = self.maker();
        let columns = columns.map(|(idx, column)| self.column(&maker, idx, column));
        let columns = columns.collect::<Result<Vec<_>>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        let plain = RecordBatch::try_new_with_options(Arc::clone(&self.schema), columns, &options);
        Ok(plain.map_err(Failure::from)?)
    }

    /// Returns what makes the columns of one batch plain.
    pub(crate) fn maker(&self) -> Maker {
        Maker::new(self.prunes)
    }

    /// As [`apply`](Self::apply), of one column.
    pub(crate) fn column(&self, maker: &Maker, idx: usize, column: &ArrayRef) -> Result<ArrayRef> {
        match self.schema.fields().get(idx).filter(|_| self.touched.get(idx) == Some(&true)) {
            Some(field) => Ok(maker.plain(column, field.data_type())?),
            None => Ok(Arc::clone(column)),
        }
    }
}

/// Why a column has no plain form.
#[derive(Debug)]
enum Failure {
    /// It would take more than offsets of 32 bits can say, or than is worth it at once.
    TooLong,
    Arrow(ArrowError),
}

impl From<ArrowError> for Failure {
    fn from(error: ArrowError) -> Self {
        Self::Arrow(error)
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::TooLong => Self::new(ErrorKind::LimitExceeded, TOO_LONG),
            Failure::Arrow(error) => {
                Self::new(ErrorKind::Internal, "a column has no plain form").with_source(error)
            }
        }
    }
}

const TOO_LONG: &str =
    "the rows have more text or repeated values than plain columns take: take fewer rows at a time";
