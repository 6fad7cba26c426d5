//! The type of a field: every combination that the format can write and Arrow does not have is an error here.
//!
//! The names of the rules are those of `Schema.fbs`, where the Arrow columnar format defines its types. A number that
//! it does not list (a unit, a precision, a mode) is `Invalid` with that number: a later version of the format may
//! have added it.

use std::sync::Arc;

use arrow_array::types::{
    Decimal32Type, Decimal64Type, Decimal128Type, Decimal256Type, validate_decimal_precision_and_scale,
};
use arrow_ipc::{DateUnit, Field, Int, Precision, Type};
use arrow_schema::{DataType, FieldRef, IntervalUnit, TimeUnit, UnionFields, UnionMode};

use crate::Error;
use crate::schema::Column;

/// Returns the type of `field`, whose children are `children`; of its dictionary's values where it has one.
pub(crate) fn data_type(field: &Field<'_>, children: &[Column]) -> Result<DataType, Error> {
    match nested(field, children)? {
        Some(data_type) => Ok(data_type),
        None if children.is_empty() => flat(field),
        None => Err(Error::invalid(format!("{} has {} children", type_name(field), children.len()))),
    }
}

/// Returns the integer type `int`.
pub(crate) fn integer(int: &Int<'_>) -> Result<DataType, Error> {
    Ok(match (int.bitWidth(), int.is_signed()) {
        (8, true) => DataType::Int8,
        (8, false) => DataType::UInt8,
        (16, true) => DataType::Int16,
        (16, false) => DataType::UInt16,
        (32, true) => DataType::Int32,
        (32, false) => DataType::UInt32,
        (64, true) => DataType::Int64,
        (64, false) => DataType::UInt64,
        (width, _) => return Err(Error::invalid(format!("an integer has {width} bits"))),
    })
}

/// Returns a type without children.
fn flat(field: &Field<'_>) -> Result<DataType, Error> {
    Ok(match field.type_type() {
        Type::Null => DataType::Null,
        Type::Bool => DataType::Boolean,
        Type::Int => integer(&table(field, field.type_as_int())?)?,
        Type::FloatingPoint => match table(field, field.type_as_floating_point())?.precision() {
            Precision::HALF => DataType::Float16,
            Precision::SINGLE => DataType::Float32,
            Precision::DOUBLE => DataType::Float64,
            Precision(unknown) => return Err(unknown_value("precision", unknown)),
        },
        Type::Decimal => decimal(field)?,
        Type::Date | Type::Time | Type::Timestamp | Type::Duration | Type::Interval => temporal(field)?,
        Type::Binary => DataType::Binary,
        Type::LargeBinary => DataType::LargeBinary,
        Type::BinaryView => DataType::BinaryView,
        Type::Utf8 => DataType::Utf8,
        Type::LargeUtf8 => DataType::LargeUtf8,
        Type::Utf8View => DataType::Utf8View,
        Type::FixedSizeBinary => {
            DataType::FixedSizeBinary(size(table(field, field.type_as_fixed_size_binary())?.byteWidth())?)
        }
        Type(unknown) => return Err(unknown_value("type", i16::from(unknown))),
    })
}

/// Returns a date, time, timestamp, duration or interval. A time of seconds or milliseconds has 32 bits, one of
/// micro- or nanoseconds 64; no other pair exists.
fn temporal(field: &Field<'_>) -> Result<DataType, Error> {
    Ok(match field.type_type() {
        Type::Date => match table(field, field.type_as_date())?.unit() {
            DateUnit::DAY => DataType::Date32,
            DateUnit::MILLISECOND => DataType::Date64,
            DateUnit(unknown) => return Err(unknown_value("date unit", unknown)),
        },
        Type::Time => {
            let time = table(field, field.type_as_time())?;
            match (time.bitWidth(), time_unit(time.unit())?) {
                (32, unit @ (TimeUnit::Second | TimeUnit::Millisecond)) => DataType::Time32(unit),
                (64, unit @ (TimeUnit::Microsecond | TimeUnit::Nanosecond)) => DataType::Time64(unit),
                (width, unit) => return Err(Error::invalid(format!("a time in {unit} has {width} bits"))),
            }
        }
        Type::Timestamp => {
            let timestamp = table(field, field.type_as_timestamp())?;
            DataType::Timestamp(time_unit(timestamp.unit())?, timestamp.timezone().map(Arc::from))
        }
        Type::Duration => DataType::Duration(time_unit(table(field, field.type_as_duration())?.unit())?),
        _ => match table(field, field.type_as_interval())?.unit() {
            arrow_ipc::IntervalUnit::YEAR_MONTH => DataType::Interval(IntervalUnit::YearMonth),
            arrow_ipc::IntervalUnit::DAY_TIME => DataType::Interval(IntervalUnit::DayTime),
            arrow_ipc::IntervalUnit::MONTH_DAY_NANO => DataType::Interval(IntervalUnit::MonthDayNano),
            arrow_ipc::IntervalUnit(unknown) => return Err(unknown_value("interval unit", unknown)),
        },
    })
}

fn time_unit(unit: arrow_ipc::TimeUnit) -> Result<TimeUnit, Error> {
    Ok(match unit {
        arrow_ipc::TimeUnit::SECOND => TimeUnit::Second,
        arrow_ipc::TimeUnit::MILLISECOND => TimeUnit::Millisecond,
        arrow_ipc::TimeUnit::MICROSECOND => TimeUnit::Microsecond,
        arrow_ipc::TimeUnit::NANOSECOND => TimeUnit::Nanosecond,
        arrow_ipc::TimeUnit(unknown) => return Err(unknown_value("time unit", unknown)),
    })
}

/// The precision is at most the digits that the width holds, and the scale at most the precision.
fn decimal(field: &Field<'_>) -> Result<DataType, Error> {
    let decimal = table(field, field.type_as_decimal())?;
    let (width, digits, places) = (decimal.bitWidth(), decimal.precision(), decimal.scale());
    let bad =
        || Error::invalid(format!("a decimal of {width} bits has precision {digits} and scale {places}"));
    let (Ok(precision), Ok(scale)) = (u8::try_from(digits), i8::try_from(places)) else {
        return Err(bad());
    };
    let (data_type, checked) = match width {
        32 => (
            DataType::Decimal32(precision, scale),
            validate_decimal_precision_and_scale::<Decimal32Type>(precision, scale),
        ),
        64 => (
            DataType::Decimal64(precision, scale),
            validate_decimal_precision_and_scale::<Decimal64Type>(precision, scale),
        ),
        128 => (
            DataType::Decimal128(precision, scale),
            validate_decimal_precision_and_scale::<Decimal128Type>(precision, scale),
        ),
        256 => (
            DataType::Decimal256(precision, scale),
            validate_decimal_precision_and_scale::<Decimal256Type>(precision, scale),
        ),
        _ => return Err(bad()),
    };
    checked.map_err(|_| bad())?;
    Ok(data_type)
}

/// Returns the type where it is one that has children.
fn nested(field: &Field<'_>, children: &[Column]) -> Result<Option<DataType>, Error> {
    let one = || child(field, children, 0, 1);
    Ok(Some(match field.type_type() {
        Type::List => DataType::List(one()?),
        Type::LargeList => DataType::LargeList(one()?),
        Type::ListView => DataType::ListView(one()?),
        Type::LargeListView => DataType::LargeListView(one()?),
        Type::FixedSizeList => {
            DataType::FixedSizeList(one()?, size(table(field, field.type_as_fixed_size_list())?.listSize())?)
        }
        Type::Struct_ => DataType::Struct(children.iter().map(|child| Arc::clone(&child.field)).collect()),
        Type::Map => DataType::Map(map_entries(one()?)?, table(field, field.type_as_map())?.keysSorted()),
        Type::RunEndEncoded => {
            DataType::RunEndEncoded(run_ends(child(field, children, 0, 2)?)?, child(field, children, 1, 2)?)
        }
        Type::Union => union(field, children)?,
        _ => return Ok(None),
    }))
}

/// Returns child `at` of exactly `count`.
fn child(field: &Field<'_>, children: &[Column], at: usize, count: usize) -> Result<FieldRef, Error> {
    match children.get(at) {
        Some(child) if children.len() == count => Ok(Arc::clone(&child.field)),
        _ => {
            let name = type_name(field);
            Err(Error::invalid(format!("{name} has {} children instead of {count}", children.len())))
        }
    }
}

/// A map is a list of pairs. Neither the pairs nor their keys may be nullable, as `Schema.fbs` says of `Map`; what
/// they are called does not matter.
fn map_entries(entries: FieldRef) -> Result<FieldRef, Error> {
    match entries.data_type() {
        DataType::Struct(fields) if fields.len() == 2 && !entries.is_nullable() => {
            if fields.iter().take(1).any(|key| key.is_nullable()) {
                return Err(Error::invalid("the keys of a map are nullable"));
            }
            Ok(entries)
        }
        DataType::Struct(fields) if fields.len() == 2 => {
            Err(Error::invalid("the entries of a map are nullable"))
        }
        other => Err(Error::invalid(format!("the entries of a map are `{other}`, not pairs"))),
    }
}

/// Run ends are signed integers of 16, 32 or 64 bits without nulls ("Run-End Encoded Layout").
fn run_ends(field: FieldRef) -> Result<FieldRef, Error> {
    match field.data_type() {
        DataType::Int16 | DataType::Int32 | DataType::Int64 if !field.is_nullable() => Ok(field),
        DataType::Int16 | DataType::Int32 | DataType::Int64 => Err(Error::invalid("run ends are nullable")),
        other => Err(Error::invalid(format!("run ends are `{other}`, not 16, 32 or 64 bit integers"))),
    }
}

/// Type ids are 0 to 127, one for each child and none twice; without ids the children count from 0 ("Union Layout").
fn union(field: &Field<'_>, children: &[Column]) -> Result<DataType, Error> {
    let union = table(field, field.type_as_union())?;
    let mode = match union.mode() {
        arrow_ipc::UnionMode::Sparse => UnionMode::Sparse,
        arrow_ipc::UnionMode::Dense => UnionMode::Dense,
        arrow_ipc::UnionMode(unknown) => return Err(unknown_value("union mode", unknown)),
    };
    let fields = children.iter().map(|child| Arc::clone(&child.field));
    let fields = match union.typeIds() {
        None => UnionFields::try_from_fields(fields),
        Some(ids) => {
            let ids = ids.iter().map(|id| i8::try_from(id).ok().filter(|id| *id >= 0));
            let ids = ids.collect::<Option<Vec<_>>>();
            let ids = ids.ok_or_else(|| Error::invalid("a type id of a union is not in 0 to 127"))?;
            UnionFields::try_new(ids, fields)
        }
    };
    let fields = fields.map_err(|_| {
        let (ids, count) = (union.typeIds().map_or(0, |ids| ids.len()), children.len());
        Error::invalid(format!(
            "a union has {ids} type ids, some twice, or not one for each of {count} children"
        ))
    })?;
    Ok(DataType::Union(fields, mode))
}

/// Checks a width or length, which the flatbuffer has as a signed number.
fn size(size: i32) -> Result<i32, Error> {
    if size < 0 { Err(Error::invalid(format!("a fixed size is {size}"))) } else { Ok(size) }
}

/// Returns the parameters of a type; the flatbuffer may name a type and leave them out.
fn table<T>(field: &Field<'_>, table: Option<T>) -> Result<T, Error> {
    table.ok_or_else(|| Error::invalid(format!("{} has no parameters", type_name(field))))
}

fn type_name(field: &Field<'_>) -> &'static str {
    field.type_type().variant_name().unwrap_or("an unknown type")
}

fn unknown_value(what: &str, value: i16) -> Error {
    Error::invalid(format!("{what} {value} is unknown"))
}
