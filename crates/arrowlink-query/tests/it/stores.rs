//! Files in object stores and on web servers: the same rows, and what happens when a store fails.

use std::time::Duration;

use arrow_ipc::CompressionType;
use arrowlink_core::{CallContext, Dataset as _, ErrorKind, ReadOptions};
use arrowlink_query::{FileDataset, FileOptions, QueryOptions, QueryRuntime, StoreOptions};
use futures::StreamExt as _;

use crate::files::{arrow_file, arrow_stream, csv, ndjson, parquet};
use crate::object_server::{Failure, NO_BUCKET, ObjectServer};
use crate::support::{check, chunks, ids, read_all, rows};

pub(crate) fn options(server: &ObjectServer) -> FileOptions {
    let store = StoreOptions::default()
        .with_endpoint(server.endpoint())
        .with_region("here")
        .with_allow_http(true)
        .with_anonymous(true)
        .with_retries(2, Duration::from_secs(20));
    FileOptions::default().with_store(store).with_batch_rows(1000)
}

async fn open_with(uri: &str, options: FileOptions) -> Result<FileDataset, arrowlink_core::Error> {
    let runtime = QueryRuntime::new(QueryOptions::default().with_threads(2)).unwrap();
    FileDataset::open(&runtime, uri, options).await
}

async fn open(server: &ObjectServer, uri: &str) -> FileDataset {
    open_with(uri, options(server)).await.unwrap()
}

async fn read(dataset: &FileDataset, options: ReadOptions) -> Vec<i64> {
    ids(&read_all(dataset, options).await.unwrap().1)
}

/// A server that has 5,000 rows in every format.
async fn every_format() -> (ObjectServer, Vec<&'static str>) {
    let server = ObjectServer::start().await;
    let batch = rows(0, 5000);
    let array = format!("[{}]", ndjson(0, 5000).trim_end().replace('\n', ",\n"));
    let halves = [batch.slice(0, 2000), batch.slice(2000, 3000)];
    server
        .put("lake/a.parquet", parquet(&batch, 2000))
        .put("lake/b.csv", csv(0, 5000))
        .put("lake/c.ndjson", ndjson(0, 5000))
        .put("lake/d.json", array)
        .put("lake/e.arrow", arrow_file(&halves, Some(CompressionType::ZSTD)))
        .put("lake/f.arrows", arrow_stream(&halves, None));
    (server, vec!["a.parquet", "b.csv", "c.ndjson", "d.json", "e.arrow", "f.arrows"])
}

#[tokio::test]
async fn every_format_is_read_from_a_store() {
    let (server, files) = every_format().await;
    for file in files {
        let dataset = open(&server, &format!("s3://lake/{file}")).await;
        assert_eq!(read(&dataset, ReadOptions::default()).await, (0..5000).collect::<Vec<_>>(), "{file}");
        let some = ReadOptions::default().with_projection(["id"]).with_skip(1999).with_limit(3);
        assert_eq!(read(&dataset, some).await, [1999, 2000, 2001], "{file}");
        let read_before = chunks(&dataset, ReadOptions::default().with_limit(2500)).await.unwrap();
        let resume = ReadOptions::default().with_resume(read_before[0].position.clone().unwrap());
        let first = read_before[0].batch.num_rows() as i64;
        assert_eq!(read(&dataset, resume).await, (first..5000).collect::<Vec<_>>(), "{file}");
    }
}

#[tokio::test]
async fn a_folder_of_a_store_is_listed_page_by_page() {
    let server = ObjectServer::start().await;
    for file in 0..5 {
        server.put(&format!("lake/x/part-{file}.csv"), csv(file * 10, 10));
    }
    server.put("lake/x/_tmp/z.csv", "no").put("lake/x/.hidden.csv", "no").put("lake/x/notes.md", "no");
    server.put("lake/xy/other.csv", csv(0, 1));
    for uri in ["s3://lake/x/", "s3://lake/x", "s3://lake/x/part-*.csv", "s3://lake/x/*-?.csv"] {
        let dataset = open(&server, uri).await;
        let description = dataset.describe(CallContext::new()).await.unwrap();
        assert_eq!((description.parts.len(), description.source.as_str()), (5, uri));
        let snapshot = description.snapshot.unwrap();
        let part = ReadOptions::default().with_part(3).with_snapshot(snapshot);
        assert_eq!(read(&dataset, part).await, (30..40).collect::<Vec<_>>());
        assert_eq!(read(&dataset, ReadOptions::default()).await, (0..50).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn stores_of_every_provider_are_read() {
    let server = ObjectServer::start().await;
    for file in 0..3 {
        server.put(&format!("lake/x/part-{file}.parquet"), parquet(&rows(file * 10, 10), 5));
    }
    for store in ["s3://lake", "gs://lake", "abfs://lake@account.dfs.core.windows.net"] {
        for path in ["x/", "x", "x/part-*.parquet"] {
            let dataset = open(&server, &format!("{store}/{path}")).await;
            assert_eq!(read(&dataset, ReadOptions::default()).await, (0..30).collect::<Vec<_>>(), "{store}");
        }
        let dataset = open(&server, &format!("{store}/x/part-1.parquet")).await;
        assert_eq!(read(&dataset, ReadOptions::default()).await, (10..20).collect::<Vec<_>>(), "{store}");
        let error = open(&server, &format!("{store}/x/part-7.parquet")).await;
        let error = error.read(CallContext::new(), ReadOptions::default()).await.unwrap_err();
        check(&error, ErrorKind::NotFound, &["part-7.parquet"]);
    }
}

#[tokio::test]
async fn a_file_that_is_replaced_is_noticed_in_stores_of_every_provider() {
    for store in ["s3://lake", "gs://lake", "abfs://lake@account.dfs.core.windows.net"] {
        let server = ObjectServer::start().await;
        server.put("lake/x/a.csv", csv(0, 10)).put("lake/x/b.csv", csv(10, 10));
        let dataset = open(&server, &format!("{store}/x/")).await;
        let snapshot = dataset.describe(CallContext::new()).await.unwrap().snapshot.unwrap();
        server.put("lake/x/b.csv", csv(20, 10));
        let before = ReadOptions::default().with_snapshot(snapshot);
        let error = read_all(&dataset, before).await.unwrap_err();
        check(&error, ErrorKind::SnapshotChanged, &["b.csv"]);
        assert_eq!(read(&dataset, ReadOptions::default()).await[10..], (20..30).collect::<Vec<_>>());
    }
}

/// Opens `uri` where a store is asked again at once, or after an hour.
async fn open_asking(server: &ObjectServer, uri: &str, pause: Duration) -> FileDataset {
    let mut options = options(server);
    options.store = options.store.with_pause(pause);
    open_with(uri, options).await.unwrap()
}

#[tokio::test]
async fn what_is_not_in_a_store_is_said_when_it_is_asked_for_and_found_once_it_is_there() {
    let server = ObjectServer::start().await;
    for (uri, said) in [
        ("s3://lake/x.csv", "there is no file or folder `s3://lake/x.csv`"),
        ("s3://lake/x-*.csv", "no file matches `s3://lake/x-*.csv`"),
        ("s3://lake/x", "there is no file or folder `s3://lake/x`"),
        ("s3://lake/x/", "there are no files in `s3://lake/x/` yet"),
    ] {
        let server = ObjectServer::start().await;
        let dataset = open_asking(&server, uri, Duration::ZERO).await;
        for _ in 0..2 {
            let error = dataset.describe(CallContext::new()).await.unwrap_err();
            check(&error, ErrorKind::NotFound, &[said]);
            let error = dataset.read(CallContext::new(), ReadOptions::default()).await.unwrap_err();
            check(&error, ErrorKind::NotFound, &[said]);
        }
        server.put("lake/x.csv", csv(0, 1)).put("lake/x-1.csv", csv(0, 1)).put("lake/x/1.csv", csv(0, 1));
        assert_eq!(read(&dataset, ReadOptions::default()).await, [0], "{uri}");
    }
    server.put("lake/day=1/a.csv", csv(0, 1));
    let error = open_with("s3://lake/", options(&server)).await.unwrap_err();
    check(&error, ErrorKind::InvalidArgument, &["`day=1` is a partition"]);
}

#[tokio::test]
async fn a_store_that_does_not_answer_is_asked_again_later() {
    for uri in ["s3://lake/a.csv", "s3://lake/", "s3://lake", "s3://lake/*.csv"] {
        let server = ObjectServer::start().await;
        server.put("lake/a.csv", csv(0, 3)).go_down();
        let dataset = open_asking(&server, uri, Duration::ZERO).await;
        let error = dataset.describe(CallContext::new()).await.unwrap_err();
        check(&error, ErrorKind::Unavailable, &["cannot be read at the moment", "503"]);
        server.recover();
        assert_eq!(read(&dataset, ReadOptions::default()).await, [0, 1, 2], "{uri}");
        // From now on it is as one that was there from the start.
        server.go_down();
        dataset.describe(CallContext::new()).await.unwrap_err();
        server.recover();
        assert_eq!(read(&dataset, ReadOptions::default()).await, [0, 1, 2], "{uri}");
    }
}

#[tokio::test]
async fn a_store_that_did_not_answer_is_left_alone_for_a_while() {
    let server = ObjectServer::start().await;
    let dataset = open_asking(&server, "s3://lake/a.csv", Duration::from_secs(3600)).await;
    server.put("lake/a.csv", csv(0, 3));
    let asked = server.heads();
    for _ in 0..3 {
        let error = dataset.describe(CallContext::new()).await.unwrap_err();
        check(&error, ErrorKind::NotFound, &["there is no file or folder `s3://lake/a.csv`"]);
    }
    assert_eq!((asked, server.heads()), (1, 1));
}

#[tokio::test]
async fn a_store_that_fails_for_a_moment_is_asked_again() {
    let (server, files) = every_format().await;
    for file in files {
        let dataset = open(&server, &format!("s3://lake/{file}")).await;
        server.fail(1, Failure::Status(503));
        assert_eq!(read(&dataset, ReadOptions::default()).await.len(), 5000, "{file}");
        server.fail(1, Failure::Cut);
        assert_eq!(read(&dataset, ReadOptions::default()).await.len(), 5000, "{file}");
    }
}

#[tokio::test]
async fn a_store_that_keeps_failing_is_an_error_that_names_the_file() {
    let (server, files) = every_format().await;
    for file in files {
        let dataset = open(&server, &format!("s3://lake/{file}")).await;
        dataset.describe(CallContext::new()).await.unwrap();
        server.fail(3, Failure::Status(500));
        let error = read_all(&dataset, ReadOptions::default()).await.unwrap_err();
        check(&error, ErrorKind::Unavailable, &[&format!("`{file}` cannot be read at the moment")]);
        // It goes on as soon as the store does.
        assert_eq!(read(&dataset, ReadOptions::default()).await.len(), 5000, "{file}");
    }
}

#[tokio::test]
async fn what_a_store_says_is_told_once_on_one_line() {
    let server = ObjectServer::start().await;
    server.put("lake/a.csv", csv(0, 10));
    let dataset = open(&server, "s3://lake/a.csv").await;
    server.fail(10, Failure::Status(503));
    let error = read_all(&dataset, ReadOptions::default()).await.unwrap_err();
    check(&error, ErrorKind::Unavailable, &["`a.csv` cannot be read", "503", "SlowDown: Please reduce"]);
    let told = error.chain();
    assert_eq!(told.matches("Please reduce").count(), 1, "{told}");
    assert!(!told.contains('<') && !told.contains('\n'), "{told}");
    server.recover();
    let dataset = open(&server, &format!("s3://{NO_BUCKET}/x/")).await;
    let error = read_all(&dataset, ReadOptions::default()).await.unwrap_err();
    check(&error, ErrorKind::NotFound, &["is in a bucket that is not there", "NoSuchBucket"]);
}

#[tokio::test]
async fn a_file_that_became_shorter_in_a_store_has_changed() {
    let server = ObjectServer::start().await;
    server.put("lake/a.parquet", parquet(&rows(0, 5000), 1000));
    let dataset = open(&server, "s3://lake/a.parquet").await;
    let mut batches = dataset.read(CallContext::new(), ReadOptions::default()).await.unwrap();
    assert!(batches.next().await.unwrap().is_ok());
    // What is asked for next begins where the file has ended.
    server.put("lake/a.parquet", "short");
    let error = loop {
        match batches.next().await.unwrap() {
            Ok(_) => {}
            Err(error) => break error,
        }
    };
    check(&error, ErrorKind::SnapshotChanged, &["a.parquet"]);
}

#[tokio::test]
async fn a_store_that_fails_in_the_middle_ends_the_read_after_the_rows_before() {
    let server = ObjectServer::start().await;
    server.put("lake/x/a.csv", csv(0, 10)).put("lake/x/b.csv", csv(10, 500_000));
    let dataset = open(&server, "s3://lake/x").await;
    dataset.describe(CallContext::new()).await.unwrap();
    let mut stream = dataset.read(CallContext::new(), ReadOptions::default()).await.unwrap();
    assert_eq!(ids(&[stream.next().await.unwrap().unwrap().batch]), (0..10).collect::<Vec<_>>());
    assert_eq!(stream.next().await.unwrap().unwrap().batch.num_rows(), 1000);
    server.fail(3, Failure::Status(500));
    let rest = stream.collect::<Vec<_>>().await;
    let error = rest.last().unwrap().as_ref().unwrap_err();
    check(error, ErrorKind::Unavailable, &["`b.csv` cannot be read at the moment"]);
}

#[tokio::test]
async fn a_file_that_may_not_be_read_is_named() {
    let server = ObjectServer::start().await;
    server.put("lake/a.csv", csv(0, 10));
    let dataset = open(&server, "s3://lake/a.csv").await;
    server.fail(1, Failure::Status(403));
    let error = dataset.describe(CallContext::new()).await.unwrap_err();
    check(&error, ErrorKind::PermissionDenied, &["`a.csv` may not be read", "check the credentials"]);
}

#[tokio::test]
async fn a_file_that_is_replaced_in_a_store_ends_its_snapshot() {
    let server = ObjectServer::start().await;
    server.put("lake/a.csv", csv(0, 500_000));
    let dataset = open(&server, "s3://lake/a.csv").await;
    let snapshot = dataset.describe(CallContext::new()).await.unwrap().snapshot.unwrap();
    let mut stream = dataset.read(CallContext::new(), ReadOptions::default()).await.unwrap();
    stream.next().await.unwrap().unwrap();
    server.put("lake/a.csv", csv(500_000, 500_000));
    let rest = stream.collect::<Vec<_>>().await;
    check(rest.last().unwrap().as_ref().unwrap_err(), ErrorKind::SnapshotChanged, &["`a.csv` changed"]);
    let error = read_all(&dataset, ReadOptions::default().with_snapshot(snapshot)).await.unwrap_err();
    check(&error, ErrorKind::SnapshotChanged, &["`a.csv` is not what it was"]);
    assert_eq!(read(&dataset, ReadOptions::default().with_limit(1)).await, [500_000]);
}

#[tokio::test]
async fn only_the_row_groups_that_are_wanted_are_asked_for() {
    let server = ObjectServer::start().await;
    server.put("lake/a.parquet", parquet(&rows(0, 600_000), 50_000));
    let dataset = open(&server, "s3://lake/a.parquet").await;
    dataset.describe(CallContext::new()).await.unwrap();
    let before = server.gets();
    let last = ReadOptions::default().with_skip(599_999).with_projection(["id"]);
    assert_eq!(read(&dataset, last).await, [599_999]);
    assert!(server.gets() - before <= 3, "{} requests", server.gets() - before);
}

#[tokio::test]
async fn credentials_come_from_a_file() {
    let server = ObjectServer::start().await;
    server.put("lake/a.csv", csv(0, 3));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("credentials");
    let settings = "[default]\naws_access_key_id = AKIDEXAMPLE\naws_secret_access_key = example\n";
    std::fs::write(&file, settings).unwrap();
    let store = || options(&server).store.with_anonymous(false).with_credentials(&file);
    let dataset = open_with("s3://lake/a.csv", options(&server).with_store(store())).await.unwrap();
    assert_eq!(read(&dataset, ReadOptions::default()).await, [0, 1, 2]);
    assert!(server.signatures().iter().all(|signed| signed.as_deref() == Some("AKIDEXAMPLE")));

    std::fs::write(&file, "password = secret\n").unwrap();
    let error = open_with("s3://lake/a.csv", options(&server).with_store(store())).await.unwrap_err();
    check(&error, ErrorKind::InvalidArgument, &["this store has no setting `password`"]);
    assert!(!error.chain().contains("secret"));
}

#[tokio::test]
async fn several_files_of_a_store_or_a_web_server_are_one_table() {
    let server = ObjectServer::start().await;
    server.put("lake/2/x.csv", csv(10, 10)).put("lake/1/x.csv", csv(0, 10));
    let runtime = QueryRuntime::new(QueryOptions::default().with_threads(2)).unwrap();
    for root in ["s3://lake".to_owned(), format!("{}/lake", server.endpoint())] {
        let mut asking = options(&server);
        asking.store = asking.store.with_pause(Duration::ZERO);
        let uris = ["2/x.csv", "1/x.csv"].map(|path| format!("{root}/{path}"));
        let dataset = FileDataset::open_all(&runtime, uris, asking.clone()).await.unwrap();
        assert_eq!(read(&dataset, ReadOptions::default()).await, (0..20).collect::<Vec<_>>(), "{root}");
        let uris = ["2/x.csv", "3/x.csv"].map(|path| format!("{root}/{path}"));
        let dataset = FileDataset::open_all(&runtime, uris, asking).await.unwrap();
        let error = dataset.describe(CallContext::new()).await.unwrap_err();
        check(&error, ErrorKind::NotFound, &["there is no file or folder", "/3/x.csv`"]);
    }
    let elsewhere = ["s3://lake/2/x.csv", "s3://pond/x.csv"];
    let error = FileDataset::open_all(&runtime, elsewhere, options(&server)).await.unwrap_err();
    check(&error, ErrorKind::InvalidArgument, &["are not in one store: make two datasets of them"]);
}

#[tokio::test]
async fn one_file_of_a_web_server_is_read() {
    let server = ObjectServer::start().await;
    server.put("files/flights.parquet", parquet(&rows(0, 100), 50));
    let uri = format!("{}/files/flights.parquet", server.endpoint());
    let dataset = open_with(&uri, options(&server)).await.unwrap();
    assert_eq!(read(&dataset, ReadOptions::default()).await, (0..100).collect::<Vec<_>>());
    let missing = format!("{}/files/no-*.parquet", server.endpoint());
    let missing = open_with(&missing, options(&server)).await.unwrap();
    let error = missing.describe(CallContext::new()).await.unwrap_err();
    check(&error, ErrorKind::NotFound, &["there is no file or folder"]);
    let error = open_with(&format!("{uri}?version=1"), options(&server)).await.unwrap_err();
    check(&error, ErrorKind::Unsupported, &["leave `?` out"]);
}

#[tokio::test]
async fn plaintext_is_refused_unless_it_is_asked_for() {
    let server = ObjectServer::start().await;
    server.put("lake/a.csv", csv(0, 3));
    let store = options(&server).store.with_allow_http(false).with_retries(0, Duration::from_secs(1));
    for uri in ["s3://lake/a.csv".to_owned(), format!("{}/lake/a.csv", server.endpoint())] {
        let options = FileOptions::default().with_store(store.clone());
        let error = open_with(&uri, options).await.unwrap_err();
        check(&error, ErrorKind::InvalidArgument, &["would be asked without TLS", "`allow_http`"]);
    }
    assert_eq!(server.signatures(), []);
}
