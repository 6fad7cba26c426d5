//! Batches to bytes in one of the formats, batch by batch.

mod check;
mod noted;
mod rows;

use std::error::Error as StdError;

use arrow_array::RecordBatch;
use arrow_ipc::writer::{DictionaryHandling, FileWriter, IpcWriteOptions};
use arrow_json::writer::{LineDelimited, Writer as JsonWriter, WriterBuilder};
use arrow_schema::SchemaRef;
use arrowlink_core::Dictionaries;
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::file::properties::WriterProperties;

use crate::failure::{Exit, Failure, io_cause};
use crate::format::Format;
use crate::output::Output;
use noted::{Note, Noted};
use rows::ArrayOfRows;

/// The writing end of a file in a format. Every method waits for the disk.
pub(crate) struct Sink {
    format: Format,
    /// How messages call the output.
    label: String,
    writer: Writer,
}

enum Writer {
    Parquet(Box<ArrowWriter<Output>>),
    Csv(Box<arrow_csv::Writer<Noted>>, Note),
    Arrow(Box<FileWriter<Output>>, Dictionaries),
    Json(Box<JsonWriter<Output, ArrayOfRows>>),
    Ndjson(Box<JsonWriter<Output, LineDelimited>>),
}

impl Sink {
    /// Begins to write rows of `schema`, or says which column the format does not have.
    pub(crate) fn begin(format: Format, schema: &SchemaRef, output: Output) -> Result<Self, Failure> {
        check::schema(format, schema)?;
        let label = output.label();
        let failed = |error: Cause| failed(format, &label, error);
        let writer = match format {
            Format::Parquet => Writer::Parquet(Box::new(parquet(schema, output).map_err(failed)?)),
            Format::Csv => {
                let (output, note) = Noted::new(output);
                Writer::Csv(Box::new(csv(schema, output).map_err(failed)?), note)
            }
            Format::Arrow => {
                Writer::Arrow(Box::new(arrow(schema, output).map_err(failed)?), Dictionaries::new(schema))
            }
            Format::Json => Writer::Json(Box::new(json().build(output))),
            Format::Ndjson => Writer::Ndjson(Box::new(json().build(output))),
        };
        Ok(Self { format, label, writer })
    }

    /// Writes the rows of a batch; some formats keep them in memory for a while, 64 MiB of them at most.
    pub(crate) fn write(&mut self, batch: &RecordBatch) -> Result<(), Failure> {
        let written = match &mut self.writer {
            Writer::Parquet(writer) => write_parquet(writer, batch),
            Writer::Csv(writer, note) => writer.write(batch).map_err(|error| note.cause(error)),
            Writer::Arrow(writer, dictionaries) => {
                writer.write(&dictionaries.unify(batch)?).map_err(Cause::from)
            }
            Writer::Json(writer) => writer.write(batch).map_err(Cause::from),
            Writer::Ndjson(writer) => writer.write(batch).map_err(Cause::from),
        };
        written.map_err(|error| failed(self.format, &self.label, error))
    }

    /// Writes what the format has at its end, and gives the output back.
    pub(crate) fn finish(self) -> Result<Output, Failure> {
        let output = match self.writer {
            Writer::Parquet(writer) => writer.into_inner().map_err(Cause::from),
            Writer::Csv(writer, _) => Ok(writer.into_inner().into_inner()),
            Writer::Arrow(writer, _) => writer.into_inner().map_err(Cause::from),
            Writer::Json(mut writer) => writer.finish().map(|()| writer.into_inner()).map_err(Cause::from),
            Writer::Ndjson(mut writer) => writer.finish().map(|()| writer.into_inner()).map_err(Cause::from),
        };
        output.map_err(|error| failed(self.format, &self.label, error))
    }
}

type Cause = Box<dyn StdError + Send + Sync>;

/// Parquet with Snappy, which every reader of Parquet has.
fn parquet(schema: &SchemaRef, output: Output) -> Result<ArrowWriter<Output>, Cause> {
    let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
    Ok(ArrowWriter::try_new(output, SchemaRef::clone(schema), Some(properties))?)
}

/// Writes a batch and closes the row group where it became large: it is in memory until then.
fn write_parquet(writer: &mut ArrowWriter<Output>, batch: &RecordBatch) -> Result<(), Cause> {
    writer.write(batch)?;
    if writer.memory_size() > ROW_GROUP_BYTES {
        writer.flush()?;
    }
    Ok(())
}

/// The line of names is written at once: a table without rows has it too.
fn csv(schema: &SchemaRef, output: Noted) -> Result<arrow_csv::Writer<Noted>, Cause> {
    let mut writer = arrow_csv::Writer::new(output);
    writer.write(&RecordBatch::new_empty(SchemaRef::clone(schema)))?;
    Ok(writer)
}

/// An Arrow file, whose dictionaries may only grow.
fn arrow(schema: &SchemaRef, output: Output) -> Result<FileWriter<Output>, Cause> {
    let options = IpcWriteOptions::default().with_dictionary_handling(DictionaryHandling::Delta);
    Ok(FileWriter::try_new_with_options(output, schema, options)?)
}

/// Nulls are written out, so that every row has every column.
fn json() -> WriterBuilder {
    WriterBuilder::new().with_explicit_nulls(true)
}

/// Tells a disk that took no more from rows that the format does not have.
fn failed(format: Format, label: &str, error: Cause) -> Failure {
    let exit = if io_cause(error.as_ref()).is_some() { Exit::CannotCreate } else { Exit::Data };
    Failure::new(exit, format!("cannot write {label} as {format}")).with_source(error)
}

/// How large a row group becomes in memory.
const ROW_GROUP_BYTES: usize = 64 << 20;
