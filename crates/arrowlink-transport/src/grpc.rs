//! gRPC over HTTP/2 by hand: request heads, framed messages in and out, trailers.
//!
//! The rules are those of gRPC's `PROTOCOL-HTTP2.md`. Messages go out as the pieces they are made of; they come in
//! through one buffer that grows as bytes arrive, never by what a prefix claims. Nothing is compressed.
//!
//! Every message of the small service has at most one field, number 1, of bytes, so that it looks like this:
//!
//! ```text
//! 00                 gRPC's flag: not compressed
//! 00 00 02 50        the length of what follows, big-endian
//! 0a                 protobuf's key: field 1, length-delimited
//! cd 04              the payload's length, a varint
//! ...                the payload
//! ```

use std::any::Any;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use arrowlink_core::{Error, ErrorKind};
use bytes::{Buf as _, BufMut as _, Bytes, BytesMut};
use futures::stream::BoxStream;
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header};
use http_body::{Body, Frame};
use http_body_util::BodyExt as _;
use prost::encoding::{WireType, encode_key, encode_varint, encoded_len_varint};
use tokio::time::timeout;
use tonic::Status;

use crate::payload::Origin;
use crate::status::{from_headers, to_status};

/// Any error of a body.
pub(crate) type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Answers a request that is not gRPC, or asks for what this server does not do; `None` where it is fine.
pub(crate) fn refuse(head: &http::request::Parts) -> Option<Response<tonic::body::Body>> {
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

/// The answer whose body is `messages` and whose trailers say how they ended.
pub(crate) fn answer(messages: BoxStream<'static, Result<Vec<Bytes>, Error>>) -> Response<tonic::body::Body> {
    let mut response = Response::new(tonic::body::Body::new(Outgoing::answer(messages)));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    response
}

/// Frames `payload` as a message whose field 1 it is: what stands before it, then itself, in one piece where it is small.
pub(crate) fn framed(payload: Bytes) -> Vec<Bytes> {
    let is_small = payload.len() <= SMALL_BYTES;
    let copied = if is_small { payload.len() } else { 0 };
    let mut head = BytesMut::with_capacity(framing_bytes(payload.len()) + copied);
    if payload.is_empty() {
        head.put_bytes(0, PREFIX_BYTES);
        return vec![head.freeze()];
    }
    let message_bytes = framing_bytes(payload.len()) - PREFIX_BYTES + payload.len();
    head.put_u8(0);
    head.put_u32(u32::try_from(message_bytes).unwrap_or(u32::MAX));
    encode_key(1, WireType::LengthDelimited, &mut head);
    encode_varint(payload.len() as u64, &mut head);
    if is_small {
        head.put_slice(&payload);
        return vec![head.freeze()];
    }
    vec![head.freeze(), payload]
}

/// How many bytes stand before a payload of `payload_bytes` in its message: gRPC's prefix, protobuf's key and length.
pub(crate) const fn framing_bytes(payload_bytes: usize) -> usize {
    PREFIX_BYTES + 1 + encoded_len_varint(payload_bytes as u64)
}

/// A body that sends messages and, as an answer, the status they end with.
pub(crate) struct Outgoing {
    messages: BoxStream<'static, Result<Vec<Bytes>, Error>>,
    /// Pieces of the message that is being sent, last first.
    pieces: Vec<Bytes>,
    role: Role,
    ended: bool,
}

enum Role {
    /// Errors are a status in the trailers.
    Answer,
    /// Errors break the request off.
    Request,
}

impl Outgoing {
    /// Makes the body of an answer.
    pub(crate) fn answer(messages: BoxStream<'static, Result<Vec<Bytes>, Error>>) -> Self {
        Self { messages, pieces: Vec::new(), role: Role::Answer, ended: false }
    }

    /// Makes the body of a request.
    pub(crate) fn request(messages: BoxStream<'static, Result<Vec<Bytes>, Error>>) -> Self {
        Self { messages, pieces: Vec::new(), role: Role::Request, ended: false }
    }

    fn end(&mut self, error: Option<&Error>) -> Option<Result<Frame<Bytes>, Status>> {
        self.ended = true;
        match (&self.role, error) {
            (Role::Request, None) => None,
            (Role::Request, Some(error)) => Some(Err(to_status(error))),
            (Role::Answer, error) => {
                let status = error.map_or_else(|| Status::ok(""), to_status);
                let mut trailers = HeaderMap::new();
                Some(status.add_header(&mut trailers).map(|()| Frame::trailers(trailers)))
            }
        }
    }
}

impl Body for Outgoing {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        loop {
            if let Some(piece) = self.pieces.pop() {
                return Poll::Ready(Some(Ok(Frame::data(piece))));
            }
            if self.ended {
                return Poll::Ready(None);
            }
            match futures::ready!(self.messages.as_mut().poll_next(cx)) {
                Some(Ok(mut pieces)) => {
                    pieces.reverse();
                    self.pieces = pieces;
                }
                Some(Err(error)) => return Poll::Ready(self.end(Some(&error))),
                None => return Poll::Ready(self.end(None)),
            }
        }
    }
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
    B: Body<Data = Bytes, Error: Into<BoxError>> + Send + Unpin + 'static,
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
fn was_reset<B: Body + 'static>(body: &B) -> bool {
    let body: &dyn Any = body;
    body.downcast_ref::<hyper::body::Incoming>().is_some_and(|body| !body.is_end_stream())
}

fn tells_of_an_error(trailers: &HeaderMap) -> bool {
    from_headers(trailers).is_some_and(|outcome| outcome.is_err())
}

fn plain(status: StatusCode) -> Response<tonic::body::Body> {
    let mut response = Response::new(tonic::body::Body::empty());
    *response.status_mut() = status;
    response
}

fn shown(value: &HeaderValue) -> String {
    String::from_utf8_lossy(value.as_bytes()).escape_debug().to_string()
}

/// gRPC's prefix of a message: a flag and the length.
const PREFIX_BYTES: usize = 5;
/// Up to here a copy is cheaper than an HTTP/2 frame of its own.
const SMALL_BYTES: usize = 16 * 1024;
const ENCODING: &str = "grpc-encoding";
const IDENTITY: &str = "identity";
