//! Text and bytes, of any length and of a fixed one.
//!
//! Text goes into text columns and bytes into binary ones, never one for the other. A batch whose text passes the
//! 2 GiB of 32-bit offsets refuses the row; large types go on.

use std::sync::Arc;

use arrow_array::types::{BinaryType, ByteArrayType, LargeBinaryType, LargeUtf8Type, Utf8Type};
use arrow_array::{ArrayRef, FixedSizeBinaryArray, GenericByteArray};
use arrow_buffer::{ArrowNativeType as _, NullBuffer, OffsetBuffer};
use arrow_schema::{ArrowError, DataType};

use super::cells::{Mismatch, Values};
use crate::Value;

/// Returns the values of a text or binary type with offsets or of a fixed width; `None` for every other type. Views
/// are built in [`other`](super::other).
pub(super) fn values_of(data_type: &DataType) -> Option<Box<dyn Values>> {
    Some(match data_type {
        DataType::Utf8 => Box::new(Variable::<Utf8Type>::new(text)),
        DataType::LargeUtf8 => Box::new(Variable::<LargeUtf8Type>::new(text)),
        DataType::Binary => Box::new(Variable::<BinaryType>::new(bytes)),
        DataType::LargeBinary => Box::new(Variable::<LargeBinaryType>::new(bytes)),
        DataType::FixedSizeBinary(width) => {
            Box::new(Fixed { width: usize::try_from(*width).ok()?, bytes: Vec::new(), rows: 0 })
        }
        _ => return None,
    })
}

/// Takes text alone, as its UTF-8 bytes.
fn text<'v>(value: &'v Value<'_>) -> Option<&'v [u8]> {
    if let Value::Text(text) = value { Some(text.as_bytes()) } else { None }
}

/// Takes bytes alone; an array of numbers is a list.
fn bytes<'v>(value: &'v Value<'_>) -> Option<&'v [u8]> {
    if let Value::Bytes(bytes) = value { Some(bytes) } else { None }
}

/// Values of any length, one after the other. The offsets have one more entry than there are values, and the last of
/// them is the length of `bytes`.
struct Variable<T: ByteArrayType> {
    bytes: Vec<u8>,
    /// Where each value ends, beginning with a 0.
    offsets: Vec<T::Offset>,
    convert: for<'v> fn(&'v Value<'_>) -> Option<&'v [u8]>,
}

impl<T: ByteArrayType> Variable<T> {
    fn new(convert: for<'v> fn(&'v Value<'_>) -> Option<&'v [u8]>) -> Self {
        Self { bytes: Vec::new(), offsets: vec![T::Offset::default()], convert }
    }
}

impl<T: ByteArrayType> Values for Variable<T> {
    fn append(&mut self, value: &Value<'_>) -> Result<(), Mismatch> {
        let bytes = (self.convert)(value).ok_or_else(|| Mismatch::new(T::DATA_TYPE, value))?;
        let end = T::Offset::from_usize(self.bytes.len() + bytes.len()).ok_or_else(|| {
            Mismatch::new(format_args!("{} of less than 2 GiB in one batch", T::DATA_TYPE), value)
        })?;
        self.bytes.extend_from_slice(bytes);
        self.offsets.push(end);
        Ok(())
    }

    fn append_placeholder(&mut self) {
        self.offsets.push(self.offsets.last().copied().unwrap_or_default());
    }

    fn truncate(&mut self, rows: usize) {
        self.offsets.truncate(rows + 1);
        self.bytes.truncate(self.offsets.last().map_or(0, |end| end.as_usize()));
    }

    fn finish(&mut self, nulls: Option<NullBuffer>) -> Result<ArrayRef, ArrowError> {
        let offsets = std::mem::replace(&mut self.offsets, vec![T::Offset::default()]);
        let offsets = OffsetBuffer::new(offsets.into());
        let bytes = std::mem::take(&mut self.bytes);
        Ok(Arc::new(GenericByteArray::<T>::try_new(offsets, bytes.into(), nulls)?))
    }

    fn bytes(&self) -> usize {
        self.bytes.len() + size_of_val(self.offsets.as_slice())
    }
}

/// Values of `width` bytes each, one after the other. The rows are counted because a width of 0 leaves no bytes to
/// count.
struct Fixed {
    width: usize,
    bytes: Vec<u8>,
    rows: usize,
}

impl Values for Fixed {
    fn append(&mut self, value: &Value<'_>) -> Result<(), Mismatch> {
        let expected = || Mismatch::new(format_args!("{} bytes", self.width), value);
        let bytes = bytes(value).filter(|bytes| bytes.len() == self.width).ok_or_else(expected)?;
        self.bytes.extend_from_slice(bytes);
        self.rows += 1;
        Ok(())
    }

    fn append_placeholder(&mut self) {
        self.rows += 1;
        self.bytes.resize(self.rows * self.width, 0);
    }

    fn truncate(&mut self, rows: usize) {
        self.rows = rows.min(self.rows);
        self.bytes.truncate(self.rows * self.width);
    }

    fn finish(&mut self, nulls: Option<NullBuffer>) -> Result<ArrayRef, ArrowError> {
        let rows = std::mem::take(&mut self.rows);
        let bytes = std::mem::take(&mut self.bytes);
        // The width came as `i32`.
        let array = FixedSizeBinaryArray::try_new_with_len(self.width as i32, bytes.into(), nulls, rows)?;
        Ok(Arc::new(array))
    }

    fn bytes(&self) -> usize {
        self.bytes.len()
    }
}
