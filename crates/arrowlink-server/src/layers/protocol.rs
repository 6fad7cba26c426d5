//! Tells gRPC from plain HTTP, by what a request says that it carries, and hands each to its service.

use std::convert::Infallible;
use std::task::{Context, Poll};

use arrowlink_core::{CallContext, Error, ErrorKind};
use arrowlink_http::{HttpService, answer_to};
use arrowlink_transport::Body;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use http::{HeaderMap, Request, Response, header};
use tower::{Service, ServiceExt as _};

use super::HttpService as Answers;

/// What a request speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    /// gRPC, in any of its encodings.
    Grpc,
    /// Everything else.
    Http,
}

impl Protocol {
    /// Tells by the content type, which every call of gRPC has.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let content_type = headers.get(header::CONTENT_TYPE).map(|value| value.as_bytes());
        let start = content_type.and_then(|value| value.get(..GRPC.len()));
        if start.is_some_and(|start| start.eq_ignore_ascii_case(GRPC)) { Self::Grpc } else { Self::Http }
    }
}

/// A service of gRPC, and the one of plain HTTP where that is switched on.
#[derive(Clone, Debug)]
pub(crate) struct Protocols<S> {
    grpc: S,
    http: Option<HttpService>,
}

impl<S> Protocols<S> {
    pub(super) const fn new(grpc: S, http: Option<HttpService>) -> Self {
        Self { grpc, http }
    }
}

impl<B, S> Service<Request<B>> for Protocols<S>
where
    S: Answers<B>,
    HttpService: Answers<B>,
    B: Send + 'static,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.grpc.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        match (Protocol::of(request.headers()), &self.http) {
            (Protocol::Grpc, _) => self.grpc.call(request).boxed(),
            (Protocol::Http, Some(http)) => http.clone().oneshot(request).boxed(),
            (Protocol::Http, None) => std::future::ready(Ok(switched_off(&request))).boxed(),
        }
    }
}

fn switched_off<B>(request: &Request<B>) -> Response<Body> {
    let error = Error::new(ErrorKind::NotFound, "this server answers gRPC alone: `http.enabled` is false");
    let ctx = request.extensions().get::<CallContext>().cloned().unwrap_or_default();
    answer_to(&error.with_request_id(ctx.request_id()))
}

const GRPC: &[u8] = b"application/grpc";
