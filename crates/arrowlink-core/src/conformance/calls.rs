//! Calling a function that returns what it is given.
//!
//! Functions are tried with the sample rows through one that returns its input. How a function computes is its own;
//! what is checked is what lies between it and its caller: order, laziness, errors and cancellation.

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use futures::channel::oneshot;
use futures::{FutureExt as _, StreamExt as _, stream};

use super::Capability::{Call, Read};
use super::run::{Check, Outcome, Run, concat, expect, expect_error, expect_same, said};
use super::samples;
use crate::{BatchStream, CallContext, CallOptions, Chunk, Error, ErrorKind, Name, ReadOptions, Result};

pub(super) fn checks<'a>(run: &'a Run<'a>) -> Vec<Check<'a>> {
    vec![
        Check::new("a function answers what it is given, in order", &[Call], echo(run)),
        Check::new("a function that is given nothing answers nothing", &[Call], nothing(run)),
        Check::new("an answer begins before the input ends", &[Call], lazy(run)),
        Check::new("an input that fails makes the answer fail", &[Call], failing(run)),
        Check::new("an answer that is dropped does no harm", &[Call], dropped(run)),
        Check::new("a function that is not there is NotFound", &[Call], absent(run)),
        Check::new("a function is not read", &[Call, Read], not_read(run)),
    ]
}

/// Calls the function `name` with `input`, without options.
async fn call(run: &Run<'_>, name: Name, input: BatchStream) -> Result<BatchStream> {
    run.service.call(CallContext::new(), name, input, CallOptions::default()).await
}

/// Rows, nulls, lists and schema must come back as they were sent.
async fn echo(run: &Run<'_>) -> Outcome {
    let batches = samples::batches(0)?;
    let expected = concat(&samples::schema(), &batches)?;
    let answer = call(run, run.function()?, BatchStream::from_batches(samples::schema(), batches)).await;
    let answer = answer.map_err(|error| said(&error))?;
    let schema = SchemaRef::clone(answer.schema());
    let batches = answer.collect_batches().await.map_err(|error| said(&error))?;
    expect_same(&expected, concat(&schema, &batches)?)
}

async fn nothing(run: &Run<'_>) -> Outcome {
    let answer = call(run, run.function()?, BatchStream::from_batches(samples::schema(), Vec::new())).await;
    let batches =
        answer.map_err(|error| said(&error))?.collect_batches().await.map_err(|error| said(&error))?;
    let rows: usize = batches.iter().map(RecordBatch::num_rows).sum();
    expect(rows == 0, || format!("it answered {rows} rows"))
}

/// Holds back the input after its first batch until the first rows of the answer are there. A service that collects
/// its input first never gets the rest, and the check ends at its time limit.
async fn lazy(run: &Run<'_>) -> Outcome {
    let mut batches = samples::batches(0)?.into_iter().map(|batch| Ok(Chunk::new(batch)));
    let first = stream::iter(batches.next());
    let (release, released) = oneshot::channel::<()>();
    let rest = stream::iter(batches.collect::<Vec<_>>());
    let input = first.chain(released.map(|_| rest).flatten_stream());
    let answer = call(run, run.function()?, BatchStream::new(samples::schema(), input)).await;
    let mut answer = answer.map_err(|error| said(&error))?;
    answer.next().await.ok_or("the answer ended before the input")?.map_err(|error| said(&error))?;
    let _ = release.send(());
    let rest = answer.collect_batches().await.map_err(|error| said(&error))?;
    let rows: usize = rest.iter().map(RecordBatch::num_rows).sum();
    expect(rows == 8, || format!("the rest has {rows} rows in the place of 8"))
}

/// An answer that simply ends would be taken for a complete one. The kind is left to the service: an error of the
/// input may arrive as that of a broken call.
async fn failing(run: &Run<'_>) -> Outcome {
    let good = samples::batches(0)?.into_iter().map(|batch| Ok(Chunk::new(batch)));
    let bad = Err(Error::new(ErrorKind::InvalidArgument, "the input of the conformance suite fails here"));
    let input = BatchStream::new(samples::schema(), stream::iter(good.chain([bad])));
    let name = run.function()?;
    let answer = async { call(run, name, input).await?.collect_batches().await };
    match answer.await {
        Err(_) => Ok(()),
        Ok(batches) => Err(format!("it answered {} batches", batches.len())),
    }
}

/// Drops an answer whose input never ends, then calls again: nothing may be held that the second call needs.
async fn dropped(run: &Run<'_>) -> Outcome {
    let input = stream::iter(samples::batches(0)?.into_iter().map(|batch| Ok(Chunk::new(batch))));
    let endless = BatchStream::new(samples::schema(), input.chain(stream::pending()));
    let mut answer = call(run, run.function()?, endless).await.map_err(|error| said(&error))?;
    answer.next().await.ok_or("it answered nothing")?.map_err(|error| said(&error))?;
    drop(answer);
    echo(run).await
}

/// The error may come with the call or as the first thing of its answer.
async fn absent(run: &Run<'_>) -> Outcome {
    let input = BatchStream::from_batches(samples::schema(), samples::batches(0)?);
    let name = run.name("absent_function")?;
    let answer = async { call(run, name, input).await?.collect_batches().await };
    expect_error(ErrorKind::NotFound, answer.await).map(drop)
}

/// A service may know that the name is a function or not see it among its datasets; both kinds are right.
async fn not_read(run: &Run<'_>) -> Outcome {
    let name = run.function()?;
    let read = async { run.open(&name, ReadOptions::default()).await?.collect_batches().await };
    match read.await {
        Err(error) if matches!(error.kind(), ErrorKind::InvalidArgument | ErrorKind::NotFound) => Ok(()),
        Err(error) => Err(said(&error)),
        Ok(batches) => Err(format!("it returned {} batches", batches.len())),
    }
}
