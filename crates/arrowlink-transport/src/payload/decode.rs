//! Payloads to batches, each checked before a row of it is believed.

use std::collections::VecDeque;
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use arrowlink_core::{BatchStream, Chunk, Error, ErrorKind, retold, schema_mismatch};
use arrowlink_ipc::{Limits, read_stream};
use bytes::Bytes;
use futures::stream::{self, BoxStream};
use futures::{Stream, StreamExt as _};

use super::{Origin, from_ipc};

/// Makes one stream of batches of `payloads`, whose schema is that of the first of them.
///
/// Waits for the first payload. The next one is asked for when the batches of the one before it have been taken. The
/// stream ends with an error at a payload that is not a complete Arrow IPC stream, that exceeds `limits`, or that has
/// another schema than the first; the error says which payload, counted from 1.
///
/// ```
/// use arrowlink_ipc::Limits;
/// use arrowlink_transport::payload::{Origin, decode};
/// use bytes::Bytes;
/// use futures::stream;
///
/// # futures::executor::block_on(async {
/// let payloads = stream::iter([Ok(Bytes::from_static(b"no Arrow"))]);
/// let error = decode(payloads, Limits::default(), Origin::Client).await.unwrap_err();
/// assert_eq!(error.message(), "payload 1 is not a complete Arrow IPC stream");
/// # });
/// ```
///
/// Payloads of one upload may differ in their schemas' metadata, and in nothing else:
///
/// ```
/// use arrow_array::record_batch;
/// use arrowlink_core::{BatchStream, ErrorKind};
/// use arrowlink_ipc::Limits;
/// use arrowlink_transport::payload::{Origin, decode, encode};
/// use futures::{StreamExt as _, TryStreamExt as _};
///
/// # futures::executor::block_on(async {
/// let payloads = |batch: arrow_array::RecordBatch| {
///     let batches = BatchStream::from_batches(batch.schema(), vec![batch]);
///     encode(batches, 4 << 20).map_ok(|payload| payload.bytes.to_bytes())
/// };
/// let numbers = payloads(record_batch!(("id", Int64, [1])).unwrap());
/// let texts = payloads(record_batch!(("id", Utf8, ["1"])).unwrap());
/// let rows = decode(numbers.chain(texts), Limits::default(), Origin::Client).await.unwrap();
/// let error = rows.collect_batches().await.unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::SchemaMismatch);
/// assert_eq!(error.message(), "payload 2 has another schema than the first");
/// # });
/// ```
///
/// # Errors
///
/// The error of the first payload, as above; there must be one.
pub async fn decode(
    payloads: impl Stream<Item = Result<Bytes, Error>> + Send + 'static,
    limits: Limits,
    origin: Origin,
) -> Result<BatchStream, Error> {
    let mut payloads = payloads.boxed();
    let Some(first) = payloads.next().await else { return Err(nothing(origin)) };
    let (schema, batches) = read_stream(first?, &limits).map_err(|error| not_arrow(error, 1, origin))?;
    let decoder =
        Decoder { payloads, limits, origin, schema: Arc::clone(&schema), number: 1, ready: batches.into() };
    let chunks = stream::try_unfold(decoder, |mut decoder| async move {
        let batch = decoder.next().await?;
        Ok(batch.map(|batch| (Chunk::new(batch), decoder)))
    });
    Ok(BatchStream::new(schema, chunks))
}

struct Decoder {
    payloads: BoxStream<'static, Result<Bytes, Error>>,
    limits: Limits,
    origin: Origin,
    schema: SchemaRef,
    /// The payload that was read last, counted from 1.
    number: u64,
    ready: VecDeque<RecordBatch>,
}

impl Decoder {
    async fn next(&mut self) -> Result<Option<RecordBatch>, Error> {
        while self.ready.is_empty() {
            let Some(payload) = self.payloads.next().await else { return Ok(None) };
            self.number += 1;
            let (schema, batches) = read_stream(payload?, &self.limits)
                .map_err(|error| not_arrow(error, self.number, self.origin))?;
            if let Some(mismatch) = schema_mismatch(&self.schema, &schema) {
                return Err(self.foreign(&mismatch));
            }
            self.ready = batches.into();
        }
        let batch = self.ready.pop_front().map(|batch| retold(batch, &self.schema)).transpose();
        batch.map_err(|mismatch| self.foreign(&mismatch))
    }

    /// Says in what the payload that was read last differs from the first.
    fn foreign(&self, mismatch: &Error) -> Error {
        let text = format!("payload {} has another schema than the first", self.number);
        let differences = mismatch
            .message()
            .split_once(": ")
            .map_or_else(|| mismatch.message(), |(_, rest)| rest)
            .to_owned();
        Error::new(ErrorKind::SchemaMismatch, text).with_source(differences)
    }
}

fn not_arrow(error: arrowlink_ipc::Error, number: u64, origin: Origin) -> Error {
    let text = match error.kind() {
        arrowlink_ipc::ErrorKind::LimitExceeded => format!("payload {number} exceeds a limit"),
        _ => format!("payload {number} is not a complete Arrow IPC stream"),
    };
    from_ipc(error, text, origin)
}

fn nothing(origin: Origin) -> Error {
    let text = match origin {
        Origin::Client => {
            "the upload has no payload: send at least one Arrow IPC stream, which may be without rows"
        }
        Origin::Server => "the server sent no payload, not even one without rows",
    };
    Error::new(origin.invalid(), text)
}
