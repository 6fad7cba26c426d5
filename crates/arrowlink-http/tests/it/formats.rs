//! Which format an answer has, and that it is one.

use std::sync::Arc;

use arrow_array::{Array as _, ArrayRef, RecordBatch, StringViewArray, record_batch};
use arrow_ipc::reader::{FileReader, StreamReader};
use arrow_schema::DataType;
use arrowlink_core::{Catalog, MemoryDataset};
use arrowlink_http::HttpOptions;
use arrowlink_testkit::name;
use expect_test::expect;
use http::{Request, StatusCode};
use http_body_util::BodyExt as _;

use crate::support::{ask, ask_of, get, refusal, text, trips};

async fn check(accept: &str, media_type: &str) {
    let answer = ask(Request::get("/v1/datasets/trips").header("accept", accept), "").await;
    assert_eq!(answer.status(), StatusCode::OK, "{accept}");
    assert_eq!(answer.headers()["content-type"], media_type, "{accept}");
}

#[tokio::test]
async fn gives_the_format_that_is_accepted_most() {
    check("*/*", "application/vnd.apache.arrow.stream").await;
    check("text/csv", "text/csv").await;
    check("TEXT/CSV; header=present", "text/csv").await;
    check("text/*", "text/csv").await;
    check("application/json, text/csv;q=0.9", "application/json").await;
    check("application/json;q=0.1, text/csv;q=0.901", "text/csv").await;
    check("*/*, application/x-ndjson", "application/x-ndjson").await;
    check("application/vnd.apache.arrow.stream;q=0, */*", "application/vnd.apache.arrow.file").await;
    check("text/html, application/vnd.apache.parquet;q=0.5", "application/vnd.apache.parquet").await;
    check("text/csv;q=nonsense, application/json;q=0.1", "application/json").await;
}

#[tokio::test]
async fn refuses_what_is_not_there_and_lists_what_is() {
    let answer = ask(Request::get("/v1/datasets/trips").header("accept", "text/html"), "").await;
    expect!["406 none of the media types in `accept` is one of this resource: there are `application/vnd.apache.arrow.stream`, `application/vnd.apache.arrow.file`, `application/vnd.apache.parquet`, `text/csv`, `application/x-ndjson`, `application/json`"].assert_eq(&refusal(answer).await);
    let answer = get("/v1/datasets/trips?format=arrow").await;
    expect!["400 there is no format `arrow` here: did you mean `arrow-file`, `arrow-stream`?"]
        .assert_eq(&refusal(answer).await);
    let answer = ask(Request::get("/v1/datasets").header("accept", "text/csv"), "").await;
    assert_eq!(answer.status(), StatusCode::NOT_ACCEPTABLE);
}

#[tokio::test]
async fn gives_arrow_that_arrow_reads() {
    let bytes = get("/v1/datasets/trips").await.into_body().collect().await.unwrap().to_bytes();
    let read: Vec<_> = StreamReader::try_new(&bytes[..], None).unwrap().map(Result::unwrap).collect();
    assert_eq!(read, [trips()]);
    let answer = get("/v1/datasets/trips?format=arrow-file").await;
    let bytes = answer.into_body().collect().await.unwrap().to_bytes();
    let read = FileReader::try_new(std::io::Cursor::new(bytes), None).unwrap();
    assert_eq!(read.map(Result::unwrap).collect::<Vec<_>>(), [trips()]);
    let answer = get("/v1/datasets/trips/schema?format=arrow-stream").await;
    let bytes = answer.into_body().collect().await.unwrap().to_bytes();
    let read = StreamReader::try_new(&bytes[..], None).unwrap();
    assert_eq!(read.schema(), trips().schema());
}

#[tokio::test]
async fn gives_views_to_those_who_ask_for_them() {
    let names: ArrayRef = Arc::new(StringViewArray::from(vec!["ada", "grace"]));
    let batch = RecordBatch::try_from_iter([("name", names)]).unwrap();
    let people = MemoryDataset::new(batch.schema(), vec![batch]).unwrap();
    let catalog = Arc::new(Catalog::new().with_dataset(name("people"), Arc::new(people)));
    for (views, expected) in
        [(None, DataType::Utf8), (Some("plain"), DataType::Utf8), (Some("keep"), DataType::Utf8View)]
    {
        for path in ["/v1/datasets/people", "/v1/datasets/people/schema?format=arrow-stream"] {
            let request = Request::get(path);
            let request = match views {
                Some(views) => request.header("arrowlink-views", views),
                None => request,
            };
            let answer = ask_of(catalog.clone(), HttpOptions::default(), request, "").await;
            let bytes = answer.into_body().collect().await.unwrap().to_bytes();
            let read = StreamReader::try_new(&bytes[..], None).unwrap();
            assert_eq!(read.schema().field(0).data_type(), &expected, "{path} {views:?}");
            assert!(read.map(Result::unwrap).all(|batch| batch.column(0).data_type() == &expected));
        }
    }
    let request = Request::get("/v1/datasets/people").header("arrowlink-views", "maybe");
    let answer = ask_of(catalog, HttpOptions::default(), request, "").await;
    expect!["400 `maybe` is not a value of `arrowlink-views`: use `keep` or `plain`"]
        .assert_eq(&refusal(answer).await);
}

#[tokio::test]
async fn nulls_of_csv_can_be_told_from_empty_texts() {
    let people = record_batch!(("id", Int64, [1, 2]), ("name", Utf8, [Some(""), None])).unwrap();
    let people = MemoryDataset::new(people.schema(), vec![people]).unwrap();
    let catalog = Arc::new(Catalog::new().with_dataset(name("people"), Arc::new(people)));
    let answer = |path: &str| ask_of(catalog.clone(), HttpOptions::default(), Request::get(path), "");
    let path = "/v1/datasets/people?format=csv";
    assert_eq!(text(answer(path).await).await, "id,name\n1,\n2,\n");
    assert_eq!(text(answer(&format!("{path}&csv-null=%5CN")).await).await, "id,name\n1,\n2,\\N\n");
    let refused = refusal(answer("/v1/datasets/people?format=ndjson&csv-null=NA").await).await;
    expect!["400 `csv-null` is for CSV, and the answer is NDJSON"].assert_eq(&refused);
    let answer = text(get("/v1/sql?q=select%201&format=csv&csv-null=NA").await).await;
    assert!(answer.starts_with("id,zone\n"), "{answer}");
}

#[tokio::test]
async fn gives_json_in_both_ways() {
    let answer = text(get("/v1/datasets/trips?format=ndjson&limit=1").await).await;
    assert_eq!(answer, "{\"id\":1,\"zone\":\"A\"}\n");
    let answer = text(get("/v1/datasets/trips?format=json").await).await;
    let rows: serde_json::Value = serde_json::from_str(&answer).unwrap();
    assert_eq!(rows[2]["id"], 3);
}

async fn coded(path: &str, accept_encoding: &str) -> (Option<String>, Vec<u8>) {
    let answer = ask(Request::get(path).header("accept-encoding", accept_encoding), "").await;
    assert_eq!(answer.status(), StatusCode::OK, "{accept_encoding}");
    let coding = answer.headers().get("content-encoding").map(|coding| coding.to_str().unwrap().to_owned());
    (coding, answer.into_body().collect().await.unwrap().to_bytes().to_vec())
}

#[tokio::test]
async fn compresses_where_it_is_asked_to() {
    let (coding, bytes) = coded("/v1/datasets/trips?format=csv", "gzip;q=0.5, zstd").await;
    assert_eq!(coding.as_deref(), Some("zstd"));
    assert_eq!(zstd::decode_all(&bytes[..]).unwrap(), b"id,zone\n1,A\n2,B\n3,A\n");
    let (coding, bytes) = coded("/v1/datasets/trips?format=csv", "br, gzip").await;
    assert_eq!(coding.as_deref(), Some("gzip"));
    let mut read = String::new();
    std::io::Read::read_to_string(&mut flate2::read::GzDecoder::new(&bytes[..]), &mut read).unwrap();
    assert_eq!(read, "id,zone\n1,A\n2,B\n3,A\n");
    for (path, accepted) in [
        ("/v1/datasets/trips?format=csv", "br, *"),
        ("/v1/datasets/trips?format=csv", "identity, zstd;q=0.5"),
        ("/v1/datasets/trips?format=parquet", "zstd"),
    ] {
        assert_eq!(coded(path, accepted).await.0, None, "{accepted}");
    }
    let none =
        ask(Request::get("/v1/datasets/trips").header("accept-encoding", "br, identity;q=0"), "").await;
    assert_eq!(none.status(), StatusCode::NOT_ACCEPTABLE);
}
