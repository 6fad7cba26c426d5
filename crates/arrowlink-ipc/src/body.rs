//! The buffers of a record batch in their order: within the body, decompressed, and aligned for their type.
//!
//! A message lists its buffers in the order of its columns, depth first ("RecordBatch message" of the Arrow columnar
//! format); here they are taken one by one in that order. Which buffers a column has is known to
//! [`batch`](crate::batch) alone.
//!
//! Every range is checked against the body. What is asked for by count is exactly that long and begins at a multiple
//! of its alignment, so that an array can be built on it as it is.

use arrow_buffer::Buffer;
use flatbuffers::VectorIter;

use crate::Error;
use crate::decompress::Decompressor;
use crate::limits::Budget;

/// Hands out the buffers of one message.
pub(crate) struct Body<'a> {
    bytes: &'a Buffer,
    ranges: Option<VectorIter<'a, arrow_ipc::Buffer>>,
    decompressor: Option<Decompressor>,
    budget: &'a mut Budget,
}

impl<'a> Body<'a> {
    /// Begins with the first buffer of `batch`, whose body is `bytes`.
    ///
    /// Fails where the batch names a compression that does not exist.
    pub(crate) fn new(
        batch: &arrow_ipc::RecordBatch<'a>,
        bytes: &'a Buffer,
        budget: &'a mut Budget,
    ) -> Result<Self, Error> {
        let ranges = batch.buffers().map(|buffers| buffers.iter());
        let decompressor =
            batch.compression().map(|compression| Decompressor::new(&compression)).transpose()?;
        Ok(Self { bytes, ranges, decompressor, budget })
    }

    /// Returns the account for what is allocated beside the message.
    pub(crate) const fn budget(&mut self) -> &mut Budget {
        self.budget
    }

    /// Returns how many buffers have not been handed out.
    pub(crate) fn left(&self) -> usize {
        self.ranges.as_ref().map_or(0, ExactSizeIterator::len)
    }

    /// Returns whether the next buffer has no bytes.
    ///
    /// An empty array may come without its offsets: writers differ on whether it has one offset or none.
    pub(crate) fn next_is_empty(&self) -> bool {
        self.ranges.as_ref().and_then(|ranges| ranges.clone().next()).is_some_and(|range| range.length() == 0)
    }

    /// Passes over the next buffer.
    ///
    /// For the validity bitmap of an array without nulls, which may be there or have no bytes. Its range is checked
    /// all the same.
    pub(crate) fn skip(&mut self) -> Result<(), Error> {
        self.range("a buffer").map(drop)
    }

    /// Returns the next buffer, which has any length and alignment.
    ///
    /// `what` is for errors, as in all methods here. The bytes of variable-size values have no length that follows
    /// from anything; offsets are checked against it later.
    pub(crate) fn bytes(&mut self, what: &str) -> Result<Buffer, Error> {
        let range = self.range(what)?;
        match &mut self.decompressor {
            Some(decompressor) => decompressor.read(&range, self.budget),
            None => Ok(range),
        }
    }

    /// Returns the first `count` elements of `width` bytes of the next buffer, beginning at a multiple of `alignment`.
    ///
    /// Padding after the elements is cut off. Fails where the buffer has fewer; a product past the largest number
    /// counts as too many, never as its remainder.
    pub(crate) fn elements(
        &mut self,
        what: &str,
        count: usize,
        width: usize,
        alignment: usize,
    ) -> Result<Buffer, Error> {
        let buffer = self.bytes(what)?;
        self.fit(what, &buffer, count.checked_mul(width), alignment)
    }

    /// Returns the first `count` bits of the next buffer.
    pub(crate) fn bits(&mut self, what: &str, count: usize) -> Result<Buffer, Error> {
        let buffer = self.bytes(what)?;
        self.fit(what, &buffer, Some(count.div_ceil(8)), 1)
    }

    /// Cuts `buffer` to `needed` bytes and copies it where it is not aligned.
    ///
    /// The format asks for alignment to 8 bytes and recommends 64 ("Buffer Alignment and Padding"), within the body.
    /// Where the body itself begins in memory depends on what it arrived in, so a copy may be needed for a message
    /// that is right; it is charged to the budget.
    fn fit(
        &mut self,
        what: &str,
        buffer: &Buffer,
        needed: Option<usize>,
        alignment: usize,
    ) -> Result<Buffer, Error> {
        let Some(needed) = needed.filter(|needed| *needed <= buffer.len()) else {
            let needed = needed.unwrap_or(usize::MAX);
            return Err(Error::invalid(format!("{what} has {} bytes, {needed} are needed", buffer.len())));
        };
        let fitting = buffer.slice_with_length(0, needed);
        if fitting.as_ptr().align_offset(alignment) == 0 {
            return Ok(fitting);
        }
        self.budget.charge(needed)?;
        Ok(Buffer::from(fitting.as_slice()))
    }

    /// Takes the next range and checks it against the body: neither offset nor length may be negative, nor their sum
    /// past the end. Ranges may overlap, which does no harm because nobody writes to them.
    fn range(&mut self, what: &str) -> Result<Buffer, Error> {
        let range = self.ranges.as_mut().and_then(Iterator::next);
        let range = range.ok_or_else(|| Error::invalid(format!("{what} is missing")))?;
        let (offset, length) = (range.offset(), range.length());
        let inside = usize::try_from(offset).ok().zip(usize::try_from(length).ok());
        let inside = inside.filter(|(offset, length)| {
            offset.checked_add(*length).is_some_and(|end| end <= self.bytes.len())
        });
        match inside {
            Some((offset, length)) => Ok(self.bytes.slice_with_length(offset, length)),
            None => {
                let body = self.bytes.len();
                Err(Error::invalid(format!("{what} has {length} bytes from {offset}, in a body of {body}")))
            }
        }
    }
}
