//! What a service cannot do it must say, with the error that was announced.
//!
//! An option that is ignored is worse than one that is refused: the caller takes all rows for the ten it asked for.
//! So every capability that a service was said not to have is asked for once.

use futures::TryStreamExt as _;

use super::Capability::{self, Read, Write};
use super::run::{Check, Outcome, Run, expect_error};
use super::samples;
use crate::{
    BatchStream, CallContext, CallOptions, ErrorKind, ListOptions, Position, Query, ReadOptions, Snapshot,
    Target, WriteMode, WriteOptions,
};

pub(super) fn checks<'a>(run: &'a Run<'a>) -> Vec<Check<'a>> {
    run.suite.refused.iter().map(|(capability, kind)| refusal(run, *capability, *kind)).collect()
}

/// Returns the check that asks for `capability` and expects an error of `kind`.
fn refusal<'a>(run: &'a Run<'a>, capability: Capability, kind: ErrorKind) -> Check<'a> {
    let options = ReadOptions::default();
    match capability {
        Capability::List => Check::new("listing is refused as announced", &[], list(run, kind)),
        Capability::Describe => Check::new("describing is refused as announced", &[], describe(run, kind)),
        Read => Check::new("reading is refused as announced", &[], read(run, kind)),
        Write => {
            Check::new("writing is refused as announced", &[], write(run, WriteOptions::default(), kind))
        }
        Capability::Call => Check::new("calling is refused as announced", &[], call(run, kind)),
        Capability::Projection => Check::new(
            "a projection is refused as announced",
            &[Read],
            option(run, options.with_projection(["id"]), kind),
        ),
        Capability::Skip => {
            Check::new("`skip` is refused as announced", &[Read], option(run, options.with_skip(1), kind))
        }
        Capability::Limit => {
            Check::new("`limit` is refused as announced", &[Read], option(run, options.with_limit(1), kind))
        }
        Capability::Resume => Check::new(
            "`resume` is refused as announced",
            &[Read],
            option(run, options.with_resume(Position::new("elsewhere")), kind),
        ),
        Capability::WriteMode => Check::new(
            "a write mode is refused as announced",
            &[Write],
            write(run, WriteOptions::default().with_mode(WriteMode::Create), kind),
        ),
        Capability::IdempotencyKey => Check::new(
            "an idempotency key is refused as announced",
            &[Write],
            write(run, WriteOptions::default().with_idempotency_key("key"), kind),
        ),
        Capability::Remove => Check::new("removing is refused as announced", &[], remove(run, kind)),
        Capability::Replace => Check::new(
            "a replacement is refused as announced",
            &[Write],
            write(run, WriteOptions::default().with_mode(WriteMode::Replace), kind),
        ),
        Capability::Parts => {
            Check::new("`part` is refused as announced", &[Read], option(run, options.with_part(0), kind))
        }
        Capability::Snapshot => Check::new(
            "`snapshot` is refused as announced",
            &[Read],
            option(run, options.with_snapshot(Snapshot::new("elsewhere")), kind),
        ),
        Capability::Sql => Check::new("SQL is refused as announced", &[Read], sql(run, kind)),
    }
}

async fn list(run: &Run<'_>, kind: ErrorKind) -> Outcome {
    let entries = async {
        let entries = run.service.list(CallContext::new(), ListOptions::default()).await?;
        entries.map_ok(|entry| entry.name).try_collect::<Vec<_>>().await
    };
    expect_error(kind, entries.await).map(drop)
}

async fn describe(run: &Run<'_>, kind: ErrorKind) -> Outcome {
    let target = Target::from(run.name("refused")?);
    expect_error(kind, run.service.describe(CallContext::new(), target).await).map(drop)
}

async fn read(run: &Run<'_>, kind: ErrorKind) -> Outcome {
    run.expect_read_error(&run.name("refused")?, ReadOptions::default(), kind).await
}

/// Asks for one option of a read that would otherwise succeed.
async fn option(run: &Run<'_>, options: ReadOptions, kind: ErrorKind) -> Outcome {
    let (name, _) = run.readable("refused_option").await?;
    run.expect_read_error(&name, options, kind).await
}

/// A write that is refused must also leave nothing, where that can be read.
async fn write(run: &Run<'_>, options: WriteOptions, kind: ErrorKind) -> Outcome {
    let name = run.name("refused_write")?;
    expect_error(kind, run.write_with(&name, samples::batches(0)?, options).await)?;
    if run.suite.expects(Read) { run.expect_absent(&name).await } else { Ok(()) }
}

/// A removal that is refused must leave what was there, where something can be.
async fn remove(run: &Run<'_>, kind: ErrorKind) -> Outcome {
    if !run.suite.expects(Write) {
        return expect_error(kind, run.remove(&run.name("refused_removal")?).await).map(drop);
    }
    let (name, rows) = run.readable("refused_removal").await?;
    expect_error(kind, run.remove(&name).await)?;
    if run.suite.expects(Read) { run.expect_rows(&name, ReadOptions::default(), &rows).await } else { Ok(()) }
}

async fn call(run: &Run<'_>, kind: ErrorKind) -> Outcome {
    let input = BatchStream::from_batches(samples::schema(), samples::batches(0)?);
    let name = run.function()?;
    let answer = async {
        let answer = run.service.call(CallContext::new(), name, input, CallOptions::default()).await?;
        answer.collect_batches().await
    };
    expect_error(kind, answer.await).map(drop)
}

async fn sql(run: &Run<'_>, kind: ErrorKind) -> Outcome {
    let target = Target::from(Query::new("select 1"));
    let read = async {
        let stream = run.service.read(CallContext::new(), target, ReadOptions::default()).await?;
        stream.collect_batches().await
    };
    expect_error(kind, read.await).map(drop)
}
