//! Values that were bound to one parameter: whether they are of its kind. The statement makes them of its type.

use arrow_schema::{DataType, Field, FieldRef};
use arrowlink_core::{Error, ErrorKind, Result};

/// Refuses values of type `given` that cannot stand for `parameter`.
///
/// A parameter of text takes any value: it may be one of which the statement does not tell the type.
pub(super) fn check_kind(parameter: &Field, given: &DataType) -> Result<()> {
    let wanted = of_runs(parameter.data_type());
    if wanted.is_null() || is_text(wanted) || fits(given, wanted) {
        return Ok(());
    }
    let text = format!("parameter `{}` is {wanted}, but the value is {given}", parameter.name());
    Err(Error::new(ErrorKind::InvalidArgument, text))
}

/// Whether a value of type `given` may stand for a parameter of type `wanted`, whatever it is.
fn fits(given: &DataType, wanted: &DataType) -> bool {
    match (of_runs(given), of_runs(wanted)) {
        (DataType::Null, _) => true,
        (DataType::Dictionary(_, given), wanted) => fits(given, wanted),
        (given, DataType::Dictionary(_, wanted)) => fits(given, wanted),
        (DataType::Struct(given), DataType::Struct(wanted)) => {
            let mut fields = given.iter().zip(wanted);
            given.len() == wanted.len()
                && fields.all(|(given, wanted)| fits(given.data_type(), wanted.data_type()))
        }
        (given, wanted) if given.is_numeric() => wanted.is_numeric(),
        (given, wanted) if is_text(given) => is_text(wanted) || is_point_in_time(wanted) || is_time(wanted),
        (given, wanted) if is_binary(given) => is_binary(wanted),
        (given, wanted) if is_point_in_time(given) => is_point_in_time(wanted),
        (given, wanted) if is_time(given) => is_time(wanted),
        (DataType::Duration(_), DataType::Duration(_)) | (DataType::Interval(_), DataType::Interval(_)) => {
            true
        }
        (DataType::Map(given, _), DataType::Map(wanted, _)) => fits(given.data_type(), wanted.data_type()),
        (given, wanted) => match (items(given), items(wanted)) {
            (Some(given), Some(wanted)) => fits(given.data_type(), wanted.data_type()),
            _ => given == wanted,
        },
    }
}

/// Returns the type of the values of runs, and any other type as it is.
fn of_runs(data_type: &DataType) -> &DataType {
    match data_type {
        DataType::RunEndEncoded(_, values) => values.data_type(),
        other => other,
    }
}

/// Returns what is in a list.
const fn items(data_type: &DataType) -> Option<&FieldRef> {
    match data_type {
        DataType::List(items)
        | DataType::LargeList(items)
        | DataType::FixedSizeList(items, _)
        | DataType::ListView(items)
        | DataType::LargeListView(items) => Some(items),
        _ => None,
    }
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
