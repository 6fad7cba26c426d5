//! Parts: together the whole, each with its own window, its own resuming, and those of its snapshot.
//!
//! What is tried was written in several batches of together more than three mebibytes, or is what the suite was given.

use arrow_array::RecordBatch;
use arrow_select::concat::concat_batches;
use futures::TryStreamExt as _;

use super::Capability::{Describe, Limit, Parts, Projection, Read, Resume, Skip, Snapshot, Write};
use super::reads::slice;
use super::run::{Check, Outcome, Run, expect, expect_same, said};
use super::samples;
use crate::{ErrorKind, Name, Part, ReadOptions};

pub(super) fn checks<'a>(run: &'a Run<'a>) -> Vec<Check<'a>> {
    vec![
        Check::new("parts are the whole, in order", &[Parts, Read, Describe], whole(run)),
        Check::new("a part that is not there is refused", &[Parts, Read, Describe], absent(run)),
        Check::new(
            "a part has its own skip, limit and projection",
            &[Parts, Read, Describe, Skip, Limit, Projection],
            window(run),
        ),
        Check::new("a read of a part goes on within it", &[Parts, Read, Describe, Resume], resume(run)),
        Check::new(
            "a snapshot keeps its parts or is SnapshotChanged",
            &[Parts, Read, Describe, Snapshot, Write],
            snapshot(run),
        ),
    ]
}

/// A dataset, its rows, and its parts as they are described.
struct Divided {
    name: Name,
    rows: RecordBatch,
    parts: Vec<Part>,
}

/// What the suite wrote must have parts; what it was given may have none.
async fn divided(run: &Run<'_>) -> Result<Divided, String> {
    let (name, rows) = run.large().await?;
    let parts = run.describe(&name).await?.parts;
    let may_be_whole = !run.suite.expects(Write);
    expect(parts.len() > 1 || may_be_whole, || format!("{} parts are described of 3.5 MiB", parts.len()))?;
    Ok(Divided { name, rows, parts })
}

fn part(idx: usize) -> Result<ReadOptions, String> {
    u32::try_from(idx).map(|part| ReadOptions::default().with_part(part)).map_err(|error| error.to_string())
}

impl Divided {
    /// Reads the parts one by one.
    async fn read(&self, run: &Run<'_>) -> Result<Vec<RecordBatch>, String> {
        let mut parts = Vec::new();
        for idx in 0..self.parts.len() {
            let rows = run.read(&self.name, part(idx)?).await;
            parts.push(rows.map_err(|text| format!("part {idx}: {text}"))?);
        }
        Ok(parts)
    }
}

/// The number of rows of a part may be unknown and must not be wrong.
async fn whole(run: &Run<'_>) -> Outcome {
    let divided = divided(run).await?;
    if divided.parts.is_empty() {
        return Ok(());
    }
    let read = divided.read(run).await?;
    for (idx, (part, rows)) in divided.parts.iter().zip(&read).enumerate() {
        let count = rows.num_rows() as u64;
        expect(part.rows.is_none_or(|rows| rows == count), || {
            format!("part {idx} is described with {:?} rows, it has {count}", part.rows)
        })?;
    }
    let together = concat_batches(divided.rows.schema_ref(), &read);
    expect_same(&divided.rows, together.map_err(|error| error.to_string())?)
}

/// A dataset that is not divided may be its own first part, and may say that it answers no parts.
async fn absent(run: &Run<'_>) -> Outcome {
    let Divided { name, parts, .. } = divided(run).await?;
    let options = part(parts.len().max(1))?;
    let read = async { run.open(&name, options).await?.collect_batches().await };
    match read.await {
        Err(error) if error.kind() == ErrorKind::InvalidArgument => Ok(()),
        Err(error) if error.kind() == ErrorKind::Unsupported && parts.is_empty() => Ok(()),
        Err(error) => Err(said(&error)),
        Ok(batches) => Err(format!("it returned {} batches", batches.len())),
    }
}

/// Counts from the start of the part, and ends with it.
async fn window(run: &Run<'_>) -> Outcome {
    let divided = divided(run).await?;
    let schema = divided.rows.schema();
    let column = schema.fields().first().ok_or("there is no column")?.name();
    for (idx, rows) in divided.read(run).await?.into_iter().enumerate() {
        let rows = rows.project(&[0]).map_err(|error| error.to_string())?;
        for (skipped, limit) in [(1, 1), (rows.num_rows().saturating_sub(1), 5), (rows.num_rows(), 5)] {
            let options = part(idx)?.with_projection([column]);
            let options = options.with_skip(skipped as u64).with_limit(limit as u64);
            let window = run.expect_rows(&divided.name, options, &slice(&rows, skipped, limit)).await;
            window.map_err(|text| format!("part {idx} from row {skipped}: {text}"))?;
        }
    }
    Ok(())
}

/// Reading on from each chunk of a part returns exactly the rows of the part after it.
async fn resume(run: &Run<'_>) -> Outcome {
    let divided = divided(run).await?;
    for (idx, rows) in divided.read(run).await?.into_iter().enumerate() {
        let stream = run.open(&divided.name, part(idx)?).await.map_err(|error| said(&error))?;
        let chunks: Vec<_> = stream.try_collect().await.map_err(|error| said(&error))?;
        let mut seen = 0;
        for chunk in chunks {
            seen += chunk.batch.num_rows();
            let position =
                chunk.position.ok_or_else(|| format!("row {seen} of part {idx} has no position"))?;
            let options = part(idx)?.with_resume(position);
            let rest = run.expect_rows(&divided.name, options, &slice(&rows, seen, usize::MAX)).await;
            rest.map_err(|text| format!("part {idx} from row {seen}: {text}"))?;
        }
    }
    Ok(())
}

/// Appends after the parts were described: read with their snapshot they are what they were, or refused.
async fn snapshot(run: &Run<'_>) -> Outcome {
    let (name, rows) = run.readable("parts_snapshot").await?;
    let description = run.describe(&name).await?;
    let snapshot = description.snapshot.ok_or("its description has no snapshot")?;
    run.write(&name, samples::batches(100)?).await.map_err(|error| said(&error))?;
    let mut read = Vec::new();
    for idx in 0..description.parts.len() {
        let options = part(idx)?.with_snapshot(snapshot.clone());
        let stream = async { run.open(&name, options).await?.collect_batches().await };
        match stream.await {
            Ok(batches) => read.extend(batches),
            Err(error) if error.kind() == ErrorKind::SnapshotChanged => return Ok(()),
            Err(error) => return Err(said(&error)),
        }
    }
    let together = concat_batches(rows.schema_ref(), &read).map_err(|error| error.to_string())?;
    if description.parts.is_empty() { Ok(()) } else { expect_same(&rows, together) }
}
