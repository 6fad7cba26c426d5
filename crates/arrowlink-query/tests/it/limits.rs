//! Turns, deadlines and cancelled reads.

use std::time::Duration;

use arrowlink_core::{CallContext, Dataset as _, ErrorKind, ReadOptions};
use arrowlink_query::QueryOptions;
use futures::StreamExt as _;
use tokio::time::Instant;

use crate::files::{csv, parquet};
use crate::support::{Folder, check, ids, read_all, rows};

fn one_at_a_time() -> Folder {
    let wait = Duration::from_secs(60);
    let options = QueryOptions::default().with_threads(1).with_max_file_scans(1).with_max_scan_wait(wait);
    let folder = Folder::with_query_options(options);
    folder.write("a.parquet", parquet(&rows(0, 50_000), 10_000));
    folder
}

#[tokio::test]
async fn a_dropped_stream_gives_its_turn_back() {
    let folder = one_at_a_time();
    let dataset = folder.open("a.parquet").await.unwrap();
    for _ in 0..5 {
        let mut stream = dataset.read(CallContext::new(), ReadOptions::default()).await.unwrap();
        assert_eq!(ids(&[stream.next().await.unwrap().unwrap().batch])[0], 0);
        assert_eq!(folder.runtime.free_file_scans(), 0);
        drop(stream);
    }
    // The next read waits until the last one has let go.
    let (_, batches) = read_all(&dataset, ReadOptions::default()).await.unwrap();
    assert_eq!(ids(&batches).len(), 50_000);
}

#[tokio::test]
async fn a_read_waits_for_its_turn() {
    let folder = one_at_a_time();
    let dataset = folder.open("a.parquet").await.unwrap();
    let first = dataset.read(CallContext::new(), ReadOptions::default()).await.unwrap();
    let mut second = dataset.read(CallContext::new(), ReadOptions::default());
    assert!(futures::poll!(&mut second).is_pending());
    drop(first);
    assert_eq!(second.await.unwrap().collect_batches().await.unwrap().len(), 10);
}

#[tokio::test(start_paused = true)]
async fn the_wait_ends_at_the_deadline() {
    let folder = one_at_a_time();
    let dataset = folder.open("a.parquet").await.unwrap();
    let _first = dataset.read(CallContext::new(), ReadOptions::default()).await.unwrap();
    let ctx = CallContext::new().with_deadline(Some(Instant::now() + Duration::from_secs(1)));
    let error = dataset.read(ctx, ReadOptions::default()).await.unwrap_err();
    check(&error, ErrorKind::DeadlineExceeded, &["the deadline passed before"]);
}

#[tokio::test(start_paused = true)]
async fn the_wait_ends_after_as_long_as_the_options_say() {
    let folder = one_at_a_time();
    let dataset = folder.open("a.parquet").await.unwrap();
    let _first = dataset.read(CallContext::new(), ReadOptions::default()).await.unwrap();
    let error = dataset.read(CallContext::new(), ReadOptions::default()).await.unwrap_err();
    check(
        &error,
        ErrorKind::Unavailable,
        &["1 reads of files are running", "within 60 s", "raise `max_file_scans`"],
    );
}

#[tokio::test]
async fn a_cancelled_wait_takes_no_turn() {
    let folder = one_at_a_time();
    let dataset = folder.open("a.parquet").await.unwrap();
    let first = dataset.read(CallContext::new(), ReadOptions::default()).await.unwrap();
    {
        let mut waiting = dataset.read(CallContext::new(), ReadOptions::default());
        assert!(futures::poll!(&mut waiting).is_pending());
    }
    drop(first);
    assert_eq!(read_all(&dataset, ReadOptions::default()).await.unwrap().1.len(), 10);
    assert_eq!(folder.runtime.free_file_scans(), 1);
}

#[tokio::test]
async fn a_read_that_fails_gives_its_turn_back() {
    let folder = one_at_a_time();
    folder.write("b.csv", format!("{}x,y\n", csv(0, 1000)));
    let dataset = folder.open_with("b.csv", folder.options().with_sample_bytes(100)).await.unwrap();
    for _ in 0..3 {
        check(
            &read_all(&dataset, ReadOptions::default()).await.unwrap_err(),
            ErrorKind::Corrupt,
            &["`b.csv`"],
        );
    }
}

#[tokio::test]
async fn describing_needs_no_turn() {
    let folder = one_at_a_time();
    let dataset = folder.open("a.parquet").await.unwrap();
    let _stream = dataset.read(CallContext::new(), ReadOptions::default()).await.unwrap();
    assert_eq!(dataset.describe(CallContext::new()).await.unwrap().rows, Some(50_000));
}

#[tokio::test]
async fn a_reader_that_stalls_holds_two_batches_at_most() {
    let folder = one_at_a_time();
    folder.write("b.csv", csv(0, 10_000));
    let dataset = folder.open_with("b.csv", folder.options().with_batch_rows(10)).await.unwrap();
    let mut stream = dataset.read(CallContext::new(), ReadOptions::default()).await.unwrap();
    stream.next().await.unwrap().unwrap();
    // What is decoded ahead is bounded, so a file that changes now is noticed soon.
    folder.write("b.csv", csv(0, 10_001));
    let mut rest = 0;
    let error = loop {
        match stream.next().await.unwrap() {
            Ok(chunk) => rest += chunk.batch.num_rows(),
            Err(error) => break error,
        }
    };
    check(&error, ErrorKind::SnapshotChanged, &["`b.csv`"]);
    assert!(rest < 10_000, "{rest}");
}

#[tokio::test]
async fn the_runtime_may_go_before_its_streams() {
    let folder = one_at_a_time();
    let dataset = folder.open("a.parquet").await.unwrap();
    let stream = dataset.read(CallContext::new(), ReadOptions::default()).await.unwrap();
    drop(dataset);
    drop(folder);
    // The work was cancelled or had been done; either way the stream ends.
    let outcome = stream.collect::<Vec<_>>().await;
    assert!(outcome.len() <= 10);
}
