//! Arrow IPC: the schema, and a walk over the messages without their bodies.
//!
//! Arrow's reader trusts what a message says about its size. So every message is looked at here first: that it lies in
//! the file, its buffers in its body, and that no compressed buffer claims to be larger than anything that is real.
//!
//! The layouts are those of "IPC Streaming Format" and "IPC File Format" of the Arrow columnar format.
//! `arrowlink-ipc` decodes streams that arrive; here nothing is decoded: metadata and the lengths of compressed buffers
//! are all that is read, and the file may be of any size.

use std::ops::Range;
use std::sync::Arc;

use arrow_ipc::convert::fb_to_schema;
use arrow_ipc::{Block, Footer, Message, RecordBatch, root_as_footer, root_as_message};
use arrow_schema::SchemaRef;
use arrowlink_core::{Error, Result};
use bytes::Bytes;

use super::{Columns, Facts};
use crate::failure::corrupt;
use crate::one_file::OneFile;
use crate::snapshot::FileStamp;

/// Reads the schema and every message's metadata.
///
/// A file that begins with `ARROW1` is the file format; anything else is walked as a stream, whose first message
/// fails where it is none. The number of rows is the sum of all record batches.
pub(super) async fn inspect(file: &OneFile, stamp: &FileStamp) -> Result<Facts> {
    let mut messages = Messages { file, stamp, ahead: (0, Bytes::new()) };
    let magic = messages.bytes(0..stamp.size.min(MAGIC_BYTES)).await?;
    if magic.starts_with(FEATHER_1) {
        return Err(corrupt(
            &stamp.name,
            "is Feather version 1, which is not Arrow IPC: write it again as version 2",
        ));
    }
    let is_stream = magic.as_ref() != MAGIC;
    let (schema, rows) = if is_stream { messages.walk_stream().await? } else { messages.walk_file().await? };
    Ok(Facts { columns: Columns::Stated(schema), rows: Some(rows), is_stream, groups: Vec::new() })
}

/// A file and what it was when it was listed; no range past that size is read.
struct Messages<'a> {
    file: &'a OneFile,
    stamp: &'a FileStamp,
    /// What was read of a file in a store beyond what was asked for, and where it begins.
    ahead: (u64, Bytes),
}

impl Messages<'_> {
    /// Reads the schema in the footer, and every message that the footer speaks of.
    ///
    /// Blocks are looked at in the order of the footer, dictionaries first. Returns the schema and the number of
    /// rows.
    async fn walk_file(&mut self) -> Result<(SchemaRef, u64)> {
        let bytes = self.footer().await?;
        let footer = root_as_footer(&bytes)
            .map_err(|error| self.damaged("its footer").with_source(error.to_string()))?;
        let schema = footer.schema().ok_or_else(|| self.damaged("the schema in its footer"))?;
        let mut rows = 0;
        for block in blocks(&footer) {
            rows += self.block(block).await?;
        }
        Ok((Arc::new(fb_to_schema(schema)), rows))
    }

    /// Finds the footer by its length, which stands before the magic bytes at the end.
    ///
    /// `ARROW1`, then the messages, the footer, its length in 4 bytes, and `ARROW1` again.
    async fn footer(&mut self) -> Result<Bytes> {
        let end = self.stamp.size.checked_sub(MAGIC_BYTES).filter(|end| *end >= MAGIC_BYTES + LENGTH_BYTES);
        let end = end.ok_or_else(|| self.damaged("its footer"))?;
        if self.bytes(end..self.stamp.size).await?.as_ref() != MAGIC {
            let what = "does not end as an Arrow file does: was it cut off, or is it still being written?";
            return Err(corrupt(&self.stamp.name, what));
        }
        let length = self.length(end - LENGTH_BYTES).await?;
        let start = (end - LENGTH_BYTES).checked_sub(length).filter(|start| *start >= MAGIC_BYTES);
        let start = start.ok_or_else(|| self.damaged("its footer"))?;
        self.bytes(start..end - LENGTH_BYTES).await
    }

    /// Looks at the message of `block`; returns how many rows it has, none where it is a dictionary.
    ///
    /// A block says how long metadata and body are; the prefix of 4 or 8 bytes counts as metadata.
    async fn block(&mut self, block: &Block) -> Result<u64> {
        let damaged = || self.damaged("a block in its footer");
        let place = |number: i64| u64::try_from(number).map_err(|_| damaged());
        let (start, metadata) = (place(block.offset())?, place(i64::from(block.metaDataLength()))?);
        let body = start.checked_add(metadata).ok_or_else(damaged)?;
        let end = body.checked_add(place(block.bodyLength())?).filter(|end| *end <= self.stamp.size);
        let end = end.ok_or_else(damaged)?;
        let bytes = self.bytes(start..body).await?;
        let prefix = if bytes.starts_with(&CONTINUATION) { 8 } else { 4 };
        let message = self.message(bytes.get(prefix..).unwrap_or_default())?;
        self.body(&message, body..end).await
    }

    /// Reads the messages one after the other, up to the end of the stream or of the file.
    ///
    /// A length of 0 is the end-of-stream marker; it may be missing ("IPC Streaming Format"). Messages before Arrow
    /// 0.15 have no continuation marker. Returns the schema and the number of rows.
    async fn walk_stream(&mut self) -> Result<(SchemaRef, u64)> {
        let (mut at, mut rows, mut schema) = (0, 0, None);
        while at < self.stamp.size {
            let mut prefix = LENGTH_BYTES;
            if self.bytes(at..at + LENGTH_BYTES).await?.as_ref() == CONTINUATION {
                prefix += LENGTH_BYTES;
            }
            let metadata = at + prefix;
            let length = self.length(metadata - LENGTH_BYTES).await?;
            if length == 0 {
                break;
            }
            let bytes = self.bytes(metadata..metadata + length).await?;
            let message = self.message(&bytes)?;
            let body = metadata + length;
            let end = u64::try_from(message.bodyLength()).ok().and_then(|length| body.checked_add(length));
            let end = end.filter(|end| *end <= self.stamp.size).ok_or_else(|| self.cut_off(at))?;
            match message.header_as_schema() {
                Some(first) if schema.is_none() => schema = Some(Arc::new(fb_to_schema(first))),
                _ => rows += self.body(&message, body..end).await?,
            }
            at = end;
        }
        Ok((schema.ok_or_else(|| self.damaged("the schema that a stream begins with"))?, rows))
    }

    /// Verifies the flatbuffer of a message; what it points to lies within it then.
    fn message<'a>(&self, bytes: &'a [u8]) -> Result<Message<'a>> {
        root_as_message(bytes).map_err(|error| self.damaged("a message").with_source(error.to_string()))
    }

    /// Looks at the buffers that `message` says are in `body`.
    ///
    /// Returns the number of rows: none for a dictionary. Messages of other kinds have no place after the schema.
    async fn body(&mut self, message: &Message<'_>, body: Range<u64>) -> Result<u64> {
        if let Some(dictionary) = message.header_as_dictionary_batch() {
            let data = dictionary.data().ok_or_else(|| self.damaged("a dictionary"))?;
            return self.buffers(&data, body).await.map(|_| 0);
        }
        match message.header_as_record_batch() {
            Some(batch) => self.buffers(&batch, body).await,
            None => Err(self.damaged("a message that is neither rows nor a dictionary")),
        }
    }

    /// Checks that the buffers of `batch` lie in `body` and claim no absurd size; returns how many rows it has.
    ///
    /// A node may not have more nulls than values. A compressed buffer begins with its uncompressed length, -1 where
    /// it is not compressed ("Compression"); Arrow's reader would allocate whatever that says.
    async fn buffers(&mut self, batch: &RecordBatch<'_>, body: Range<u64>) -> Result<u64> {
        let stamp = self.stamp;
        let damaged = || damaged(stamp, "a record batch");
        for node in batch.nodes().iter().flatten() {
            let is_real = node.length() >= 0 && (0..=node.length()).contains(&node.null_count());
            is_real.then_some(()).ok_or_else(damaged)?;
        }
        for buffer in batch.buffers().iter().flatten() {
            let place = |number: i64| u64::try_from(number).map_err(|_| damaged());
            let length = place(buffer.length())?;
            let start = body.start.checked_add(place(buffer.offset())?).ok_or_else(damaged)?;
            let end = start.checked_add(length).filter(|end| *end <= body.end);
            end.ok_or_else(damaged)?;
            if batch.compression().is_some() && length > 0 {
                let claimed = self.bytes(start..(start + 8).min(body.end)).await?;
                let claimed = claimed.as_ref().try_into().map(i64::from_le_bytes).map_err(|_| damaged())?;
                (-1..=MAX_BUFFER_BYTES).contains(&claimed).then_some(()).ok_or_else(damaged)?;
            }
        }
        u64::try_from(batch.length()).map_err(|_| damaged())
    }

    /// Reads the length of what follows, which is never negative.
    async fn length(&mut self, at: u64) -> Result<u64> {
        let bytes = self.bytes(at..at + LENGTH_BYTES).await?;
        let length = bytes
            .as_ref()
            .try_into()
            .map(i32::from_le_bytes)
            .ok()
            .and_then(|length| u64::try_from(length).ok());
        length.ok_or_else(|| self.damaged("the length of a message"))
    }

    /// Reads `range` of the file, which is never more than the file has.
    ///
    /// Of a file in a store more is read at once, because messages and lengths lie near each other.
    async fn bytes(&mut self, range: Range<u64>) -> Result<Bytes> {
        if range.end > self.stamp.size {
            return Err(self.cut_off(range.start));
        }
        if !self.file.is_remote() {
            return self.file.bytes(range).await;
        }
        let (start, ahead) = &self.ahead;
        if range.start < *start || range.end > start + ahead.len() as u64 {
            let end = range.end.max(range.start + AHEAD_BYTES).min(self.stamp.size);
            self.ahead = (range.start, self.file.bytes(range.start..end).await?);
        }
        let (start, ahead) = &self.ahead;
        let place = |at: u64| usize::try_from(at - start).map_err(|_| self.cut_off(at));
        Ok(ahead.slice(place(range.start)?..place(range.end)?))
    }

    /// Says that the file ends too early.
    fn cut_off(&self, at: u64) -> Error {
        corrupt(&self.stamp.name, format!("ends within the message at byte {at}: was it cut off?"))
    }

    /// Says that `what` is not what the format says it is.
    fn damaged(&self, what: &str) -> Error {
        damaged(self.stamp, what)
    }
}

fn damaged(stamp: &FileStamp, what: &str) -> Error {
    corrupt(&stamp.name, format!("is not valid Arrow IPC: {what} is damaged or missing"))
}

/// Returns where the messages are: first the dictionaries, then the rows.
fn blocks<'a>(footer: &Footer<'a>) -> impl Iterator<Item = &'a Block> {
    footer.dictionaries().into_iter().flatten().chain(footer.recordBatches().into_iter().flatten())
}

const MAGIC: &[u8] = b"ARROW1";
const MAGIC_BYTES: u64 = 6;
/// How much of a file in a store is read at once.
const AHEAD_BYTES: u64 = 1 << 20;
const FEATHER_1: &[u8] = b"FEA1";
const LENGTH_BYTES: u64 = 4;
const CONTINUATION: [u8; 4] = [0xff; 4];
/// What one decompressed buffer may claim to have: 4 GiB.
const MAX_BUFFER_BYTES: i64 = 4 << 30;
