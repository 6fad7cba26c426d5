//! Carries a statement out on the query runtime and hands its rows over as they come.
//!
//! One task parses, plans and computes. It hands over one chunk at a time: where the reader is slow, the query waits.
//! When the stream is dropped the task ends, and with it every task that DataFusion started for it; what computes without a
//! pause is interrupted.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use arrowlink_core::{BatchStream, Chunk, Error, ErrorKind, Result};
use datafusion::common::DataFusionError;
use datafusion::execution::SendableRecordBatchStream;
use futures::{Stream, StreamExt as _, stream};
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout};
use tokio_util::task::AbortOnDropHandle;

use super::failure::{from_datafusion, gave_up};
use super::planned::Begun;
use super::promise;
use crate::QueryRuntime;
use crate::failure::internal;
use crate::operators::{Interrupt, Stop};

/// Does `work` on the query runtime and returns the rows of the stream that it makes, with the schema that it promises.
///
/// `kept` is dropped when nothing of the query is computed any more: the turn that it had, and the folder. `bound` is how
/// long it may compute in all.
pub(crate) async fn stream<W, K>(
    runtime: &QueryRuntime,
    bound: Option<Duration>,
    kept: K,
    work: impl FnOnce(Arc<Interrupt>) -> W,
) -> Result<BatchStream>
where
    W: Future<Output = Result<Begun>> + Send + 'static,
    K: Send + Sync + 'static,
{
    let (begun, beginning) = oneshot::channel();
    let (sender, receiver) = channel(1);
    let (interrupt, stop) = Interrupt::new(kept);
    let work = work(Arc::clone(&interrupt));
    let computing = async move {
        let mut budget = Budget { left: bound, whole: bound };
        match budget.spend(work).await {
            Ok(Ok((schema, rows))) => {
                if begun.send(Ok(Arc::clone(&schema))).is_ok() {
                    hand_over(&schema, rows, budget, sender).await;
                }
            }
            // Nobody to tell is no error.
            Ok(Err(error)) | Err(error) => drop(begun.send(Err(error))),
        }
        drop(interrupt);
    };
    let task = runtime.spawn(computing)?;
    // Planning goes on in one piece: the task would not notice its bound until it is done.
    match bounded(bound, beginning).await? {
        Ok(schema) => Ok(BatchStream::new(schema?, Waiting { receiver, task, bound, _stop: stop }.chunks())),
        Err(_) => Err(joined(task).await.unwrap_or_else(|| internal("the query ended before it began"))),
    }
}

/// Waits for `work`, which goes on elsewhere and is given up where it takes longer than `bound`.
pub(crate) async fn bounded<T>(bound: Option<Duration>, work: impl Future<Output = T>) -> Result<T> {
    Budget { left: bound, whole: bound }.spend(work).await
}

/// Hands over what `rows` has, until nobody takes it any more.
async fn hand_over(
    schema: &SchemaRef,
    mut rows: SendableRecordBatchStream,
    mut budget: Budget,
    chunks: Sender<Result<Chunk>>,
) {
    loop {
        let chunk = match budget.spend(rows.next()).await {
            Ok(Some(batch)) => shaped(schema, batch),
            Ok(None) => return,
            Err(error) => Err(error),
        };
        let ended = chunk.is_err();
        if chunks.send(chunk).await.is_err() || ended {
            return;
        }
    }
}

/// Gives the batch the schema that was promised.
fn shaped(schema: &SchemaRef, batch: Result<RecordBatch, DataFusionError>) -> Result<Chunk> {
    let batch = promise::kept(schema, batch.map_err(from_datafusion)?);
    batch
        .map(Chunk::new)
        .map_err(|error| internal("a batch of the query is not of its schema").with_source(error))
}

/// How long a query may still compute.
struct Budget {
    left: Option<Duration>,
    whole: Option<Duration>,
}

impl Budget {
    /// Waits for `work` and takes the time from what is left.
    async fn spend<T>(&mut self, work: impl Future<Output = T>) -> Result<T> {
        let Some(left) = self.left else { return Ok(work.await) };
        let start = Instant::now();
        let done = timeout(left, work).await;
        self.left = Some(left.saturating_sub(start.elapsed()));
        done.map_err(|_| self.spent())
    }

    /// Says that nothing is left, and which setting would change it.
    fn spent(&self) -> Error {
        let seconds = self.whole.unwrap_or_default().as_secs_f64();
        let text = format!(
            "the query computed for {seconds} s and may do no longer: raise `query.timeout`, or ask for less"
        );
        Error::new(ErrorKind::LimitExceeded, text)
    }
}

/// The chunks that come and the task that makes them; dropping it ends the task.
struct Waiting {
    receiver: Receiver<Result<Chunk>>,
    task: AbortOnDropHandle<()>,
    /// How long the next chunk may take: what does not pause would not notice that its time is over.
    bound: Option<Duration>,
    _stop: Stop,
}

impl Waiting {
    /// Returns the chunks as a stream that owns the task.
    fn chunks(self) -> impl Stream<Item = Result<Chunk>> + Send + 'static {
        stream::unfold(Some(self), |waiting| async move { waiting?.next().await })
    }

    /// Takes the next chunk. At the end the task is joined, so that a panic in it is an error and not a short table.
    async fn next(mut self) -> Option<(Result<Chunk>, Option<Self>)> {
        match bounded(self.bound, self.receiver.recv()).await {
            Ok(Some(Ok(chunk))) => Some((Ok(chunk), Some(self))),
            Ok(Some(Err(error))) | Err(error) => Some((Err(error), None)),
            Ok(None) => joined(self.task).await.map(|error| (Err(error), None)),
        }
    }
}

/// Waits for the end of the task; an error is that it panicked.
async fn joined(task: AbortOnDropHandle<()>) -> Option<Error> {
    task.await.err().map(gave_up)
}
