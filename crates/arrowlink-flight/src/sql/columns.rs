//! What schema browsers want to know of a column beside its Arrow type: Flight SQL's metadata of fields.
//!
//! The keys are those of Flight SQL's `table_schema`. Of the schema's name there are two: the specification says
//! `DB_SCHEMA_NAME`, the clients in Java, Go and C++ read `SCHEMA_NAME`.

use std::sync::Arc;

use arrow_schema::{DataType, Field, Schema, SchemaRef};

use super::place::Place;

/// Returns the schema of the table at `place` with the metadata of Flight SQL on its columns.
pub(super) fn told(place: &Place<'_>, schema: &Schema) -> SchemaRef {
    let fields = schema.fields().iter().map(|field| column(place, field));
    Arc::new(Schema::new_with_metadata(fields.collect::<Vec<_>>(), schema.metadata().clone()))
}

fn column(place: &Place<'_>, field: &Field) -> Field {
    let mut metadata = field.metadata().clone();
    let mut tell = |key: &str, value: String| metadata.insert(format!("{PREFIX}{key}"), value);
    tell("CATALOG_NAME", place.catalog.to_owned());
    tell("DB_SCHEMA_NAME", place.schema.to_owned());
    tell("SCHEMA_NAME", place.schema.to_owned());
    tell("TABLE_NAME", place.table.to_owned());
    tell("TYPE_NAME", type_name(field.data_type()).to_owned());
    if let Some(precision) = precision(field.data_type()) {
        tell("PRECISION", precision.to_string());
    }
    if let Some(scale) = scale(field.data_type()) {
        tell("SCALE", scale.to_string());
    }
    tell("IS_AUTO_INCREMENT", NO.to_owned());
    tell("IS_CASE_SENSITIVE", if is_text(field.data_type()) { YES } else { NO }.to_owned());
    tell("IS_READ_ONLY", NO.to_owned());
    tell("IS_SEARCHABLE", YES.to_owned());
    field.clone().with_metadata(metadata)
}

/// Returns the name that the type has in SQL, as the listing of types has it; nested types are not listed there.
fn type_name(data_type: &DataType) -> &'static str {
    match data_type {
        DataType::Null => "NULL",
        DataType::Boolean => "BOOLEAN",
        DataType::Int8 => "TINYINT",
        DataType::Int16 => "SMALLINT",
        DataType::Int32 => "INTEGER",
        DataType::Int64 => "BIGINT",
        DataType::UInt8 => "TINYINT UNSIGNED",
        DataType::UInt16 => "SMALLINT UNSIGNED",
        DataType::UInt32 => "INTEGER UNSIGNED",
        DataType::UInt64 => "BIGINT UNSIGNED",
        DataType::Float16 | DataType::Float32 => "REAL",
        DataType::Float64 => "DOUBLE",
        DataType::Decimal32(..)
        | DataType::Decimal64(..)
        | DataType::Decimal128(..)
        | DataType::Decimal256(..) => "DECIMAL",
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => "VARCHAR",
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView | DataType::FixedSizeBinary(_) => {
            "BYTEA"
        }
        DataType::Date32 | DataType::Date64 => "DATE",
        DataType::Time32(_) | DataType::Time64(_) => "TIME",
        DataType::Timestamp(_, None) => "TIMESTAMP",
        DataType::Timestamp(_, Some(_)) => "TIMESTAMP WITH TIME ZONE",
        DataType::Duration(_) | DataType::Interval(_) => "INTERVAL",
        DataType::List(_)
        | DataType::LargeList(_)
        | DataType::ListView(_)
        | DataType::LargeListView(_)
        | DataType::FixedSizeList(..) => "ARRAY",
        DataType::Struct(_) => "STRUCT",
        DataType::Map(..) => "MAP",
        DataType::Union(..) => "UNION",
        DataType::Dictionary(_, values) => type_name(values),
        DataType::RunEndEncoded(_, values) => type_name(values.data_type()),
    }
}

/// Returns how many digits a number has at most; those of floating point are binary.
const fn precision(data_type: &DataType) -> Option<u8> {
    Some(match data_type {
        DataType::Int8 | DataType::UInt8 => 3,
        DataType::Int16 | DataType::UInt16 => 5,
        DataType::Int32 | DataType::UInt32 => 10,
        DataType::Int64 => 19,
        DataType::UInt64 => 20,
        DataType::Float16 => 11,
        DataType::Float32 => 24,
        DataType::Float64 => 53,
        DataType::Decimal32(precision, _)
        | DataType::Decimal64(precision, _)
        | DataType::Decimal128(precision, _)
        | DataType::Decimal256(precision, _) => *precision,
        _ => return None,
    })
}

fn scale(data_type: &DataType) -> Option<i8> {
    match data_type {
        DataType::Decimal32(_, scale)
        | DataType::Decimal64(_, scale)
        | DataType::Decimal128(_, scale)
        | DataType::Decimal256(_, scale) => Some(*scale),
        data_type if data_type.is_integer() => Some(0),
        _ => None,
    }
}

fn is_text(data_type: &DataType) -> bool {
    type_name(data_type) == "VARCHAR"
}

const PREFIX: &str = "ARROW:FLIGHT:SQL:";
const YES: &str = "1";
const NO: &str = "0";
