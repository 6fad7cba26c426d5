//! Removing: gone from every verb, at once, and another dataset when its name is taken again.

use futures::TryStreamExt as _;

use super::Capability::{Call, Describe, List, Read, Remove, Snapshot, Write};
use super::run::{Check, Outcome, Run, concat, expect, expect_error, said};
use super::samples;
use crate::{CallContext, ErrorKind, ListOptions, ReadOptions, RemoveOptions, Target};

pub(super) fn checks<'a>(run: &'a Run<'a>) -> Vec<Check<'a>> {
    vec![
        Check::new("what is removed is NotFound", &[Remove, Write, Read], removed(run)),
        Check::new("removing what is not there is NotFound", &[Remove], absent(run)),
        Check::new("a removal leaves the other datasets", &[Remove, Write, Read], others(run)),
        Check::new("a name that was removed takes any schema", &[Remove, Write, Read], taken_again(run)),
        Check::new(
            "a snapshot of what was removed is SnapshotChanged",
            &[Remove, Write, Read, Describe, Snapshot],
            snapshot(run),
        ),
        Check::new("a function is not removed", &[Remove, Call], function(run)),
    ]
}

/// Read, described and listed it must be gone; removing it again finds nothing.
async fn removed(run: &Run<'_>) -> Outcome {
    let (name, _) = run.readable("removed").await?;
    run.remove(&name).await.map_err(|error| said(&error))?;
    run.expect_absent(&name).await?;
    if run.suite.expects(Describe) {
        let described = run.service.describe(CallContext::new(), Target::from(&name)).await;
        expect_error(ErrorKind::NotFound, described)?;
    }
    if run.suite.expects(List) {
        let options = ListOptions::default().with_prefix(name.as_str());
        let entries = run.service.list(CallContext::new(), options).await.map_err(|error| said(&error))?;
        let left: Vec<_> = entries.try_collect().await.map_err(|error| said(&error))?;
        expect(left.is_empty(), || format!("it lists {left:?}"))?;
    }
    expect_error(ErrorKind::NotFound, run.remove(&name).await).map(drop)
}

async fn absent(run: &Run<'_>) -> Outcome {
    expect_error(ErrorKind::NotFound, run.remove(&run.name("absent")?).await).map(drop)
}

/// The name of the one that stays begins with that of the one that goes.
async fn others(run: &Run<'_>) -> Outcome {
    let (name, _) = run.readable("goes").await?;
    let (longer, rows) = run.readable("goes_not").await?;
    run.remove(&name).await.map_err(|error| said(&error))?;
    run.expect_rows(&longer, ReadOptions::default(), &rows).await
}

async fn taken_again(run: &Run<'_>) -> Outcome {
    let (name, _) = run.readable("taken_again").await?;
    run.remove(&name).await.map_err(|error| said(&error))?;
    let batch = samples::other_batch()?;
    run.write(&name, vec![batch.clone()]).await.map_err(|error| said(&error))?;
    run.expect_rows(&name, ReadOptions::default(), &concat(&batch.schema(), &[batch])?).await
}

/// The dataset that has the name then has the same rows, and is another one all the same.
async fn snapshot(run: &Run<'_>) -> Outcome {
    let (name, _) = run.readable("removed_snapshot").await?;
    let options = ReadOptions::default().with_snapshot(run.snapshot(&name).await?);
    run.remove(&name).await.map_err(|error| said(&error))?;
    run.write(&name, samples::batches(0)?).await.map_err(|error| said(&error))?;
    run.expect_read_error(&name, options, ErrorKind::SnapshotChanged).await
}

/// A service may know that the name is a function, not see it among its datasets, or have it fixed.
async fn function(run: &Run<'_>) -> Outcome {
    let name = run.function()?;
    match run.service.remove(CallContext::new(), name, RemoveOptions::default()).await {
        Err(error)
            if matches!(
                error.kind(),
                ErrorKind::InvalidArgument | ErrorKind::NotFound | ErrorKind::ReadOnly
            ) =>
        {
            Ok(())
        }
        Err(error) => Err(said(&error)),
        Ok(()) => Err("it was removed".to_owned()),
    }
}
