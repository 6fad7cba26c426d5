//! Batches to messages, without the framing of a stream.

use arrow_array::RecordBatch;
use arrow_schema::{ArrowError, Schema};

use super::Message;
use super::cut::Segments;
use crate::{EncodeOptions, Error, StreamEncoder};

/// Writes the messages of an Arrow IPC stream one by one, without I/O and without the framing between them.
///
/// The schema is there before any batch. What is copied, and what is kept alive, is as with [`StreamEncoder`].
///
/// ```
/// use arrow_array::record_batch;
/// use arrow_buffer::Buffer;
/// use arrowlink_ipc::{Decoded, EncodeOptions, Limits, MessageDecoder, MessageEncoder};
///
/// let batch = record_batch!(("id", Int64, [1, 2, 3])).unwrap();
/// let mut encoder = MessageEncoder::new(&batch.schema(), &EncodeOptions::default())?;
/// let mut decoder = MessageDecoder::new(Limits::default());
/// decoder.decode(encoder.schema().header(), &Buffer::default())?;
///
/// for message in encoder.encode(&batch)? {
///     let body: Vec<u8> = message.body().iter().flat_map(|segment| segment.to_vec()).collect();
///     let decoded = decoder.decode(message.header(), &body.into())?;
///     assert_eq!(decoded, Decoded::Batch(batch.clone()));
/// }
/// # Ok::<(), arrowlink_ipc::Error>(())
/// ```
#[derive(Debug)]
pub struct MessageEncoder {
    schema: Message,
    encoder: StreamEncoder,
}

impl MessageEncoder {
    /// Begins a stream of batches that have `schema`.
    ///
    /// # Errors
    ///
    /// [`Error::Encode`] where the schema has no form on the wire: a dictionary whose values are a dictionary.
    pub fn new(schema: &Schema, options: &EncodeOptions) -> Result<Self, Error> {
        let encoder = StreamEncoder::new(schema, options)?;
        // The encoder below writes its schema with the first batch. The stream without batches has the same schema:
        // dictionaries are numbered in the order of their fields.
        let segments = StreamEncoder::new(schema, options)?.finish()?;
        let header = Segments::new(segments).header().map_err(|source| Error::Encode { source })?;
        let header = header.ok_or_else(|| Error::Encode { source: no_schema() })?;
        Ok(Self { schema: Message::new(header, Vec::new(), 0), encoder })
    }

    /// Returns the schema's message, which readers take before all others; [`encode`](Self::encode) does not repeat
    /// it.
    ///
    /// ```
    /// use arrow_array::record_batch;
    /// use arrowlink_ipc::{EncodeOptions, MessageEncoder};
    ///
    /// let batch = record_batch!(("id", Int64, [1, 2, 3])).unwrap();
    /// let encoder = MessageEncoder::new(&batch.schema(), &EncodeOptions::default())?;
    /// assert_eq!(encoder.schema().body_bytes(), 0);
    /// # Ok::<(), arrowlink_ipc::Error>(())
    /// ```
    pub const fn schema(&self) -> &Message {
        &self.schema
    }

    /// Writes `batch`: the dictionaries that readers do not have yet, each a message, then the batch.
    ///
    /// # Errors
    ///
    /// [`Error::SchemaMismatch`] where the batch has other columns than the stream; the stream can go on.
    /// [`Error::Encode`] where the batch has no form on the wire.
    ///
    /// ```
    /// use arrow_array::{RecordBatch, record_batch};
    /// use arrowlink_ipc::{EncodeOptions, ErrorKind, MessageEncoder};
    ///
    /// let batch = record_batch!(("id", Int64, [1, 2, 3])).unwrap();
    /// let mut encoder = MessageEncoder::new(&batch.schema(), &EncodeOptions::default())?;
    /// assert_eq!(encoder.encode(&batch)?.len(), 1);
    ///
    /// let other = record_batch!(("id", Int32, [1])).unwrap();
    /// assert_eq!(encoder.encode(&other).unwrap_err().kind(), ErrorKind::SchemaMismatch);
    /// # Ok::<(), arrowlink_ipc::Error>(())
    /// ```
    pub fn encode(&mut self, batch: &RecordBatch) -> Result<Vec<Message>, Error> {
        let mut segments = Segments::new(self.encoder.encode(batch)?);
        self.messages(&mut segments).map_err(|source| Error::Encode { source })
    }

    /// Cuts `segments` into messages; leaves out the schema, which lies before the first batch.
    fn messages(&self, segments: &mut Segments) -> Result<Vec<Message>, ArrowError> {
        let mut messages = Vec::with_capacity(1);
        while let Some(header) = segments.header()? {
            if header != *self.schema.header() {
                messages.push(segments.message(header)?);
            }
        }
        Ok(messages)
    }
}

fn no_schema() -> ArrowError {
    ArrowError::IpcError("a stream without batches has no schema".to_owned())
}
