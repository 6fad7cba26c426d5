//! How the tests connect, and services that fail as they are told.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use arrow_array::cast::AsArray as _;
use arrow_array::types::Int64Type;
use arrow_array::{ArrayRef, Int64Array, RecordBatch};
use arrowlink_client::{Client, ClientOptions, RetryOptions};
use arrowlink_core::{
    BatchStream, CallContext, DataService as _, Error, ErrorKind, ReadOptions, Receipt, Result, Target,
};
use arrowlink_testkit::{Certificates, Server, Stub, name, stream_of, three_rows};
use arrowlink_transport::ListenAddr;
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

/// Repeats often and hardly waits.
pub(crate) fn patient() -> RetryOptions {
    quick().with_repetitions(200)
}

/// Returns the port that `server` listens on.
pub(crate) fn port(server: &Server) -> u16 {
    match server.addr() {
        ListenAddr::Tcp(addr) => addr.port(),
        other => panic!("`{other}` has no port"),
    }
}

/// Makes batches of one column, `id`, that count from 0 on.
pub(crate) fn numbers(batches: usize, rows: usize) -> Vec<RecordBatch> {
    let batch = |at: usize| {
        let values = Int64Array::from_iter_values((at * rows..(at + 1) * rows).map(|value| value as i64));
        RecordBatch::try_from_iter([("id", Arc::new(values) as ArrayRef)]).unwrap()
    };
    (0..batches).map(batch).collect()
}

/// Returns the values of the first column.
pub(crate) fn column(batches: &[RecordBatch]) -> Vec<i64> {
    batches.iter().flat_map(|batch| batch.column(0).as_primitive::<Int64Type>().values().to_vec()).collect()
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
