//! The opaque bytes by which a read names a state of a dataset and a place in it.
//!
//! Both begin with a version byte and the identity of the dataset, which is that of its first upload: a dataset that
//! was removed and created again under its old name is another one. Numbers are big-endian.
//!
//! ```text
//! snapshot: version, identity (16), number of the last upload (8)
//! position: version, identity (16), number of the last upload to read (8), number of the upload (8), batch in it (8)
//! ```

use arrowlink_core::{Error, ErrorKind, Position, Result, Snapshot};
use uuid::Uuid;

/// A place in a dataset: before the batch `batch` of the upload `sequence`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// Which dataset.
    pub(crate) identity: Uuid,
    /// The last upload that a read from here returns; `u64::MAX` for all that there will be.
    pub(crate) last: u64,
    /// The upload that the place is in.
    pub(crate) sequence: u64,
    /// How many batches of that upload lie before the place.
    pub(crate) batch: u64,
}

impl Place {
    /// Writes the place as the bytes that a client keeps.
    pub(crate) fn encode(self) -> Position {
        let mut bytes = Vec::with_capacity(POSITION_BYTES);
        bytes.push(VERSION);
        bytes.extend_from_slice(self.identity.as_bytes());
        for number in [self.last, self.sequence, self.batch] {
            bytes.extend_from_slice(&number.to_be_bytes());
        }
        Position::new(bytes)
    }

    /// Reads what [`encode`](Self::encode) wrote.
    pub(crate) fn decode(position: &Position) -> Result<Self> {
        Self::parse(position.as_bytes()).ok_or_else(|| {
            Error::new(
                ErrorKind::InvalidArgument,
                "the position to resume at is not one that this store gave: read from the start",
            )
        })
    }

    /// Reads exactly the bytes of a position of this version; `None` for any other.
    fn parse(bytes: &[u8]) -> Option<Self> {
        let (version, rest) = bytes.split_first()?;
        let (identity, rest) = rest.split_first_chunk::<16>()?;
        let (last, rest) = number(rest)?;
        let (sequence, rest) = number(rest)?;
        let (batch, rest) = number(rest)?;
        let valid = *version == VERSION && rest.is_empty();
        valid.then_some(Self { identity: Uuid::from_bytes(*identity), last, sequence, batch })
    }
}

/// Reads the dataset and the number of the last upload out of a snapshot.
pub(crate) fn parse_snapshot(snapshot: &Snapshot) -> Result<(Uuid, u64)> {
    let parse = |bytes: &[u8]| {
        let (version, rest) = bytes.split_first()?;
        let (identity, rest) = rest.split_first_chunk::<16>()?;
        let (last, rest) = number(rest)?;
        (*version == VERSION && rest.is_empty()).then_some((Uuid::from_bytes(*identity), last))
    };
    parse(snapshot.as_bytes()).ok_or_else(|| {
        Error::new(
            ErrorKind::InvalidArgument,
            "the snapshot is not one that this store gave: read without it",
        )
    })
}

/// Names the state of the dataset `identity` whose last upload is `last`.
pub(crate) fn snapshot(identity: Uuid, last: u64) -> Snapshot {
    let mut bytes = vec![VERSION];
    bytes.extend_from_slice(identity.as_bytes());
    bytes.extend_from_slice(&last.to_be_bytes());
    Snapshot::new(bytes)
}

/// Takes eight bytes from the front.
fn number(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let (number, rest) = bytes.split_first_chunk::<8>()?;
    Some((u64::from_be_bytes(*number), rest))
}

const VERSION: u8 = 1;
const POSITION_BYTES: usize = 1 + 16 + 3 * 8;
