//! Dictionaries, which JSON is not decoded into: their values are decoded, and made dictionaries after.

use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch};
use arrow_cast::cast;
use arrow_schema::{ArrowError, DataType, Field, FieldRef, Schema, SchemaRef};

/// Returns `schema` with the values of each dictionary in its place.
pub(super) fn schema(schema: &SchemaRef) -> SchemaRef {
    let fields: Vec<FieldRef> = schema.fields().iter().map(field).collect();
    Arc::new(Schema::new_with_metadata(fields, schema.metadata().clone()))
}

/// Returns the rows of `batch`, which is of the plain schema, as rows of `wanted`.
pub(super) fn encoded(batch: &RecordBatch, wanted: &SchemaRef) -> Result<RecordBatch, ArrowError> {
    let columns = batch.columns().iter().zip(wanted.fields());
    let columns: Vec<ArrayRef> = columns
        .map(|(column, field)| match column.data_type() == field.data_type() {
            true => Ok(Arc::clone(column)),
            false => cast(column, field.data_type()),
        })
        .collect::<Result<_, _>>()?;
    RecordBatch::try_new(SchemaRef::clone(wanted), columns)
}

fn field(field: &FieldRef) -> FieldRef {
    let data_type = data_type(field.data_type());
    Arc::new(Field::clone(field).with_data_type(data_type))
}

fn data_type(data_type: &DataType) -> DataType {
    match data_type {
        DataType::Dictionary(_, values) => self::data_type(values),
        DataType::List(item) => DataType::List(field(item)),
        DataType::LargeList(item) => DataType::LargeList(field(item)),
        DataType::FixedSizeList(item, size) => DataType::FixedSizeList(field(item), *size),
        DataType::Struct(fields) => DataType::Struct(fields.iter().map(field).collect()),
        DataType::Map(entries, sorted) => DataType::Map(field(entries), *sorted),
        other => other.clone(),
    }
}
