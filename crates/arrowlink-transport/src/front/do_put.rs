//! `DoPut`: batches of one upload, to what its descriptor names, and what is said to them meanwhile.

use arrowlink_core::{Error, ErrorKind};
use bytes::Bytes;
use http::Response;

use super::Call;
use super::messages::many;
use crate::Body;
use crate::flight::{self, Batches};
use crate::grpc::BoxError;
use crate::payload::Origin;
use crate::receive::{Messages, Shape};

/// Answers one call.
pub(super) async fn answer<B>(call: Call, body: B) -> Result<Response<Body>, Error>
where
    B: http_body::Body<Data = Bytes, Error: Into<BoxError>> + Send + Unpin + 'static,
{
    let options = &call.options;
    let mut messages =
        Messages::new(body, Shape::Flight, options.receive(options.max_message_bytes), Origin::Client);
    let first = messages.next().await?;
    if first.is_none() {
        return Err(Error::new(ErrorKind::InvalidArgument, NOTHING));
    }
    let Some(descriptor) = first.as_ref().and_then(|first| first.descriptor.as_ref()) else {
        return Err(Error::new(ErrorKind::InvalidArgument, NO_DESCRIPTOR));
    };
    let descriptor = flight::decoded_descriptor(descriptor)?;
    let mut batches = Batches::new(messages, options.limits(), Origin::Client);
    let schema = batches.schema(first).await?;
    let batches = schema.map(|schema| call.received(schema, batches));
    let results = call.flight.do_put(call.flight_call(), descriptor, batches).await?;
    many(&call, results)
}

const NOTHING: &str = "the upload ended before its first message: begin it with the dataset's name and a schema. Some drivers \
                       send nothing of a table that has no batches: give it an empty one";
const NO_DESCRIPTOR: &str = "the upload does not begin with a descriptor: its path is the dataset's name";
