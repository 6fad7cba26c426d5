//! The schema of a CSV file from its first rows, which are decoded with it at once.

use std::io::Cursor;
use std::sync::Arc;

use arrow_csv::ReaderBuilder;
use arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef};
use arrowlink_core::{Error, ErrorKind, Result};

use super::{Dialect, located};
use crate::FileOptions;
use crate::failure::{corrupt, from_arrow};
use crate::one_file::OneFile;
use crate::snapshot::FileStamp;

/// Finds the schema of a CSV file from its first rows, and that these rows have it.
///
/// A schema that is given is what they must have; the names of the header count.
///
/// Rows of too few columns are taken while types are inferred, and refused when the sample is decoded: that error
/// says which row it is. Fails with `Corrupt` for these, for an empty file and for two columns of one name, and with
/// `SchemaMismatch` where a given schema has other names.
pub(crate) async fn inspect(file: &OneFile, stamp: &FileStamp, options: &FileOptions) -> Result<SchemaRef> {
    let dialect = Dialect::new(&options.csv, &stamp.path);
    let mut sample = file.bytes(0..stamp.size.min(options.sample_bytes)).await?;
    let whole = sample.len() as u64 == stamp.size;
    if !whole {
        sample.truncate(dialect.whole_rows(&sample));
    }
    if sample.is_empty() {
        return Err(corrupt(&stamp.name, empty(whole, options.sample_bytes)));
    }
    let lenient = dialect.format().with_truncated_rows(true);
    let (inferred, _) =
        lenient.infer_schema(Cursor::new(&sample), None).map_err(|error| unread(stamp, options, error))?;
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
///
/// `None` where no type holds both without changing what they mean: text is not the answer to everything.
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

/// Says where the sample cannot even be split into values; its columns have no names yet.
fn unread(stamp: &FileStamp, options: &FileOptions, error: ArrowError) -> Error {
    located(from_arrow(&stamp.name, error), stamp, &Schema::empty(), options)
}

/// Says why there is no row in the sample, which may be the whole file.
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

/// Returns `given` where the header has its names, or where there is no header as many columns.
///
/// Names are compared in their order, because rows are read by the place of their values.
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

/// Refuses two columns of one name, of which a projection could only return one.
fn refuse_twins(schema: &Schema, name: &str) -> Result<()> {
    let twin = schema.fields().iter().enumerate().find(|(index, field)| {
        schema.fields().iter().take(*index).any(|earlier| earlier.name() == field.name())
    });
    match twin {
        Some((_, field)) => Err(corrupt(name, format!("two columns are called `{}`", field.name()))),
        None => Ok(()),
    }
}
