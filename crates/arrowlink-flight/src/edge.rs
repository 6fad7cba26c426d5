//! Plain types at the edge: views and run-end encoded columns are cast for clients that do not say that they take them.
//!
//! Datasets keep their own types. What a schema says and what its batches have changes together, however deep the types
//! are nested; what needs no change is passed on as it is, without a look at its rows.

use std::collections::VecDeque;
use std::sync::Arc;

use arrow_schema::SchemaRef;
use arrowlink_core::{BatchStream, Chunk, Error, ErrorKind, Plain, Result};
use futures::stream::BoxStream;
use futures::{Stream, StreamExt as _, stream};

/// Returns the schema whose types every client of Flight takes.
pub(crate) fn plain_schema(schema: &SchemaRef) -> SchemaRef {
    Arc::clone(Plain::new(schema).schema())
}

/// Casts every batch to the plain types of its schema.
///
/// A batch whose rows would take far more memory than they do is cut in two, and its position and metadata go with the
/// last piece.
pub(crate) fn plain(batches: BatchStream) -> BatchStream {
    let plain = Plain::new(batches.schema());
    if plain.is_unchanged() {
        return batches;
    }
    batches.map_chunks(Arc::clone(plain.schema()), move |chunks| cast_all(chunks, plain))
}

fn cast_all(
    chunks: BoxStream<'static, Result<Chunk>>,
    plain: Plain,
) -> impl Stream<Item = Result<Chunk>> + Send + 'static {
    let state = (chunks, VecDeque::new(), plain);
    stream::try_unfold(state, |(mut chunks, mut pending, plain)| async move {
        loop {
            let mut chunk: Chunk = match pending.pop_front() {
                Some(chunk) => chunk,
                None => match chunks.next().await.transpose()? {
                    Some(chunk) => chunk,
                    None => return Ok(None),
                },
            };
            match plain.apply(&chunk.batch) {
                Ok(batch) => {
                    chunk.batch = batch;
                    return Ok(Some((chunk, (chunks, pending, plain))));
                }
                Err(error) if error.kind() != ErrorKind::LimitExceeded => return Err(error),
                Err(_) if chunk.batch.num_rows() > 1 => {
                    halves(chunk).into_iter().rev().for_each(|half| pending.push_front(half));
                }
                Err(_) => return Err(Error::new(ErrorKind::LimitExceeded, TOO_LONG)),
            }
        }
    })
}

fn halves(mut chunk: Chunk) -> [Chunk; 2] {
    let rows = chunk.batch.num_rows();
    let first = Chunk::new(chunk.batch.slice(0, rows / 2));
    chunk.batch = chunk.batch.slice(rows / 2, rows - rows / 2);
    [first, chunk]
}

const TOO_LONG: &str = "a row has more text or runs than a plain column takes: read it with the request metadata `arrowlink-views: keep`";
