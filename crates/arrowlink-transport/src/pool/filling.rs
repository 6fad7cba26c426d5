//! A block while its bytes arrive: as large as was claimed where there is credit, else as large as what came deserves.

use std::sync::atomic::{AtomicUsize, Ordering};

use arrow_buffer::Buffer;

use super::BlockPool;
use super::block::Block;

/// Bytes that arrive, in one block.
pub(crate) struct Filling {
    pool: BlockPool,
    block: Block,
    claimed_bytes: usize,
    /// What of the block's room is on credit.
    owed_bytes: usize,
}

impl Filling {
    pub(super) fn new(pool: BlockPool, claimed_bytes: usize) -> Self {
        let owed_bytes = if claimed_bytes > FIRST_BYTES { pool.0.credit.take(claimed_bytes) } else { 0 };
        let block = pool.take(claimed_bytes.min(owed_bytes.max(FIRST_BYTES)));
        Self { pool, block, claimed_bytes, owed_bytes }
    }

    /// Appends what arrived, which is not more than was claimed.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        if bytes.len() > self.block.room() {
            self.grow(bytes.len());
        }
        self.block.push(bytes);
        self.repay(bytes.len().min(self.owed_bytes));
    }

    /// Returns the bytes that arrived.
    pub(crate) fn finish(mut self) -> Buffer {
        let nothing = Block::plain(0);
        std::mem::replace(&mut self.block, nothing).into_buffer()
    }

    /// Moves to a block that is at least large enough for `more` bytes.
    fn grow(&mut self, more: usize) {
        let arrived = self.block.bytes().len() + more;
        let lent = self.pool.0.credit.take(self.claimed_bytes.saturating_sub(arrived));
        self.owed_bytes += lent;
        let size = self.claimed_bytes.min(arrived + arrived.max(lent));
        let mut block = self.pool.take(size);
        block.push(self.block.bytes());
        self.block = block;
    }

    fn repay(&mut self, bytes: usize) {
        if bytes == 0 {
            return;
        }
        self.owed_bytes -= bytes;
        self.pool.0.credit.give(bytes);
    }
}

impl Drop for Filling {
    fn drop(&mut self) {
        self.repay(self.owed_bytes);
    }
}

/// How much may be allocated for bytes that were claimed and have not arrived.
pub(super) struct Credit(AtomicUsize);

impl Credit {
    pub(super) const fn new() -> Self {
        Self(AtomicUsize::new(CREDIT_BYTES))
    }

    /// Takes up to `bytes`, as far as there is any left.
    fn take(&self, bytes: usize) -> usize {
        let wanted = bytes.min(MAX_LENT_BYTES);
        // Nothing else is guarded by the number, so that no order is needed.
        let before =
            self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| Some(left - wanted.min(left)));
        wanted.min(before.unwrap_or_default())
    }

    fn give(&self, bytes: usize) {
        self.0.fetch_add(bytes, Ordering::Relaxed);
    }
}

/// With what a block begins that has no credit.
const FIRST_BYTES: usize = 64 * 1024;
/// The most that one claim is lent at a time.
const MAX_LENT_BYTES: usize = 64 << 20;
/// The most that all claims are lent.
const CREDIT_BYTES: usize = 256 << 20;
