//! Batches to segments: the messages of an IPC stream as lists of buffers, for the most part the columns' own memory.

use arrow_array::{RecordBatch, RecordBatchOptions};
use arrow_buffer::Buffer;
use arrow_ipc::CompressionType;
use arrow_ipc::writer::{DictionaryHandling, IpcWriteOptions, StreamEncoder as ArrowEncoder};
use arrow_schema::{ArrowError, Schema, SchemaRef};

use crate::Error;
use crate::settle::{self, settle};

/// How a stream is written.
///
/// ```
/// use arrowlink_ipc::{Compression, EncodeOptions};
///
/// let options = EncodeOptions::default().with_compression(Some(Compression::Zstd));
/// assert_eq!(options.compression, Some(Compression::Zstd));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct EncodeOptions {
    /// How buffers are compressed; compressed buffers are copies. Default: not at all.
    pub compression: Option<Compression>,
    /// How a dictionary that has changed since the last batch is sent. Default: as a whole.
    pub dictionaries: Dictionaries,
}

impl EncodeOptions {
    /// Sets [`compression`](Self::compression).
    #[must_use]
    pub const fn with_compression(mut self, compression: Option<Compression>) -> Self {
        self.compression = compression;
        self
    }

    /// Sets [`dictionaries`](Self::dictionaries).
    #[must_use]
    pub const fn with_dictionaries(mut self, dictionaries: Dictionaries) -> Self {
        self.dictionaries = dictionaries;
        self
    }

    /// Does not fail as things are: Arrow refuses compression in messages older than version 5 alone, and version 5
    /// is its default.
    fn to_arrow(&self) -> Result<IpcWriteOptions, ArrowError> {
        let compression = self.compression.map(|compression| match compression {
            Compression::Lz4 => CompressionType::LZ4_FRAME,
            Compression::Zstd => CompressionType::ZSTD,
        });
        let dictionaries = match self.dictionaries {
            Dictionaries::Replace => DictionaryHandling::Resend,
            Dictionaries::Delta => DictionaryHandling::Delta,
        };
        IpcWriteOptions::default().with_dictionary_handling(dictionaries).try_with_compression(compression)
    }
}

/// A codec for the buffers of a message.
///
/// Each buffer is compressed by itself; one that would become larger is sent as it is. It pays over slow links and on
/// disk: over loopback, copying what is not compressed is faster than either.
///
/// ```
/// use arrow_array::record_batch;
/// use arrowlink_ipc::{Compression, EncodeOptions, write_stream};
///
/// let batch = record_batch!(("status", Int64, vec![200; 10_000])).unwrap();
/// let bytes = |compression| {
///     let options = EncodeOptions::default().with_compression(compression);
///     write_stream(&batch.schema(), [&batch], &options).unwrap().iter().map(|segment| segment.len()).sum::<usize>()
/// };
/// assert!(bytes(Some(Compression::Lz4)) < bytes(None) / 20);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Compression {
    /// LZ4 frames: fast.
    Lz4,
    /// Zstandard, level 3: smaller.
    Zstd,
}

/// How a dictionary that has changed since the last batch is sent.
///
/// One that has not changed is not sent again in either case. Dictionaries whose values are unions or run-end encoded
/// are always sent as a whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Dictionaries {
    /// As a whole, in place of the last one. Every reader knows this.
    #[default]
    Replace,
    /// Only the values that came to its end, where nothing else has changed.
    Delta,
}

/// Writes an Arrow IPC stream as buffers, without I/O.
///
/// Uncompressed buffers of a record batch are not copied: the segments share the columns' memory. What is copied:
/// dictionary values, offsets of sliced arrays that do not begin at zero, bitmaps that do not begin at a byte, runs.
/// Every buffer begins at a multiple of 64 bytes within its message.
///
/// The stream keeps the last values of every dictionary alive, to tell what has changed. Slices of lists that hold
/// unions are copied first, and so are runs.
///
/// ```
/// use arrow_array::{Array, record_batch};
/// use arrowlink_ipc::{EncodeOptions, StreamEncoder};
///
/// let batch = record_batch!(("id", Int64, [1, 2, 3])).unwrap();
/// let column = batch.column(0).to_data().buffers()[0].as_ptr();
///
/// let mut encoder = StreamEncoder::new(&batch.schema(), &EncodeOptions::default())?;
/// let segments = encoder.encode(&batch)?;
/// assert!(segments.iter().any(|segment| segment.as_ptr() == column));
/// # Ok::<(), arrowlink_ipc::Error>(())
/// ```
pub struct StreamEncoder {
    schema: SchemaRef,
    is_unsettled: bool,
    encoder: ArrowEncoder,
}

impl StreamEncoder {
    /// Begins a stream of batches that have `schema`.
    ///
    /// # Errors
    ///
    /// [`Error::Encode`] where the schema has no form on the wire: a dictionary whose values are a dictionary.
    pub fn new(schema: &Schema, options: &EncodeOptions) -> Result<Self, Error> {
        let types = || schema.fields().iter().map(|field| field.data_type());
        let mut options = options.clone();
        if types().any(settle::has_unsettled_dictionary) {
            options.dictionaries = Dictionaries::Replace;
        }
        let encoder = options
            .to_arrow()
            .and_then(|options| ArrowEncoder::try_new_with_options(schema, options))
            .map_err(|source| Error::Encode { source })?;
        let is_unsettled = types().any(settle::is_unsettled);
        Ok(Self { schema: schema.clone().into(), is_unsettled, encoder })
    }

    /// Writes `batch`; the first call writes the schema before it.
    ///
    /// # Errors
    ///
    /// [`Error::SchemaMismatch`] where the batch has other columns than the stream; the stream can go on.
    /// [`Error::Encode`] where the batch has no form on the wire.
    pub fn encode(&mut self, batch: &RecordBatch) -> Result<Vec<Buffer>, Error> {
        self.check(batch)?;
        let settled = if self.is_unsettled { Some(settled(batch)) } else { None };
        let settled = settled.transpose().map_err(|source| Error::Encode { source })?;
        self.encoder.encode(settled.as_ref().unwrap_or(batch)).map_err(|source| Error::Encode { source })
    }

    /// Ends the stream; writes the schema where there was no batch.
    ///
    /// # Errors
    ///
    /// [`Error::Encode`] where the schema has no form on the wire.
    pub fn finish(self) -> Result<Vec<Buffer>, Error> {
        self.encoder.finish().map_err(|source| Error::Encode { source })
    }

    /// Compares types and nulls with the schema that readers were told; names and metadata of the batch are not sent
    /// and do not count.
    fn check(&self, batch: &RecordBatch) -> Result<(), Error> {
        let (expected, actual) = (self.schema.fields(), batch.columns());
        if expected.len() != actual.len() {
            let reason = format!("{} columns expected, {} are there", expected.len(), actual.len());
            return Err(Error::SchemaMismatch { reason });
        }
        for (field, column) in expected.iter().zip(actual) {
            let name = field.name();
            if field.data_type() != column.data_type() {
                let (expected, actual) = (field.data_type(), column.data_type());
                let reason = format!("column `{name}` is `{actual}`, expected `{expected}`");
                return Err(Error::SchemaMismatch { reason });
            }
            if !field.is_nullable() && column.null_count() > 0 {
                let reason = format!("column `{name}` has nulls, and none are allowed");
                return Err(Error::SchemaMismatch { reason });
            }
        }
        Ok(())
    }
}

impl std::fmt::Debug for StreamEncoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StreamEncoder").field("schema", &self.schema).finish_non_exhaustive()
    }
}

/// Returns `batch` with all columns settled; a batch without columns keeps its number of rows.
fn settled(batch: &RecordBatch) -> Result<RecordBatch, ArrowError> {
    let columns = batch.columns().iter().map(settle).collect::<Result<_, _>>()?;
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    RecordBatch::try_new_with_options(batch.schema(), columns, &options)
}

/// Writes a whole stream: schema, dictionaries, batches and end-of-stream marker.
///
/// # Errors
///
/// As [`StreamEncoder::encode`].
///
/// ```
/// use arrow_array::record_batch;
/// use arrowlink_ipc::{EncodeOptions, write_stream};
///
/// let batch = record_batch!(("id", Int64, [1])).unwrap();
/// let segments = write_stream(&batch.schema(), [&batch], &EncodeOptions::default())?;
/// let marker: &[u8] = &[0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0];
/// assert_eq!(segments.last().unwrap().as_slice(), marker);
/// # Ok::<(), arrowlink_ipc::Error>(())
/// ```
pub fn write_stream<'a>(
    schema: &Schema,
    batches: impl IntoIterator<Item = &'a RecordBatch>,
    options: &EncodeOptions,
) -> Result<Vec<Buffer>, Error> {
    let mut encoder = StreamEncoder::new(schema, options)?;
    let mut segments = Vec::new();
    for batch in batches {
        segments.extend(encoder.encode(batch)?);
    }
    segments.extend(encoder.finish()?);
    Ok(segments)
}
