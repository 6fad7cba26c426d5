//! `Handshake`: a token for who says something of himself, in `authorization` or in the payload.
//!
//! It is the one call of which anything is read before it is known who makes it. That is little, and nothing where
//! `authorization` says it.

use arrow_flight::{HandshakeRequest, HandshakeResponse};
use arrowlink_core::{Error, ErrorKind};
use bytes::Bytes;
use http::header;

use super::Call;
use super::messages::decoded;
use super::request::MAX_REQUEST_BYTES;
use crate::grpc::BoxError;
use crate::login;
use crate::payload::Origin;
use crate::receive::{Messages, Shape};

/// Answers one call.
pub(super) async fn answer<B>(call: &Call, body: B) -> Result<HandshakeResponse, Error>
where
    B: http_body::Body<Data = Bytes, Error: Into<BoxError>> + Send + Unpin + 'static,
{
    let request = if call.seen.headers.contains_key(header::AUTHORIZATION) {
        HandshakeRequest::default()
    } else {
        first(call, body).await?
    };
    login::handshake(&*call.options.authenticator, &call.seen, &request).await
}

/// Reads the first message of a request that may go on; an empty one where it has none.
async fn first<B>(call: &Call, body: B) -> Result<HandshakeRequest, Error>
where
    B: http_body::Body<Data = Bytes, Error: Into<BoxError>> + Send + Unpin + 'static,
{
    let receive = call.options.receive(MAX_REQUEST_BYTES);
    let mut messages = Messages::new(body, Shape::Whole("HandshakeRequest"), receive, Origin::Client);
    let message = messages.next().await.map_err(|error| match error.kind() {
        ErrorKind::LimitExceeded => Error::new(ErrorKind::InvalidArgument, TOO_LARGE),
        _ => error,
    })?;
    message.map_or_else(
        || Ok(HandshakeRequest::default()),
        |message| decoded("HandshakeRequest", message.payload()),
    )
}

const TOO_LARGE: &str = "the handshake is larger than 65536 bytes: send a name and a password";
