//! Messages one by one: metadata and body apart, without the framing of a stream, as Arrow Flight carries them.
//!
//! [`MessageEncoder`] and [`MessageDecoder`] do for single messages what [`StreamEncoder`](crate::StreamEncoder) and
//! [`StreamDecoder`](crate::StreamDecoder) do for streams: the same bytes are written, and the same checks made.

mod cut;
mod decode;
mod encode;

use std::fmt;

use arrow_buffer::Buffer;

pub use decode::{Decoded, MessageDecoder};
pub use encode::MessageEncoder;

/// A message of an Arrow IPC stream: its metadata, and the buffers of its body.
///
/// In Arrow Flight the metadata is `data_header` and the body is `data_body`.
///
/// ```
/// use arrow_array::{Array, record_batch};
/// use arrowlink_ipc::{EncodeOptions, MessageEncoder};
///
/// let batch = record_batch!(("id", Int64, [1, 2, 3])).unwrap();
/// let column = batch.column(0).to_data().buffers()[0].as_ptr();
///
/// let mut encoder = MessageEncoder::new(&batch.schema(), &EncodeOptions::default())?;
/// let messages = encoder.encode(&batch)?;
/// assert_eq!(messages[0].body()[0].as_ptr(), column);
/// assert_eq!(messages[0].body_bytes(), 64);
/// # Ok::<(), arrowlink_ipc::Error>(())
/// ```
#[derive(Clone)]
pub struct Message {
    header: Buffer,
    body: Vec<Buffer>,
    body_bytes: usize,
}

impl Message {
    /// Puts a message together; `body_bytes` is what the segments of `body` have together.
    const fn new(header: Buffer, body: Vec<Buffer>, body_bytes: usize) -> Self {
        Self { header, body, body_bytes }
    }

    /// Returns the metadata: a flatbuffer with the padding after it, without a prefix.
    ///
    /// With the 8 bytes of the prefix that a stream has before it, its length is a multiple of 64.
    pub const fn header(&self) -> &Buffer {
        &self.header
    }

    /// Returns the body: segments to be written one after the other, none of them empty.
    ///
    /// For the most part they are the columns' own memory; between them lies the padding that lets each buffer begin
    /// at a multiple of 64 bytes within the body. The schema and batches without columns have no body.
    pub fn body(&self) -> &[Buffer] {
        &self.body
    }

    /// Returns how many bytes the segments of the body have together; a multiple of 64.
    pub const fn body_bytes(&self) -> usize {
        self.body_bytes
    }

    /// Returns metadata and body.
    ///
    /// ```
    /// use arrow_array::record_batch;
    /// use arrowlink_ipc::{EncodeOptions, MessageEncoder};
    ///
    /// let batch = record_batch!(("id", Int64, [1])).unwrap();
    /// let encoder = MessageEncoder::new(&batch.schema(), &EncodeOptions::default())?;
    /// let (header, body) = encoder.schema().clone().into_parts();
    /// assert_eq!((header.len() + 8) % 64, 0);
    /// assert!(body.is_empty());
    /// # Ok::<(), arrowlink_ipc::Error>(())
    /// ```
    pub fn into_parts(self) -> (Buffer, Vec<Buffer>) {
        (self.header, self.body)
    }
}

/// Sizes alone: what the bytes say is for a decoder.
impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message")
            .field("header_bytes", &self.header.len())
            .field("segments", &self.body.len())
            .field("body_bytes", &self.body_bytes)
            .finish()
    }
}
