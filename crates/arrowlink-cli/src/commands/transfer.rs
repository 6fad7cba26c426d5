//! A stream of batches into a file.

use std::panic::resume_unwind;
use std::path::Path;

use arrowlink_core::BatchStream;
use futures::StreamExt as _;
use tokio::task::spawn_blocking;

use crate::failure::{Exit, Failure};
use crate::format::Format;
use crate::output::{Output, Written};
use crate::progress::Progress;
use crate::sink::Sink;

/// Writes `batches` to `path` and says what was done, unless the rows themselves went to standard output.
pub(super) async fn transfer(
    batches: BatchStream,
    format: Format,
    path: &Path,
    rows: Option<u64>,
    did: &str,
) -> Result<(), Failure> {
    let mut progress = Progress::begin(rows);
    if let Written::File(label) = write(batches, format, path, &mut progress).await? {
        progress.summarize(did, &format!("into {label}"));
    }
    Ok(())
}

/// Writes `batches` to `path`, where `-` is standard output.
pub(super) async fn write(
    mut batches: BatchStream,
    format: Format,
    path: &Path,
    progress: &mut Progress,
) -> Result<Written, Failure> {
    let (schema, place) = (std::sync::Arc::clone(batches.schema()), path.to_owned());
    let mut sink = blocking(move || Sink::begin(format, &schema, Output::create(&place)?)).await?;
    while let Some(chunk) = batches.next().await {
        let batch = chunk?.into_batch();
        progress.add(&batch);
        sink = blocking(move || sink.write(&batch).map(|()| sink)).await?;
    }
    let output = blocking(move || sink.finish()).await?;
    blocking(move || output.finish()).await
}

/// Runs `work` where waiting for the disk holds up nobody.
pub(super) async fn blocking<T, F>(work: F) -> Result<T, Failure>
where
    T: Send + 'static,
    F: FnOnce() -> Result<T, Failure> + Send + 'static,
{
    match spawn_blocking(work).await {
        Ok(outcome) => outcome,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => resume_unwind(panic),
            Err(error) => Err(Failure::new(Exit::Failure, "the program is ending").with_source(error)),
        },
    }
}
