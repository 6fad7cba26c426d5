//! A decorator that refuses every write.
#![deny(clippy::missing_trait_methods)]

use std::sync::Arc;

use futures::future::{BoxFuture, FutureExt as _, ready};
use futures::{StreamExt as _, TryStreamExt as _};

use crate::{
    BatchStream, CallContext, CallOptions, DataService, Description, Effect, EntryStream, Error, ErrorKind,
    ListOptions, Name, ReadOptions, Receipt, RemoveOptions, Result, Target, WriteOptions,
};

/// Serves what `inner` has and answers every write with [`ReadOnly`](ErrorKind::ReadOnly).
///
/// Listings and descriptions say that nothing is writable. A statement is described before it is read, and refused where
/// its [effect](Description::effect) is a change. Functions can be called: what they do is theirs.
///
/// ```
/// use std::sync::Arc;
/// use arrow_array::record_batch;
/// use arrowlink_core::{DataServiceExt as _, ErrorKind, MemoryStore, ReadOnly};
///
/// # futures::executor::block_on(async {
/// let service = ReadOnly::new(Arc::new(MemoryStore::new(1 << 20)));
/// let batch = record_batch!(("id", Int64, [1])).unwrap();
/// let refused = service.append(&"trips".parse()?, batch.schema(), vec![batch]).await.unwrap_err();
/// assert_eq!(refused.kind(), ErrorKind::ReadOnly);
/// # Ok::<(), arrowlink_core::Error>(())
/// # }).unwrap();
/// ```
#[derive(Clone, Debug)]
pub struct ReadOnly {
    inner: Arc<dyn DataService>,
    reason: Arc<str>,
}

impl ReadOnly {
    /// Refuses the writes to `inner`.
    pub fn new(inner: Arc<dyn DataService>) -> Self {
        Self { inner, reason: "this service takes no writes".into() }
    }

    /// Sets why, and what could be done about it; it stands in the error.
    #[must_use]
    pub fn with_reason(mut self, reason: impl Into<Arc<str>>) -> Self {
        self.reason = reason.into();
        self
    }
}

impl DataService for ReadOnly {
    fn list(&self, ctx: CallContext, options: ListOptions) -> BoxFuture<'_, Result<EntryStream>> {
        async move {
            let entries = self.inner.list(ctx, options).await?;
            let entries = entries.map_ok(|mut entry| {
                entry.description = entry.description.map(not_writable);
                entry
            });
            Ok(entries.boxed())
        }
        .boxed()
    }

    fn describe(&self, ctx: CallContext, target: Target) -> BoxFuture<'_, Result<Description>> {
        async move { self.inner.describe(ctx, target).await.map(not_writable) }.boxed()
    }

    fn read(
        &self,
        ctx: CallContext,
        target: Target,
        options: ReadOptions,
    ) -> BoxFuture<'_, Result<BatchStream>> {
        let may_change = !matches!(target, Target::Name(_));
        async move {
            if may_change && self.inner.describe(ctx.clone(), target.clone()).await?.effect == Effect::Change
            {
                let text = format!("the statement cannot be executed: {}", self.reason);
                return Err(Error::new(ErrorKind::ReadOnly, text));
            }
            self.inner.read(ctx, target, options).await
        }
        .boxed()
    }

    fn write(
        &self,
        _ctx: CallContext,
        name: Name,
        _batches: BatchStream,
        _options: WriteOptions,
    ) -> BoxFuture<'_, Result<Receipt>> {
        let text = format!("`{name}` cannot be written to: {}", self.reason);
        ready(Err(Error::new(ErrorKind::ReadOnly, text))).boxed()
    }

    fn remove(&self, _ctx: CallContext, name: Name, _options: RemoveOptions) -> BoxFuture<'_, Result<()>> {
        let text = format!("`{name}` cannot be removed: {}", self.reason);
        ready(Err(Error::new(ErrorKind::ReadOnly, text))).boxed()
    }

    fn call(
        &self,
        ctx: CallContext,
        name: Name,
        batches: BatchStream,
        options: CallOptions,
    ) -> BoxFuture<'_, Result<BatchStream>> {
        self.inner.call(ctx, name, batches, options)
    }
}

const fn not_writable(description: Description) -> Description {
    description.with_writable(false)
}
