//! The rows of a JSON file as bytes that any decoder of NDJSON takes, each checked before it is handed on.

use std::sync::Arc;

use arrowlink_core::{Error, Result};
use bytes::Bytes;

use super::RowCheck;
use super::reader::RowReader;

/// The rows of a JSON file, checked, in pieces of whole rows, each followed by a newline.
///
/// An array of objects comes out as a sequence of them. Rows before one that is wrong are handed on first, the error
/// after them.
pub(crate) struct Rows<R> {
    rows: RowReader<R>,
    check: Arc<RowCheck>,
    /// What is told after the rows before it.
    failed: Option<Error>,
    ended: bool,
}

impl<R: std::io::Read> Rows<R> {
    /// Reads `source`, the file `name`, from its start; its rows must pass `check`.
    pub(crate) fn new(source: R, name: &str, check: Arc<RowCheck>) -> Self {
        let rows = RowReader::new(source, name, check.max_row_bytes());
        Self { rows, check, failed: None, ended: false }
    }

    /// Adds the next row to `piece`; says whether there was one.
    fn append(&mut self, piece: &mut Vec<u8>) -> Result<bool> {
        let Some(row) = self.rows.next_row()? else { return Ok(false) };
        self.check.check(&row)?;
        piece.extend_from_slice(row.bytes);
        piece.push(b'\n');
        Ok(true)
    }
}

impl<R: std::io::Read> Iterator for Rows<R> {
    type Item = Result<Bytes>;

    fn next(&mut self) -> Option<Result<Bytes>> {
        let mut piece = Vec::new();
        while !self.ended && piece.len() < PIECE_BYTES {
            match self.append(&mut piece) {
                Ok(more) => self.ended = !more,
                Err(error) => (self.failed, self.ended) = (Some(error), true),
            }
        }
        if !piece.is_empty() {
            return Some(Ok(piece.into()));
        }
        self.failed.take().map(Err)
    }
}

/// From how many bytes on a piece of rows is handed on.
const PIECE_BYTES: usize = 128 << 10;
