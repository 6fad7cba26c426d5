//! `DoExchange`: batches to a function and back, over one call that stays open.
//!
//! What the client sends is asked for when the function asks for it, and what the function answers is sent at once; each
//! batch is one message in either direction, the schema is sent once.

use std::sync::Arc;

use arrow_schema::Schema;
use arrowlink_core::{Error, ErrorKind};
use bytes::Bytes;
use http::{HeaderMap, Response};

use super::Call;
use crate::flight::{self, Batches};
use crate::grpc::BoxError;
use crate::payload::Origin;
use crate::receive::{Messages, Shape};
use crate::{Body, metadata};

/// Answers one call. The client's schema may come after the descriptor, in a message of its own; a client that sends
/// none calls the function without columns and rows.
pub(super) async fn answer<B>(call: Call, headers: &HeaderMap, body: B) -> Result<Response<Body>, Error>
where
    B: http_body::Body<Data = Bytes, Error: Into<BoxError>> + Send + Unpin + 'static,
{
    let options = &call.options;
    let max_message_bytes = metadata::max_flight_bytes(headers, options.max_message_bytes)?;
    let receive = options.receive(options.max_message_bytes).with_idle_timeout(options.exchange_timeout);
    let mut messages = Messages::new(body, Shape::Flight, receive, Origin::Client);
    let first = messages.next().await?;
    let Some(descriptor) = first.as_ref().and_then(|first| first.descriptor.as_ref()) else {
        return Err(Error::new(ErrorKind::InvalidArgument, NO_DESCRIPTOR));
    };
    let descriptor = flight::decoded_descriptor(descriptor)?;
    let mut batches = Batches::new(messages, options.limits(), Origin::Client);
    let schema = batches.schema(first).await?.unwrap_or_else(|| Arc::new(Schema::empty()));
    let input = call.received(schema, batches);
    let output = call.flight.do_exchange(call.flight_call(), descriptor, input).await?;
    call.send_batches(output, max_message_bytes)
}

const NO_DESCRIPTOR: &str = "the exchange does not begin with a descriptor: its path is the function's name";
