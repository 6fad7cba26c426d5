//! Names that SQL takes for the same: of every verb, and of statements that change something.

use std::sync::Arc;

use arrow_array::{Int64Array, RecordBatch, record_batch};
use arrowlink_core::{
    BatchStream, CallContext, CallOptions, Catalog, DataService as _, DataServiceExt as _, ErrorKind,
    ListOptions, MemoryStore, Query, ReadOptions, RemoveOptions, Result, Target, WriteMode, WriteOptions,
};
use arrowlink_query::{SqlOptions, SqlService};
use futures::TryStreamExt as _;

use crate::sql::{count, memory, name, query, service_with};

/// A service of stored datasets with these names, each of one row: its place among them.
async fn service(names: &[&str]) -> SqlService {
    let store = MemoryStore::new(64 << 20);
    for (row, stored) in (0..).zip(names) {
        store.append(&name(stored), row_of(row).schema(), vec![row_of(row)]).await.unwrap();
    }
    service_with(SqlOptions::default(), Catalog::new().with_uploads(Arc::new(store)))
}

fn row_of(row: i64) -> RecordBatch {
    record_batch!(("row", Int64, [row])).unwrap()
}

fn values(batches: &[RecordBatch]) -> Vec<i64> {
    let column = |batch: &RecordBatch| {
        batch.column(0).as_any().downcast_ref::<Int64Array>().unwrap().values().to_vec()
    };
    batches.iter().flat_map(column).collect()
}

async fn read(service: &SqlService, stored: &str) -> Result<Vec<i64>> {
    let (_, batches) = service.read_all(&name(stored)).await?;
    Ok(values(&batches))
}

async fn selected(service: &SqlService, table: &str) -> Result<Vec<i64>> {
    let rows = query(service, Query::new(format!("select \"row\" from {table} order by 1"))).await?;
    Ok(values(&[rows]))
}

async fn written(service: &SqlService, to: &str, mode: WriteMode) -> Result<()> {
    let batches = BatchStream::from_batches(row_of(9).schema(), vec![row_of(9)]);
    let options = WriteOptions::default().with_mode(mode);
    service.write(CallContext::new(), name(to), batches, options).await.map(drop)
}

async fn names(service: &SqlService) -> Vec<String> {
    let entries = service.list(CallContext::new(), ListOptions::default()).await.unwrap();
    let entries: Vec<_> = entries.try_collect().await.unwrap();
    entries.iter().map(|entry| entry.name.to_string()).filter(|name| name != "echo").collect()
}

#[tokio::test]
async fn a_name_with_a_needless_beginning_is_read_as_the_dataset_without_it() {
    let service = service(&["m", "sales.z"]).await;
    for (same, row) in [("public.m", 0), ("arrowlink.public.m", 0), ("arrowlink.sales.z", 1)] {
        assert_eq!(read(&service, same).await.unwrap(), [row], "{same}");
        assert_eq!(selected(&service, same).await.unwrap(), [row], "{same}");
        let described = service.describe(CallContext::new(), Target::Name(name(same))).await.unwrap();
        assert_eq!(described.rows, Some(1), "{same}");
    }
    let error = read(&service, "public.n").await.unwrap_err();
    assert_eq!((error.kind(), error.message()), (ErrorKind::NotFound, "no dataset `n`"));
}

#[tokio::test]
async fn rows_written_under_one_spelling_are_read_under_all() {
    for mode in [WriteMode::AppendOrCreate, WriteMode::Append] {
        let service = service(&["m", "sales.z"]).await;
        for same in ["public.m", "arrowlink.public.m", "arrowlink.sales.z"] {
            written(&service, same, mode).await.unwrap();
        }
        assert_eq!(names(&service).await, ["m", "sales.z"]);
        assert_eq!(selected(&service, "m").await.unwrap(), [0, 9, 9]);
        assert_eq!(selected(&service, "sales.z").await.unwrap(), [1, 9]);
        let taken = written(&service, "public.m", WriteMode::Create).await.unwrap_err();
        assert_eq!(taken.kind(), ErrorKind::AlreadyExists);
        written(&service, "public.m", WriteMode::Replace).await.unwrap();
        assert_eq!(selected(&service, "m").await.unwrap(), [9]);
    }
}

#[tokio::test]
async fn what_is_created_has_the_name_without_the_beginning() {
    for (written_to, made) in [
        ("public.m", "m"),
        ("arrowlink.public.m", "m"),
        ("arrowlink.sales.m", "sales.m"),
        ("lake.public.m", "lake.public.m"),
        ("arrowlink.m", "arrowlink.m"),
    ] {
        let service = service(&[]).await;
        written(&service, written_to, WriteMode::Create).await.unwrap();
        assert_eq!(names(&service).await, [made]);
        assert_eq!(selected(&service, written_to).await.unwrap(), [9]);
        service.remove(CallContext::new(), name(written_to), RemoveOptions::default()).await.unwrap();
        assert_eq!(names(&service).await, [""; 0]);
    }
}

/// Datasets of a configuration, and of earlier versions, may have such names.
#[tokio::test]
async fn a_dataset_of_exactly_that_name_comes_first() {
    let all = ["m", "public.m", "arrowlink.public.m", "arrowlink.sales.z", "public.only"];
    let service = service(&all).await;
    for (row, exact) in (0..).zip(all) {
        assert_eq!(read(&service, exact).await.unwrap(), [row], "{exact}");
        assert_eq!(selected(&service, exact).await.unwrap(), [row], "{exact}");
    }
    for exact in all {
        written(&service, exact, WriteMode::Append).await.unwrap();
        assert_eq!(count(&service, &format!("insert into {exact} values (7)")).await.unwrap(), 1);
    }
    for (row, exact) in (0..).zip(all) {
        assert_eq!(selected(&service, exact).await.unwrap(), [row, 7, 9], "{exact}");
    }
    assert_eq!(count(&service, "drop table public.only").await.unwrap(), 3);
    assert_eq!(count(&service, "drop table arrowlink.public.m").await.unwrap(), 3);
    assert_eq!(names(&service).await, ["arrowlink.sales.z", "m", "public.m"]);
}

#[tokio::test]
async fn each_table_is_listed_with_the_columns_of_the_dataset_that_is_found() {
    let other = || Arc::new(arrowlink_core::default_dataset());
    let catalog = Catalog::new()
        .with_dataset(name("arrowlink.sales.z"), memory(row_of(0)))
        .with_dataset(name("public.m"), memory(row_of(0)))
        .with_dataset(name("m"), other())
        .with_dataset(name("sales.z"), other());
    let service = service_with(SqlOptions::default(), catalog);
    let text = "select table_name, column_name from information_schema.columns where table_schema in ('public', 'sales') order by 1";
    let listed = query(&service, Query::new(text)).await.unwrap();
    let expected = record_batch!(("t", Utf8, ["m", "z"]), ("c", Utf8, ["row", "row"])).unwrap();
    assert_eq!(listed.columns(), expected.columns());
}

#[tokio::test]
async fn changes_look_where_queries_look_with_a_chosen_schema() {
    let service = service(&["only", "both", "sales.both"]).await;
    let change = |text: &'static str| {
        let query_ = Query::new(text).with_default_schema("sales");
        let service = &service;
        async move { query(service, query_).await }
    };
    change("insert into only values (7)").await.unwrap();
    change("insert into both values (7)").await.unwrap();
    assert_eq!(selected(&service, "only").await.unwrap(), [0, 7]);
    assert_eq!(selected(&service, "both").await.unwrap(), [1]);
    assert_eq!(selected(&service, "sales.both").await.unwrap(), [2, 7]);
    change("drop table both").await.unwrap();
    assert_eq!(names(&service).await, ["both", "only"]);
    change("drop table only").await.unwrap();
    let error = change("drop table only").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(error.message().starts_with("no dataset `sales.only`"), "{}", error.message());
}

#[tokio::test]
async fn nothing_is_made_where_the_engine_describes_the_others() {
    let service = service(&["m"]).await;
    for taken in ["information_schema.t", "arrowlink.information_schema.t", "lake.information_schema.t"] {
        for mode in [WriteMode::AppendOrCreate, WriteMode::Create, WriteMode::Replace] {
            let error = written(&service, taken, mode).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidArgument);
            assert_eq!(
                error.message(),
                format!(
                    "`{taken}` cannot be written to: SQL describes the other schemas in `information_schema`; choose another schema"
                )
            );
        }
    }
    written(&service, "information_schema", WriteMode::Create).await.unwrap();
    assert_eq!(selected(&service, "information_schema").await.unwrap(), [9]);
}

#[tokio::test]
async fn functions_have_these_names_too() {
    let service =
        service_with(SqlOptions::default(), Catalog::new().with_dataset(name("m"), memory(row_of(1))));
    let input = || BatchStream::from_batches(row_of(1).schema(), vec![row_of(1)]);
    let called = service.call(CallContext::new(), name("public.echo"), input(), CallOptions::default());
    assert_eq!(called.await.unwrap().collect_batches().await.unwrap(), [row_of(1)]);
    let read = service.read(CallContext::new(), Target::Name(name("public.m")), ReadOptions::default());
    assert_eq!(read.await.unwrap().collect_batches().await.unwrap(), [row_of(1)]);
}
