//! Reading: order, options, resuming, and going away.
//!
//! Each check compares whole tables, values and order included, with what was written or what the suite was given.
//! Where batches begin and end is free.

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use futures::{StreamExt as _, TryStreamExt as _};

use super::Capability::{Limit, Projection, Read, Resume, Skip, Write};
use super::run::{Check, Outcome, Run, concat, expect, expect_same, said};
use super::samples;
use crate::{ErrorKind, ReadOptions};

pub(super) fn checks<'a>(run: &'a Run<'a>) -> Vec<Check<'a>> {
    vec![
        Check::new("a read returns all rows, the same way every time", &[Read], read_twice(run)),
        Check::new("a projection returns its columns in its order", &[Read, Projection], projection(run)),
        Check::new("a column that is not there is InvalidArgument", &[Read, Projection], no_column(run)),
        Check::new("skip leaves out the first rows", &[Read, Skip], skip(run)),
        Check::new("limit returns the first rows", &[Read, Limit], limit(run)),
        Check::new("skip, limit and projection go together", &[Read, Skip, Limit, Projection], window(run)),
        Check::new("a read goes on after every chunk", &[Read, Resume], resume(run)),
        Check::new("following a dataset is Unsupported", &[Read], follow(run)),
        Check::new("a read keeps the rows it began with", &[Read, Write], snapshot(run)),
        Check::new("a read that is dropped does no harm", &[Read], dropped(run)),
        Check::new("many reads at once return the same rows", &[Read], at_once(run)),
    ]
}

async fn read_twice(run: &Run<'_>) -> Outcome {
    let (name, rows) = run.readable("read_twice").await?;
    run.expect_rows(&name, ReadOptions::default(), &rows).await?;
    run.expect_rows(&name, ReadOptions::default(), &rows).await
}

/// Asks for all columns backwards, for the first and for the last alone.
async fn projection(run: &Run<'_>) -> Outcome {
    let (name, rows) = run.readable("projection").await?;
    let reversed: Vec<usize> = (0..rows.num_columns()).rev().collect();
    for indices in [reversed.as_slice(), &[0], reversed.get(..1).unwrap_or_default()] {
        let expected = rows.project(indices).map_err(|error| error.to_string())?;
        let columns: Vec<String> =
            expected.schema().fields().iter().map(|field| field.name().clone()).collect();
        run.expect_rows(&name, ReadOptions::default().with_projection(columns), &expected).await?;
    }
    Ok(())
}

async fn no_column(run: &Run<'_>) -> Outcome {
    let (name, _) = run.readable("no_column").await?;
    let options = ReadOptions::default().with_projection(["no_such_column"]);
    run.expect_read_error(&name, options, ErrorKind::InvalidArgument).await
}

/// Skips none, some, all and more than all rows; past the end there are no rows and there is no error.
async fn skip(run: &Run<'_>) -> Outcome {
    let (name, rows) = run.readable("skip").await?;
    for skipped in [0, 1, rows.num_rows() / 2, rows.num_rows(), rows.num_rows() + 1] {
        let options = ReadOptions::default().with_skip(skipped as u64);
        run.expect_rows(&name, options, &slice(&rows, skipped, usize::MAX)).await?;
    }
    Ok(())
}

/// Limits to none, some, all and more than all rows.
async fn limit(run: &Run<'_>) -> Outcome {
    let (name, rows) = run.readable("limit").await?;
    for limit in [0, 1, rows.num_rows() / 2, rows.num_rows(), rows.num_rows() + 1] {
        let options = ReadOptions::default().with_limit(limit as u64);
        run.expect_rows(&name, options, &slice(&rows, 0, limit)).await?;
    }
    Ok(())
}

/// Rows are skipped before they are counted against the limit.
async fn window(run: &Run<'_>) -> Outcome {
    let (name, rows) = run.readable("window").await?;
    let column =
        rows.schema().fields().first().map(|field| field.name().clone()).ok_or("there is no column")?;
    let rows = rows.project(&[0]).map_err(|error| error.to_string())?;
    for (skipped, limit) in [(1, 1), (3, 3), (rows.num_rows() - 1, 5)] {
        let options = ReadOptions::default().with_projection([&column]);
        let options = options.with_skip(skipped as u64).with_limit(limit as u64);
        run.expect_rows(&name, options, &slice(&rows, skipped, limit)).await?;
    }
    Ok(())
}

/// Every chunk must have a position, and reading on from each returns exactly the rows after its chunk.
async fn resume(run: &Run<'_>) -> Outcome {
    let (name, rows) = run.readable("resume").await?;
    let stream = run.open(&name, ReadOptions::default()).await.map_err(|error| said(&error))?;
    let chunks: Vec<_> = stream.try_collect().await.map_err(|error| said(&error))?;
    let mut seen = 0;
    for chunk in chunks {
        seen += chunk.batch.num_rows();
        let position = chunk.position.ok_or_else(|| format!("the chunk up to row {seen} has no position"))?;
        let options = ReadOptions::default().with_resume(position);
        let rest = run.expect_rows(&name, options, &slice(&rows, seen, usize::MAX)).await;
        rest.map_err(|text| format!("from row {seen}: {text}"))?;
    }
    Ok(())
}

async fn follow(run: &Run<'_>) -> Outcome {
    let (name, _) = run.readable("follow").await?;
    run.expect_read_error(&name, ReadOptions::default().with_follow(true), ErrorKind::Unsupported).await
}

/// Appends while a read is half done: the read must not return the new rows.
async fn snapshot(run: &Run<'_>) -> Outcome {
    let (name, rows) = run.readable("snapshot").await?;
    let mut stream = run.open(&name, ReadOptions::default()).await.map_err(|error| said(&error))?;
    let schema = SchemaRef::clone(stream.schema());
    let first = stream.next().await.ok_or("it returned nothing")?.map_err(|error| said(&error))?;
    run.write(&name, samples::batches(100)?).await.map_err(|error| said(&error))?;
    let mut batches = vec![first.into_batch()];
    batches.extend(stream.collect_batches().await.map_err(|error| said(&error))?);
    expect_same(&rows, concat(&schema, &batches)?)
}

/// Drops a stream after its first chunk and a read before its stream is there, then reads again.
async fn dropped(run: &Run<'_>) -> Outcome {
    let (name, rows) = run.readable("dropped").await?;
    let mut stream = run.open(&name, ReadOptions::default()).await.map_err(|error| said(&error))?;
    let first = stream.next().await.ok_or("it returned nothing")?.map_err(|error| said(&error))?;
    expect(first.batch.num_rows() <= rows.num_rows(), || "it returned more than there is".to_owned())?;
    drop(stream);
    drop(run.open(&name, ReadOptions::default()));
    run.expect_rows(&name, ReadOptions::default(), &rows).await
}

/// Eight reads at once, each compared on its own.
async fn at_once(run: &Run<'_>) -> Outcome {
    let (name, rows) = run.readable("at_once").await?;
    let reads = (0..8).map(|_| run.expect_rows(&name, ReadOptions::default(), &rows));
    futures::future::try_join_all(reads).await.map(drop)
}

/// Returns the rows after `skip`, at most `limit` of them; none where `skip` is past the end.
pub(super) fn slice(rows: &RecordBatch, skip: usize, limit: usize) -> RecordBatch {
    let skip = skip.min(rows.num_rows());
    rows.slice(skip, limit.min(rows.num_rows() - skip))
}
