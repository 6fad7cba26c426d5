//! Bytes to batches, in whatever pieces the bytes arrive.
//!
//! This file knows in which part of which message the bytes are, and nothing of what a message says:
//! [`framing`](crate::framing) cuts bytes into parts, [`reader`](crate::reader) reads the parts.

use arrow_array::RecordBatch;
use arrow_buffer::Buffer;
use arrow_schema::SchemaRef;
use bytes::Bytes;

use crate::error::Place;
use crate::framing::{Gather, Prefix};
use crate::reader::{Opened, Reader};
use crate::{Decoded, Error, Limits};

/// Reads an Arrow IPC stream as its bytes arrive, without I/O.
///
/// Pieces may be cut anywhere. A message whose metadata and body each lie within one piece is not copied: its columns
/// share that piece's memory, and keep all of it alive; only buffers that do not begin at a multiple of their type's
/// alignment are copied. A message in several pieces is put together once, aligned to 64 bytes.
///
/// ```
/// use arrow_array::record_batch;
/// use arrow_buffer::Buffer;
/// use arrowlink_ipc::{EncodeOptions, Limits, StreamDecoder, write_stream};
///
/// let batch = record_batch!(("id", Int64, [1, 2, 3])).unwrap();
/// let segments = write_stream(&batch.schema(), [&batch], &EncodeOptions::default())?;
///
/// let mut decoder = StreamDecoder::new(Limits::default());
/// let mut batches = Vec::new();
/// for mut piece in segments {
///     while !piece.is_empty() {
///         batches.extend(decoder.decode(&mut piece)?);
///     }
/// }
/// decoder.finish()?;
/// assert_eq!(batches, [batch]);
/// # Ok::<(), arrowlink_ipc::Error>(())
/// ```
#[derive(Debug)]
pub struct StreamDecoder {
    messages: Reader,
    number: u64,
    state: State,
}

/// Which part of the stream the next byte belongs to ("IPC Streaming Format" and "Encapsulated message format" of the
/// Arrow columnar format): each message is a prefix, then metadata, then a body; a stream is messages up to the
/// end-of-stream marker.
#[derive(Debug)]
enum State {
    /// Between two messages, or within the 4 or 8 bytes before the metadata.
    Prefix(Prefix),
    /// Within the flatbuffer; `prefix` is how many bytes came before it and counts against `max_message_bytes`.
    Metadata { prefix: usize, bytes: Gather },
    /// Within the body, whose length the metadata gave. A message without a body passes through here too.
    Body { metadata: Buffer, bytes: Gather },
    /// After the end-of-stream marker: more bytes are an error.
    Finished,
    /// After any error. What the messages before left behind may be half changed and is not looked at again.
    Failed,
}

impl StreamDecoder {
    /// Begins a stream.
    pub fn new(limits: Limits) -> Self {
        Self { messages: Reader::new(limits), number: 1, state: State::Prefix(Prefix::default()) }
    }

    /// Takes bytes from the front of `input` until a batch is complete or `input` is empty.
    ///
    /// `None` says that `input` is empty. What is left in `input` after a batch is to be given again.
    ///
    /// # Errors
    ///
    /// Every kind but [`Truncated`](crate::ErrorKind::Truncated). After an error, the stream is over: all that follows
    /// is an error too. Bytes after the end-of-stream marker are an error.
    pub fn decode(&mut self, input: &mut Buffer) -> Result<Option<RecordBatch>, Error> {
        let result = self.advance(input);
        if result.is_err() {
            self.state = State::Failed;
        }
        result
    }

    /// Returns the schema, once its message is complete.
    pub fn schema(&self) -> Option<&SchemaRef> {
        self.messages.schema()
    }

    /// Returns how many more bytes are needed before anything more can be said: at least 1 until the end-of-stream
    /// marker, then 0.
    ///
    /// While a body is read this is exactly what it still lacks, so that a reader can make room for it at once.
    ///
    /// ```
    /// use arrow_buffer::Buffer;
    /// use arrowlink_ipc::{Limits, StreamDecoder};
    ///
    /// let mut decoder = StreamDecoder::new(Limits::default());
    /// assert_eq!(decoder.needed(), 4);
    /// decoder.decode(&mut Buffer::from(&[0xff, 0xff, 0xff, 0xff, 0x80, 0])).unwrap();
    /// assert_eq!(decoder.needed(), 2);
    /// decoder.decode(&mut Buffer::from(&[0, 0])).unwrap();
    /// assert_eq!(decoder.needed(), 0x80);
    /// ```
    pub fn needed(&self) -> usize {
        match &self.state {
            State::Prefix(prefix) => prefix.needed(),
            State::Metadata { bytes, .. } | State::Body { bytes, .. } => bytes.needed(),
            State::Finished | State::Failed => 0,
        }
    }

    /// Returns whether the end-of-stream marker was read.
    pub const fn is_finished(&self) -> bool {
        matches!(self.state, State::Finished)
    }

    /// Ends the stream where no more bytes come.
    ///
    /// The marker is optional: the format allows a writer to end a stream by closing it, so a stream may also end
    /// between two messages. Whoever needs to know asks [`is_finished`](Self::is_finished) before.
    ///
    /// # Errors
    ///
    /// [`Error::Truncated`] inside a message or before the schema; [`Error::Invalid`] after an error.
    pub fn finish(self) -> Result<(), Error> {
        let needed = self.needed();
        match self.state {
            State::Finished => Ok(()),
            State::Prefix(prefix) if prefix.is_untouched() && self.messages.schema().is_some() => Ok(()),
            State::Failed => Err(Error::over(self.number)),
            State::Prefix(_) | State::Metadata { .. } | State::Body { .. } => {
                Err(Error::Truncated { place: Place::in_message(self.number), needed })
            }
        }
    }

    /// Goes from part to part until there is a batch or no more input.
    ///
    /// Whatever a part claims about the next one is checked before the state changes, so that no part is gathered
    /// that is larger than the limits allow. The schema and dictionaries go on to the next message without returning.
    fn advance(&mut self, input: &mut Buffer) -> Result<Option<RecordBatch>, Error> {
        loop {
            let next = match &mut self.state {
                State::Prefix(prefix) => match prefix.feed(input) {
                    Some(0) if self.messages.schema().is_some() => State::Finished,
                    Some(length) => {
                        let length = self.messages.metadata_length(length, prefix.is_continued());
                        let length = length.map_err(|error| error.in_message(self.number, None))?;
                        State::Metadata { prefix: prefix.len(), bytes: Gather::new(length) }
                    }
                    None => return Ok(None),
                },
                State::Metadata { prefix, bytes } => match bytes.feed(input) {
                    Some(metadata) => {
                        let framing = metadata.len() + *prefix;
                        match self.messages.open(&metadata, input, self.number, framing)? {
                            Opened::Announced(length) => State::Body { metadata, bytes: Gather::new(length) },
                            Opened::Read(decoded, length) => {
                                input.advance(length);
                                match self.next_message(decoded) {
                                    Some(batch) => return Ok(Some(batch)),
                                    None => continue,
                                }
                            }
                        }
                    }
                    None => return Ok(None),
                },
                State::Body { metadata, bytes } => match bytes.feed(input) {
                    Some(body) => {
                        let decoded = self.messages.decode(metadata, &body, self.number)?;
                        match self.next_message(decoded) {
                            Some(batch) => return Ok(Some(batch)),
                            None => continue,
                        }
                    }
                    None => return Ok(None),
                },
                State::Finished if input.is_empty() => return Ok(None),
                State::Finished => {
                    let reason = format!("{} bytes follow the end of the stream", input.len());
                    return Err(Error::invalid(reason).in_message(self.number, None));
                }
                State::Failed => return Err(Error::over(self.number)),
            };
            self.state = next;
        }
    }

    /// Goes on to the next message; returns the batch where this one was one.
    fn next_message(&mut self, decoded: Decoded) -> Option<RecordBatch> {
        self.number += 1;
        self.state = State::Prefix(Prefix::default());
        match decoded {
            Decoded::Batch(batch) => Some(batch),
            Decoded::Schema(_) | Decoded::Dictionary => None,
        }
    }
}

/// Reads a stream that is there as a whole.
///
/// The columns share the memory of `bytes` where they are aligned in it. `max_decompressed_bytes` counts over the
/// whole stream here, because all of it is returned. Unlike a stream that arrives, one that is there as a whole must
/// have its end-of-stream marker: cut off between two messages it would read as a smaller table.
///
/// # Errors
///
/// [`Error::Truncated`] where the bytes end before the end-of-stream marker; [`Error::Invalid`] also where bytes follow
/// it.
///
/// ```
/// use arrow_array::record_batch;
/// use arrowlink_ipc::{EncodeOptions, ErrorKind, Limits, read_stream, write_stream};
/// use bytes::Bytes;
///
/// let batch = record_batch!(("id", Int64, [1, 2, 3])).unwrap();
/// let segments = write_stream(&batch.schema(), [&batch], &EncodeOptions::default())?;
/// let bytes = Bytes::from(segments.iter().flat_map(|segment| segment.to_vec()).collect::<Vec<u8>>());
///
/// let (_, batches) = read_stream(bytes.clone(), &Limits::default())?;
/// assert_eq!(batches, [batch]);
/// let error = read_stream(bytes.slice(..bytes.len() - 9), &Limits::default()).unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::Truncated);
/// # Ok::<(), arrowlink_ipc::Error>(())
/// ```
pub fn read_stream(bytes: Bytes, limits: &Limits) -> Result<(SchemaRef, Vec<RecordBatch>), Error> {
    let mut decoder = StreamDecoder::new(limits.clone());
    decoder.messages.count_over_all_messages();
    let mut input = Buffer::from(bytes);
    let mut batches = Vec::new();
    while let Some(batch) = decoder.decode(&mut input)? {
        batches.push(batch);
    }
    match decoder.schema() {
        Some(schema) if decoder.is_finished() => Ok((SchemaRef::clone(schema), batches)),
        _ => Err(Error::Truncated {
            place: Place::in_message(decoder.number),
            needed: decoder.needed().max(1),
        }),
    }
}
