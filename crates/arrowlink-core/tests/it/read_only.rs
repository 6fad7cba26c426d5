//! The decorator that refuses writes.

use std::sync::Arc;

use arrowlink_core::{
    CallContext, DataService as _, DataServiceExt as _, ErrorKind, ListOptions, MemoryStore, ReadOnly,
    ReadOptions,
};
use futures::TryStreamExt as _;

use crate::support::{ids, ids_schema, name, read_ids};

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
async fn says_that_nothing_is_writable() {
    let service = service().await;
    let described = service.describe(CallContext::new(), name("trips").into()).await.unwrap();
    assert!(!described.writable);
    let entries = service.list(CallContext::new(), ListOptions::default()).await.unwrap();
    let entries: Vec<_> = entries.try_collect().await.unwrap();
    assert!(entries.iter().all(|entry| entry.description.as_ref().is_ok_and(|found| !found.writable)));
}
