//! Protobuf's variable-length integers, a byte at a time.

/// An integer whose first bytes may have been read.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Varint {
    value: u64,
    bytes: u8,
}

/// The bytes are no integer of at most 64 bits in at most ten bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct NoVarint;

impl Varint {
    /// Whether no byte was read.
    pub(super) const fn is_empty(self) -> bool {
        self.bytes == 0
    }

    /// Reads one byte more, and returns the integer after its last. Leading zeros are allowed, as everywhere.
    pub(super) fn push(&mut self, byte: u8) -> Result<Option<u64>, NoVarint> {
        let is_tenth = self.bytes == MAX_BYTES - 1;
        if is_tenth && byte > 1 {
            return Err(NoVarint);
        }
        self.value |= u64::from(byte & 0x7f) << (7 * self.bytes);
        self.bytes += 1;
        Ok((byte < 0x80).then_some(self.value))
    }
}

const MAX_BYTES: u8 = 10;
