//! `arrowlink put`: a file into a dataset.

use std::sync::Arc;

use arrowlink_core::{BatchStream, DataService as _, Error, ErrorKind, WriteOptions};
use futures::StreamExt as _;
use tokio::sync::Mutex;

use super::connect::connect;
use super::transfer::blocking;
use crate::args::{Put, ServerArgs};
use crate::failure::{Exit, Failure};
use crate::format::Format;
use crate::progress::Progress;
use crate::source::{Source, feed};

pub(crate) async fn put(server: &ServerArgs, args: Put) -> Result<(), Failure> {
    let format = Format::of(args.format, &args.file)?;
    let path = args.file.clone();
    let source = blocking(move || Source::open(&path, format)).await?;
    let (client, ctx) = connect(server).await?;
    let progress = Arc::new(Mutex::new(Progress::begin(source.rows)));
    let (batches, reading) = feed(source);
    let batches = counted(batches, Arc::clone(&progress));
    let written = client.write(ctx, args.name.clone(), batches, WriteOptions::default()).await;
    // The reader ends with its stream, which the write has dropped.
    let read = reading.await;
    let receipt = match (written, read) {
        (Ok(receipt), _) => receipt,
        (Err(_), Ok(Some(failure))) => return Err(failure),
        (Err(_), Err(_)) => return Err(damaged(&args, format)),
        (Err(error), Ok(None)) => return Err(error.into()),
    };
    if let Some(progress) = Arc::into_inner(progress) {
        progress.into_inner().summarize("stored", &format!("in `{}` ({})", args.name, receipt.durability));
    }
    Ok(())
}

fn counted(batches: BatchStream, progress: Arc<Mutex<Progress>>) -> BatchStream {
    let schema = Arc::clone(batches.schema());
    batches.map_chunks(schema, |chunks| {
        chunks.then(move |chunk| {
            let progress = Arc::clone(&progress);
            async move {
                if let Ok(chunk) = &chunk {
                    progress.lock().await.add(&chunk.batch);
                }
                chunk
            }
        })
    })
}

/// Says that the reader of the file panicked, which a damaged file can make it.
fn damaged(args: &Put, format: Format) -> Failure {
    let error = Error::new(ErrorKind::Corrupt, "the file is damaged");
    Failure::new(Exit::Data, format!("cannot read `{}` as {format}", args.file.display())).with_source(error)
}
