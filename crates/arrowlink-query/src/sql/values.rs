//! The value of a parameter, as one of the type that its place has.
//!
//! To compare with it, a value is cast where that loses nothing, and else stays what it is, so that the engine compares
//! with it as with a literal. To store it, it is rounded as a literal is.

use arrow_schema::{DataType, TimeUnit};
use arrowlink_core::{Error, Result};
use datafusion::common::ScalarValue;

use super::failure::invalid;

/// Returns the value of the parameter `number` for a place where `wanted` is compared with it, or computed from it.
///
/// A text that is none of the type is refused, and so is a time with more digits than a column of times has: the engine
/// compares those of one unit alone.
pub(crate) fn compared(number: usize, value: ScalarValue, wanted: &DataType) -> Result<ScalarValue> {
    let value = fitted(number, value, wanted)?;
    if value.data_type() != *wanted && is_time(wanted) {
        return Err(refused(number, &value, wanted));
    }
    Ok(value)
}

/// Returns the value of the parameter `number` for a place of a row that is stored.
///
/// It is rounded to the digits, and cut to the unit, that the column has. A fraction is not made an integer, nor a time of
/// day a date.
pub(crate) fn stored(number: usize, value: ScalarValue, wanted: &DataType) -> Result<ScalarValue> {
    let value = fitted(number, value, wanted)?;
    let given = value.data_type();
    if given == *wanted {
        return Ok(value);
    }
    let fraction = wanted.is_integer() && !given.is_integer();
    let time_of_day = is_date(wanted) && matches!(given, DataType::Timestamp(..));
    let cast = value.cast_to(wanted).ok().filter(|cast| !fraction && !time_of_day && !cast.is_null());
    cast.ok_or_else(|| refused(number, &value, wanted))
}

/// Casts `value` to `wanted` where that loses nothing.
fn fitted(number: usize, value: ScalarValue, wanted: &DataType) -> Result<ScalarValue> {
    if value.data_type() == *wanted {
        return Ok(value);
    }
    if value.is_null() {
        return Ok(ScalarValue::try_from(wanted).unwrap_or(value));
    }
    let value = if is_text(&value.data_type()) { read(number, &value, wanted)? } else { value };
    Ok(exact(&value, wanted).unwrap_or(value))
}

/// Casts `value`, where casting it back makes the same of it.
fn exact(value: &ScalarValue, wanted: &DataType) -> Option<ScalarValue> {
    let cast = value.cast_to(wanted).ok().filter(|cast| !cast.is_null())?;
    cast.cast_to(&value.data_type()).is_ok_and(|back| back == *value).then_some(cast)
}

/// Reads a text as a value of the type `wanted`, or of one like it that has all that the text says.
fn read(number: usize, text: &ScalarValue, wanted: &DataType) -> Result<ScalarValue> {
    let all = finest(wanted).and_then(|finest| text.cast_to(&finest).ok()).filter(|all| !all.is_null());
    match all {
        Some(all) => Ok(all),
        None => text.cast_to(wanted).map_err(|_| refused(number, text, wanted)),
    }
}

/// Returns the type that has all digits of a text which is meant as one of `wanted`.
fn finest(wanted: &DataType) -> Option<DataType> {
    match wanted {
        DataType::Date32 | DataType::Date64 => Some(DataType::Timestamp(TimeUnit::Microsecond, None)),
        DataType::Timestamp(_, zone) => Some(DataType::Timestamp(TimeUnit::Nanosecond, zone.clone())),
        DataType::Time32(_) | DataType::Time64(_) => Some(DataType::Time64(TimeUnit::Nanosecond)),
        DataType::Decimal32(..)
        | DataType::Decimal64(..)
        | DataType::Decimal128(..)
        | DataType::Decimal256(..) => Some(DataType::Decimal256(76, 38)),
        _ => None,
    }
}

const fn is_text(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View)
}

const fn is_date(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Date32 | DataType::Date64)
}

const fn is_time(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Time32(_) | DataType::Time64(_))
}

/// Says that the value of the parameter is none of the type.
fn refused(number: usize, value: &ScalarValue, wanted: &DataType) -> Error {
    // Written as an error of the engine would write it, and not as the number that it is stored as.
    let text = value.cast_to(&DataType::Utf8).unwrap_or_else(|_| value.clone()).to_string();
    let shown: String = text.chars().take(MOST_SHOWN).collect();
    invalid(None, format!("`${number}`: `{shown}` is not of type {wanted}"))
}

/// Characters of a value that an error shows.
const MOST_SHOWN: usize = 100;
