//! Arrow IPC streams without I/O: batches to segments that still are the columns' memory, bytes to checked batches.
//!
//! [`StreamEncoder`] gives each message as a list of buffers which may be written one after the other without being
//! put together first. [`StreamDecoder`] takes bytes as they arrive, cut anywhere, and gives batches whose columns lie
//! in the bytes it was given; [`read_stream`] does so for a stream that is there as a whole. [`MessageEncoder`] and
//! [`MessageDecoder`] do the same with the messages of a stream one by one, metadata and body apart, as Arrow Flight
//! carries them.
//!
//! Input is not trusted. Every message is checked before an array is made of it: the flatbuffer, the types, the
//! number of nodes and buffers, the range and size of every buffer, then every value whose meaning an array relies
//! on. Decoding never panics, and never allocates more than its [`Limits`] say. What went wrong, and where, is an
//! [`Error`].
//!
//! ```
//! use arrow_array::record_batch;
//! use arrowlink_ipc::{EncodeOptions, Limits, StreamEncoder, read_stream};
//!
//! let batch = record_batch!(("id", Int64, [1, 2]), ("name", Utf8, ["a", "b"])).unwrap();
//! let mut encoder = StreamEncoder::new(&batch.schema(), &EncodeOptions::default())?;
//! let mut segments = encoder.encode(&batch)?;
//! segments.extend(encoder.finish()?);
//!
//! let bytes: Vec<u8> = segments.iter().flat_map(|segment| segment.to_vec()).collect();
//! let (schema, batches) = read_stream(bytes.into(), &Limits::default())?;
//! assert_eq!(schema, batch.schema());
//! assert_eq!(batches, [batch]);
//! # Ok::<(), arrowlink_ipc::Error>(())
//! ```

#![warn(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::indexing_slicing)]

mod batch;
mod body;
mod decompress;
mod dictionaries;
mod encode;
mod error;
mod framing;
mod limits;
mod message;
mod reader;
mod schema;
mod settle;
mod stream;
mod types;
mod verify;

pub use encode::{Compression, Dictionaries, EncodeOptions, StreamEncoder, write_stream};
pub use error::{Error, ErrorKind, Place};
pub use limits::Limits;
pub use message::{Decoded, Message, MessageDecoder, MessageEncoder};
pub use stream::{StreamDecoder, read_stream};
