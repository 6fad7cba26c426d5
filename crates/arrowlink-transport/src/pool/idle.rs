//! The blocks that nobody uses: found by size, freed by age.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use arrow_buffer::MutableBuffer;

use super::class::most_for;

/// Blocks up to a number of bytes, and more for a while.
pub(super) struct Idle {
    max_bytes: usize,
    /// How long a block stays that there is no room for.
    linger: Duration,
    bytes: usize,
    /// By size, then by which of all that came they are.
    blocks: BTreeMap<(usize, u64), MutableBuffer>,
    /// The size of each and when it came, by which of all that came it is.
    ages: BTreeMap<u64, (usize, Instant)>,
    /// How many came.
    came: u64,
}

impl Idle {
    pub(super) const fn new(max_bytes: usize, linger: Duration) -> Self {
        Self { max_bytes, linger, bytes: 0, blocks: BTreeMap::new(), ages: BTreeMap::new(), came: 0 }
    }

    pub(super) fn blocks(&self) -> usize {
        self.blocks.len()
    }

    pub(super) const fn bytes(&self) -> usize {
        self.bytes
    }

    /// Takes the smallest block with room for `bytes` that does not waste too much; of those the last that came, which the
    /// processor may still know.
    pub(super) fn take(&mut self, bytes: usize) -> Option<MutableBuffer> {
        let (smallest, _) = *self.blocks.range((bytes, 0)..=(most_for(bytes), u64::MAX)).next()?.0;
        let (_, last) = *self.blocks.range((smallest, 0)..=(smallest, u64::MAX)).next_back()?.0;
        self.remove(smallest, last)
    }

    /// Keeps `block`, without its bytes, and returns what there is neither room nor time for any more.
    pub(super) fn put(&mut self, mut block: MutableBuffer) -> Vec<MutableBuffer> {
        let size = block.capacity();
        if size > self.max_bytes && self.linger.is_zero() {
            return vec![block];
        }
        block.clear();
        self.came += 1;
        self.bytes += size;
        self.ages.insert(self.came, (size, Instant::now()));
        self.blocks.insert((size, self.came), block);
        self.surplus()
    }

    /// Takes out what there is no room for, as far as its time is over.
    pub(super) fn surplus(&mut self) -> Vec<MutableBuffer> {
        let mut surplus = Vec::new();
        while self.due().is_some_and(|due| due <= Instant::now()) {
            surplus.extend(self.remove_oldest());
        }
        surplus
    }

    /// Takes out what there is no room for, whatever its time.
    pub(super) fn all_surplus(&mut self) -> Vec<MutableBuffer> {
        let mut surplus = Vec::new();
        while self.due().is_some() {
            surplus.extend(self.remove_oldest());
        }
        surplus
    }

    /// When the time of the next block is over that there is no room for; there may be none that has an end.
    pub(super) fn due(&self) -> Option<Instant> {
        let (_, (_, came)) = self.ages.first_key_value().filter(|_| self.bytes > self.max_bytes)?;
        came.checked_add(self.linger)
    }

    fn remove_oldest(&mut self) -> Option<MutableBuffer> {
        let (came, (size, _)) = self.ages.first_key_value().map(|(came, age)| (*came, *age))?;
        self.remove(size, came)
    }

    fn remove(&mut self, size: usize, came: u64) -> Option<MutableBuffer> {
        self.ages.remove(&came);
        let block = self.blocks.remove(&(size, came))?;
        self.bytes -= size;
        Some(block)
    }
}
