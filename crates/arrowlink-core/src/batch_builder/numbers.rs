//! Booleans, integers, floats and decimals.
//!
//! All of them but booleans are one type with another conversion each; dates and times use it too. A conversion
//! that could change the value refuses it: integers out of range, integers that a float does not have, digits
//! behind the scale of a decimal.

use std::sync::Arc;

use arrow_array::types::{
    ArrowPrimitiveType, Decimal32Type, Decimal64Type, Decimal128Type, Decimal256Type, DecimalType,
    Float16Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, UInt8Type, UInt16Type,
    UInt32Type, UInt64Type,
};
use arrow_array::{ArrayRef, BooleanArray, PrimitiveArray};
use arrow_buffer::{BooleanBufferBuilder, NullBuffer};
use arrow_cast::parse::parse_decimal;
use arrow_schema::{ArrowError, DataType};

use super::cells::{Mismatch, Values};
use crate::Value;

/// Returns the values of a boolean, integer, float or decimal type; `None` for every other type.
pub(super) fn values_of(data_type: &DataType) -> Option<Box<dyn Values>> {
    Some(match data_type {
        DataType::Boolean => Box::new(Booleans(BooleanBufferBuilder::new(0))),
        DataType::Int8 => primitives::<Int8Type>(data_type, integer),
        DataType::Int16 => primitives::<Int16Type>(data_type, integer),
        DataType::Int32 => primitives::<Int32Type>(data_type, integer),
        DataType::Int64 => primitives::<Int64Type>(data_type, integer),
        DataType::UInt8 => primitives::<UInt8Type>(data_type, integer),
        DataType::UInt16 => primitives::<UInt16Type>(data_type, integer),
        DataType::UInt32 => primitives::<UInt32Type>(data_type, integer),
        DataType::UInt64 => primitives::<UInt64Type>(data_type, integer),
        DataType::Float16 => {
            primitives::<Float16Type>(data_type, |value| float(value, 11).map(Half::from_f64))
        }
        DataType::Float32 => primitives::<Float32Type>(data_type, |value| {
            float(value, f32::MANTISSA_DIGITS).map(|float| float as f32)
        }),
        DataType::Float64 => primitives::<Float64Type>(data_type, |value| float(value, f64::MANTISSA_DIGITS)),
        DataType::Decimal32(precision, scale) => decimals::<Decimal32Type>(data_type, *precision, *scale),
        DataType::Decimal64(precision, scale) => decimals::<Decimal64Type>(data_type, *precision, *scale),
        DataType::Decimal128(precision, scale) => decimals::<Decimal128Type>(data_type, *precision, *scale),
        DataType::Decimal256(precision, scale) => decimals::<Decimal256Type>(data_type, *precision, *scale),
        _ => return None,
    })
}

/// Makes the values of a type whose elements `convert` gives, or refuses with `None`.
pub(super) fn primitives<T: ArrowPrimitiveType>(
    data_type: &DataType,
    convert: impl Fn(&Value<'_>) -> Option<T::Native> + Send + 'static,
) -> Box<dyn Values> {
    Box::new(Primitives::<T, _> { data_type: data_type.clone(), values: Vec::new(), convert })
}

/// Takes integers that `N` has; neither floats without a fraction nor booleans nor text.
pub(super) fn integer<N: TryFrom<i128>>(value: &Value<'_>) -> Option<N> {
    let Value::Int(value) = value else { return None };
    N::try_from(*value).ok()
}

/// Takes integers only as far as the float has each of them exactly.
///
/// `digits` is how many bits of precision the float has (11, 24 or 53): up to two to that power every integer is one
/// of its values. A float is rounded to the column by the caller.
fn float(value: &Value<'_>, digits: u32) -> Option<f64> {
    match value {
        Value::Float(value) => Some(*value),
        Value::Int(value) => (value.unsigned_abs() <= 1 << digits).then_some(*value as f64),
        _ => None,
    }
}

/// Takes whole numbers, and text with at most `scale` digits behind the point, zeros at the end not counted. Floats
/// are refused, because `0.1` as a float is another number.
fn decimals<T: DecimalType>(data_type: &DataType, precision: u8, scale: i8) -> Box<dyn Values> {
    primitives::<T>(data_type, move |value| match value {
        Value::Int(value) => parse_decimal::<T>(&value.to_string(), precision, scale).ok(),
        Value::Text(text) if fraction_digits(text) <= i64::from(scale) => {
            parse_decimal::<T>(text, precision, scale).ok()
        }
        _ => None,
    })
}

/// Counts the digits behind the point that are not zeros at the end.
fn fraction_digits(text: &str) -> i64 {
    text.split_once('.').map_or(0, |(_, fraction)| fraction.trim_end_matches('0').len() as i64)
}

type Half = <Float16Type as ArrowPrimitiveType>::Native;

/// The elements of one fixed-width column as they will lie in its buffer. `data_type` may say more than `T` does,
/// such as a time zone or a scale.
struct Primitives<T: ArrowPrimitiveType, F> {
    data_type: DataType,
    values: Vec<T::Native>,
    convert: F,
}

impl<T, F> Values for Primitives<T, F>
where
    T: ArrowPrimitiveType,
    F: Fn(&Value<'_>) -> Option<T::Native> + Send,
{
    fn append(&mut self, value: &Value<'_>) -> Result<(), Mismatch> {
        let native = (self.convert)(value).ok_or_else(|| Mismatch::new(&self.data_type, value))?;
        self.values.push(native);
        Ok(())
    }

    fn append_placeholder(&mut self) {
        self.values.push(T::Native::default());
    }

    fn truncate(&mut self, rows: usize) {
        self.values.truncate(rows);
    }

    fn finish(&mut self, nulls: Option<NullBuffer>) -> Result<ArrayRef, ArrowError> {
        let values = std::mem::take(&mut self.values);
        let array = PrimitiveArray::<T>::try_new(values.into(), nulls)?;
        Ok(Arc::new(array.with_data_type(self.data_type.clone())))
    }

    fn bytes(&self) -> usize {
        size_of_val(self.values.as_slice())
    }
}

/// One bit for each value, as the column has them.
struct Booleans(BooleanBufferBuilder);

impl Values for Booleans {
    fn append(&mut self, value: &Value<'_>) -> Result<(), Mismatch> {
        let Value::Bool(bit) = value else { return Err(Mismatch::new(DataType::Boolean, value)) };
        self.0.append(*bit);
        Ok(())
    }

    fn append_placeholder(&mut self) {
        self.0.append(false);
    }

    fn truncate(&mut self, rows: usize) {
        self.0.truncate(rows.min(self.0.len()));
    }

    fn finish(&mut self, nulls: Option<NullBuffer>) -> Result<ArrayRef, ArrowError> {
        Ok(Arc::new(BooleanArray::new(self.0.finish(), nulls)))
    }

    fn bytes(&self) -> usize {
        self.0.len().div_ceil(8)
    }
}
