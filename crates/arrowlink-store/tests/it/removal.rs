//! Datasets that are taken away.

use arrowlink_core::{CallContext, DataService as _, ErrorKind, ReadOptions, Target};
use arrowlink_store::StoreOptions;
use futures::StreamExt as _;

use crate::support::{Fixture, events, ids_of};
use arrowlink_testkit::check_error;

#[tokio::test]
async fn removed_dataset_is_gone_from_memory_and_disk() {
    let fixture = Fixture::new();
    fixture.put(&[1]).await.unwrap();
    fixture.store.remove(&events()).await.unwrap();
    check_error(fixture.ids().await, ErrorKind::NotFound, &["`events`"]);
    check_error(fixture.store.remove(&events()).await, ErrorKind::NotFound, &["`events`"]);
    assert_eq!(fixture.tree(), Vec::<String>::new());
    let fixture = fixture.reopen(|_| {});
    check_error(fixture.ids().await, ErrorKind::NotFound, &["`events`"]);
}

#[tokio::test]
async fn removal_gives_the_bytes_back() {
    let fixture = Fixture::with_options(StoreOptions::default().with_max_bytes(64 << 10));
    for _ in 0..4 {
        fixture.put(&[1; 5_000]).await.unwrap();
        check_error(fixture.put(&[1; 5_000]).await, ErrorKind::LimitExceeded, &[]);
        fixture.store.remove(&events()).await.unwrap();
    }
}

#[tokio::test]
async fn running_read_never_returns_rows_of_the_next_dataset_of_that_name() {
    let fixture = Fixture::new();
    fixture.put(&[1]).await.unwrap();
    fixture.put(&[2]).await.unwrap();
    let mut read =
        fixture.store.read(CallContext::new(), Target::Name(events()), ReadOptions::default()).await.unwrap();
    let first = read.next().await.unwrap().unwrap().into_batch();
    fixture.store.remove(&events()).await.unwrap();
    fixture.put(&[3]).await.unwrap();
    fixture.put(&[4]).await.unwrap();
    assert_eq!(ids_of(&[first]), [1]);
    check_error(read.next().await.unwrap(), ErrorKind::SnapshotChanged, &["removed or replaced"]);
}
