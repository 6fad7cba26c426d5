//! Which batches a read is about: a snapshot, or a part of it, from the start or from a place in it.
//!
//! A snapshot is the number of its last upload: uploads are never changed, so that what comes later has a larger
//! number. What is removed or replaced takes the identity of the dataset with it.

use arrowlink_core::{Error, ErrorKind, ReadOptions, Result, Snapshot};

use crate::index::Table;
use crate::parts::{Spot, parts};
use crate::position::{Place, parse_snapshot};

/// Where a read begins and ends.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scope {
    /// The number of the last upload of the snapshot.
    pub(crate) last: u64,
    pub(crate) start: Spot,
    pub(crate) end: Spot,
}

impl Scope {
    /// Takes `resume`, `snapshot` and `part` out of the options.
    ///
    /// Fails with `SnapshotChanged` where a state is asked for that is gone, and with `InvalidArgument` where the bytes
    /// are not those of a store, the part is not there, or they contradict each other.
    pub(crate) fn new(table: &Table, options: &mut ReadOptions) -> Result<Self> {
        let place = options.resume.take().map(|position| Place::decode(&position)).transpose()?;
        let start = place.map(|place| spot(table, place)).transpose()?;
        let last = last(table, options.snapshot.take(), place)?;
        let uploads = table.uploads.partition_point(|upload| upload.sequence <= last);
        let mut scope = Self { last, start: (0, 0), end: (uploads, 0) };
        if options.part.is_some() {
            let parts = parts(table.uploads.get(..uploads).unwrap_or_default());
            if let Some((part, _)) = options.take_part(&parts)? {
                (scope.start, scope.end) = (part.start, part.end);
                if start.is_some_and(|start| start < part.start || start > part.end) {
                    return Err(not_in_part());
                }
            }
        }
        scope.start = start.unwrap_or(scope.start);
        Ok(scope)
    }
}

/// Finds a place among the uploads.
fn spot(table: &Table, place: Place) -> Result<Spot> {
    match table.uploads.binary_search_by_key(&place.sequence, |upload| upload.sequence) {
        Ok(upload) if place.identity == table.identity => Ok((upload, place.batch)),
        _ => Err(changed()),
    }
}

/// Returns the number of the last upload: that of the place or of the snapshot that is asked for, which must be the
/// same where both are given, or else the last one there is.
///
/// A place without an end, which is that of a receipt, goes on to any end.
fn last(table: &Table, snapshot: Option<Snapshot>, place: Option<Place>) -> Result<u64> {
    let of_place = place.map(|place| place.last).filter(|last| *last != u64::MAX);
    let Some(snapshot) = snapshot else { return Ok(of_place.unwrap_or(u64::MAX).min(table.last())) };
    let (identity, last) = parse_snapshot(&snapshot)?;
    let is_there = table.uploads.binary_search_by_key(&last, |upload| upload.sequence).is_ok();
    if identity != table.identity || !is_there {
        return Err(changed());
    }
    match of_place {
        Some(of_place) if of_place != last => Err(of_another_snapshot()),
        _ => Ok(last),
    }
}

/// Says that what was to be read is gone, as it happens when a dataset is removed.
pub(crate) fn changed() -> Error {
    Error::new(
        ErrorKind::SnapshotChanged,
        "the dataset was removed or replaced since the read began: read it from the start",
    )
}

fn not_in_part() -> Error {
    let text = "the position to resume at is not in the part: name the part whose read gave it";
    Error::new(ErrorKind::InvalidArgument, text)
}

fn of_another_snapshot() -> Error {
    let text =
        "the position to resume at is not in the snapshot: leave the snapshot out, the position has its own";
    Error::new(ErrorKind::InvalidArgument, text)
}
