//! The client's two calls, against this server and against servers that answer as they should not.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use arrow_array::cast::AsArray as _;
use arrow_array::types::Int64Type;
use arrow_array::{RecordBatch, record_batch};
use arrowlink_core::{
    BatchStream, CallContext, Catalog, Chunk, DataServiceExt as _, DemoDataset, Error, ErrorKind,
    MemoryDataset,
};
use arrowlink_testkit::front_with;
use arrowlink_transport::{AcceptOptions, Connection, GrpcTimeoutLayer, TransferOptions, grpc_timeout};
use bytes::Bytes;
use expect_test::{Expect, expect};
use futures::{StreamExt as _, stream};
use http::{HeaderMap, Request, Response};
use http_body::Frame;
use http_body_util::StreamBody;
use hyper::body::Incoming;
use tokio::time::Instant;
use tonic::body::Body;
use tower::{Layer as _, ServiceExt as _, service_fn};

use crate::support::{Server, catalog, connect, front, name, stream_of, three_rows};
use crate::types;

fn options() -> TransferOptions {
    TransferOptions::default()
}

async fn read(connection: &Connection, dataset: &str) -> Result<Vec<RecordBatch>, Error> {
    let rows = connection.get_arrow_data(&CallContext::new(), Some(&name(dataset)), &options()).await?;
    rows.collect_batches().await
}

fn text(error: &Error) -> String {
    format!("{:?}: {}", error.kind(), error.chain())
}

#[tokio::test]
async fn reads_back_what_it_sent_for_every_type() {
    let service = catalog();
    let (server, dialer) = Server::in_memory(front(service.clone()), AcceptOptions::default());
    let connection = connect(&dialer).await;
    for batch in types::batches(100) {
        let dataset = batch.schema().field(0).name().clone() + "_column";
        if batch.num_columns() > 1 {
            continue;
        }
        let sent = stream_of(&batch);
        let receipt = connection
            .send_arrow_data(&CallContext::new(), Some(&name(&dataset)), sent, &options())
            .await
            .unwrap();
        assert_eq!((receipt.rows, receipt.batches), (100, 1), "{dataset}");
        let back = read(&connection, &dataset).await.unwrap();
        let shown =
            |batches: &[RecordBatch]| arrow_cast::pretty::pretty_format_batches(batches).unwrap().to_string();
        assert_eq!(shown(&back), shown(&[batch]));
    }
    drop(connection);
    server.stop().await;
}

#[tokio::test]
async fn reads_a_large_dataset_in_order_by_many_messages() {
    let demo = Arc::new(DemoDataset::from_uri("demo://?rows=200000").unwrap());
    let service = Arc::new(Catalog::new().with_dataset(name("demo"), demo));
    let (server, dialer) = Server::in_memory(front(service.clone()), AcceptOptions::default());
    let connection = connect(&dialer).await;
    let back = read(&connection, "demo").await.unwrap();
    let (schema, expected) = service.read_all(&name("demo")).await.unwrap();
    let joined = |batches: &[RecordBatch]| arrow_select::concat::concat_batches(&schema, batches).unwrap();
    assert_eq!(joined(&back), joined(&expected));
    drop(connection);
    server.stop().await;
}

#[tokio::test]
async fn sends_in_messages_that_every_server_takes() {
    let service = catalog();
    let (server, dialer) = Server::in_memory(front(service.clone()), AcceptOptions::default());
    let connection = connect(&dialer).await;
    let numbers: Vec<i64> = (0..2_000_000).collect();
    let batch = RecordBatch::try_from_iter([(
        "id",
        Arc::new(arrow_array::Int64Array::from(numbers)) as arrow_array::ArrayRef,
    )])
    .unwrap();
    let receipt =
        connection.send_arrow_data(&CallContext::new(), None, stream_of(&batch), &options()).await.unwrap();
    assert_eq!((receipt.rows, receipt.batches), (2_000_000, 4));
    drop(connection);
    server.stop().await;
}

#[tokio::test]
async fn fails_with_the_error_of_the_server() {
    let (server, dialer) = Server::in_memory(front(catalog()), AcceptOptions::default());
    let connection = connect(&dialer).await;
    let error = read(&connection, "defualt").await.unwrap_err();
    expect!["NotFound: no dataset `defualt`, did you mean `default`?"].assert_eq(&text(&error));
    assert_eq!(error.request_id().unwrap().len(), 36);
    drop(connection);
    server.stop().await;
}

#[tokio::test]
async fn fails_with_its_own_error_and_leaves_nothing_when_the_input_fails() {
    let service = catalog();
    let (server, dialer) = Server::in_memory(front(service.clone()), AcceptOptions::default());
    let connection = connect(&dialer).await;
    let batch = three_rows();
    let chunks =
        vec![Ok(Chunk::new(batch.clone())), Err(Error::new(ErrorKind::Corrupt, "`a.csv` is damaged"))];
    let failing = BatchStream::new(batch.schema(), stream::iter(chunks));
    let error = connection.send_arrow_data(&CallContext::new(), None, failing, &options()).await.unwrap_err();
    expect!["Corrupt: `a.csv` is damaged"].assert_eq(&text(&error));
    drop(connection);
    server.stop().await;
    assert_eq!(service.read_all(&name("uploads")).await.unwrap_err().kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn leaves_nothing_when_an_upload_is_dropped() {
    let service = catalog();
    let (server, dialer) = Server::in_memory(front(service.clone()), AcceptOptions::default());
    let connection = connect(&dialer).await;
    let batch = three_rows();
    let (polled, was_polled) = tokio::sync::oneshot::channel();
    let chunks = stream::iter([Ok(Chunk::new(batch.clone()))]).chain(stream::once(async move {
        polled.send(()).unwrap();
        std::future::pending().await
    }));
    let endless = BatchStream::new(batch.schema(), chunks);
    let (ctx, options) = (CallContext::new(), options());
    tokio::select! {
        _ = connection.send_arrow_data(&ctx, None, endless, &options) => panic!("an endless upload ended"),
        _ = was_polled => {}
    }
    // The connection goes on, and so does the server.
    assert_eq!(read(&connection, "default").await.unwrap()[0].num_rows(), 1);
    drop(connection);
    server.stop().await;
    assert_eq!(service.read_all(&name("uploads")).await.unwrap_err().kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn stops_a_read_that_is_dropped() {
    let endless = MemoryDataset::new(three_rows().schema(), vec![three_rows(); 10_000]).unwrap();
    let service = Arc::new(Catalog::new().with_dataset(name("endless"), Arc::new(endless)));
    let (server, dialer) = Server::in_memory(front(service), AcceptOptions::default());
    let connection = connect(&dialer).await;
    let mut rows =
        connection.get_arrow_data(&CallContext::new(), Some(&name("endless")), &options()).await.unwrap();
    rows.next().await.unwrap().unwrap();
    drop((rows, connection));
    assert_eq!(server.stop().await, arrowlink_transport::Drained::Complete);
}

#[tokio::test]
async fn an_answer_outlives_the_connection_it_came_over() {
    let (server, dialer) = Server::in_memory(front(catalog()), AcceptOptions::default());
    let connection = connect(&dialer).await;
    let rows = connection.get_arrow_data(&CallContext::new(), None, &options()).await.unwrap();
    drop(connection);
    assert_eq!(rows.collect_batches().await.unwrap()[0].num_rows(), 1);
    server.stop().await;
}

/// Reads from a server that answers everything with `answer`, and expects the error.
async fn check(answer: fn() -> Response<Body>, expected: Expect) {
    let service = service_fn(move |_request: Request<Incoming>| async move { Ok::<_, Infallible>(answer()) });
    let (server, dialer) = Server::in_memory(service, AcceptOptions::default());
    let connection = connect(&dialer).await;
    let error = read(&connection, "any").await.unwrap_err();
    expected.assert_eq(&text(&error));
    drop(connection);
    server.stop().await;
}

fn grpc(frames: Vec<Frame<Bytes>>) -> Response<Body> {
    let frames = stream::iter(frames.into_iter().map(Ok::<_, tonic::Status>));
    let body = Body::new(StreamBody::new(frames));
    Response::builder().header("content-type", "application/grpc").body(body).unwrap()
}

fn trailers(entries: &[(&'static str, &str)]) -> Frame<Bytes> {
    let entries = entries.iter().map(|(key, value)| (key.parse().unwrap(), value.parse().unwrap()));
    Frame::trailers(entries.collect::<HeaderMap>())
}

#[tokio::test]
async fn survives_servers_that_do_not_answer_as_they_should() {
    check(
        || Response::new(Body::empty()),
        expect![
            "Unsupported: `memory` answered with HTTP 200 OK and not in gRPC: is it an ArrowLink server?"
        ],
    )
    .await;
    check(|| Response::builder().status(503).body(Body::empty()).unwrap(), expect!["Unavailable: `memory` answered with HTTP 503 Service Unavailable and not in gRPC: is it an ArrowLink server?"]).await;
    check(|| grpc(vec![]), expect!["Unavailable: the answer ended without a status: its end is missing"])
        .await;
    check(
        || grpc(vec![trailers(&[("grpc-status", "0")])]),
        expect!["Corrupt: the server sent no payload, not even one without rows"],
    )
    .await;
    check(
        || grpc(vec![trailers(&[("grpc-status", "nonsense")])]),
        expect!["Internal: the server answered Unknown and did not say why"],
    )
    .await;
    check(|| grpc(vec![Frame::data(Bytes::from_static(b"\0\0\0\0\x02hi"))]), expect!["Corrupt: payload 1 is not a complete Arrow IPC stream: message 1: the input ends here, at least 4 more bytes are needed"]).await;
    check(|| grpc(vec![Frame::data(Bytes::from_static(b"\0\xff\xff\xff\xff"))]), expect!["LimitExceeded: message 1 of 4294967300 bytes exceeds the limit of 268435456 bytes: raise the client's `max_message_bytes`"]).await;
    check(
        || grpc(vec![Frame::data(Bytes::from_static(b"\0\0\0\x01\0half"))]),
        expect!["Corrupt: message 1 is not complete: the stream ended in the middle of it"],
    )
    .await;
    check(
        || {
            grpc(vec![
                Frame::data(Bytes::from_static(b"\0\0\0\x01\0half")),
                trailers(&[("grpc-status", "0")]),
            ])
        },
        expect!["Corrupt: message 1 is not complete: the stream ended in the middle of it"],
    )
    .await;
    let undecodable = || {
        grpc(vec![trailers(&[
            ("grpc-status", "5"),
            ("grpc-message", "gone"),
            ("grpc-status-details-bin", "!!!"),
        ])])
    };
    check(undecodable, expect!["NotFound: gone"]).await;
}

#[tokio::test]
async fn a_status_in_the_middle_of_a_message_is_what_the_call_ended_with() {
    let answer = || {
        let late = [("grpc-status", "4"), ("grpc-message", "too late")];
        grpc(vec![Frame::data(Bytes::from_static(b"\0\0\0\x01\0half")), trailers(&late)])
    };
    check(answer, expect!["DeadlineExceeded: too late"]).await;
}

/// Half of a message, and never the other half.
async fn halved(_request: Request<Incoming>) -> Result<Response<Body>, Infallible> {
    let half = stream::iter([Ok::<_, tonic::Status>(Frame::data(Bytes::from_static(b"\0\0\0\x01\0half")))]);
    let body = Body::new(StreamBody::new(half.chain(stream::pending())));
    Ok(Response::builder().header("content-type", "application/grpc").body(body).unwrap())
}

#[tokio::test(start_paused = true)]
async fn a_deadline_that_passes_in_the_middle_of_a_message_is_told_as_such() {
    // The server's clock is the one that counts: it was given less time than the client waits.
    let service = service_fn(|mut request: Request<Incoming>| {
        request.headers_mut().insert("grpc-timeout", "2S".parse().unwrap());
        GrpcTimeoutLayer::new().layer(service_fn(halved)).oneshot(request)
    });
    let (server, dialer) = Server::in_memory(service, AcceptOptions::default());
    let connection = connect(&dialer).await;
    let ctx = CallContext::new().with_deadline(Some(Instant::now() + Duration::from_secs(10)));
    let error = connection.get_arrow_data(&ctx, None, &options()).await.unwrap_err();
    expect!["DeadlineExceeded: the call was not finished within the 2s that its client gave it"]
        .assert_eq(&text(&error));
    drop(connection);
    server.stop().await;
}

#[tokio::test(start_paused = true)]
async fn tells_the_server_how_much_time_is_left() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let notes = Arc::clone(&seen);
    let service = service_fn(move |request: Request<Incoming>| {
        notes.lock().unwrap().push(grpc_timeout(request.headers()).unwrap());
        async { Ok::<_, Infallible>(grpc(vec![trailers(&[("grpc-status", "12")])])) }
    });
    let (server, dialer) = Server::in_memory(service, AcceptOptions::default());
    let connection = connect(&dialer).await;
    let deadline = Instant::now() + Duration::from_secs(5);
    tokio::time::sleep(Duration::from_secs(2)).await;
    for ctx in [CallContext::new(), CallContext::new().with_deadline(Some(deadline))] {
        connection.get_arrow_data(&ctx, None, &options()).await.unwrap_err();
        connection.send_arrow_data(&ctx, None, stream_of(&three_rows()), &options()).await.unwrap_err();
    }
    let left = Some(Duration::from_secs(3));
    assert_eq!(*seen.lock().unwrap(), [None, None, left, left]);
    drop(connection);
    server.stop().await;
}

#[tokio::test]
async fn moves_many_small_batches_in_order() {
    let service = catalog();
    let (server, dialer) = Server::in_memory(front(service.clone()), AcceptOptions::default());
    let connection = connect(&dialer).await;
    let batch = record_batch!(("id", Int64, [0])).unwrap();
    let schema = batch.schema();
    let rows = (0..2000_i64).map(|id| record_batch!(("id", Int64, [id])).unwrap());
    let sent = BatchStream::from_batches(schema.clone(), rows.collect());
    let receipt = connection.send_arrow_data(&CallContext::new(), None, sent, &options()).await.unwrap();
    assert_eq!((receipt.rows, receipt.batches), (2000, 2000));
    let back = read(&connection, "uploads").await.unwrap();
    let joined = arrow_select::concat::concat_batches(&back[0].schema(), &back).unwrap();
    let ids = joined.column(0).as_primitive::<Int64Type>();
    assert!(ids.values().iter().copied().eq(0..2000));
    drop(connection);
    server.stop().await;
}

#[tokio::test]
async fn a_foreign_acknowledgement_is_not_taken_for_a_receipt() {
    let answer = || {
        grpc(vec![
            Frame::data(Bytes::from_static(b"\0\0\0\0\x04\x0a\x02ok")),
            trailers(&[("grpc-status", "0")]),
        ])
    };
    let service = service_fn(move |_request: Request<Incoming>| async move { Ok::<_, Infallible>(answer()) });
    let (server, dialer) = Server::in_memory(service, AcceptOptions::default());
    let connection = connect(&dialer).await;
    let sent =
        connection.send_arrow_data(&CallContext::new(), None, stream_of(&three_rows()), &options()).await;
    expect!["Unsupported: the upload was acknowledged (`ok`) without saying how many rows were kept"]
        .assert_eq(&text(&sent.unwrap_err()));
    drop(connection);
    server.stop().await;
}

/// A service that never answers.
async fn silent(_request: Request<Incoming>) -> Result<Response<Body>, Infallible> {
    std::future::pending().await
}

#[tokio::test(start_paused = true)]
async fn gives_up_when_the_deadline_passes() {
    let (server, dialer) = Server::in_memory(service_fn(silent), AcceptOptions::default());
    let connection = connect(&dialer).await;
    let ctx = CallContext::new().with_deadline(Some(Instant::now() + Duration::from_secs(5)));
    let read = connection.get_arrow_data(&ctx, None, &options()).await.unwrap_err();
    assert_eq!(read.kind(), ErrorKind::DeadlineExceeded);
    let late = connection.get_arrow_data(&ctx, None, &options()).await.unwrap_err();
    expect!["DeadlineExceeded: the call was not finished before its deadline"].assert_eq(&text(&late));
    drop(connection);
    server.stop().await;
}

#[tokio::test(start_paused = true)]
async fn gives_up_on_a_server_that_does_nothing() {
    let (server, dialer) = Server::in_memory(service_fn(silent), AcceptOptions::default());
    let connection = connect(&dialer).await;
    let error = connection.get_arrow_data(&CallContext::new(), None, &options()).await.unwrap_err();
    expect!["DeadlineExceeded: `memory` did nothing for 120s"].assert_eq(&text(&error));
    let batch = record_batch!(("id", Int64, [1])).unwrap();
    let endless =
        BatchStream::new(batch.schema(), stream::repeat_with(move || Ok(Chunk::new(batch.clone()))));
    let error = connection.send_arrow_data(&CallContext::new(), None, endless, &options()).await.unwrap_err();
    expect!["DeadlineExceeded: `memory` did nothing for 120s"].assert_eq(&text(&error));
    drop(connection);
    server.stop().await;
}

#[tokio::test(start_paused = true)]
async fn waits_for_rows_that_the_client_takes_long_to_make() {
    let service = catalog();
    let (server, dialer) = Server::in_memory(
        front_with(service, crate::support::front_options().with_idle_timeout(Duration::from_secs(100_000))),
        AcceptOptions::default(),
    );
    let connection = connect(&dialer).await;
    let batch = three_rows();
    let slow = BatchStream::from_batches(batch.schema(), vec![batch; 3]);
    let schema = slow.schema().clone();
    let slow = slow.map_chunks(schema, |chunks| {
        chunks.then(|chunk| async {
            tokio::time::sleep(Duration::from_secs(3600)).await;
            chunk
        })
    });
    let receipt = connection.send_arrow_data(&CallContext::new(), None, slow, &options()).await.unwrap();
    assert_eq!(receipt.rows, 9);
    drop(connection);
    server.stop().await;
}
