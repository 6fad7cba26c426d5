//! SQL over files in object stores that fail, for a moment and for good.

use std::sync::Arc;

use arrow_array::record_batch;
use arrowlink_core::{CallContext, Catalog, DataService as _, ErrorKind, Query, ReadOptions};
use arrowlink_query::{FileDataset, QueryOptions, QueryRuntime, SqlOptions, SqlService, SqlTables};
use futures::StreamExt as _;

use crate::files::{csv, ndjson, parquet};
use crate::object_server::{Failure, ObjectServer};
use crate::sql::{name, query};
use crate::stores::options;
use crate::support::{check, rows};

/// Serves the files of `uri` as the table `t`.
async fn serve(server: &ObjectServer, uri: &str) -> SqlService {
    let runtime = QueryRuntime::new(QueryOptions::default().with_threads(2)).unwrap();
    let files = Arc::new(FileDataset::open(&runtime, uri, options(server)).await.unwrap());
    let tables = SqlTables::default().with_files(name("t"), Arc::clone(&files));
    let catalog = Catalog::new().with_dataset(name("t"), files);
    SqlService::new(Arc::new(catalog), tables, &runtime, SqlOptions::default()).unwrap()
}

/// The same rows in the formats that SQL reads in three ways.
async fn stored() -> (ObjectServer, [&'static str; 3]) {
    let server = ObjectServer::start().await;
    server
        .put("lake/a.parquet", parquet(&rows(0, 20_000), 5000))
        .put("lake/b.csv", csv(0, 20_000))
        .put("lake/c.ndjson", ndjson(0, 20_000));
    (server, ["a.parquet", "b.csv", "c.ndjson"])
}

const SUM: &str = "select sum(id) from t";

#[tokio::test]
async fn a_store_that_fails_for_a_moment_is_asked_again() {
    let (server, files) = stored().await;
    for file in files {
        let service = serve(&server, &format!("s3://lake/{file}")).await;
        for failure in [Failure::Status(503), Failure::Cut] {
            server.fail(1, failure);
            let counted = query(&service, Query::new(SUM)).await.unwrap();
            let expected = record_batch!(("n", Int64, [199_990_000])).unwrap();
            assert_eq!(counted.columns(), expected.columns(), "{file}");
        }
    }
}

#[tokio::test]
async fn a_store_that_keeps_failing_is_an_error_that_names_the_file() {
    let (server, files) = stored().await;
    for file in files {
        let service = serve(&server, &format!("s3://lake/{file}")).await;
        // The first statement keeps what footers say, so that the second fails where rows are read.
        for statement in ["select * from t limit 0", SUM] {
            query(&service, Query::new(statement)).await.unwrap();
            server.fail(100, Failure::Status(500));
            let error = query(&service, Query::new(SUM)).await.unwrap_err();
            check(&error, ErrorKind::Unavailable, &[&format!("`{file}` cannot be read at the moment")]);
            server.recover();
        }
        assert_eq!(query(&service, Query::new(SUM)).await.unwrap().num_rows(), 1, "{file}");
    }
}

#[tokio::test]
async fn a_store_that_fails_in_the_middle_ends_the_query_after_the_rows_before() {
    let server = ObjectServer::start().await;
    server.put("lake/x/b.parquet", parquet(&rows(0, 400_000), 50_000));
    let service = serve(&server, "s3://lake/x").await;
    let text = Query::new("select id, name from t limit 900000");
    let (ctx, options) = (CallContext::new(), ReadOptions::default());
    let mut stream = service.read(ctx, text.into(), options).await.unwrap();
    assert!(stream.next().await.unwrap().unwrap().batch.num_rows() > 0);
    server.fail(100, Failure::Status(500));
    let rest = stream.collect::<Vec<_>>().await;
    let error = rest.last().unwrap().as_ref().unwrap_err();
    check(error, ErrorKind::Unavailable, &["`b.parquet` cannot be read at the moment"]);
}

#[tokio::test]
async fn a_file_that_is_replaced_in_the_middle_ends_the_query() {
    let server = ObjectServer::start().await;
    server.put("lake/a.parquet", parquet(&rows(0, 400_000), 50_000));
    let service = serve(&server, "s3://lake/a.parquet").await;
    let (text, options) = (Query::new("select id, name from t"), ReadOptions::default());
    let mut stream = service.read(CallContext::new(), text.into(), options).await.unwrap();
    assert!(stream.next().await.unwrap().unwrap().batch.num_rows() > 0);
    server.put("lake/a.parquet", parquet(&rows(0, 500_000), 50_000));
    let rest = stream.collect::<Vec<_>>().await;
    let error = rest.last().unwrap().as_ref().unwrap_err();
    check(error, ErrorKind::SnapshotChanged, &["`a.parquet` changed while it was read"]);
}

#[tokio::test]
async fn files_are_listed_once_for_each_statement() {
    let (server, files) = stored().await;
    for file in files {
        let service = serve(&server, &format!("s3://lake/{file}")).await;
        for _ in 0..2 {
            let before = server.heads();
            query(&service, Query::new(SUM)).await.unwrap();
            assert_eq!(server.heads() - before, 1, "{file}");
        }
    }
}

#[tokio::test]
async fn a_table_in_a_store_that_has_it_later_is_queried_then() {
    let server = ObjectServer::start().await;
    let runtime = QueryRuntime::new(QueryOptions::default().with_threads(2)).unwrap();
    let mut asking = options(&server);
    asking.store = asking.store.with_pause(std::time::Duration::ZERO);
    let files = Arc::new(FileDataset::open(&runtime, "s3://lake/a.parquet", asking).await.unwrap());
    let tables = SqlTables::default().with_files(name("t"), Arc::clone(&files));
    let catalog = Catalog::new().with_dataset(name("t"), files);
    let service = SqlService::new(Arc::new(catalog), tables, &runtime, SqlOptions::default()).unwrap();
    let error = query(&service, Query::new(SUM)).await.unwrap_err();
    check(&error, ErrorKind::NotFound, &["there is no file or folder `s3://lake/a.parquet`"]);
    let listed = "select table_name from information_schema.tables where table_schema = 'public'";
    assert_eq!(query(&service, Query::new(listed)).await.unwrap().num_rows(), 1);
    server.put("lake/a.parquet", parquet(&rows(0, 20_000), 5000));
    let counted = query(&service, Query::new(SUM)).await.unwrap();
    assert_eq!(counted.columns(), record_batch!(("n", Int64, [199_990_000])).unwrap().columns());
}
