//! One block in use, which goes back when it is dropped.

use std::mem;
use std::sync::Weak;

use arrow_buffer::{Buffer, MutableBuffer};
use bytes::Bytes;

use super::Shared;

/// Memory of a pool, or plain memory where the pool is none.
pub(super) struct Block {
    /// Never more than it has room for: the pool knows it by its address.
    memory: MutableBuffer,
    pool: Weak<Shared>,
    is_plain: bool,
}

impl Block {
    pub(super) const fn new(memory: MutableBuffer, pool: Weak<Shared>) -> Self {
        Self { memory, pool, is_plain: false }
    }

    /// Makes a block that no pool knows.
    pub(super) fn plain(bytes: usize) -> Self {
        Self { memory: MutableBuffer::with_capacity(bytes), pool: Weak::new(), is_plain: true }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.memory
    }

    /// How many bytes fit behind those that are there.
    pub(super) fn room(&self) -> usize {
        self.memory.capacity() - self.memory.len()
    }

    /// Appends what there is room for.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        debug_assert!(bytes.len() <= self.room(), "a block has a size");
        self.memory.extend_from_slice(bytes);
    }

    pub(super) fn into_buffer(mut self) -> Buffer {
        if self.is_plain {
            return mem::take(&mut self.memory).into();
        }
        Bytes::from_owner(self).into()
    }
}

impl AsRef<[u8]> for Block {
    fn as_ref(&self) -> &[u8] {
        &self.memory
    }
}

impl Drop for Block {
    fn drop(&mut self) {
        if let Some(pool) = self.pool.upgrade() {
            pool.put(mem::take(&mut self.memory));
        }
    }
}
