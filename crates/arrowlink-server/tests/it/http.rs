//! Plain HTTP on the port of gRPC: over TLS in both versions, beside gRPC, with the same log and the same ends.

use std::path::Path;
use std::sync::Arc;

use arrow_array::cast::AsArray as _;
use arrow_array::record_batch;
use arrow_array::types::{Float64Type, Int64Type};
use arrow_ipc::reader::StreamReader;
use arrowlink_core::{
    BatchStream, CallContext, Catalog, Chunk, Dataset, Description, Error, ErrorKind, Name,
};
use arrowlink_core::{NounKind, ReadOptions, Result};
use arrowlink_server::{Config, HttpConfig};
use bytes::Bytes;
use futures::future::BoxFuture;
use futures::{FutureExt as _, StreamExt as _, stream};
use http::{Request, Response, Version};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, ServerName};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::support::{Program, Running, client, name};

/// Connects over TLS with what the client offers by ALPN, and returns what was agreed on.
async fn connect(port: u16, ca: &Path, alpn: &[&str]) -> (TlsStream<TcpStream>, Option<String>) {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(ca).unwrap()).unwrap();
    let mut config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = alpn.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
    let stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let host = ServerName::try_from("localhost").unwrap();
    let stream = TlsConnector::from(Arc::new(config)).connect(host, stream).await.unwrap();
    let agreed = stream.get_ref().1.alpn_protocol().map(|it| String::from_utf8(it.to_vec()).unwrap());
    (stream, agreed)
}

/// Asks by a client of hyper, in the version that `alpn` agrees on.
pub(crate) async fn ask(
    port: u16,
    ca: &Path,
    alpn: &[&str],
    request: http::request::Builder,
    body: &str,
) -> Response<Incoming> {
    let (stream, agreed) = connect(port, ca, alpn).await;
    let request = request.body(Full::new(Bytes::from(body.to_owned()))).unwrap();
    let io = TokioIo::new(stream);
    if agreed.as_deref() == Some("h2") {
        let (mut sender, connection) =
            hyper::client::conn::http2::handshake(TokioExecutor::new(), io).await.unwrap();
        tokio::spawn(connection);
        return sender.send_request(request).await.unwrap();
    }
    let (mut sender, connection) = hyper::client::conn::http1::handshake(io).await.unwrap();
    tokio::spawn(connection);
    sender.send_request(request).await.unwrap()
}

async fn get(server: &Running, alpn: &[&str], path: &str) -> Response<Incoming> {
    let request = Request::get(format!("https://localhost{path}")).header("host", "localhost");
    ask(server.port, &server.ca(), alpn, request, "").await
}

pub(crate) async fn text(answer: Response<Incoming>) -> String {
    String::from_utf8(answer.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
}

pub(crate) const BOTH: [&[&str]; 2] = [&["h2"], &["http/1.1"]];

#[tokio::test]
async fn serves_tables_in_both_versions() {
    let server = Running::build(Config::default()).await;
    for alpn in BOTH {
        let answer = get(&server, alpn, "/v1/datasets/default?format=csv").await;
        assert_eq!(answer.headers()["content-type"], "text/csv");
        assert_eq!(answer.headers()["arrowlink-request-id"].len(), 36);
        assert_eq!(text(answer).await, "id,value\n1,3.14\n");
        let answer = get(&server, alpn, "/v1/datasets/default").await;
        let bytes = answer.into_body().collect().await.unwrap().to_bytes();
        let read: Vec<_> = StreamReader::try_new(&bytes[..], None).unwrap().map(|it| it.unwrap()).collect();
        assert_eq!(read[0].column(0).as_primitive::<Int64Type>().values().to_vec(), [1]);
        assert_eq!(read[0].column(1).as_primitive::<Float64Type>().value(0).to_string(), "3.14");
    }
    server.stop().await;
}

#[tokio::test]
async fn prefers_http_2_and_needs_no_alpn() {
    let server = Running::build(Config::default()).await;
    assert_eq!(connect(server.port, &server.ca(), &["http/1.1", "h2"]).await.1.as_deref(), Some("h2"));
    let answer = get(&server, &[], "/v1/datasets/default?format=csv").await;
    assert_eq!(answer.version(), Version::HTTP_11);
    assert_eq!(text(answer).await, "id,value\n1,3.14\n");
    server.stop().await;
}

#[tokio::test]
async fn serves_grpc_beside_it_but_not_over_http_1_1() {
    let server = Running::build(Config::default()).await;
    assert_eq!(server.client().await.read_all(&name("default")).await.unwrap().1.len(), 1);
    let request = Request::post("/dataexchange.ArrowDataService/GetArrowData").header("host", "localhost");
    let request = request.header("content-type", "application/grpc");
    let answer = ask(server.port, &server.ca(), &["http/1.1"], request, "").await;
    assert_eq!(answer.status(), 505);
    assert!(text(answer).await.contains("gRPC needs HTTP/2"));
    server.stop().await;
}

#[tokio::test]
async fn reads_what_was_uploaded_by_grpc() {
    let server = Running::build(Config::default()).await;
    let batch = record_batch!(("id", Int64, [1, 2])).unwrap();
    server.client().await.append(&name("people"), vec![batch]).await.unwrap();
    let answer = get(&server, &["http/1.1"], "/v1/datasets/people?format=ndjson").await;
    assert_eq!(text(answer).await, "{\"id\":1}\n{\"id\":2}\n");
    server.stop().await;
}

#[tokio::test]
async fn a_mistake_in_an_expression_is_told_where_its_client_wrote_it() {
    let program = Program::start(&["--dataset", "readings=demo://?rows=1"]);
    let refusal = async |query: &str| {
        let request = Request::get(format!("/v1/datasets/readings?{query}")).header("host", "localhost");
        let answer = ask(program.port, &program.ca(), &["http/1.1"], request, "").await;
        let details: serde_json::Value = serde_json::from_str(&text(answer).await).unwrap();
        details["detail"].as_str().unwrap().to_owned()
    };
    let check = async |query: &str, expected: &str| {
        let refusal = refusal(query).await;
        assert_eq!(refusal.split("; the columns are").next(), Some(expected), "{query}");
    };
    check("sql-where=id%3E1+and+nope=2", "`sql-where`, line 1, column 10: no column `nope`").await;
    check("sql-where=id%3E1%0A+and+nope=2", "`sql-where`, line 2, column 6: no column `nope`").await;
    let expected = "expected: an expression, found: the end";
    check("sql-where=id+%3E", &format!("`sql-where`, line 1, column 5: {expected}")).await;
    check("sql-where=id+%3E%0A", &format!("`sql-where`, line 2, column 1: {expected}")).await;
    check("columns=nope&sql-where=id%3E1", "`columns`: no column `nope`").await;
    check("columns=id,%22&sql-where=id%3E1", "`columns`: no column `\"`").await;
    let reason =
        "the statement is not valid: Unary operator '+' only supports numeric, interval and timestamp types";
    check("sql-where=id%3E1+and+%2Bcategory", &format!("`sql-where`, line 1, column 11: {reason}")).await;
}

#[tokio::test]
async fn an_expression_takes_the_largest_limit() {
    let server = Running::build(Config::default()).await;
    let path = format!("/v1/datasets/default?format=csv&sql-where=id%3E0&limit={}", u64::MAX);
    assert_eq!(text(get(&server, &["http/1.1"], &path).await).await, "id,value\n1,3.14\n");
    server.stop().await;
}

#[tokio::test]
async fn says_what_is_wrong_under_the_id_that_is_logged() {
    let program = Program::start(&["--log-format", "json"]);
    let request =
        Request::get("/v1/datasets/defalt").header("host", "a").header("arrowlink-request-id", "mine.7");
    let answer = ask(program.port, &program.ca(), &["http/1.1"], request, "").await;
    assert_eq!(
        (answer.status().as_u16(), &answer.headers()["arrowlink-request-id"]),
        (404, &"mine.7".parse().unwrap())
    );
    let details: serde_json::Value = serde_json::from_str(&text(answer).await).unwrap();
    assert_eq!(details["detail"], "no dataset `defalt`, did you mean `default`?");
    assert_eq!(details["instance"], "mine.7");
    let line: serde_json::Value = serde_json::from_str(&program.line(&["mine.7"]).await).unwrap();
    assert_eq!(line["method"], "GET /v1/datasets/defalt");
    assert_eq!(line["status"], "NOT_FOUND");
    assert_eq!(line["error"], details["detail"]);
}

#[tokio::test]
async fn a_statement_that_is_too_large_is_refused_before_it_is_sent() {
    let server = Running::build(Config::default()).await;
    for (length, answer) in [(99_999_999, "HTTP/1.1 413 "), (8, "HTTP/1.1 100 ")] {
        let (mut stream, _) = connect(server.port, &server.ca(), &["http/1.1"]).await;
        let head = format!(
            "POST /v1/sql HTTP/1.1\r\nhost: localhost\r\nexpect: 100-continue\r\ncontent-length: {length}\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut first = [0; 13];
        stream.read_exact(&mut first).await.unwrap();
        assert_eq!(std::str::from_utf8(&first).unwrap(), answer);
    }
    server.stop().await;
}

#[tokio::test]
async fn writes_one_line_per_request() {
    let program = Program::start(&["--dataset", "readings=demo://?rows=1000", "--log-format", "json"]);
    for (alpn, id) in [("h2", "first"), ("http/1.1", "second")] {
        let request =
            Request::get("https://localhost/v1/datasets/readings?format=csv").header("host", "localhost");
        let request = request.header("arrowlink-request-id", id);
        text(ask(program.port, &program.ca(), &[alpn], request, "").await).await;
        let line: serde_json::Value = serde_json::from_str(&program.line(&[id]).await).unwrap();
        assert_eq!(
            (&line["status"], &line["rows"], &line["name"]),
            (&"OK".into(), &1000.into(), &"readings".into())
        );
        assert!(line["bytes"].as_u64().unwrap() > 1000, "{line}");
    }
    assert_eq!(program.stderr().matches("/v1/datasets").count(), 2, "{}", program.stderr());
}

#[tokio::test]
async fn a_client_that_goes_away_ends_its_read() {
    let program = Program::start(&["--dataset", "readings=demo://?rows=100000000", "--log-format", "json"]);
    for (alpn, id) in [("h2", "first"), ("http/1.1", "second")] {
        let request = Request::get("https://localhost/v1/datasets/readings").header("host", "localhost");
        let request = request.header("arrowlink-request-id", id);
        let mut body = ask(program.port, &program.ca(), &[alpn], request, "").await.into_body();
        body.frame().await.unwrap().unwrap();
        drop(body);
        let line: serde_json::Value = serde_json::from_str(&program.line(&[id]).await).unwrap();
        assert_eq!(line["status"], "CANCELLED", "{line}");
        assert!(line["rows"].as_u64().unwrap() < 100_000_000, "{line}");
    }
    client(program.port, &program.ca()).await.read_all(&name("default")).await.unwrap();
}

/// One batch, then what it is told to do.
#[derive(Debug)]
struct Failing(fn() -> Error);

impl Dataset for Failing {
    fn describe(&self, _ctx: CallContext) -> BoxFuture<'_, Result<Description>> {
        let schema = record_batch!(("id", Int64, [1])).unwrap().schema();
        std::future::ready(Ok(Description::new(NounKind::Dataset, schema))).boxed()
    }

    fn read(&self, _ctx: CallContext, _options: ReadOptions) -> BoxFuture<'_, Result<BatchStream>> {
        let batch = record_batch!(("id", Int64, (0..50_000).collect::<Vec<i64>>())).unwrap();
        let fail = self.0;
        let schema = batch.schema();
        let first = stream::iter([Ok(Chunk::new(batch))]);
        let chunks = first.chain(stream::once(async move {
            tokio::task::yield_now().await;
            Err(fail())
        }));
        std::future::ready(Ok(BatchStream::new(schema, chunks))).boxed()
    }
}

#[tokio::test]
async fn a_table_that_was_cut_off_does_not_look_whole() {
    let fail = || Error::new(ErrorKind::Corrupt, "the file ends early");
    let catalog = Catalog::new()
        .with_dataset(Name::new("failing").unwrap(), Arc::new(Failing(fail)))
        .with_dataset(Name::new("panicking").unwrap(), Arc::new(Failing(|| panic!("on purpose"))));
    let server = Running::with_service(Config::default(), Arc::new(catalog)).await;
    for alpn in BOTH {
        for dataset in ["failing", "panicking"] {
            for format in ["arrow-stream", "csv", "json"] {
                let answer = get(&server, alpn, &format!("/v1/datasets/{dataset}?format={format}")).await;
                assert_eq!(answer.status(), 200);
                assert!(answer.into_body().collect().await.is_err(), "{alpn:?} {dataset} {format}");
            }
        }
    }
    server.stop().await;
}

#[tokio::test]
async fn answers_grpc_alone_where_it_is_switched_off() {
    let config = Config::default().with_http(HttpConfig::default().with_enabled(false));
    let server = Running::build(config).await;
    let answer = get(&server, &["http/1.1"], "/v1/datasets").await;
    assert_eq!(answer.status(), 404);
    assert!(text(answer).await.contains("`http.enabled` is false"));
    assert_eq!(server.client().await.read_all(&name("default")).await.unwrap().1.len(), 1);
    server.stop().await;
}
