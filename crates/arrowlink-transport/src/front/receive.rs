//! `SendArrowData`: payloads of one upload, all of which are written or none.
//!
//! Messages become payloads, payloads become batches, and the service pulls those: nothing is read ahead of it but what
//! the HTTP/2 window holds. Whatever ends the request early is an error at the end of that chain.

use std::sync::Arc;

use arrowlink_core::{BatchStream, Chunk, Error, WriteOptions};
use bytes::Bytes;
use futures::{Stream, StreamExt as _, stream};
use http::{HeaderMap, Response};

use super::Call;
use crate::grpc::BoxError;
use crate::outgoing::Outgoing;
use crate::payload::{self, Origin};
use crate::receive::{Messages, Shape};
use crate::record::CallRecord;
use crate::{Body, frame, metadata, receipt};

/// Answers one call, when what the answer says is so.
pub(super) async fn answer<B>(call: Call, headers: &HeaderMap, body: B) -> Result<Response<Body>, Error>
where
    B: http_body::Body<Data = Bytes, Error: Into<BoxError>> + Send + Unpin + 'static,
{
    let name = metadata::name(headers)?.unwrap_or_else(|| call.options.uploads.clone());
    call.record.set_name(&name);
    let options = &call.options;
    let receive = options.receive(options.max_message_bytes);
    let messages = Messages::new(body, Shape::Payload("ArrowData"), receive, Origin::Client);
    let payloads = payloads(messages, call.record.clone());
    let batches = payload::decode(payloads, options.limits(), Origin::Client).await?;
    let batches = counted(batches, call.record);
    let receipt = call.service.write(call.ctx, name.clone(), batches, WriteOptions::default()).await?;
    let message = frame::small(receipt::sentence(&receipt, &name).as_bytes());
    let mut response = Outgoing::answer(stream::iter([Ok(message)]).boxed());
    receipt::write(&receipt, response.headers_mut());
    Ok(response)
}

fn payloads<B>(messages: Messages<B>, record: CallRecord) -> impl Stream<Item = Result<Bytes, Error>> + Send
where
    B: http_body::Body<Data = Bytes, Error: Into<BoxError>> + Send + Unpin + 'static,
{
    stream::try_unfold(messages, move |mut messages| {
        let record = record.clone();
        async move {
            let Some(message) = messages.next().await? else { return Ok(None) };
            let payload = message.payload();
            record.add(0, 0, payload.len() as u64);
            Ok(Some((payload, messages)))
        }
    })
}

fn counted(batches: BatchStream, record: CallRecord) -> BatchStream {
    let schema = Arc::clone(batches.schema());
    batches.map_chunks(schema, |chunks| {
        chunks.inspect(move |chunk| {
            if let Ok(Chunk { batch, .. }) = chunk {
                let rows = batch.num_rows() as u64;
                record.add(rows, rows * batch.num_columns() as u64, 0);
            }
        })
    })
}
