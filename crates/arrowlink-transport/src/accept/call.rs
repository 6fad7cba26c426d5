//! One call: counted while it runs, its peer told to the service, cut when its client stops reading.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use http::{Request, Response};
use http_body::{Frame, SizeHint};
use hyper::body::Incoming;
use tokio::time::{Instant, sleep, sleep_until};
use tonic::Status;
use tonic::body::Body;
use tower::{Service, ServiceExt as _};

use super::Shared;
use crate::flow::Flow;
use crate::peer::Peer;

/// Whether a connection has calls, and since when it has none.
#[derive(Debug)]
pub(super) struct Activity {
    calls: AtomicUsize,
    last: Mutex<Instant>,
}

impl Default for Activity {
    fn default() -> Self {
        Self { calls: AtomicUsize::new(0), last: Mutex::new(Instant::now()) }
    }
}

impl Activity {
    /// Resolves when there has been no call for `limit`.
    pub(super) async fn idle(&self, limit: Duration) {
        loop {
            let last = *self.last.lock().unwrap_or_else(PoisonError::into_inner);
            if self.calls.load(Ordering::Relaxed) > 0 {
                sleep(limit).await;
            } else if last.elapsed() < limit {
                sleep_until(last + limit).await;
            } else {
                return;
            }
        }
    }
}

/// Runs each call of a connection as a task of the server.
#[derive(Clone, Debug)]
pub(super) struct CallExecutor {
    shared: Arc<Shared>,
    activity: Arc<Activity>,
    peer: Peer,
}

impl CallExecutor {
    pub(super) const fn new(shared: Arc<Shared>, activity: Arc<Activity>, peer: Peer) -> Self {
        Self { shared, activity, peer }
    }
}

impl<F> hyper::rt::Executor<F> for CallExecutor
where
    F: Future<Output: Send> + Send + 'static,
{
    fn execute(&self, call: F) {
        let running = Running::new(self);
        let (peer, limit) = (self.peer, self.shared.options.stall_timeout);
        let flow = Arc::new(Flow::default());
        self.shared.tasks.spawn(FLOW.scope(Arc::clone(&flow), async move {
            let _running = running;
            tokio::select! {
                _ = call => {}
                () = flow.stalled(limit) => {
                    tracing::warn!(%peer, stall_timeout = ?limit, "call cut: its client stopped reading");
                }
            }
        }));
    }
}

/// Counts a call until it is dropped.
struct Running(CallExecutor);

impl Running {
    fn new(executor: &CallExecutor) -> Self {
        executor.activity.calls.fetch_add(1, Ordering::Relaxed);
        executor.shared.calls.fetch_add(1, Ordering::Relaxed);
        Self(executor.clone())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        *self.0.activity.last.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
        self.0.activity.calls.fetch_sub(1, Ordering::Relaxed);
        self.0.shared.calls.fetch_sub(1, Ordering::Relaxed);
    }
}

tokio::task_local! {
    /// The flow of the call whose task this is.
    static FLOW: Arc<Flow>;
}

/// The service as hyper calls it.
#[derive(Clone, Debug)]
pub(super) struct CallService<S> {
    inner: S,
    peer: Peer,
}

impl<S> CallService<S> {
    pub(super) const fn new(inner: S, peer: Peer) -> Self {
        Self { inner, peer }
    }
}

impl<S> hyper::service::Service<Request<Incoming>> for CallService<S>
where
    S: Service<Request<Incoming>, Response = Response<Body>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send + 'static,
{
    type Response = Response<Watched>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response<Watched>, Infallible>>;

    fn call(&self, mut request: Request<Incoming>) -> Self::Future {
        request.extensions_mut().insert(self.peer);
        let answer = self.inner.clone().oneshot(request);
        async move {
            let response = answer.await?;
            let flow = FLOW.try_with(Arc::clone).unwrap_or_default();
            Ok(response.map(|inner| Watched { inner, flow, rest: Bytes::new() }))
        }
        .boxed()
    }
}

/// A body that notes when its pieces are taken.
pub(super) struct Watched {
    inner: Body,
    flow: Arc<Flow>,
    rest: Bytes,
}

impl Watched {
    /// Gives out at most [`PIECE_BYTES`] at a time, so that a slow client is seen to make progress.
    fn piece(&mut self, mut data: Bytes) -> Frame<Bytes> {
        self.rest = data.split_off(data.len().min(PIECE_BYTES));
        Frame::data(data)
    }
}

impl http_body::Body for Watched {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        self.flow.producing();
        let frame = if self.rest.is_empty() {
            match futures::ready!(Pin::new(&mut self.inner).poll_frame(cx)) {
                Some(Ok(frame)) => frame.into_data().map_or_else(|other| other, |data| self.piece(data)),
                ended => return Poll::Ready(ended),
            }
        } else {
            let rest = std::mem::take(&mut self.rest);
            self.piece(rest)
        };
        self.flow.offered();
        Poll::Ready(Some(Ok(frame)))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        if self.rest.is_empty() { self.inner.size_hint() } else { SizeHint::default() }
    }
}

/// The most bytes that are handed to HTTP/2 at once.
const PIECE_BYTES: usize = 1 << 20;
