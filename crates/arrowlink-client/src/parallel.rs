//! The parts of a dataset, read side by side.
//!
//! Each connection reads one part at a time. In order, the parts behind the one whose rows are returned go on meanwhile, each
//! by a few batches and what HTTP/2's window holds, and wait then: nothing is gathered beyond that.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use arrow_schema::SchemaRef;
use arrowlink_core::{BatchStream, Chunk, Error, ErrorKind, Result, RowOrder};
use futures::future::BoxFuture;
use futures::stream::BoxStream;
use futures::{FutureExt as _, Stream, StreamExt as _, TryStreamExt as _, stream};

use crate::slot::Slot;

/// How a part is read over a connection.
pub(crate) type OpenPart = dyn Fn(u32, Arc<Slot>) -> BoxFuture<'static, Result<BatchStream>> + Send + Sync;

/// Reads `parts` parts over `slots`, one part over each at a time.
///
/// Waits until the first of them has a schema, which all must have.
pub(crate) async fn side_by_side(
    parts: u32,
    slots: Vec<Arc<Slot>>,
    order: RowOrder,
    open: Arc<OpenPart>,
) -> Result<BatchStream> {
    let side_by_side = slots.len();
    // The first, which is there already, is taken first.
    let free = Free(Arc::new(Mutex::new(slots.into_iter().rev().collect())));
    let Some(lane) = free.take() else { return Err(no_lane()) };
    let first = open(0, lane.slot()).await?;
    let (schema, snapshot) = (Arc::clone(first.schema()), first.snapshot().cloned());
    let expected = Arc::clone(&schema);
    let mut first = Some((first, lane));
    let streams = (0..parts).map(move |part| match first.take() {
        Some((batches, lane)) => on_lane(batches, lane),
        None => later(part, free.clone(), Arc::clone(&open), Arc::clone(&expected)),
    });
    let chunks = match order {
        RowOrder::Any => stream::iter(streams).flatten_unordered(side_by_side).boxed(),
        _ => InOrder { running: VecDeque::new(), waiting: Box::new(streams), side_by_side }.boxed(),
    };
    let read = BatchStream::new(schema, chunks);
    Ok(match snapshot {
        Some(snapshot) => read.with_snapshot(snapshot),
        None => read,
    })
}

type Chunks = BoxStream<'static, Result<Chunk>>;

/// A part that is asked for when it is first polled.
fn later(part: u32, free: Free, open: Arc<OpenPart>, schema: SchemaRef) -> Chunks {
    let opened = async move {
        let lane = free.take().ok_or_else(no_lane)?;
        let batches = open(part, lane.slot()).await?;
        if *batches.schema() != schema {
            return Err(Error::new(ErrorKind::SnapshotChanged, OTHER_COLUMNS));
        }
        Ok(on_lane(batches, lane))
    };
    opened.into_stream().try_flatten().boxed()
}

/// The chunks of a part, which keep its connection until they end. A place in a part is none in the whole.
fn on_lane(batches: BatchStream, lane: Lane) -> Chunks {
    batches
        .map_ok(move |mut chunk| {
            let _kept = &lane;
            chunk.position = None;
            chunk
        })
        .boxed()
}

/// The connections over which no part is read.
#[derive(Clone)]
struct Free(Arc<Mutex<Vec<Arc<Slot>>>>);

impl Free {
    fn take(&self) -> Option<Lane> {
        let slot = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop()?;
        Some(Lane { slot, free: self.clone() })
    }
}

/// A connection that is taken until this is dropped.
struct Lane {
    slot: Arc<Slot>,
    free: Free,
}

impl Lane {
    fn slot(&self) -> Arc<Slot> {
        Arc::clone(&self.slot)
    }
}

impl Drop for Lane {
    fn drop(&mut self) {
        self.free.0.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::clone(&self.slot));
    }
}

/// Parts one after the other, of which the later ones go on a little while the first is read.
struct InOrder {
    running: VecDeque<Running>,
    waiting: Box<dyn Iterator<Item = Chunks> + Send>,
    side_by_side: usize,
}

/// A part that was begun.
struct Running {
    /// `None` after the end or an error.
    chunks: Option<Chunks>,
    ready: VecDeque<Result<Chunk>>,
}

impl Stream for InOrder {
    type Item = Result<Chunk>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            self.begin();
            self.running.iter_mut().skip(1).for_each(|part| part.go_on(cx));
            let Some(first) = self.running.front_mut() else { return Poll::Ready(None) };
            match futures::ready!(first.poll(cx)) {
                Some(chunk) => return Poll::Ready(Some(chunk)),
                None => drop(self.running.pop_front()),
            }
        }
    }
}

impl InOrder {
    fn begin(&mut self) {
        while self.running.len() < self.side_by_side
            && let Some(chunks) = self.waiting.next()
        {
            self.running.push_back(Running { chunks: Some(chunks), ready: VecDeque::new() });
        }
    }
}

impl Running {
    /// Returns the next chunk of the part; `None` at its end.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Chunk>>> {
        if let Some(chunk) = self.ready.pop_front() {
            return Poll::Ready(Some(chunk));
        }
        let Some(chunks) = &mut self.chunks else { return Poll::Ready(None) };
        let chunk = futures::ready!(chunks.poll_next_unpin(cx));
        if !matches!(chunk, Some(Ok(_))) {
            self.chunks = None;
        }
        Poll::Ready(chunk)
    }

    /// Keeps what is there, up to [`AHEAD`] chunks.
    fn go_on(&mut self, cx: &mut Context<'_>) {
        while self.ready.len() < AHEAD
            && let Some(chunks) = &mut self.chunks
        {
            match chunks.poll_next_unpin(cx) {
                Poll::Ready(Some(chunk)) => {
                    if chunk.is_err() {
                        self.chunks = None;
                    }
                    self.ready.push_back(chunk);
                }
                Poll::Ready(None) => self.chunks = None,
                Poll::Pending => return,
            }
        }
    }
}

fn no_lane() -> Error {
    Error::new(ErrorKind::Internal, "more parts are read than there are connections")
}

/// How many chunks of a part are kept that is not the first.
const AHEAD: usize = 2;
const OTHER_COLUMNS: &str = "the parts have other columns than the first: read again from the start";
