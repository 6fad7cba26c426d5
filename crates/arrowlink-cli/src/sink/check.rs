//! Which columns a format does not have, said before a byte is written.

use arrow_schema::{DataType, Field, Schema};

use crate::failure::{Exit, Failure};
use crate::format::Format;

/// Refuses a schema with a column that `format` does not have.
pub(super) fn schema(format: Format, schema: &Schema) -> Result<(), Failure> {
    let unfit: fn(&DataType) -> bool = match format {
        Format::Csv => is_nested,
        Format::Parquet => |data_type| any(data_type, &|t| matches!(t, DataType::Union(_, _))),
        Format::Json | Format::Ndjson => |data_type| any(data_type, &|t| matches!(t, DataType::Union(_, _))),
        Format::Arrow => return Ok(()),
    };
    match schema.fields().iter().find(|field| unfit(field.data_type())) {
        Some(field) => Err(refused(format, field)),
        None => Ok(()),
    }
}

fn is_nested(data_type: &DataType) -> bool {
    match data_type {
        DataType::Dictionary(_, values) => is_nested(values),
        other => other.is_nested(),
    }
}

fn any(data_type: &DataType, wanted: &impl Fn(&DataType) -> bool) -> bool {
    let within = |field: &Field| any(field.data_type(), wanted);
    wanted(data_type)
        || match data_type {
            DataType::List(field)
            | DataType::LargeList(field)
            | DataType::ListView(field)
            | DataType::LargeListView(field)
            | DataType::FixedSizeList(field, _)
            | DataType::Map(field, _)
            | DataType::RunEndEncoded(_, field) => within(field),
            DataType::Struct(fields) => fields.iter().any(|field| within(field)),
            DataType::Dictionary(_, values) => any(values, wanted),
            _ => false,
        }
}

fn refused(format: Format, field: &Field) -> Failure {
    let instead = if format == Format::Csv { "parquet, arrow, json or ndjson" } else { "arrow" };
    Failure::new(
        Exit::Data,
        format!("column `{}` is {}, which {format} does not have", field.name(), field.data_type()),
    )
    .with_hint(format!("these formats can: {instead}"))
}
