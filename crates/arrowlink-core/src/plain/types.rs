//! The plain type of every type.

use std::sync::Arc;

use arrow_schema::{DataType, Field, FieldRef, Schema, SchemaRef, UnionFields};

/// Returns the schema of plain types; the same where all of them are.
pub(super) fn plain_schema(schema: &SchemaRef) -> SchemaRef {
    if schema.fields().iter().all(|field| is_plain(field.data_type())) {
        return Arc::clone(schema);
    }
    let fields = schema.fields().iter().map(plain_field).collect::<Vec<_>>();
    Arc::new(Schema::new_with_metadata(fields, schema.metadata().clone()))
}

/// Says whether nothing in `data_type` is a view or run-end encoded.
pub(super) fn is_plain(data_type: &DataType) -> bool {
    match data_type {
        DataType::Utf8View
        | DataType::BinaryView
        | DataType::ListView(_)
        | DataType::LargeListView(_)
        | DataType::RunEndEncoded(..) => false,
        DataType::Dictionary(_, values) => is_plain(values),
        nested => !has_child(nested, |child| !is_plain(child)),
    }
}

/// Says whether one of the types directly within `data_type` is `wanted`.
pub(super) fn has_child(data_type: &DataType, wanted: impl Fn(&DataType) -> bool) -> bool {
    match data_type {
        DataType::List(field)
        | DataType::LargeList(field)
        | DataType::FixedSizeList(field, _)
        | DataType::Map(field, _) => wanted(field.data_type()),
        DataType::Struct(fields) => fields.iter().any(|field| wanted(field.data_type())),
        DataType::Union(fields, _) => fields.iter().any(|(_, field)| wanted(field.data_type())),
        _ => false,
    }
}

fn plain_field(field: &FieldRef) -> FieldRef {
    if is_plain(field.data_type()) {
        return Arc::clone(field);
    }
    let nullable = field.is_nullable() || has_nulls_within(field.data_type());
    let plain = Field::clone(field).with_data_type(plain_type(field.data_type()));
    Arc::new(plain.with_nullable(nullable))
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
