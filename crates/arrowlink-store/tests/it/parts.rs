//! Uploads that are read in parts, and states that are read again.

use arrowlink_core::{
    CallContext, DataService as _, Description, ErrorKind, MAX_PARTS, ReadOptions, Snapshot, Target,
    WriteOptions,
};
use arrowlink_testkit::check_error;
use futures::TryStreamExt as _;

use crate::support::{Fixture, events, ids_batch};

/// How many numbers take half a mebibyte.
const HALF: i64 = 65_536;

/// Uploads `batches` batches of half a mebibyte, the first of which begins with `first`.
async fn put_large(fixture: &Fixture, first: i64, batches: i64) {
    let batch = |idx| ids_batch(&((first + idx * HALF)..(first + (idx + 1) * HALF)).collect::<Vec<_>>());
    fixture.put_with((0..batches).map(batch).collect(), WriteOptions::default()).await.unwrap();
}

async fn describe(fixture: &Fixture) -> Description {
    fixture.store.describe(CallContext::new(), Target::Name(events())).await.unwrap()
}

async fn rows(fixture: &Fixture) -> Vec<u64> {
    describe(fixture).await.parts.iter().map(|part| part.rows.unwrap()).collect()
}

async fn part(fixture: &Fixture, part: u32) -> Vec<i64> {
    fixture.ids_with(ReadOptions::default().with_part(part)).await.unwrap()
}

#[tokio::test]
async fn parts_end_with_uploads_and_within_large_ones_with_batches() {
    let fixture = Fixture::new();
    fixture.put(&[-2, -1]).await.unwrap();
    put_large(&fixture, 0, 5).await;
    let half = HALF as u64;
    assert_eq!(rows(&fixture).await, [2, 2 * half, 3 * half]);
    let before = describe(&fixture).await;
    assert!(before.parts.iter().map(|part| part.bytes.unwrap()).sum::<u64>() <= before.bytes.unwrap());
    let fixture = fixture.reopen(|_| {});
    assert_eq!(describe(&fixture).await, before);
    assert_eq!(part(&fixture, 0).await, [-2, -1]);
    assert_eq!(part(&fixture, 1).await, (0..2 * HALF).collect::<Vec<_>>());
    assert_eq!(part(&fixture, 2).await, (2 * HALF..5 * HALF).collect::<Vec<_>>());
}

#[tokio::test]
async fn many_uploads_are_put_together() {
    let fixture = Fixture::new();
    for id in 0..=MAX_PARTS as i64 {
        fixture.put(&[id]).await.unwrap();
    }
    let parts = rows(&fixture).await;
    assert_eq!(parts.iter().sum::<u64>(), 65);
    let mut ids = Vec::new();
    for idx in 0..parts.len() {
        ids.extend(part(&fixture, idx as u32).await);
    }
    assert_eq!(ids, (0..65).collect::<Vec<_>>());
}

#[tokio::test]
async fn large_uploads_have_as_many_pieces_as_can_be_parts() {
    let fixture = Fixture::new();
    put_large(&fixture, 0, 300).await;
    let parts = rows(&fixture).await;
    assert!((MAX_PARTS / 2..=MAX_PARTS).contains(&parts.len()), "{parts:?}");
    assert_eq!(parts.iter().sum::<u64>(), 300 * HALF as u64);
    let last = part(&fixture, parts.len() as u32 - 1).await;
    assert_eq!((last.len() as u64, last.last().copied()), (parts[parts.len() - 1], Some(300 * HALF - 1)));
}

#[tokio::test]
async fn a_part_is_resumed_skipped_and_limited_on_its_own() {
    let fixture = Fixture::new();
    put_large(&fixture, 0, 5).await;
    let second = || ReadOptions::default().with_part(1);
    let read = fixture.store.read(CallContext::new(), Target::Name(events()), second()).await.unwrap();
    let positions: Vec<_> = read.map_ok(|chunk| chunk.position.unwrap()).try_collect().await.unwrap();
    assert_eq!(positions.len(), 3);
    for (batch, position) in (3..).zip(positions) {
        let rest = fixture.ids_with(second().with_resume(position.clone())).await.unwrap();
        assert_eq!(rest, (batch * HALF..5 * HALF).collect::<Vec<_>>());
        let elsewhere = fixture.ids_with(ReadOptions::default().with_part(0).with_resume(position)).await;
        check_error(elsewhere, ErrorKind::InvalidArgument, &["not in the part"]);
    }
    let window = second().with_skip(3 * HALF as u64 - 1).with_limit(9);
    assert_eq!(fixture.ids_with(window).await.unwrap(), [5 * HALF - 1]);
    let past = ReadOptions::default().with_part(0).with_skip(2 * HALF as u64);
    assert_eq!(fixture.ids_with(past).await.unwrap(), Vec::<i64>::new());
}

#[tokio::test]
async fn an_earlier_snapshot_is_read_again_with_its_parts_also_after_reopening() {
    let fixture = Fixture::new();
    fixture.put(&[1]).await.unwrap();
    fixture.put(&[2]).await.unwrap();
    let snapshot = describe(&fixture).await.snapshot.unwrap();
    fixture.put(&[3]).await.unwrap();
    let fixture = fixture.reopen(|_| {});
    let earlier = || ReadOptions::default().with_snapshot(snapshot.clone());
    assert_eq!(fixture.ids_with(earlier()).await.unwrap(), [1, 2]);
    assert_eq!(fixture.ids_with(earlier().with_part(1)).await.unwrap(), [2]);
    let refused = fixture.ids_with(earlier().with_part(2)).await;
    check_error(refused, ErrorKind::InvalidArgument, &["no part 2: it has 2"]);
}

#[tokio::test]
async fn a_position_goes_with_its_own_snapshot_alone() {
    let fixture = Fixture::new();
    let receipt = fixture.put(&[1]).await.unwrap();
    let first = describe(&fixture).await.snapshot.unwrap();
    let read = fixture.store.read(CallContext::new(), Target::Name(events()), ReadOptions::default());
    let position = read.await.unwrap().try_next().await.unwrap().unwrap().position.unwrap();
    fixture.put(&[2]).await.unwrap();
    let second = describe(&fixture).await.snapshot.unwrap();
    fixture.put(&[3]).await.unwrap();
    let from = || ReadOptions::default().with_resume(position.clone());
    assert_eq!(fixture.ids_with(from().with_snapshot(first)).await.unwrap(), Vec::<i64>::new());
    let refused = fixture.ids_with(from().with_snapshot(second.clone())).await;
    check_error(refused, ErrorKind::InvalidArgument, &["not in the snapshot"]);
    let later = ReadOptions::default().with_resume(receipt.position.unwrap()).with_snapshot(second);
    assert_eq!(fixture.ids_with(later).await.unwrap(), [2]);
}

#[tokio::test]
async fn bytes_that_are_no_snapshot_are_refused() {
    let fixture = Fixture::new();
    fixture.put(&[1]).await.unwrap();
    let valid = describe(&fixture).await.snapshot.unwrap().as_bytes().to_vec();
    let mut of_another = valid.clone();
    of_another[5] ^= 1;
    let mut later = valid.clone();
    later[24] = 9;
    for bytes in [of_another, later] {
        let read = fixture.ids_with(ReadOptions::default().with_snapshot(Snapshot::new(bytes))).await;
        check_error(read, ErrorKind::SnapshotChanged, &[]);
    }
    for bytes in [Vec::new(), valid[..24].to_vec(), [&valid[..], &[0]].concat()] {
        let read = fixture.ids_with(ReadOptions::default().with_snapshot(Snapshot::new(bytes))).await;
        check_error(read, ErrorKind::InvalidArgument, &["the snapshot"]);
    }
}
