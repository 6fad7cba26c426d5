//! Types that are built as a simpler one and cast, and those that cannot be built value by value.
//!
//! Views and runs are other layouts of values that are built elsewhere. Unions and intervals have no values that
//! Rust would write down alike; a column of them can be appended as an array, or be null.

use std::sync::Arc;

use arrow_array::{ArrayRef, new_null_array};
use arrow_buffer::NullBuffer;
use arrow_cast::cast;
use arrow_schema::{ArrowError, DataType, Field};

use super::cells::{Cells, Mismatch, Values};
use crate::Value;

/// Returns the values of any type that the other modules do not build.
pub(super) fn values_of(data_type: &DataType) -> Box<dyn Values> {
    let simpler = match data_type {
        DataType::Utf8View => DataType::Utf8,
        DataType::BinaryView => DataType::Binary,
        DataType::ListView(item) => DataType::List(Arc::clone(item)),
        DataType::LargeListView(item) => DataType::LargeList(Arc::clone(item)),
        DataType::RunEndEncoded(_, values) => values.data_type().clone(),
        _ => return Box::new(Whole { data_type: data_type.clone(), rows: 0 }),
    };
    let cells = Cells::new(&Field::new("simpler", simpler, true));
    Box::new(Converted { data_type: data_type.clone(), cells })
}

/// Values of a simpler type that are cast when they are taken out.
struct Converted {
    data_type: DataType,
    cells: Cells,
}

impl Values for Converted {
    fn append(&mut self, value: &Value<'_>) -> Result<(), Mismatch> {
        self.cells.append(value)
    }

    fn append_placeholder(&mut self) {
        self.cells.append_placeholder();
    }

    fn truncate(&mut self, rows: usize) {
        self.cells.truncate(rows);
    }

    fn finish(&mut self, _nulls: Option<NullBuffer>) -> Result<ArrayRef, ArrowError> {
        // The cells have the same nulls.
        cast(&self.cells.finish()?, &self.data_type)
    }

    fn bytes(&self) -> usize {
        self.cells.bytes()
    }
}

/// A type of which only nulls can be appended row by row.
struct Whole {
    data_type: DataType,
    rows: usize,
}

impl Values for Whole {
    fn append(&mut self, value: &Value<'_>) -> Result<(), Mismatch> {
        let expected = match self.data_type {
            DataType::Null => "null".to_owned(),
            _ => format!("a whole array of {}, which is not built value by value", self.data_type),
        };
        Err(Mismatch::new(expected, value))
    }

    fn append_placeholder(&mut self) {
        self.rows += 1;
    }

    fn truncate(&mut self, rows: usize) {
        self.rows = self.rows.min(rows);
    }

    fn finish(&mut self, _nulls: Option<NullBuffer>) -> Result<ArrayRef, ArrowError> {
        Ok(new_null_array(&self.data_type, std::mem::take(&mut self.rows)))
    }

    fn bytes(&self) -> usize {
        0
    }
}
