//! How the tests connect, and services that fail as they are told.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use arrow_array::RecordBatch;
use arrowlink_client::{Client, ClientOptions, RetryOptions};
use arrowlink_core::{
    BatchStream, CallContext, DataService as _, Error, ErrorKind, ReadOptions, Receipt, Result, Target,
};
use arrowlink_testkit::{Certificates, Stub, name, stream_of, three_rows};
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

impl Stub for Flaky {
    fn read(&self) -> BoxFuture<'_, Result<BatchStream>> {
        ready(self.answer(|| stream_of(&three_rows()))).boxed()
    }

    fn write(&self, _batches: BatchStream) -> BoxFuture<'_, Result<Receipt>> {
        ready(self.answer(|| Receipt::new(0, 0, 0, arrowlink_core::Durability::Memory))).boxed()
    }
}
