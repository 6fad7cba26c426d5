//! The queries that are being read, so that another call can cancel them.
//!
//! A query is known by the id in its tickets. It is here while it is read, once for all of its parts, and leaves when the
//! last of its reads is dropped. The ids of queries that were cancelled are kept for a while, the latest of them, so that
//! a part that is asked for after the others were cancelled is refused; and those of queries that were read to their end,
//! so that nobody is told that they were stopped.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arrowlink_core::{BatchStream, Error, ErrorKind, Result};
use bytes::Bytes;
use futures::{StreamExt as _, stream};
use tokio_util::sync::CancellationToken;

/// All queries. Clones are the same.
#[derive(Clone, Debug, Default)]
pub(crate) struct Running(Arc<Mutex<Queries>>);

#[derive(Debug, Default)]
struct Queries {
    reads: HashMap<Bytes, Reads>,
    cancelled: VecDeque<Bytes>,
    /// How many reads of a query came to their end.
    ended: VecDeque<(Bytes, usize)>,
}

impl Queries {
    fn ended_reads(&self, id: &Bytes) -> usize {
        self.ended.iter().find(|(ended, _)| ended == id).map_or(0, |(_, reads)| *reads)
    }

    fn note_end(&mut self, id: &Bytes) {
        match self.ended.iter_mut().find(|(ended, _)| ended == id) {
            Some((_, reads)) => *reads += 1,
            None => self.ended.push_back((id.clone(), 1)),
        }
        if self.ended.len() > MOST_KEPT {
            self.ended.pop_front();
        }
    }
}

/// The reads of one query.
#[derive(Debug, Default)]
struct Reads {
    count: usize,
    cancel: CancellationToken,
}

impl Running {
    /// Notes that the query `id` is read from now on, until what is returned is dropped. A read without an id cannot be
    /// cancelled but by its own client.
    pub(crate) fn begin(&self, id: Option<&Bytes>) -> Result<Query> {
        let Some(id) = id.filter(|id| id.len() <= MOST_ID_BYTES) else { return Ok(Query::default()) };
        let mut queries = self.queries();
        if queries.cancelled.contains(id) {
            return Err(cancelled());
        }
        let reads = queries.reads.entry(id.clone()).or_default();
        reads.count += 1;
        let cancel = reads.cancel.clone();
        let entry = Entry { id: id.clone(), is_whole: AtomicBool::new(false), running: self.clone() };
        Ok(Query { cancel, entry: Some(Arc::new(entry)) })
    }

    /// Stops all reads of the query `id`, which has `parts`: those that run and those that come.
    ///
    /// Says whether there is anything left to be stopped: not where each part was read to its end.
    pub(crate) fn cancel(&self, id: &Bytes, parts: usize) -> bool {
        if id.len() > MOST_ID_BYTES {
            return false;
        }
        let mut queries = self.queries();
        if queries.cancelled.contains(id) {
            return true;
        }
        match queries.reads.get(id) {
            Some(reads) => reads.cancel.cancel(),
            None if queries.ended_reads(id) >= parts => return false,
            None => {}
        }
        queries.cancelled.push_back(id.clone());
        if queries.cancelled.len() > MOST_KEPT {
            queries.cancelled.pop_front();
        }
        true
    }

    /// Notes that a read of the query `id` is gone, and whether it was read to its end.
    fn end(&self, id: &Bytes, is_whole: bool) {
        let mut queries = self.queries();
        if is_whole {
            queries.note_end(id);
        }
        let Some(reads) = queries.reads.get_mut(id) else { return };
        reads.count -= 1;
        if reads.count == 0 {
            queries.reads.remove(id);
        }
    }

    fn queries(&self) -> MutexGuard<'_, Queries> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One read, as long as it is held.
#[derive(Clone, Debug, Default)]
pub(crate) struct Query {
    cancel: CancellationToken,
    entry: Option<Arc<Entry>>,
}

impl Query {
    /// Does `work`, which is dropped when the query is cancelled.
    pub(crate) async fn unless_cancelled<T>(&self, work: impl Future<Output = T>) -> Result<T> {
        self.cancel.run_until_cancelled(work).await.ok_or_else(cancelled)
    }

    fn came_to_its_end(&self) {
        if let Some(entry) = &self.entry {
            entry.is_whole.store(true, Ordering::Relaxed);
        }
    }

    /// Ends `batches` with an error, and drops what makes them, when the query is cancelled.
    pub(crate) fn until_cancelled(self, batches: BatchStream) -> BatchStream {
        let schema = Arc::clone(batches.schema());
        batches.map_chunks(schema, |chunks| {
            let state = Some((chunks, self));
            stream::unfold(state, |state| async {
                let (mut chunks, query) = state?;
                match query.unless_cancelled(chunks.next()).await {
                    Ok(Some(chunk)) => Some((chunk, Some((chunks, query)))),
                    Ok(None) => {
                        query.came_to_its_end();
                        None
                    }
                    Err(error) => Some((Err(error), None)),
                }
            })
        })
    }
}

/// A read that is counted.
#[derive(Debug)]
struct Entry {
    id: Bytes,
    is_whole: AtomicBool,
    running: Running,
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.running.end(&self.id, self.is_whole.load(Ordering::Relaxed));
    }
}

fn cancelled() -> Error {
    Error::new(ErrorKind::Cancelled, "the query was cancelled")
}

/// How many ids are kept of queries that were cancelled, and of those that came to their end.
const MOST_KEPT: usize = 1024;
/// The longest id; those that are made here have 16 bytes.
const MOST_ID_BYTES: usize = 64;
