//! Files to batches, batch by batch.

mod array_rows;
mod feed;
mod guard;
mod order;
mod plain;

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read as _, Seek as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_csv::reader::Format as CsvFormat;
use arrow_ipc::reader::{FileReader, StreamReader};
use arrow_json::reader::infer_json_schema_from_iterator;
use arrow_schema::{ArrowError, Schema, SchemaRef};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::Deserializer;

use crate::failure::{Exit, Failure};
use crate::format::Format;
use array_rows::ArrayRows;
pub(crate) use feed::feed;
use guard::guarded;
use order::Order;

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
    /// Begins to read `file`. Text has no types of its own: it gets those of the dataset it is for, where its columns
    /// have the same names, and else the narrowest that fit all of it.
    pub(crate) fn begin(
        file: File,
        path: &Path,
        format: Format,
        dataset: Option<SchemaRef>,
    ) -> Result<Self, Failure> {
        let opened = guarded(|| match format {
            Format::Parquet => parquet(file),
            Format::Csv => csv(file, dataset.as_ref()),
            Format::Arrow => arrow(file),
            Format::Json | Format::Ndjson => json(file, dataset),
        });
        let opened = opened.unwrap_or_else(|| Err(damaged()));
        let (schema, rows, batches) = opened.map_err(|error| unreadable(path, format, error))?;
        Ok(Self { schema, rows, batches, path: path.to_owned(), format })
    }

    /// Reads the next batch; `None` after the last. After an error there is none to be asked for.
    pub(crate) fn next(&mut self) -> Option<Result<RecordBatch, Failure>> {
        let batch = guarded(|| self.batches.next()).unwrap_or_else(|| Some(Err(damaged())))?;
        Some(batch.map_err(|error| unreadable(&self.path, self.format, error)))
    }
}

/// A schema, the number of rows where it is known, and the batches.
type Opened = Result<(SchemaRef, Option<u64>, Batches), ArrowError>;

/// Takes the types from the file's Arrow schema where it has one.
fn parquet(file: File) -> Opened {
    let builder = ParquetRecordBatchReaderBuilder::try_new(file)?.with_batch_size(BATCH_ROWS);
    let rows = u64::try_from(builder.metadata().file_metadata().num_rows()).ok();
    let schema = SchemaRef::clone(builder.schema());
    Ok((schema, rows, Box::new(builder.build()?)))
}

/// Reads the file twice where its types are not known: one that fits all rows is known only after the last.
fn csv(mut file: File, dataset: Option<&SchemaRef>) -> Opened {
    let format = CsvFormat::default().with_header(true);
    let (names, _) = format.infer_schema(BufReader::new(&file), Some(0))?;
    file.rewind()?;
    if let Some((schema, order)) = dataset.and_then(|schema| Some((schema, order(&names, schema)?))) {
        let in_file = Arc::new(schema.project(&order)?);
        let reader = csv_reader(file, &in_file, format)?;
        let back = schema.fields().iter().map(|field| in_file.index_of(field.name()));
        let back = back.collect::<Result<Vec<_>, _>>()?;
        let batches = reader.map(move |batch| batch?.project(&back));
        return Ok((SchemaRef::clone(schema), None, Box::new(batches)));
    }
    let (schema, rows) = format.infer_schema(BufReader::new(&file), None)?;
    file.rewind()?;
    let schema = with_columns(schema)?;
    let reader = csv_reader(file, &schema, format)?;
    Ok((schema, Some(rows as u64), Box::new(reader)))
}

fn csv_reader(
    file: File,
    schema: &SchemaRef,
    format: CsvFormat,
) -> Result<arrow_csv::Reader<File>, ArrowError> {
    arrow_csv::ReaderBuilder::new(SchemaRef::clone(schema))
        .with_format(format)
        .with_batch_size(BATCH_ROWS)
        .build(file)
}

/// Finds where each of the columns `names` stands in `schema`; `None` where the two do not have the same names.
fn order(names: &Schema, schema: &Schema) -> Option<Vec<usize>> {
    let order: Vec<usize> =
        names.fields().iter().map(|field| schema.index_of(field.name()).ok()).collect::<Option<_>>()?;
    let all = (0..schema.fields().len()).all(|idx| order.contains(&idx));
    (all && order.len() == schema.fields().len()).then_some(order)
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

/// Takes one array of objects, and objects one after the other. Reads the file twice where its types are not known.
fn json(mut file: File, dataset: Option<SchemaRef>) -> Opened {
    let strict = dataset.is_some();
    let schema = match dataset {
        Some(schema) => schema,
        None => {
            let schema = inferred(json_rows(file.try_clone()?)?)?;
            file.rewind()?;
            schema
        }
    };
    let decoded = plain::schema(&schema);
    let reader = arrow_json::ReaderBuilder::new(decoded).with_batch_size(BATCH_ROWS);
    // Without this a column that the dataset does not have would be left out in silence.
    let reader = reader.with_strict_mode(strict).build(json_rows(file)?)?;
    let wanted = SchemaRef::clone(&schema);
    Ok((schema, None, Box::new(reader.map(move |batch| plain::encoded(&batch?, &wanted)))))
}

/// Finds the types that fit all rows; columns stand in the order in which they come first.
fn inferred(rows: impl BufRead) -> Result<SchemaRef, ArrowError> {
    let mut order = Order::default();
    let mut values = Deserializer::from_reader(rows);
    let values = std::iter::from_fn(|| match values.end() {
        Ok(()) => None,
        Err(_) => Some(order.noting(&mut values).map_err(|error| ArrowError::JsonError(error.to_string()))),
    });
    let schema = infer_json_schema_from_iterator(values)?;
    with_columns(order.of_schema(&schema))
}

/// Refuses a file that says nothing of its columns: a dataset made of it could never be written to.
fn with_columns(schema: Schema) -> Result<SchemaRef, ArrowError> {
    if schema.fields().is_empty() {
        return Err(ArrowError::ExternalError("it is empty, there are no columns in it".into()));
    }
    Ok(Arc::new(schema))
}

/// Returns the rows without the array around them, where there is one.
fn json_rows(file: File) -> io::Result<Box<dyn BufRead + Send>> {
    let mut file = BufReader::with_capacity(BUFFER_BYTES, file);
    let is_array = file.fill_buf()?.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[');
    Ok(if is_array { Box::new(BufReader::new(ArrayRows::new(file))) } else { Box::new(file) })
}

/// Opens a file for reading; a folder is none.
pub(crate) fn open(path: &Path) -> Result<File, Failure> {
    let file = File::open(path).map_err(|error| cannot_open(path, error))?;
    if file.metadata().is_ok_and(|found| found.is_dir()) {
        return Err(Failure::new(Exit::NoInput, format!("`{}` is a folder, not a file", path.display())));
    }
    Ok(file)
}

fn cannot_open(path: &Path, error: io::Error) -> Failure {
    let exit = if error.kind() == io::ErrorKind::PermissionDenied { Exit::Permission } else { Exit::NoInput };
    Failure::new(exit, format!("cannot open `{}`", path.display())).with_source(error)
}

/// What there is to say of bytes that a decoder panics at.
fn damaged() -> ArrowError {
    ArrowError::ExternalError("the file is damaged".into())
}

fn unreadable(path: &Path, format: Format, error: ArrowError) -> Failure {
    Failure::new(Exit::Data, format!("cannot read `{}` as {format}", path.display())).with_source(error)
}

const ARROW_MAGIC: &[u8] = b"ARROW1";
/// Small enough for batches of wide rows, large enough for the cost of a batch not to count.
const BATCH_ROWS: usize = 16_384;
const BUFFER_BYTES: usize = 256 << 10;
