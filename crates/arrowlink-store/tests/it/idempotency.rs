//! Writes that are repeated because their sender did not hear of them.

use arrowlink_core::{ErrorKind, WriteMode, WriteOptions};

use crate::support::{Fixture, ids_batch};
use arrowlink_testkit::check_error;

fn with_key(key: &str) -> WriteOptions {
    WriteOptions::default().with_idempotency_key(key)
}

#[tokio::test]
async fn repeated_key_is_stored_once_and_gets_the_same_receipt() {
    let fixture = Fixture::new();
    let first = fixture.put_with(vec![ids_batch(&[1, 2])], with_key("load-42")).await.unwrap();
    let again = fixture.put_with(vec![ids_batch(&[1, 2])], with_key("load-42")).await.unwrap();
    assert_eq!(first, again);
    fixture.put_with(vec![ids_batch(&[3])], with_key("load-43")).await.unwrap();
    assert_eq!(fixture.ids().await.unwrap(), [1, 2, 3]);
}

#[tokio::test]
async fn key_is_recognised_after_reopening() {
    let fixture = Fixture::new();
    let first = fixture.put_with(vec![ids_batch(&[1])], with_key("load-42")).await.unwrap();
    let fixture = fixture.reopen(|_| {});
    let again = fixture.put_with(vec![ids_batch(&[1])], with_key("load-42")).await.unwrap();
    assert_eq!(first, again);
    assert_eq!(fixture.ids().await.unwrap(), [1]);
}

#[tokio::test]
async fn repeated_creation_is_no_conflict() {
    let fixture = Fixture::new();
    let create = || with_key("load-42").with_mode(WriteMode::Create);
    let first = fixture.put_with(vec![ids_batch(&[1])], create()).await.unwrap();
    assert_eq!(fixture.put_with(vec![ids_batch(&[1])], create()).await.unwrap(), first);
}

#[tokio::test]
async fn concurrent_writes_with_one_key_are_stored_once() {
    let fixture = Fixture::new();
    let writes = (0..8).map(|_| fixture.put_with(vec![ids_batch(&[5])], with_key("load-42")));
    let receipts = futures::future::try_join_all(writes).await.unwrap();
    assert!(receipts.iter().all(|receipt| *receipt == receipts[0]));
    assert_eq!(fixture.ids().await.unwrap(), [5]);
    assert_eq!(fixture.tree(), ["events", "events/00000000000000000001.arrow"]);
}

#[tokio::test]
async fn key_that_is_empty_or_too_long_is_refused() {
    let fixture = Fixture::new();
    for key in [String::new(), "k".repeat(257)] {
        let refused = fixture.put_with(vec![ids_batch(&[1])], with_key(&key)).await;
        check_error(refused, ErrorKind::InvalidArgument, &["1 to 256 bytes", &format!("not {}", key.len())]);
    }
}
