//! Uploads in memory: created by writing, under one limit.

use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, StringArray};
use arrowlink_core::{
    BatchStream, CallContext, CallOptions, Chunk, DataService as _, DataServiceExt as _, ErrorKind,
    ListOptions, MemoryStore, Query, ReadOptions, Receipt, Result, Target, WriteMode, WriteOptions,
};
use futures::channel::mpsc;
use futures::future::join_all;
use futures::{FutureExt as _, StreamExt as _, TryStreamExt as _};

use crate::support::{endless, failing, ids, ids_schema, ids_stream, name, read_ids};

const MIB: u64 = 1 << 20;

async fn write(store: &MemoryStore, to: &str, input: BatchStream) -> Result<Receipt> {
    store.write(CallContext::new(), name(to), input, WriteOptions::default()).await
}

async fn listed(store: &MemoryStore, prefix: &str) -> Vec<String> {
    let entries = store.list(CallContext::new(), ListOptions::default().with_prefix(prefix)).await.unwrap();
    entries.map_ok(|entry| entry.name.to_string()).try_collect().await.unwrap()
}

fn texts() -> BatchStream {
    let column: ArrayRef = Arc::new(StringArray::from(vec!["x"]));
    let batch = RecordBatch::try_from_iter([("id", column)]).unwrap();
    BatchStream::from_batches(batch.schema(), vec![batch])
}

#[tokio::test]
async fn names_are_created_listed_and_removed() {
    let store = MemoryStore::new(MIB);
    for name in ["b", "sales.orders", "a"] {
        write(&store, name, ids_stream([ids(0..3)])).await.unwrap();
    }
    assert_eq!(listed(&store, "").await, ["a", "b", "sales.orders"]);
    assert_eq!(listed(&store, "sales").await, ["sales.orders"]);
    store.remove(&name("a")).unwrap();
    assert_eq!(listed(&store, "").await, ["b", "sales.orders"]);
    assert_eq!(store.remove(&name("a")).unwrap_err().kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn a_description_says_memory_and_writable() {
    let store = MemoryStore::new(MIB);
    write(&store, "trips", ids_stream([ids(0..3)])).await.unwrap();
    let description = store.describe(CallContext::new(), name("trips").into()).await.unwrap();
    assert_eq!(
        (description.rows, description.writable, description.source.as_str()),
        (Some(3), true, "memory")
    );
}

#[tokio::test]
async fn a_name_that_is_not_there_is_offered_the_nearest() {
    let store = MemoryStore::new(MIB);
    write(&store, "trips", ids_stream([ids(0..3)])).await.unwrap();
    let error = read_ids(&store, "trisp", ReadOptions::default()).await.unwrap_err();
    assert_eq!(error.message(), "no dataset `trisp`, did you mean `trips`?");
    let options = WriteOptions::default().with_mode(WriteMode::Append);
    let error =
        store.write(CallContext::new(), name("trisp"), ids_stream([ids(0..3)]), options).await.unwrap_err();
    assert_eq!(error.message(), "no dataset `trisp`, did you mean `trips`?");
}

#[tokio::test]
async fn memory_is_counted_and_given_back() {
    let store = MemoryStore::new(MIB);
    assert_eq!((store.used_bytes(), store.max_bytes()), (0, MIB));
    let receipt = write(&store, "trips", ids_stream([ids(0..1000)])).await.unwrap();
    assert_eq!(store.used_bytes(), receipt.bytes);
    assert!((8000..20_000).contains(&receipt.bytes), "{} bytes", receipt.bytes);
    store.remove(&name("trips")).unwrap();
    assert_eq!(store.used_bytes(), 0);
}

#[tokio::test]
async fn a_running_read_keeps_what_was_removed_and_its_memory() {
    let store = MemoryStore::new(MIB);
    write(&store, "trips", ids_stream([ids(0..10), ids(10..20)])).await.unwrap();
    let read = store.read(CallContext::new(), name("trips").into(), ReadOptions::default()).await.unwrap();
    store.remove(&name("trips")).unwrap();
    assert!(store.used_bytes() > 0);
    assert_eq!(read.collect_batches().await.unwrap().len(), 2);
    assert_eq!(store.used_bytes(), 0);
}

#[tokio::test]
async fn a_write_past_the_limit_says_limit_actual_and_setting() {
    let store = MemoryStore::with_setting(10_000, "[limits] max_memory_uploads");
    write(&store, "kept", ids_stream([ids(0..100)])).await.unwrap();
    let before = store.used_bytes();
    let error = write(&store, "trips", ids_stream([ids(0..500), ids(0..2000)])).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LimitExceeded);
    let text = error.message();
    assert!(text.contains("the limit is 10000 bytes: raise `[limits] max_memory_uploads`"), "{text}");
    assert_eq!((store.used_bytes(), listed(&store, "").await), (before, vec!["kept".to_owned()]));
}

#[tokio::test]
async fn uploads_on_their_way_count_against_the_limit() {
    let store = MemoryStore::new(30_000);
    let mut first = Box::pin(write(&store, "first", endless([ids(0..2000)])));
    assert!(first.as_mut().now_or_never().is_none());
    assert!(store.used_bytes() >= 16_000);
    let second = write(&store, "second", ids_stream([ids(0..2000)])).await;
    assert_eq!(second.unwrap_err().kind(), ErrorKind::LimitExceeded);
    drop(first);
    assert_eq!(store.used_bytes(), 0);
    write(&store, "second", ids_stream([ids(0..2000)])).await.unwrap();
}

#[tokio::test]
async fn the_limit_ends_an_endless_upload() {
    let store = MemoryStore::new(100_000);
    let endless = futures::stream::repeat_with(|| Ok(Chunk::new(ids(0..100))));
    let error = write(&store, "trips", BatchStream::new(ids_schema(), endless)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LimitExceeded);
    assert_eq!(store.used_bytes(), 0);
}

#[tokio::test]
async fn what_fails_or_is_dropped_leaves_no_name_and_no_bytes() {
    let store = MemoryStore::new(MIB);
    assert_eq!(write(&store, "trips", failing([ids(0..3)])).await.unwrap_err().kind(), ErrorKind::Corrupt);
    let mut dropped = Box::pin(write(&store, "trips", endless([ids(0..3)])));
    assert!(dropped.as_mut().now_or_never().is_none());
    drop(dropped);
    assert_eq!((store.used_bytes(), listed(&store, "").await), (0, vec![]));
}

#[tokio::test]
async fn modes_decide_about_names_that_are_there_or_not() {
    let store = MemoryStore::new(MIB);
    let write = async |mode| {
        let options = WriteOptions::default().with_mode(mode);
        let written = store.write(CallContext::new(), name("trips"), ids_stream([ids(0..3)]), options).await;
        written.map(|receipt| receipt.rows).map_err(|error| error.kind())
    };
    assert_eq!(write(WriteMode::Append).await, Err(ErrorKind::NotFound));
    assert_eq!(write(WriteMode::Create).await, Ok(3));
    assert_eq!(write(WriteMode::Create).await, Err(ErrorKind::AlreadyExists));
    assert_eq!(write(WriteMode::Append).await, Ok(3));
    assert_eq!(write(WriteMode::AppendOrCreate).await, Ok(3));
    assert_eq!(read_ids(&store, "trips", ReadOptions::default()).await.unwrap().len(), 9);
}

async fn replace(store: &MemoryStore, input: BatchStream, key: Option<&str>) -> Result<Receipt> {
    let mut options = WriteOptions::default().with_mode(WriteMode::Replace);
    options.idempotency_key = key.map(str::to_owned);
    store.write(CallContext::new(), name("trips"), input, options).await
}

#[tokio::test]
async fn a_replacement_takes_the_place_of_all_rows_and_their_schema() {
    let store = MemoryStore::new(MIB);
    assert_eq!(replace(&store, ids_stream([ids(0..3)]), None).await.unwrap().rows, 3);
    replace(&store, ids_stream([ids(3..5)]), None).await.unwrap();
    assert_eq!(read_ids(&store, "trips", ReadOptions::default()).await.unwrap(), [3, 4]);
    replace(&store, texts(), None).await.unwrap();
    assert_eq!(store.read_all(&name("trips")).await.unwrap().0, *texts().schema());
}

#[tokio::test]
async fn a_replacement_that_fails_or_finds_no_room_keeps_what_was_there() {
    let store = MemoryStore::new(24_000);
    write(&store, "trips", ids_stream([ids(0..2000)])).await.unwrap();
    let before = store.used_bytes();
    assert_eq!(replace(&store, failing([ids(0..3)]), None).await.unwrap_err().kind(), ErrorKind::Corrupt);
    let error = replace(&store, ids_stream([ids(0..2000)]), None).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LimitExceeded);
    assert_eq!(store.used_bytes(), before);
    assert_eq!(read_ids(&store, "trips", ReadOptions::default()).await.unwrap().len(), 2000);
}

#[tokio::test]
async fn what_was_replaced_is_free_once_its_readers_have_ended() {
    let store = MemoryStore::new(MIB);
    write(&store, "trips", ids_stream([ids(0..2000)])).await.unwrap();
    let read = store.read(CallContext::new(), name("trips").into(), ReadOptions::default()).await.unwrap();
    let receipt = replace(&store, ids_stream([ids(0..3)]), None).await.unwrap();
    assert!(store.used_bytes() > 16_000);
    assert_eq!(read.collect_batches().await.unwrap()[0].num_rows(), 2000);
    assert_eq!(store.used_bytes(), receipt.bytes);
}

#[tokio::test]
async fn a_replacement_is_repeated_under_its_key_and_knows_none_of_before() {
    let store = MemoryStore::new(MIB);
    let first = replace(&store, ids_stream([ids(0..3)]), Some("one")).await.unwrap();
    write(&store, "trips", ids_stream([ids(3..5)])).await.unwrap();
    assert_eq!(replace(&store, ids_stream([ids(0..3)]), Some("one")).await.unwrap(), first);
    assert_eq!(read_ids(&store, "trips", ReadOptions::default()).await.unwrap(), [0, 1, 2, 3, 4]);
    replace(&store, ids_stream([ids(5..6)]), Some("two")).await.unwrap();
    replace(&store, ids_stream([ids(0..3)]), Some("one")).await.unwrap();
    assert_eq!(read_ids(&store, "trips", ReadOptions::default()).await.unwrap(), [0, 1, 2]);
}

/// An append that began before a replacement by `input` and ends after it.
async fn append_around_a_replacement(input: BatchStream) -> (MemoryStore, Result<Receipt>) {
    let store = MemoryStore::new(MIB);
    write(&store, "trips", ids_stream([ids(0..3)])).await.unwrap();
    let (mut sender, receiver) = mpsc::channel(1);
    let mut late = Box::pin(write(&store, "trips", BatchStream::new(ids_schema(), receiver)));
    assert!(late.as_mut().now_or_never().is_none());
    replace(&store, input, None).await.unwrap();
    sender.try_send(Ok(Chunk::new(ids(7..9)))).unwrap();
    drop(sender);
    let written = late.await;
    (store, written)
}

#[tokio::test]
async fn an_append_that_ends_after_a_replacement_comes_after_its_rows_or_is_refused() {
    let (store, written) = append_around_a_replacement(ids_stream([ids(4..5)])).await;
    assert_eq!(written.unwrap().rows, 2);
    assert_eq!(read_ids(&store, "trips", ReadOptions::default()).await.unwrap(), [4, 7, 8]);
    let (store, written) = append_around_a_replacement(texts()).await;
    assert_eq!(written.unwrap_err().kind(), ErrorKind::SchemaMismatch);
    assert_eq!(store.read_all(&name("trips")).await.unwrap().0, *texts().schema());
}

#[tokio::test]
async fn a_snapshot_of_what_was_replaced_is_snapshot_changed() {
    let store = MemoryStore::new(MIB);
    write(&store, "trips", ids_stream([ids(0..3)])).await.unwrap();
    let before = store.describe(CallContext::new(), name("trips").into()).await.unwrap().snapshot.unwrap();
    replace(&store, ids_stream([ids(0..3)]), None).await.unwrap();
    let refused = read_ids(&store, "trips", ReadOptions::default().with_snapshot(before)).await;
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::SnapshotChanged);
}

/// Two writes that both began before the name was there; the first one ends first.
async fn race(second: BatchStream, mode: WriteMode) -> (MemoryStore, Result<Receipt>) {
    let store = MemoryStore::new(MIB);
    let (mut sender, receiver) = mpsc::channel(1);
    let gated = BatchStream::new(second.schema().clone(), receiver);
    let options = WriteOptions::default().with_mode(mode);
    let mut late = store.write(CallContext::new(), name("trips"), gated, options);
    assert!((&mut late).now_or_never().is_none());
    write(&store, "trips", ids_stream([ids(0..3)])).await.unwrap();
    for batch in second.collect_batches().await.unwrap() {
        sender.try_send(Ok(Chunk::new(batch))).unwrap();
    }
    drop(sender);
    let written = late.await;
    (store, written)
}

#[tokio::test]
async fn a_creator_that_comes_second_is_held_to_the_firsts_schema() {
    let (store, written) = race(texts(), WriteMode::AppendOrCreate).await;
    assert_eq!(written.unwrap_err().kind(), ErrorKind::SchemaMismatch);
    assert_eq!(read_ids(&store, "trips", ReadOptions::default()).await.unwrap(), [0, 1, 2]);
}

#[tokio::test]
async fn a_creator_that_comes_second_with_the_same_schema_appends() {
    let (store, written) = race(ids_stream([ids(3..6)]), WriteMode::AppendOrCreate).await;
    assert_eq!(written.unwrap().rows, 3);
    assert_eq!(read_ids(&store, "trips", ReadOptions::default()).await.unwrap(), [0, 1, 2, 3, 4, 5]);
}

#[tokio::test]
async fn only_one_of_two_creators_wins_in_create_mode() {
    let (_, written) = race(ids_stream([ids(3..6)]), WriteMode::Create).await;
    assert_eq!(written.unwrap_err().kind(), ErrorKind::AlreadyExists);
}

#[tokio::test]
async fn a_name_removed_during_an_append_is_not_found() {
    let store = MemoryStore::new(MIB);
    write(&store, "trips", ids_stream([ids(0..3)])).await.unwrap();
    let (sender, receiver) = mpsc::channel::<Result<Chunk>>(1);
    let options = WriteOptions::default().with_mode(WriteMode::Append);
    let gated = BatchStream::new(ids_schema(), receiver);
    let mut late = store.write(CallContext::new(), name("trips"), gated, options);
    assert!((&mut late).now_or_never().is_none());
    store.remove(&name("trips")).unwrap();
    drop(sender);
    assert_eq!(late.await.unwrap_err().kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn keys_make_repeated_writes_one_also_at_once_and_in_create_mode() {
    let store = MemoryStore::new(MIB);
    let write = || {
        let options = WriteOptions::default().with_mode(WriteMode::Create).with_idempotency_key("key");
        let input = ids_stream([ids(0..3)]);
        store.write(CallContext::new(), name("trips"), input, options)
    };
    let receipts: Vec<_> =
        join_all([write(), write(), write()]).await.into_iter().map(Result::unwrap).collect();
    assert!(receipts.iter().all(|receipt| *receipt == receipts[0]));
    assert_eq!(write().await.unwrap(), receipts[0]);
    assert_eq!(read_ids(&store, "trips", ReadOptions::default()).await.unwrap(), [0, 1, 2]);
}

#[tokio::test]
async fn keys_are_forgotten_with_their_dataset_and_oldest_first() {
    let store = MemoryStore::new(16 * MIB);
    let write = async |key: String| {
        let options = WriteOptions::default().with_idempotency_key(key);
        store.write(CallContext::new(), name("trips"), ids_stream([ids(0..1)]), options).await.unwrap();
    };
    write("first".to_owned()).await;
    store.remove(&name("trips")).unwrap();
    write("first".to_owned()).await;
    for key in 0..1024 {
        write(key.to_string()).await;
    }
    write("1023".to_owned()).await;
    write("first".to_owned()).await;
    assert_eq!(read_ids(&store, "trips", ReadOptions::default()).await.unwrap().len(), 1026);
}

#[tokio::test]
async fn many_writers_at_once_are_all_kept() {
    let store = Arc::new(MemoryStore::new(16 * MIB));
    let writers = (0..16_i64).map(|writer| {
        let store = Arc::clone(&store);
        tokio::spawn(async move {
            let input = (0..8).map(|batch| ids([writer * 100 + batch]));
            write(&store, "trips", ids_stream(input)).await.unwrap();
        })
    });
    for writer in join_all(writers).await {
        writer.unwrap();
    }
    let rows = read_ids(&*store, "trips", ReadOptions::default()).await.unwrap();
    assert_eq!(rows.len(), 16 * 8);
    assert!(rows.chunks(8).all(|upload| upload.is_sorted() && upload[7] - upload[0] == 7), "{rows:?}");
}

#[tokio::test]
async fn a_dataset_made_anew_is_another_snapshot() {
    let store = MemoryStore::new(MIB);
    let batch = ids(0..3);
    store.append(&name("trips"), ids_schema(), vec![batch.clone()]).await.unwrap();
    let mut read =
        store.read(CallContext::new(), name("trips").into(), ReadOptions::default()).await.unwrap();
    let position = read.next().await.unwrap().unwrap().position.unwrap();
    store.remove(&name("trips")).unwrap();
    store.append(&name("trips"), ids_schema(), vec![batch]).await.unwrap();
    let options = ReadOptions::default().with_resume(position);
    assert_eq!(read_ids(&store, "trips", options).await.unwrap_err().kind(), ErrorKind::SnapshotChanged);
}

#[tokio::test]
async fn sql_and_functions_are_unsupported() {
    let store = MemoryStore::new(MIB);
    let sql = Target::from(Query::new("select 1"));
    let error = store.read(CallContext::new(), sql, ReadOptions::default()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    let called = store.call(CallContext::new(), name("echo"), ids_stream([]), CallOptions::default()).await;
    assert_eq!(called.unwrap_err().kind(), ErrorKind::Unsupported);
}

#[tokio::test]
async fn names_and_keys_count_against_the_limit_too() {
    let store = MemoryStore::new(10_000);
    let mut created = 0;
    while let Ok(receipt) = write(&store, &format!("empty_{created}"), ids_stream([])).await {
        assert_eq!(receipt.rows, 0);
        created += 1;
        assert!(created < 100, "empty datasets are not free");
    }
    let store = MemoryStore::new(4000);
    let options = WriteOptions::default().with_idempotency_key("x".repeat(3000));
    let write = store.write(CallContext::new(), name("trips"), ids_stream([ids(0..1)]), options);
    assert_eq!(write.await.unwrap_err().kind(), ErrorKind::LimitExceeded);
    assert_eq!(store.used_bytes(), 0);
}
