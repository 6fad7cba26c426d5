//! Ends calls that never end by themselves, watching health and reflection, once the server drains.
//!
//! Without it every drain would wait out its whole grace period for clients that merely look on. What is still to be
//! said goes first: a client that watches health hears `NOT_SERVING`, then its call ends with `UNAVAILABLE`.

use std::convert::Infallible;
use std::future::Future as _;
use std::pin::Pin;
use std::task::{Context, Poll};

use arrowlink_transport::{Body, Rope};
use futures::FutureExt as _;
use futures::future::BoxFuture;
use http::{HeaderMap, Request, Response};
use http_body::{Frame, SizeHint};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};
use tonic::Status;
use tower::Service;

use super::HttpService;

/// Says that the server drains. Cloning is cheap, all clones are one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ending(CancellationToken);

impl Ending {
    /// Ends watching, for all clones.
    pub(crate) fn begin(&self) {
        self.0.cancel();
    }

    /// Waits for the drain to begin.
    fn wait(&self) -> WaitForCancellationFutureOwned {
        self.0.clone().cancelled_owned()
    }
}

/// Ends the bodies of calls that watch when the server drains.
#[derive(Clone, Debug)]
pub(crate) struct EndWatching<S> {
    inner: S,
    ending: Ending,
}

impl<S> EndWatching<S> {
    pub(super) const fn new(inner: S, ending: Ending) -> Self {
        Self { inner, ending }
    }
}

impl<B, S: HttpService<B>> Service<Request<B>> for EndWatching<S> {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let watches = request.uri().path().starts_with(WATCHING);
        let answer = self.inner.call(request);
        if !watches {
            return answer.boxed();
        }
        let ending = Box::pin(self.ending.wait());
        async move { Ok(answer.await?.map(|body| Body::new(Watched { body, ending, ended: false }))) }.boxed()
    }
}

/// A body that ends with `UNAVAILABLE` once there is nothing more to say and the server drains.
struct Watched {
    body: Body,
    ending: Pin<Box<WaitForCancellationFutureOwned>>,
    ended: bool,
}

impl http_body::Body for Watched {
    type Data = Rope;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Rope>, Status>>> {
        if self.ended {
            return Poll::Ready(None);
        }
        if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(cx) {
            return Poll::Ready(frame);
        }
        std::task::ready!(self.ending.as_mut().poll(cx));
        self.ended = true;
        let mut trailers = HeaderMap::new();
        let status = Status::unavailable("the server is going away");
        Poll::Ready(Some(status.add_header(&mut trailers).map(|()| Frame::trailers(trailers))))
    }

    fn is_end_stream(&self) -> bool {
        self.ended || self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// The paths of services that may be watched: `grpc.health.*` and `grpc.reflection.*`.
const WATCHING: &str = "/grpc.";
