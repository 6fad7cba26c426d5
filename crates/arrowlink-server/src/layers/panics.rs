//! Turns a panic within a call into the answer `INTERNAL` for that call; the others go on.
//!
//! A panic is a bug, and its caller is told nothing but the request id: the log has the place and the message, by
//! the panic hook of [`start_logging`](crate::start_logging). Where rows had been sent already the answer ends with the
//! status in its trailers, or over plain HTTP breaks off, so that nobody takes what came for the whole.

use std::convert::Infallible;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

use arrowlink_core::{CallContext, Error, ErrorKind};
use arrowlink_http::answer_to;
use arrowlink_transport::status::to_status;
use arrowlink_transport::{Body, Rope};
use futures::FutureExt as _;
use futures::future::BoxFuture;
use http::{HeaderMap, Request, Response};
use http_body::{Frame, SizeHint};
use tonic::Status;
use tower::Service;

use super::HttpService;
use super::protocol::Protocol;

/// Catches panics of the inner service, of its future and of its answer's body.
///
/// What panicked is dropped and never polled again, which is what makes it safe to catch: state that a panic left half
/// changed belonged to that call, and locks of shared state are recovered where they are taken.
#[derive(Clone, Debug)]
pub(crate) struct RecoverPanics<S> {
    inner: S,
}

impl<S> RecoverPanics<S> {
    pub(super) const fn new(inner: S) -> Self {
        Self { inner }
    }
}

impl<B, S: HttpService<B>> Service<Request<B>> for RecoverPanics<S> {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let ctx = request.extensions().get::<CallContext>().cloned().unwrap_or_default();
        let protocol = Protocol::of(request.headers());
        let Ok(answer) = catch_unwind(AssertUnwindSafe(|| self.inner.call(request))) else {
            return std::future::ready(Ok(sorry_answer(&ctx, protocol))).boxed();
        };
        async move {
            match AssertUnwindSafe(answer).catch_unwind().await {
                Ok(answer) => Ok(answer?.map(|body| Body::new(Guarded { body: Some(body), ctx, protocol }))),
                Err(_) => Ok(sorry_answer(&ctx, protocol)),
            }
        }
        .boxed()
    }
}

/// A body whose panic ends it with the status `INTERNAL`.
struct Guarded {
    /// `None` once it has panicked: it is not polled again.
    body: Option<Body>,
    ctx: CallContext,
    protocol: Protocol,
}

impl http_body::Body for Guarded {
    type Data = Rope;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Rope>, Status>>> {
        let Some(body) = &mut self.body else { return Poll::Ready(None) };
        if let Ok(polled) = catch_unwind(AssertUnwindSafe(|| Pin::new(body).poll_frame(cx))) {
            return polled;
        }
        self.body = None;
        let status = to_status(&sorry(&self.ctx));
        if self.protocol == Protocol::Http {
            return Poll::Ready(Some(Err(status)));
        }
        let mut trailers = HeaderMap::new();
        Poll::Ready(Some(match status.add_header(&mut trailers) {
            Ok(()) => Ok(Frame::trailers(trailers)),
            Err(status) => Err(status),
        }))
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(http_body::Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map(http_body::Body::size_hint).unwrap_or_default()
    }
}

/// The answer to a call that panicked before it had one.
fn sorry_answer(ctx: &CallContext, protocol: Protocol) -> Response<Body> {
    match protocol {
        Protocol::Grpc => to_status(&sorry(ctx)).into_http(),
        Protocol::Http => answer_to(&sorry(ctx)),
    }
}

/// The error of a call that panicked.
fn sorry(ctx: &CallContext) -> Error {
    let text =
        format!("a bug in the server ended this call, its log has the request id `{}`", ctx.request_id());
    Error::new(ErrorKind::Internal, text).with_request_id(ctx.request_id())
}
