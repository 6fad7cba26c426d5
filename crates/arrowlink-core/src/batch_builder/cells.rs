//! The cells of one column while rows are appended: values, which of them are null, and the way back.
//!
//! A row that is refused half-way must leave no trace, so that everything here can be cut back to a number of rows.

use std::fmt;

use arrow_array::ArrayRef;
use arrow_buffer::{NullBuffer, NullBufferBuilder};
use arrow_schema::{ArrowError, DataType, Field};

use super::{dictionary, nested, numbers, other, texts, times};
use crate::Value;

/// The values of a column of one type; nulls are kept elsewhere.
pub(super) trait Values: Send {
    /// Adds a value that is not null. After an error there may be parts of it, which `truncate` removes.
    fn append(&mut self, value: &Value<'_>) -> Result<(), Mismatch>;

    /// Adds each float; one call for all of them is much faster than one for each.
    fn append_floats(&mut self, values: &[f32]) -> Result<(), Mismatch> {
        values.iter().enumerate().try_for_each(|(idx, value)| {
            self.append(&Value::Float(f64::from(*value)))
                .map_err(|mismatch| mismatch.within(format_args!("[{idx}]")))
        })
    }

    /// Adds any value, for a cell that is null.
    fn append_placeholder(&mut self);

    /// Removes all but the first `rows` values.
    fn truncate(&mut self, rows: usize);

    /// Takes all values out as an array.
    fn finish(&mut self, nulls: Option<NullBuffer>) -> Result<ArrayRef, ArrowError>;

    /// Returns how many bytes the values take as an array.
    fn bytes(&self) -> usize;
}

/// Why a value does not fit.
#[derive(Debug)]
pub(super) struct Mismatch {
    /// Where in the cell, beginning at the column: `[2]`, `.name`.
    pub(super) path: String,
    pub(super) expected: String,
    pub(super) got: String,
}

impl Mismatch {
    pub(super) fn new(expected: impl fmt::Display, got: &Value<'_>) -> Self {
        Self { path: String::new(), expected: expected.to_string(), got: got.to_string() }
    }

    /// Says that it happened within `outer`.
    pub(super) fn within(mut self, outer: impl fmt::Display) -> Self {
        self.path = format!("{outer}{}", self.path);
        self
    }
}

/// The cells of one column.
pub(super) struct Cells {
    expected: DataType,
    nullable: bool,
    nulls: NullBufferBuilder,
    values: Box<dyn Values>,
}

impl Cells {
    /// Begins without cells for the type of `field`, and its nullability.
    pub(super) fn new(field: &Field) -> Self {
        let expected = field.data_type().clone();
        let values = values_of(&expected);
        Self { expected, nullable: field.is_nullable(), nulls: NullBufferBuilder::new(0), values }
    }

    /// Returns how many cells there are.
    pub(super) fn len(&self) -> usize {
        self.nulls.len()
    }

    /// Returns about how many bytes the column takes; the bitmap is counted whether or not there are nulls.
    pub(super) fn bytes(&self) -> usize {
        self.nulls.len().div_ceil(8) + self.values.bytes()
    }

    /// Adds a cell. After an error `truncate` removes the parts of it that are there.
    pub(super) fn append(&mut self, value: &Value<'_>) -> Result<(), Mismatch> {
        match value {
            Value::Null if !self.nullable => {
                return Err(Mismatch::new(format_args!("{} not null", self.expected), value));
            }
            Value::Null => {
                self.values.append_placeholder();
                self.nulls.append_null();
            }
            value => {
                self.values.append(value)?;
                self.nulls.append_non_null();
            }
        }
        Ok(())
    }

    /// Adds a cell for each float, as [`append`](Self::append) does.
    pub(super) fn append_floats(&mut self, values: &[f32]) -> Result<(), Mismatch> {
        self.values.append_floats(values)?;
        self.nulls.append_n_non_nulls(values.len());
        Ok(())
    }

    /// Adds a cell below one that is null.
    pub(super) fn append_placeholder(&mut self) {
        self.values.append_placeholder();
        self.nulls.append(!self.nullable);
    }

    /// Removes all but the first `rows` cells, and parts of one that was refused.
    pub(super) fn truncate(&mut self, rows: usize) {
        self.nulls.truncate(rows);
        self.values.truncate(rows);
    }

    /// Takes the cells out as a column, and begins without cells again. A column without nulls gets no bitmap.
    pub(super) fn finish(&mut self) -> Result<ArrayRef, ArrowError> {
        let nulls = self.nulls.finish().filter(|nulls| nulls.null_count() > 0);
        self.values.finish(nulls)
    }
}

impl fmt::Debug for Cells {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cells")
            .field("expected", &self.expected)
            .field("len", &self.len())
            .finish_non_exhaustive()
    }
}

/// Asks one module after the other; the last one takes every type.
fn values_of(data_type: &DataType) -> Box<dyn Values> {
    numbers::values_of(data_type)
        .or_else(|| times::values_of(data_type))
        .or_else(|| texts::values_of(data_type))
        .or_else(|| nested::values_of(data_type))
        .or_else(|| dictionary::values_of(data_type))
        .unwrap_or_else(|| other::values_of(data_type))
}
