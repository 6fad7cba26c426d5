//! The types in which SQL sees a dataset, where those of its own would give wrong answers.
//!
//! It differs from [`Plain`](arrowlink_core::Plain), which is for clients that know few types: this is for the engine, which
//! computes with more, and not with all of them.

mod array;

use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow_schema::{ArrowError, DataType, Field, FieldRef, Schema, SchemaRef};
use arrowlink_core::Result;

use super::failure::invalid;

/// How the batches of a dataset become those that SQL sees.
///
/// | type | becomes |
/// |---|---|
/// | a struct that may be null | the same, and its fields are null where it is |
/// | `Decimal32`, `Decimal64` | `Decimal128` of the same precision and scale |
/// | all others | themselves, with what is nested in them as above, save in unions |
///
/// The engine takes a field out of a struct as it is, whatever the nulls of the struct say, and makes integers of small
/// decimals.
#[derive(Clone, Debug)]
pub(crate) struct SqlTypes {
    own: SchemaRef,
    schema: SchemaRef,
    /// Of each column whether there is anything to do; none where there is nothing for any.
    touched: Option<Arc<[bool]>>,
}

impl SqlTypes {
    /// Prepares for the batches of `own`.
    pub(crate) fn new(own: &SchemaRef) -> Self {
        let touches = |field: &FieldRef| touches(field.data_type(), field.is_nullable());
        if !own.fields().iter().any(touches) {
            return Self { own: Arc::clone(own), schema: Arc::clone(own), touched: None };
        }
        let fields: Vec<_> = own.fields().iter().map(|field| seen_field(field, false)).collect();
        let schema = Arc::new(Schema::new_with_metadata(fields, own.metadata().clone()));
        Self { own: Arc::clone(own), schema, touched: Some(own.fields().iter().map(touches).collect()) }
    }

    /// Returns the schema of the dataset.
    pub(crate) const fn own(&self) -> &SchemaRef {
        &self.own
    }

    /// Returns the schema that SQL sees.
    pub(crate) const fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// Returns whether a field that may not be null is in a struct that may: SQL sees nulls there.
    pub(crate) fn has_hidden_nulls(&self) -> bool {
        let hides = |field: &FieldRef| hides_nulls(field.data_type(), field.is_nullable());
        self.touched.is_some() && self.own.fields().iter().any(hides)
    }

    /// Returns the rows of `batch`, which has the schema of the dataset, as SQL sees them.
    pub(crate) fn apply(&self, batch: RecordBatch) -> Result<RecordBatch, ArrowError> {
        let Some(touched) = &self.touched else { return Ok(batch) };
        let columns = batch.columns().iter().zip(self.schema.fields()).zip(touched.iter());
        let columns = columns.map(|((column, field), touched)| match touched {
            true => array::seen(column, field.data_type()),
            false => Ok(Arc::clone(column)),
        });
        let columns = columns.collect::<Result<Vec<_>, _>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        RecordBatch::try_new_with_options(Arc::clone(&self.schema), columns, &options)
    }
}

/// Returns `column`, which has the type that SQL sees, as the dataset has it.
///
/// Fails with `InvalidArgument` where a value does not fit.
pub(crate) fn own(column: &ArrayRef, field: &Field) -> Result<ArrayRef> {
    if column.data_type() == field.data_type() {
        return Ok(Arc::clone(column));
    }
    array::own(column, field.data_type()).map_err(|error| {
        let (name, data_type) = (field.name(), field.data_type());
        let text = format!("column `{name}`: a value does not fit into {data_type}");
        invalid(None, text).with_source(error)
    })
}

/// Returns whether there is anything to do for values of `data_type`; a struct `may_be_null` by what it is in, too.
fn touches(data_type: &DataType, may_be_null: bool) -> bool {
    match data_type {
        DataType::Struct(fields) => {
            (may_be_null && !fields.is_empty()) || fields.iter().any(|field| touches_field(field))
        }
        DataType::List(field) | DataType::LargeList(field) | DataType::FixedSizeList(field, _) => {
            touches_field(field)
        }
        DataType::Map(entries, _) => touches(entries.data_type(), false),
        DataType::Decimal32(..) | DataType::Decimal64(..) => true,
        _ => false,
    }
}

fn touches_field(field: &Field) -> bool {
    touches(field.data_type(), field.is_nullable())
}

fn hides_nulls(data_type: &DataType, may_be_null: bool) -> bool {
    match data_type {
        DataType::Struct(fields) => fields.iter().any(|field| {
            (may_be_null && !field.is_nullable())
                || hides_nulls(field.data_type(), may_be_null || field.is_nullable())
        }),
        DataType::List(field) | DataType::LargeList(field) | DataType::FixedSizeList(field, _) => {
            hides_nulls(field.data_type(), field.is_nullable())
        }
        DataType::Map(entries, _) => hides_nulls(entries.data_type(), false),
        _ => false,
    }
}

/// Returns the type that SQL sees.
fn seen_type(data_type: &DataType, may_be_null: bool) -> DataType {
    match data_type {
        DataType::Struct(fields) => {
            DataType::Struct(fields.iter().map(|field| seen_field(field, may_be_null)).collect())
        }
        DataType::List(field) => DataType::List(seen_field(field, false)),
        DataType::LargeList(field) => DataType::LargeList(seen_field(field, false)),
        DataType::FixedSizeList(field, size) => DataType::FixedSizeList(seen_field(field, false), *size),
        DataType::Map(entries, sorted) => {
            let seen = seen_type(entries.data_type(), false);
            DataType::Map(Arc::new(Field::clone(entries).with_data_type(seen)), *sorted)
        }
        DataType::Decimal32(precision, scale) | DataType::Decimal64(precision, scale) => {
            DataType::Decimal128(*precision, *scale)
        }
        other => other.clone(),
    }
}

/// Returns the field that SQL sees, within something that `may_be_null`.
fn seen_field(field: &FieldRef, may_be_null: bool) -> FieldRef {
    let nullable = field.is_nullable() || may_be_null;
    if !touches(field.data_type(), nullable) && nullable == field.is_nullable() {
        return Arc::clone(field);
    }
    let seen = seen_type(field.data_type(), nullable);
    Arc::new(Field::clone(field).with_data_type(seen).with_nullable(nullable))
}
