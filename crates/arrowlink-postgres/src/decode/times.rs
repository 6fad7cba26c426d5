//! Dates, times, timestamps and intervals. PostgreSQL counts from the year 2000, Arrow from 1970.

use arrow_array::types::IntervalMonthDayNano;

use super::Fault;
use super::numbers::big_endian;

/// Returns the days since 1970.
pub(super) fn date(bytes: &[u8]) -> Result<i32, Fault> {
    match i32::from_be_bytes(big_endian(bytes)?) {
        i32::MAX => Err(infinity("")),
        i32::MIN => Err(infinity("-")),
        days => days.checked_add(DAYS).ok_or(Fault::Malformed),
    }
}

/// Returns the microseconds since midnight.
pub(super) fn time(bytes: &[u8]) -> Result<i64, Fault> {
    match i64::from_be_bytes(big_endian(bytes)?) {
        DAY => Err(Fault::Unfit("the time `24:00:00`".to_owned())),
        micros => Ok(micros),
    }
}

/// Returns the microseconds since 1970.
pub(super) fn timestamp(bytes: &[u8]) -> Result<i64, Fault> {
    match i64::from_be_bytes(big_endian(bytes)?) {
        i64::MAX => Err(infinity("")),
        i64::MIN => Err(infinity("-")),
        micros => micros.checked_add(i64::from(DAYS) * DAY).ok_or(Fault::Malformed),
    }
}

/// Returns months, days and nanoseconds, which PostgreSQL keeps apart as Arrow does.
pub(super) fn interval(bytes: &[u8]) -> Result<IntervalMonthDayNano, Fault> {
    let bytes: [u8; 16] = big_endian(bytes)?;
    let (micros, rest) = bytes.split_first_chunk::<8>().ok_or(Fault::Malformed)?;
    let (days, months) = rest.split_first_chunk::<4>().ok_or(Fault::Malformed)?;
    let micros = i64::from_be_bytes(*micros);
    let (days, months) = (i32::from_be_bytes(*days), i32::from_be_bytes(big_endian(months)?));
    match (micros, days, months) {
        (i64::MAX, i32::MAX, i32::MAX) => return Err(infinity("")),
        (i64::MIN, i32::MIN, i32::MIN) => return Err(infinity("-")),
        _ => {}
    }
    let nanos = micros
        .checked_mul(1000)
        .ok_or_else(|| Fault::Unfit("an interval of more than 292 years in hours".to_owned()))?;
    Ok(IntervalMonthDayNano::new(months, days, nanos))
}

fn infinity(sign: &str) -> Fault {
    Fault::Unfit(format!("`{sign}infinity`"))
}

/// The days from 1970 to 2000.
const DAYS: i32 = 10_957;
/// The microseconds of a day.
const DAY: i64 = 86_400_000_000;
