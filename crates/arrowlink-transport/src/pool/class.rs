//! The sizes of blocks: few, so that blocks fit again, and close, so that little of them is wasted.

/// Whether `bytes` are so few that plain memory is as good as a block.
pub(super) const fn is_tiny(bytes: usize) -> bool {
    bytes <= TINY_BYTES
}

/// The size of a new block for `bytes`: the next of eight sizes between two powers of two, at most an eighth more.
pub(super) const fn class_of(bytes: usize) -> usize {
    bytes.next_multiple_of(bytes.next_power_of_two() / 16)
}

/// The largest block that may be used for `bytes`.
pub(super) const fn most_for(bytes: usize) -> usize {
    bytes + bytes / 4
}

const TINY_BYTES: usize = 4 * 1024;
