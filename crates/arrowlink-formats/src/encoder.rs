//! Batches to bytes in one of the formats, batch by batch.

mod pipe;
mod rows;

use std::error::Error as StdError;
use std::fmt;

use arrow_array::RecordBatch;
use arrow_buffer::Buffer;
use arrow_ipc::writer::{DictionaryHandling, FileWriter, IpcWriteOptions};
use arrow_json::writer::{LineDelimited, Writer as JsonWriter, WriterBuilder};
use arrow_schema::{Schema, SchemaRef};
use arrowlink_core::Dictionaries;
use arrowlink_ipc::StreamEncoder;
use bytes::Bytes;
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::file::properties::WriterProperties;

use crate::{EncodeOptions, Error, Format, fits};
use pipe::Pipe;
use rows::ArrayOfRows;

/// Writes batches of one schema in a [`Format`], and gives the bytes as they become ready.
///
/// What [`write`](Self::write) and [`finish`](Self::finish) return, one after the other, is the whole of a file. The
/// segments of an [`ArrowStream`](Format::ArrowStream) are the columns' own memory; those of all other formats are copies.
/// [`Parquet`](Format::Parquet) keeps rows until a row group is full, the others keep none.
///
/// After an error the encoder has no use any more.
///
/// ```
/// use arrow_array::record_batch;
/// use arrowlink_formats::{EncodeOptions, Encoder, Format};
///
/// let batch = record_batch!(("id", Int64, [1, 2])).unwrap();
/// let mut encoder = Encoder::new(Format::Ndjson, batch.schema_ref(), &EncodeOptions::default())?;
/// assert_eq!(encoder.write(&batch)?.concat(), b"{\"id\":1}\n{\"id\":2}\n");
/// assert_eq!(encoder.finish()?.concat(), b"");
/// # Ok::<(), arrowlink_formats::Error>(())
/// ```
pub struct Encoder {
    format: Format,
    schema: SchemaRef,
    writer: Writer,
    /// What the writer wrote and nobody has taken.
    pipe: Pipe,
}

enum Writer {
    ArrowStream(Box<StreamEncoder>),
    ArrowFile(Box<FileWriter<Pipe>>, Dictionaries),
    Parquet(Box<ArrowWriter<Pipe>>, usize),
    Csv(Box<arrow_csv::Writer<Pipe>>),
    Ndjson(Box<JsonWriter<Pipe, LineDelimited>>),
    Json(Box<JsonWriter<Pipe, ArrayOfRows>>),
}

type Cause = Box<dyn StdError + Send + Sync>;

impl Encoder {
    /// Begins to write rows of `schema`.
    ///
    /// # Errors
    ///
    /// [`Error::Unfit`] for a column that the format does not have, [`Error::Encode`] for a schema that it cannot write.
    pub fn new(format: Format, schema: &SchemaRef, options: &EncodeOptions) -> Result<Self, Error> {
        fits(format, schema)?;
        let pipe = Pipe::default();
        let writer = Writer::new(format, schema, options, pipe.clone());
        let writer = writer.map_err(|error| Error::encode(format, error))?;
        Ok(Self { format, schema: SchemaRef::clone(schema), writer, pipe })
    }

    /// Returns what it writes.
    pub const fn format(&self) -> Format {
        self.format
    }

    /// Writes the rows of `batch`, and returns what is ready: nothing, where the format keeps rows for a while.
    ///
    /// # Errors
    ///
    /// [`Error::Encode`] for rows that have no form in the format, or are not of the schema.
    pub fn write(&mut self, batch: &RecordBatch) -> Result<Vec<Bytes>, Error> {
        self.check(batch)?;
        let mut ready = Vec::new();
        let written = match &mut self.writer {
            Writer::ArrowStream(writer) => {
                writer.encode(batch).map(|buffers| ready = shared(buffers)).map_err(Cause::from)
            }
            Writer::ArrowFile(writer, dictionaries) => write_file(writer, dictionaries, batch),
            Writer::Parquet(writer, most) => write_parquet(writer, *most, batch),
            Writer::Csv(writer) => writer.write(batch).map_err(Cause::from),
            Writer::Ndjson(writer) => writer.write(batch).map_err(Cause::from),
            Writer::Json(writer) => writer.write(batch).map_err(Cause::from),
        };
        written.map_err(|error| Error::encode(self.format, error))?;
        ready.extend(self.pipe.take());
        Ok(ready)
    }

    /// Not every writer looks for itself, and what it wrote then could not be read.
    fn check(&self, batch: &RecordBatch) -> Result<(), Error> {
        let types = |schema: &'_ Schema| -> Vec<String> {
            schema.fields().iter().map(|field| field.data_type().to_string()).collect()
        };
        let (expected, actual) = (self.schema.fields(), batch.schema_ref().fields());
        let same = expected.len() == actual.len()
            && expected
                .iter()
                .zip(actual)
                .all(|(expected, actual)| expected.data_type() == actual.data_type());
        if same {
            return Ok(());
        }
        let (expected, actual) = (types(&self.schema), types(batch.schema_ref()));
        let text = format!("the columns are {}, expected {}", actual.join(", "), expected.join(", "));
        Err(Error::encode(self.format, text))
    }

    /// Returns what is left, and what the format has at its end. Without it what was written is cut off.
    ///
    /// # Errors
    ///
    /// As [`write`](Self::write).
    pub fn finish(self) -> Result<Vec<Bytes>, Error> {
        let mut ready = Vec::new();
        let finished = match self.writer {
            Writer::ArrowStream(writer) => {
                writer.finish().map(|buffers| ready = shared(buffers)).map_err(Cause::from)
            }
            Writer::ArrowFile(mut writer, _) => writer.finish().map_err(Cause::from),
            Writer::Parquet(writer, _) => writer.close().map(drop).map_err(Cause::from),
            // Each batch is flushed.
            Writer::Csv(_) => Ok(()),
            Writer::Ndjson(mut writer) => writer.finish().map_err(Cause::from),
            Writer::Json(mut writer) => writer.finish().map_err(Cause::from),
        };
        finished.map_err(|error| Error::encode(self.format, error))?;
        ready.extend(self.pipe.take());
        Ok(ready)
    }
}

impl fmt::Debug for Encoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Encoder").field("format", &self.format).finish_non_exhaustive()
    }
}

impl Writer {
    fn new(format: Format, schema: &SchemaRef, options: &EncodeOptions, pipe: Pipe) -> Result<Self, Cause> {
        Ok(match format {
            Format::ArrowStream => {
                Self::ArrowStream(Box::new(StreamEncoder::new(schema, &Default::default())?))
            }
            Format::ArrowFile => Self::ArrowFile(Box::new(file(schema, pipe)?), Dictionaries::new(schema)),
            Format::Parquet => Self::Parquet(Box::new(parquet(schema, pipe)?), options.row_group_bytes),
            Format::Csv => Self::Csv(Box::new(csv(schema, options, pipe)?)),
            Format::Ndjson => Self::Ndjson(Box::new(json().build(pipe))),
            Format::Json => Self::Json(Box::new(json().build(pipe))),
        })
    }
}

/// Lends the columns' memory out.
fn shared(buffers: Vec<Buffer>) -> Vec<Bytes> {
    buffers.into_iter().map(|buffer| Bytes::from_owner(Lent(buffer))).collect()
}

struct Lent(Buffer);

impl AsRef<[u8]> for Lent {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

/// Parquet with Snappy, which every reader of Parquet has.
fn parquet(schema: &SchemaRef, pipe: Pipe) -> Result<ArrowWriter<Pipe>, Cause> {
    let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
    Ok(ArrowWriter::try_new(pipe, SchemaRef::clone(schema), Some(properties))?)
}

/// Writes a batch and closes the row group where it became large: it is in memory until then.
fn write_parquet(writer: &mut ArrowWriter<Pipe>, most: usize, batch: &RecordBatch) -> Result<(), Cause> {
    writer.write(batch)?;
    if writer.memory_size() > most {
        writer.flush()?;
    }
    Ok(())
}

/// The line of names is written at once: a table without rows has it too.
fn csv(schema: &SchemaRef, options: &EncodeOptions, pipe: Pipe) -> Result<arrow_csv::Writer<Pipe>, Cause> {
    let mut writer = arrow_csv::WriterBuilder::new().with_null(options.csv_null.clone()).build(pipe);
    writer.write(&RecordBatch::new_empty(SchemaRef::clone(schema)))?;
    Ok(writer)
}

/// An Arrow file, whose dictionaries may only grow.
fn file(schema: &Schema, pipe: Pipe) -> Result<FileWriter<Pipe>, Cause> {
    let options = IpcWriteOptions::default().with_dictionary_handling(DictionaryHandling::Delta);
    Ok(FileWriter::try_new_with_options(pipe, schema, options)?)
}

fn write_file(
    writer: &mut FileWriter<Pipe>,
    dictionaries: &mut Dictionaries,
    batch: &RecordBatch,
) -> Result<(), Cause> {
    Ok(writer.write(&dictionaries.unify(batch)?)?)
}

/// Nulls are written out, so that every row has every column.
fn json() -> WriterBuilder {
    WriterBuilder::new().with_explicit_nulls(true)
}
