//! Gives every call an id, which goes into its context, its log lines, its errors and its answer's metadata.
//!
//! The id is a version 7 UUID, so that ids sort by time. A client may bring an id of its own, so that one id follows a
//! request through several servers; it is taken where it is at most 64 letters, digits, `-`, `_` and `.`, and replaced
//! without a word where it is not: what is logged as it is must not be able to look like something else.

use std::convert::Infallible;
use std::task::{Context, Poll};

use arrowlink_core::CallContext;
use arrowlink_transport::Body;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use http::header::{HeaderMap, HeaderName, HeaderValue};
use http::{Request, Response};
use tower::Service;

use super::HttpService;

/// Puts a [`CallContext`] into each request, and its id into the answer.
#[derive(Clone, Debug)]
pub(crate) struct RequestIds<S> {
    inner: S,
}

impl<S> RequestIds<S> {
    pub(super) const fn new(inner: S) -> Self {
        Self { inner }
    }
}

impl<B, S: HttpService<B>> Service<Request<B>> for RequestIds<S> {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let mut ctx = CallContext::new();
        if let Some(id) = brought(request.headers()) {
            ctx = ctx.with_request_id(id);
        }
        let id = HeaderValue::from_str(ctx.request_id());
        request.extensions_mut().insert(ctx);
        let answer = self.inner.call(request);
        async move {
            let mut answer = answer.await?;
            if let Ok(id) = id {
                answer.headers_mut().insert(REQUEST_ID, id);
            }
            Ok(answer)
        }
        .boxed()
    }
}

/// Returns the id that the client brought, where it is short and plain enough to be logged as it is.
fn brought(headers: &HeaderMap) -> Option<&str> {
    let id = headers.get(&REQUEST_ID)?.to_str().ok()?;
    let plain = id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'));
    (plain && (1..=LONGEST).contains(&id.len())).then_some(id)
}

/// The metadata key of the id, in requests and in answers.
const REQUEST_ID: HeaderName = HeaderName::from_static("arrowlink-request-id");
/// The longest id that a client may bring, in bytes.
const LONGEST: usize = 64;
