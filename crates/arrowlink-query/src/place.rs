//! Where in a snapshot a read stands, and the opaque bytes that say so.
//!
//! ```text
//! position: version, digest of the snapshot (16), number of the file (4), row in it (8)
//! ```
//!
//! Numbers are big-endian. Rows are counted within the file, so that the place does not depend on how a read was cut.
//!
//! A place of a read of one part is a place in the whole: the part alone says where that read ends.

use arrowlink_core::{Error, ErrorKind, Position, Result};

use crate::snapshot::{DIGEST_BYTES, Digest};

/// Before the row `row` of the file `file` of a snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// The digest of the snapshot.
    pub(crate) digest: Digest,
    /// How many files lie before it.
    pub(crate) file: u32,
    /// How many rows of the file lie before it.
    pub(crate) row: u64,
}

impl Place {
    /// Writes the place as others see it.
    pub(crate) fn encode(self) -> Position {
        let mut bytes = Vec::with_capacity(POSITION_BYTES);
        bytes.push(VERSION);
        bytes.extend_from_slice(&self.digest.0);
        bytes.extend_from_slice(&self.file.to_be_bytes());
        bytes.extend_from_slice(&self.row.to_be_bytes());
        Position::new(bytes)
    }

    /// Reads what [`encode`](Self::encode) wrote.
    pub(crate) fn decode(position: &Position) -> Result<Self> {
        Self::parse(position.as_bytes()).ok_or_else(|| {
            Error::new(
                ErrorKind::InvalidArgument,
                "the position to resume at is not one that a file dataset gave: read from the start",
            )
        })
    }

    /// Reads exactly the bytes that [`encode`](Self::encode) writes; `None` for any other.
    fn parse(bytes: &[u8]) -> Option<Self> {
        let (version, rest) = bytes.split_first()?;
        let (digest, rest) = rest.split_first_chunk::<DIGEST_BYTES>()?;
        let (file, rest) = rest.split_first_chunk::<4>()?;
        let row: &[u8; 8] = rest.try_into().ok()?;
        (*version == VERSION).then_some(Self {
            digest: Digest(*digest),
            file: u32::from_be_bytes(*file),
            row: u64::from_be_bytes(*row),
        })
    }
}

const VERSION: u8 = 2;
const POSITION_BYTES: usize = 1 + DIGEST_BYTES + 4 + 8;
