//! Snapshots: a state that was described is read as it was, or refused as `SnapshotChanged`, and never another one.

use futures::StreamExt as _;

use super::Capability::{Describe, Read, Replace, Resume, Snapshot, Write, WriteMode as Modes};
use super::reads::slice;
use super::run::{Check, Outcome, Run, concat, expect_same, said};
use super::samples;
use crate::{ErrorKind, ReadOptions, Snapshot as Bytes, WriteMode, WriteOptions};

pub(super) fn checks<'a>(run: &'a Run<'a>) -> Vec<Check<'a>> {
    vec![
        Check::new("a snapshot that is described is read", &[Snapshot, Read, Describe], described(run)),
        Check::new("a snapshot that nobody gave is refused", &[Snapshot, Read], foreign(run)),
        Check::new(
            "a snapshot keeps its rows or is SnapshotChanged",
            &[Snapshot, Read, Describe, Write],
            appended(run),
        ),
        Check::new(
            "a snapshot of what was replaced is SnapshotChanged",
            &[Snapshot, Read, Describe, Write, Modes, Replace],
            replaced(run),
        ),
        Check::new("a position goes with its snapshot", &[Snapshot, Read, Describe, Resume], resumed(run)),
    ]
}

async fn described(run: &Run<'_>) -> Outcome {
    let (name, rows) = run.readable("snapshot_described").await?;
    let options = ReadOptions::default().with_snapshot(run.snapshot(&name).await?);
    run.expect_rows(&name, options, &rows).await
}

/// A service may tell bytes that are none of its own from those of another state.
async fn foreign(run: &Run<'_>) -> Outcome {
    let (name, _) = run.readable("snapshot_foreign").await?;
    for bytes in ["", "of the conformance suite"] {
        let options = ReadOptions::default().with_snapshot(Bytes::new(bytes));
        let read = async { run.open(&name, options).await?.collect_batches().await };
        match read.await {
            Err(error) if matches!(error.kind(), ErrorKind::SnapshotChanged | ErrorKind::InvalidArgument) => {
            }
            Err(error) => return Err(said(&error)),
            Ok(batches) => return Err(format!("it returned {} batches", batches.len())),
        }
    }
    Ok(())
}

async fn appended(run: &Run<'_>) -> Outcome {
    let (name, rows) = run.readable("snapshot_appended").await?;
    let options = ReadOptions::default().with_snapshot(run.snapshot(&name).await?);
    run.write(&name, samples::batches(100)?).await.map_err(|error| said(&error))?;
    let read = async { run.open(&name, options).await?.collect_batches().await };
    match read.await {
        Ok(batches) => expect_same(&rows, concat(&samples::schema(), &batches)?),
        Err(error) if error.kind() == ErrorKind::SnapshotChanged => Ok(()),
        Err(error) => Err(said(&error)),
    }
}

/// The rows are the same as before, and it is another dataset all the same.
async fn replaced(run: &Run<'_>) -> Outcome {
    let (name, _) = run.readable("snapshot_replaced").await?;
    let options = ReadOptions::default().with_snapshot(run.snapshot(&name).await?);
    let replace = WriteOptions::default().with_mode(WriteMode::Replace);
    run.write_with(&name, samples::batches(0)?, replace).await.map_err(|error| said(&error))?;
    run.expect_read_error(&name, options, ErrorKind::SnapshotChanged).await
}

/// Reads on from the first chunk with the snapshot that the position has anyway.
async fn resumed(run: &Run<'_>) -> Outcome {
    let (name, rows) = run.readable("snapshot_resumed").await?;
    let options = ReadOptions::default().with_snapshot(run.snapshot(&name).await?);
    let mut stream = run.open(&name, options.clone()).await.map_err(|error| said(&error))?;
    let first = stream.next().await.ok_or("it returned nothing")?.map_err(|error| said(&error))?;
    drop(stream);
    let position = first.position.ok_or("the first chunk has no position")?;
    let rest = slice(&rows, first.batch.num_rows(), usize::MAX);
    run.expect_rows(&name, options.with_resume(position), &rest).await
}
