//! What snapshots and positions of a dataset in memory are made of.
//!
//! A snapshot is `version, origin, batches`; a position is `version, origin, end, batch, row`. The version is one
//! byte, everything else eight bytes, little-endian. `end` is the number of batches that the snapshot has, or
//! all ones where the read goes on with whatever is there.

use uuid::Uuid;

use crate::{Error, ErrorKind, Position, Result, Snapshot};

/// Which dataset of which process: a number that no other one has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Origin(u64);

impl Origin {
    /// Mixes the time and the random bits of a version 7 UUID, so that two datasets share an origin only by accident.
    pub(super) fn new() -> Self {
        let (time, random) = Uuid::now_v7().as_u64_pair();
        Self(time ^ random)
    }

    /// Names the state in which the dataset has `batches` batches.
    pub(super) fn snapshot(self, batches: usize) -> Snapshot {
        Snapshot::new(encode([self.0, batches as u64]))
    }

    /// Reads how many batches a snapshot has; one of any other dataset is `SnapshotChanged`.
    pub(super) fn batches_of(self, snapshot: &Snapshot) -> Result<usize> {
        let [of, batches] = decode(snapshot.as_bytes()).ok_or_else(changed)?;
        usize::try_from(batches).ok().filter(|_| of == self.0).ok_or_else(changed)
    }
}

/// A place between two rows, and the end of the snapshot it is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    /// How many batches the snapshot has; `None` where all that is there may be read.
    pub(super) end: Option<usize>,
    pub(super) batch: usize,
    pub(super) row: u64,
}

impl Mark {
    /// The start of the batch `batch` in a snapshot of `end` batches.
    pub(super) const fn start_of(batch: usize, end: usize) -> Self {
        Self { end: Some(end), batch, row: 0 }
    }

    /// What comes after the first `batches` batches, then and later.
    pub(super) const fn newer_than(batches: usize) -> Self {
        Self { end: None, batch: batches, row: 0 }
    }

    /// Goes on by `rows` of the `left` ones of the batch.
    pub(super) const fn advance(&mut self, rows: u64, left: u64) {
        self.row += rows;
        if rows == left {
            self.batch += 1;
            self.row = 0;
        }
    }

    /// Writes the place as the bytes that a reader keeps.
    pub(super) fn position(self, origin: Origin) -> Position {
        let end = self.end.map_or(OPEN, |end| end as u64);
        Position::new(encode([origin.0, end, self.batch as u64, self.row]))
    }

    /// Reads a position of the dataset `origin`; of any other one it is `SnapshotChanged`.
    pub(super) fn parse(position: &Position, origin: Origin) -> Result<Self> {
        let [of, end, batch, row] = decode(position.as_bytes()).ok_or_else(changed)?;
        let batch = usize::try_from(batch).ok().filter(|_| of == origin.0).ok_or_else(changed)?;
        let end = match end {
            OPEN => None,
            end => Some(usize::try_from(end).map_err(|_| changed())?),
        };
        Ok(Self { end, batch, row })
    }
}

fn encode<const N: usize>(numbers: [u64; N]) -> Vec<u8> {
    std::iter::once(VERSION).chain(numbers.into_iter().flat_map(u64::to_le_bytes)).collect()
}

/// Reads `N` numbers; `None` for another version or another length.
fn decode<const N: usize>(bytes: &[u8]) -> Option<[u64; N]> {
    let (VERSION, numbers) = bytes.split_first().map(|(version, rest)| (*version, rest))? else {
        return None;
    };
    let (numbers, []) = numbers.as_chunks::<8>() else { return None };
    Some(<[[u8; 8]; N]>::try_from(numbers).ok()?.map(u64::from_le_bytes))
}

pub(super) fn changed() -> Error {
    Error::new(
        ErrorKind::SnapshotChanged,
        "the dataset is not the one that was read before: read it from the start",
    )
}

const VERSION: u8 = 1;
/// The end of a read that goes on with whatever is there.
const OPEN: u64 = u64::MAX;
