//! Bytes in segments that are written one after the other and never put together.
//!
//! A message that carries columns is a few bytes of framing and then the columns' own memory. [`Rope`] holds references
//! to all of it; HTTP/2 hands its segments to the socket in one vectored write. [`RopeBuilder`] decides what is a
//! segment: what is small is copied next to its neighbours, because a segment costs more than copying it would.

use std::collections::VecDeque;
use std::io::IoSlice;

use arrow_buffer::Buffer;
use bytes::{Buf, BufMut as _, Bytes, BytesMut};

/// A queue of bytes whose segments keep where they lie.
///
/// Cloning and splitting share the segments' memory. As a [`Buf`] it is consumed from the front.
///
/// ```
/// use arrowlink_transport::Rope;
/// use bytes::{Buf as _, Bytes};
///
/// let mut rope: Rope = [Bytes::from("sen"), Bytes::from("sors")].into_iter().collect();
/// assert_eq!((rope.len(), rope.segments().count()), (7, 2));
///
/// let front = rope.split_to(4);
/// assert_eq!((front.to_bytes(), rope.to_bytes()), (Bytes::from("sens"), Bytes::from("ors")));
///
/// rope.advance(2);
/// assert_eq!(rope.chunk(), b"s");
/// ```
#[derive(Clone, Debug, Default)]
pub struct Rope {
    /// Empty only where all of it is, so that a rope of one segment allocates nothing.
    first: Bytes,
    /// None of these is empty.
    rest: VecDeque<Bytes>,
    len: usize,
}

impl Rope {
    /// Makes one of segments of which some are small: those below 4 KiB are copied next to their neighbours, because a
    /// segment costs more than copying it would; the others are kept by reference.
    ///
    /// ```
    /// use arrowlink_transport::Rope;
    /// use bytes::Bytes;
    ///
    /// let large = Bytes::from(vec![7; 100_000]);
    /// let rope = Rope::gathered([Bytes::from("a"), Bytes::from("b"), large.clone()]);
    /// let segments: Vec<_> = rope.segments().collect();
    /// assert_eq!(segments, ["ab".as_bytes(), &large]);
    /// assert_eq!(segments[1].as_ptr(), large.as_ptr());
    /// ```
    pub fn gathered(segments: impl IntoIterator<Item = Bytes>) -> Self {
        let mut builder = RopeBuilder::with_capacity(0);
        segments.into_iter().for_each(|segment| builder.append(segment.into()));
        builder.finish()
    }

    /// Returns how many bytes are in it.
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Returns whether there is nothing in it.
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Returns the segments in their order; none of them is empty.
    pub fn segments(&self) -> impl Iterator<Item = &Bytes> {
        (!self.first.is_empty()).then_some(&self.first).into_iter().chain(&self.rest)
    }

    /// Adds a segment at the end, without copying it.
    pub fn push(&mut self, segment: Bytes) {
        self.len += segment.len();
        if self.first.is_empty() {
            self.first = segment;
        } else if !segment.is_empty() {
            self.rest.push_back(segment);
        }
    }

    /// Takes the first `at` bytes, or all where there are fewer; segments are cut, not copied.
    #[must_use = "what is split off is gone from the rope"]
    pub fn split_to(&mut self, at: usize) -> Self {
        if at >= self.len {
            return std::mem::take(self);
        }
        let mut front = Self::default();
        while front.len < at {
            let wanted = at - front.len;
            front.push(self.first.split_to(wanted.min(self.first.len())));
            self.refill();
        }
        self.len -= at;
        front
    }

    /// Returns all bytes in one piece: a copy, unless there is one segment.
    pub fn to_bytes(&self) -> Bytes {
        if self.rest.is_empty() {
            return self.first.clone();
        }
        let mut bytes = BytesMut::with_capacity(self.len);
        self.segments().for_each(|segment| bytes.put_slice(segment));
        bytes.freeze()
    }

    /// Brings the next segment to the front where the first is used up.
    fn refill(&mut self) {
        if self.first.is_empty() {
            self.first = self.rest.pop_front().unwrap_or_default();
        }
    }
}

impl Buf for Rope {
    fn remaining(&self) -> usize {
        self.len
    }

    fn chunk(&self) -> &[u8] {
        &self.first
    }

    fn chunks_vectored<'a>(&'a self, slices: &mut [IoSlice<'a>]) -> usize {
        let mut filled = 0;
        for (slice, segment) in slices.iter_mut().zip(self.segments()) {
            *slice = IoSlice::new(segment);
            filled += 1;
        }
        filled
    }

    /// # Panics
    ///
    /// Where `count` is more than [`remaining`](Buf::remaining), as [`Buf`] asks for.
    fn advance(&mut self, mut count: usize) {
        assert!(count <= self.len, "cannot advance past the end of a rope");
        self.len -= count;
        while count > 0 {
            let step = count.min(self.first.len());
            self.first.advance(step);
            count -= step;
            self.refill();
        }
    }

    fn copy_to_bytes(&mut self, count: usize) -> Bytes {
        assert!(count <= self.len, "cannot take more bytes than a rope has");
        self.split_to(count).to_bytes()
    }
}

impl From<Bytes> for Rope {
    fn from(bytes: Bytes) -> Self {
        Self { len: bytes.len(), first: bytes, rest: VecDeque::new() }
    }
}

impl FromIterator<Bytes> for Rope {
    fn from_iter<T: IntoIterator<Item = Bytes>>(segments: T) -> Self {
        let mut rope = Self::default();
        segments.into_iter().for_each(|segment| rope.push(segment));
        rope
    }
}

/// Puts a rope together: what is small is copied next to its neighbours, what is large is kept by reference.
#[derive(Debug)]
pub(crate) struct RopeBuilder {
    rope: Rope,
    /// Copied bytes that are not in the rope yet.
    copied: BytesMut,
}

impl RopeBuilder {
    /// Begins a rope whose first segment will hold about `copied` bytes.
    pub(crate) fn with_capacity(copied: usize) -> Self {
        Self { rope: Rope::default(), copied: BytesMut::with_capacity(copied) }
    }

    /// Where framing is written; what is written here is copied.
    pub(crate) const fn copied(&mut self) -> &mut BytesMut {
        &mut self.copied
    }

    /// Adds `buffer`, by reference where it has [`BY_REFERENCE_BYTES`] or more.
    pub(crate) fn put(&mut self, buffer: Buffer) {
        if buffer.len() < BY_REFERENCE_BYTES {
            self.copied.put_slice(&buffer);
            return;
        }
        self.flush();
        self.rope.push(shared(buffer));
    }

    /// Adds the segments of `rope`, by the same rule.
    pub(crate) fn append(&mut self, rope: Rope) {
        for segment in std::iter::once(rope.first).chain(rope.rest) {
            if segment.len() < BY_REFERENCE_BYTES {
                self.copied.put_slice(&segment);
            } else {
                self.flush();
                self.rope.push(segment);
            }
        }
    }

    /// Ends the rope.
    pub(crate) fn finish(mut self) -> Rope {
        self.flush();
        self.rope
    }

    fn flush(&mut self) {
        if !self.copied.is_empty() {
            self.rope.push(self.copied.split().freeze());
        }
    }
}

/// Returns the bytes of `buffer`, which share its memory.
pub(crate) fn shared(buffer: Buffer) -> Bytes {
    Bytes::from_owner(Shared(buffer))
}

/// Lends a buffer's memory to [`Bytes`].
struct Shared(Buffer);

impl AsRef<[u8]> for Shared {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

/// Smaller buffers are copied: a segment takes an allocation, and a place in a vectored write.
pub(crate) const BY_REFERENCE_BYTES: usize = 4 * 1024;
