//! Listing, describing, and names that are not there.
//!
//! Other datasets may be there while the suite runs, so that listings are checked for order and for what the suite
//! wrote, never for being complete.

use futures::TryStreamExt as _;

use super::Capability::{Describe, List, Read, Write};
use super::run::{Check, Outcome, Run, expect, expect_error, said};
use crate::{CallContext, ErrorKind, ListOptions, NounKind, ReadOptions, Target, schema_mismatch};

pub(super) fn checks<'a>(run: &'a Run<'a>) -> Vec<Check<'a>> {
    vec![
        Check::new("a name that is not there is NotFound", &[Read], not_found(run)),
        Check::new("NotFound offers the nearest name", &[Read, Write], near_name(run)),
        Check::new("describing a name that is not there is NotFound", &[Describe], describe_not_found(run)),
        Check::new("a description says what is read", &[Describe, Read], describe(run)),
        Check::new("what is there is listed, by name", &[List], list(run)),
        Check::new("a listing keeps to its prefix", &[List], list_prefix(run)),
    ]
}

async fn not_found(run: &Run<'_>) -> Outcome {
    run.expect_absent(&run.name("absent")?).await
}

/// Reads a name that lacks one letter of a name that is there; the message must offer the right one.
async fn near_name(run: &Run<'_>) -> Outcome {
    let (name, _) = run.readable("sensors").await?;
    let near = run.name("sensrs")?;
    let read = async { run.open(&near, ReadOptions::default()).await?.collect_batches().await };
    let error = expect_error(ErrorKind::NotFound, read.await)?;
    expect(error.message().contains(name.as_str()), || format!("`{name}` is not in: {}", said(&error)))
}

async fn describe_not_found(run: &Run<'_>) -> Outcome {
    let target = Target::from(run.name("absent")?);
    expect_error(ErrorKind::NotFound, run.service.describe(CallContext::new(), target).await).map(drop)
}

/// Schema, kind and writability must be right. The number of rows may be unknown and must not be wrong.
async fn describe(run: &Run<'_>) -> Outcome {
    let (name, rows) = run.readable("described").await?;
    let description = run.service.describe(CallContext::new(), Target::from(&name)).await;
    let description = description.map_err(|error| said(&error))?;
    if let Some(mismatch) = schema_mismatch(rows.schema_ref(), &description.schema) {
        return Err(said(&mismatch));
    }
    let count = rows.num_rows() as u64;
    expect(description.rows.is_none_or(|rows| rows == count), || {
        format!("it says {:?} rows, there are {count}", description.rows)
    })?;
    expect(description.kind == NounKind::Dataset, || format!("it says it is a {}", description.kind))?;
    let takes_writes = run.suite.expects(Write);
    expect(description.writable == takes_writes, || format!("it says writable is {}", description.writable))
}

/// Makes `list_b` before `list_a`, so that the order of making and that of names differ.
async fn list(run: &Run<'_>) -> Outcome {
    let (first, _) = run.readable("list_b").await?;
    let (second, _) = run.readable("list_a").await?;
    let names = listed(run, ListOptions::default()).await?;
    for name in [first.as_str(), second.as_str()] {
        expect(names.iter().any(|listed| listed == name), || format!("`{name}` is not listed"))?;
    }
    expect(names.is_sorted(), || format!("the order is {names:?}"))
}

async fn list_prefix(run: &Run<'_>) -> Outcome {
    let (name, _) = run.readable("prefixed").await?;
    let names = listed(run, ListOptions::default().with_prefix(name.as_str())).await?;
    expect(names.iter().any(|listed| listed == name.as_str()), || format!("`{name}` is not listed"))?;
    expect(names.iter().all(|listed| listed.starts_with(name.as_str())), || format!("it lists {names:?}"))?;
    let none = listed(run, ListOptions::default().with_prefix(run.name("nothing")?.as_str())).await?;
    expect(none.is_empty(), || format!("it lists {none:?}"))
}

/// Returns the names of a listing in its order, entries with errors included.
async fn listed(run: &Run<'_>, options: ListOptions) -> Result<Vec<String>, String> {
    let entries = run.service.list(CallContext::new(), options).await.map_err(|error| said(&error))?;
    let names = entries.map_ok(|entry| entry.name.to_string()).try_collect();
    names.await.map_err(|error| said(&error))
}
