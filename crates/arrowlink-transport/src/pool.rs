//! Memory for received messages: aligned blocks that are used again.
//!
//! Memory that comes fresh from the system costs as much as the copy into it. A block therefore goes back to its pool
//! when the last array that points into it is dropped, and is neither freed nor zeroed on the way to the next message.
//! Neighbours: [`receive`](crate::receive) fills the blocks.

mod block;
mod class;
mod filling;
mod idle;
mod sweep;
mod usage;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use arrow_buffer::{Buffer, MutableBuffer};

use block::Block;
use class::{class_of, is_tiny};
use filling::Credit;
use idle::Idle;
use sweep::Sweeper;

pub(crate) use filling::Filling;
pub use usage::PoolUsage;

/// Blocks of memory that received messages lie in. Clones are handles of the same pool.
///
/// A block begins at a multiple of Arrow's alignment (64 bytes on x86-64 and ARM64) and is taken for a whole message:
/// an array that is kept keeps the block of the message that it came with. New blocks are an eighth larger than what they are
/// taken for at most, those that are used again a quarter. What is at most 4 KiB is plain memory, and not counted.
///
/// Blocks that nobody uses are kept up to a number of bytes, past which those unused for longest are freed, at once or
/// after a while ([`lingering`](Self::lingering)). When the last handle is dropped, idle blocks are freed, and those in use as soon
/// as they are no longer.
///
/// # What a stranger can make it hold
///
/// A peer says how long its message is before it sends it. What it says is allocated at once only on credit: 64 MiB for
/// one block, 256 MiB for all blocks of the pool together; the credit is free again as the bytes arrive, and when the
/// block is dropped. A block beyond it begins with 64 KiB and grows with what arrives, to twice of that at a time.
/// So if *a* bytes have arrived in *n* messages that are not complete, their blocks hold at most
/// 1.25 · (2*a* + 256 MiB + *n* · 64 KiB), whatever they claim; while one grows, its old block is there beside the new
/// one. Messages within the credit are written once, where they stay.
///
/// # Defaults
///
/// 64 MiB of idle blocks, and what is more for a second after its last use: a client that reads one table after the
/// other receives the next in the memory of the one before.
///
/// ```
/// use arrowlink_transport::BlockPool;
///
/// let pool = BlockPool::default();
/// let copy = pool.copy_of(&[7; 10_000]);
/// assert!(pool.owns(&copy[100..200]));
/// assert_eq!((pool.usage().in_use_blocks, pool.usage().in_use_bytes), (1, 10_240));
///
/// let place = copy.as_ptr();
/// drop(copy);
/// assert_eq!((pool.usage().in_use_blocks, pool.usage().idle_blocks), (0, 1));
/// assert_eq!(pool.copy_of(&[8; 9_000]).as_ptr(), place);
/// ```
#[derive(Clone)]
pub struct BlockPool(Arc<Shared>);

/// What the handles of a pool share, and its blocks while there are handles.
struct Shared {
    state: Mutex<State>,
    credit: Credit,
}

struct State {
    idle: Idle,
    /// The thread that frees what lingers, while there is any.
    sweeper: Option<Sweeper>,
    /// The blocks in use: where they begin, and how many bytes they have.
    in_use: BTreeMap<usize, usize>,
    in_use_bytes: usize,
}

impl BlockPool {
    /// Makes a pool that keeps at most `max_idle_bytes` in blocks that nobody uses.
    ///
    /// ```
    /// use arrowlink_transport::BlockPool;
    ///
    /// let pool = BlockPool::new(0);
    /// drop(pool.copy_of(&[7; 10_000]));
    /// assert_eq!(pool.usage().idle_bytes, 0);
    /// ```
    pub fn new(max_idle_bytes: usize) -> Self {
        Self::lingering(max_idle_bytes, Duration::ZERO)
    }

    /// Makes a pool that keeps `max_idle_bytes` in blocks that nobody uses, and what is more for `linger` after its last use.
    ///
    /// What lingers is freed by a thread that is there as long as something does, a tenth of a second late at most. It ends
    /// with the pool.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use arrowlink_transport::BlockPool;
    ///
    /// let pool = BlockPool::lingering(0, Duration::from_secs(3600));
    /// drop(pool.copy_of(&[7; 10_000]));
    /// assert_eq!(pool.usage().idle_bytes, 10_240);
    /// ```
    pub fn lingering(max_idle_bytes: usize, linger: Duration) -> Self {
        let idle = Idle::new(max_idle_bytes, linger);
        let state = State { idle, sweeper: None, in_use: BTreeMap::new(), in_use_bytes: 0 };
        Self(Arc::new(Shared { state: Mutex::new(state), credit: Credit::new() }))
    }

    /// Returns what the pool holds at the moment.
    pub fn usage(&self) -> PoolUsage {
        let state = self.0.state();
        PoolUsage {
            in_use_blocks: state.in_use.len(),
            in_use_bytes: state.in_use_bytes,
            idle_blocks: state.idle.blocks(),
            idle_bytes: state.idle.bytes(),
        }
    }

    /// Returns whether `bytes` lie in one of the pool's blocks that are in use.
    ///
    /// Whoever keeps little of what lies in a block for long had better copy it, as
    /// [`compact`](arrowlink_core::compact) does: the block is kept with it.
    ///
    /// ```
    /// use arrowlink_transport::BlockPool;
    ///
    /// let pool = BlockPool::default();
    /// assert!(!pool.owns(&[7; 10_000]));
    /// ```
    pub fn owns(&self, bytes: &[u8]) -> bool {
        let begin = bytes.as_ptr().addr();
        let state = self.0.state();
        let block = state.in_use.range(..=begin).next_back();
        block.is_some_and(|(start, block_bytes)| begin - start + bytes.len() <= *block_bytes)
    }

    /// Copies `bytes` into a block, of which they take the beginning.
    pub fn copy_of(&self, bytes: &[u8]) -> Buffer {
        let mut block = self.take(bytes.len());
        block.push(bytes);
        block.into_buffer()
    }

    /// Begins a block for `claimed_bytes`, which somebody announced.
    pub(crate) fn fill(&self, claimed_bytes: usize) -> Filling {
        Filling::new(self.clone(), claimed_bytes)
    }

    /// Takes an empty block with room for `bytes`.
    fn take(&self, bytes: usize) -> Block {
        if is_tiny(bytes) {
            return Block::plain(bytes);
        }
        let idle = self.0.state().idle.take(bytes);
        let memory = idle.unwrap_or_else(|| MutableBuffer::with_capacity(class_of(bytes)));
        let mut state = self.0.state();
        state.in_use.insert(memory.as_ptr().addr(), memory.capacity());
        state.in_use_bytes += memory.capacity();
        Block::new(memory, Arc::downgrade(&self.0))
    }
}

impl Default for BlockPool {
    fn default() -> Self {
        Self::lingering(MAX_IDLE_BYTES, LINGER)
    }
}

impl fmt::Debug for BlockPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("BlockPool").field(&self.usage()).finish()
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes back the memory of a block.
    fn put(self: &Arc<Self>, memory: MutableBuffer) {
        let mut state = self.state();
        state.in_use.remove(&memory.as_ptr().addr());
        state.in_use_bytes -= memory.capacity();
        let mut surplus = state.idle.put(memory);
        if state.idle.due().is_some() && state.sweeper.is_none() {
            state.sweeper = sweep::begin(Arc::downgrade(self));
            if state.sweeper.is_none() {
                surplus.extend(state.idle.all_surplus());
            }
        }
        // Giving memory back to the system takes its time, in which others may have theirs.
        drop(state);
        drop(surplus);
    }
}

const MAX_IDLE_BYTES: usize = 64 << 20;
const LINGER: Duration = Duration::from_secs(1);
