//! Datasets, functions and uploads under one roof.

use std::sync::Arc;

use arrowlink_core::{
    BatchStream, CallContext, CallOptions, Catalog, DataService, DataServiceExt as _, Dataset, DemoDataset,
    Description, Echo, Error, ErrorKind, ListOptions, MemoryDataset, MemoryStore, NounKind, Query,
    ReadOptions, Receipt, RemoveOptions, Result, Target, WriteMode, WriteOptions, default_dataset,
};
use expect_test::{Expect, expect};
use futures::TryStreamExt as _;
use futures::future::{BoxFuture, FutureExt as _, ready};

use crate::support::{ids, ids_schema, ids_stream, name, read_ids};

/// A dataset whose file is torn.
#[derive(Debug)]
struct Broken;

impl Broken {
    fn error<T: Send + 'static>() -> BoxFuture<'static, Result<T>> {
        ready(Err(Error::new(ErrorKind::Corrupt, "`trips.parquet` ends in the middle"))).boxed()
    }
}

impl Dataset for Broken {
    fn describe(&self, _: CallContext) -> BoxFuture<'_, Result<Description>> {
        Self::error()
    }

    fn read(&self, _: CallContext, _: ReadOptions) -> BoxFuture<'_, Result<BatchStream>> {
        Self::error()
    }

    fn write(&self, _: CallContext, _: BatchStream, _: WriteOptions) -> BoxFuture<'_, Result<Receipt>> {
        Self::error()
    }
}

fn catalog() -> Catalog {
    let numbers = MemoryDataset::new(ids_schema(), vec![ids(0..3)]).unwrap();
    Catalog::new()
        .with_dataset(name("numbers"), Arc::new(numbers))
        .with_dataset(name("default"), Arc::new(default_dataset()))
        .with_dataset(name("demo"), Arc::new(DemoDataset::from_uri("demo://?rows=10").unwrap()))
        .with_dataset(name("broken"), Arc::new(Broken))
        .with_function(name("reverse.echo"), Arc::new(Echo))
}

fn with_uploads() -> Catalog {
    catalog().with_uploads(Arc::new(MemoryStore::new(1 << 20)))
}

async fn check_not_read(catalog: &Catalog, target: &str, kind: ErrorKind, expected: Expect) {
    let error = read_ids(catalog, target, ReadOptions::default()).await.unwrap_err();
    assert_eq!(error.kind(), kind);
    expected.assert_eq(error.message());
}

async fn check_not_called(catalog: &Catalog, target: &str, kind: ErrorKind, expected: Expect) {
    let called = catalog.call(CallContext::new(), name(target), ids_stream([]), CallOptions::default()).await;
    let error = called.unwrap_err();
    assert_eq!(error.kind(), kind);
    expected.assert_eq(error.message());
}

async fn check_not_written(catalog: &Catalog, target: &str, kind: ErrorKind, expected: Expect) {
    let error = catalog.append(&name(target), ids_schema(), vec![ids(0..3)]).await.unwrap_err();
    assert_eq!(error.kind(), kind);
    expected.assert_eq(error.message());
}

#[tokio::test]
async fn lists_everything_by_name_and_broken_entries_with_their_error() {
    let catalog = with_uploads();
    catalog.append(&name("my_upload"), ids_schema(), vec![ids(0..3)]).await.unwrap();
    let entries = catalog.list(CallContext::new(), ListOptions::default()).await.unwrap();
    let entries: Vec<_> = entries.try_collect().await.unwrap();
    let shown: Vec<_> = entries
        .iter()
        .map(|entry| match &entry.description {
            Ok(found) => format!("{}: {} {:?}", entry.name, found.kind, found.rows),
            Err(error) => format!("{}: {}", entry.name, error.message()),
        })
        .collect();
    expect![[r#"
        broken: `trips.parquet` ends in the middle
        default: dataset Some(1)
        demo: dataset Some(10)
        echo: function None
        my_upload: dataset Some(3)
        numbers: dataset Some(3)
        reverse.echo: function None"#]]
    .assert_eq(&shown.join("\n"));
}

#[tokio::test]
async fn a_listing_keeps_to_its_prefix() {
    let entries =
        with_uploads().list(CallContext::new(), ListOptions::default().with_prefix("de")).await.unwrap();
    let names: Vec<_> = entries.map_ok(|entry| entry.name.to_string()).try_collect().await.unwrap();
    assert_eq!(names, ["default", "demo"]);
}

#[tokio::test]
async fn unknown_names_are_offered_the_nearest_of_all_kinds_of_datasets() {
    check_not_read(
        &catalog(),
        "nubmers",
        ErrorKind::NotFound,
        expect!["no dataset `nubmers`, did you mean `numbers`?"],
    )
    .await;
    let catalog = with_uploads();
    check_not_read(
        &catalog,
        "nubmers",
        ErrorKind::NotFound,
        expect!["no dataset `nubmers`, did you mean `numbers`?"],
    )
    .await;
    catalog.append(&name("my_upload"), ids_schema(), vec![ids(0..3)]).await.unwrap();
    check_not_read(
        &catalog,
        "my_uplaod",
        ErrorKind::NotFound,
        expect!["no dataset `my_uplaod`, did you mean `my_upload`?"],
    )
    .await;
    check_not_read(&catalog, "zzz", ErrorKind::NotFound, expect!["no dataset `zzz`"]).await;
    check_not_called(
        &catalog,
        "reverse.ecko",
        ErrorKind::NotFound,
        expect!["no function `reverse.ecko`, did you mean `reverse.echo`?"],
    )
    .await;
}

#[tokio::test]
async fn appending_to_an_unknown_name_is_offered_the_nearest_too() {
    let options = WriteOptions::default().with_mode(WriteMode::Append);
    let catalog = with_uploads();
    let write = catalog.write(CallContext::new(), name("nubmers"), ids_stream([]), options);
    assert_eq!(write.await.unwrap_err().message(), "no dataset `nubmers`, did you mean `numbers`?");
}

#[tokio::test]
async fn functions_are_not_datasets_and_datasets_are_not_functions() {
    let catalog = with_uploads();
    catalog.append(&name("my_upload"), ids_schema(), vec![ids(0..3)]).await.unwrap();
    check_not_read(
        &catalog,
        "echo",
        ErrorKind::InvalidArgument,
        expect!["`echo` is a function, not a dataset: call it"],
    )
    .await;
    check_not_written(
        &catalog,
        "echo",
        ErrorKind::InvalidArgument,
        expect!["`echo` is a function, not a dataset: call it"],
    )
    .await;
    check_not_called(
        &catalog,
        "numbers",
        ErrorKind::InvalidArgument,
        expect!["`numbers` is a dataset, not a function: read it"],
    )
    .await;
    check_not_called(
        &catalog,
        "my_upload",
        ErrorKind::InvalidArgument,
        expect!["`my_upload` is a dataset, not a function: read it"],
    )
    .await;
}

#[tokio::test]
async fn writes_go_where_they_can_or_are_refused_with_the_reason() {
    check_not_written(
        &with_uploads(),
        "default",
        ErrorKind::ReadOnly,
        expect!["this dataset (built in) cannot be written to: write to a name that is not served yet"],
    )
    .await;
    check_not_written(
        &with_uploads(),
        "demo",
        ErrorKind::ReadOnly,
        expect!["this dataset cannot be written to: write to a name that is not served yet"],
    )
    .await;
    check_not_written(&catalog(), "new", ErrorKind::NotFound, expect!["no dataset `new`"]).await;
    let catalog = with_uploads();
    catalog.append(&name("new"), ids_schema(), vec![ids(0..3)]).await.unwrap();
    catalog.append(&name("numbers"), ids_schema(), vec![ids(3..6)]).await.unwrap();
    assert_eq!(read_ids(&catalog, "new", ReadOptions::default()).await.unwrap(), [0, 1, 2]);
    assert_eq!(read_ids(&catalog, "numbers", ReadOptions::default()).await.unwrap(), [0, 1, 2, 3, 4, 5]);
}

#[tokio::test]
async fn uploads_are_removed_and_nothing_else() {
    let catalog = with_uploads();
    catalog.append(&name("my_upload"), ids_schema(), vec![ids(0..3)]).await.unwrap();
    let remove = async |catalog: &Catalog, target: &str| {
        let removed = catalog.remove(CallContext::new(), name(target), RemoveOptions::default()).await;
        removed.map_err(|error| (error.kind(), error.message().to_owned()))
    };
    let refused = |kind, text: &str| Err((kind, text.to_owned()));
    let fixed = "`demo` was not made by a write: take it out of the configuration";
    assert_eq!(remove(&catalog, "demo").await, refused(ErrorKind::ReadOnly, fixed));
    let function = "`echo` is a function, not a dataset: it cannot be removed";
    assert_eq!(remove(&catalog, "echo").await, refused(ErrorKind::InvalidArgument, function));
    let near = "no dataset `my_uplaod`, did you mean `my_upload`?";
    assert_eq!(remove(&catalog, "my_uplaod").await, refused(ErrorKind::NotFound, near));
    assert_eq!(remove(&self::catalog(), "new").await, refused(ErrorKind::NotFound, "no dataset `new`"));
    assert_eq!(remove(&catalog, "my_upload").await, Ok(()));
    let gone = read_ids(&catalog, "my_upload", ReadOptions::default()).await.unwrap_err();
    assert_eq!(gone.kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn describes_datasets_functions_and_uploads() {
    let catalog = with_uploads();
    catalog.append(&name("my_upload"), ids_schema(), vec![ids(0..3)]).await.unwrap();
    let kind = async |target: &str| {
        catalog.describe(CallContext::new(), name(target).into()).await.map(|found| found.kind)
    };
    assert_eq!(kind("numbers").await.unwrap(), NounKind::Dataset);
    assert_eq!(kind("my_upload").await.unwrap(), NounKind::Dataset);
    assert_eq!(kind("echo").await.unwrap(), NounKind::Function);
    assert_eq!(kind("absent").await.unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(kind("broken").await.unwrap_err().kind(), ErrorKind::Corrupt);
}

#[tokio::test]
async fn a_broken_dataset_keeps_the_others_from_nothing() {
    let catalog = catalog();
    check_not_read(&catalog, "broken", ErrorKind::Corrupt, expect!["`trips.parquet` ends in the middle"])
        .await;
    assert_eq!(read_ids(&catalog, "numbers", ReadOptions::default()).await.unwrap(), [0, 1, 2]);
}

#[tokio::test]
async fn sql_is_unsupported() {
    let sql = Target::from(Query::new("select 1"));
    let catalog = with_uploads();
    let read = catalog.read(CallContext::new(), sql.clone(), ReadOptions::default()).await;
    assert_eq!(read.unwrap_err().kind(), ErrorKind::Unsupported);
    assert_eq!(catalog.describe(CallContext::new(), sql).await.unwrap_err().kind(), ErrorKind::Unsupported);
}

#[tokio::test]
async fn what_is_registered_hides_an_upload_of_that_name() {
    let uploads = Arc::new(MemoryStore::new(1 << 20));
    uploads.append(&name("default"), ids_schema(), vec![ids(0..3)]).await.unwrap();
    let catalog =
        Catalog::new().with_dataset(name("default"), Arc::new(default_dataset())).with_uploads(uploads);
    let entries = catalog.list(CallContext::new(), ListOptions::default()).await.unwrap();
    let names: Vec<_> = entries.map_ok(|entry| entry.name.to_string()).try_collect().await.unwrap();
    assert_eq!(names, ["default", "echo"]);
}
