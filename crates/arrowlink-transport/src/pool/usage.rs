//! What a pool holds, in numbers.

/// What a [`BlockPool`](crate::BlockPool) holds at one moment; blocks count with their whole size.
///
/// ```
/// use arrowlink_transport::{BlockPool, PoolUsage};
///
/// assert_eq!(BlockPool::default().usage(), PoolUsage::default());
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PoolUsage {
    /// How many blocks messages lie in, or arrive in.
    pub in_use_blocks: usize,
    /// How many bytes these have.
    pub in_use_bytes: usize,
    /// How many blocks wait for a message.
    pub idle_blocks: usize,
    /// How many bytes these have.
    pub idle_bytes: usize,
}
