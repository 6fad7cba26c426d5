//! Values of a statement as PostgreSQL's literals. Each has the type of its column, so that an index serves.

use arrow_array::types::{Decimal128Type, Decimal256Type, DecimalType as _};
use datafusion::common::ScalarValue;

use crate::kind::Kind;

/// Writes a value of the type that `kind` has in Arrow; `None` where it has another, is null, or has no literal.
pub(super) fn literal(kind: &Kind, value: &ScalarValue) -> Option<String> {
    Some(match (kind, value) {
        (Kind::Boolean, ScalarValue::Boolean(Some(value))) => value.to_string(),
        (Kind::Int16, ScalarValue::Int16(Some(value))) => format!("'{value}'::int2"),
        (Kind::Int32, ScalarValue::Int32(Some(value))) => format!("'{value}'::int4"),
        (Kind::Int64, ScalarValue::Int64(Some(value))) => format!("'{value}'::int8"),
        (Kind::UInt32, ScalarValue::UInt32(Some(value))) => format!("'{value}'::oid"),
        (Kind::Decimal128(..), ScalarValue::Decimal128(Some(value), precision, scale)) => {
            format!("'{}'::numeric", Decimal128Type::format_decimal(*value, *precision, *scale))
        }
        (Kind::Decimal256(..), ScalarValue::Decimal256(Some(value), precision, scale)) => {
            format!("'{}'::numeric", Decimal256Type::format_decimal(*value, *precision, *scale))
        }
        (Kind::Date, ScalarValue::Date32(Some(days))) if days.abs() < MOST_DAYS => {
            format!("(date '1970-01-01' + {days})")
        }
        (Kind::Timestamp, ScalarValue::TimestampMicrosecond(Some(micros), None)) => timestamp(*micros)?,
        (Kind::TimestampInUtc, ScalarValue::TimestampMicrosecond(Some(micros), Some(_))) => {
            format!("({} AT TIME ZONE 'UTC')", timestamp(*micros)?)
        }
        _ => return None,
    })
}

/// Writes a number that is neither zero, of which DataFusion has two, nor `NaN`.
pub(super) fn float(kind: &Kind, value: &ScalarValue) -> Option<String> {
    match (kind, value) {
        (Kind::Float32, ScalarValue::Float32(Some(value))) if value.is_normal() => {
            Some(format!("'{value:e}'::float4"))
        }
        (Kind::Float64, ScalarValue::Float64(Some(value))) if value.is_normal() => {
            Some(format!("'{value:e}'::float8"))
        }
        _ => None,
    }
}

/// Writes a text. Transactions begin with the setting by which a backslash is a character as any other.
pub(super) fn text(value: &str) -> Option<String> {
    // PostgreSQL has no text with it.
    (!value.contains('\0')).then(|| format!("'{}'", value.replace('\'', "''")))
}

/// Writes the time so many microseconds after 1970 without a calendar.
fn timestamp(micros: i64) -> Option<String> {
    let (days, rest) = (micros.div_euclid(DAY), micros.rem_euclid(DAY));
    let (seconds, micros) = (rest / 1_000_000, rest % 1_000_000);
    (days.abs() < MOST_DAYS.into()).then(|| {
        format!("(timestamp '1970-01-01 00:00:00' + interval '{days} days {seconds}.{micros:06} seconds')")
    })
}

/// The microseconds of a day.
const DAY: i64 = 86_400_000_000;
/// From 1970 to either side, well within what PostgreSQL has: about 1,900 years.
const MOST_DAYS: i32 = 700_000;
