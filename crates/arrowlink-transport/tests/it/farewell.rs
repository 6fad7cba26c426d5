//! The end of a connection: answers arrive to their last byte, and silent clients hold nothing up.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use arrowlink_transport::{AcceptOptions, Drained, ServerTls, certificates};
use bytes::Bytes;
use futures::future::BoxFuture;
use futures::{FutureExt as _, StreamExt as _, stream};
use http::{Request, Response};
use http_body::Frame;
use http_body_util::StreamBody;
use hyper::body::Incoming;
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, ServerName};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep};
use tokio_rustls::TlsConnector;
use tonic::body::Body;
use tower::service_fn;

use crate::raw::{DATA, GO_AWAY, RawClient};
use crate::support::{Server, catalog, front};

type Answer = Result<Response<Body>, Infallible>;

/// What a service of one large answer and its test tell each other.
#[derive(Default)]
struct Course {
    /// The call has begun.
    began: Notify,
    /// The answer may begin.
    gate: Notify,
    /// The last byte of the answer was taken.
    taken: Notify,
}

/// A service that answers with `ANSWER_BYTES` when it may.
fn large() -> (Arc<Course>, impl Fn(Request<Incoming>) -> BoxFuture<'static, Answer> + Clone) {
    let course = Arc::new(Course::default());
    let shared = Arc::clone(&course);
    let handler = move |_request: Request<Incoming>| {
        let (course, end) = (Arc::clone(&shared), Arc::clone(&shared));
        let pieces = stream::iter((0..ANSWER_BYTES / PIECE_BYTES).map(|_| Bytes::from(vec![7; PIECE_BYTES])));
        let end = stream::once(async move { end.taken.notify_one() }).filter_map(async |()| None);
        let body = pieces.chain(end).map(|piece| Ok::<_, tonic::Status>(Frame::data(piece)));
        async move {
            course.began.notify_one();
            course.gate.notified().await;
            Answer::Ok(Response::new(Body::new(StreamBody::new(body.boxed()))))
        }
        .boxed()
    };
    (course, handler)
}

/// Reads the rest of an answer as a slow client does: one frame, one window update, one frame.
async fn read_to_the_end<T>(client: &mut RawClient<T>, pause: Duration) -> io::Result<usize>
where
    T: AsyncRead + AsyncWrite + Unpin,
{
    let mut received = 0;
    while let Some(frame) = client.polite_frame().await? {
        if frame.kind == DATA {
            received += frame.payload.len();
        }
        if frame.ends_the_call() {
            return Ok(received);
        }
        client.update_window().await?;
        sleep(pause).await;
    }
    Err(io::ErrorKind::UnexpectedEof.into())
}

/// Connects with a receive buffer that holds next to nothing, so that an answer stays in the server's send buffer.
async fn narrow(port: u16) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    socket.connect(([127, 0, 0, 1], port).into()).await.unwrap()
}

/// Drains a server while a call runs, so that its connection ends with the answer, and reads that answer afterwards.
async fn check<T>(mut client: RawClient<T>, server: Server, course: Arc<Course>)
where
    T: AsyncRead + AsyncWrite + Unpin,
{
    client.call("/").await;
    client.finish().await;
    course.began.notified().await;
    let stopping = tokio::spawn(server.stop());
    let mut farewells = 0;
    while farewells < 2 {
        farewells += usize::from(client.polite_frame().await.unwrap().unwrap().kind == GO_AWAY);
    }
    course.gate.notify_one();
    course.taken.notified().await;
    assert_eq!(read_to_the_end(&mut client, Duration::ZERO).await.unwrap(), ANSWER_BYTES);
    while let Some(_frame) = client.polite_frame().await.unwrap() {}
    drop(client);
    assert_eq!(stopping.await.unwrap(), Drained::Complete);
}

#[tokio::test]
async fn an_answer_arrives_to_its_last_byte_when_the_server_drains() {
    let (course, handler) = large();
    let server = Server::on_loopback(None, service_fn(handler), AcceptOptions::default()).await;
    let client = RawClient::start(narrow(server.port()).await).await;
    check(client, server, course).await;
}

#[tokio::test]
async fn an_answer_arrives_to_its_last_byte_over_tls_too() {
    let dir = tempfile::tempdir().unwrap();
    let files = certificates::development(dir.path()).unwrap();
    let tls = ServerTls::from_files(&files, None).unwrap();
    let (course, handler) = large();
    let server = Server::on_loopback(Some(tls), service_fn(handler), AcceptOptions::default()).await;

    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(&files.ca).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec()];
    let connector = TlsConnector::from(Arc::new(config));
    let name = ServerName::try_from("localhost").unwrap();
    let stream = connector.connect(name, narrow(server.port()).await).await.unwrap();
    check(RawClient::start(stream).await, server, course).await;
}

#[tokio::test]
async fn an_answer_arrives_to_its_last_byte_when_its_connection_is_idle_by_then() {
    let (course, handler) = large();
    let options = AcceptOptions::default()
        .with_idle_timeout(Duration::from_millis(1))
        .with_goodbye(Duration::from_secs(30));
    let server = Server::on_loopback(None, service_fn(handler), options).await;
    let mut client = RawClient::start(narrow(server.port()).await).await;
    course.gate.notify_one();
    client.call("/").await;
    client.finish().await;
    course.taken.notified().await;
    assert_eq!(read_to_the_end(&mut client, Duration::ZERO).await.unwrap(), ANSWER_BYTES);
    while let Some(_frame) = client.polite_frame().await.unwrap() {}
    drop(client);
    server.stop().await;
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_read_slowly_arrives_although_the_goodbye_is_shorter() {
    let (course, handler) = large();
    let (server, dialer) = Server::in_memory(service_fn(handler), AcceptOptions::default());
    let mut client = RawClient::start(dialer.dial().await.unwrap()).await;
    course.gate.notify_one();
    client.call("/").await;
    client.finish().await;
    let start = Instant::now();
    let reading = async {
        let received = read_to_the_end(&mut client, Duration::from_millis(300)).await.unwrap();
        drop(client);
        received
    };
    let stopping = async {
        course.taken.notified().await;
        server.stop().await
    };
    assert_eq!(futures::future::join(reading, stopping).await, (ANSWER_BYTES, Drained::Complete));
    assert!(start.elapsed() > AcceptOptions::default().goodbye * 4, "{:?}", start.elapsed());
}

/// Stops a server to which `client` is connected, and returns how long that took.
async fn time_to_stop<T>(server: Server, client: T) -> Duration {
    let start = Instant::now();
    assert_eq!(server.stop().await, Drained::Complete);
    drop(client);
    start.elapsed()
}

#[tokio::test(start_paused = true)]
async fn a_client_without_calls_that_does_not_answer_holds_nothing_up() {
    let options = AcceptOptions::default();
    let (server, dialer) = Server::in_memory(front(catalog()), options.clone());
    let mut client = RawClient::start(dialer.dial().await.unwrap()).await;
    client.frame().await.unwrap().unwrap();
    let took = time_to_stop(server, client).await;
    assert!(took <= options.goodbye * 2 && took < options.grace, "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn a_client_that_never_speaks_holds_nothing_up() {
    let options = AcceptOptions::default();
    let (server, dialer) = Server::in_memory(front(catalog()), options.clone());
    let client = dialer.dial().await.unwrap();
    tokio::task::yield_now().await;
    let took = time_to_stop(server, client).await;
    assert!(took <= options.goodbye * 2 && took < options.grace, "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn a_client_that_talks_on_without_calls_is_left_after_the_grace_period() {
    let options = AcceptOptions::default().with_idle_timeout(Duration::from_secs(5));
    let (server, dialer) = Server::in_memory(front(catalog()), options.clone());
    let mut client = RawClient::start(dialer.dial().await.unwrap()).await;
    let start = Instant::now();
    while client.update_window().await.is_ok() {
        sleep(Duration::from_millis(500)).await;
        assert!(start.elapsed() < Duration::from_secs(60), "still open");
    }
    assert!(start.elapsed() > options.grace, "{:?}", start.elapsed());
    server.stop().await;
}

/// More than a narrow client takes and less than a send buffer holds.
const ANSWER_BYTES: usize = 256 << 10;
const PIECE_BYTES: usize = 16 << 10;
