//! One schema for all files of a dataset, or which file and which column do not fit.

use std::sync::Arc;

use arrow_schema::{Field, Schema, SchemaRef};
use arrowlink_core::{Error, ErrorKind, Result};

use crate::csv::common_type;
use crate::inspect::{Columns, Facts};
use crate::json::{Conflict, Shape};
use crate::snapshot::FileStamp;

/// Returns the schema that every one of `files` can be read with; the first file says what is expected.
///
/// What files state must be the same but for nullability, where a column is nullable if it is so in one file. What is
/// inferred from text may differ as it does within a file: whole numbers here and fractions there are numbers.
pub(crate) fn combine(files: &[FileStamp], facts: &[Arc<Facts>]) -> Result<SchemaRef> {
    let mut files = files.iter().zip(facts);
    let Some((first, of_first)) = files.next() else { return Ok(Arc::new(Schema::empty())) };
    match &of_first.columns {
        Columns::Json(shape) => combine_json(first, shape, files),
        Columns::Stated(schema) | Columns::Csv(schema) => {
            let mut combined = Arc::clone(schema);
            for (file, facts) in files {
                combined = fit(&combined, &facts.columns).map_err(|what| mismatch(first, file, &what))?;
            }
            Ok(combined)
        }
    }
}

/// Returns the columns of all files in the order in which they are first seen.
///
/// A column may be missing from a file, as it may be missing from a row.
fn combine_json<'a>(
    first: &FileStamp,
    shape: &Shape,
    files: impl Iterator<Item = (&'a FileStamp, &'a Arc<Facts>)>,
) -> Result<SchemaRef> {
    let mut combined = shape.clone();
    for (file, facts) in files {
        if let Columns::Json(other) = &facts.columns {
            combined.merge(other).map_err(|what| mismatch(first, file, &said(&what)))?;
        }
    }
    Ok(Arc::new(combined.schema()))
}

/// Widens `expected` to what `columns` need, or says what a file with these columns has or has not.
///
/// The columns must be the same, at the same places. Missing and unknown columns, places and types are told apart,
/// because each is repaired in another way.
fn fit(expected: &SchemaRef, columns: &Columns) -> std::result::Result<SchemaRef, String> {
    let (actual, inferred) = match columns {
        Columns::Stated(actual) => (actual, false),
        Columns::Csv(actual) => (actual, true),
        Columns::Json(_) => return Ok(Arc::clone(expected)),
    };
    if expected.fields() == actual.fields() {
        return Ok(Arc::clone(expected));
    }
    if let Some(extra) = actual.fields().iter().find(|field| expected.fields().find(field.name()).is_none()) {
        return Err(format!("has a column `{}`", extra.name()));
    }
    let mut fields = Vec::with_capacity(expected.fields().len());
    for (index, field) in expected.fields().iter().enumerate() {
        let Some((found, other)) = actual.fields().find(field.name()) else {
            return Err(format!("has no column `{}`", field.name()));
        };
        if found != index {
            return Err(format!("has column `{}` in place {}, not {}", field.name(), found + 1, index + 1));
        }
        fields.push(common_field(field, other, inferred)?);
    }
    Ok(Arc::new(Schema::new_with_metadata(fields, expected.metadata().clone())))
}

/// Returns the field that holds the values of both; types differ only where they were inferred.
fn common_field(expected: &Field, actual: &Field, inferred: bool) -> std::result::Result<Field, String> {
    let data_type = if inferred {
        common_type(expected.data_type(), actual.data_type())
    } else {
        (expected.data_type() == actual.data_type()).then(|| expected.data_type().clone())
    };
    let data_type = data_type.ok_or_else(|| {
        format!("has column `{}` as {}, not {}", expected.name(), actual.data_type(), expected.data_type())
    })?;
    let nullable = expected.is_nullable() || actual.is_nullable();
    Ok(expected.clone().with_data_type(data_type).with_nullable(nullable))
}

/// Says which column has which types.
fn said(conflict: &Conflict) -> String {
    format!("has column `{}` as {}", conflict.column, conflict.what)
}

/// Names both files, the one that does not fit and the one that said what is expected.
fn mismatch(first: &FileStamp, file: &FileStamp, what: &str) -> Error {
    Error::new(ErrorKind::SchemaMismatch, format!("`{}` does not fit `{}`: it {what}", file.name, first.name))
}
