//! Uploads that the server does not take, and uploads that nobody waits for any more.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use arrow_array::record_batch;
use arrowlink_core::{BatchStream, CallContext, Chunk, ErrorKind};
use arrowlink_transport::{AcceptOptions, TransferOptions};
use futures::{StreamExt as _, stream};
use http::{Request, Response};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tonic::body::Body;
use tower::service_fn;

use crate::support::{Server, connect, name, stream_of};

#[tokio::test(start_paused = true)]
async fn small_batches_that_are_not_taken_are_given_up_while_more_are_made() {
    let silent = |_request: Request<Incoming>| std::future::pending::<Result<Response<Body>, Infallible>>();
    // A window of 65,535 bytes. HTTP/2 takes a frame whole while any of the window is left, so that two of about 34 KB are
    // gone; the third, of four batches, is what the server leaves.
    let http2 = arrowlink_transport::Http2Options::for_server().with_windows(65_535, 65_535);
    let (server, dialer) = Server::in_memory(service_fn(silent), AcceptOptions::default().with_http2(http2));
    let connection = connect(&dialer).await;
    let batch = record_batch!(("id", Int64, vec![7; 512])).unwrap();
    let some = stream::repeat_with({
        let batch = batch.clone();
        move || Ok(Chunk::new(batch.clone()))
    });
    let input = BatchStream::new(batch.schema(), some.take(20).chain(stream::pending()));
    let options = TransferOptions::default().with_idle_timeout(Duration::from_secs(120));
    let (ctx, name) = (CallContext::new(), name("rows"));
    let sent = connection.do_put(&ctx, &name, input, &options);
    let sent = tokio::time::timeout(Duration::from_secs(100_000), sent).await;
    assert_eq!(sent.expect("the server is given up").unwrap_err().kind(), ErrorKind::DeadlineExceeded);
    drop(connection);
    server.stop().await;
}

#[tokio::test]
async fn a_large_message_is_not_sent_to_its_end_for_nobody() {
    let (begun, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (received, ended) = (Arc::new(AtomicUsize::new(0)), CancellationToken::new());
    let seen = (begun.clone(), go_on.clone(), received.clone(), ended.clone());
    let service = service_fn(move |request: Request<Incoming>| {
        let (begun, go_on, received, ended) = seen.clone();
        async move {
            let _ended = ended.drop_guard();
            let mut body = request.into_body();
            body.frame().await;
            begun.notify_one();
            go_on.notified().await;
            while let Some(Ok(frame)) = body.frame().await {
                received.fetch_add(frame.into_data().map_or(0, |data| data.len()), Ordering::Relaxed);
            }
            Ok::<_, Infallible>(Response::new(Body::empty()))
        }
    });
    let (server, dialer) = Server::in_memory(service, AcceptOptions::default());
    let connection = connect(&dialer).await;
    let upload = tokio::spawn({
        let connection = connection.clone();
        async move {
            let batch = record_batch!(("id", Int64, vec![7; 8 << 20])).unwrap();
            let (ctx, options) = (CallContext::new(), TransferOptions::default());
            connection.do_put(&ctx, &name("rows"), stream_of(&batch), &options).await
        }
    });
    begun.notified().await;
    upload.abort();
    assert!(upload.await.unwrap_err().is_cancelled());
    go_on.notify_one();
    ended.cancelled().await;
    let received = received.load(Ordering::Relaxed);
    assert!(received < 16 << 20, "{received} bytes of 64 MiB");
    drop(connection);
    server.stop().await;
}
