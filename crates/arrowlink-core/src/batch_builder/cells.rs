//! The cells of one column while rows are appended: values, which of them are null, and the way back.
//!
//! A row that is refused half-way must leave no trace, so that everything here can be cut back to a number of rows.

use std::fmt;

use arrow_array::ArrayRef;
use arrow_buffer::{BooleanBufferBuilder, NullBuffer};
use arrow_schema::{ArrowError, DataType, Field};

use super::{dictionary, nested, numbers, other, texts, times};
use crate::Value;

/// The values of a column of one type; nulls are kept elsewhere.
pub(super) trait Values: Send {
    /// Adds a value that is not null. After an error there may be parts of it, which `truncate` removes.
    fn append(&mut self, value: &Value<'_>) -> Result<(), Mismatch>;

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
    present: BooleanBufferBuilder,
    values: Box<dyn Values>,
}

impl Cells {
    pub(super) fn new(field: &Field) -> Self {
        let expected = field.data_type().clone();
        let values = values_of(&expected);
        Self { expected, nullable: field.is_nullable(), present: BooleanBufferBuilder::new(0), values }
    }

    pub(super) fn len(&self) -> usize {
        self.present.len()
    }

    pub(super) fn bytes(&self) -> usize {
        self.present.len().div_ceil(8) + self.values.bytes()
    }

    /// Adds a cell. After an error `truncate` removes the parts of it that are there.
    pub(super) fn append(&mut self, value: &Value<'_>) -> Result<(), Mismatch> {
        match value {
            Value::Null if !self.nullable => {
                return Err(Mismatch::new(format_args!("{} not null", self.expected), value));
            }
            Value::Null => self.values.append_placeholder(),
            value => self.values.append(value)?,
        }
        self.present.append(*value != Value::Null);
        Ok(())
    }

    /// Adds a cell below one that is null.
    pub(super) fn append_placeholder(&mut self) {
        self.values.append_placeholder();
        self.present.append(!self.nullable);
    }

    pub(super) fn truncate(&mut self, rows: usize) {
        self.present.truncate(rows.min(self.present.len()));
        self.values.truncate(rows);
    }

    pub(super) fn finish(&mut self) -> Result<ArrayRef, ArrowError> {
        let nulls = NullBuffer::new(self.present.finish());
        self.values.finish(Some(nulls).filter(|nulls| nulls.null_count() > 0))
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

fn values_of(data_type: &DataType) -> Box<dyn Values> {
    numbers::values_of(data_type)
        .or_else(|| times::values_of(data_type))
        .or_else(|| texts::values_of(data_type))
        .or_else(|| nested::values_of(data_type))
        .or_else(|| dictionary::values_of(data_type))
        .unwrap_or_else(|| other::values_of(data_type))
}
