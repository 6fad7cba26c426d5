//! The decorator that refuses writes.

use std::sync::Arc;

use arrowlink_core::{
    BatchStream, CallContext, CallOptions, DataService, DataServiceExt as _, Description, Effect,
    EntryStream, Error, ErrorKind, ListOptions, MemoryStore, Name, NounKind, Query, ReadOnly, ReadOptions,
    Receipt, RemoveOptions, Result, Target, WriteOptions,
};
use futures::TryStreamExt as _;
use futures::future::{BoxFuture, FutureExt as _, ready};

use crate::support::{ids, ids_schema, ids_stream, name, read_ids};

async fn service() -> ReadOnly {
    let store = MemoryStore::new(1 << 20);
    store.append(&name("trips"), ids_schema(), vec![ids(0..3)]).await.unwrap();
    ReadOnly::new(Arc::new(store)).with_reason("the server was started with `--read-only`")
}

#[tokio::test]
async fn refuses_writes_with_the_reason_and_keeps_the_rows() {
    let service = service().await;
    let error = service.append(&name("trips"), ids_schema(), vec![ids(3..6)]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ReadOnly);
    assert_eq!(error.message(), "`trips` cannot be written to: the server was started with `--read-only`");
    assert_eq!(read_ids(&service, "trips", ReadOptions::default()).await.unwrap(), [0, 1, 2]);
}

#[tokio::test]
async fn refuses_removals_and_keeps_the_dataset() {
    let service = service().await;
    let removed = service.remove(CallContext::new(), name("trips"), RemoveOptions::default()).await;
    let error = removed.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ReadOnly);
    assert_eq!(error.message(), "`trips` cannot be removed: the server was started with `--read-only`");
    assert_eq!(read_ids(&service, "trips", ReadOptions::default()).await.unwrap(), [0, 1, 2]);
}

/// Answers each statement with one row; those that begin with `drop` change something.
#[derive(Debug)]
struct Statements;

impl DataService for Statements {
    fn list(&self, _: CallContext, _: ListOptions) -> BoxFuture<'_, Result<EntryStream>> {
        unused()
    }

    fn describe(&self, _: CallContext, target: Target) -> BoxFuture<'_, Result<Description>> {
        let Target::Sql(query) = target else { return unused() };
        let effect = if query.text.starts_with("drop") { Effect::Change } else { Effect::None };
        ready(Ok(Description::new(NounKind::Dataset, ids_schema()).with_effect(effect))).boxed()
    }

    fn read(&self, _: CallContext, _: Target, _: ReadOptions) -> BoxFuture<'_, Result<BatchStream>> {
        ready(Ok(ids_stream([ids(0..1)]))).boxed()
    }

    fn write(
        &self,
        _: CallContext,
        _: Name,
        _: BatchStream,
        _: WriteOptions,
    ) -> BoxFuture<'_, Result<Receipt>> {
        unused()
    }

    fn remove(&self, _: CallContext, _: Name, _: RemoveOptions) -> BoxFuture<'_, Result<()>> {
        unused()
    }

    fn call(
        &self,
        _: CallContext,
        _: Name,
        _: BatchStream,
        _: CallOptions,
    ) -> BoxFuture<'_, Result<BatchStream>> {
        unused()
    }
}

fn unused<'a, T: Send + 'a>() -> BoxFuture<'a, Result<T>> {
    ready(Err(Error::new(ErrorKind::Unsupported, "not needed here"))).boxed()
}

#[tokio::test]
async fn refuses_statements_that_change_something_and_executes_the_others() {
    let service = ReadOnly::new(Arc::new(Statements));
    let read = async |text: &str| {
        service.read(CallContext::new(), Query::new(text).into(), ReadOptions::default()).await
    };
    let error = read("drop table trips").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ReadOnly);
    assert_eq!(error.message(), "the statement cannot be executed: this service takes no writes");
    assert_eq!(read("select 0").await.unwrap().collect_batches().await.unwrap(), [ids(0..1)]);
}

#[tokio::test]
async fn says_that_nothing_is_writable() {
    let service = service().await;
    let described = service.describe(CallContext::new(), name("trips").into()).await.unwrap();
    assert!(!described.writable);
    let entries = service.list(CallContext::new(), ListOptions::default()).await.unwrap();
    let entries: Vec<_> = entries.try_collect().await.unwrap();
    assert!(entries.iter().all(|entry| entry.description.as_ref().is_ok_and(|found| !found.writable)));
}
