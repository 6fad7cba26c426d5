//! Servers that own their shutdown, and services that fail as they are told.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use arrow_array::{RecordBatch, record_batch};
use arrowlink_client::{Client, ClientOptions, RetryOptions};
use arrowlink_core::{
    BatchStream, CallContext, CallOptions, Catalog, DataService, Description, EntryStream, Error, ErrorKind,
    ListOptions, MemoryStore, Name, ReadOptions, Receipt, Result, Target, WriteOptions, default_dataset,
};
use arrowlink_transport::certificates::{CertificateFiles, development};
use arrowlink_transport::{
    AcceptOptions, Drained, Front, FrontOptions, ListenAddr, Listener, ServerTls, serve,
};
use futures::FutureExt as _;
use futures::future::{BoxFuture, ready};
use tempfile::TempDir;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tonic::service::Routes;

/// A server over TLS on a port of its own. It is joined, and its panics are re-raised, by [`stop`](Self::stop).
pub(crate) struct Server {
    pub(crate) addr: ListenAddr,
    stop: oneshot::Sender<()>,
    task: JoinHandle<Result<Drained, arrowlink_transport::Error>>,
}

impl Server {
    pub(crate) async fn start(service: Arc<dyn DataService>, certificates: &Certificates) -> Self {
        Self::start_at(&"127.0.0.1:0".parse().unwrap(), service, certificates).await
    }

    pub(crate) async fn start_at(
        addr: &ListenAddr,
        service: Arc<dyn DataService>,
        certificates: &Certificates,
    ) -> Self {
        let listener = Listener::bind(addr).await.unwrap();
        let tls = ServerTls::from_files(&certificates.files, None).unwrap();
        Self::on(listener, Some(tls), service)
    }

    pub(crate) fn on(listener: Listener, tls: Option<ServerTls>, service: Arc<dyn DataService>) -> Self {
        let addr = listener.local_addr().clone();
        let (stop, stopped) = oneshot::channel();
        let options = AcceptOptions::default().with_grace(Duration::from_millis(1));
        let task = tokio::spawn(serve(vec![listener], tls, front(service), options, async {
            stopped.await.ok();
        }));
        Self { addr, stop, task }
    }

    pub(crate) fn uri(&self) -> String {
        match self.addr {
            ListenAddr::Tcp(addr) => format!("https://localhost:{}", addr.port()),
            ref other => other.to_string(),
        }
    }

    pub(crate) async fn stop(self) {
        drop(self.stop);
        self.task.await.unwrap().unwrap();
    }
}

/// Development certificates in a folder of their own.
pub(crate) struct Certificates {
    pub(crate) files: CertificateFiles,
    _folder: TempDir,
}

impl Certificates {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { files: development(folder.path()).unwrap(), _folder: folder }
    }

    pub(crate) fn ca(&self) -> &Path {
        &self.files.ca
    }

    pub(crate) fn options(&self) -> ClientOptions {
        ClientOptions::default().with_ca_file(self.ca()).with_retry(quick())
    }
}

/// Repeats twice and hardly waits.
pub(crate) fn quick() -> RetryOptions {
    RetryOptions::default().with_repetitions(2).with_waits(Duration::from_millis(1), Duration::from_millis(1))
}

/// The one-row default dataset as `default`, and uploads in memory.
pub(crate) fn catalog() -> Arc<dyn DataService> {
    let uploads = Arc::new(MemoryStore::new(1 << 30));
    Arc::new(Catalog::new().with_dataset(name("default"), Arc::new(default_dataset())).with_uploads(uploads))
}

fn front(service: Arc<dyn DataService>) -> Front {
    Front::new(service, FrontOptions::new(name("default"), name("uploads")), Routes::default())
}

pub(crate) fn name(text: &str) -> Name {
    text.parse().unwrap()
}

pub(crate) fn three_rows() -> RecordBatch {
    record_batch!(("id", Int64, [1, 2, 3]), ("name", Utf8, ["a", "b", "c"])).unwrap()
}

pub(crate) fn stream_of(batch: &RecordBatch) -> BatchStream {
    BatchStream::from_batches(batch.schema(), vec![batch.clone()])
}

pub(crate) async fn read(client: &Client, dataset: &str, options: ReadOptions) -> Result<Vec<RecordBatch>> {
    let target = Target::Name(name(dataset));
    client.read(CallContext::new(), target, options).await?.collect_batches().await
}

/// Asserts the kind of an error and that its chain has all of `parts`.
#[track_caller]
pub(crate) fn check_error<T: std::fmt::Debug>(result: Result<T>, kind: ErrorKind, parts: &[&str]) -> Error {
    let error = result.unwrap_err();
    assert_eq!(error.kind(), kind, "{}", error.chain());
    for part in parts {
        assert!(error.chain().contains(part), "`{part}` is not in `{}`", error.chain());
    }
    error
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
