//! Messages to batches, where metadata and body are there as a whole.

use arrow_array::RecordBatch;
use arrow_buffer::Buffer;
use arrow_schema::SchemaRef;

use crate::reader::Reader;
use crate::{Error, Limits};

/// Reads the messages of an Arrow IPC stream one by one, without I/O and without the framing between them.
///
/// Each message is checked as [`StreamDecoder`](crate::StreamDecoder) checks it. Its columns share the memory of the
/// body, and keep all of it alive; only buffers that do not begin at a multiple of their type's alignment are copied.
/// Where the body begins at a multiple of 64, as our own transport lets it, none is.
///
/// ```
/// use arrow_array::{Array, record_batch};
/// use arrow_buffer::Buffer;
/// use arrowlink_ipc::{Decoded, EncodeOptions, Limits, MessageDecoder, MessageEncoder};
///
/// let batch = record_batch!(("id", Int64, [1, 2, 3])).unwrap();
/// let mut encoder = MessageEncoder::new(&batch.schema(), &EncodeOptions::default())?;
/// let message = encoder.encode(&batch)?.remove(0);
/// let body: Vec<u8> = message.body().iter().flat_map(|segment| segment.to_vec()).collect();
/// let body = Buffer::from(body.as_slice());
///
/// let mut decoder = MessageDecoder::new(Limits::default());
/// decoder.decode(encoder.schema().header(), &Buffer::default())?;
/// let Decoded::Batch(decoded) = decoder.decode(message.header(), &body)? else { unreachable!() };
/// assert_eq!(decoded, batch);
/// assert_eq!(decoded.column(0).to_data().buffers()[0].as_ptr(), body.as_ptr());
/// # Ok::<(), arrowlink_ipc::Error>(())
/// ```
#[derive(Debug)]
pub struct MessageDecoder {
    reader: Reader,
    number: u64,
    /// After any error: what the messages before left behind may be half changed and is not looked at again.
    has_failed: bool,
}

/// What a message was.
///
/// ```
/// use arrow_array::record_batch;
/// use arrow_buffer::Buffer;
/// use arrowlink_ipc::{Decoded, EncodeOptions, Limits, MessageDecoder, MessageEncoder};
///
/// let schema = record_batch!(("id", Int64, [1])).unwrap().schema();
/// let encoder = MessageEncoder::new(&schema, &EncodeOptions::default())?;
/// let mut decoder = MessageDecoder::new(Limits::default());
/// let decoded = decoder.decode(encoder.schema().header(), &Buffer::default())?;
/// assert_eq!(decoded, Decoded::Schema(schema));
/// # Ok::<(), arrowlink_ipc::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Decoded {
    /// The schema: the first message, and it alone.
    Schema(SchemaRef),
    /// A dictionary or a part of one, kept for the batches that follow.
    Dictionary,
    /// A batch.
    Batch(RecordBatch),
}

impl MessageDecoder {
    /// Begins a stream of which nothing is known.
    pub fn new(limits: Limits) -> Self {
        Self { reader: Reader::new(limits), number: 1, has_failed: false }
    }

    /// Returns the schema, once its message was read.
    ///
    /// ```
    /// use arrowlink_ipc::{Limits, MessageDecoder};
    ///
    /// assert_eq!(MessageDecoder::new(Limits::default()).schema(), None);
    /// ```
    pub fn schema(&self) -> Option<&SchemaRef> {
        self.reader.schema()
    }

    /// Reads the message whose metadata is `header` and whose body is at the beginning of `body`.
    ///
    /// What follows the flatbuffer in `header` is padding, and so is what `body` has beyond the length that the
    /// message gives it. Messages are counted from 1, the schema's, in the places of errors.
    ///
    /// # Errors
    ///
    /// Every kind but [`Truncated`](crate::ErrorKind::Truncated): [`Error::Invalid`] where `body` is shorter than the
    /// message says. Metadata and body together count against `max_message_bytes`. After an error the stream is over:
    /// all that follows is an error too.
    ///
    /// ```
    /// use arrow_array::record_batch;
    /// use arrow_buffer::Buffer;
    /// use arrowlink_ipc::{EncodeOptions, Limits, MessageDecoder, MessageEncoder};
    ///
    /// let batch = record_batch!(("id", Int64, [1])).unwrap();
    /// let mut encoder = MessageEncoder::new(&batch.schema(), &EncodeOptions::default())?;
    /// let message = encoder.encode(&batch)?.remove(0);
    ///
    /// let mut decoder = MessageDecoder::new(Limits::default());
    /// decoder.decode(encoder.schema().header(), &Buffer::default())?;
    /// let error = decoder.decode(message.header(), &Buffer::from([0; 8])).unwrap_err();
    /// assert_eq!(error.to_string(), "message 2 (record batch): the body has 8 bytes, the message says 64");
    /// # Ok::<(), arrowlink_ipc::Error>(())
    /// ```
    pub fn decode(&mut self, header: &Buffer, body: &Buffer) -> Result<Decoded, Error> {
        if self.has_failed {
            return Err(Error::over(self.number));
        }
        let result = self.reader.decode(header, body, self.number);
        match result {
            Ok(_) => self.number += 1,
            Err(_) => self.has_failed = true,
        }
        result
    }
}
