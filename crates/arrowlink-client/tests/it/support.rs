//! How the tests connect, and services that fail as they are told.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use arrow_array::RecordBatch;
use arrowlink_client::{Client, ClientOptions, RetryOptions};
use arrowlink_core::{
    BatchStream, CallContext, CallOptions, DataService, Description, EntryStream, Error, ErrorKind,
    ListOptions, Name, ReadOptions, Receipt, RemoveOptions, Result, Target, WriteOptions,
};
use arrowlink_testkit::{Certificates, name, stream_of, three_rows};
use futures::FutureExt as _;
use futures::future::{BoxFuture, ready};

/// Options for a server with `certificates`, under which repetitions hardly wait.
pub(crate) fn options(certificates: &Certificates) -> ClientOptions {
    ClientOptions::default().with_ca_file(certificates.ca()).with_retry(quick())
}

/// Repeats twice and hardly waits.
pub(crate) fn quick() -> RetryOptions {
    RetryOptions::default().with_repetitions(2).with_waits(Duration::from_millis(1), Duration::from_millis(1))
}

pub(crate) async fn read(client: &Client, dataset: &str, options: ReadOptions) -> Result<Vec<RecordBatch>> {
    let target = Target::Name(name(dataset));
    client.read(CallContext::new(), target, options).await?.collect_batches().await
}

/// Answers the first calls with an error of its kind, and the others with [`three_rows`].
#[derive(Debug)]
pub(crate) struct Flaky {
    pub(crate) calls: AtomicUsize,
    failures: usize,
    kind: ErrorKind,
}

impl Flaky {
    pub(crate) fn new(failures: usize, kind: ErrorKind) -> Arc<Self> {
        Arc::new(Self { calls: AtomicUsize::new(0), failures, kind })
    }

    pub(crate) fn calls(&self) -> usize {
        self.calls.load(Ordering::Relaxed)
    }

    fn answer<T>(&self, answer: impl FnOnce() -> T) -> Result<T> {
        if self.calls.fetch_add(1, Ordering::Relaxed) < self.failures {
            return Err(Error::new(self.kind, "not this time"));
        }
        Ok(answer())
    }
}

impl DataService for Flaky {
    fn list(&self, _ctx: CallContext, _options: ListOptions) -> BoxFuture<'_, Result<EntryStream>> {
        panic!("the small service does not list")
    }

    fn describe(&self, _ctx: CallContext, _target: Target) -> BoxFuture<'_, Result<Description>> {
        panic!("the small service does not describe")
    }

    fn read(
        &self,
        _ctx: CallContext,
        _target: Target,
        _options: ReadOptions,
    ) -> BoxFuture<'_, Result<BatchStream>> {
        ready(self.answer(|| stream_of(&three_rows()))).boxed()
    }

    fn write(
        &self,
        _ctx: CallContext,
        _name: Name,
        _batches: BatchStream,
        _options: WriteOptions,
    ) -> BoxFuture<'_, Result<Receipt>> {
        ready(self.answer(|| Receipt::new(0, 0, 0, arrowlink_core::Durability::Memory))).boxed()
    }

    fn remove(&self, _ctx: CallContext, _name: Name, _options: RemoveOptions) -> BoxFuture<'_, Result<()>> {
        panic!("the small service does not remove")
    }

    fn call(
        &self,
        _ctx: CallContext,
        _name: Name,
        _batches: BatchStream,
        _options: CallOptions,
    ) -> BoxFuture<'_, Result<BatchStream>> {
        panic!("the small service does not call")
    }
}
