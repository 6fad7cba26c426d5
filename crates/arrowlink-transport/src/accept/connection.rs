//! One connection: handshake, HTTP/2 or HTTP/1.1, idleness, and the way out.
//!
//! A connection ends in one of four ways. Its client closes it; the server drains; it has had no call for too long; or
//! HTTP ends it over an error of the protocol. In all but the first the client of HTTP/2 is told by `GOAWAY`, calls that
//! run go on to their end, and the socket is closed when there is nothing more to wait for.

use std::convert::Infallible;
use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use arrowlink_core::{Error, ErrorKind};
use bytes::Bytes;
use http::{Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::http2;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulConnection;
use socket2::SockRef;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tower::Service;

use super::activity::Activity;
use super::call::{CallExecutor, CallService, with_flow};
use super::farewell::Lingering;
use super::version::Version;
use super::{Shared, http1};
use crate::Body;
use crate::flow::Flow;
use crate::listen::{Accepted, Io};
use crate::peer::{Encryption, Peer, PeerCertificates};
use crate::tls::{ServerTls, server_failure};

/// Serves a connection until either side ends it.
pub(super) async fn run<S>(accepted: Accepted, shared: Arc<Shared>, service: S)
where
    S: Service<Request<Incoming>, Response = Response<Body>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send + 'static,
{
    if let Accepted::Tcp(stream, addr) = &accepted {
        if let Err(error) = stream.set_nodelay(shared.options.http2.nodelay()) {
            tracing::debug!(peer = %addr, %error, "connection ended before it was accepted");
            return;
        }
        if addr.ip().is_loopback() {
            keep_little_under_way(stream);
        }
    }
    let (mut io, peer, agreed, certificates) = match (accepted, &shared.tls) {
        (Accepted::Plain(io, peer), _) => (io, peer, None, None),
        (Accepted::Tcp(stream, addr), None) => {
            (Box::new(stream) as Io, Peer::tcp(addr, Encryption::None), None, None)
        }
        (Accepted::Tcp(stream, addr), Some(tls)) => match encrypted(stream, addr, tls, &shared).await {
            Some(Encrypted { io, agreed, certificates }) => {
                (io, Peer::tcp(addr, Encryption::Tls), agreed, certificates)
            }
            None => return,
        },
    };
    let (version, first) = match agreed {
        Some(version) => (version, Bytes::new()),
        None => match begun(&mut io, peer, &shared).await {
            Some(begun) => begun,
            None => return,
        },
    };
    let activity = Arc::new(Activity::default());
    let io = Lingering::new(io, first, Arc::clone(&activity));
    let executor = CallExecutor::new(Arc::clone(&shared), activity, peer).with_certificates(certificates);
    match version {
        Version::Http2 => converse(io, executor, service).await,
        Version::Http1 => converse_one_by_one(io, executor, service).await,
    }
}

/// Waits for the first bytes of a client that said nothing by ALPN; `None` where it says nothing by them either.
async fn begun(io: &mut Io, peer: Peer, shared: &Shared) -> Option<(Version, Bytes)> {
    let first = timeout(shared.options.header_timeout, Version::of_first_bytes(io));
    match shared.draining.run_until_cancelled(first).await? {
        Ok(Ok(begun)) => begun,
        Ok(Err(error)) => {
            tracing::debug!(%peer, %error, "connection ended before its first request");
            None
        }
        Err(_) => {
            tracing::debug!(%peer, "connection without a word closed");
            None
        }
    }
}

/// Bounds what is on its way to a process of this host.
///
/// The system would let several megabytes pile up, which such a client receives into as much fresh memory: Arrow's C++
/// client then spends more time on page faults than on rows. Over a network the system's own measure is the better one.
fn keep_little_under_way(stream: &TcpStream) {
    // A refusal leaves the system's size, which works too.
    drop(SockRef::from(stream).set_send_buffer_size(LOOPBACK_BUFFER_BYTES));
}

/// What TLS has agreed on.
struct Encrypted {
    io: Io,
    agreed: Option<Version>,
    certificates: Option<PeerCertificates>,
}

/// Does the TLS handshake; a failure is logged here, with its reason.
async fn encrypted(
    stream: TcpStream,
    addr: SocketAddr,
    tls: &ServerTls,
    shared: &Shared,
) -> Option<Encrypted> {
    let limit = shared.options.handshake_timeout;
    let handshake = async {
        if let Some(reason) = plaintext(&stream).await {
            return Err((reason, stream));
        }
        let accepted = tls.accept(stream).into_fallible().await;
        // What the client sent and nobody read is thrown away in any case: by the buffer here, the rest below.
        accepted.map_err(|(error, stream)| (server_failure(&error), stream.into_inner()))
    };
    let draining = &shared.draining;
    let (reason, stream) = match draining.run_until_cancelled(timeout(limit, handshake)).await? {
        Ok(Ok(stream)) => {
            let session = stream.get_ref().1;
            let agreed = Version::of_alpn(session.alpn_protocol());
            let certificates =
                session.peer_certificates().map(|shown| shown.iter().map(|der| der.to_vec()).collect());
            return Some(Encrypted { io: Box::new(stream), agreed, certificates });
        }
        Ok(Err((reason, stream))) => (reason, Some(stream)),
        Err(_) => (format!("not finished within {limit:?}"), None),
    };
    tracing::warn!(peer = %addr, reason, "tls handshake failed");
    if let Some(stream) = stream {
        draining.run_until_cancelled(timeout(LINGER, read_out(stream))).await;
    }
    None
}

/// Ends a connection so that what was written to it arrives: closing it over unread bytes would take that back.
async fn read_out(mut stream: TcpStream) {
    if stream.shutdown().await.is_ok() {
        drop(tokio::io::copy(&mut stream.take(MOST_READ_OUT), &mut tokio::io::sink()).await);
    }
}

/// Says what a client speaks that does not speak TLS, by its first bytes, which stay where they are.
async fn plaintext(stream: &TcpStream) -> Option<String> {
    let mut first = [0; 4];
    let length = stream.peek(&mut first).await.ok()?;
    let speaks = match first.get(..length)? {
        [] => return Some("the client ended the connection without a word".to_owned()),
        [TLS_HANDSHAKE, ..] => return None,
        b"PRI " => "plaintext HTTP/2 (gRPC without TLS)",
        b"GET " | b"POST" | b"HEAD" | b"PUT " | b"OPTI" => "plaintext HTTP/1.1",
        _ => "something that is not TLS",
    };
    Some(format!("the client speaks {speaks} on the TLS port: give it `https://` and the CA file"))
}

/// Speaks HTTP/2: each call is a task of its own.
async fn converse<S>(io: Lingering<Io>, executor: CallExecutor, service: S)
where
    S: Service<Request<Incoming>, Response = Response<Body>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send + 'static,
{
    let options = &executor.shared().options;
    let mut builder = http2::Builder::new(executor.clone());
    builder
        .timer(TokioTimer::new())
        .max_concurrent_streams(options.max_concurrent_streams)
        .max_header_list_size(options.max_header_list_bytes)
        .initial_stream_window_size(options.http2.stream_window_bytes())
        .initial_connection_window_size(options.http2.connection_window_bytes())
        .max_frame_size(options.http2.max_frame_bytes())
        .max_send_buf_size(options.http2.max_send_buffer_bytes() as usize)
        .keep_alive_interval(options.keep_alive_interval)
        .keep_alive_timeout(options.keep_alive_timeout);
    let service = CallService::new(service, &executor);
    until_over(builder.serve_connection(TokioIo::new(io), service), &executor).await;
}

/// Speaks HTTP/1.1: the calls come one after the other, and one that stalls ends with its connection.
async fn converse_one_by_one<S>(io: Lingering<Io>, executor: CallExecutor, service: S)
where
    S: Service<Request<Incoming>, Response = Response<Body>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send + 'static,
{
    let options = &executor.shared().options;
    let flow = Arc::new(Flow::default());
    let io = TokioIo::new(io.with_flow(Arc::clone(&flow)));
    let service = CallService::counting(service, &executor);
    let connection = http1::builder(options).serve_connection(io, service);
    let (peer, limit) = (executor.peer(), options.stall_timeout);
    tokio::select! {
        () = with_flow(Arc::clone(&flow), until_over(connection, &executor)) => {}
        () = flow.stalled(limit) => {
            tracing::warn!(%peer, stall_timeout = ?limit, "call cut: its client stopped reading");
        }
    }
}

/// Runs a connection to its end, or to the end of what is to be waited for.
async fn until_over<C>(connection: C, executor: &CallExecutor)
where
    C: GracefulConnection<Error = hyper::Error>,
{
    let (shared, activity, peer) = (executor.shared(), executor.activity(), executor.peer());
    let options = &shared.options;
    let mut connection = pin!(connection);
    let working = poll_fn(|cx| connection.as_mut().poll(cx));
    let ended = tokio::select! {
        ended = working => Some(ended),
        () = activity.closing() => None,
        () = shared.draining.cancelled() => {
            connection.as_mut().graceful_shutdown();
            None
        }
        () = activity.idle(options.idle_timeout) => {
            tracing::debug!(%peer, "connection without calls closed");
            connection.as_mut().graceful_shutdown();
            None
        }
    };
    let ended = match ended {
        Some(ended) => ended,
        // Calls that run are bounded by the grace period of the whole server.
        None => tokio::select! {
            ended = connection => ended,
            () = activity.over(options.goodbye, options.grace) => Ok(()),
        },
    };
    if let Err(error) = ended {
        let error = Error::new(ErrorKind::Unavailable, "http").with_source(error).chain();
        tracing::debug!(%peer, error, "connection ended with an error");
    }
}

/// The send buffer of a connection from this host: enough to keep both sides busy.
const LOOPBACK_BUFFER_BYTES: usize = 1 << 20;
/// How long a client that was refused may take to hear of it.
const LINGER: Duration = Duration::from_secs(1);
/// The most bytes that are read from a client that was refused.
const MOST_READ_OUT: u64 = 64 * 1024;
/// The first byte of a TLS handshake record.
const TLS_HANDSHAKE: u8 = 0x16;
