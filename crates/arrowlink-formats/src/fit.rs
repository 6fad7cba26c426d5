//! Which columns a format does not have, said before a byte is written.

use arrow_schema::{DataType, Field, Schema};

use crate::{Error, Format};

/// Refuses a schema with a column that `format` does not have.
///
/// ```
/// use std::sync::Arc;
/// use arrow_schema::{DataType, Field, Schema};
/// use arrowlink_formats::{Format, fits};
///
/// let items = Arc::new(Field::new_list_field(DataType::Int64, true));
/// let schema = Schema::new(vec![Field::new("tags", DataType::List(items), true)]);
/// assert!(fits(Format::Json, &schema).is_ok());
/// let error = fits(Format::Csv, &schema).unwrap_err();
/// assert_eq!(error.to_string(), "column `tags` is List(Int64), which CSV does not have");
/// ```
///
/// # Errors
///
/// [`Error::Unfit`] for the first such column.
pub fn fits(format: Format, schema: &Schema) -> Result<(), Error> {
    let unfit: fn(&DataType) -> bool = match format {
        Format::Csv => is_nested,
        Format::Parquet | Format::Json | Format::Ndjson => {
            |data_type| any(data_type, &|it| matches!(it, DataType::Union(_, _)))
        }
        Format::ArrowStream | Format::ArrowFile => return Ok(()),
    };
    match schema.fields().iter().find(|field| unfit(field.data_type())) {
        Some(field) => Err(Error::Unfit {
            column: field.name().clone(),
            data_type: Box::new(field.data_type().clone()),
            format,
        }),
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
