//! `Handshake`: a token for who says something of himself, in `authorization` or in the payload.
//!
//! It is the one call of which anything is read before it is known who makes it. That is little, and nothing where
//! `authorization` says it.

use arrow_flight::{HandshakeRequest, HandshakeResponse};
use arrowlink_core::{Error, ErrorKind};
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderValue, Response, header};
use tokio::time::timeout;

use super::messages::{decoded, one};
use super::request::MAX_REQUEST_BYTES;
use super::{Call, FrontOptions};
use crate::grpc::BoxError;
use crate::payload::Origin;
use crate::receive::{Messages, Shape};
use crate::{Body, login};

/// Answers one call, with the token in the payload and as `authorization`: clients take either.
pub(super) async fn answer<B>(call: Call, request: &Parts, body: B) -> Result<Response<Body>, Error>
where
    B: http_body::Body<Data = Bytes, Error: Into<BoxError>> + Send + Unpin + 'static,
{
    let FrontOptions { authenticator, authentication_timeout, .. } = &*call.options;
    let message = if request.headers.contains_key(header::AUTHORIZATION) {
        HandshakeRequest::default()
    } else {
        // As a whole: one who sends a byte now and then is never idle.
        timeout(*authentication_timeout, first(&call, body)).await.unwrap_or_else(|_| {
            let text =
                format!("the handshake was not there within {authentication_timeout:?}: send all of it");
            Err(Error::new(ErrorKind::DeadlineExceeded, text))
        })?
    };
    let token = login::token(&**authenticator, *authentication_timeout, request, &message.payload).await?;
    let value = HeaderValue::try_from(format!("Bearer {token}"))
        .map_err(|error| Error::new(ErrorKind::Internal, "the token is not printable").with_source(error))?;
    call.seen.answer_header(header::AUTHORIZATION, value);
    one(&HandshakeResponse { protocol_version: message.protocol_version, payload: token.into() })
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
