//! How large the results of functions are, reckoned from their arguments.

use std::sync::Arc;

use arrow_array::cast::AsArray as _;
use arrow_array::types::{Int64Type, IntervalMonthDayNanoType};
use arrow_array::{Array as _, ArrayRef, Int64Array};
use arrow_schema::{DataType, IntervalUnit, TimeUnit};
use datafusion::arrow::compute::cast;
use datafusion::arrow::compute::kernels::length::length;

/// What the size of a result follows from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Size {
    /// `repeat(text, times)`.
    Repeated,
    /// `lpad(text, characters)`.
    Padded,
    /// `replace(text, from, to)`.
    Replaced,
    /// `regexp_replace(text, pattern, to)`.
    Matched,
    /// `array_repeat(element, times)`.
    Listed,
    /// `array_resize(list, length)`.
    Resized,
    /// `range(start, stop, step)`.
    Ranged,
}

impl Size {
    /// Reckons the bytes of each row's value; `None` where they cannot be known.
    ///
    /// An array of one stands for all rows, in `args` and in what is returned.
    pub(super) fn of_rows(self, args: &[ArrayRef]) -> Option<Vec<u64>> {
        match self {
            Self::Repeated => repeated(args),
            Self::Padded => padded(args),
            Self::Replaced => replaced(args),
            Self::Matched => matched(args),
            Self::Listed => listed(args),
            Self::Resized => resized(args),
            Self::Ranged => ranged(args),
        }
    }
}

/// `repeat(text, times)`.
fn repeated(args: &[ArrayRef]) -> Option<Vec<u64>> {
    let [text, times] = args else { return None };
    Some(products(&lengths(text)?, &whole(times)?))
}

/// `lpad(text, characters)` and `rpad`, perhaps with what is put in: a character has up to four bytes.
fn padded(args: &[ArrayRef]) -> Option<Vec<u64>> {
    let characters = whole(args.get(1)?)?;
    Some(characters.iter().map(|count| bytes(count, 4)).collect())
}

/// `replace(text, from, to)`: at most, where the text is nothing but what is replaced.
fn replaced(args: &[ArrayRef]) -> Option<Vec<u64>> {
    let [text, from, to, ..] = args else { return None };
    let (text, from, to) = (lengths(text)?, lengths(from)?, lengths(to)?);
    let rows = text.len().max(from.len()).max(to.len());
    let of_row = |row| Some(at(&text, row)? / at(&from, row)?.max(1) * at(&to, row)?.max(1));
    Some((0..rows).map(|row| bytes(of_row(row), 1)).collect())
}

/// `regexp_replace(text, pattern, to)`: at most, where the pattern matches every byte.
fn matched(args: &[ArrayRef]) -> Option<Vec<u64>> {
    let (text, to) = (args.first()?, args.get(2)?);
    Some(products(&lengths(text)?, &lengths(to)?))
}

/// `array_repeat(element, times)`.
fn listed(args: &[ArrayRef]) -> Option<Vec<u64>> {
    let [element, times] = args else { return None };
    let each = (element.get_array_memory_size() / element.len().max(1)).max(1);
    Some(whole(times)?.iter().map(|count| bytes(count, each as u64)).collect())
}

/// `array_resize(list, length)`, perhaps with what is put in.
fn resized(args: &[ArrayRef]) -> Option<Vec<u64>> {
    Some(whole(args.get(1)?)?.iter().map(|count| bytes(count, ELEMENT)).collect())
}

/// `range(start, stop, step)` and `generate_series`, of numbers, dates and times.
fn ranged(args: &[ArrayRef]) -> Option<Vec<u64>> {
    let (start, stop, step) = match args {
        [stop] => (None, stop, None),
        [start, stop] => (Some(start), stop, None),
        [start, stop, step, ..] => (Some(start), stop, Some(step)),
        [] => return None,
    };
    let (start, stop, step) = (start.map(points), points(stop)?, step.map(steps));
    let (start, step) =
        (start.map_or(Some(None), |it| it.map(Some))?, step.map_or(Some(None), |it| it.map(Some))?);
    let rows = [Some(&stop), start.as_ref(), step.as_ref()].into_iter().flatten().map(|it| it.len()).max()?;
    let of_row = |row: usize| {
        let or = |values: &Option<Int64Array>, otherwise| {
            values.as_ref().map_or(Some(otherwise), |it| at(it, row))
        };
        let (from, until, step) = (or(&start, 0)?, at(&stop, row)?, or(&step, 1)?);
        Some(until.abs_diff(from) / step.unsigned_abs().max(1))
    };
    Some((0..rows).map(|row| of_row(row).unwrap_or(0).saturating_mul(ELEMENT)).collect())
}

/// Returns how many bytes each text has.
fn lengths(texts: &ArrayRef) -> Option<Int64Array> {
    let texts = match texts.data_type() {
        DataType::Utf8View => cast(texts, &DataType::Utf8).ok()?,
        _ => Arc::clone(texts),
    };
    whole(&length(&texts).ok()?)
}

fn whole(numbers: &ArrayRef) -> Option<Int64Array> {
    Some(cast(numbers, &DataType::Int64).ok()?.as_primitive_opt::<Int64Type>()?.clone())
}

/// Returns numbers as they are, and days and times in microseconds.
fn points(values: &ArrayRef) -> Option<Int64Array> {
    match values.data_type() {
        DataType::Date32 | DataType::Date64 | DataType::Timestamp(..) => {
            let times = cast(values, &DataType::Timestamp(TimeUnit::Microsecond, None)).ok()?;
            whole(&times)
        }
        _ => whole(values),
    }
}

/// Returns numbers as they are, and intervals in microseconds, no longer than they are.
fn steps(values: &ArrayRef) -> Option<Int64Array> {
    let DataType::Interval(_) = values.data_type() else { return whole(values) };
    let intervals = cast(values, &DataType::Interval(IntervalUnit::MonthDayNano)).ok()?;
    let intervals = intervals.as_primitive_opt::<IntervalMonthDayNanoType>()?;
    Some(intervals.unary(|interval| {
        let days = i64::from(interval.months) * 28 + i64::from(interval.days);
        days.saturating_mul(86_400_000_000).saturating_add(interval.nanoseconds / 1000)
    }))
}

/// Multiplies row by row; a row without one of the two makes nothing.
fn products(lengths: &Int64Array, times: &Int64Array) -> Vec<u64> {
    let length = |row| at(lengths, row).and_then(|length| u64::try_from(length).ok()).unwrap_or(0);
    (0..lengths.len().max(times.len())).map(|row| bytes(at(times, row), length(row))).collect()
}

/// Returns the value of a row.
fn at(values: &Int64Array, row: usize) -> Option<i64> {
    let row = if values.len() == 1 { 0 } else { row };
    values.is_valid(row).then(|| values.value(row))
}

fn bytes(count: Option<i64>, each: u64) -> u64 {
    count.and_then(|count| u64::try_from(count).ok()).unwrap_or(0).saturating_mul(each)
}

/// What an element of a list takes, about.
const ELEMENT: u64 = 8;
