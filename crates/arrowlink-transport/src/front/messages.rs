//! Flight's calls whose messages are small: everything but the three that carry batches, and the handshake.
//!
//! A request is read as a whole and decoded by prost; an answer is encoded as its messages come.

use arrow_flight::{Action, Criteria, Empty, FlightDescriptor, Result as ActionResult};
use arrowlink_core::{Error, ErrorKind};
use bytes::Bytes;
use futures::stream::BoxStream;
use futures::{StreamExt as _, stream};
use http::Response;
use prost::Message;

use super::request::{MAX_FLIGHT_REQUEST_BYTES, only_message};
use super::{Call, FlightMethod};
use crate::grpc::BoxError;
use crate::outgoing::Outgoing;
use crate::payload::Origin;
use crate::receive::{Messages, Shape};
use crate::{Body, frame};

/// Answers one call of `method`, which is none of those that carry batches.
pub(super) async fn answer<B>(call: Call, method: FlightMethod, body: B) -> Result<Response<Body>, Error>
where
    B: http_body::Body<Data = Bytes, Error: Into<BoxError>> + Send + Unpin + 'static,
{
    let flight = &call.flight;
    match method {
        FlightMethod::ListFlights => {
            let criteria = only::<Criteria, B>(&call, "Criteria", body).await?;
            let flights = flight.list_flights(call.flight_call(), criteria).await?;
            many(&call, flights)
        }
        FlightMethod::GetFlightInfo => {
            let descriptor = only::<FlightDescriptor, B>(&call, "FlightDescriptor", body).await?;
            one(&flight.get_flight_info(call.flight_call(), descriptor).await?)
        }
        FlightMethod::PollFlightInfo => {
            let descriptor = only::<FlightDescriptor, B>(&call, "FlightDescriptor", body).await?;
            one(&flight.poll_flight_info(call.flight_call(), descriptor).await?)
        }
        FlightMethod::GetSchema => {
            let descriptor = only::<FlightDescriptor, B>(&call, "FlightDescriptor", body).await?;
            one(&flight.get_schema(call.flight_call(), descriptor).await?)
        }
        FlightMethod::DoAction => {
            let action = only::<Action, B>(&call, "Action", body).await?;
            let results: BoxStream<'static, Result<ActionResult, Error>> =
                flight.do_action(call.flight_call(), action).await?;
            many(&call, results)
        }
        FlightMethod::ListActions => {
            only::<Empty, B>(&call, "Empty", body).await?;
            let actions = flight.list_actions(call.flight_call()).await?;
            many(&call, stream::iter(actions.into_iter().map(Ok)).boxed())
        }
    }
}

/// Reads a request of one message.
async fn only<M, B>(call: &Call, name: &'static str, body: B) -> Result<M, Error>
where
    M: Message + Default,
    B: http_body::Body<Data = Bytes, Error: Into<BoxError>> + Send + Unpin + 'static,
{
    decoded(name, only_message(messages(call, name, body), name, MAX_FLIGHT_REQUEST_BYTES).await?.payload())
}

fn messages<B>(call: &Call, name: &'static str, body: B) -> Messages<B>
where
    B: http_body::Body<Data = Bytes, Error: Into<BoxError>> + Send + Unpin + 'static,
{
    let receive = call.options.receive(MAX_FLIGHT_REQUEST_BYTES);
    Messages::new(body, Shape::Whole(name), receive, Origin::Client)
}

pub(super) fn decoded<M: Message + Default>(name: &str, bytes: Bytes) -> Result<M, Error> {
    M::decode(bytes).map_err(|error| {
        Error::new(ErrorKind::InvalidArgument, format!("the request is not a valid `{name}`"))
            .with_source(error)
    })
}

/// The answer of one message.
pub(super) fn one(message: &impl Message) -> Result<Response<Body>, Error> {
    let message = frame::encoded(message)?;
    Ok(Outgoing::answer(stream::iter([Ok(message)]).boxed()))
}

/// The answer of `messages`, each of which is encoded when the one before it was taken.
#[expect(clippy::unnecessary_wraps, reason = "the arms of one match")]
pub(super) fn many<M: Message + 'static>(
    call: &Call,
    messages: BoxStream<'static, Result<M, Error>>,
) -> Result<Response<Body>, Error> {
    let ctx = call.ctx.clone();
    let framed = messages.map(move |message| {
        message
            .and_then(|message| frame::encoded(&message))
            .map_err(|error| error.with_request_id(ctx.request_id()))
    });
    Ok(Outgoing::answer(framed.boxed()))
}
