//! Replacing: all of the old rows or all of the new ones, at every moment and whatever fails.

use arrow_array::RecordBatch;
use futures::channel::oneshot;
use futures::future::{Either, join, select};
use futures::stream;

use super::Capability::{IdempotencyKey, Read, Replace, Write, WriteMode as Modes};
use super::run::{Check, Outcome, Run, concat, expect, said};
use super::samples;
use super::writes::{paused, with_more};
use crate::{
    BatchStream, CallContext, Chunk, Error, ErrorKind, Name, ReadOptions, Receipt, Result, WriteMode,
    WriteOptions,
};

pub(super) fn checks<'a>(run: &'a Run<'a>) -> Vec<Check<'a>> {
    const NEEDS: &[super::Capability] = &[Write, Read, Modes, Replace];
    vec![
        Check::new("a replacement takes the place of rows and schema", NEEDS, replaces(run)),
        Check::new("replacing what is not there creates it", NEEDS, creates(run)),
        Check::new("a replacement is not seen before its input ends", NEEDS, atomic(run)),
        Check::new("a replacement whose input fails keeps what was there", NEEDS, failed(run)),
        Check::new("a replacement that is dropped keeps what was there", NEEDS, dropped(run)),
        Check::new("an append that a replacement overtakes is whole or refused", NEEDS, overtaken(run)),
        Check::new(
            "a replacement under a repeated key is one",
            &[Write, Read, Modes, Replace, IdempotencyKey],
            repeated_key(run),
        ),
    ]
}

fn options() -> WriteOptions {
    WriteOptions::default().with_mode(WriteMode::Replace)
}

async fn replace(run: &Run<'_>, name: &Name, batches: BatchStream) -> Result<Receipt> {
    run.service.write(CallContext::new(), name.clone(), batches, options()).await
}

async fn replaces(run: &Run<'_>) -> Outcome {
    let (name, _) = run.readable("replaced").await?;
    run.write_with(&name, samples::batches(50)?, options()).await.map_err(|error| said(&error))?;
    let rows = concat(&samples::schema(), &samples::batches(50)?)?;
    run.expect_rows(&name, ReadOptions::default(), &rows).await?;
    let other = samples::other_batch()?;
    let receipt = run.write_with(&name, vec![other.clone()], options()).await;
    let receipt = receipt.map_err(|error| said(&error))?;
    expect(receipt.rows == 1, || format!("it says {} rows in the place of 1", receipt.rows))?;
    run.expect_rows(&name, ReadOptions::default(), &other).await
}

async fn creates(run: &Run<'_>) -> Outcome {
    let name = run.name("replaced_nothing")?;
    run.write_with(&name, samples::batches(0)?, options()).await.map_err(|error| said(&error))?;
    run.expect_rows(&name, ReadOptions::default(), &concat(&samples::schema(), &samples::batches(0)?)?).await
}

/// Looks at the name while the write has taken its first batch and waits for the second.
async fn atomic(run: &Run<'_>) -> Outcome {
    let (name, rows) = run.readable("replaced_at_once").await?;
    let (reached, pause) = oneshot::channel();
    let (resume, resumed) = oneshot::channel::<()>();
    let gate = async move {
        let _ = reached.send(());
        let _ = resumed.await;
    };
    let write = replace(run, &name, paused(gate, samples::batches(50)?)?);
    let look = async {
        pause.await.map_err(|_| "the input was not polled to its second batch".to_owned())?;
        let unseen = run.expect_rows(&name, ReadOptions::default(), &rows).await;
        let _ = resume.send(());
        unseen
    };
    let (written, unseen) = join(write, look).await;
    unseen?;
    written.map_err(|error| said(&error))?;
    let rows = concat(&samples::schema(), &samples::batches(50)?)?;
    run.expect_rows(&name, ReadOptions::default(), &rows).await
}

async fn failed(run: &Run<'_>) -> Outcome {
    let (name, rows) = run.readable("not_replaced").await?;
    let good = samples::batches(50)?.into_iter().map(|batch| Ok(Chunk::new(batch)));
    let bad = Err(Error::new(ErrorKind::InvalidArgument, "the input of the conformance suite fails here"));
    let input = BatchStream::new(samples::schema(), stream::iter(good.chain([bad])));
    if let Ok(receipt) = replace(run, &name, input).await {
        return Err(format!("it was answered with {receipt:?}"));
    }
    run.expect_rows(&name, ReadOptions::default(), &rows).await
}

/// Drops a write that waits for its second batch, as a client does that goes away.
async fn dropped(run: &Run<'_>) -> Outcome {
    let (name, rows) = run.readable("dropped_replacement").await?;
    let (reached, pause) = oneshot::channel();
    let gate = async move {
        let _ = reached.send(());
        futures::future::pending::<()>().await;
    };
    let write = Box::pin(replace(run, &name, paused(gate, samples::batches(50)?)?));
    match select(write, pause).await {
        Either::Left((answer, _)) => {
            return Err(format!("it was answered before its input ended: {answer:?}"));
        }
        Either::Right((_, write)) => drop(write),
    }
    run.expect_rows(&name, ReadOptions::default(), &rows).await
}

/// Replaces a dataset while an append to it waits for its second batch. The append may come after the new rows or be
/// refused; one that is acknowledged must be there.
async fn overtaken(run: &Run<'_>) -> Outcome {
    let (name, _) = run.readable("overtaken").await?;
    let (reached, pause) = oneshot::channel();
    let (resume, resumed) = oneshot::channel::<()>();
    let gate = async move {
        let _ = reached.send(());
        let _ = resumed.await;
    };
    let input = paused(gate, samples::batches(100)?)?;
    let append = run.service.write(CallContext::new(), name.clone(), input, WriteOptions::default());
    let overtake = async {
        pause.await.map_err(|_| "the input was not polled to its second batch".to_owned())?;
        let replaced = run.write_with(&name, samples::batches(50)?, options()).await;
        let _ = resume.send(());
        replaced.map_err(|error| said(&error))
    };
    let (appended, replaced) = join(append, overtake).await;
    replaced?;
    let rows = concat(&samples::schema(), &samples::batches(50)?)?;
    let expected: RecordBatch = if appended.is_ok() { with_more(&rows, 100)? } else { rows };
    run.expect_rows(&name, ReadOptions::default(), &expected).await
}

/// The second replacement under a key is none, also where rows came after the first.
async fn repeated_key(run: &Run<'_>) -> Outcome {
    let (name, _) = run.readable("repeated_replacement").await?;
    let replace = async || {
        let written =
            run.write_with(&name, samples::batches(50)?, options().with_idempotency_key("one")).await;
        written.map_err(|error| said(&error))
    };
    let first = replace().await?;
    run.write(&name, samples::batches(100)?).await.map_err(|error| said(&error))?;
    let again = replace().await?;
    expect(first.rows == again.rows, || format!("the receipts differ: {first:?}, {again:?}"))?;
    let rows = concat(&samples::schema(), &samples::batches(50)?)?;
    run.expect_rows(&name, ReadOptions::default(), &with_more(&rows, 100)?).await
}
