//! Work on the query runtime whose batches are taken elsewhere, one ahead at most.

use arrowlink_core::{Chunk, Result};
use futures::{Stream, stream};
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio_util::task::AbortOnDropHandle;

use crate::QueryRuntime;
use crate::failure::internal;

/// Starts `work`, which sends what the stream returns; it ends when the stream is dropped.
///
/// The channel holds one chunk: where the reader is slow, the work waits before it is far ahead.
pub(crate) fn running<F: Future<Output = ()> + Send + 'static>(
    runtime: &QueryRuntime,
    work: impl FnOnce(Sender<Result<Chunk>>) -> F,
) -> Result<impl Stream<Item = Result<Chunk>> + Send + 'static> {
    let (sender, receiver) = channel(1);
    let task = runtime.spawn(work(sender))?;
    Ok(stream::unfold(Some((receiver, task)), next_chunk))
}

/// The chunks that come and the task that makes them; dropping it ends the task. `None` once the stream has ended.
type Running = Option<(Receiver<Result<Chunk>>, AbortOnDropHandle<()>)>;

/// Takes the next chunk. At the end the task is joined, so that a panic in it is an error and not a short table.
async fn next_chunk(running: Running) -> Option<(Result<Chunk>, Running)> {
    let (mut receiver, task) = running?;
    match receiver.recv().await {
        Some(Ok(chunk)) => Some((Ok(chunk), Some((receiver, task)))),
        Some(Err(error)) => Some((Err(error), None)),
        None => match task.await {
            Ok(()) => None,
            Err(error) => Some((Err(internal("the reading of a dataset failed").with_source(error)), None)),
        },
    }
}
