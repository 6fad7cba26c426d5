//! `DoGet`: what a ticket is for, as batches.

use arrowlink_core::Error;
use bytes::Bytes;
use http::{HeaderMap, Response};

use super::Call;
use super::request::{MAX_FLIGHT_REQUEST_BYTES, only_message};
use crate::grpc::BoxError;
use crate::payload::Origin;
use crate::receive::{Messages, Shape};
use crate::{Body, metadata};

/// Answers one call. The schema is sent before the first batch is there.
pub(super) async fn answer<B>(call: Call, headers: &HeaderMap, body: B) -> Result<Response<Body>, Error>
where
    B: http_body::Body<Data = Bytes, Error: Into<BoxError>> + Send + Unpin + 'static,
{
    let max_message_bytes = metadata::max_flight_bytes(headers, call.options.max_message_bytes)?;
    let messages = Messages::new(
        body,
        Shape::Payload("Ticket"),
        call.options.receive(MAX_FLIGHT_REQUEST_BYTES),
        Origin::Client,
    );
    let ticket = only_message(messages, "Ticket", MAX_FLIGHT_REQUEST_BYTES).await?.payload();
    let batches = call.flight.do_get(call.flight_call(), ticket).await?;
    call.send_batches(batches, max_message_bytes)
}
