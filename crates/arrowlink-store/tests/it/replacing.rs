//! Datasets that another one takes the place of.

use std::fs;

use arrow_array::record_batch;
use arrowlink_core::{
    BatchStream, CallContext, Chunk, DataService as _, Error, ErrorKind, ReadOptions, Receipt, Result,
    Target, WriteMode, WriteOptions,
};
use arrowlink_store::StoreOptions;
use arrowlink_testkit::check_error;
use futures::channel::mpsc;
use futures::{FutureExt as _, SinkExt as _, StreamExt as _, stream};

use crate::support::{Fixture, events, ids_batch, ids_of};

fn replace() -> WriteOptions {
    WriteOptions::default().with_mode(WriteMode::Replace)
}

async fn put_instead(fixture: &Fixture, ids: &[i64]) -> Result<Receipt> {
    fixture.put_with(vec![ids_batch(ids)], replace()).await
}

#[tokio::test]
async fn replacement_takes_the_place_of_all_uploads_also_after_reopening() {
    let fixture = Fixture::new();
    put_instead(&fixture, &[1]).await.unwrap();
    fixture.put(&[2]).await.unwrap();
    put_instead(&fixture, &[3, 4]).await.unwrap();
    assert_eq!(fixture.ids().await.unwrap(), [3, 4]);
    assert_eq!(fixture.tree(), ["events", "events/00000000000000000003.arrow"]);
    fixture.put(&[5]).await.unwrap();
    let fixture = fixture.reopen(|_| {});
    assert_eq!(fixture.ids().await.unwrap(), [3, 4, 5]);
}

#[tokio::test]
async fn replacement_may_have_another_schema() {
    let fixture = Fixture::new();
    fixture.put(&[1]).await.unwrap();
    let texts = record_batch!(("id", Utf8, ["one"])).unwrap();
    fixture.put_with(vec![texts.clone()], replace()).await.unwrap();
    check_error(fixture.put(&[2]).await, ErrorKind::SchemaMismatch, &["`id`"]);
    let fixture = fixture.reopen(|_| {});
    let read = fixture.store.read(CallContext::new(), Target::Name(events()), ReadOptions::default()).await;
    assert_eq!(read.unwrap().collect_batches().await.unwrap(), [texts]);
}

/// The file of the replacement is in its place, and those it replaces are still there, as a kill leaves them.
#[tokio::test]
async fn replaced_files_that_a_kill_left_are_neither_served_nor_kept() {
    let fixture = Fixture::new();
    fixture.put(&[1]).await.unwrap();
    fixture.put(&[2]).await.unwrap();
    let old = [fixture.file(1), fixture.file(2)].map(|path| (fs::read(&path).unwrap(), path));
    put_instead(&fixture, &[3]).await.unwrap();
    let fixture = fixture.reopen(|_| {
        for (bytes, path) in old {
            fs::write(path, bytes).unwrap();
        }
    });
    assert_eq!(fixture.ids().await.unwrap(), [3]);
    assert_eq!(fixture.tree(), ["events", "events/00000000000000000003.arrow"]);
}

#[tokio::test]
async fn damage_to_what_was_replaced_is_none() {
    let fixture = Fixture::new();
    put_instead(&fixture, &[2]).await.unwrap();
    put_instead(&fixture, &[3]).await.unwrap();
    let fixture = fixture.reopen(|folder| {
        fs::write(folder.join("events/00000000000000000001.arrow"), "gone bad").unwrap();
    });
    assert_eq!(fixture.ids().await.unwrap(), [3]);
    assert!(!fixture.file(1).exists());
}

#[tokio::test]
async fn damaged_dataset_can_be_replaced() {
    let fixture = Fixture::new();
    fixture.put(&[1]).await.unwrap();
    fixture.put(&[2]).await.unwrap();
    let fixture = fixture.reopen(|folder| {
        fs::write(folder.join("events/00000000000000000002.arrow"), "gone bad").unwrap();
    });
    check_error(fixture.ids().await, ErrorKind::Corrupt, &["00000000000000000002.arrow"]);
    put_instead(&fixture, &[3]).await.unwrap();
    let fixture = fixture.reopen(|_| {});
    assert_eq!(fixture.ids().await.unwrap(), [3]);
    assert_eq!(fixture.tree(), ["events", "events/00000000000000000003.arrow"]);
}

#[tokio::test]
async fn replacement_that_fails_keeps_what_was_there() {
    let fixture = Fixture::new();
    fixture.put(&[1]).await.unwrap();
    let torn = [Ok(Chunk::new(ids_batch(&[2]))), Err(Error::new(ErrorKind::Corrupt, "torn"))];
    let input = BatchStream::new(ids_batch(&[]).schema(), stream::iter(torn));
    let failed = fixture.store.write(CallContext::new(), events(), input, replace()).await;
    check_error(failed, ErrorKind::Corrupt, &["torn"]);
    assert_eq!(fixture.ids().await.unwrap(), [1]);
    assert_eq!(fixture.reopen(|_| {}).ids().await.unwrap(), [1]);
}

#[tokio::test]
async fn replacement_that_finds_no_room_keeps_what_was_there_and_one_that_does_gives_its_bytes_back() {
    let fixture = Fixture::with_options(StoreOptions::default().with_max_bytes(100 << 10));
    fixture.put(&[1; 5000]).await.unwrap();
    check_error(put_instead(&fixture, &[2; 10_000]).await, ErrorKind::LimitExceeded, &["`max_data_dir`"]);
    for id in 3..9 {
        put_instead(&fixture, &[id; 5000]).await.unwrap();
    }
    assert_eq!(fixture.ids().await.unwrap(), [8; 5000]);
}

#[tokio::test]
async fn running_read_never_returns_rows_of_both() {
    let fixture = Fixture::new();
    fixture.put_with(vec![ids_batch(&[1]), ids_batch(&[2])], WriteOptions::default()).await.unwrap();
    fixture.put(&[3]).await.unwrap();
    let read = fixture.store.read(CallContext::new(), Target::Name(events()), ReadOptions::default()).await;
    let mut read = read.unwrap();
    assert_eq!(ids_of(&[read.next().await.unwrap().unwrap().into_batch()]), [1]);
    put_instead(&fixture, &[4]).await.unwrap();
    let open_file = read.next().await.unwrap().unwrap().into_batch();
    assert_eq!(ids_of(&[open_file]), [2], "a file that is open stays readable");
    check_error(read.next().await.unwrap(), ErrorKind::SnapshotChanged, &["removed or replaced"]);
}

#[tokio::test]
async fn positions_and_snapshots_of_before_are_refused() {
    let fixture = Fixture::new();
    let receipt = fixture.put(&[1]).await.unwrap();
    let before = fixture.store.describe(CallContext::new(), Target::Name(events())).await.unwrap();
    put_instead(&fixture, &[2]).await.unwrap();
    for options in [
        ReadOptions::default().with_resume(receipt.position.unwrap()),
        ReadOptions::default().with_snapshot(before.snapshot.unwrap()),
    ] {
        check_error(fixture.ids_with(options).await, ErrorKind::SnapshotChanged, &["read it from the start"]);
    }
}

#[tokio::test]
async fn repeated_replacement_is_one_also_after_reopening_and_appends() {
    let fixture = Fixture::new();
    let write = async |fixture: &Fixture| {
        fixture.put_with(vec![ids_batch(&[1])], replace().with_idempotency_key("load-42")).await.unwrap()
    };
    let first = write(&fixture).await;
    fixture.put(&[2]).await.unwrap();
    let fixture = fixture.reopen(|_| {});
    assert_eq!(write(&fixture).await, first);
    assert_eq!(fixture.ids().await.unwrap(), [1, 2]);
}

#[tokio::test]
async fn append_that_ends_after_a_replacement_comes_after_its_rows() {
    let fixture = Fixture::new();
    fixture.put(&[1]).await.unwrap();
    let (mut sender, receiver) = mpsc::channel(1);
    let input = BatchStream::new(ids_batch(&[]).schema(), receiver);
    let mut late = fixture.store.write(CallContext::new(), events(), input, WriteOptions::default());
    assert!((&mut late).now_or_never().is_none());
    put_instead(&fixture, &[2]).await.unwrap();
    sender.send(Ok(Chunk::new(ids_batch(&[3])))).await.unwrap();
    drop(sender);
    late.await.unwrap();
    assert_eq!(fixture.ids().await.unwrap(), [2, 3]);
}

#[tokio::test]
async fn concurrent_replacements_leave_one_of_them_whole() {
    let fixture = Fixture::new();
    let writes = (0..16).map(|id| put_instead_of(&fixture, id));
    futures::future::join_all(writes).await;
    let ids = fixture.ids().await.unwrap();
    assert!(ids.len() == 3 && ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    assert_eq!(fixture.tree(), ["events", "events/00000000000000000016.arrow"]);
}

async fn put_instead_of(fixture: &Fixture, id: i64) {
    put_instead(fixture, &[id; 3]).await.unwrap();
}
