//! Bytes to encapsulated messages: where one ends and the next begins, whatever pieces they arrive in.
//!
//! What lies in one piece is handed on as a slice of it; what does not is put together in memory that grows as bytes
//! arrive, never as lengths are claimed.
//!
//! The layout is that of "Encapsulated message format" in the Arrow columnar format. What a length means, and whether
//! it may be that large, is decided by the caller; nothing here fails.

use arrow_buffer::{Buffer, MutableBuffer};

/// Gathers an exact number of bytes.
#[derive(Debug)]
pub(crate) struct Gather {
    want: usize,
    got: MutableBuffer,
}

impl Gather {
    /// Wants `want` bytes and allocates nothing for them yet: the number is the sender's word.
    pub(crate) fn new(want: usize) -> Self {
        Self { want, got: MutableBuffer::new(0) }
    }

    /// Returns how many bytes are still to come.
    pub(crate) fn needed(&self) -> usize {
        self.want.saturating_sub(self.got.len())
    }

    /// Takes what it needs from the front of `input`, and returns all of it once it is complete.
    ///
    /// The result is a slice of `input` where `input` has all of it; otherwise it is aligned to 64 bytes.
    pub(crate) fn feed(&mut self, input: &mut Buffer) -> Option<Buffer> {
        let take = self.needed().min(input.len());
        if self.got.is_empty() && take == self.want {
            let whole = input.slice_with_length(0, take);
            input.advance(take);
            return Some(whole);
        }
        self.grow(take);
        self.got.extend_from_slice(input.slice_with_length(0, take).as_slice());
        input.advance(take);
        (self.needed() == 0).then(|| std::mem::replace(&mut self.got, MutableBuffer::new(0)).into())
    }

    /// Makes room for `more` bytes: all that is wanted once a quarter of it is there, else twice what is there.
    ///
    /// Twice keeps the copies of a slow sender linear; the quarter makes a body of many pieces end in memory of
    /// exactly its size. Who claims a large message and sends little of it makes this take at most four times what
    /// was sent, or 64 KiB.
    fn grow(&mut self, more: usize) {
        let len = self.got.len() + more;
        if len <= self.got.capacity() {
            return;
        }
        let room = if len >= self.want / 4 { self.want } else { (2 * len).max(SMALLEST).min(self.want) };
        let mut grown = MutableBuffer::with_capacity(room);
        grown.extend_from_slice(self.got.as_slice());
        self.got = grown;
    }
}

/// Reads the prefix of a message: a continuation marker, which streams older than 0.15 do not have, and a length.
///
/// `ff ff ff ff` and then the length of the metadata as four bytes, little-endian; before Arrow 0.15 the length
/// alone. A length of 0 is the end of the stream.
#[derive(Debug, Default)]
pub(crate) struct Prefix {
    bytes: [u8; 4],
    got: usize,
    continued: bool,
}

impl Prefix {
    /// Returns whether no byte of a prefix has been read yet.
    pub(crate) const fn is_untouched(&self) -> bool {
        self.got == 0 && !self.continued
    }

    /// Returns how many bytes are still to come, at least.
    pub(crate) const fn needed(&self) -> usize {
        self.bytes.len() - self.got
    }

    /// Returns whether the prefix has a continuation marker.
    pub(crate) const fn is_continued(&self) -> bool {
        self.continued
    }

    /// Returns how many bytes the whole prefix has.
    pub(crate) const fn len(&self) -> usize {
        if self.continued { 8 } else { 4 }
    }

    /// Takes what it needs from the front of `input`, and returns the length of the metadata once it is complete.
    pub(crate) fn feed(&mut self, input: &mut Buffer) -> Option<i32> {
        while let Some(&byte) = input.first() {
            input.advance(1);
            if let Some(slot) = self.bytes.get_mut(self.got) {
                *slot = byte;
            }
            self.got += 1;
            if self.got < self.bytes.len() {
                continue;
            }
            if self.continued || self.bytes != CONTINUATION {
                return Some(i32::from_le_bytes(self.bytes));
            }
            (self.got, self.continued) = (0, true);
        }
        None
    }
}

/// As a length it would be -1, which no message has: that tells the two kinds of prefix apart.
const CONTINUATION: [u8; 4] = [0xff; 4];
/// The smallest room for a message in several pieces, unless it is smaller itself.
const SMALLEST: usize = 64 << 10;
