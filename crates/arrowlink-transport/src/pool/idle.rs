//! The blocks that nobody uses: found by size, freed by age.

use std::collections::BTreeMap;

use arrow_buffer::MutableBuffer;

use super::class::most_for;

/// Blocks up to a number of bytes.
pub(super) struct Idle {
    max_bytes: usize,
    bytes: usize,
    /// By size, then by when they came.
    blocks: BTreeMap<(usize, u64), MutableBuffer>,
    /// The size of each by when it came.
    ages: BTreeMap<u64, usize>,
    /// How many came.
    came: u64,
}

impl Idle {
    pub(super) const fn new(max_bytes: usize) -> Self {
        Self { max_bytes, bytes: 0, blocks: BTreeMap::new(), ages: BTreeMap::new(), came: 0 }
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

    /// Keeps `block`, without its bytes, and returns what there is no room for any more.
    pub(super) fn put(&mut self, mut block: MutableBuffer) -> Vec<MutableBuffer> {
        let size = block.capacity();
        if size > self.max_bytes {
            return vec![block];
        }
        let surplus = self.make_room(size);
        block.clear();
        self.came += 1;
        self.bytes += size;
        self.ages.insert(self.came, size);
        self.blocks.insert((size, self.came), block);
        surplus
    }

    fn make_room(&mut self, size: usize) -> Vec<MutableBuffer> {
        let mut surplus = Vec::new();
        while self.bytes + size > self.max_bytes {
            let Some((came, oldest)) = self.ages.first_key_value().map(|(came, size)| (*came, *size)) else {
                break;
            };
            surplus.extend(self.remove(oldest, came));
        }
        surplus
    }

    fn remove(&mut self, size: usize, came: u64) -> Option<MutableBuffer> {
        self.ages.remove(&came);
        let block = self.blocks.remove(&(size, came))?;
        self.bytes -= size;
        Some(block)
    }
}
