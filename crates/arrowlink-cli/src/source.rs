//! Files to batches, batch by batch.

mod array_rows;
mod feed;

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read as _, Seek as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_csv::reader::Format as CsvFormat;
use arrow_ipc::reader::{FileReader, StreamReader};
use arrow_json::reader::infer_json_schema_from_iterator;
use arrow_schema::{ArrowError, SchemaRef};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::{Deserializer, Value};

use crate::failure::{Exit, Failure};
use crate::format::Format;
use array_rows::ArrayRows;
pub(crate) use feed::feed;

/// A file whose schema is known. Making one and each of its batches waits for the disk.
pub(crate) struct Source {
    pub(crate) schema: SchemaRef,
    /// How many rows there are, where the format says it before they are read.
    pub(crate) rows: Option<u64>,
    batches: Batches,
    path: PathBuf,
    format: Format,
}

type Batches = Box<dyn Iterator<Item = Result<RecordBatch, ArrowError>> + Send>;

impl Source {
    pub(crate) fn open(path: &Path, format: Format) -> Result<Self, Failure> {
        let file = File::open(path).map_err(|error| cannot_open(path, error))?;
        if file.metadata().is_ok_and(|found| found.is_dir()) {
            return Err(Failure::new(Exit::NoInput, format!("`{}` is a folder, not a file", path.display())));
        }
        let opened = match format {
            Format::Parquet => parquet(file),
            Format::Csv => csv(file),
            Format::Arrow => arrow(file),
            Format::Json | Format::Ndjson => json(file),
        };
        let (schema, rows, batches) = opened.map_err(|error| unreadable(path, format, error))?;
        Ok(Self { schema, rows, batches, path: path.to_owned(), format })
    }

    /// Reads the next batch; `None` after the last.
    pub(crate) fn next(&mut self) -> Option<Result<RecordBatch, Failure>> {
        let batch = self.batches.next()?;
        Some(batch.map_err(|error| unreadable(&self.path, self.format, error)))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

type Opened = Result<(SchemaRef, Option<u64>, Batches), ArrowError>;

fn parquet(file: File) -> Opened {
    let builder = ParquetRecordBatchReaderBuilder::try_new(file)?.with_batch_size(BATCH_ROWS);
    let rows = u64::try_from(builder.metadata().file_metadata().num_rows()).ok();
    let schema = SchemaRef::clone(builder.schema());
    Ok((schema, rows, Box::new(builder.build()?)))
}

/// Reads the file twice: a type that fits all rows is known only after the last.
fn csv(mut file: File) -> Opened {
    let format = CsvFormat::default().with_header(true);
    let (schema, rows) = format.infer_schema(BufReader::new(&file), None)?;
    file.rewind()?;
    let schema = Arc::new(schema);
    let reader = arrow_csv::ReaderBuilder::new(SchemaRef::clone(&schema)).with_format(format);
    Ok((schema, Some(rows as u64), Box::new(reader.with_batch_size(BATCH_ROWS).build(file)?)))
}

/// Takes files with a footer and plain streams alike.
fn arrow(mut file: File) -> Opened {
    let mut magic = Vec::new();
    (&mut file).take(ARROW_MAGIC.len() as u64).read_to_end(&mut magic)?;
    file.rewind()?;
    if magic == ARROW_MAGIC {
        let reader = FileReader::try_new_buffered(file, None)?;
        return Ok((reader.schema(), None, Box::new(reader)));
    }
    let reader = StreamReader::try_new_buffered(file, None)?;
    Ok((reader.schema(), None, Box::new(reader)))
}

/// Takes one array of objects, and objects one after the other. Reads the file twice, as CSV.
fn json(mut file: File) -> Opened {
    let values = Deserializer::from_reader(json_rows(file.try_clone()?)?).into_iter::<Value>();
    let values = values.map(|value| value.map_err(|error| ArrowError::JsonError(error.to_string())));
    let schema = Arc::new(infer_json_schema_from_iterator(values)?);
    file.rewind()?;
    let reader = arrow_json::ReaderBuilder::new(SchemaRef::clone(&schema)).with_batch_size(BATCH_ROWS);
    Ok((schema, None, Box::new(reader.build(json_rows(file)?)?)))
}

/// Returns the rows without the array around them, where there is one.
fn json_rows(file: File) -> io::Result<Box<dyn BufRead + Send>> {
    let mut file = BufReader::with_capacity(BUFFER_BYTES, file);
    let is_array = file.fill_buf()?.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[');
    Ok(if is_array { Box::new(BufReader::new(ArrayRows::new(file))) } else { Box::new(file) })
}

fn cannot_open(path: &Path, error: io::Error) -> Failure {
    let exit = if error.kind() == io::ErrorKind::PermissionDenied { Exit::Permission } else { Exit::NoInput };
    Failure::new(exit, format!("cannot open `{}`", path.display())).with_source(error)
}

fn unreadable(path: &Path, format: Format, error: ArrowError) -> Failure {
    Failure::new(Exit::Data, format!("cannot read `{}` as {format}", path.display())).with_source(error)
}

const ARROW_MAGIC: &[u8] = b"ARROW1";
const BATCH_ROWS: usize = 16_384;
const BUFFER_BYTES: usize = 256 << 10;
