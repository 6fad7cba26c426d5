//! One call: counted while it runs, its peer told to the service, cut when its client stops reading.
//!
//! hyper hands each call to an executor as a future that ends when the answer's last byte was given to HTTP/2. That
//! future is what is counted here, so that a call counts as running while its answer waits for the client, too.
//!
//! Over HTTP/1.1 there is no such future: there the body of the answer counts the call for as long as it lives.
//!
//! A client that reads nothing would hold an answer, and what it was made of, for ever. The body is therefore
//! [`Watched`].

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use http::{Request, Response};
use hyper::body::Incoming;
use tower::{Service, ServiceExt as _};

use super::activity::Activity;
use super::{Shared, http1};
use crate::Body;
use crate::flow::Flow;
use crate::peer::{Peer, PeerCertificates};
use crate::watched::Watched;

/// Runs each call of a connection as a task of the server, which outlives neither the connection nor the grace period.
#[derive(Clone, Debug)]
pub(super) struct CallExecutor {
    shared: Arc<Shared>,
    activity: Arc<Activity>,
    peer: Peer,
    certificates: Option<PeerCertificates>,
}

impl CallExecutor {
    pub(super) const fn new(shared: Arc<Shared>, activity: Arc<Activity>, peer: Peer) -> Self {
        Self { shared, activity, peer, certificates: None }
    }

    /// Sets what the client has shown.
    pub(super) fn with_certificates(mut self, certificates: Option<PeerCertificates>) -> Self {
        self.certificates = certificates;
        self
    }

    pub(super) const fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    pub(super) const fn activity(&self) -> &Arc<Activity> {
        &self.activity
    }

    pub(super) const fn peer(&self) -> Peer {
        self.peer
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
        executor.activity.begin();
        executor.shared.calls.fetch_add(1, Ordering::Relaxed);
        Self(executor.clone())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.activity.end();
        self.0.shared.calls.fetch_sub(1, Ordering::Relaxed);
    }
}

tokio::task_local! {
    /// The flow of the call whose task this is.
    static FLOW: Arc<Flow>;
}

/// Runs `connection` so that all its calls have `flow`: those of HTTP/1.1, which come one after the other.
pub(super) async fn with_flow<T>(flow: Arc<Flow>, connection: impl Future<Output = T>) -> T {
    FLOW.scope(flow, connection).await
}

/// The service as hyper calls it.
#[derive(Clone, Debug)]
pub(super) struct CallService<S> {
    inner: S,
    peer: Peer,
    certificates: Option<PeerCertificates>,
    /// What counts the calls, where the executor does not.
    counter: Option<CallExecutor>,
}

impl<S> CallService<S> {
    /// Calls `inner` for HTTP/2, whose calls are run by `executor`.
    pub(super) fn new(inner: S, executor: &CallExecutor) -> Self {
        Self { inner, peer: executor.peer, certificates: executor.certificates.clone(), counter: None }
    }

    /// Calls `inner` for HTTP/1.1, whose calls are no tasks of their own.
    pub(super) fn counting(inner: S, counter: &CallExecutor) -> Self {
        Self { counter: Some(counter.clone()), ..Self::new(inner, counter) }
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
        if let Some(certificates) = &self.certificates {
            request.extensions_mut().insert(certificates.clone());
        }
        let running = self.counter.as_ref().map(Running::new);
        let refusal = running.as_ref().and_then(|_| http1::refuse_grpc(&request));
        let answer = self.inner.clone().oneshot(request);
        async move {
            let response = match refusal {
                Some(refusal) => refusal,
                None => answer.await?,
            };
            let flow = FLOW.try_with(Arc::clone).unwrap_or_default();
            Ok(response.map(|inner| Watched::new(inner, flow).while_alive(running)))
        }
        .boxed()
    }
}
