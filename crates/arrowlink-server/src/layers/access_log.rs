//! Writes one line about each call when it has ended, however it ended.
//!
//! A call ends with the trailers of its answer, over plain HTTP with the end of its body, or when its client went away or
//! the server cut it: then its status is `CANCELLED`. The line has the name, rows and bytes that the service within wrote into the [`CallRecord`], as far as
//! the call got. The error of a failed call stands in its line, so that it is logged once. Everything that is logged while
//! a call runs is inside of a span with its request id and method.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Instant;

use arrowlink_core::CallContext;
use arrowlink_transport::{Body, CallRecord, Peer, Rope};
use futures::FutureExt as _;
use futures::future::BoxFuture;
use http::{HeaderMap, Request, Response};
use http_body::{Frame, SizeHint};
use tonic::{Code, Status};
use tower::Service;
use tracing::{Instrument as _, Span, error_span};

use super::HttpService;
use super::protocol::Protocol;

/// Puts a [`CallRecord`] into each request and logs it when the call ends.
#[derive(Clone, Debug)]
pub(crate) struct AccessLog<S> {
    inner: S,
}

impl<S> AccessLog<S> {
    pub(super) const fn new(inner: S) -> Self {
        Self { inner }
    }
}

impl<B, S: HttpService<B>> Service<Request<B>> for AccessLog<S> {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let mut line = Line::new(&request);
        request.extensions_mut().insert(line.record.clone());
        let span = error_span!("call", request_id = line.ctx.request_id(), method = line.method);
        let answer = span.in_scope(|| self.inner.call(request)).instrument(span.clone());
        async move {
            let answer = answer.await?;
            line.see_answer(&answer);
            Ok(answer.map(|body| Body::new(Logged { body, line, span })))
        }
        .boxed()
    }
}

/// A body that knows the line of its call: the line is written when the body is dropped, whether it ended or not.
struct Logged {
    body: Body,
    line: Line,
    span: Span,
}

impl http_body::Body for Logged {
    type Data = Rope;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Rope>, Status>>> {
        let Self { body, line, span } = &mut *self;
        let polled = span.in_scope(|| Pin::new(&mut *body).poll_frame(cx));
        match &polled {
            Poll::Ready(Some(Ok(frame))) => {
                if let Some(trailers) = frame.trailers_ref() {
                    line.see(trailers);
                }
                line.see_end(body);
            }
            Poll::Ready(Some(Err(status))) => line.status = Some(status.clone()),
            Poll::Ready(None) => line.end(),
            Poll::Pending => {}
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// What is known of a call; written when it is dropped.
///
/// Until there is an answer it lives in the future of the call, so that a call whose client goes away before has its
/// line too.
struct Line {
    ctx: CallContext,
    protocol: Protocol,
    method: String,
    peer: Option<Peer>,
    record: CallRecord,
    started: Instant,
    status: Option<Status>,
}

impl Line {
    /// Begins the line of a call that has just come, with what its request says.
    fn new<B>(request: &Request<B>) -> Self {
        let protocol = Protocol::of(request.headers());
        let path = request.uri().path();
        Self {
            ctx: request.extensions().get::<CallContext>().cloned().unwrap_or_default(),
            protocol,
            method: match protocol {
                Protocol::Grpc => path.trim_start_matches('/').to_owned(),
                Protocol::Http => format!("{} {path}", request.method()),
            },
            peer: request.extensions().get::<Peer>().copied(),
            record: CallRecord::default(),
            started: Instant::now(),
            status: None,
        }
    }

    /// Takes the status from an answer, where it has one: over plain HTTP an error has it beside its headers.
    fn see_answer(&mut self, answer: &Response<Body>) {
        match self.protocol {
            Protocol::Grpc => self.see(answer.headers()),
            Protocol::Http => {
                self.status = answer.extensions().get::<Status>().cloned();
                self.see_end(answer.body());
            }
        }
    }

    /// Looks whether a body has come to its end.
    fn see_end(&mut self, body: &Body) {
        if http_body::Body::is_end_stream(body) {
            self.end();
        }
    }

    /// Notes the end of a body of plain HTTP that did not break off; gRPC says in its trailers how a call ended.
    fn end(&mut self) {
        if self.protocol == Protocol::Http {
            self.status.get_or_insert_with(|| Status::ok(""));
        }
    }

    /// Takes the status from headers or trailers, where they have one.
    fn see(&mut self, headers: &HeaderMap) {
        if let Some(status) = Status::from_header_map(headers) {
            self.status = Some(status);
        }
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        let code = self.status.as_ref().map_or(Code::Cancelled, Status::code);
        let error = self.status.as_ref().map(Status::message).filter(|message| !message.is_empty());
        tracing::info!(
            target: "arrowlink_server::access",
            method = self.method,
            peer = self.peer.map(tracing::field::display),
            name = self.record.name().map(tracing::field::display),
            rows = self.record.rows(),
            bytes = self.record.bytes(),
            duration_ms = self.started.elapsed().as_micros() as f64 / 1000.0,
            status = code_name(code),
            request_id = self.ctx.request_id(),
            error,
            "call"
        );
    }
}

/// Returns the name of `code` as gRPC's documents spell it.
const fn code_name(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}
