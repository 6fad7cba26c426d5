//! Writes an upload and takes all of it, also where the service needs none.
//!
//! A repetition of what was stored is known before a batch of it is read. Its client is still sending, and one whose call
//! ends meanwhile takes that for an error, whatever the answer says.

use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arrowlink_core::{BatchStream, CallContext, DataService, Name, Receipt, Result, WriteOptions};
use futures::stream::{self, Fuse};
use futures::{StreamExt as _, TryStreamExt as _};

/// Writes `batches` to `name`, and then reads what `service` left of them.
///
/// The errors of [`DataService::write`], at once, and that of an input that fails.
pub(crate) async fn write(
    service: &dyn DataService,
    ctx: CallContext,
    name: Name,
    batches: BatchStream,
    options: WriteOptions,
) -> Result<Receipt> {
    let schema = Arc::clone(batches.schema());
    let input = Arc::new(Mutex::new(batches.fuse()));
    let lent = Arc::clone(&input);
    let batches = BatchStream::new(schema, stream::poll_fn(move |cx| locked(&lent).poll_next_unpin(cx)));
    let receipt = service.write(ctx, name, batches, options).await?;
    while poll_fn(|cx| locked(&input).try_poll_next_unpin(cx)).await.transpose()?.is_some() {}
    Ok(receipt)
}

/// Nobody else polls at the same time, and what panicked ended the upload.
fn locked(input: &Mutex<Fuse<BatchStream>>) -> MutexGuard<'_, Fuse<BatchStream>> {
    input.lock().unwrap_or_else(PoisonError::into_inner)
}
