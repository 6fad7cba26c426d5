//! Reads that go on where an earlier one stopped.

use arrowlink_core::{CallContext, DataService as _, ErrorKind, Position, ReadOptions, Target, WriteOptions};
use futures::TryStreamExt as _;

use crate::support::{Fixture, events, ids_batch, ids_of};
use arrowlink_testkit::check_error;

#[tokio::test]
async fn every_position_goes_on_exactly_after_its_chunk_also_after_reopening() {
    let fixture = Fixture::new();
    fixture.put_with(vec![ids_batch(&[0]), ids_batch(&[1])], WriteOptions::default()).await.unwrap();
    fixture.put(&[]).await.unwrap();
    fixture.put_with(vec![ids_batch(&[2]), ids_batch(&[3])], WriteOptions::default()).await.unwrap();
    let positions = positions(&fixture).await;
    assert_eq!(positions.len(), 4);
    let fixture = fixture.reopen(|_| {});
    for (read, position) in positions.into_iter().enumerate() {
        let rest = fixture.ids_with(ReadOptions::default().with_resume(position)).await.unwrap();
        assert_eq!(rest, [1, 2, 3][read..]);
    }
}

#[tokio::test]
async fn resumed_read_keeps_its_snapshot() {
    let fixture = Fixture::new();
    fixture.put(&[0]).await.unwrap();
    fixture.put(&[1]).await.unwrap();
    let before =
        fixture.store.read(CallContext::new(), Target::Name(events()), ReadOptions::default()).await.unwrap();
    let (snapshot, positions) = (before.snapshot().cloned(), positions(&fixture).await);
    fixture.put(&[2]).await.unwrap();
    assert_eq!(ids_of(&before.collect_batches().await.unwrap()), [0, 1]);
    let options = ReadOptions::default().with_resume(positions[0].clone());
    let resumed = fixture.store.read(CallContext::new(), Target::Name(events()), options).await.unwrap();
    assert_eq!(resumed.snapshot().cloned(), snapshot);
    assert_eq!(ids_of(&resumed.collect_batches().await.unwrap()), [1]);
}

#[tokio::test]
async fn receipt_position_reads_what_comes_later() {
    let fixture = Fixture::new();
    let receipt = fixture.put(&[0]).await.unwrap();
    let later = || ReadOptions::default().with_resume(receipt.position.clone().unwrap());
    assert_eq!(fixture.ids_with(later()).await.unwrap(), Vec::<i64>::new());
    fixture.put(&[1]).await.unwrap();
    fixture.put(&[2]).await.unwrap();
    assert_eq!(fixture.ids_with(later()).await.unwrap(), [1, 2]);
    assert_eq!(fixture.ids_with(later().with_skip(1)).await.unwrap(), [2]);
}

#[tokio::test]
async fn position_of_a_removed_dataset_is_refused_also_when_its_name_is_taken_again() {
    let fixture = Fixture::new();
    fixture.put(&[0]).await.unwrap();
    let position = positions(&fixture).await.remove(0);
    let resume = || fixture.ids_with(ReadOptions::default().with_resume(position.clone()));
    fixture.store.remove(&events()).await.unwrap();
    check_error(resume().await, ErrorKind::NotFound, &["`events`"]);
    fixture.put(&[9]).await.unwrap();
    check_error(resume().await, ErrorKind::SnapshotChanged, &["read it from the start"]);
}

#[tokio::test]
async fn position_in_an_upload_that_is_gone_is_refused() {
    let fixture = Fixture::new();
    fixture.put(&[0]).await.unwrap();
    fixture.put(&[1]).await.unwrap();
    let position = positions(&fixture).await.remove(1);
    let fixture = fixture.reopen(|folder| {
        std::fs::remove_file(folder.join("events/00000000000000000002.arrow")).unwrap();
    });
    let resumed = fixture.ids_with(ReadOptions::default().with_resume(position)).await;
    check_error(resumed, ErrorKind::SnapshotChanged, &[]);
    assert_eq!(fixture.ids().await.unwrap(), [0]);
}

#[tokio::test]
async fn bytes_that_are_no_position_are_refused() {
    let fixture = Fixture::new();
    fixture.put(&[0]).await.unwrap();
    let valid = positions(&fixture).await.remove(0).as_bytes().to_vec();
    let mut longer = valid.clone();
    longer.push(0);
    let mut other_version = valid.clone();
    other_version[0] = 99;
    for bytes in [Vec::new(), valid[..valid.len() - 1].to_vec(), longer, other_version] {
        let resumed = fixture.ids_with(ReadOptions::default().with_resume(Position::new(bytes))).await;
        check_error(resumed, ErrorKind::InvalidArgument, &["the position"]);
    }
}

async fn positions(fixture: &Fixture) -> Vec<Position> {
    let stream =
        fixture.store.read(CallContext::new(), Target::Name(events()), ReadOptions::default()).await.unwrap();
    stream.map_ok(|chunk| chunk.position.unwrap()).try_collect().await.unwrap()
}
