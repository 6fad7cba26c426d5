//! Arrays of one dimension.
//!
//! PostgreSQL does not say in a column's type how many dimensions its arrays have, and where they begin to count; the
//! latter is left behind.

use std::sync::Arc;

use arrow_array::{ArrayRef, ListArray};
use arrow_buffer::{NullBufferBuilder, OffsetBufferBuilder};
use arrow_schema::FieldRef;

use super::{Decode, Fault};
use crate::copy::{field, int32};

/// A column of lists.
pub(super) struct Lists {
    item: FieldRef,
    items: Box<dyn Decode>,
    offsets: OffsetBufferBuilder<i32>,
    nulls: NullBufferBuilder,
}

impl Lists {
    pub(super) fn new(item: FieldRef, items: Box<dyn Decode>) -> Self {
        Self { item, items, offsets: OffsetBufferBuilder::new(0), nulls: NullBufferBuilder::new(0) }
    }

    /// Adds the elements of one array and returns how many there are.
    fn elements(&mut self, mut bytes: &[u8]) -> Result<usize, Fault> {
        let dimensions = int32(&mut bytes)?;
        let (_has_nulls, _element_type) = (int32(&mut bytes)?, int32(&mut bytes)?);
        let length = match dimensions {
            0 => 0,
            1 => {
                let (length, _lower_bound) = (int32(&mut bytes)?, int32(&mut bytes)?);
                usize::try_from(length).map_err(|_| Fault::Malformed)?
            }
            _ => return Err(Fault::Unfit(format!("an array of {dimensions} dimensions"))),
        };
        for _ in 0..length {
            let element = field(&mut bytes)?;
            self.items.append(element)?;
        }
        Ok(length)
    }
}

impl Decode for Lists {
    fn append(&mut self, value: Option<&[u8]>) -> Result<(), Fault> {
        let length = value.map_or(Ok(0), |bytes| self.elements(bytes))?;
        self.offsets.push_length(length);
        self.nulls.append(value.is_some());
        Ok(())
    }

    fn finish(&mut self) -> ArrayRef {
        let offsets = std::mem::replace(&mut self.offsets, OffsetBufferBuilder::new(0)).finish();
        Arc::new(ListArray::new(Arc::clone(&self.item), offsets, self.items.finish(), self.nulls.finish()))
    }
}
