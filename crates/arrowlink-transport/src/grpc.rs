//! gRPC over HTTP/2 by hand: the heads of requests, and messages as they come in.
//!
//! The rules are those of gRPC's `PROTOCOL-HTTP2.md`. Messages come in through one buffer that grows as bytes arrive, never
//! by what a prefix claims. Nothing is compressed.

use std::any::Any;
use std::time::Duration;

use arrowlink_core::{Error, ErrorKind};
use bytes::{Buf as _, Bytes, BytesMut};
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header};
use http_body::Body as _;
use http_body_util::BodyExt as _;
use tokio::time::timeout;

use crate::Body;
use crate::frame::PREFIX_BYTES;
use crate::payload::Origin;
use crate::status::{from_headers, to_status};

/// Any error of a body.
pub(crate) type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Answers a request that is not gRPC, or asks for what this server does not do; `None` where it is fine.
pub(crate) fn refuse(head: &http::request::Parts) -> Option<Response<Body>> {
    if head.method != Method::POST {
        let mut response = plain(StatusCode::METHOD_NOT_ALLOWED);
        response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("POST"));
        return Some(response);
    }
    if !is_grpc(&head.headers) {
        return Some(plain(StatusCode::UNSUPPORTED_MEDIA_TYPE));
    }
    let encoding = head.headers.get(ENCODING).filter(|encoding| *encoding != IDENTITY)?;
    let text =
        format!("messages compressed by `{}` are not supported: send them uncompressed", shown(encoding));
    let mut response = to_status(&Error::new(ErrorKind::Unsupported, text)).into_http();
    response.headers_mut().insert("grpc-accept-encoding", HeaderValue::from_static(IDENTITY));
    Some(response)
}

/// Whether a request or response says that it is gRPC with protobuf messages.
pub(crate) fn is_grpc(headers: &HeaderMap) -> bool {
    let content_type =
        headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media_type = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    media_type == "application/grpc" || media_type == "application/grpc+proto"
}

/// Messages of a body, taken out of their frames.
///
/// An end is told apart from a loss: where a body stops in the middle of a message, or was reset, that is an error, so
/// that what was received before is not taken for all there is.
pub(crate) struct Incoming<B> {
    body: B,
    buffer: BytesMut,
    max_message_bytes: usize,
    idle_timeout: Duration,
    origin: Origin,
    /// How many messages were taken out.
    taken: u64,
    trailers: Option<HeaderMap>,
}

impl<B> Incoming<B>
where
    B: http_body::Body<Data = Bytes, Error: Into<BoxError>> + Send + Unpin + 'static,
{
    /// Reads `body`, which must not pause for longer than `idle_timeout`.
    pub(crate) fn new(body: B, max_message_bytes: usize, idle_timeout: Duration, origin: Origin) -> Self {
        Self {
            body,
            buffer: BytesMut::new(),
            max_message_bytes,
            idle_timeout,
            origin,
            taken: 0,
            trailers: None,
        }
    }

    /// Returns the next message, without its framing; `None` where the body ended as its sender meant it to, or where a
    /// server's trailers say why it did not. Cancel safe.
    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>, Error> {
        loop {
            if let Some(message) = self.buffered()? {
                return Ok(Some(message));
            }
            if !self.read().await? {
                return self.ended().map(|()| None);
            }
        }
    }

    /// Returns what came after the last message.
    pub(crate) const fn trailers(&self) -> Option<&HeaderMap> {
        self.trailers.as_ref()
    }

    /// Takes a message out of what was received, where it is complete.
    fn buffered(&mut self) -> Result<Option<Bytes>, Error> {
        let Some(mut prefix) = self.buffer.get(..PREFIX_BYTES) else { return Ok(None) };
        let flag = prefix.get_u8();
        let length = prefix.get_u32() as usize;
        if flag != 0 {
            return Err(self.compressed(flag));
        }
        if length + PREFIX_BYTES > self.max_message_bytes {
            return Err(self.too_large(length + PREFIX_BYTES));
        }
        if self.buffer.len() < PREFIX_BYTES + length {
            return Ok(None);
        }
        self.buffer.advance(PREFIX_BYTES);
        self.taken += 1;
        Ok(Some(self.buffer.split_to(length).freeze()))
    }

    /// Receives more; `false` at the end.
    async fn read(&mut self) -> Result<bool, Error> {
        let Ok(frame) = timeout(self.idle_timeout, self.body.frame()).await else {
            return Err(self.idle());
        };
        match frame {
            None => Ok(false),
            Some(Err(error)) => Err(self.broken(Some(error.into()))),
            Some(Ok(frame)) => {
                match frame.into_data() {
                    Ok(data) => self.buffer.extend_from_slice(&data),
                    Err(frame) => self.trailers = frame.into_trailers().ok(),
                }
                Ok(true)
            }
        }
    }

    /// Makes sure that an end is one. A server that says why it stopped may do so in the middle of a message.
    fn ended(&self) -> Result<(), Error> {
        if was_reset(&self.body) {
            return Err(self.broken(None));
        }
        if self.origin == Origin::Server && self.trailers.as_ref().is_some_and(tells_of_an_error) {
            return Ok(());
        }
        if !self.buffer.is_empty() {
            let text =
                format!("message {} is not complete: the stream ended in the middle of it", self.taken + 1);
            return Err(Error::new(self.origin.invalid(), text));
        }
        Ok(())
    }

    fn compressed(&self, flag: u8) -> Error {
        let number = self.taken + 1;
        let text = if flag == 1 {
            format!("message {number} is flagged as compressed, and no compression was agreed on")
        } else {
            format!("message {number} begins with {flag}, which is no flag of gRPC")
        };
        match self.origin {
            Origin::Client => Error::new(ErrorKind::Internal, text),
            Origin::Server => Error::new(ErrorKind::Corrupt, text),
        }
    }

    fn too_large(&self, actual: usize) -> Error {
        let (number, limit) = (self.taken + 1, self.max_message_bytes);
        let setting = match self.origin {
            Origin::Client => {
                "send smaller messages, or raise `max_message_bytes` under `[limits]` of the server"
            }
            Origin::Server => "raise the client's `max_message_bytes`",
        };
        Error::new(
            ErrorKind::LimitExceeded,
            format!("message {number} of {actual} bytes exceeds the limit of {limit} bytes: {setting}"),
        )
    }

    fn idle(&self) -> Error {
        let who = match self.origin {
            Origin::Client => "client",
            Origin::Server => "server",
        };
        let text = format!("the {who} sent nothing for {:?}", self.idle_timeout);
        Error::new(ErrorKind::DeadlineExceeded, text)
    }

    fn broken(&self, source: Option<BoxError>) -> Error {
        let error = match self.origin {
            Origin::Client => {
                Error::new(ErrorKind::Cancelled, "the client went away in the middle of its request")
            }
            Origin::Server => {
                Error::new(ErrorKind::Unavailable, "the connection was lost in the middle of the answer")
            }
        };
        match source {
            Some(source) => error.with_source(source),
            None => error,
        }
    }
}

/// Whether a body of hyper that gives nothing any more was reset: with `NO_ERROR` that looks as if it had ended.
fn was_reset<B: http_body::Body + 'static>(body: &B) -> bool {
    let body: &dyn Any = body;
    body.downcast_ref::<hyper::body::Incoming>().is_some_and(|body| !body.is_end_stream())
}

fn tells_of_an_error(trailers: &HeaderMap) -> bool {
    from_headers(trailers).is_some_and(|outcome| outcome.is_err())
}

fn plain(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

fn shown(value: &HeaderValue) -> String {
    String::from_utf8_lossy(value.as_bytes()).escape_debug().to_string()
}

const ENCODING: &str = "grpc-encoding";
const IDENTITY: &str = "identity";
