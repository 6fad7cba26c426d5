//! Numbers of fixed width, and what is stored as one.

use std::sync::Arc;

use arrow_array::builder::{BooleanBuilder, PrimitiveBuilder};
use arrow_array::types::ArrowPrimitiveType;
use arrow_array::{Array as _, ArrayRef};

use super::{Decode, Fault};
use crate::kind::Kind;

/// A column of numbers and the way from bytes to one of them.
pub(super) struct Numbers<T: ArrowPrimitiveType> {
    values: PrimitiveBuilder<T>,
    read: Read<T>,
}

type Read<T> = Box<dyn Fn(&[u8]) -> Result<<T as ArrowPrimitiveType>::Native, Fault> + Send>;

impl<T: ArrowPrimitiveType> Numbers<T> {
    /// Makes the column of the type `T` as it is.
    pub(super) fn boxed(
        read: impl Fn(&[u8]) -> Result<T::Native, Fault> + Send + 'static,
    ) -> Box<dyn Decode> {
        Box::new(Self { values: PrimitiveBuilder::new(), read: Box::new(read) })
    }

    /// Makes the column of a kind whose type has parameters.
    pub(super) fn of(
        kind: &Kind,
        read: impl Fn(&[u8]) -> Result<T::Native, Fault> + Send + 'static,
    ) -> Box<dyn Decode> {
        let values = PrimitiveBuilder::new().with_data_type(kind.data_type());
        Box::new(Self { values, read: Box::new(read) })
    }
}

impl<T: ArrowPrimitiveType> Decode for Numbers<T> {
    fn append(&mut self, value: Option<&[u8]>) -> Result<(), Fault> {
        match value {
            Some(bytes) => self.values.append_value((self.read)(bytes)?),
            None => self.values.append_null(),
        }
        Ok(())
    }

    fn finish(&mut self) -> ArrayRef {
        let values = self.values.finish();
        // The builder forgets the parameters of its type.
        let data_type = values.data_type().clone();
        self.values = PrimitiveBuilder::new().with_data_type(data_type);
        Arc::new(values)
    }
}

/// A column of truth values.
#[derive(Default)]
pub(super) struct Booleans {
    values: BooleanBuilder,
}

impl Decode for Booleans {
    fn append(&mut self, value: Option<&[u8]>) -> Result<(), Fault> {
        match value {
            Some([byte]) => self.values.append_value(*byte != 0),
            Some(_) => return Err(Fault::Malformed),
            None => self.values.append_null(),
        }
        Ok(())
    }

    fn finish(&mut self) -> ArrayRef {
        Arc::new(self.values.finish())
    }
}

/// Takes exactly the bytes of a number.
pub(super) fn big_endian<const N: usize>(bytes: &[u8]) -> Result<[u8; N], Fault> {
    bytes.try_into().map_err(|_| Fault::Malformed)
}
