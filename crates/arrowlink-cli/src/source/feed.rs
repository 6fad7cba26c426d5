//! A file's batches as a stream, read ahead by one.

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use arrowlink_core::{BatchStream, Chunk, Error, ErrorKind};
use futures::stream;
use tokio::sync::mpsc;
use tokio::task::{JoinHandle, spawn_blocking};

use super::Source;
use crate::failure::Failure;

/// Starts to read `source` on a thread of its own; returns its batches, and the failure that the reading ends with.
///
/// The thread ends when the stream is dropped. A stream that ends without an error is the whole file, also where the
/// reader of a damaged file panics.
pub(crate) fn feed(mut source: Source) -> (BatchStream, JoinHandle<Option<Failure>>) {
    let schema = SchemaRef::clone(&source.schema);
    let (sender, receiver) = mpsc::channel::<Option<RecordBatch>>(1);
    let reading = spawn_blocking(move || {
        while let Some(batch) = source.next() {
            match batch {
                Ok(batch) => sender.blocking_send(Some(batch)).ok()?,
                Err(failure) => return Some(failure),
            }
        }
        sender.blocking_send(None).ok()?;
        None
    });
    let chunks = stream::try_unfold(receiver, |mut receiver| async move {
        match receiver.recv().await {
            Some(Some(batch)) => Ok(Some((Chunk::new(batch), receiver))),
            Some(None) => Ok(None),
            None => Err(broken_off()),
        }
    });
    (BatchStream::new(schema, chunks), reading)
}

fn broken_off() -> Error {
    Error::new(ErrorKind::Cancelled, "the file could not be read to its end")
}
