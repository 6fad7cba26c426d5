//! `DoPut`: batches of one upload, all of which are written or none, to the dataset that the descriptor's path names.

use arrowlink_core::{Error, ErrorKind, WriteOptions};
use bytes::Bytes;
use futures::{StreamExt as _, stream};
use http::Response;

use super::Call;
use crate::flight::{self, Batches};
use crate::grpc::BoxError;
use crate::outgoing::Outgoing;
use crate::payload::Origin;
use crate::receive::{Messages, Shape};
use crate::{Body, frame, receipt};

/// Answers one call with one `PutResult`, whose metadata is the receipt, when what it says is so.
pub(super) async fn answer<B>(call: Call, body: B) -> Result<Response<Body>, Error>
where
    B: http_body::Body<Data = Bytes, Error: Into<BoxError>> + Send + Unpin + 'static,
{
    let options = &call.options;
    let mut messages =
        Messages::new(body, Shape::Flight, options.receive(options.max_message_bytes), Origin::Client);
    let first = messages.next().await?;
    let name = match first.as_ref().and_then(|first| first.descriptor.as_ref()) {
        Some(descriptor) => flight::name_of_descriptor(descriptor)?,
        None => {
            return Err(invalid(
                "the upload does not begin with a descriptor: its path is the dataset's name",
            ));
        }
    };
    call.record.set_name(&name);
    let mut batches = Batches::new(messages, options.limits(), Origin::Client);
    let Some(schema) = batches.schema(first).await? else {
        return Err(invalid("the upload has no schema: send it, even where there are no rows"));
    };
    let batches = call.received(schema, batches);
    let receipt = call.service.write(call.ctx, name, batches, WriteOptions::default()).await?;
    let message = frame::small(receipt::to_json(&receipt).as_bytes());
    Ok(Outgoing::answer(stream::iter([Ok(message)]).boxed()))
}

fn invalid(text: &str) -> Error {
    Error::new(ErrorKind::InvalidArgument, text)
}
