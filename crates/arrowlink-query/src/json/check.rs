//! That a row of JSON has the columns and types of the schema, before it is decoded.
//!
//! Arrow's decoder takes a column that it does not know for one that nobody asked for, and leaves it out. Here it is an
//! error, as it is in CSV, because a schema that is inferred from the first rows may not have all columns.

use std::cell::RefCell;

use arrow_schema::SchemaRef;
use arrowlink_core::Result;
use serde::de::DeserializeSeed as _;

use super::reader::Row;
use super::value::Object;

/// What every row must have.
///
/// Rows are parsed twice, once here and once by the decoder. That is the price of errors that name the row, the
/// column and the place.
#[derive(Debug)]
pub(crate) struct RowCheck {
    schema: SchemaRef,
    /// Whether the schema was inferred, so that giving one would help.
    inferred: bool,
    max_row_bytes: usize,
}

impl RowCheck {
    /// Checks rows against `schema`, which was `inferred` or given.
    pub(crate) const fn new(schema: SchemaRef, inferred: bool, max_row_bytes: usize) -> Self {
        Self { schema, inferred, max_row_bytes }
    }

    /// Returns how long a row may be.
    pub(super) const fn max_row_bytes(&self) -> usize {
        self.max_row_bytes
    }

    /// Fails with `Corrupt` where `row` is not JSON, has a column that the schema has not, or a value of another type.
    ///
    /// Rows and columns of the message are those of the file.
    pub(super) fn check(&self, row: &Row<'_>) -> Result<()> {
        let trail = Trail::default();
        let mut deserializer = serde_json::Deserializer::from_slice(row.bytes);
        let object = Object { fields: self.schema.fields(), trail: &trail };
        object.deserialize(&mut deserializer).and_then(|()| deserializer.end()).map_err(|error| {
            let hint = match error.classify() {
                serde_json::error::Category::Data if self.inferred => {
                    ": the columns are those of the first rows, set others with `schema`"
                }
                _ => "",
            };
            row.corrupt(error.line(), error.column(), format!("{}{}{hint}", trail.place(), words(&error)))
        })
    }
}

/// The columns from the outermost to the one that is wrong.
///
/// Names are noted from the inside out, as the error passes by, and only then: a row that is right costs nothing.
#[derive(Debug, Default)]
pub(super) struct Trail(RefCell<Vec<String>>);

impl Trail {
    /// Notes that what is wrong lies within `column`.
    pub(super) fn within(&self, column: &str) {
        self.0.borrow_mut().push(column.to_owned());
    }

    /// Returns the column for a message, with a colon; nothing where it is none.
    pub(super) fn place(&self) -> String {
        let mut columns = self.0.borrow().clone();
        columns.reverse();
        if columns.is_empty() { String::new() } else { format!("column `{}`: ", columns.join(".")) }
    }
}

/// Returns what `error` says without the place, which is counted from the start of the row.
///
/// `serde_json` ends its text with ` at line L column C`.
pub(super) fn words(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rfind(" at line ") {
        Some(end) => text[..end].to_owned(),
        None => text,
    }
}
