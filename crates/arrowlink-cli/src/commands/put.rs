//! `arrowlink put`: a file into a dataset.

use std::sync::Arc;

use arrow_schema::SchemaRef;
use arrowlink_client::Client;
use arrowlink_core::{
    BatchStream, CallContext, DataService as _, Error, ErrorKind, Name, ReadOptions, Target, WriteOptions,
};
use futures::StreamExt as _;
use tokio::sync::Mutex;

use super::connect::connect;
use super::transfer::blocking;
use crate::args::{Put, ServerArgs};
use crate::failure::{Exit, Failure};
use crate::format::Format;
use crate::progress::Progress;
use crate::source::{Source, feed, open};

/// Appends the file to the dataset. What is wrong with the file is said rather than what the server made of it.
pub(crate) async fn put(server: &ServerArgs, args: Put) -> Result<(), Failure> {
    let format = Format::of_input(args.format, &args.file)?;
    let path = args.file.clone();
    let file = blocking(move || open(&path)).await?;
    let (client, ctx) = connect(server).await?;
    let dataset = if format.is_text() { schema(&client, &ctx, &args.name).await? } else { None };
    let path = args.file.clone();
    let source = blocking(move || Source::begin(file, &path, format, dataset)).await?;
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

/// Returns the schema of the dataset, where there is one.
async fn schema(client: &Client, ctx: &CallContext, name: &Name) -> Result<Option<SchemaRef>, Failure> {
    let options = ReadOptions::default().with_limit(0);
    match client.read(ctx.clone(), Target::from(name), options).await {
        Ok(rows) => Ok(Some(SchemaRef::clone(rows.schema()))),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
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
