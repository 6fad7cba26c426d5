//! Writing: whole or not at all, with the dataset's schema, once under a key, and many at a time.
//!
//! What a client can rely on after a failure is found out here: the checks look from outside, by reading the name
//! that was written to, and never at what a service keeps.

use arrow_array::{RecordBatch, StringArray, StringViewArray};
use arrow_select::concat::concat_batches;
use futures::channel::oneshot;
use futures::future::{Either, join, join_all, select};
use futures::{FutureExt as _, StreamExt as _, stream};

use super::Capability::{IdempotencyKey, Read, Write, WriteMode as Modes};
use super::run::{Check, Outcome, Run, expect, expect_error, said};
use super::samples;
use crate::{BatchStream, CallContext, Chunk, Error, ErrorKind, ReadOptions, WriteMode, WriteOptions};

pub(super) fn checks<'a>(run: &'a Run<'a>) -> Vec<Check<'a>> {
    vec![
        Check::new("a receipt counts the rows", &[Write], receipt(run)),
        Check::new("a second write comes after the first", &[Write, Read], append(run)),
        Check::new("a write without rows makes an empty dataset", &[Write, Read], empty(run)),
        Check::new("a write is not seen before its input ends", &[Write, Read], atomic(run)),
        Check::new("a write whose input fails leaves nothing", &[Write, Read], failed(run)),
        Check::new("a write whose input fails adds nothing", &[Write, Read], failed_append(run)),
        Check::new("a write that is dropped leaves nothing", &[Write, Read], dropped(run)),
        Check::new("rows of another schema are SchemaMismatch", &[Write, Read], mismatch(run)),
        Check::new("rows are given the schema of their dataset", &[Write, Read], conformed(run)),
        Check::new("of two schemas for a new name one wins", &[Write], two_schemas(run)),
        Check::new("writes at once are all kept, each in one piece", &[Write, Read], at_once(run)),
        Check::new("appending to a name that is not there is NotFound", &[Write, Modes], append_absent(run)),
        Check::new("creating what is there is AlreadyExists", &[Write, Modes, Read], create_present(run)),
        Check::new("a repeated key is one write", &[Write, Read, IdempotencyKey], repeated_key(run)),
    ]
}

async fn receipt(run: &Run<'_>) -> Outcome {
    let receipt =
        run.write(&run.name("receipt")?, samples::batches(0)?).await.map_err(|error| said(&error))?;
    expect(receipt.rows == 12, || format!("it says {} rows in the place of 12", receipt.rows))
}

async fn append(run: &Run<'_>) -> Outcome {
    let (name, first) = run.readable("append").await?;
    run.write(&name, samples::batches(50)?).await.map_err(|error| said(&error))?;
    run.expect_rows(&name, ReadOptions::default(), &with_more(&first, 50)?).await
}

async fn empty(run: &Run<'_>) -> Outcome {
    let name = run.name("empty")?;
    let receipt = run.write(&name, Vec::new()).await.map_err(|error| said(&error))?;
    expect(receipt.rows == 0, || format!("it says {} rows", receipt.rows))?;
    run.expect_rows(&name, ReadOptions::default(), &RecordBatch::new_empty(samples::schema())).await
}

/// Looks at the name while the write has taken its first batch and waits for the second: it must not be there.
async fn atomic(run: &Run<'_>) -> Outcome {
    let name = run.name("atomic")?;
    let (reached, pause) = oneshot::channel();
    let (resume, resumed) = oneshot::channel::<()>();
    let gate = async move {
        let _ = reached.send(());
        let _ = resumed.await;
    };
    let write = run.service.write(
        CallContext::new(),
        name.clone(),
        paused(gate, samples::batches(0)?)?,
        WriteOptions::default(),
    );
    let look = async {
        pause.await.map_err(|_| "the input was not polled to its second batch".to_owned())?;
        let unseen = run.expect_absent(&name).await;
        let _ = resume.send(());
        unseen
    };
    let (written, unseen) = join(write, look).await;
    unseen?;
    written.map_err(|error| said(&error))?;
    run.expect_rows(&name, ReadOptions::default(), &all(&samples::batches(0)?)?).await
}

async fn failed(run: &Run<'_>) -> Outcome {
    let name = run.name("failed")?;
    expect_failed_write(run, &name).await?;
    run.expect_absent(&name).await
}

async fn failed_append(run: &Run<'_>) -> Outcome {
    let (name, rows) = run.readable("failed_append").await?;
    expect_failed_write(run, &name).await?;
    run.expect_rows(&name, ReadOptions::default(), &rows).await
}

/// Writes good batches and then an error; the write must not be answered with a receipt.
async fn expect_failed_write(run: &Run<'_>, name: &crate::Name) -> Outcome {
    let good = samples::batches(0)?.into_iter().map(|batch| Ok(Chunk::new(batch)));
    let bad = Err(Error::new(ErrorKind::InvalidArgument, "the input of the conformance suite fails here"));
    let input = BatchStream::new(samples::schema(), stream::iter(good.chain([bad])));
    let options = WriteOptions::default();
    match run.service.write(CallContext::new(), name.clone(), input, options).await {
        Err(_) => Ok(()),
        Ok(receipt) => Err(format!("it was answered with {receipt:?}")),
    }
}

/// Drops a write that waits for its second batch, as a client does that goes away.
async fn dropped(run: &Run<'_>) -> Outcome {
    let name = run.name("dropped_write")?;
    let (reached, pause) = oneshot::channel();
    let gate = async move {
        let _ = reached.send(());
        futures::future::pending::<()>().await;
    };
    let input = paused(gate, samples::batches(0)?)?;
    let write = run.service.write(CallContext::new(), name.clone(), input, WriteOptions::default());
    match select(write, pause).await {
        Either::Left((answer, _)) => {
            return Err(format!("it was answered before its input ended: {answer:?}"));
        }
        Either::Right((_, write)) => drop(write),
    }
    run.expect_absent(&name).await
}

/// The message must name the column, or the caller could not tell which one to repair.
async fn mismatch(run: &Run<'_>) -> Outcome {
    let (name, rows) = run.readable("mismatch").await?;
    let error =
        expect_error(ErrorKind::SchemaMismatch, run.write(&name, vec![samples::other_batch()?]).await)?;
    expect(error.message().contains("`id`"), || format!("the column is not in: {}", said(&error)))?;
    run.expect_rows(&name, ReadOptions::default(), &rows).await
}

/// Columns that are never null are added to such that may be, and texts in another form become the dataset's.
async fn conformed(run: &Run<'_>) -> Outcome {
    let (name, rows) =
        run.written("conformed", vec![samples::texts(StringArray::from(vec!["a"]), true)?]).await?;
    let views = samples::texts(StringViewArray::from(vec!["a"]), false)?;
    run.write(&name, vec![views]).await.map_err(|error| said(&error))?;
    let twice = concat_batches(rows.schema_ref(), [&rows, &rows]).map_err(|error| error.to_string())?;
    run.expect_rows(&name, ReadOptions::default(), &twice).await
}

/// Starts two writes of different schemas to a new name at once. Which of them wins is free; that both are kept, or
/// neither, is not.
async fn two_schemas(run: &Run<'_>) -> Outcome {
    let name = run.name("two_schemas")?;
    let (one, other) =
        join(run.write(&name, samples::batches(0)?), run.write(&name, vec![samples::other_batch()?])).await;
    match (one, other) {
        (Ok(_), Err(error)) | (Err(error), Ok(_)) => {
            expect_error::<()>(ErrorKind::SchemaMismatch, Err(error)).map(drop)
        }
        (Ok(_), Ok(_)) => Err("both were kept".to_owned()),
        (Err(one), Err(other)) => Err(format!("both failed: {}, {}", said(&one), said(&other))),
    }
}

/// Four writes at once may come in any order, but the rows of each must lie together.
async fn at_once(run: &Run<'_>) -> Outcome {
    let name = run.name("writes_at_once")?;
    let uploads: Vec<_> = (0..4).map(|writer| samples::batches(writer * 100)).collect::<Result<_, _>>()?;
    let writes = uploads.iter().map(|batches| run.write(&name, batches.clone()));
    for written in join_all(writes).await {
        written.map_err(|error| said(&error))?;
    }
    let kept = run.read(&name, ReadOptions::default()).await?;
    let mut left: Vec<RecordBatch> = uploads.iter().map(|upload| all(upload)).collect::<Result<_, _>>()?;
    let rows = left.first().map_or(0, RecordBatch::num_rows);
    expect(kept.num_rows() == 4 * rows, || format!("{} rows are kept of {}", kept.num_rows(), 4 * rows))?;
    for start in (0..kept.num_rows()).step_by(rows.max(1)) {
        let piece = kept.slice(start, rows);
        let found = left.iter().position(|upload| upload.columns() == piece.columns());
        left.remove(found.ok_or_else(|| format!("the rows from {start} are no upload in one piece"))?);
    }
    Ok(())
}

async fn append_absent(run: &Run<'_>) -> Outcome {
    let options = WriteOptions::default().with_mode(WriteMode::Append);
    let written = run.write_with(&run.name("append_absent")?, samples::batches(0)?, options).await;
    expect_error(ErrorKind::NotFound, written).map(drop)
}

async fn create_present(run: &Run<'_>) -> Outcome {
    let options = WriteOptions::default().with_mode(WriteMode::Create);
    let name = run.name("create")?;
    let created = run.write_with(&name, samples::batches(0)?, options.clone()).await;
    created.map_err(|error| said(&error))?;
    expect_error(ErrorKind::AlreadyExists, run.write_with(&name, samples::batches(0)?, options).await)?;
    run.expect_rows(&name, ReadOptions::default(), &all(&samples::batches(0)?)?).await
}

/// The second write under a key gets the receipt of the first and adds nothing; another key is another write.
async fn repeated_key(run: &Run<'_>) -> Outcome {
    let name = run.name("repeated_key")?;
    let write = |key: &str| {
        let options = WriteOptions::default().with_idempotency_key(key);
        let batches = samples::batches(0);
        let name = &name;
        async move { run.write_with(name, batches?, options).await.map_err(|error| said(&error)) }
    };
    let first = write("one").await?;
    let again = write("one").await?;
    expect(first.rows == again.rows, || format!("the receipts differ: {first:?}, {again:?}"))?;
    run.expect_rows(&name, ReadOptions::default(), &all(&samples::batches(0)?)?).await?;
    write("two").await?;
    let both = with_more(&all(&samples::batches(0)?)?, 0)?;
    run.expect_rows(&name, ReadOptions::default(), &both).await
}

/// Makes an input that waits for `gate` after its first batch.
pub(super) fn paused(
    gate: impl Future<Output = ()> + Send + 'static,
    batches: Vec<RecordBatch>,
) -> Result<BatchStream, String> {
    let mut batches = batches.into_iter();
    let first = Chunk::new(batches.next().ok_or("there is no batch")?);
    let rest = stream::iter(batches.map(|batch| Ok(Chunk::new(batch))));
    let chunks = stream::iter([Ok(first)]).chain(gate.map(|()| rest).flatten_stream());
    Ok(BatchStream::new(samples::schema(), chunks))
}

/// Returns `rows` with the sample rows from `first` on behind them.
pub(super) fn with_more(rows: &RecordBatch, first: i64) -> Result<RecordBatch, String> {
    let more = samples::batches(first)?;
    concat_batches(rows.schema_ref(), std::iter::once(rows).chain(&more)).map_err(|error| error.to_string())
}

/// Puts sample batches together.
fn all(batches: &[RecordBatch]) -> Result<RecordBatch, String> {
    concat_batches(&samples::schema(), batches).map_err(|error| error.to_string())
}
