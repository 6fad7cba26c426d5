//! The client's end: one HTTP/2 connection, over TLS, a Unix socket or memory.
//!
//! Nothing here reconnects or retries; a connection that is lost is replaced by whoever holds it. What it says when it
//! cannot be made, or is lost, names the address, the cause, and what to do.

mod authorization;
mod call;
mod endpoint;
mod flight;
mod messages;
mod options;
mod tickets;
mod transfer;
mod upload;

use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use arrowlink_core::{Error, ErrorKind};
use futures::FutureExt as _;
use futures::future::BoxFuture;
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{Request, Response, Uri, header};
use http_body::{Frame, SizeHint};
use hyper::client::conn::http2::{self, SendRequest};
use hyper_util::rt::{TokioIo, TokioTimer};
use rustls_pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};
use tokio::time::timeout;
use tower::Service;

use crate::Body;
use crate::listen::Io;
use crate::pool::BlockPool;
use crate::tasks::Tasks;
use crate::tls::{client_failure, lost_to_alert};
use crate::unix::enlarge_buffers;

pub use authorization::Authorization;
pub use endpoint::DEFAULT_PORT;
use endpoint::Endpoint;
pub use messages::FlightTicket;
pub use options::{ConnectOptions, Plaintext, TransferOptions};

/// One HTTP/2 connection to a server. Clones share it; it is closed when the last of them, and the last answer that is
/// still being read, is dropped.
///
/// A [`tower::Service`] that tonic's generated clients run on as they do on a channel. Each call is one HTTP/2 stream,
/// so that many run at a time; how many, the server says ([`AcceptOptions`](crate::AcceptOptions)), and further ones wait
/// in `poll_ready` or for their answer.
///
/// Arrow Flight's data calls are methods, [`do_get`](Self::do_get), [`do_put`](Self::do_put) and
/// [`do_exchange`](Self::do_exchange), and so are the two of the small service,
/// [`get_arrow_data`](Self::get_arrow_data) and [`send_arrow_data`](Self::send_arrow_data).
#[derive(Clone)]
pub struct Connection {
    send: SendRequest<Body>,
    scheme: Scheme,
    authority: Authority,
    authorization: Option<Authorization>,
    pool: BlockPool,
    driver: Arc<Driver>,
}

/// What keeps the connection's tasks alive.
struct Driver {
    address: String,
    tasks: Tasks,
}

impl Drop for Driver {
    fn drop(&mut self) {
        self.tasks.cut();
    }
}

impl Connection {
    /// Connects to `https://HOST[:PORT]` (port 50051 where none is given), `unix:///PATH`, or, only where the options
    /// allow it and the host is this machine, `http://HOST[:PORT]`.
    ///
    /// There is no fallback from TLS to plaintext. One attempt is made; the caller decides about another.
    ///
    /// ```
    /// use arrowlink_core::ErrorKind;
    /// use arrowlink_transport::{ConnectOptions, Connection};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let plaintext = Connection::connect("http://db.example:50051", &ConnectOptions::default()).await;
    /// assert_eq!(plaintext.unwrap_err().kind(), ErrorKind::InvalidArgument);
    ///
    /// let nobody = Connection::connect("unix:///nowhere/arrowlink.sock", &ConnectOptions::default()).await;
    /// assert_eq!(nobody.unwrap_err().kind(), ErrorKind::Unavailable);
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidArgument`] for an address that is none of these and for `https` without a CA;
    /// [`ErrorKind::Unauthenticated`] where the server's certificate is not accepted, or the client's; it says why and what to
    /// do; [`ErrorKind::Unavailable`] where nobody answers; [`ErrorKind::DeadlineExceeded`] after
    /// [`ConnectOptions::connect_timeout`].
    pub async fn connect(uri: &str, options: &ConnectOptions) -> Result<Self, Error> {
        let endpoint = Endpoint::parse(uri, options)?;
        let limit = options.connect_timeout;
        let connecting = async {
            let io = dial(&endpoint, uri, options.http2.nodelay()).await?;
            Self::over_io(io, uri, &endpoint, options).await
        };
        timeout(limit, connecting).await.unwrap_or_else(|_| {
            let text = format!("`{uri}` did not answer within {limit:?}");
            Err(Error::new(ErrorKind::DeadlineExceeded, text))
        })
    }

    /// Speaks HTTP/2 over bytes that somebody else connected, such as those of a [`Dialer`](crate::Dialer).
    ///
    /// Its [`address`](Self::address) is `memory`. Neither TLS nor a time limit is added: both are whose connected it.
    ///
    /// ```
    /// use arrowlink_transport::{ConnectOptions, Connection};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), arrowlink_core::Error> {
    /// let (near, far) = tokio::io::duplex(4096);
    /// let connection = Connection::over(near, &ConnectOptions::default()).await?;
    /// assert_eq!((connection.address(), connection.is_closed()), ("memory", false));
    ///
    /// drop(far);
    /// while !connection.is_closed() {
    ///     tokio::task::yield_now().await;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unavailable`] where the other end does not answer in HTTP/2.
    pub async fn over(
        stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
        options: &ConnectOptions,
    ) -> Result<Self, Error> {
        Self::over_io(Box::new(stream), "memory", &Endpoint::Memory, options).await
    }

    async fn over_io(
        io: Io,
        address: &str,
        endpoint: &Endpoint,
        options: &ConnectOptions,
    ) -> Result<Self, Error> {
        let tasks = Tasks::default();
        let driver = Arc::new(Driver { address: address.to_owned(), tasks: tasks.clone() });
        let mut builder = http2::Builder::new(tasks.clone());
        builder
            .timer(TokioTimer::new())
            .initial_stream_window_size(options.http2.stream_window_bytes())
            .initial_connection_window_size(options.http2.connection_window_bytes())
            .max_frame_size(options.http2.max_frame_bytes())
            .max_send_buf_size(options.http2.max_send_buffer_bytes() as usize)
            .max_header_list_size(MAX_HEADER_LIST_BYTES)
            .keep_alive_interval(options.keep_alive_interval)
            .keep_alive_timeout(options.keep_alive_timeout);
        let (send, connection) =
            builder.handshake(TokioIo::new(io)).await.map_err(|error| lost(&driver.address, &error))?;
        tasks.spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "connection ended with an error");
            }
        });
        Ok(Self {
            send,
            scheme: endpoint.scheme(),
            authority: endpoint.authority(),
            authorization: options.authorization.clone(),
            pool: options.pool.clone(),
            driver,
        })
    }

    /// Sends `authorization` with each call of this clone, in the place of what it was made with
    /// ([`ConnectOptions::authorization`]).
    #[must_use]
    pub fn with_authorization(mut self, authorization: Authorization) -> Self {
        self.authorization = Some(authorization);
        self
    }

    /// Returns whether the connection is known to be of no use any more: lost, or ended by the server.
    ///
    /// `false` promises nothing: a host that is gone is noticed when it does not answer a ping.
    pub fn is_closed(&self) -> bool {
        self.send.is_closed()
    }

    /// Returns the address it was connected to, as it was given to [`connect`](Self::connect).
    pub fn address(&self) -> &str {
        &self.driver.address
    }

    /// Sends a request as soon as the server allows another call, and waits for the head of its answer.
    async fn answer(&self, request: Request<Body>) -> Result<Response<ResponseBody>, Error> {
        let mut connection = self.clone();
        connection.send.ready().await.map_err(|error| lost(&self.driver.address, &error))?;
        connection.begin(request).await
    }

    /// Sends a request at once.
    fn begin(
        &mut self,
        mut request: Request<Body>,
    ) -> impl Future<Output = Result<Response<ResponseBody>, Error>> + Send + 'static {
        *request.uri_mut() = self.absolute(request.uri());
        if let Some(authorization) = &self.authorization {
            request.headers_mut().insert(header::AUTHORIZATION, authorization.value());
        }
        let answer = self.send.send_request(request);
        let driver = Arc::clone(&self.driver);
        async move {
            match answer.await {
                Ok(response) => Ok(response.map(|inner| ResponseBody { inner, _driver: driver })),
                Err(error) => Err(lost(&driver.address, &error)),
            }
        }
    }

    fn absolute(&self, uri: &Uri) -> Uri {
        let mut parts = http::uri::Parts::default();
        parts.scheme = Some(self.scheme.clone());
        parts.authority = Some(self.authority.clone());
        parts.path_and_query =
            Some(uri.path_and_query().cloned().unwrap_or_else(|| PathAndQuery::from_static("/")));
        Uri::from_parts(parts).unwrap_or_default()
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").field("address", &self.driver.address).finish_non_exhaustive()
    }
}

impl Service<Request<tonic::body::Body>> for Connection {
    type Response = Response<ResponseBody>;
    type Error = Error;
    type Future = BoxFuture<'static, Result<Response<ResponseBody>, Error>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.send.poll_ready(cx).map_err(|error| lost(&self.driver.address, &error))
    }

    fn call(&mut self, request: Request<tonic::body::Body>) -> Self::Future {
        self.begin(request.map(Body::from)).boxed()
    }
}

/// The body of an answer as it comes, in HTTP/2's frames; keeps its connection open until it is dropped.
///
/// Dropping it before its end cancels the call. What has come and was not taken counts against the windows of
/// [`ConnectOptions`], so that a body that is not read stops the server and nothing else.
pub struct ResponseBody {
    inner: hyper::body::Incoming,
    _driver: Arc<Driver>,
}

impl http_body::Body for ResponseBody {
    type Data = bytes::Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<bytes::Bytes>, hyper::Error>>> {
        Pin::new(&mut self.inner).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

impl fmt::Debug for ResponseBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseBody").finish_non_exhaustive()
    }
}

async fn dial(endpoint: &Endpoint, uri: &str, nodelay: bool) -> Result<Io, Error> {
    let refused = |error: io::Error| {
        Error::new(ErrorKind::Unavailable, format!("cannot connect to `{uri}`: is a server running there?"))
            .with_source(error)
    };
    match endpoint {
        Endpoint::Memory => Err(refused(io::ErrorKind::ConnectionRefused.into())),
        Endpoint::Unix(path) => {
            let stream = UnixStream::connect(path).await.map_err(refused)?;
            enlarge_buffers(&stream);
            Ok(Box::new(stream))
        }
        Endpoint::Plaintext { host, port } => {
            let stream = TcpStream::connect((host.as_str(), *port)).await.map_err(refused)?;
            stream.set_nodelay(nodelay).map_err(refused)?;
            Ok(Box::new(stream))
        }
        Endpoint::Tls { host, port, tls } => {
            let stream = TcpStream::connect((host.as_str(), *port)).await.map_err(refused)?;
            stream.set_nodelay(nodelay).map_err(refused)?;
            let name = ServerName::try_from(host.clone()).map_err(|_| endpoint::invalid(uri))?;
            let connected = tls.connect(name, stream).await;
            Ok(Box::new(connected.map_err(|error| client_failure(&error, uri, tls.ca()))?))
        }
    }
}

/// What is told when a connection ends under a call. A server that refuses the client's certificate says so only then.
fn lost(address: &str, error: &hyper::Error) -> Error {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text.push_str(&format!(": {error}"));
        cause = error.source();
    }
    if address.starts_with("http:") {
        let text =
            format!("the connection to `{address}` was lost: use `https:` where the server speaks TLS");
        return Error::new(ErrorKind::Unavailable, text);
    }
    lost_to_alert(address, &text).unwrap_or_else(|| {
        // What TLS says of a server that was killed is a page of its documentation.
        let cause = if text.contains("close_notify") { "the server went away".to_owned() } else { text };
        Error::new(ErrorKind::Unavailable, format!("the connection to `{address}` was lost"))
            .with_source(cause)
    })
}

const MAX_HEADER_LIST_BYTES: u32 = 64 * 1024;
