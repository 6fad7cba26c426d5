//! Dates, times of day, timestamps and durations.
//!
//! Counts are taken as they are, in the unit of the column. Text is parsed as ISO 8601; a timestamp without an
//! offset is in the zone of its column, and in UTC where that has none. What is finer than the unit is cut off
//! towards the past, so that an instant stays in the second, or millisecond, that it is in.

use std::time::SystemTime;

use arrow_array::timezone::Tz;
use arrow_array::types::{
    ArrowPrimitiveType, Date32Type, Date64Type, DurationMicrosecondType, DurationMillisecondType,
    DurationNanosecondType, DurationSecondType, Time32MillisecondType, Time32SecondType,
    Time64MicrosecondType, Time64NanosecondType, TimestampMicrosecondType, TimestampMillisecondType,
    TimestampNanosecondType, TimestampSecondType,
};
use arrow_cast::parse::{Parser, string_to_datetime};
use arrow_schema::{DataType, TimeUnit};

use super::cells::Values;
use super::numbers::{integer, primitives};
use crate::Value;

/// Returns the values of a date, time, timestamp or duration type; `None` for every other type, and for a timestamp
/// in a zone that is not known.
pub(super) fn values_of(data_type: &DataType) -> Option<Box<dyn Values>> {
    Some(match data_type {
        DataType::Date32 => primitives::<Date32Type>(data_type, parsed::<Date32Type>),
        DataType::Date64 => primitives::<Date64Type>(data_type, parsed::<Date64Type>),
        DataType::Time32(TimeUnit::Second) => {
            primitives::<Time32SecondType>(data_type, parsed::<Time32SecondType>)
        }
        DataType::Time32(TimeUnit::Millisecond) => {
            primitives::<Time32MillisecondType>(data_type, parsed::<Time32MillisecondType>)
        }
        DataType::Time64(TimeUnit::Microsecond) => {
            primitives::<Time64MicrosecondType>(data_type, parsed::<Time64MicrosecondType>)
        }
        DataType::Time64(TimeUnit::Nanosecond) => {
            primitives::<Time64NanosecondType>(data_type, parsed::<Time64NanosecondType>)
        }
        DataType::Timestamp(unit, zone) => {
            let zone: Tz = zone.as_deref().unwrap_or("+00:00").parse().ok()?;
            let unit_nanos = nanos(*unit);
            let convert = move |value: &Value<'_>| timestamp(value, zone, unit_nanos);
            match unit {
                TimeUnit::Second => primitives::<TimestampSecondType>(data_type, convert),
                TimeUnit::Millisecond => primitives::<TimestampMillisecondType>(data_type, convert),
                TimeUnit::Microsecond => primitives::<TimestampMicrosecondType>(data_type, convert),
                TimeUnit::Nanosecond => primitives::<TimestampNanosecondType>(data_type, convert),
            }
        }
        DataType::Duration(unit) => {
            let unit_nanos = nanos(*unit);
            let convert = move |value: &Value<'_>| duration(value, unit_nanos);
            match unit {
                TimeUnit::Second => primitives::<DurationSecondType>(data_type, convert),
                TimeUnit::Millisecond => primitives::<DurationMillisecondType>(data_type, convert),
                TimeUnit::Microsecond => primitives::<DurationMicrosecondType>(data_type, convert),
                TimeUnit::Nanosecond => primitives::<DurationNanosecondType>(data_type, convert),
            }
        }
        _ => return None,
    })
}

/// A count of the unit, or text.
fn parsed<T>(value: &Value<'_>) -> Option<T::Native>
where
    T: ArrowPrimitiveType + Parser,
    T::Native: TryFrom<i128>,
{
    match value {
        Value::Text(text) => T::parse(text),
        value => integer(value),
    }
}

/// Returns the count of units since 1970, rounded towards the past; `None` where that is more than 64 bits or the
/// value is no time. Text has an offset of its own or is in `zone`; a count is taken as it is.
fn timestamp(value: &Value<'_>, zone: Tz, unit_nanos: i128) -> Option<i64> {
    let nanos = match value {
        Value::Instant(instant) => match instant.duration_since(SystemTime::UNIX_EPOCH) {
            Ok(since) => i128::try_from(since.as_nanos()).ok()?,
            Err(error) => -i128::try_from(error.duration().as_nanos()).ok()?,
        },
        Value::Text(text) => {
            let instant = string_to_datetime(&zone, text).ok()?;
            i128::from(instant.timestamp()) * SECOND_NANOS + i128::from(instant.timestamp_subsec_nanos())
        }
        value => return integer(value),
    };
    i64::try_from(nanos.div_euclid(unit_nanos)).ok()
}

/// Returns the count of whole units, rounded towards zero.
fn duration(value: &Value<'_>, unit_nanos: i128) -> Option<i64> {
    match value {
        Value::Elapsed(elapsed) => i64::try_from(i128::try_from(elapsed.as_nanos()).ok()? / unit_nanos).ok(),
        value => integer(value),
    }
}

/// Returns how many nanoseconds one `unit` has.
const fn nanos(unit: TimeUnit) -> i128 {
    match unit {
        TimeUnit::Second => SECOND_NANOS,
        TimeUnit::Millisecond => 1_000_000,
        TimeUnit::Microsecond => 1000,
        TimeUnit::Nanosecond => 1,
    }
}

const SECOND_NANOS: i128 = 1_000_000_000;
