//! The sizes of blocks: few, so that blocks fit again, and close, so that little of them is wasted.

/// Whether `bytes` are so few that plain memory is as good as a block.
pub(super) const fn is_tiny(bytes: usize) -> bool {
    bytes <= TINY_BYTES
}

/// The size of a new block for `bytes`: the next of 2ⁿ and 3·2ⁿ, which is less than half again as much.
pub(super) const fn class_of(bytes: usize) -> usize {
    let power = bytes.next_power_of_two();
    let three_quarters = power / 4 * 3;
    if bytes <= three_quarters { three_quarters } else { power }
}

/// The largest block that may be used for `bytes`.
pub(super) const fn most_for(bytes: usize) -> usize {
    bytes + bytes / 2
}

const TINY_BYTES: usize = 4 * 1024;
