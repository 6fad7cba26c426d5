//! The accept loop: every connection and every call is a task with an owner, within limits, and ends when asked to.
//!
//! tonic's own server cannot be joined, has no limit on connections and says nothing of failed handshakes; this one
//! hands requests to any tower service, tonic's `Routes` among them.

mod activity;
mod call;
mod connection;
mod farewell;
mod http1;
mod options;
mod version;

use std::convert::Infallible;
use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use http::{Request, Response};
use hyper::body::Incoming;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tower::{Service, ServiceExt as _};

use crate::listen::{Accepted, Listener};
use crate::tasks::Tasks;
use crate::tls::ServerTls;
use crate::{Body, Error};

pub use options::AcceptOptions;

/// Serves `service` on `listeners` until `shutdown` resolves, then lets running calls end.
///
/// It may answer with a [`Body`], as a [`Front`](crate::Front) does, or with that of tonic's generated services.
///
/// Connections speak HTTP/2 or HTTP/1.1, as ALPN or their first bytes say; gRPC needs the former, and is answered by HTTP
/// 505 over the latter, which carries one call at a time.
///
/// TCP connections speak TLS where `tls` is given and plaintext where it is not, never both; Unix sockets and
/// in-memory listeners are plaintext. Each request has its [`Peer`](crate::Peer) in its extensions, and where its client has
/// shown a certificate [`PeerCertificates`](crate::PeerCertificates). Deadlines that
/// clients send are kept by [`GrpcTimeout`](crate::GrpcTimeout), which goes around `service`, within the access log.
///
/// A connection past [`AcceptOptions::max_connections`] is closed at once and logged, so that its client hears of it
/// instead of waiting. A handshake that fails is logged with peer and reason. A panic in a call ends that call alone.
///
/// When `shutdown` resolves nothing new is accepted, connections are told to go away, and calls have
/// [`AcceptOptions::grace`] to end; then they are cut. A connection without calls has [`AcceptOptions::goodbye`] to
/// end, so that a client that does not react holds nothing up; what was sent to one that does arrives to its last
/// byte. All tasks have ended when this returns. Dropping the future cuts everything.
///
/// ```
/// use std::convert::Infallible;
/// use arrowlink_transport::{AcceptOptions, ConnectOptions, Connection, Drained, Listener, serve};
/// use http::{Request, Response};
/// use tonic::body::Body;
/// use tower::{ServiceExt as _, service_fn};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let service = service_fn(|_request| async { Ok::<_, Infallible>(Response::new(Body::empty())) });
/// let (listener, dialer) = Listener::in_memory();
/// let client = async {
///     let connection = Connection::over(dialer.dial().await?, &ConnectOptions::default()).await?;
///     assert_eq!(connection.oneshot(Request::new(Body::empty())).await?.status(), 200);
///     Ok::<_, Box<dyn std::error::Error>>(())
/// };
/// // The server runs until the client is done.
/// let served = serve(vec![listener], None, service, AcceptOptions::default(), async {
///     client.await.expect("an answer");
/// });
/// assert_eq!(served.await?, Drained::Complete);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// None at present; the listeners are bound already.
///
/// # Panics
///
/// Where the task of a listener panicked, with that panic.
pub async fn serve<S, B>(
    listeners: Vec<Listener>,
    tls: Option<ServerTls>,
    service: S,
    options: AcceptOptions,
    shutdown: impl Future<Output = ()> + Send,
) -> Result<Drained, Error>
where
    S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send + 'static,
    B: Into<Body> + 'static,
{
    let service = service.map_response(|response: Response<B>| response.map(Into::into));
    let shared = Arc::new(Shared::new(tls, options));
    let _cut_on_drop = shared.tasks.cut_on_drop();
    let mut accepting = JoinSet::new();
    for listener in listeners {
        accepting.spawn(accept_from(listener, Arc::clone(&shared), service.clone()));
    }
    tokio::select! {
        () = shutdown => {}
        () = panicked(&mut accepting) => {}
    }
    shared.draining.cancel();
    while let Some(ended) = accepting.join_next().await {
        resume(ended);
    }
    Ok(shared.drain().await)
}

/// How a drain ended.
///
/// A call has ended when its answer was handed to the connection to the last byte.
///
/// ```
/// use arrowlink_transport::Drained;
///
/// assert_eq!(Drained::Complete.to_string(), "every running call ended");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Drained {
    /// Every call that was running ended by itself.
    Complete,
    /// Some calls were still running when the grace period was over.
    Cut {
        /// How many.
        calls: usize,
    },
}

impl fmt::Display for Drained {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Complete => f.write_str("every running call ended"),
            Self::Cut { calls } => write!(f, "{calls} running calls were cut"),
        }
    }
}

/// What all listeners and connections of one server share.
#[derive(Debug)]
struct Shared {
    tls: Option<ServerTls>,
    options: AcceptOptions,
    tasks: Tasks,
    places: Arc<Semaphore>,
    draining: CancellationToken,
    calls: AtomicUsize,
}

impl Shared {
    fn new(tls: Option<ServerTls>, options: AcceptOptions) -> Self {
        let places = options.max_connections.min(Semaphore::MAX_PERMITS);
        Self {
            tls,
            options,
            tasks: Tasks::default(),
            places: Arc::new(Semaphore::new(places)),
            draining: CancellationToken::new(),
            calls: AtomicUsize::new(0),
        }
    }

    async fn drain(&self) -> Drained {
        if timeout(self.options.grace, self.tasks.join()).await.is_ok() {
            return self.drained(0);
        }
        let calls = self.calls.load(Ordering::Relaxed);
        self.tasks.cut();
        self.tasks.join().await;
        self.drained(calls)
    }

    fn drained(&self, calls: usize) -> Drained {
        let panics = self.tasks.panics();
        tracing::debug!(calls, panics, "drained");
        if calls == 0 { Drained::Complete } else { Drained::Cut { calls } }
    }
}

async fn accept_from<S>(mut listener: Listener, shared: Arc<Shared>, service: S)
where
    S: Service<Request<Incoming>, Response = Response<Body>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send + 'static,
{
    let draining = shared.draining.clone();
    let mut pause = SHORTEST_PAUSE;
    while let Some(accepted) = draining.run_until_cancelled(listener.accept()).await {
        match accepted {
            Ok(accepted) => {
                pause = SHORTEST_PAUSE;
                admit(accepted, &shared, &service);
            }
            Err(error) if is_of_one_connection(&error) => {
                tracing::debug!(%error, "connection ended before it was accepted");
            }
            Err(error) => {
                tracing::warn!(%error, addr = %listener.local_addr(), "cannot accept connections");
                draining.run_until_cancelled(sleep(pause)).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        }
    }
}

/// Starts the task of a connection, or closes it where there are too many.
fn admit<S>(accepted: Accepted, shared: &Arc<Shared>, service: &S)
where
    S: Service<Request<Incoming>, Response = Response<Body>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send + 'static,
{
    let Ok(place) = Arc::clone(&shared.places).try_acquire_owned() else {
        let (peer, max_connections) = (accepted.peer(), shared.options.max_connections);
        tracing::warn!(%peer, max_connections, "connection refused: too many connections");
        return;
    };
    let connection = connection::run(accepted, Arc::clone(shared), service.clone());
    shared.tasks.spawn(async move {
        connection.await;
        drop(place);
    });
}

/// Resolves when the task of a listener has panicked, by panicking; never where none does.
async fn panicked(accepting: &mut JoinSet<()>) {
    while let Some(ended) = accepting.join_next().await {
        resume(ended);
    }
    std::future::pending().await
}

fn resume(ended: Result<(), tokio::task::JoinError>) {
    if let Err(error) = ended
        && let Ok(panic) = error.try_into_panic()
    {
        std::panic::resume_unwind(panic);
    }
}

/// Whether an error of `accept` concerns the connection that was to be accepted and not the listener.
fn is_of_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset | io::ErrorKind::Interrupted
    )
}

/// How long the loop waits when it cannot accept, usually for want of file descriptors; doubles each time.
const SHORTEST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
