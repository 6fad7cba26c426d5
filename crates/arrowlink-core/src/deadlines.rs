//! A decorator that ends calls which take longer than they may.
//!
//! It differs from [`limited`](crate::limited), which bounds how much and how many: here only time counts.
#![deny(clippy::missing_trait_methods)]

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures::future::{BoxFuture, FutureExt as _};
use futures::stream::BoxStream;
use futures::{Stream, StreamExt as _};
use tokio::time::{Instant, Sleep, sleep_until, timeout_at};

use crate::{
    BatchStream, CallContext, CallOptions, DataService, Description, EntryStream, Error, ErrorKind,
    ListOptions, Name, ReadOptions, Receipt, RemoveOptions, Result, Target, WriteOptions,
};

/// Holds every call of `inner` to the deadline of its context, and to a longest time of its own.
///
/// The deadline covers the whole answer: the future and the stream that it returns. Past it the caller gets
/// [`DeadlineExceeded`](ErrorKind::DeadlineExceeded), and the work behind it is dropped. What `inner` is called with
/// has the earlier of the two deadlines in its context. Needs a tokio runtime with time enabled.
///
/// A chunk that is asked for after the deadline is not returned even if it is there, so that a caller who reads
/// slowly cannot keep a call alive. The error comes once; after it the stream is over.
///
/// ```
/// use std::sync::Arc;
/// use std::time::Duration;
/// use arrow_array::record_batch;
/// use arrowlink_core::{BatchStream, CallContext, DataService, Deadlines, ErrorKind, MemoryStore, WriteOptions};
/// use futures::stream;
///
/// # tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap().block_on(async {
/// let service =
///     Deadlines::new(Arc::new(MemoryStore::new(1 << 20))).with_longest(Duration::from_secs(30));
/// let schema = record_batch!(("id", Int64, [1])).unwrap().schema();
/// let endless = BatchStream::new(schema, stream::pending());
/// let write = service.write(CallContext::new(), "trips".parse()?, endless, WriteOptions::default());
/// assert_eq!(write.await.unwrap_err().kind(), ErrorKind::DeadlineExceeded);
/// # Ok::<(), arrowlink_core::Error>(())
/// # }).unwrap();
/// ```
#[derive(Clone, Debug)]
pub struct Deadlines {
    inner: Arc<dyn DataService>,
    longest: Option<Duration>,
}

impl Deadlines {
    /// Holds calls of `inner` to the deadlines that they come with.
    pub fn new(inner: Arc<dyn DataService>) -> Self {
        Self { inner, longest: None }
    }

    /// Sets the longest time of a whole call, also of one that has no deadline. Default: none.
    #[must_use]
    pub const fn with_longest(mut self, longest: Duration) -> Self {
        self.longest = Some(longest);
        self
    }

    /// Returns the context with the deadline that holds.
    fn bounded(&self, ctx: CallContext) -> CallContext {
        let own = self.longest.and_then(|longest| Instant::now().checked_add(longest));
        let earliest = ctx.deadline().into_iter().chain(own).min();
        ctx.with_deadline(earliest)
    }
}

impl DataService for Deadlines {
    fn list(&self, ctx: CallContext, options: ListOptions) -> BoxFuture<'_, Result<EntryStream>> {
        async move {
            let ctx = self.bounded(ctx);
            let deadline = ctx.deadline();
            let entries = within(deadline, self.inner.list(ctx, options)).await?;
            Ok(until(deadline, entries))
        }
        .boxed()
    }

    fn describe(&self, ctx: CallContext, target: Target) -> BoxFuture<'_, Result<Description>> {
        let ctx = self.bounded(ctx);
        within(ctx.deadline(), self.inner.describe(ctx, target)).boxed()
    }

    fn read(
        &self,
        ctx: CallContext,
        target: Target,
        options: ReadOptions,
    ) -> BoxFuture<'_, Result<BatchStream>> {
        let ctx = self.bounded(ctx);
        answer(ctx.deadline(), self.inner.read(ctx, target, options)).boxed()
    }

    fn write(
        &self,
        ctx: CallContext,
        name: Name,
        batches: BatchStream,
        options: WriteOptions,
    ) -> BoxFuture<'_, Result<Receipt>> {
        let ctx = self.bounded(ctx);
        within(ctx.deadline(), self.inner.write(ctx, name, batches, options)).boxed()
    }

    fn remove(&self, ctx: CallContext, name: Name, options: RemoveOptions) -> BoxFuture<'_, Result<()>> {
        let ctx = self.bounded(ctx);
        within(ctx.deadline(), self.inner.remove(ctx, name, options)).boxed()
    }

    fn call(
        &self,
        ctx: CallContext,
        name: Name,
        batches: BatchStream,
        options: CallOptions,
    ) -> BoxFuture<'_, Result<BatchStream>> {
        let ctx = self.bounded(ctx);
        answer(ctx.deadline(), self.inner.call(ctx, name, batches, options)).boxed()
    }
}

/// Holds a future of a stream, and then the stream, to one deadline.
async fn answer(
    deadline: Option<Instant>,
    batches: BoxFuture<'_, Result<BatchStream>>,
) -> Result<BatchStream> {
    let batches = within(deadline, batches).await?;
    let schema = Arc::clone(batches.schema());
    Ok(batches.map_chunks(schema, |chunks| until(deadline, chunks)))
}

/// Holds one future to the deadline; past it the future is dropped.
async fn within<T>(deadline: Option<Instant>, work: BoxFuture<'_, Result<T>>) -> Result<T> {
    match deadline {
        Some(deadline) => timeout_at(deadline, work).await.unwrap_or_else(|_| Err(exceeded())),
        None => work.await,
    }
}

/// Holds a stream to the deadline.
fn until<T: Send + 'static>(
    deadline: Option<Instant>,
    items: BoxStream<'static, Result<T>>,
) -> BoxStream<'static, Result<T>> {
    match deadline {
        Some(deadline) => Until { items: Some(items), sleep: Box::pin(sleep_until(deadline)) }.boxed(),
        None => items,
    }
}

/// A stream that ends with an error at its deadline and drops what is behind it then.
struct Until<T> {
    items: Option<BoxStream<'static, Result<T>>>,
    sleep: Pin<Box<Sleep>>,
}

impl<T> Stream for Until<T> {
    type Item = Result<T>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Self { items: open, sleep } = self.get_mut();
        let Some(items) = open else { return Poll::Ready(None) };
        // What is there in time is returned; what is asked for after the deadline is not.
        let item = match sleep.as_mut().poll(cx) {
            Poll::Ready(()) => Some(Err(exceeded())),
            Poll::Pending => match items.poll_next_unpin(cx) {
                Poll::Ready(item) => item,
                Poll::Pending => return Poll::Pending,
            },
        };
        if !matches!(item, Some(Ok(_))) {
            *open = None;
        }
        Poll::Ready(item)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        // The last item may be the error.
        let most = self.items.as_ref().map_or(Some(0), |items| items.size_hint().1);
        (0, most.and_then(|most| most.checked_add(1)))
    }
}

fn exceeded() -> Error {
    Error::new(
        ErrorKind::DeadlineExceeded,
        "the deadline passed before the answer was complete: allow more time",
    )
}
