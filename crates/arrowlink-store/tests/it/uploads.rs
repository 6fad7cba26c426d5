//! What a write leaves, and what it refuses.

use arrow_array::{RecordBatch, record_batch};
use arrowlink_core::{
    BatchStream, CallContext, CallOptions, Chunk, DataService as _, DataServiceExt as _, Durability, Error,
    ErrorKind, ListOptions, Name, Query, ReadOptions, Target, WriteMode, WriteOptions,
};
use arrowlink_store::StoreOptions;
use futures::{StreamExt as _, TryStreamExt as _, stream};

use crate::support::{Fixture, events, ids_batch};
use arrowlink_testkit::check_error;

#[tokio::test]
async fn receipt_says_what_was_stored_and_that_it_is_durable() {
    let fixture = Fixture::new();
    let receipt =
        fixture.put_with(vec![ids_batch(&[1, 2]), ids_batch(&[]), ids_batch(&[3])], WriteOptions::default());
    let receipt = receipt.await.unwrap();
    assert_eq!((receipt.rows, receipt.batches, receipt.durability), (3, 2, Durability::Durable));
    assert_eq!(receipt.bytes, fixture.file(1).metadata().unwrap().len());
}

#[tokio::test]
async fn uploads_are_read_in_the_order_of_their_commit_also_after_reopening() {
    let fixture = Fixture::new();
    for id in 0..12 {
        fixture.put(&[id, 100 + id]).await.unwrap();
    }
    let expected: Vec<i64> = (0..12).flat_map(|id| [id, 100 + id]).collect();
    assert_eq!(fixture.ids().await.unwrap(), expected);
    let fixture = fixture.reopen(|_| {});
    assert_eq!(fixture.ids().await.unwrap(), expected);
    fixture.put(&[7]).await.unwrap();
    assert_eq!(fixture.ids().await.unwrap().last(), Some(&7));
    assert!(fixture.file(13).exists());
}

#[tokio::test]
async fn failed_input_leaves_nothing() {
    let fixture = Fixture::new();
    let good = Ok(Chunk::new(ids_batch(&[1])));
    let bad = Err(Error::new(ErrorKind::Cancelled, "the client went away"));
    let batches = BatchStream::new(ids_batch(&[]).schema(), stream::iter([good, bad]));
    let result = fixture.store.write(CallContext::new(), events(), batches, WriteOptions::default()).await;
    check_error(result, ErrorKind::Cancelled, &["the client went away"]);
    assert_eq!(fixture.tree(), Vec::<String>::new());
    check_error(fixture.ids().await, ErrorKind::NotFound, &["`events`"]);
    assert_eq!(
        fixture.store.list(CallContext::new(), ListOptions::default()).await.unwrap().count().await,
        0
    );
}

#[tokio::test]
async fn dropped_write_leaves_nothing() {
    let fixture = Fixture::new();
    fixture.put(&[1]).await.unwrap();
    let first = stream::iter([Ok(Chunk::new(ids_batch(&[2])))]);
    let (reached, was_reached) = tokio::sync::oneshot::channel::<()>();
    let endless = first.chain(stream::once(async move {
        reached.send(()).unwrap();
        std::future::pending().await
    }));
    let batches = BatchStream::new(ids_batch(&[]).schema(), endless);
    let write = fixture.store.write(CallContext::new(), events(), batches, WriteOptions::default());
    tokio::select! {
        _ = write => panic!("a write ended whose input does not"),
        reached = was_reached => reached.unwrap(),
    }
    assert_eq!(fixture.tree(), ["events", "events/00000000000000000001.arrow"]);
    assert_eq!(fixture.ids().await.unwrap(), [1]);
}

#[tokio::test]
async fn rejects_upload_with_another_schema_than_the_dataset() {
    let fixture = Fixture::new();
    fixture.put(&[1]).await.unwrap();
    let other = record_batch!(("id", Utf8, ["one"])).unwrap();
    let result = fixture.store.append(&events(), other.schema(), vec![other]).await;
    check_error(result, ErrorKind::SchemaMismatch, &["column `id`", "Int64", "Utf8"]);
    assert_eq!(fixture.ids().await.unwrap(), [1]);
}

#[tokio::test]
async fn rejects_batch_with_another_schema_than_its_upload() {
    let fixture = Fixture::new();
    let other = record_batch!(("id", Utf8, ["one"])).unwrap();
    let result = fixture.put_with(vec![ids_batch(&[1]), other], WriteOptions::default()).await;
    check_error(result, ErrorKind::SchemaMismatch, &["column `id`"]);
    assert_eq!(fixture.tree(), Vec::<String>::new());
}

#[tokio::test]
async fn two_creators_with_different_schemas_leave_one_dataset() {
    let fixture = Fixture::new();
    let (ids, names) = (ids_batch(&[1]), record_batch!(("id", Utf8, ["one"])).unwrap());
    // Both are admitted before either is committed: each waits for the other at the end of its input.
    let barrier = std::sync::Arc::new(tokio::sync::Barrier::new(2));
    let write = |batch: RecordBatch| {
        let barrier = std::sync::Arc::clone(&barrier);
        let schema = batch.schema();
        let batches = stream::once(async move {
            barrier.wait().await;
            Ok(Chunk::new(batch))
        });
        fixture.store.write(
            CallContext::new(),
            events(),
            BatchStream::new(schema, batches),
            WriteOptions::default(),
        )
    };
    let (a, b) = tokio::join!(write(ids), write(names));
    assert_ne!(a.is_ok(), b.is_ok());
    check_error(if a.is_ok() { b } else { a }, ErrorKind::SchemaMismatch, &["column `id`"]);
    assert_eq!(fixture.tree(), ["events", "events/00000000000000000001.arrow"]);
}

#[tokio::test]
async fn concurrent_uploads_to_one_name_are_each_whole() {
    let fixture = Fixture::new();
    let uploads = (0..24_i64).map(|id| {
        let batches = vec![ids_batch(&[id, id]), ids_batch(&[id])];
        fixture.put_with(batches, WriteOptions::default())
    });
    let receipts = futures::future::try_join_all(uploads).await.unwrap();
    assert!(receipts.iter().all(|receipt| receipt.rows == 3));
    let ids = fixture.ids().await.unwrap();
    assert_eq!(ids.len(), 72);
    assert!(ids.chunks(3).all(|upload| upload.iter().all(|id| *id == upload[0])), "{ids:?}");
}

#[tokio::test]
async fn modes_refuse_what_they_must() {
    let fixture = Fixture::new();
    let write = |mode| fixture.put_with(vec![ids_batch(&[1])], WriteOptions::default().with_mode(mode));
    check_error(write(WriteMode::Append).await, ErrorKind::NotFound, &["`events`"]);
    write(WriteMode::Create).await.unwrap();
    check_error(write(WriteMode::Create).await, ErrorKind::AlreadyExists, &["`events`"]);
    write(WriteMode::Append).await.unwrap();
    assert_eq!(fixture.ids().await.unwrap(), [1, 1]);
}

#[tokio::test]
async fn upload_without_rows_creates_the_dataset() {
    let fixture = Fixture::new();
    let receipt = fixture.put(&[]).await.unwrap();
    assert_eq!((receipt.rows, receipt.batches), (0, 0));
    let fixture = fixture.reopen(|_| {});
    assert_eq!(fixture.ids().await.unwrap(), Vec::<i64>::new());
    let description = fixture.store.describe(CallContext::new(), Target::Name(events())).await.unwrap();
    assert_eq!((description.rows, description.schema), (Some(0), ids_batch(&[]).schema()));
}

#[tokio::test]
async fn description_adds_up_the_uploads() {
    let fixture = Fixture::new();
    let first = fixture.put(&[1, 2]).await.unwrap();
    let before = fixture.store.describe(CallContext::new(), Target::Name(events())).await.unwrap();
    let second = fixture.put(&[3]).await.unwrap();
    let after = fixture.store.describe(CallContext::new(), Target::Name(events())).await.unwrap();
    assert_eq!((after.rows, after.bytes), (Some(3), Some(first.bytes + second.bytes)));
    assert!(after.writable && after.source.ends_with("events"));
    assert_ne!(before.snapshot, after.snapshot);
    let fixture = fixture.reopen(|_| {});
    assert_eq!(fixture.store.describe(CallContext::new(), Target::Name(events())).await.unwrap(), after);
}

#[tokio::test]
async fn lists_by_name_with_prefix() {
    let fixture = Fixture::new();
    for name in ["b", "a.two", "a.one"] {
        let batch = ids_batch(&[1]);
        fixture.store.append(&Name::new(name).unwrap(), batch.schema(), vec![batch]).await.unwrap();
    }
    let list = |prefix| fixture.store.list(CallContext::new(), ListOptions::default().with_prefix(prefix));
    let names = |entries: Vec<arrowlink_core::Entry>| -> Vec<String> {
        entries.iter().map(|entry| entry.name.to_string()).collect()
    };
    assert_eq!(names(list("").await.unwrap().try_collect().await.unwrap()), ["a.one", "a.two", "b"]);
    assert_eq!(names(list("a.").await.unwrap().try_collect().await.unwrap()), ["a.one", "a.two"]);
}

#[tokio::test]
async fn projection_skip_and_limit_are_answered() {
    let fixture = Fixture::new();
    for upload in [[0, 1, 2], [3, 4, 5], [6, 7, 8]] {
        fixture.put(&upload).await.unwrap();
    }
    let options = ReadOptions::default();
    assert_eq!(fixture.ids_with(options.clone().with_skip(4).with_limit(3)).await.unwrap(), [4, 5, 6]);
    assert_eq!(fixture.ids_with(options.clone().with_skip(6)).await.unwrap(), [6, 7, 8]);
    assert_eq!(fixture.ids_with(options.clone().with_skip(9)).await.unwrap(), Vec::<i64>::new());
    assert_eq!(fixture.ids_with(options.clone().with_projection(["id"]).with_limit(1)).await.unwrap(), [0]);
    let unknown = fixture.ids_with(options.with_projection(["ids"])).await;
    check_error(unknown, ErrorKind::InvalidArgument, &["`ids`", "`id`"]);
}

#[tokio::test]
async fn skipped_uploads_are_not_opened() {
    let fixture = Fixture::new();
    fixture.put(&[0, 1]).await.unwrap();
    fixture.put(&[2]).await.unwrap();
    std::fs::write(fixture.file(1), "gone bad").unwrap();
    assert_eq!(fixture.ids_with(ReadOptions::default().with_skip(2)).await.unwrap(), [2]);
}

#[tokio::test]
async fn refuses_what_a_dataset_cannot_answer() {
    let fixture = Fixture::new();
    fixture.put(&[1]).await.unwrap();
    check_error(
        fixture.ids_with(ReadOptions::default().with_follow(true)).await,
        ErrorKind::Unsupported,
        &["`follow`"],
    );
    check_error(
        fixture.ids_with(ReadOptions::default().with_part(1)).await,
        ErrorKind::InvalidArgument,
        &["no part 1: it has 1"],
    );
    let sql = fixture
        .store
        .read(CallContext::new(), Target::from(Query::new("select 1")), ReadOptions::default())
        .await;
    check_error(sql, ErrorKind::Unsupported, &["SQL"]);
    let batches = BatchStream::from_batches(ids_batch(&[]).schema(), vec![]);
    let call = fixture.store.call(CallContext::new(), events(), batches, CallOptions::default()).await;
    check_error(call, ErrorKind::Unsupported, &["`events`"]);
}

#[tokio::test]
async fn upload_past_the_limit_is_refused_and_gives_its_bytes_back() {
    let fixture = Fixture::with_options(StoreOptions::default().with_max_bytes(64 << 10));
    let many: Vec<i64> = (0..10_000).collect();
    let refused =
        check_error(fixture.put(&many).await, ErrorKind::LimitExceeded, &["65536", "`max_data_dir`"]);
    assert!(refused.message().contains("would hold at least"), "{refused}");
    assert_eq!(fixture.tree(), Vec::<String>::new());
    for _ in 0..3 {
        fixture.put(&many[..1_000]).await.unwrap();
    }
    check_error(fixture.put(&many[..6_000]).await, ErrorKind::LimitExceeded, &[]);
    assert_eq!(fixture.ids().await.unwrap().len(), 3_000);
}

#[tokio::test]
async fn limit_counts_what_was_there_before_opening() {
    let fixture = Fixture::new();
    let bytes = fixture.put(&[1; 5_000]).await.unwrap().bytes;
    let fixture = fixture.reopen_with(StoreOptions::default().with_max_bytes(bytes), |_| {});
    check_error(fixture.put(&[1]).await, ErrorKind::LimitExceeded, &["`max_data_dir`"]);
    assert_eq!(fixture.ids().await.unwrap().len(), 5_000);
}
