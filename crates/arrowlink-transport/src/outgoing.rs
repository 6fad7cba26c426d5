//! A body that sends messages and, as an answer, the status they end with.

use std::pin::Pin;
use std::task::{Context, Poll};

use arrowlink_core::Error;
use futures::stream::BoxStream;
use http::{HeaderMap, HeaderValue, Response, header};
use http_body::Frame;
use tonic::Status;

use crate::rope::RopeBuilder;
use crate::status::to_status;
use crate::{Body, Rope};

/// Messages as they go out. The next one is asked for when the one before it was taken.
///
/// Small ones that are ready at the same time go together: a frame costs the same for one as for all of them. None waits
/// for another.
pub(crate) struct Outgoing {
    messages: BoxStream<'static, Result<Rope, Error>>,
    role: Role,
    state: State,
}

enum State {
    Sending,
    /// The messages have ended, and that is yet to be said.
    Ending(Option<Error>),
    Ended,
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
        let mut response =
            Response::new(Body::new(Self { messages, role: Role::Answer, state: State::Sending }));
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
        response
    }

    /// Makes the body of a request.
    pub(crate) fn request(messages: BoxStream<'static, Result<Rope, Error>>) -> Body {
        Body::new(Self { messages, role: Role::Request, state: State::Sending })
    }

    /// Waits for a message, and takes those along that are ready behind it.
    fn poll_messages(&mut self, cx: &mut Context<'_>) -> Poll<Option<Rope>> {
        let Some(first) = futures::ready!(self.poll_message(cx)) else { return Poll::Ready(None) };
        if first.len() >= TOGETHER_BYTES {
            return Poll::Ready(Some(first));
        }
        let Poll::Ready(Some(second)) = self.poll_message(cx) else { return Poll::Ready(Some(first)) };
        let mut together = RopeBuilder::with_capacity(TOGETHER_BYTES);
        let mut bytes = first.len() + second.len();
        together.append(first);
        together.append(second);
        while bytes < TOGETHER_BYTES
            && let Poll::Ready(Some(next)) = self.poll_message(cx)
        {
            bytes += next.len();
            together.append(next);
        }
        Poll::Ready(Some(together.finish()))
    }

    /// Waits for a message; `None` once there are no more.
    fn poll_message(&mut self, cx: &mut Context<'_>) -> Poll<Option<Rope>> {
        if !matches!(self.state, State::Sending) {
            return Poll::Ready(None);
        }
        Poll::Ready(match futures::ready!(self.messages.as_mut().poll_next(cx)) {
            Some(Ok(message)) => Some(message),
            Some(Err(error)) => {
                self.state = State::Ending(Some(error));
                None
            }
            None => {
                self.state = State::Ending(None);
                None
            }
        })
    }

    /// Says how the messages ended.
    fn end(&self, error: Option<&Error>) -> Option<Result<Frame<Rope>, Status>> {
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
        if let Some(messages) = futures::ready!(self.poll_messages(cx)) {
            return Poll::Ready(Some(Ok(Frame::data(messages))));
        }
        match std::mem::replace(&mut self.state, State::Ended) {
            State::Ending(error) => Poll::Ready(self.end(error.as_ref())),
            State::Sending | State::Ended => Poll::Ready(None),
        }
    }
}

/// What goes together at most, but for the last of it.
const TOGETHER_BYTES: usize = 32 * 1024;
