//! The decorator that bounds sizes and how many calls run at once, tried with paused time.

use std::sync::Arc;
use std::time::Duration;

use arrowlink_core::{
    BatchStream, CallContext, CallOptions, Catalog, DataService, DataServiceExt as _, ErrorKind, Limited,
    MemoryStore, ReadOptions, RemoveOptions, Result, ServiceLimits, WriteOptions,
};
use futures::{FutureExt as _, StreamExt as _};

use crate::support::{endless, ids, ids_schema, ids_stream, name, read_ids};

async fn limited(limits: ServiceLimits) -> (Arc<MemoryStore>, Limited) {
    let store = Arc::new(MemoryStore::new(1 << 20));
    store.append(&name("trips"), ids_schema(), vec![ids(0..3)]).await.unwrap();
    let catalog = Catalog::new().with_uploads(Arc::clone(&store) as Arc<dyn DataService>);
    (store, Limited::new(Arc::new(catalog), limits))
}

async fn open(service: &Limited) -> Result<BatchStream> {
    service.read(CallContext::new(), name("trips").into(), ReadOptions::default()).await
}

async fn check_write_refused(limits: ServiceLimits, setting: &str) {
    let (store, service) = limited(limits).await;
    let before = store.used_bytes();
    let input = ids_stream([ids(0..50), ids(0..50), ids(0..50)]);
    let write = service.write(CallContext::new(), name("trips"), input, WriteOptions::default());
    let error = write.await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LimitExceeded);
    assert!(error.message().contains(setting), "{}", error.message());
    assert_eq!(store.used_bytes(), before);
    assert_eq!(read_ids(&service, "trips", ReadOptions::default()).await.unwrap(), [0, 1, 2]);
}

#[tokio::test]
async fn refuses_a_write_of_too_many_rows() {
    check_write_refused(
        ServiceLimits::default().with_max_write_rows(149),
        "the input has at least 150 rows, the limit is 149",
    )
    .await;
    check_write_refused(ServiceLimits::default().with_max_write_rows(149), "raise `max_write_rows`").await;
}

#[tokio::test]
async fn refuses_a_write_of_too_many_bytes() {
    check_write_refused(ServiceLimits::default().with_max_write_bytes(1000), "raise `max_write_bytes`").await;
}

#[tokio::test]
async fn takes_a_write_at_the_limit() {
    let (_, service) = limited(ServiceLimits::default().with_max_write_rows(3)).await;
    service.append(&name("trips"), ids_schema(), vec![ids(3..6)]).await.unwrap();
    assert_eq!(read_ids(&service, "trips", ReadOptions::default()).await.unwrap(), [0, 1, 2, 3, 4, 5]);
}

#[tokio::test]
async fn bounds_the_input_of_functions() {
    let (_, service) = limited(ServiceLimits::default().with_max_write_rows(4)).await;
    let input = ids_stream([ids(0..3), ids(3..6)]);
    let mut answer =
        service.call(CallContext::new(), name("echo"), input, CallOptions::default()).await.unwrap();
    assert!(answer.next().await.unwrap().is_ok());
    assert_eq!(answer.next().await.unwrap().unwrap_err().kind(), ErrorKind::LimitExceeded);
}

#[tokio::test(start_paused = true)]
async fn a_read_waits_until_another_one_is_dropped() {
    let (_, service) = limited(ServiceLimits::default().with_max_reads(1)).await;
    let first = open(&service).await.unwrap();
    let second = open(&service);
    futures::pin_mut!(second);
    assert!(second.as_mut().now_or_never().is_none());
    drop(first);
    assert!(second.await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_read_has_its_turn_until_its_stream_ends() {
    let (_, service) = limited(ServiceLimits::default().with_max_reads(1)).await;
    let mut first = open(&service).await.unwrap();
    while first.next().await.is_some() {}
    assert!(open(&service).await.is_ok(), "the stream ended, though it was not dropped");
}

#[tokio::test(start_paused = true)]
async fn a_wait_ends_with_unavailable() {
    let limits = ServiceLimits::default().with_max_reads(1).with_max_wait(Duration::from_secs(2));
    let (_, service) = limited(limits).await;
    let _first = open(&service).await.unwrap();
    let error = open(&service).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(error.message().contains("raise `max_reads`"), "{}", error.message());
}

#[tokio::test(start_paused = true)]
async fn writes_wait_for_their_turn() {
    let (_, service) = limited(ServiceLimits::default().with_max_writes(1)).await;
    let first = service.write(CallContext::new(), name("a"), endless([ids(0..1)]), WriteOptions::default());
    let mut first = Box::pin(first);
    assert!(first.as_mut().now_or_never().is_none());
    let other = name("b");
    let mut second = Box::pin(service.append(&other, ids_schema(), vec![ids(0..1)]));
    assert!(second.as_mut().now_or_never().is_none());
    drop(first);
    assert_eq!(second.await.unwrap().rows, 1);
}

#[tokio::test(start_paused = true)]
async fn removals_wait_with_the_writes() {
    let (store, service) = limited(ServiceLimits::default().with_max_writes(1)).await;
    let write = service.write(CallContext::new(), name("a"), endless([ids(0..1)]), WriteOptions::default());
    let mut write = Box::pin(write);
    assert!(write.as_mut().now_or_never().is_none());
    let mut removal = Box::pin(service.remove(CallContext::new(), name("trips"), RemoveOptions::default()));
    assert!(removal.as_mut().now_or_never().is_none());
    assert!(store.used_bytes() > 0);
    drop(write);
    removal.await.unwrap();
    assert_eq!(store.used_bytes(), 0);
}

#[tokio::test(start_paused = true)]
async fn functions_wait_for_their_turn() {
    let (_, service) = limited(ServiceLimits::default().with_max_calls(1)).await;
    let call =
        || service.call(CallContext::new(), name("echo"), ids_stream([ids(0..1)]), CallOptions::default());
    let first = call().await.unwrap();
    let mut second = call();
    assert!((&mut second).now_or_never().is_none());
    drop(first);
    assert!(second.await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_read_that_fails_gives_its_turn_back() {
    let (_, service) = limited(ServiceLimits::default().with_max_reads(1)).await;
    for _ in 0..3 {
        let error = read_ids(&service, "absent", ReadOptions::default()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
    }
}
