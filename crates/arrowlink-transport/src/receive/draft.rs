//! A message while its fields arrive.

use bytes::{Bytes, BytesMut};

use super::message::{Field, Message};
use crate::pool::{BlockPool, Filling};

/// What came of a message, in any order.
#[derive(Default)]
pub(super) struct Draft {
    descriptor: Option<Gathered>,
    header: Option<Gathered>,
    metadata: Option<Gathered>,
    bulk: Option<Filling>,
}

impl Draft {
    /// Begins `field`, of `bytes`. Of a field of bytes that comes again the last counts; a message that comes again is
    /// merged with what came of it, which for its encoded form means appended.
    ///
    /// Returns `false` where the field would be too large.
    pub(super) fn begin(&mut self, field: Field, bytes: usize, pool: &BlockPool) -> bool {
        let before = match field {
            Field::Bulk => {
                // The block of what came before goes back first: it is likely to fit.
                self.bulk = None;
                self.bulk = Some(pool.fill(bytes));
                return true;
            }
            Field::Descriptor => self.descriptor.get_or_insert_default().len(),
            Field::Header => self.header.insert(Gathered::default()).len(),
            Field::Metadata => self.metadata.insert(Gathered::default()).len(),
        };
        before + bytes <= MAX_FIELD_BYTES
    }

    /// Adds bytes of the field that was begun last; `is_last` where the field ends with them.
    pub(super) fn push(&mut self, field: Field, piece: Bytes, is_last: bool) {
        let gathered = match field {
            Field::Bulk => {
                if let Some(bulk) = &mut self.bulk {
                    bulk.push(&piece);
                }
                return;
            }
            Field::Descriptor => &mut self.descriptor,
            Field::Header => &mut self.header,
            Field::Metadata => &mut self.metadata,
        };
        gathered.get_or_insert_default().push(piece, is_last);
    }

    /// Makes the message, which took `bytes`.
    pub(super) fn finish(self, bytes: usize) -> Message {
        Message {
            descriptor: self.descriptor.map(Gathered::finish),
            header: self.header.map(|header| header.finish().into()),
            app_metadata: self.metadata.map(Gathered::finish_apart),
            bulk: self.bulk.map(Filling::finish),
            bytes,
        }
    }
}

/// A small field: a slice of the frame where it lies in one, else put together.
enum Gathered {
    Slice(Bytes),
    Copied(BytesMut),
}

impl Gathered {
    fn len(&self) -> usize {
        match self {
            Self::Slice(bytes) => bytes.len(),
            Self::Copied(bytes) => bytes.len(),
        }
    }

    fn push(&mut self, piece: Bytes, is_last: bool) {
        match self {
            Self::Copied(bytes) => bytes.extend_from_slice(&piece),
            Self::Slice(bytes) if bytes.is_empty() && is_last => *bytes = piece,
            Self::Slice(bytes) => {
                let mut copied = BytesMut::from(&**bytes);
                copied.extend_from_slice(&piece);
                *self = Self::Copied(copied);
            }
        }
    }

    fn finish(self) -> Bytes {
        match self {
            Self::Slice(bytes) => bytes,
            Self::Copied(bytes) => bytes.freeze(),
        }
    }

    /// Returns the bytes in memory of their own, for those who keep them longer than the frame should be.
    fn finish_apart(self) -> Bytes {
        match self {
            Self::Slice(bytes) => Bytes::copy_from_slice(&bytes),
            Self::Copied(bytes) => bytes.freeze(),
        }
    }
}

impl Default for Gathered {
    fn default() -> Self {
        Self::Slice(Bytes::new())
    }
}

/// The largest field but the bulk.
pub(super) const MAX_FIELD_BYTES: usize = 16 << 20;
