//! `GetArrowData`: a dataset as payloads within the client's message limit.

use arrowlink_core::{Error, ReadOptions, Target};
use bytes::Bytes;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use http::{HeaderMap, Response};

use super::Call;
use super::request::{MAX_REQUEST_BYTES, only_message};
use crate::grpc::BoxError;
use crate::outgoing::Outgoing;
use crate::payload::{self, Origin, Payload};
use crate::receive::{Messages, Shape};
use crate::{Body, frame, metadata};

/// Answers one call. The first payload is made before the answer begins, so that an error until then is its status.
pub(super) async fn answer<B>(call: Call, headers: &HeaderMap, body: B) -> Result<Response<Body>, Error>
where
    B: http_body::Body<Data = Bytes, Error: Into<BoxError>> + Send + Unpin + 'static,
{
    let name = metadata::name(headers)?.unwrap_or_else(|| call.options.default.clone());
    call.record.set_name(&name);
    let max_message_bytes = metadata::max_message_bytes(headers, call.options.max_message_bytes)?;
    let receive = call.options.receive(MAX_REQUEST_BYTES);
    only_message(Messages::new(body, Shape::Empty, receive, Origin::Client), "Empty", MAX_REQUEST_BYTES)
        .await?;
    let batches = call.service.read(call.ctx.clone(), Target::from(name), ReadOptions::default()).await?;
    let mut payloads = Box::pin(payload::encode(batches, max_message_bytes));
    let first = payloads.try_next().await?;
    let (ctx, record) = (call.ctx, call.record);
    let messages = stream::iter(first.map(Ok)).chain(payloads).map(move |payload| match payload {
        Ok(Payload { bytes, rows, cells }) => {
            record.add(rows, cells, bytes.len() as u64);
            Ok(frame::arrow_data(bytes))
        }
        Err(error) => Err(error.with_request_id(ctx.request_id())),
    });
    Ok(Outgoing::answer(messages.boxed()))
}
