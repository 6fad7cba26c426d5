//! Says which method is not there, where tonic answers with a bare `UNIMPLEMENTED`.
//!
//! An answer that says why, as one to a compressed message does, is passed on as it is.

use std::convert::Infallible;
use std::task::{Context, Poll};

use arrowlink_core::{CallContext, Error, ErrorKind};
use arrowlink_transport::Body;
use arrowlink_transport::status::to_status;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use http::{HeaderMap, Request, Response};
use tonic::{Code, Status};
use tower::Service;

use super::HttpService;

/// Puts words into answers that a method is not there.
#[derive(Clone, Debug)]
pub(crate) struct NameUnknown<S> {
    inner: S,
}

impl<S> NameUnknown<S> {
    pub(super) const fn new(inner: S) -> Self {
        Self { inner }
    }
}

impl<B, S: HttpService<B>> Service<Request<B>> for NameUnknown<S> {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let ctx = request.extensions().get::<CallContext>().cloned().unwrap_or_default();
        let path = request.uri().path().to_owned();
        let answer = self.inner.call(request);
        async move {
            let answer = answer.await?;
            let unknown = is_bare(answer.headers());
            Ok(if unknown { to_status(&no_method(&path, &ctx)).into_http() } else { answer })
        }
        .boxed()
    }
}

/// Returns whether the answer says that the method is not there, and no more.
fn is_bare(headers: &HeaderMap) -> bool {
    Status::from_header_map(headers)
        .is_some_and(|status| status.code() == Code::Unimplemented && status.message().is_empty())
}

fn no_method(path: &str, ctx: &CallContext) -> Error {
    let path = path.get(..MOST_PATH_BYTES).unwrap_or(path);
    let text =
        format!("there is no method `{path}` on this server: gRPC reflection lists those that there are");
    Error::new(ErrorKind::Unsupported, text).with_request_id(ctx.request_id())
}

/// How much of a path is repeated to its client.
const MOST_PATH_BYTES: usize = 200;
