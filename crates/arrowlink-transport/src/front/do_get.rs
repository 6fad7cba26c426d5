//! `DoGet`: the dataset whose name is the ticket.

use arrowlink_core::{Error, ReadOptions, Target};
use bytes::Bytes;
use http::{HeaderMap, Response};

use super::Call;
use super::request::{MAX_REQUEST_BYTES, only_message};
use crate::grpc::BoxError;
use crate::payload::Origin;
use crate::receive::{Messages, Shape};
use crate::{Body, flight, metadata};

/// Answers one call. The schema is sent before the first batch is there.
pub(super) async fn answer<B>(call: Call, headers: &HeaderMap, body: B) -> Result<Response<Body>, Error>
where
    B: http_body::Body<Data = Bytes, Error: Into<BoxError>> + Send + Unpin + 'static,
{
    let max_message_bytes = metadata::max_flight_bytes(headers, call.options.max_message_bytes)?;
    let receive = call.options.receive(MAX_REQUEST_BYTES);
    let messages = Messages::new(body, Shape::Payload("Ticket"), receive, Origin::Client);
    let ticket = only_message(messages, "Ticket").await?;
    let name = flight::name_of_ticket(&ticket.bulk.unwrap_or_default())?;
    call.record.set_name(&name);
    let batches = call.service.read(call.ctx.clone(), Target::from(name), ReadOptions::default()).await?;
    call.send_batches(batches, max_message_bytes)
}
