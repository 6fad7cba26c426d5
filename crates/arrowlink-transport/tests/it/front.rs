//! The two data calls as any gRPC client sees them, and how an upload may end.

use std::sync::Arc;
use std::time::Duration;

use arrow_array::RecordBatch;
use arrowlink_core::{BatchStream, CallContext, DataServiceExt as _, Error, ErrorKind, Receipt, Result};
use arrowlink_ipc::{EncodeOptions, Limits, read_stream, write_stream};
use arrowlink_proto::dataexchange::arrow_data_service_client::ArrowDataServiceClient;
use arrowlink_proto::dataexchange::{ArrowData, Empty};
use arrowlink_testkit::{Stub, front_with, stubbed};
use arrowlink_transport::{AcceptOptions, CallRecord, Connection, ResponseBody};
use bytes::{BufMut as _, Bytes, BytesMut};
use expect_test::{Expect, expect};
use futures::future::{BoxFuture, FutureExt as _};
use futures::{Stream, StreamExt as _, stream};
use http::{HeaderMap, Request, Response};
use http_body::Frame;
use http_body_util::{BodyExt as _, StreamBody};
use tokio::sync::{Notify, mpsc};
use tonic::body::Body;
use tower::{Service as _, ServiceExt as _};

use crate::raw::RawClient;
use crate::support::{Server, catalog, connect, front, front_options, name, three_rows};

const GET: &str = "/dataexchange.ArrowDataService/GetArrowData";
const SEND: &str = "/dataexchange.ArrowDataService/SendArrowData";

/// A message as it is on the wire, with the flag `flag`.
fn message(flag: u8, bytes: &[u8]) -> Bytes {
    let mut message = BytesMut::new();
    message.put_u8(flag);
    message.put_u32(bytes.len() as u32);
    message.put_slice(bytes);
    message.freeze()
}

/// A message whose payload is `batch`.
fn payload(batch: &RecordBatch) -> Bytes {
    use prost::Message as _;
    let segments = write_stream(&batch.schema(), [batch], &EncodeOptions::default()).unwrap();
    let payload: Vec<u8> = segments.iter().flat_map(|segment| segment.to_vec()).collect();
    message(0, &ArrowData { payload: payload.into() }.encode_to_vec())
}

fn request(path: &str, headers: &[(&str, &str)], body: Body) -> Request<Body> {
    let mut request = Request::post(path).header("content-type", "application/grpc").header("te", "trailers");
    for (key, value) in headers {
        request = request.header(*key, *value);
    }
    request.body(body).unwrap()
}

fn body_of(messages: Vec<Bytes>) -> Body {
    Body::new(StreamBody::new(stream::iter(
        messages.into_iter().map(|data| Ok::<_, tonic::Status>(Frame::data(data))),
    )))
}

async fn call(connection: &Connection, request: Request<Body>) -> Result<Response<ResponseBody>> {
    connection.clone().ready().await?.call(request).await
}

/// Says what came: the HTTP status, how many bytes of messages, the gRPC status and where it stood.
async fn described(response: Response<ResponseBody>) -> String {
    let (head, body) = response.into_parts();
    let collected = body.collect().await.unwrap();
    let trailers = collected.trailers().cloned().unwrap_or_default();
    let bytes = collected.to_bytes().len();
    let mut text = format!("{}", head.status.as_u16());
    for (place, headers) in [("headers", &head.headers), ("trailers", &trailers)] {
        if let Some(status) = tonic::Status::from_header_map(headers) {
            text.push_str(&format!(", {place} {:?}: {}", status.code(), status.message()));
        }
    }
    if bytes > 0 {
        text.push_str(&format!(", {bytes} bytes"));
    }
    text
}

/// Sends one request to a server with the one-row default dataset and uploads in memory.
async fn check(request: Request<Body>, expected: Expect) {
    let (server, dialer) = Server::in_memory(front(catalog()), AcceptOptions::default());
    let connection = connect(&dialer).await;
    let response = call(&connection, request).await.unwrap();
    expected.assert_eq(&described(response).await);
    drop(connection);
    server.stop().await;
}

fn get(headers: &[(&str, &str)]) -> Request<Body> {
    request(GET, headers, body_of(vec![message(0, &[])]))
}

#[tokio::test]
async fn answers_the_default_dataset_exactly() {
    let (server, dialer) = Server::in_memory(front(catalog()), AcceptOptions::default());
    let mut client = ArrowDataServiceClient::new(connect(&dialer).await);
    let mut messages = client.get_arrow_data(Empty {}).await.unwrap().into_inner();
    let first = messages.message().await.unwrap().unwrap();
    let (schema, batches) = read_stream(first.payload, &Limits::default()).unwrap();
    let text = arrow_cast::pretty::pretty_format_batches(&batches).unwrap().to_string();
    expect![[r#"
        Schema { fields: [Field { name: "id", data_type: Int64 }, Field { name: "value", data_type: Float64 }], metadata: {} }
        +----+-------+
        | id | value |
        +----+-------+
        | 1  | 3.14  |
        +----+-------+"#]].assert_eq(&format!("{schema:?}\n{text}"));
    assert!(messages.message().await.unwrap().is_none());
    drop((client, messages));
    server.stop().await;
}

#[tokio::test]
async fn reads_and_refuses_by_name() {
    check(get(&[("arrowlink-name", "default")]), expect!["200, trailers Ok: , 592 bytes"]).await;
    check(
        get(&[("arrowlink-name", "defualt")]),
        expect!["200, headers NotFound: no dataset `defualt`, did you mean `default`?"],
    )
    .await;
    check(get(&[("arrowlink-name", "../etc/passwd")]), expect!["200, headers InvalidArgument: `../etc/passwd` is not a name: use one to 3 parts joined by dots, each a letter or `_` followed by letters, digits, `_` or `-`, at most 128 bytes in all"]).await;
    check(
        get(&[("arrowlink-name", "ünï")]),
        expect![
            "200, headers InvalidArgument: the request metadata key `arrowlink-name` is not printable ASCII"
        ],
    )
    .await;
}

#[tokio::test]
async fn reads_within_the_limit_of_the_client() {
    check(
        get(&[("arrowlink-max-message-bytes", "100000000000000000000")]),
        expect!["200, trailers Ok: , 592 bytes"],
    )
    .await;
    check(get(&[("arrowlink-max-message-bytes", "400")]), expect!["200, headers ResourceExhausted: row 1 takes 584 bytes by itself, more than the 400 bytes of a message: announce a larger limit in the request metadata key `arrowlink-max-message-bytes`"]).await;
    for wrong in ["0", "-1", "4 MiB", "", "1e6"] {
        let (server, dialer) = Server::in_memory(front(catalog()), AcceptOptions::default());
        let connection = connect(&dialer).await;
        let response = call(&connection, get(&[("arrowlink-max-message-bytes", wrong)])).await.unwrap();
        let text = described(response).await;
        assert!(
            text.contains("headers InvalidArgument") && text.contains("is not a number of bytes"),
            "{text}"
        );
        drop(connection);
        server.stop().await;
    }
}

#[tokio::test]
async fn refuses_what_is_not_grpc() {
    let mut wrong = get(&[]);
    *wrong.method_mut() = http::Method::GET;
    check(wrong, expect!["405"]).await;
    let mut wrong = get(&[]);
    wrong.headers_mut().insert("content-type", "application/json".parse().unwrap());
    check(wrong, expect!["415"]).await;
    let mut wrong = get(&[]);
    wrong.headers_mut().insert("content-type", "application/grpc+json".parse().unwrap());
    check(wrong, expect!["415"]).await;
    let mut right = get(&[]);
    right.headers_mut().insert("content-type", "application/grpc+proto; charset=x".parse().unwrap());
    check(right, expect!["200, trailers Ok: , 592 bytes"]).await;
}

#[tokio::test]
async fn refuses_compressed_messages() {
    check(get(&[("grpc-encoding", "gzip")]), expect!["200, headers Unimplemented: messages compressed by `gzip` are not supported: send them uncompressed"]).await;
    check(get(&[("grpc-encoding", "identity")]), expect!["200, trailers Ok: , 592 bytes"]).await;
    check(
        request(GET, &[], body_of(vec![message(1, &[])])),
        expect![
            "200, headers Internal: message 1 is flagged as compressed, and no compression was agreed on"
        ],
    )
    .await;
    check(
        request(GET, &[], body_of(vec![message(7, &[])])),
        expect!["200, headers Internal: message 1 begins with 7, which is no flag of gRPC"],
    )
    .await;
}

#[tokio::test]
async fn takes_exactly_one_message_to_read() {
    check(
        request(GET, &[], body_of(vec![])),
        expect!["200, headers InvalidArgument: the request has no message: send one `Empty`"],
    )
    .await;
    check(
        request(GET, &[], body_of(vec![message(0, &[]), message(0, &[])])),
        expect!["200, headers InvalidArgument: the request has more than one message"],
    )
    .await;
    check(
        request(GET, &[], body_of(vec![message(0, &[]).slice(..3)])),
        expect![
            "200, headers InvalidArgument: message 1 is not complete: the stream ended in the middle of it"
        ],
    )
    .await;
    let fields_of_later_versions = message(0, &[0x78, 1]);
    check(
        request(GET, &[], body_of(vec![fields_of_later_versions])),
        expect!["200, trailers Ok: , 592 bytes"],
    )
    .await;
}

#[tokio::test]
async fn hands_other_paths_to_other_services() {
    check(
        request("/grpc.health.v1.Health/Check", &[], body_of(vec![message(0, &[])])),
        expect!["200, headers Unimplemented: "],
    )
    .await;
    check(
        request("/dataexchange.ArrowDataService/Get", &[], body_of(vec![message(0, &[])])),
        expect!["200, headers Unimplemented: "],
    )
    .await;
}

#[tokio::test]
async fn refuses_a_timeout_it_cannot_read() {
    check(get(&[("grpc-timeout", "1 hour")]), expect!["200, headers InvalidArgument: `1 hour` is not a `grpc-timeout`: use one to eight digits and a unit, `H`, `M`, `S`, `m`, `u` or `n`"]).await;
}

#[tokio::test]
async fn stores_an_upload_and_says_what_was_stored() {
    let service = catalog();
    let (server, dialer) = Server::in_memory(front(service.clone()), AcceptOptions::default());
    let connection = connect(&dialer).await;
    let mut client = ArrowDataServiceClient::new(connection.clone());
    let payload = write_stream(&three_rows().schema(), [&three_rows()], &EncodeOptions::default()).unwrap();
    let payload: Vec<u8> = payload.iter().flat_map(|segment| segment.to_vec()).collect();
    let uploads =
        stream::iter([payload.clone(), payload].map(|payload| ArrowData { payload: payload.into() }));
    let response = client.send_arrow_data(uploads).await.unwrap();
    let metadata: Vec<String> = ["rows", "batches", "bytes", "durability"]
        .iter()
        .map(|key| {
            format!(
                "{key} {}",
                response.metadata().get(format!("arrowlink-{key}")).unwrap().to_str().unwrap()
            )
        })
        .collect();
    expect![[r#"
        stored 6 rows in 2 batches (3.6 KiB) as `uploads`, in memory
        rows 6, batches 2, bytes 3734, durability memory"#]]
    .assert_eq(&format!("{}\n{}", response.get_ref().message, metadata.join(", ")));
    assert_eq!(service.read_all(&name("uploads")).await.unwrap().1, [three_rows(), three_rows()]);
    drop((connection, client));
    server.stop().await;
}

#[tokio::test]
async fn keeps_nothing_of_an_upload_with_an_error_in_it() {
    let good = payload(&three_rows());
    let other = arrow_array::record_batch!(("id", Int64, [1])).unwrap();
    let garbage = message(0, &[0x0a, 4, b'a', b'b', b'c', b'd']);
    let not_protobuf = message(0, &[0xff; 20]);
    let truncated = good.slice(..good.len() - 5);
    let cases = [
        (
            vec![good.clone(), garbage],
            expect![
                "200, headers InvalidArgument: payload 2 is not a complete Arrow IPC stream: message 1: this is no Arrow stream"
            ],
        ),
        (
            vec![good.clone(), payload(&other)],
            expect![
                "200, headers FailedPrecondition: payload 2 has another schema than the first: column `name` is missing, expected Utf8"
            ],
        ),
        (
            vec![good.clone(), not_protobuf],
            expect![
                "200, headers InvalidArgument: message 2 is not an `ArrowData`: failed to decode Protobuf message: invalid varint"
            ],
        ),
        (
            vec![good.clone(), truncated],
            expect![
                "200, headers InvalidArgument: message 2 is not complete: the stream ended in the middle of it"
            ],
        ),
        (
            vec![good, message(1, &[])],
            expect![
                "200, headers Internal: message 2 is flagged as compressed, and no compression was agreed on"
            ],
        ),
        (
            vec![],
            expect![
                "200, headers InvalidArgument: the upload has no payload: send at least one Arrow IPC stream, which may be without rows"
            ],
        ),
        (
            vec![Bytes::from_static(&[0, 0xff, 0xff, 0xff, 0xff])],
            expect![
                "200, headers ResourceExhausted: message 1 of 4294967300 bytes exceeds the limit of 268435456 bytes: send smaller messages, or raise `max_message_bytes` under `[limits]` of the server"
            ],
        ),
    ];
    for (messages, expected) in cases {
        let service = catalog();
        let (server, dialer) = Server::in_memory(front(service.clone()), AcceptOptions::default());
        let connection = connect(&dialer).await;
        let response = call(&connection, request(SEND, &[], body_of(messages))).await.unwrap();
        expected.assert_eq(&described(response).await);
        let kept = service.read_all(&name("uploads")).await;
        assert_eq!(kept.unwrap_err().kind(), ErrorKind::NotFound);
        drop(connection);
        server.stop().await;
    }
}

#[tokio::test]
async fn says_why_a_dataset_takes_no_writes() {
    check(
        request(SEND, &[("arrowlink-name", "default")], body_of(vec![payload(&three_rows())])),
        expect!["200, headers FailedPrecondition: this dataset (built in) cannot be written to: write to a name that is not served yet"],
    )
    .await;
}

/// A service that tells when a write begins and how its input ended.
#[derive(Debug)]
struct Probe {
    began: Arc<Notify>,
    ended: mpsc::UnboundedSender<std::result::Result<usize, ErrorKind>>,
}

impl Stub for Probe {
    fn read(&self) -> BoxFuture<'_, Result<BatchStream>> {
        std::future::pending().boxed()
    }

    fn write(&self, mut batches: BatchStream) -> BoxFuture<'_, Result<Receipt>> {
        async move {
            self.began.notify_one();
            let mut dropped = Dropped(Some(self.ended.clone()));
            let mut rows = 0;
            let outcome = loop {
                match batches.next().await {
                    Some(Ok(chunk)) => rows += chunk.batch.num_rows(),
                    Some(Err(error)) => break Err(error.kind()),
                    None => break Ok(rows),
                }
            };
            dropped.0.take().unwrap().send(outcome).unwrap();
            Err(Error::new(ErrorKind::Unsupported, "a probe keeps nothing"))
        }
        .boxed()
    }
}

/// Tells of a write that was dropped.
struct Dropped(Option<mpsc::UnboundedSender<std::result::Result<usize, ErrorKind>>>);

impl Drop for Dropped {
    fn drop(&mut self) {
        if let Some(tx) = self.0.take() {
            tx.send(Err(ErrorKind::Cancelled)).ok();
        }
    }
}

/// Starts an upload whose first payload has arrived, ends it by `end`, and returns how the service saw its end.
async fn seen_end(
    rest: impl Stream<Item = std::result::Result<Frame<Bytes>, tonic::Status>> + Send + 'static,
    end: impl AsyncFnOnce(Connection, BoxFuture<'static, Result<Response<ResponseBody>>>),
) -> std::result::Result<usize, ErrorKind> {
    let (tx, mut rx) = mpsc::unbounded_channel();
    let began = Arc::new(Notify::new());
    let probe = Probe { began: Arc::clone(&began), ended: tx };
    let (server, dialer) = Server::in_memory(front(stubbed(&Arc::new(probe))), AcceptOptions::default());
    let connection = connect(&dialer).await;
    let first = stream::iter([Ok(Frame::data(payload(&three_rows())))]);
    let waited = stream::once(async move { began.notified().await }).filter_map(async |()| None);
    let body = Body::new(StreamBody::new(first.chain(waited).chain(rest).boxed()));
    let running = connection.clone();
    let running = async move { call(&running, request(SEND, &[], body)).await }.boxed();
    end(connection, running).await;
    let seen = rx.recv().await.unwrap();
    server.stop().await;
    seen
}

#[tokio::test]
async fn a_clean_end_is_an_end() {
    let seen = seen_end(stream::empty(), async |_connection, running| {
        drop(running.await);
    });
    assert_eq!(seen.await, Ok(3));
}

#[tokio::test]
async fn a_client_that_breaks_off_is_no_end() {
    let broken = stream::iter([Err(tonic::Status::cancelled("given up"))]);
    let seen = seen_end(broken, async |_connection, running| {
        drop(running.await);
    });
    assert_eq!(seen.await, Err(ErrorKind::Cancelled));
}

#[tokio::test]
async fn trailers_of_a_client_excuse_no_half_message() {
    let status = HeaderMap::from_iter([("grpc-status".parse().unwrap(), "4".parse().unwrap())]);
    let half =
        stream::iter([Ok(Frame::data(payload(&three_rows()).slice(..20))), Ok(Frame::trailers(status))]);
    let seen = seen_end(half, async |_connection, running| {
        drop(running.await);
    });
    assert_eq!(seen.await, Err(ErrorKind::InvalidArgument));
}

#[tokio::test]
async fn a_reset_is_no_end_whatever_its_code_and_nothing_is_kept() {
    const NO_ERROR: u32 = 0;
    const CANCEL: u32 = 8;
    for code in [NO_ERROR, CANCEL] {
        let (tx, mut rx) = mpsc::unbounded_channel();
        let began = Arc::new(Notify::new());
        let probe = Probe { began: Arc::clone(&began), ended: tx };
        let (server, dialer) = Server::in_memory(front(stubbed(&Arc::new(probe))), AcceptOptions::default());
        let mut client = RawClient::start(dialer.dial().await.unwrap()).await;
        client.call(SEND).await;
        client.data(&payload(&three_rows())).await;
        began.notified().await;
        client.reset(code).await;
        assert_eq!(rx.recv().await.unwrap(), Err(ErrorKind::Cancelled), "code {code}");
        drop(client);
        server.stop().await;

        let service = catalog();
        let (server, dialer) = Server::in_memory(front(service.clone()), AcceptOptions::default());
        let mut client = RawClient::start(dialer.dial().await.unwrap()).await;
        client.call(SEND).await;
        client.data(&payload(&three_rows())).await;
        client.reset(code).await;
        drop(client);
        server.stop().await;
        let kept = service.read_all(&name("uploads")).await;
        assert_eq!(kept.unwrap_err().kind(), ErrorKind::NotFound, "code {code}");
    }
}

#[tokio::test]
async fn a_client_that_disconnects_is_no_end() {
    let reached = Arc::new(Notify::new());
    let notify = Arc::clone(&reached);
    let silent = stream::once(async move { notify.notify_one() }).then(|()| std::future::pending());
    let seen = seen_end(silent, async |connection, running| {
        tokio::select! {
            _ = running => panic!("an upload without an end was answered"),
            () = reached.notified() => drop(connection),
        }
    });
    assert_eq!(seen.await, Err(ErrorKind::Cancelled));
}

#[tokio::test(start_paused = true)]
async fn a_client_that_falls_silent_is_no_end() {
    let seen = seen_end(stream::pending(), async |_connection, running| {
        let response = running.await.unwrap();
        let text = described(response).await;
        expect!["200, headers Unimplemented: a probe keeps nothing"].assert_eq(&text);
    });
    assert_eq!(seen.await, Err(ErrorKind::DeadlineExceeded));
}

#[tokio::test(start_paused = true)]
async fn a_call_past_its_deadline_is_dropped() {
    let (tx, _rx) = mpsc::unbounded_channel();
    let probe = Probe { began: Arc::default(), ended: tx };
    let (server, dialer) = Server::in_memory(front(stubbed(&Arc::new(probe))), AcceptOptions::default());
    let connection = connect(&dialer).await;
    let response = call(&connection, get(&[("grpc-timeout", "5S")])).await.unwrap();
    expect!["200, headers DeadlineExceeded: the call was not finished within the 5s that its client gave it"]
        .assert_eq(&described(response).await);
    drop(connection);
    server.stop().await;
}

#[tokio::test]
async fn refuses_messages_past_its_own_limit() {
    let options = front_options().with_max_message_bytes(100).with_idle_timeout(Duration::from_secs(1));
    let service = front_with(catalog(), options);
    let (server, dialer) = Server::in_memory(service, AcceptOptions::default());
    let connection = connect(&dialer).await;
    let response =
        call(&connection, request(SEND, &[], body_of(vec![payload(&three_rows())]))).await.unwrap();
    let text = described(response).await;
    assert!(text.contains("ResourceExhausted") && text.contains("max_message_bytes"), "{text}");
    drop(connection);
    server.stop().await;
}

#[tokio::test]
async fn tells_the_access_log_what_a_call_was_about() {
    let mut service = front(catalog());
    let record = CallRecord::default();
    let mut upload = request(SEND, &[("arrowlink-name", "sensors")], body_of(vec![payload(&three_rows())]));
    upload.extensions_mut().insert(record.clone());
    service.call(upload).await.unwrap();
    assert_eq!((record.name().unwrap().as_str(), record.rows(), record.cells()), ("sensors", 3, 6));
    assert!(record.bytes() > 100);

    let record = CallRecord::default();
    let mut read = get(&[("arrowlink-name", "sensors")]);
    read.extensions_mut().insert(record.clone());
    let body = service.call(read).await.unwrap().into_body();
    body.collect().await.unwrap();
    assert_eq!((record.name().unwrap().as_str(), record.rows(), record.cells()), ("sensors", 3, 6));
}

#[tokio::test]
async fn answers_under_the_request_id_of_the_context() {
    let mut service = front(catalog());
    let mut read = get(&[("arrowlink-name", "nothing")]);
    read.extensions_mut().insert(CallContext::new().with_request_id("0198-42"));
    let response = service.call(read).await.unwrap();
    let headers: &HeaderMap = response.headers();
    let status = tonic::Status::from_header_map(headers).unwrap();
    assert_eq!(arrowlink_transport::status::from_status(&status).request_id(), Some("0198-42"));
}
