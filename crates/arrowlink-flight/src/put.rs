//! `DoPut` to a dataset: acknowledged batch by batch, kept whole or not at all.
//!
//! The write runs in a task of its own, so that it goes on while its client sends everything before it reads a single
//! acknowledgement, as many clients do: acknowledgements that nobody reads fill HTTP/2's window, and then the answer is
//! not polled any more. What is still to be said is a number, not a queue. The answer owns the task: it is aborted with it.

use std::sync::Arc;

use arrow_flight::PutResult;
use arrowlink_core::{
    BatchStream, DataService, Error, ErrorKind, Name, Receipt, Result, WriteMode, WriteOptions,
};
use arrowlink_transport::{FlightCall, receipt_json};
use bytes::Bytes;
use futures::stream::BoxStream;
use futures::{StreamExt as _, stream};
use http::HeaderMap;
use serde_json::json;
use tokio::sync::watch;
use tokio_util::task::AbortOnDropHandle;

use crate::{headers, whole};

/// Begins to write `batches` to `name`, and says of each that it was received, and at the end what was kept of all.
pub(crate) fn put(
    service: Arc<dyn DataService>,
    call: FlightCall,
    name: Name,
    batches: BatchStream,
) -> Result<BoxStream<'static, Result<PutResult>>> {
    let options = write_options(&call.headers)?;
    let (taken, received) = watch::channel(Received::default());
    let batches = counted(batches, taken);
    let write = async move { whole::write(&*service, call.ctx, name, batches, options).await };
    let writing = AbortOnDropHandle::new(tokio::spawn(write));
    let answer = Answer { received, said: 0, writing };
    let results = stream::unfold(Some(answer), |answer| async { answer?.next().await });
    Ok(results.boxed())
}

/// What of an upload came in so far.
#[derive(Clone, Copy, Debug, Default)]
struct Received {
    batches: u64,
    rows: u64,
}

/// Counts batches as the service takes them.
fn counted(batches: BatchStream, taken: watch::Sender<Received>) -> BatchStream {
    let schema = Arc::clone(batches.schema());
    batches.map_chunks(schema, |chunks| {
        chunks.inspect(move |chunk| {
            if let Ok(chunk) = chunk {
                taken.send_modify(|received| {
                    received.batches += 1;
                    received.rows += chunk.batch.num_rows() as u64;
                });
            }
        })
    })
}

/// An upload that is being answered.
struct Answer {
    received: watch::Receiver<Received>,
    /// How many batches were acknowledged.
    said: u64,
    writing: AbortOnDropHandle<Result<Receipt>>,
}

impl Answer {
    async fn next(mut self) -> Option<(Result<PutResult>, Option<Self>)> {
        let said = self.said;
        let more = self.received.wait_for(|received| received.batches > said).await;
        let received = more.map(|received| *received).ok();
        // The sender is gone when the input was read to its end, or the write gave up; what it counted last still counts.
        let received = received.unwrap_or_else(|| *self.received.borrow());
        if received.batches > said {
            self.said += 1;
            let rows = (received.batches == self.said).then_some(received.rows);
            return Some((Ok(result(acknowledgement(self.said, rows))), Some(self)));
        }
        Some((self.kept().await, None))
    }

    /// Waits for the receipt. A panic of the write goes on here, where the call's own would.
    async fn kept(self) -> Result<PutResult> {
        match self.writing.await {
            Ok(receipt) => Ok(result(receipt_json(&receipt?))),
            Err(error) => match error.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                Err(_) => Err(Error::new(ErrorKind::Cancelled, "the upload was given up")),
            },
        }
    }
}

/// What is said of the batch of that number, counted from 1; the rows up to it where they are still known.
fn acknowledgement(batch: u64, rows: Option<u64>) -> String {
    match rows {
        Some(rows) => json!({ "state": "received", "batch": batch, "rows": rows }).to_string(),
        None => json!({ "state": "received", "batch": batch }).to_string(),
    }
}

fn result(json: String) -> PutResult {
    PutResult { app_metadata: Bytes::from(json) }
}

/// Reads how the client wants its upload written.
fn write_options(headers: &HeaderMap) -> Result<WriteOptions> {
    let mut options = WriteOptions::default();
    if let Some(mode) = headers::text(headers, headers::WRITE_MODE)? {
        options.mode = mode_of(mode)?;
    }
    options.idempotency_key = headers::decoded(headers, headers::IDEMPOTENCY_KEY)?;
    Ok(options)
}

fn mode_of(text: &str) -> Result<WriteMode> {
    Ok(match text {
        "append-or-create" => WriteMode::AppendOrCreate,
        "append" => WriteMode::Append,
        "create" => WriteMode::Create,
        "replace" => WriteMode::Replace,
        _ => {
            let text = format!(
                "`{text}` is not a `{}`: use `append-or-create`, `append`, `create` or `replace`",
                headers::WRITE_MODE
            );
            return Err(Error::new(ErrorKind::InvalidArgument, text));
        }
    })
}
