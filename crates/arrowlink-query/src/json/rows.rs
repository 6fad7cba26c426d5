//! The rows of a JSON file as bytes that any decoder of NDJSON takes, each checked before it is handed on.

use std::sync::Arc;

use arrowlink_core::{Error, Result};
use bytes::Bytes;
use futures::Stream;
use futures::stream::{self, BoxStream};

use super::RowCheck;
use super::reader::RowReader;

/// Reads `source`, the file `name`, from its start, and returns its rows, which must pass `check`, in pieces of whole
/// rows, each followed by a newline.
///
/// An array of objects comes out as a sequence of them. Rows before one that is wrong are handed on first, the error
/// after them.
pub(crate) fn rows(
    source: BoxStream<'static, Result<Bytes>>,
    name: &str,
    check: Arc<RowCheck>,
) -> impl Stream<Item = Result<Bytes>> + Send + 'static {
    let rows = RowReader::new(source, name, check.max_row_bytes());
    let rows = Rows { rows, check, failed: None, ended: false };
    stream::unfold(rows, |mut rows| async move { rows.next().await.map(|piece| (piece, rows)) })
}

/// The rows of a file on their way.
struct Rows {
    rows: RowReader,
    check: Arc<RowCheck>,
    /// What is told after the rows before it.
    failed: Option<Error>,
    ended: bool,
}

impl Rows {
    /// Returns the next piece, or the error after the last.
    async fn next(&mut self) -> Option<Result<Bytes>> {
        let mut piece = Vec::new();
        while !self.ended && piece.len() < PIECE_BYTES {
            match self.append(&mut piece).await {
                Ok(more) => self.ended = !more,
                Err(error) => (self.failed, self.ended) = (Some(error), true),
            }
        }
        if !piece.is_empty() {
            return Some(Ok(piece.into()));
        }
        self.failed.take().map(Err)
    }

    /// Adds the next row to `piece`; says whether there was one.
    async fn append(&mut self, piece: &mut Vec<u8>) -> Result<bool> {
        let Some(row) = self.rows.next_row().await? else { return Ok(false) };
        self.check.check(&row)?;
        piece.extend_from_slice(row.bytes);
        piece.push(b'\n');
        Ok(true)
    }
}

/// From how many bytes on a piece of rows is handed on.
const PIECE_BYTES: usize = 128 << 10;
