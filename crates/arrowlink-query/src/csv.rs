//! CSV files: their schema from a sample, and what is wrong with them in terms of rows and columns.
//!
//! Arrow's reader says where it failed in text only; the shapes of it that are understood here are pinned by tests.

use std::fs::File;
use std::io::{Cursor, Read as _};
use std::path::Path;
use std::sync::Arc;

use arrow_csv::ReaderBuilder;
use arrow_csv::reader::Format;
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use arrowlink_core::{Error, ErrorKind, Result};
use datafusion::config;

use crate::failure::{corrupt, from_arrow, io};
use crate::options::{CsvHeader, CsvOptions, FileOptions};
use crate::snapshot::FileStamp;

/// How one CSV file is written, with everything decided.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Dialect {
    delimiter: u8,
    header: bool,
    quote: u8,
    escape: Option<u8>,
}

impl Dialect {
    pub(crate) fn new(options: &CsvOptions, path: &Path) -> Self {
        let tabs = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("tsv"));
        Self {
            delimiter: options.delimiter.unwrap_or(if tabs { b'\t' } else { b',' }),
            header: options.header == CsvHeader::Present,
            quote: options.quote,
            escape: options.escape,
        }
    }

    /// Returns the dialect as DataFusion takes it.
    pub(crate) fn for_datafusion(self) -> config::CsvOptions {
        config::CsvOptions {
            has_header: Some(self.header),
            delimiter: self.delimiter,
            quote: self.quote,
            escape: self.escape,
            newlines_in_values: Some(true),
            ..config::CsvOptions::default()
        }
    }

    fn format(self) -> Format {
        let format =
            Format::default().with_header(self.header).with_delimiter(self.delimiter).with_quote(self.quote);
        match self.escape {
            Some(escape) => format.with_escape(escape),
            None => format,
        }
    }

    /// Returns how many bytes of `sample` are whole rows.
    fn whole_rows(self, sample: &[u8]) -> usize {
        let (mut quoted, mut escaped, mut end) = (false, false, 0);
        for (index, byte) in sample.iter().enumerate() {
            if escaped {
                escaped = false;
            } else if quoted && Some(*byte) == self.escape {
                escaped = true;
            } else if *byte == self.quote {
                quoted = !quoted;
            } else if *byte == b'\n' && !quoted {
                end = index + 1;
            }
        }
        end
    }
}

/// Finds the schema of a CSV file from its first rows, and that these rows have it.
///
/// A schema that is given is what they must have; the names of the header count.
pub(crate) fn inspect(file: &File, stamp: &FileStamp, options: &FileOptions) -> Result<SchemaRef> {
    let dialect = Dialect::new(&options.csv, &stamp.path);
    let mut sample = Vec::new();
    file.take(options.sample_bytes).read_to_end(&mut sample).map_err(|error| io(&stamp.name, error))?;
    let whole = sample.len() as u64 == stamp.size;
    if !whole {
        sample.truncate(dialect.whole_rows(&sample));
    }
    if sample.is_empty() {
        return Err(corrupt(&stamp.name, empty(whole, options.sample_bytes)));
    }
    let lenient = dialect.format().with_truncated_rows(true);
    let (inferred, _) =
        lenient.infer_schema(Cursor::new(&sample), None).map_err(|error| from_arrow(&stamp.name, error))?;
    let schema = match &options.schema {
        Some(given) => named_alike(&inferred, given, dialect, &stamp.name)?,
        None => Arc::new(certain(&inferred, whole)),
    };
    refuse_twins(&schema, &stamp.name)?;
    let reader =
        ReaderBuilder::new(Arc::clone(&schema)).with_format(dialect.format()).build(Cursor::new(&sample));
    let checked = reader.and_then(|mut batches| batches.try_for_each(|batch| batch.map(drop)));
    checked.map_err(|error| located(from_arrow(&stamp.name, error), stamp, &schema, options))?;
    Ok(schema)
}

/// Takes the types of two files for one: a column of integers may go on as numbers, one without values as anything.
pub(crate) fn common_type(a: &DataType, b: &DataType) -> Option<DataType> {
    use DataType::{Date32, Float64, Int64, Null, Timestamp};
    match (a, b) {
        (a, b) if a == b => Some(a.clone()),
        (Null, other) | (other, Null) => Some(other.clone()),
        (Int64, Float64) | (Float64, Int64) => Some(Float64),
        (Date32, Timestamp(unit, zone)) | (Timestamp(unit, zone), Date32) => {
            Some(Timestamp(*unit, zone.clone()))
        }
        (Timestamp(a, None), Timestamp(b, None)) => Some(Timestamp(*a.max(b), None)),
        _ => None,
    }
}

/// Says where in the file `error` is, where the reader's words tell.
pub(crate) fn located(error: Error, stamp: &FileStamp, schema: &Schema, options: &FileOptions) -> Error {
    let Some(text) = std::error::Error::source(&error).map(ToString::to_string) else { return error };
    let header = usize::from(options.csv.header == CsvHeader::Present);
    match fault(&text, schema, header) {
        Some((what, true)) if options.schema.is_none() => corrupt(
            &stamp.name,
            format!("{what}: its type is that of the first rows, set another with `schema`"),
        ),
        Some((what, _)) => corrupt(&stamp.name, what),
        None => error,
    }
}

/// Reads the reader's words: what is wrong where, and whether another type would do.
fn fault(text: &str, schema: &Schema, header: usize) -> Option<(String, bool)> {
    if let Some(rest) = text.strip_prefix("Error while parsing value '") {
        let (value, rest) = rest.split_once("' as type '")?;
        let (data_type, rest) = rest.split_once("' for column ")?;
        let (column, rest) = number(rest)?;
        let (line, _) = number(rest.strip_prefix(" at line ")?)?;
        let place = place(line + 1 - header, column, schema);
        return Some((format!("{place}: `{}` is not {data_type}", shortened(value)), true));
    }
    if let Some(rest) = text.strip_prefix("Error parsing column ") {
        let (column, rest) = number(rest)?;
        let (line, why) = number(rest.strip_prefix(" at line ")?)?;
        let why = why.trim_start_matches(": ").trim_start_matches("Parser error: ");
        return Some((format!("{}: {why}", place(line + 1 - header, column, schema)), true));
    }
    if let Some(rest) = text.strip_prefix("incorrect number of fields for line ") {
        let (line, rest) = number(rest)?;
        let (expected, rest) = number(rest.strip_prefix(", expected ")?)?;
        let found = rest.strip_prefix(" got ")?;
        return Some((format!("row {}: {expected} columns expected, got {found}", line - header), false));
    }
    let rest = text.strip_prefix("Encountered invalid UTF-8 data for line ")?;
    let (line, rest) = number(rest)?;
    let (field, _) = number(rest.strip_prefix(" and field ")?)?;
    let place = place(line.saturating_sub(header), field.saturating_sub(1), schema);
    Some((format!("{place}: its text is not UTF-8"), false))
}

fn number(text: &str) -> Option<(usize, &str)> {
    let end = text.find(|character: char| !character.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    Some((digits.parse().ok()?, rest))
}

fn place(row: usize, column: usize, schema: &Schema) -> String {
    match schema.fields().get(column) {
        Some(field) => format!("row {row}, column `{}`", field.name()),
        None => format!("row {row}, column {}", column + 1),
    }
}

fn shortened(value: &str) -> String {
    match value.char_indices().nth(LONGEST_VALUE) {
        Some((end, _)) => format!("{}…", &value[..end]),
        None => value.to_owned(),
    }
}

fn empty(whole: bool, sample_bytes: u64) -> String {
    if whole {
        "is empty, not even a header is there".to_owned()
    } else {
        format!("no row ends within the first {sample_bytes} bytes: is a quote left open?")
    }
}

/// A column without values may get some after the sample: text, which takes them all.
fn certain(inferred: &Schema, whole: bool) -> Schema {
    let fields = inferred.fields().iter().map(|field| match field.data_type() {
        DataType::Null if !whole => Field::new(field.name(), DataType::Utf8, true),
        _ => field.as_ref().clone(),
    });
    Schema::new(fields.collect::<Vec<_>>())
}

fn named_alike(inferred: &Schema, given: &SchemaRef, dialect: Dialect, name: &str) -> Result<SchemaRef> {
    let names =
        |schema: &Schema| schema.fields().iter().map(|field| field.name().clone()).collect::<Vec<_>>();
    let alike = if dialect.header {
        names(inferred) == names(given)
    } else {
        inferred.fields().len() == given.fields().len()
    };
    if alike {
        return Ok(Arc::clone(given));
    }
    let message = format!(
        "`{name}` has the columns `{}`, its `schema` has `{}`",
        names(inferred).join("`, `"),
        names(given).join("`, `")
    );
    Err(Error::new(ErrorKind::SchemaMismatch, message))
}

fn refuse_twins(schema: &Schema, name: &str) -> Result<()> {
    let twin = schema.fields().iter().enumerate().find(|(index, field)| {
        schema.fields().iter().take(*index).any(|earlier| earlier.name() == field.name())
    });
    match twin {
        Some((_, field)) => Err(corrupt(name, format!("two columns are called `{}`", field.name()))),
        None => Ok(()),
    }
}

/// How many characters of a value a message has at most.
const LONGEST_VALUE: usize = 40;
