//! Where in a generated table a read stands, and the opaque bytes that say so.
//!
//! ```text
//! snapshot: version, table (1), scale factor (8)
//! position: snapshot, slice (4), row in it (8)
//! ```
//!
//! Numbers are big-endian. The rows follow from the scale factor, so that a snapshot is good on every server for ever.

use arrowlink_core::{Error, ErrorKind, Position, Result, Snapshot};

use super::table::Slices;

/// Before the row `row` of a slice.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) slice: u32,
    pub(super) row: u64,
}

impl Place {
    /// Writes the place as others see it.
    pub(super) fn encode(self, slices: &Slices) -> Position {
        let mut bytes = slices.snapshot().as_bytes().to_vec();
        bytes.extend_from_slice(&self.slice.to_be_bytes());
        bytes.extend_from_slice(&self.row.to_be_bytes());
        Position::new(bytes)
    }

    /// Reads what [`encode`](Self::encode) wrote.
    ///
    /// Fails with `SnapshotChanged` where it was written for another table or scale factor.
    pub(super) fn decode(position: &Position, slices: &Slices) -> Result<Self> {
        let snapshot = slices.snapshot();
        let rest = position.as_bytes().strip_prefix(snapshot.as_bytes().as_ref()).ok_or_else(|| {
            let text = "the position to resume at is not one of this table: read it from the start";
            Error::new(ErrorKind::SnapshotChanged, text)
        })?;
        Self::parse(rest).filter(|place| place.slice < slices.count).ok_or_else(|| {
            let text = "the position to resume at is not one that this table gave: read it from the start";
            Error::new(ErrorKind::InvalidArgument, text)
        })
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        let (slice, row) = bytes.split_first_chunk::<4>()?;
        Some(Self { slice: u32::from_be_bytes(*slice), row: u64::from_be_bytes(row.try_into().ok()?) })
    }
}

impl Slices {
    /// Returns what the table is, as others see it.
    pub(super) fn snapshot(&self) -> Snapshot {
        let mut bytes = vec![VERSION, self.table as u8];
        bytes.extend_from_slice(&self.scale_factor.to_bits().to_be_bytes());
        Snapshot::new(bytes)
    }
}

const VERSION: u8 = 1;
