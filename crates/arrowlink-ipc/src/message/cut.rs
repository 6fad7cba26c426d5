//! Segments of a stream to messages: the framing that the encoder below wrote is taken off again.
//!
//! That encoder begins a segment wherever a part of a message begins, so that nothing here is copied but metadata
//! whose padding lies in a segment of its own.

use std::vec;

use arrow_buffer::{Buffer, MutableBuffer};
use arrow_schema::ArrowError;

use super::Message;

/// The segments of a stream which belong to no message yet.
pub(super) struct Segments(vec::IntoIter<Buffer>);

impl Segments {
    /// Leaves out segments without bytes, which stand for empty buffers and could also follow the last message.
    pub(super) fn new(mut segments: Vec<Buffer>) -> Self {
        segments.retain(|segment| !segment.is_empty());
        Self(segments.into_iter())
    }

    /// Takes the metadata of the next message, padding included; `None` after the last one.
    ///
    /// Before it lie `ff ff ff ff` and its length, which is 0 at the end of the stream ("Encapsulated message format"
    /// of the Arrow columnar format).
    pub(super) fn header(&mut self) -> Result<Option<Buffer>, ArrowError> {
        let Some(prefix) = self.0.next() else { return Ok(None) };
        let length = match *prefix.as_slice() {
            [0xff, 0xff, 0xff, 0xff, a, b, c, d] => i32::from_le_bytes([a, b, c, d]),
            _ => return Err(not_cut("prefix")),
        };
        match usize::try_from(length) {
            Ok(0) => Ok(None),
            Ok(length) => self.joined(length).map(Some),
            Err(_) => Err(not_cut("length")),
        }
    }

    /// Takes the body of the message whose metadata is `header`.
    pub(super) fn message(&mut self, header: Buffer) -> Result<Message, ArrowError> {
        let length = arrow_ipc::root_as_message(&header)
            .ok()
            .and_then(|message| usize::try_from(message.bodyLength()).ok())
            .ok_or_else(|| not_cut("metadata"))?;
        let mut body = Vec::with_capacity(self.0.len());
        let mut got: usize = 0;
        while got < length {
            let segment = self.0.next().ok_or_else(|| not_cut("body"))?;
            got = got.saturating_add(segment.len());
            body.push(segment);
        }
        if got == length { Ok(Message::new(header, body, length)) } else { Err(not_cut("body")) }
    }

    /// Takes `length` bytes as one buffer.
    fn joined(&mut self, length: usize) -> Result<Buffer, ArrowError> {
        let first = self.0.next().ok_or_else(|| not_cut("metadata"))?;
        if first.len() == length {
            return Ok(first);
        }
        let mut joined = MutableBuffer::with_capacity(length);
        joined.extend_from_slice(&first);
        while joined.len() < length {
            joined.extend_from_slice(&self.0.next().ok_or_else(|| not_cut("metadata"))?);
        }
        if joined.len() == length { Ok(joined.into()) } else { Err(not_cut("metadata")) }
    }
}

/// No batch leads here as things are; an encoder below that cuts its segments elsewhere would.
fn not_cut(part: &str) -> ArrowError {
    ArrowError::IpcError(format!("the {part} of a message does not end where a segment ends"))
}
