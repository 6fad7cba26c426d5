//! The accept loop: limits, panics, idleness, stalls and how a server drains.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use arrowlink_core::{CallContext, ErrorKind};
use arrowlink_transport::{
    AcceptOptions, ConnectOptions, Connection, Drained, Encryption, Listener, Peer, TransferOptions, serve,
};
use bytes::Bytes;
use futures::{FutureExt as _, StreamExt as _, stream};
use http::{Request, Response};
use http_body::Frame;
use http_body_util::{BodyExt as _, StreamBody};
use hyper::body::Incoming;
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;
use tokio::sync::{Notify, Semaphore};
use tokio::time::Instant;
use tonic::body::Body;
use tower::{Service as _, ServiceExt as _, service_fn};

use crate::support::{Logged, Server, catalog, connect, front};

type Answer = Result<Response<Body>, Infallible>;

/// Sends an empty request for `path`.
async fn get(connection: &Connection, path: &str) -> Result<Response<Bytes>, arrowlink_core::Error> {
    let mut connection = connection.clone();
    let request = Request::builder().uri(path).body(Body::empty()).unwrap();
    let (head, body) = connection.ready().await?.call(request).await?.into_parts();
    let body = body
        .collect()
        .await
        .map_err(|error| arrowlink_core::Error::new(ErrorKind::Unavailable, "body").with_source(error))?;
    Ok(Response::from_parts(head, body.to_bytes()))
}

async fn hello(_request: Request<Incoming>) -> Answer {
    Ok(Response::new(Body::new(http_body_util::Full::new(Bytes::from_static(b"hello")))))
}

#[tokio::test]
async fn tells_the_service_who_is_at_the_other_end() {
    let service = service_fn(|request: Request<Incoming>| async move {
        let peer = request.extensions().get::<Peer>().unwrap();
        assert_eq!((peer.addr(), peer.encryption()), (None, Encryption::None));
        Answer::Ok(Response::new(Body::new(http_body_util::Full::new(Bytes::from(peer.to_string())))))
    });
    let (server, dialer) = Server::in_memory(service, AcceptOptions::default());
    let connection = connect(&dialer).await;
    assert_eq!(get(&connection, "/").await.unwrap().body(), "memory");
    drop(connection);
    assert_eq!(server.stop().await, Drained::Complete);
}

#[tokio::test]
async fn closes_connections_past_the_limit_at_once_and_logs_them() {
    let (logged, _guard) = Logged::start();
    let options = AcceptOptions::default().with_max_connections(1);
    let server = Server::on_loopback(None, service_fn(hello), options).await;
    let stream = TcpStream::connect(("127.0.0.1", server.port())).await.unwrap();
    let first = Connection::over(stream, &ConnectOptions::default()).await.unwrap();
    assert_eq!(get(&first, "/").await.unwrap().body(), "hello");

    let mut second = TcpStream::connect(("127.0.0.1", server.port())).await.unwrap();
    assert_eq!(second.read(&mut [0; 1]).await.unwrap(), 0, "closed, not left waiting");
    assert!(logged.text().contains("connection refused: too many connections"), "{}", logged.text());
    assert!(logged.text().contains("max_connections=1"), "{}", logged.text());

    assert_eq!(get(&first, "/").await.unwrap().body(), "hello", "the first one goes on");
    drop(first);
    server.stop().await;
}

#[tokio::test]
async fn takes_another_connection_when_one_has_ended() {
    let options = AcceptOptions::default().with_max_connections(1);
    let (server, dialer) = Server::in_memory(service_fn(hello), options);
    for _ in 0..3 {
        let answer = async {
            loop {
                let connection =
                    Connection::over(dialer.dial().await.unwrap(), &ConnectOptions::default()).await;
                if let Ok(connection) = connection
                    && let Ok(response) = get(&connection, "/").await
                {
                    return response;
                }
                tokio::task::yield_now().await;
            }
        };
        assert_eq!(answer.await.body(), "hello");
    }
    server.stop().await;
}

#[tokio::test]
async fn a_panic_in_a_call_ends_that_call_alone_and_is_logged() {
    let (logged, _guard) = Logged::start();
    let service = service_fn(|request: Request<Incoming>| async move {
        assert_ne!(request.uri().path(), "/panic", "as was asked for");
        hello(request).await
    });
    let (server, dialer) = Server::in_memory(service, AcceptOptions::default());
    let connection = connect(&dialer).await;
    let error = get(&connection, "/panic").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert_eq!(get(&connection, "/").await.unwrap().body(), "hello");
    assert!(logged.text().contains("task panicked"), "{}", logged.text());
    assert!(logged.text().contains("as was asked for"), "{}", logged.text());
    drop(connection);
    assert_eq!(server.stop().await, Drained::Complete);
}

/// A service whose calls to `/slow` begin, say so, and end when they are allowed to.
fn gated() -> (
    Arc<Notify>,
    Arc<Semaphore>,
    impl Fn(Request<Incoming>) -> futures::future::BoxFuture<'static, Answer> + Clone,
) {
    let (began, gate) = (Arc::new(Notify::new()), Arc::new(Semaphore::new(0)));
    let (notify, semaphore) = (Arc::clone(&began), Arc::clone(&gate));
    let handler = move |request: Request<Incoming>| {
        let (notify, semaphore) = (Arc::clone(&notify), Arc::clone(&semaphore));
        async move {
            if request.uri().path() == "/slow" {
                notify.notify_one();
                drop(semaphore.acquire().await);
            }
            hello(request).await
        }
        .boxed()
    };
    (began, gate, handler)
}

#[tokio::test]
async fn lets_running_calls_end_and_takes_no_new_ones() {
    let (began, gate, handler) = gated();
    let (server, dialer) = Server::in_memory(service_fn(handler), AcceptOptions::default());
    let connection = connect(&dialer).await;
    let running = tokio::spawn({
        let connection = connection.clone();
        async move { get(&connection, "/slow").await }
    });
    began.notified().await;

    let stopping = tokio::spawn(server.stop());
    while dialer.dial().await.is_ok() {
        tokio::task::yield_now().await;
    }
    let refused = async {
        while get(&connection, "/").await.is_ok() {
            tokio::task::yield_now().await;
        }
    };
    refused.await;
    assert!(!stopping.is_finished(), "a call is still running");
    gate.add_permits(1);
    assert_eq!(running.await.unwrap().unwrap().body(), "hello");
    assert_eq!(stopping.await.unwrap(), Drained::Complete);
}

#[tokio::test(start_paused = true)]
async fn cuts_calls_that_outlive_the_grace_period() {
    let (began, _gate, handler) = gated();
    let (server, dialer) = Server::in_memory(service_fn(handler), AcceptOptions::default());
    let connection = connect(&dialer).await;
    let running = tokio::spawn({
        let connection = connection.clone();
        async move { get(&connection, "/slow").await }
    });
    began.notified().await;
    assert_eq!(server.stop().await, Drained::Cut { calls: 1 });
    assert_eq!(running.await.unwrap().unwrap_err().kind(), ErrorKind::Unavailable);
}

#[tokio::test]
async fn ends_everything_when_the_future_is_dropped() {
    let (began, _gate, handler) = gated();
    let (listener, dialer) = Listener::in_memory();
    let serving =
        serve(vec![listener], None, service_fn(handler), AcceptOptions::default(), std::future::pending());
    let serving = tokio::spawn(serving);
    let connection = connect(&dialer).await;
    let running = tokio::spawn(async move { get(&connection, "/slow").await });
    began.notified().await;
    serving.abort();
    running.await.unwrap().unwrap_err();
}

#[tokio::test(start_paused = true)]
async fn closes_a_connection_without_calls() {
    let (server, dialer) = Server::in_memory(service_fn(hello), AcceptOptions::default());
    let connection = connect(&dialer).await;
    assert_eq!(get(&connection, "/").await.unwrap().body(), "hello");
    let start = Instant::now();
    while !connection.is_closed() {
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert!(start.elapsed() < Duration::from_secs(700), "still open after {:?}", start.elapsed());
    }
    assert!(start.elapsed() >= Duration::from_secs(600), "closed after {:?}", start.elapsed());
    server.stop().await;
}

#[tokio::test(start_paused = true)]
async fn keeps_a_connection_whose_call_takes_long() {
    let (began, gate, handler) = gated();
    let (server, dialer) = Server::in_memory(service_fn(handler), AcceptOptions::default());
    let connection = connect(&dialer).await;
    let running = tokio::spawn({
        let connection = connection.clone();
        async move { get(&connection, "/slow").await }
    });
    began.notified().await;
    tokio::time::sleep(Duration::from_secs(3600)).await;
    gate.add_permits(1);
    assert_eq!(running.await.unwrap().unwrap().body(), "hello");
    drop(connection);
    server.stop().await;
}

#[tokio::test(start_paused = true)]
async fn calls_past_the_limit_of_a_connection_wait_for_their_turn() {
    let (calls, gate) = (Arc::new(AtomicUsize::new(0)), Arc::new(Semaphore::new(1)));
    let handler = {
        let (calls, gate) = (Arc::clone(&calls), Arc::clone(&gate));
        move |request: Request<Incoming>| {
            let (calls, gate) = (Arc::clone(&calls), Arc::clone(&gate));
            async move {
                calls.fetch_add(1, Ordering::Relaxed);
                gate.acquire().await.unwrap().forget();
                hello(request).await
            }
        }
    };
    let options = AcceptOptions::default().with_max_concurrent_streams(1);
    let (server, dialer) = Server::in_memory(service_fn(handler), options);
    let connection = connect(&dialer).await;
    get(&connection, "/settings-are-known-after-this").await.unwrap();

    let call = || {
        let connection = connection.clone();
        tokio::spawn(async move { get(&connection, "/slow").await.map(|answer| answer.body().len()) })
    };
    let (first, second) = (call(), call());
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(calls.load(Ordering::Relaxed), 2, "one before, and one of the two");
    gate.add_permits(2);
    assert_eq!(first.await.unwrap().unwrap() + second.await.unwrap().unwrap(), 10);
    assert_eq!(calls.load(Ordering::Relaxed), 3);
    drop(connection);
    server.stop().await;
}

/// An answer that never ends.
async fn endless(_request: Request<Incoming>) -> Answer {
    let piece = Bytes::from(vec![0; 1 << 20]);
    let frames = stream::repeat_with(move || Ok::<_, tonic::Status>(Frame::data(piece.clone())));
    Ok(Response::new(Body::new(StreamBody::new(frames.boxed()))))
}

#[tokio::test(start_paused = true)]
async fn cuts_a_call_whose_client_stops_reading() {
    let (logged, _guard) = Logged::start();
    let (server, dialer) = Server::in_memory(service_fn(endless), AcceptOptions::default());
    let mut connection = connect(&dialer).await;
    let request = Request::builder().uri("/").body(Body::empty()).unwrap();
    let response = connection.ready().await.unwrap().call(request).await.unwrap();
    let mut body = response.into_body();
    body.frame().await.unwrap().unwrap();
    tokio::time::sleep(Duration::from_secs(100)).await;
    assert!(logged.text().contains("its client stopped reading"), "{}", logged.text());
    while let Some(Ok(_)) = body.frame().await {}
    assert_eq!(server.stop().await, Drained::Complete, "nothing is left of the call");
}

#[tokio::test(start_paused = true)]
async fn does_not_cut_a_call_that_is_read_slowly() {
    let (server, dialer) = Server::in_memory(service_fn(endless), AcceptOptions::default());
    let mut connection = connect(&dialer).await;
    let request = Request::builder().uri("/").body(Body::empty()).unwrap();
    let mut body = connection.ready().await.unwrap().call(request).await.unwrap().into_body();
    let mut received = 0;
    while received < 64 << 20 {
        received += body.frame().await.unwrap().unwrap().into_data().unwrap().len();
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    drop((body, connection));
    server.stop().await;
}

#[tokio::test(start_paused = true)]
async fn waits_longer_each_time_it_cannot_accept_and_goes_on() {
    let (logged, _guard) = Logged::start();
    let (server, dialer) = Server::in_memory(service_fn(hello), AcceptOptions::default());
    let start = Instant::now();
    for _ in 0..4 {
        dialer.fail(std::io::Error::from_raw_os_error(TOO_MANY_OPEN_FILES)).await.unwrap();
    }
    let connection = connect(&dialer).await;
    assert_eq!(get(&connection, "/").await.unwrap().body(), "hello");
    let expected = Duration::from_millis(10 + 20 + 40 + 80);
    assert!((expected..expected * 2).contains(&start.elapsed()), "{:?}", start.elapsed());
    assert_eq!(logged.text().matches("cannot accept connections").count(), 4, "{}", logged.text());
    drop(connection);
    server.stop().await;
}

#[tokio::test(start_paused = true)]
async fn never_waits_for_longer_than_a_second_to_accept_again_and_not_when_it_drains() {
    let (server, dialer) = Server::in_memory(service_fn(hello), AcceptOptions::default());
    for _ in 0..20 {
        dialer.fail(std::io::Error::from_raw_os_error(TOO_MANY_OPEN_FILES)).await.unwrap();
    }
    let start = Instant::now();
    dialer.fail(std::io::Error::from_raw_os_error(TOO_MANY_OPEN_FILES)).await.unwrap();
    assert!(start.elapsed() <= Duration::from_secs(1), "{:?}", start.elapsed());
    let start = Instant::now();
    server.stop().await;
    assert!(start.elapsed() < Duration::from_millis(500), "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn goes_on_at_once_when_a_connection_ended_before_it_was_accepted() {
    let (logged, _guard) = Logged::start();
    let (server, dialer) = Server::in_memory(service_fn(hello), AcceptOptions::default());
    let start = Instant::now();
    dialer.fail(std::io::ErrorKind::ConnectionAborted.into()).await.unwrap();
    let connection = connect(&dialer).await;
    assert_eq!(get(&connection, "/").await.unwrap().body(), "hello");
    assert!(start.elapsed() < Duration::from_millis(10), "{:?}", start.elapsed());
    assert_eq!(logged.text(), "");
    drop(connection);
    server.stop().await;
}

#[tokio::test]
async fn limits_the_headers_of_a_request() {
    let (server, dialer) = Server::in_memory(service_fn(hello), AcceptOptions::default());
    let mut connection = connect(&dialer).await;
    let request = Request::builder().uri("/").header("a", "x".repeat(100_000)).body(Body::empty()).unwrap();
    let answer = connection.ready().await.unwrap().call(request).await;
    assert!(answer.is_err() || answer.unwrap().status().is_client_error());
    server.stop().await;
}

#[tokio::test]
async fn serves_many_connections_and_calls_at_a_time() {
    let (server, dialer) = Server::in_memory(front(catalog()), AcceptOptions::default());
    let calls = (0..10).map(|_| {
        let dialer = dialer.clone();
        async move {
            let connection = connect(&dialer).await;
            let (ctx, options) = (CallContext::new(), TransferOptions::default());
            let reads = (0..10).map(|_| connection.get_arrow_data(&ctx, None, &options));
            for read in futures::future::join_all(reads).await {
                assert_eq!(read.unwrap().collect_batches().await.unwrap()[0].num_rows(), 1);
            }
        }
    });
    futures::future::join_all(calls).await;
    assert_eq!(server.stop().await, Drained::Complete);
}

/// `EMFILE`: the process has no file descriptor left.
const TOO_MANY_OPEN_FILES: i32 = 24;
