//! Values of PostgreSQL's binary formats, decoded into the columns of a batch.
//!
//! The formats are those of the server's `send` functions (`src/backend/utils/adt`).

mod lists;
mod numbers;
mod numeric;
mod texts;
mod times;

use std::sync::Arc;

use arrow_array::ArrayRef;
use arrow_array::types::{
    Date32Type, Decimal128Type, Decimal256Type, Float32Type, Float64Type, Int16Type, Int32Type, Int64Type,
    IntervalMonthDayNanoType, Time64MicrosecondType, TimestampMicrosecondType, UInt32Type,
};

use crate::kind::Kind;

/// Why a value has no place in a column.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The bytes are not what the format says.
    Malformed,
    /// The value is fine, and Arrow has none like it; the text says which.
    Unfit(String),
}

/// Collects the values of one column.
pub(crate) trait Decode: Send {
    /// Adds a value; `None` is null.
    fn append(&mut self, value: Option<&[u8]>) -> Result<(), Fault>;

    /// Returns what was collected and begins anew.
    fn finish(&mut self) -> ArrayRef;
}

/// Makes the column of a kind.
pub(crate) fn column(kind: &Kind) -> Box<dyn Decode> {
    use numbers::{Booleans, Numbers, big_endian};

    match kind {
        Kind::Boolean => Box::new(Booleans::default()),
        Kind::Int16 => Numbers::<Int16Type>::boxed(|bytes| big_endian(bytes).map(i16::from_be_bytes)),
        Kind::Int32 => Numbers::<Int32Type>::boxed(|bytes| big_endian(bytes).map(i32::from_be_bytes)),
        Kind::Int64 => Numbers::<Int64Type>::boxed(|bytes| big_endian(bytes).map(i64::from_be_bytes)),
        Kind::UInt32 => Numbers::<UInt32Type>::boxed(|bytes| big_endian(bytes).map(u32::from_be_bytes)),
        Kind::Float32 => Numbers::<Float32Type>::boxed(|bytes| big_endian(bytes).map(f32::from_be_bytes)),
        Kind::Float64 => Numbers::<Float64Type>::boxed(|bytes| big_endian(bytes).map(f64::from_be_bytes)),
        Kind::Decimal128(_, scale) => {
            let scale = *scale;
            Numbers::<Decimal128Type>::of(kind, move |bytes| numeric::unscaled(bytes, scale))
        }
        Kind::Decimal256(_, scale) => {
            let scale = *scale;
            Numbers::<Decimal256Type>::of(kind, move |bytes| numeric::unscaled(bytes, scale))
        }
        Kind::Date => Numbers::<Date32Type>::boxed(times::date),
        Kind::Time => Numbers::<Time64MicrosecondType>::boxed(times::time),
        Kind::Timestamp | Kind::TimestampInUtc => {
            Numbers::<TimestampMicrosecondType>::of(kind, times::timestamp)
        }
        Kind::Interval => Numbers::<IntervalMonthDayNanoType>::boxed(times::interval),
        Kind::Text(_) | Kind::Written | Kind::Json => Box::new(texts::Texts::plain()),
        Kind::Jsonb => Box::new(texts::Texts::jsonb()),
        Kind::Binary => Box::new(texts::Bytes::default()),
        Kind::Uuid => Box::new(texts::Uuids::default()),
        Kind::List(element) => {
            Box::new(lists::Lists::new(Arc::new(element.field("item", true)), column(element)))
        }
        Kind::WrittenList => {
            let element = Kind::Written;
            Box::new(lists::Lists::new(Arc::new(element.field("item", true)), column(&element)))
        }
    }
}
