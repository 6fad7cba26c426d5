//! Parts, which together are the whole, and snapshots, which can be asked for.

use std::fs::File;
use std::time::{Duration, SystemTime};

use arrowlink_core::{CallContext, Dataset as _, Description, ErrorKind, ReadOptions, Snapshot};
use arrowlink_query::FileDataset;

use crate::files::{csv, parquet};
use crate::support::{Folder, check, chunks, ids, read_all, rows};

async fn describe(dataset: &FileDataset) -> Description {
    dataset.describe(CallContext::new()).await.unwrap()
}

async fn read_ids(dataset: &FileDataset, options: ReadOptions) -> Vec<i64> {
    ids(&read_all(dataset, options).await.unwrap().1)
}

/// Asserts that the parts of a dataset whose ids are `0..count` are these ids, and returns how many rows each has.
async fn check_parts(dataset: &FileDataset, count: i64) -> Vec<usize> {
    let description = describe(dataset).await;
    let (mut together, mut lengths) = (Vec::new(), Vec::new());
    for (number, part) in (0..).zip(&description.parts) {
        let options =
            ReadOptions::default().with_part(number).with_snapshot(description.snapshot.clone().unwrap());
        let read = read_ids(dataset, options).await;
        assert!(part.rows.is_none_or(|rows| rows == read.len() as u64), "part {number}");
        lengths.push(read.len());
        together.extend(read);
    }
    assert_eq!(together, (0..count).collect::<Vec<_>>());
    let bytes: u64 = description.parts.iter().filter_map(|part| part.bytes).sum();
    assert!(bytes <= description.bytes.unwrap(), "footers are in no part");
    lengths
}

/// Three row groups of more than a mebibyte each.
fn three_groups() -> (Folder, i64) {
    let folder = Folder::new();
    folder.write("a.parquet", parquet(&rows(0, 750_000), 250_000));
    (folder, 750_000)
}

#[tokio::test]
async fn each_file_is_a_part() {
    let folder = Folder::new();
    folder.write("x/a.csv", csv(0, 10)).write("x/b.csv", csv(10, 1)).write("x/c.csv", csv(11, 5));
    assert_eq!(check_parts(&folder.open("x").await.unwrap(), 16).await, [10, 1, 5]);
}

#[tokio::test]
async fn row_groups_are_parts_where_they_are_large() {
    let (folder, count) = three_groups();
    let dataset = folder.open("a.parquet").await.unwrap();
    assert_eq!(check_parts(&dataset, count).await, [250_000; 3]);
    folder.write("b.parquet", parquet(&rows(0, 1000), 100));
    assert_eq!(describe(&folder.open("b.parquet").await.unwrap()).await.parts, []);
}

#[tokio::test]
async fn many_small_files_are_taken_together() {
    let folder = Folder::new();
    for file in 0..150 {
        folder.write(&format!("x/{file:03}.csv"), csv(file * 1000, 1000));
    }
    let lengths = check_parts(&folder.open("x").await.unwrap(), 150_000).await;
    assert!((2..=64).contains(&lengths.len()), "{lengths:?}");
}

#[tokio::test]
async fn a_part_is_read_with_columns_skip_and_limit() {
    let (folder, _) = three_groups();
    let dataset = folder.open("a.parquet").await.unwrap();
    let options = ReadOptions::default().with_part(1).with_projection(["id"]);
    let (schema, batches) = read_all(&dataset, options.clone().with_skip(5).with_limit(3)).await.unwrap();
    assert_eq!(schema.fields().len(), 1);
    assert_eq!(ids(&batches), [250_005, 250_006, 250_007]);
    assert_eq!(read_ids(&dataset, options.clone().with_skip(249_999)).await, [499_999]);
    assert_eq!(read_ids(&dataset, options.with_skip(250_000)).await, [0; 0]);
}

#[tokio::test]
async fn a_read_of_a_part_is_resumed_within_it() {
    let (folder, _) = three_groups();
    let dataset = folder.open("a.parquet").await.unwrap();
    let part = ReadOptions::default().with_part(1);
    let read = chunks(&dataset, part.clone()).await.unwrap();
    let last = read.last().unwrap();
    let before_last = read[read.len() - 2].position.clone().unwrap();
    let rest = read_ids(&dataset, part.clone().with_resume(before_last)).await;
    assert_eq!(rest, ids(std::slice::from_ref(&last.batch)));
    let end = last.position.clone().unwrap();
    assert_eq!(read_ids(&dataset, part.with_resume(end.clone())).await, [0; 0]);
    assert_eq!(read_ids(&dataset, ReadOptions::default().with_resume(end).with_limit(1)).await, [500_000]);
}

#[tokio::test]
async fn a_part_that_is_not_there_is_refused() {
    let folder = Folder::new();
    folder.write("x/a.csv", csv(0, 1)).write("x/b.csv", csv(1, 1));
    let dataset = folder.open("x").await.unwrap();
    let error = read_all(&dataset, ReadOptions::default().with_part(2)).await.unwrap_err();
    check(&error, ErrorKind::InvalidArgument, &["no part 2: it has 2, counted from 0"]);
    let read = chunks(&dataset, ReadOptions::default().with_part(0)).await.unwrap();
    let elsewhere = ReadOptions::default().with_part(1).with_resume(read[0].position.clone().unwrap());
    let error = read_all(&dataset, elsewhere).await.unwrap_err();
    check(&error, ErrorKind::InvalidArgument, &["not in the part that is read"]);
    // One file is its own only part.
    assert_eq!(
        read_ids(&folder.open("x/a.csv").await.unwrap(), ReadOptions::default().with_part(0)).await,
        [0]
    );
}

#[tokio::test]
async fn an_earlier_snapshot_can_be_read_while_its_files_are_there() {
    let folder = Folder::new();
    folder.write("x/a.csv", csv(0, 3));
    let dataset = folder.open("x").await.unwrap();
    let earlier = ReadOptions::default().with_snapshot(describe(&dataset).await.snapshot.unwrap());
    folder.write("x/b.csv", csv(3, 3));
    assert_eq!(read_ids(&dataset, ReadOptions::default()).await.len(), 6);
    assert_eq!(read_ids(&dataset, earlier.clone()).await, [0, 1, 2]);
    let now = chunks(&dataset, ReadOptions::default()).await.unwrap();
    let other = earlier.clone().with_resume(now[0].position.clone().unwrap());
    check(&read_all(&dataset, other).await.unwrap_err(), ErrorKind::InvalidArgument, &["another snapshot"]);
    folder.write("x/a.csv", csv(0, 4));
    let error = read_all(&dataset, earlier).await.unwrap_err();
    check(&error, ErrorKind::SnapshotChanged, &["`a.csv` is not what it was"]);
}

#[tokio::test]
async fn a_snapshot_fits_a_ticket_and_is_the_same_on_every_server() {
    let folder = Folder::new();
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    for server in ["one", "two"] {
        for file in 0..20 {
            let name = format!("{server}/{file}.csv");
            folder.write(&name, csv(file, 1));
            File::options().write(true).open(folder.path(&name)).unwrap().set_modified(time).unwrap();
        }
    }
    let one = describe(&folder.open("one").await.unwrap()).await;
    let two = folder.open("two").await.unwrap();
    let snapshot = one.snapshot.unwrap();
    assert_eq!(snapshot.as_bytes().len(), 17);
    let part = ReadOptions::default().with_part(3).with_snapshot(snapshot);
    assert!(!read_ids(&two, part).await.is_empty());
    assert_eq!(one.parts, describe(&two).await.parts);
}

#[tokio::test]
async fn a_foreign_snapshot_has_changed() {
    let folder = Folder::new();
    folder.write("a.csv", csv(0, 1));
    let dataset = folder.open("a.csv").await.unwrap();
    for bytes in [&b""[..], b"nonsense", &[2; 17]] {
        let options = ReadOptions::default().with_snapshot(Snapshot::new(bytes.to_vec()));
        let error = read_all(&dataset, options).await.unwrap_err();
        check(&error, ErrorKind::SnapshotChanged, &["read again from the start"]);
    }
}
