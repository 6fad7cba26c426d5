//! A read of a dataset in memory: from a place in a snapshot to the end of it, or of one of its parts.
//!
//! It holds the dataset and a few numbers, and no batch but the one that it returns next.

use std::ops::Range;
use std::sync::Arc;

use arrow_schema::SchemaRef;
use futures::stream;

use super::marks::{Mark, changed};
use super::{Inner, State};
use crate::apply::Projection;
use crate::{BatchStream, Chunk, Error, ErrorKind, ReadOptions, Result};

/// A read on its way: what it returns next, and where it ends.
#[derive(Debug)]
pub(super) struct Reader {
    inner: Arc<Inner>,
    mark: Mark,
    /// How many batches its snapshot has.
    end: usize,
    /// The batch at which it ends, which is the end of its part.
    stop: usize,
    limit: u64,
    projection: Projection,
}

impl Reader {
    /// Finds the first row and the end of a read. `skip` counts over batches by their ends, without touching them.
    pub(super) fn new(inner: &Arc<Inner>, mut options: ReadOptions) -> Result<Self> {
        let projection = Projection::new(&inner.schema, &options)?;
        let position = options.resume.as_ref().map(|position| Mark::parse(position, inner.origin));
        let position = position.transpose()?;
        let state = inner.read();
        let end = end(inner, &state, &options, position)?;
        let part = part(&state, end, &mut options)?;
        options.refuse_beyond_rows()?;
        let mut mark = Mark::start_of(part.as_ref().map_or(0, |part| part.start), end);
        if let Some(position) = position {
            (mark.batch, mark.row) = (position.batch, position.row);
        }
        if let Some(part) = &part
            && ((mark.batch, mark.row) < (part.start, 0) || (mark.batch, mark.row) > (part.end, 0))
        {
            return Err(not_in_part());
        }
        let first = state.rows_before(mark.batch).saturating_add(mark.row).saturating_add(options.skip);
        (mark.batch, mark.row) = state.locate(first.min(state.rows_before(usize::MAX)));
        let limit = options.limit.unwrap_or(u64::MAX);
        let stop = part.map_or(end, |part| part.end);
        Ok(Self { inner: Arc::clone(inner), mark, end, stop, limit, projection })
    }

    pub(super) fn into_stream(mut self) -> BatchStream {
        let snapshot = self.inner.origin.snapshot(self.end);
        let schema = SchemaRef::clone(self.projection.schema());
        let chunks = std::iter::from_fn(move || self.next_chunk());
        BatchStream::new(schema, stream::iter(chunks)).with_snapshot(snapshot)
    }

    /// Returns the rows of one batch, or what is left of it, as a slice that shares its memory.
    fn next_chunk(&mut self) -> Option<Result<Chunk>> {
        if self.limit == 0 || self.mark.batch >= self.stop {
            return None;
        }
        let batch = self.inner.read().batches.get(self.mark.batch).cloned()?;
        let left = batch.num_rows() as u64 - self.mark.row;
        let rows = left.min(self.limit);
        // Both are at most the rows of one batch, which are counted in `usize`.
        let batch = batch.slice(self.mark.row as usize, rows as usize);
        self.limit -= rows;
        self.mark.advance(rows, left);
        let position = self.mark.position(self.inner.origin);
        Some(self.projection.of(batch).map(|batch| Chunk::new(batch).with_position(position)))
    }
}

/// Returns how many batches the snapshot of a read has: that of its position or the one that is asked for, which must
/// be the same where both are given, or else what is there now.
///
/// A position without an end, which is that of a receipt, goes on to any end.
fn end(inner: &Inner, state: &State, options: &ReadOptions, position: Option<Mark>) -> Result<usize> {
    let now = state.batches.len();
    let of_position = position.and_then(|position| position.end).map(|end| end.min(now));
    let Some(snapshot) = &options.snapshot else { return Ok(of_position.unwrap_or(now)) };
    let asked = inner.origin.batches_of(snapshot)?;
    match of_position {
        Some(end) if end != asked => Err(of_another_snapshot()),
        _ if asked > now => Err(changed()),
        _ => Ok(asked),
    }
}

/// Returns the batches of the part that is asked for.
fn part(state: &State, end: usize, options: &mut ReadOptions) -> Result<Option<Range<usize>>> {
    if options.part.is_none() {
        return Ok(None);
    }
    Ok(options.take_part(&state.parts(end))?.cloned())
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
