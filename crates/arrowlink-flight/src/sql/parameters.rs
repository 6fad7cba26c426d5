//! The values of a statement's parameters: as many as it has, each of a type that fits.

use arrow_array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow_cast::CastOptions;
use arrow_schema::{DataType, Field, SchemaRef};
use arrowlink_core::{Description, Error, ErrorKind, Result, Target};

/// Makes `values` into the parameters that a statement of `description` takes, in the types that it takes them in.
///
/// Columns that bear the parameters' names are taken by name, others in their order. Numbers become wider or narrower
/// ones as long as nothing is lost, texts become dates and times where they are written as such. A parameter of text takes
/// any value as it is: it may be one of which the statement does not tell the type.
pub(super) fn fit(description: &Description, values: &RecordBatch) -> Result<RecordBatch> {
    let Some(expected) = &description.parameters else {
        return Err(invalid("a plan takes no parameters: bind none".to_owned()));
    };
    if values.num_columns() != expected.fields().len() {
        return Err(invalid(format!(
            "the statement has {}, but {} given",
            listed(expected),
            counted(values.num_columns(), "value was", "values were")
        )));
    }
    let order = by_name(expected, values).unwrap_or_else(|| (0..values.num_columns()).collect());
    let columns = expected.fields().iter().zip(order).map(|(field, at)| cast(field, values.column(at)));
    let columns = columns.collect::<Result<Vec<_>>>()?;
    let options = RecordBatchOptions::new().with_row_count(Some(values.num_rows()));
    let fields = expected.fields().iter().zip(&columns);
    let fields: Vec<_> =
        fields.map(|(field, column)| Field::new(field.name(), column.data_type().clone(), true)).collect();
    let schema = SchemaRef::new(arrow_schema::Schema::new(fields));
    RecordBatch::try_new_with_options(schema, columns, &options)
        .map_err(|error| invalid("the values are not valid".to_owned()).with_source(error))
}

/// Refuses a statement of `description` whose parameters have no values yet.
pub(super) fn require_bound(description: &Description, target: &Target) -> Result<()> {
    let missing = description.parameters.as_ref().filter(|parameters| !parameters.fields().is_empty());
    match (missing, target) {
        (Some(parameters), Target::Sql(query)) if query.parameters.is_none() => Err(invalid(format!(
            "the statement has {}, and no value was given: prepare it and bind one row",
            listed(parameters)
        ))),
        _ => Ok(()),
    }
}

/// Returns, for each parameter, which column of `values` bears its name; `None` where not all of them do.
fn by_name(expected: &SchemaRef, values: &RecordBatch) -> Option<Vec<usize>> {
    let column = |name: &str| {
        let same = |field: &&str| field.trim_start_matches('$') == name.trim_start_matches('$');
        values.schema_ref().fields().iter().map(|field| field.name().as_str()).position(|field| same(&field))
    };
    expected.fields().iter().map(|field| column(field.name())).collect()
}

fn cast(field: &Field, value: &ArrayRef) -> Result<ArrayRef> {
    let (wanted, given) = (field.data_type(), value.data_type());
    if wanted == given || wanted.is_null() || (is_text(wanted) && !is_text(given)) {
        return Ok(ArrayRef::clone(value));
    }
    let name = field.name();
    if !fits(given, wanted) {
        return Err(invalid(format!("parameter `{name}` is {wanted}, but the value is {given}")));
    }
    let options = CastOptions { safe: false, ..CastOptions::default() };
    arrow_cast::cast_with_options(value, wanted, &options).map_err(|error| {
        invalid(format!("parameter `{name}` is {wanted}, and a value of {given} does not fit"))
            .with_source(error)
    })
}

/// Whether a value of type `given` may stand for a parameter of type `wanted`, if it is not too large for it.
fn fits(given: &DataType, wanted: &DataType) -> bool {
    match (given, wanted) {
        (DataType::Null, _) => true,
        (DataType::Dictionary(_, given), wanted) => fits(given, wanted) || **given == *wanted,
        (given, DataType::Dictionary(_, wanted)) => fits(given, wanted) || *given == **wanted,
        _ if given.is_integer() => wanted.is_numeric(),
        _ if given.is_numeric() => wanted.is_floating() || is_decimal(wanted),
        _ if is_text(given) => is_text(wanted) || is_point_in_time(wanted) || is_time(wanted),
        _ if is_binary(given) => is_binary(wanted),
        _ if is_point_in_time(given) => is_point_in_time(wanted),
        _ if is_time(given) => is_time(wanted),
        _ => false,
    }
}

const fn is_decimal(data_type: &DataType) -> bool {
    matches!(
        data_type,
        DataType::Decimal32(..)
            | DataType::Decimal64(..)
            | DataType::Decimal128(..)
            | DataType::Decimal256(..)
    )
}

const fn is_text(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View)
}

const fn is_binary(data_type: &DataType) -> bool {
    matches!(
        data_type,
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView | DataType::FixedSizeBinary(_)
    )
}

const fn is_point_in_time(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Date32 | DataType::Date64 | DataType::Timestamp(..))
}

const fn is_time(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Time32(_) | DataType::Time64(_))
}

/// Names parameters with their types.
fn listed(parameters: &SchemaRef) -> String {
    let fields = parameters.fields();
    let names: Vec<_> =
        fields.iter().map(|field| format!("`{}` {}", field.name(), field.data_type())).collect();
    match names.len() {
        0 => "no parameters".to_owned(),
        count => format!("{} ({})", counted(count, "parameter", "parameters"), names.join(", ")),
    }
}

fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

fn invalid(text: String) -> Error {
    Error::new(ErrorKind::InvalidArgument, text)
}
