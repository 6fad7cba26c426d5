//! A JSON document that is one array, with a row on each line.

use std::io::Write;

use arrow_json::writer::JsonFormat;
use arrow_schema::ArrowError;

/// `[`, a line per row, `]`: valid JSON for everybody, and still readable by line.
#[derive(Debug, Default)]
pub(super) struct ArrayOfRows;

impl JsonFormat for ArrayOfRows {
    fn start_stream<W: Write>(&self, writer: &mut W) -> Result<(), ArrowError> {
        Ok(writer.write_all(b"[")?)
    }

    fn start_row<W: Write>(&self, writer: &mut W, is_first_row: bool) -> Result<(), ArrowError> {
        Ok(writer.write_all(if is_first_row { b"\n" } else { b",\n" })?)
    }

    fn end_stream<W: Write>(&self, writer: &mut W) -> Result<(), ArrowError> {
        Ok(writer.write_all(b"\n]\n")?)
    }
}
