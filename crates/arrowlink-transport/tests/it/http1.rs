//! HTTP/1.1 on the port of HTTP/2: the same limits, and clients that keep none of the protocol's rules.

use std::convert::Infallible;
use std::time::Duration;

use arrowlink_transport::{AcceptOptions, Body, CallRecord, Drained, Rope};
use bytes::Bytes;
use futures::{StreamExt as _, stream};
use http::{Request, Response};
use http_body::Frame;
use http_body_util::{BodyExt as _, Full, StreamBody};
use hyper::body::Incoming;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};
use tokio::time::Instant;
use tower::service_fn;

use crate::support::{Server, connect};

/// Answers `/endless` with a body that never ends, `/broken` with one that breaks off, and everything else with what was
/// sent.
async fn answer(request: Request<Incoming>) -> Result<Response<Body>, Infallible> {
    let piece = || Ok::<_, tonic::Status>(Frame::data(Rope::from(Bytes::from(vec![b'x'; 1 << 20]))));
    let broken = [piece(), Err(tonic::Status::internal("broken"))];
    Ok(Response::new(match request.uri().path() {
        "/endless" => Body::new(StreamBody::new(stream::repeat_with(piece).boxed())),
        "/broken" => Body::new(StreamBody::new(stream::iter(broken))),
        _ => match request.into_body().collect().await {
            Ok(body) => Body::new(Full::new(Rope::from(body.to_bytes()))),
            Err(_) => Body::empty(),
        },
    }))
}

/// Sends `request` as it stands, and returns all that is answered until the server closes.
async fn exchange(options: AcceptOptions, request: &[u8]) -> String {
    let (server, dialer) = Server::in_memory(service_fn(answer), options);
    let mut client = dialer.dial().await.unwrap();
    client.write_all(request).await.unwrap();
    let answer = to_end(&mut client).await;
    drop((client, dialer));
    server.stop().await;
    answer
}

async fn to_end(client: &mut DuplexStream) -> String {
    let mut answer = Vec::new();
    client.read_to_end(&mut answer).await.unwrap();
    String::from_utf8(answer).unwrap()
}

/// Sends what no server takes, and looks at the status that is answered before the connection is closed.
async fn check_refused(request: &[u8], status: &str) {
    let answer = exchange(AcceptOptions::default(), request).await;
    assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{answer}");
    assert_eq!(answer.matches("HTTP/1.1").count(), 1, "{answer}");
}

#[tokio::test]
async fn answers_requests_one_after_the_other() {
    let request = b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\n\r\noneGET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
    let answer = exchange(AcceptOptions::default(), request).await;
    assert_eq!(
        answer.matches("HTTP/1.1 200 OK").count(),
        2,
        "pipelined requests are both answered: {answer}"
    );
    assert!(answer.contains("one"), "{answer}");
}

#[tokio::test]
async fn speaks_http_2_on_the_same_listener() {
    let (server, dialer) = Server::in_memory(service_fn(answer), AcceptOptions::default());
    let connection = connect(&dialer).await;
    let request =
        Request::post("http://a/").body(tonic::body::Body::new(Full::new(Bytes::from("rows")))).unwrap();
    let answer = tower::ServiceExt::oneshot(connection, request).await.unwrap();
    assert_eq!(answer.into_body().collect().await.unwrap().to_bytes(), "rows");
    server.stop().await;
}

#[tokio::test]
async fn takes_first_bytes_one_by_one() {
    for request in [
        "GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n",
        "PRI / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n",
    ] {
        let (server, dialer) = Server::in_memory(service_fn(answer), AcceptOptions::default());
        let mut client = dialer.dial().await.unwrap();
        for byte in request.as_bytes() {
            client.write_all(&[*byte]).await.unwrap();
            tokio::task::yield_now().await;
        }
        assert!(to_end(&mut client).await.starts_with("HTTP/1.1 200 OK"), "{request}");
        server.stop().await;
    }
}

#[tokio::test]
async fn refuses_grpc_with_words() {
    let request = b"POST /arrow.flight.protocol.FlightService/DoGet HTTP/1.1\r\nhost: a\r\ncontent-type: application/grpc+proto\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    let answer = exchange(AcceptOptions::default(), request).await;
    assert!(answer.starts_with("HTTP/1.1 505"), "{answer}");
    assert!(answer.contains("gRPC needs HTTP/2"), "{answer}");
}

#[tokio::test]
async fn answers_http_where_an_upgrade_is_asked_for() {
    let request = b"GET / HTTP/1.1\r\nhost: a\r\nconnection: upgrade, http2-settings, close\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABkAAQAoAAAAAIAAAAA\r\n\r\n";
    let answer = exchange(AcceptOptions::default(), request).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "no switch of protocols: {answer}");
}

#[tokio::test]
async fn refuses_what_is_not_http() {
    check_refused(b"EHLO example.org\r\n\r\n", "400").await;
    check_refused(b"GET / HTTP/9.1\r\n\r\n", "400").await;
    check_refused(b"\x00\x01\x02\x03\r\n\r\n", "400").await;
}

#[tokio::test]
async fn refuses_headers_past_the_limit() {
    let long = format!("GET / HTTP/1.1\r\nhost: a\r\nlong: {}\r\n\r\n", "x".repeat(64 << 10));
    check_refused(long.as_bytes(), "431").await;
    let many = format!("GET / HTTP/1.1\r\nhost: a\r\n{}\r\n", "a: b\r\n".repeat(200));
    check_refused(many.as_bytes(), "431").await;
    check_refused(format!("GET /{} HTTP/1.1\r\nhost: a\r\n\r\n", "x".repeat(80_000)).as_bytes(), "4").await;
}

#[tokio::test]
async fn refuses_lengths_that_contradict_each_other() {
    check_refused(b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\ncontent-length: 4\r\n\r\nabcd", "400")
        .await;
    check_refused(b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: -1\r\n\r\n", "400").await;
}

#[tokio::test]
async fn ends_connections_whose_chunks_are_wrong() {
    for chunks in ["zz\r\nabc\r\n", "3\r\nabcdef\r\n0\r\n\r\n", "ffffffffffffffffff\r\nabc\r\n"] {
        let request = format!(
            "POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n{chunks}GET / HTTP/1.1\r\nhost: a\r\n\r\n"
        );
        let answer = exchange(AcceptOptions::default(), request.as_bytes()).await;
        assert!(
            answer.matches("HTTP/1.1 200").count() <= 1,
            "nothing behind wrong chunks is a request: {answer}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn closes_a_connection_whose_headers_come_slowly() {
    let options = AcceptOptions::default().with_header_timeout(Duration::from_secs(5));
    for begin in ["GET / HTTP/1.1\r\nhost: a\r\n", "P", ""] {
        let (server, dialer) = Server::in_memory(service_fn(answer), options.clone());
        let mut client = dialer.dial().await.unwrap();
        let started = Instant::now();
        client.write_all(begin.as_bytes()).await.unwrap();
        to_end(&mut client).await;
        let waited = started.elapsed();
        assert!(
            waited >= Duration::from_secs(5) && waited < Duration::from_secs(12),
            "{begin:?}: {waited:?}"
        );
        server.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn cuts_a_call_whose_client_stops_reading() {
    let options = AcceptOptions::default().with_stall_timeout(Duration::from_secs(7));
    let (server, dialer) = Server::in_memory(service_fn(answer), options);
    let mut client = dialer.dial().await.unwrap();
    client.write_all(b"GET /endless HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    let started = Instant::now();
    tokio::time::timeout(Duration::from_secs(60), std::future::pending::<()>()).await.unwrap_err();
    let answer = to_end(&mut client).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK"));
    assert!(answer.len() < 4 << 20, "{} bytes", answer.len());
    assert!(!answer.ends_with("0\r\n\r\n"), "cut, not ended");
    assert!(started.elapsed() < Duration::from_secs(70));
    server.stop().await;
}

#[tokio::test]
async fn a_body_that_breaks_off_has_no_last_chunk() {
    // Whether what was ready before arrives is a matter of luck.
    let answer = exchange(AcceptOptions::default(), b"GET /broken HTTP/1.1\r\nhost: a\r\n\r\n").await;
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
    assert!(!answer.ends_with("0\r\n\r\n"), "a last chunk");
}

#[tokio::test]
async fn a_client_that_goes_away_ends_its_call() {
    let record = CallRecord::default();
    let counted = record.clone();
    let service = service_fn(move |_request: Request<Incoming>| {
        let ended = Ended(counted.clone());
        async move {
            let _ended = ended;
            std::future::pending::<Result<Response<Body>, Infallible>>().await
        }
    });
    let (server, dialer) = Server::in_memory(service, AcceptOptions::default());
    let mut client = dialer.dial().await.unwrap();
    client.write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    tokio::task::yield_now().await;
    drop(client);
    while record.rows() == 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(server.stop().await, Drained::Complete);
}

/// Counts when it is dropped.
struct Ended(CallRecord);

impl Drop for Ended {
    fn drop(&mut self) {
        self.0.add(1, 0, 0);
    }
}

#[tokio::test(start_paused = true)]
async fn drains_like_http_2() {
    let (server, dialer) = Server::in_memory(service_fn(answer), AcceptOptions::default());
    let mut idle = dialer.dial().await.unwrap();
    idle.write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    let mut first = [0; 12];
    idle.read_exact(&mut first).await.unwrap();
    assert_eq!(server.stop().await, Drained::Complete, "a connection without a call holds nothing up");

    let options = AcceptOptions::default().with_grace(Duration::from_secs(3));
    let (server, dialer) = Server::in_memory(service_fn(answer), options);
    let mut busy = dialer.dial().await.unwrap();
    busy.write_all(b"GET /endless HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    busy.read_exact(&mut first).await.unwrap();
    // Nothing is read meanwhile: the answer has no end to wait for.
    assert_eq!(server.stop().await, Drained::Cut { calls: 1 });
}
