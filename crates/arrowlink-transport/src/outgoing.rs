//! A body that sends messages and, as an answer, the status they end with.

use std::pin::Pin;
use std::task::{Context, Poll};

use arrowlink_core::Error;
use futures::stream::BoxStream;
use http::{HeaderMap, HeaderValue, Response, header};
use http_body::Frame;
use tonic::Status;

use crate::status::to_status;
use crate::{Body, Rope};

/// Messages as they go out. The next one is asked for when the one before it was taken.
pub(crate) struct Outgoing {
    messages: BoxStream<'static, Result<Rope, Error>>,
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
    /// Makes the answer whose body is `messages` and whose trailers say how they ended.
    pub(crate) fn answer(messages: BoxStream<'static, Result<Rope, Error>>) -> Response<Body> {
        let mut response = Response::new(Body::new(Self { messages, role: Role::Answer, ended: false }));
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
        response
    }

    /// Makes the body of a request.
    pub(crate) fn request(messages: BoxStream<'static, Result<Rope, Error>>) -> Body {
        Body::new(Self { messages, role: Role::Request, ended: false })
    }

    fn end(&mut self, error: Option<&Error>) -> Option<Result<Frame<Rope>, Status>> {
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

impl http_body::Body for Outgoing {
    type Data = Rope;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Rope>, Status>>> {
        if self.ended {
            return Poll::Ready(None);
        }
        match futures::ready!(self.messages.as_mut().poll_next(cx)) {
            Some(Ok(message)) => Poll::Ready(Some(Ok(Frame::data(message)))),
            Some(Err(error)) => Poll::Ready(self.end(Some(&error))),
            None => Poll::Ready(self.end(None)),
        }
    }
}
