//! The plain type of every type.

use std::sync::Arc;

use arrow_schema::{DataType, Field, FieldRef, Schema, SchemaRef, UnionFields};

/// Returns the schema whose types every client of Flight takes: views as their plain types, runs as their values.
pub(crate) fn plain_schema(schema: &SchemaRef) -> SchemaRef {
    if schema.fields().iter().all(|field| is_plain(field.data_type())) {
        return Arc::clone(schema);
    }
    let fields = schema.fields().iter().map(plain_field).collect::<Vec<_>>();
    Arc::new(Schema::new_with_metadata(fields, schema.metadata().clone()))
}

/// Whether nothing in `data_type` is a view or run-end encoded.
pub(super) fn is_plain(data_type: &DataType) -> bool {
    match data_type {
        DataType::Utf8View
        | DataType::BinaryView
        | DataType::ListView(_)
        | DataType::LargeListView(_)
        | DataType::RunEndEncoded(..) => false,
        DataType::List(field)
        | DataType::LargeList(field)
        | DataType::FixedSizeList(field, _)
        | DataType::Map(field, _) => is_plain(field.data_type()),
        DataType::Struct(fields) => fields.iter().all(|field| is_plain(field.data_type())),
        DataType::Union(fields, _) => fields.iter().all(|(_, field)| is_plain(field.data_type())),
        DataType::Dictionary(_, values) => is_plain(values),
        _ => true,
    }
}

fn plain_field(field: &FieldRef) -> FieldRef {
    if is_plain(field.data_type()) {
        return Arc::clone(field);
    }
    let nullable = field.is_nullable() || has_nulls_within(field.data_type());
    let plain = Field::new(field.name(), plain_type(field.data_type()), nullable);
    Arc::new(plain.with_metadata(field.metadata().clone()))
}

/// Whether the values of runs may be null: as a plain column, the column itself may.
fn has_nulls_within(data_type: &DataType) -> bool {
    matches!(data_type, DataType::RunEndEncoded(_, values)
        if values.is_nullable() || has_nulls_within(values.data_type()))
}

fn plain_type(data_type: &DataType) -> DataType {
    match data_type {
        DataType::Utf8View => DataType::Utf8,
        DataType::BinaryView => DataType::Binary,
        DataType::List(field) | DataType::ListView(field) => DataType::List(plain_field(field)),
        DataType::LargeList(field) | DataType::LargeListView(field) => {
            DataType::LargeList(plain_field(field))
        }
        DataType::FixedSizeList(field, size) => DataType::FixedSizeList(plain_field(field), *size),
        DataType::Map(field, sorted) => DataType::Map(plain_field(field), *sorted),
        DataType::Struct(fields) => DataType::Struct(fields.iter().map(plain_field).collect()),
        DataType::Union(fields, mode) => {
            let fields = fields.iter().map(|(id, field)| (id, plain_field(field)));
            DataType::Union(fields.collect::<UnionFields>(), *mode)
        }
        DataType::Dictionary(keys, values) => {
            DataType::Dictionary(keys.clone(), Box::new(plain_type(values)))
        }
        DataType::RunEndEncoded(_, values) => plain_type(values.data_type()),
        other => other.clone(),
    }
}
