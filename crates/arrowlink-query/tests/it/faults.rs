//! Files that go away, change or are damaged while they are served, and the datasets beside them.

use arrowlink_core::{CallContext, Dataset as _, ErrorKind, ReadOptions};
use futures::StreamExt as _;

use crate::files::{arrow_stream, csv, parquet};
use crate::support::{Folder, check, ids, read_all, rows};

#[tokio::test]
async fn a_repaired_file_is_read() {
    let folder = Folder::new();
    let good = parquet(&rows(0, 10), 5);
    folder.write("a.parquet", &good[..50]).write("b.csv", csv(0, 3));
    let broken = folder.open("a.parquet").await.unwrap();
    let beside = folder.open("b.csv").await.unwrap();
    check(&broken.describe(CallContext::new()).await.unwrap_err(), ErrorKind::Corrupt, &["`a.parquet`"]);
    assert_eq!(ids(&read_all(&beside, ReadOptions::default()).await.unwrap().1), [0, 1, 2]);
    folder.write("a.parquet", good);
    assert_eq!(ids(&read_all(&broken, ReadOptions::default()).await.unwrap().1).len(), 10);
}

#[tokio::test]
async fn a_file_that_is_gone_is_not_found_until_it_is_back() {
    let folder = Folder::new();
    folder.write("a.csv", csv(0, 3));
    let dataset = folder.open("a.csv").await.unwrap();
    std::fs::remove_file(folder.path("a.csv")).unwrap();
    let error = read_all(&dataset, ReadOptions::default()).await.unwrap_err();
    check(&error, ErrorKind::NotFound, &["a.csv` is not there any more"]);
    folder.write("a.csv", csv(0, 4));
    assert_eq!(ids(&read_all(&dataset, ReadOptions::default()).await.unwrap().1).len(), 4);
}

/// Reads the first batch of a dataset of two files, does `work`, and reads the rest.
async fn meanwhile(work: impl FnOnce(&Folder)) -> Result<Vec<i64>, arrowlink_core::Error> {
    let folder = Folder::new();
    folder.write("x/a.csv", csv(0, 100_000)).write("x/b.csv", csv(100_000, 10));
    let dataset = folder.open_with("x", folder.options().with_batch_rows(1000)).await.unwrap();
    let mut stream = dataset.read(CallContext::new(), ReadOptions::default()).await.unwrap();
    let mut read = vec![stream.next().await.unwrap().unwrap().batch];
    work(&folder);
    while let Some(chunk) = stream.next().await {
        read.push(chunk?.batch);
    }
    Ok(ids(&read))
}

#[tokio::test]
async fn a_running_read_keeps_the_file_that_was_replaced() {
    let read = meanwhile(|folder| {
        folder.write("new.csv", "nonsense");
        std::fs::rename(folder.path("new.csv"), folder.path("x/a.csv")).unwrap();
    });
    assert_eq!(read.await.unwrap(), (0..100_010).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_running_read_does_not_see_new_files() {
    let read = meanwhile(|folder| {
        folder.write("x/c.csv", csv(0, 10));
    });
    assert_eq!(read.await.unwrap().len(), 100_010);
}

#[tokio::test]
async fn a_file_that_is_written_to_while_it_is_read_ends_the_read() {
    let read = meanwhile(|folder| {
        folder.write("x/a.csv", csv(500_000, 100_001));
    });
    check(&read.await.unwrap_err(), ErrorKind::SnapshotChanged, &["`a.csv` changed while it was read"]);
}

#[tokio::test]
async fn a_file_that_goes_away_before_its_turn_ends_the_read() {
    let read = meanwhile(|folder| std::fs::remove_file(folder.path("x/b.csv")).unwrap());
    check(&read.await.unwrap_err(), ErrorKind::SnapshotChanged, &["`b.csv` changed while it was read"]);
}

#[tokio::test]
async fn rows_before_a_damaged_file_come_first() {
    let folder = Folder::new();
    let mut damaged = arrow_stream(&[rows(10, 1000)], None);
    let end = damaged.len();
    // The offsets of the names, in the body that is not looked at before it is read.
    damaged[end - 12_000..end - 16].fill(0xff);
    folder.write("x/a.arrows", arrow_stream(&[rows(0, 10)], None)).write("x/b.arrows", damaged);
    let dataset = folder.open("x").await.unwrap();
    let mut stream = dataset.read(CallContext::new(), ReadOptions::default()).await.unwrap();
    assert_eq!(ids(&[stream.next().await.unwrap().unwrap().batch]), (0..10).collect::<Vec<_>>());
    let error = stream.next().await.unwrap().unwrap_err();
    check(&error, ErrorKind::Corrupt, &["`b.arrows`"]);
    assert!(stream.next().await.is_none());
}

#[cfg(unix)]
#[tokio::test]
async fn a_folder_of_the_name_of_a_file_is_no_file() {
    let folder = Folder::new();
    std::fs::create_dir_all(folder.path("x/a.csv")).unwrap();
    folder.write("x/b.csv", csv(0, 2));
    assert_eq!(ids(&folder.read("x").await.unwrap().1), [0, 1]);
}
