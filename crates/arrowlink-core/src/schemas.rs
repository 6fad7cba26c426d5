//! Whether two schemas are the same for rows to be appended, and if not, in which fields they differ.

use arrow_array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow_cast::{CastOptions, cast_with_options};
use arrow_schema::{DataType, Field, Fields, Schema, SchemaRef};

use crate::near::quoted;
use crate::{Error, ErrorKind, Result};

/// Compares the schema of batches with the schema of the dataset that they are for, field by field.
///
/// Names, order, types and nullability count, in nested fields too. Metadata does not, nor do the names that
/// lists and maps give their entries (`item`, `element`), because they say nothing about the values. `None` is
/// returned where the schemas are the same.
///
/// ```
/// use arrow_schema::{DataType, Field, Schema};
/// use arrowlink_core::{ErrorKind, schema_mismatch};
///
/// let expected = Schema::new(vec![Field::new("id", DataType::Int64, false)]);
/// let actual = Schema::new(vec![Field::new("id", DataType::Utf8, true)]);
/// let error = schema_mismatch(&expected, &actual).unwrap();
/// assert_eq!(error.kind(), ErrorKind::SchemaMismatch);
/// assert_eq!(
///     error.message(),
///     "the batches have another schema than the dataset: column `id`: expected Int64 not null, got Utf8"
/// );
/// assert!(schema_mismatch(&expected, &expected).is_none());
/// ```
pub fn schema_mismatch(expected: &Schema, actual: &Schema) -> Option<Error> {
    if same_fields(expected.fields(), actual.fields(), Nulls::Same) {
        return None;
    }
    let differences = differences(expected.fields(), actual.fields());
    let mut text = String::from("the batches have another schema than the dataset: ");
    text.push_str(&differences.get(..MOST_SHOWN).unwrap_or(&differences).join("; "));
    if differences.len() > MOST_SHOWN {
        text.push_str(&format!("; and {} more", differences.len() - MOST_SHOWN));
    }
    Some(Error::new(ErrorKind::SchemaMismatch, text))
}

/// Gives `batch` the `schema` of its dataset, so that rows of one dataset never differ in metadata.
///
/// Rows whose values are represented in another way are for [`BatchStream::conformed`](crate::BatchStream::conformed).
///
/// ```
/// use std::collections::HashMap;
/// use std::sync::Arc;
/// use arrow_array::record_batch;
/// use arrow_schema::Schema;
/// use arrowlink_core::retold;
///
/// let batch = record_batch!(("id", Int64, [1, 2]))?;
/// let unit = HashMap::from([("unit".to_owned(), "m".to_owned())]);
/// let schema = Arc::new(Schema::clone(&batch.schema()).with_metadata(unit));
/// assert_eq!(retold(batch, &schema)?.schema(), schema);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// `SchemaMismatch` where the batch has another schema in the sense of [`schema_mismatch`].
pub fn retold(batch: RecordBatch, schema: &SchemaRef) -> Result<RecordBatch> {
    if batch.schema_ref() == schema {
        return Ok(batch);
    }
    if let Some(mismatch) = schema_mismatch(schema, batch.schema_ref()) {
        return Err(mismatch);
    }
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    let columns = batch.columns().iter().zip(schema.fields()).map(|(column, field)| retyped(column, field));
    RecordBatch::try_new_with_options(SchemaRef::clone(schema), columns.collect::<Result<_>>()?, &options)
        .map_err(|error| {
            Error::new(ErrorKind::SchemaMismatch, "the batch does not have its schema").with_source(error)
        })
}

/// Gives `column` the type of `field`, whose values it has; one that does not fit is an error.
pub(crate) fn retyped(column: &ArrayRef, field: &Field) -> Result<ArrayRef> {
    if column.data_type() == field.data_type() {
        return Ok(ArrayRef::clone(column));
    }
    let strict = CastOptions { safe: false, ..CastOptions::default() };
    cast_with_options(column, field.data_type(), &strict).map_err(|error| {
        let (name, data_type) = (field.name(), field.data_type());
        let text = format!("column `{name}`: its values cannot be given the dataset's type, {data_type}");
        Error::new(ErrorKind::SchemaMismatch, text).with_source(error)
    })
}

/// Which fields that are never null are the same as such that may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Nulls {
    /// None.
    Same,
    /// Those of the batches.
    Fewer,
}

/// Compares names, order and values of fields.
pub(crate) fn same_fields(expected: &Fields, actual: &Fields, nulls: Nulls) -> bool {
    expected.len() == actual.len()
        && expected.iter().zip(actual).all(|(a, b)| a.name() == b.name() && same_values(a, b, nulls))
}

/// Compares nullability and type, whatever the fields are called.
fn same_values(expected: &Field, actual: &Field, nulls: Nulls) -> bool {
    let fewer = nulls == Nulls::Fewer && expected.is_nullable();
    (fewer || expected.is_nullable() == actual.is_nullable())
        && same_type(expected.data_type(), actual.data_type(), nulls)
}

/// Compares types; in nested ones, metadata and the names of list items and map entries do not count. The fields of
/// structs and unions do.
pub(crate) fn same_type(expected: &DataType, actual: &DataType, nulls: Nulls) -> bool {
    match (expected, actual) {
        (DataType::List(a), DataType::List(b))
        | (DataType::LargeList(a), DataType::LargeList(b))
        | (DataType::ListView(a), DataType::ListView(b))
        | (DataType::LargeListView(a), DataType::LargeListView(b)) => same_values(a, b, nulls),
        (DataType::FixedSizeList(a, n), DataType::FixedSizeList(b, m)) => n == m && same_values(a, b, nulls),
        (DataType::Map(a, sorted), DataType::Map(b, also)) => sorted == also && same_entries(a, b, nulls),
        (DataType::Struct(a), DataType::Struct(b)) => same_fields(a, b, nulls),
        (DataType::Dictionary(key, a), DataType::Dictionary(other, b)) => {
            key == other && same_type(a, b, nulls)
        }
        (DataType::RunEndEncoded(ends, a), DataType::RunEndEncoded(other, b)) => {
            ends.data_type() == other.data_type() && same_values(a, b, nulls)
        }
        (DataType::Union(a, mode), DataType::Union(b, other)) => {
            mode == other
                && a.len() == b.len()
                && a.iter()
                    .zip(b.iter())
                    .all(|((i, a), (j, b))| i == j && a.name() == b.name() && same_values(a, b, nulls))
        }
        _ => expected == actual,
    }
}

/// Compares the key and the value of two maps, whatever they are called.
fn same_entries(expected: &Field, actual: &Field, nulls: Nulls) -> bool {
    match (expected.data_type(), actual.data_type()) {
        (DataType::Struct(a), DataType::Struct(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same_values(a, b, nulls))
        }
        _ => same_values(expected, actual, nulls),
    }
}

/// Lists missing, different and unknown columns, in this order; where there are none of these, the order is what
/// differs.
fn differences(expected: &Fields, actual: &Fields) -> Vec<String> {
    let mut found = Vec::new();
    for field in expected {
        match actual.find(field.name()) {
            None => found.push(format!("column `{}` is missing, expected {}", field.name(), shown(field))),
            Some((_, other)) if !same_values(field, other, Nulls::Same) => {
                let (expected, got) = (shown(field), shown(other));
                let hint = if field.data_type() == other.data_type() { may_be_null(other) } else { "" };
                found.push(format!("column `{}`: expected {expected}, got {got}{hint}", field.name()));
            }
            Some(_) => {}
        }
    }
    for field in actual.iter().filter(|field| expected.find(field.name()).is_none()) {
        found.push(format!("column `{}` is not in the dataset, got {}", field.name(), shown(field)));
    }
    if found.is_empty() {
        found.push(format!("the order is {}, got {}", names(expected), names(actual)));
    }
    found
}

fn names(fields: &Fields) -> String {
    quoted(fields.iter().map(|field| field.name().as_str()), ", ")
}

/// A hint where two types read the same and only the nullability differs.
fn may_be_null(field: &Field) -> &'static str {
    if field.is_nullable() { " that may be null" } else { "" }
}

fn shown(field: &Field) -> String {
    format!("{}{}", field.data_type(), if field.is_nullable() { "" } else { " not null" })
}

/// How many differences a message has at most.
const MOST_SHOWN: usize = 8;
