//! A server in this process, and the program run against it.

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use arrow_array::{RecordBatch, record_batch};
use arrowlink_core::{
    BatchStream, CallContext, Catalog, DataService, DataServiceExt as _, Dataset, Description, Error,
    ErrorKind, MemoryDataset, MemoryStore, ReadOptions, Receipt, Result, WriteOptions,
};
use arrowlink_query::{QueryOptions, QueryRuntime, SqlOptions, SqlService, SqlTables};
use arrowlink_testkit::{OnlyAli, catalog, front, front_with, name};
use arrowlink_transport::certificates::development;
use arrowlink_transport::{Front, FrontOptions, Listener, ServerTls};
use futures::FutureExt as _;
use futures::future::{BoxFuture, ready};
use tempfile::TempDir;
use tokio::runtime::Builder;
use tokio::sync::oneshot;

/// A server over TLS with a thread of its own, and a folder with its certificates and for files. Joined when dropped.
pub(crate) struct Server {
    pub(crate) service: Arc<dyn DataService>,
    uri: String,
    folder: TempDir,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Serves the one-row default dataset as `default`, and uploads in memory.
    pub(crate) fn start() -> Self {
        Self::serving(catalog())
    }

    /// Serves `inner`, and SQL over it.
    pub(crate) fn answering_sql(inner: Arc<dyn DataService>) -> Self {
        let runtime = QueryRuntime::new(QueryOptions::default()).unwrap();
        let sql = SqlService::new(inner, SqlTables::default(), &runtime, SqlOptions::default()).unwrap();
        Self::serving(Arc::new(sql))
    }

    pub(crate) fn serving(service: Arc<dyn DataService>) -> Self {
        let front = front(Arc::clone(&service));
        Self::behind(front, service)
    }

    /// Serves the default dataset to `ali`.
    pub(crate) fn guarded() -> Self {
        let options = FrontOptions::new(name("default"), name("uploads"));
        let service: Arc<dyn DataService> = catalog();
        let front = front_with(Arc::clone(&service), options.with_authenticator(Arc::new(OnlyAli)));
        Self::behind(front, service)
    }

    fn behind(front: Front, service: Arc<dyn DataService>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let tls = ServerTls::from_files(&development(&folder.path().join("certs")).unwrap(), None).unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let (bound, was_bound) = std::sync::mpsc::channel();
        let thread = thread::spawn(move || {
            Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
                let listener = Listener::bind(&"127.0.0.1:0".parse().unwrap()).await.unwrap();
                let server = arrowlink_testkit::Server::on_front(listener, Some(tls), front);
                bound.send(server.uri()).unwrap();
                stopped.await.unwrap_or(());
                server.stop().await;
            });
        });
        let uri = was_bound.recv().unwrap();
        Self { service, uri, folder, stop: Some(stop), thread: Some(thread) }
    }

    /// Puts `batches` under `dataset`.
    pub(crate) fn with(self, dataset: &str, batches: &[RecordBatch]) -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let schema = batches[0].schema();
        runtime.block_on(self.service.append(&name(dataset), schema, batches.to_vec())).unwrap();
        self
    }

    /// Reads all of `dataset`.
    pub(crate) fn batches(&self, dataset: &str) -> Vec<RecordBatch> {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(self.service.read_all(&name(dataset))).unwrap().1
    }

    /// Returns the path of `file` in the server's folder, where nothing is yet.
    pub(crate) fn path(&self, file: &str) -> PathBuf {
        self.folder.path().join(file)
    }

    /// Returns the names of the files in the server's folder.
    pub(crate) fn files(&self) -> Vec<String> {
        let mut names: Vec<String> = std::fs::read_dir(self.folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name != "certs")
            .collect();
        names.sort();
        names
    }

    /// Runs the program with `args` against this server, in the server's folder.
    pub(crate) fn run(&self, args: &[&str]) -> Ran {
        Ran::of(self.command(args).output().unwrap())
    }

    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = command(args);
        command.current_dir(self.folder.path()).env("ARROWLINK_URI", &self.uri);
        command
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take()
            && let Err(panic) = thread.join()
            && !thread::panicking()
        {
            std::panic::resume_unwind(panic);
        }
    }
}

/// What the program did.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    pub(crate) fn of(output: Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Asserts that all went well; returns what was printed.
    #[track_caller]
    pub(crate) fn ok(self) -> String {
        assert_eq!(self.code, Some(0), "{self:?}");
        self.stdout
    }

    /// Asserts that the program failed with `code`, one line that begins with `error: ` and has all of `parts`, and
    /// nothing on standard output.
    #[track_caller]
    pub(crate) fn failed(self, code: i32, parts: &[&str]) {
        assert_eq!(self.code, Some(code), "{self:?}");
        assert_eq!(self.stdout, "");
        let line = self.stderr.lines().next().unwrap_or_default();
        assert!(line.starts_with("error: "), "{line}");
        for part in parts {
            assert!(self.stderr.contains(part), "`{part}` is not in `{}`", self.stderr);
        }
    }
}

/// Runs the program with `args` and no server.
pub(crate) fn run(args: &[&str]) -> Ran {
    Ran::of(command(args).output().unwrap())
}

pub(crate) fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_arrowlink"));
    command
        .args(args)
        .env_remove("ARROWLINK_URI")
        .env_remove("ARROWLINK_CA_CERT")
        .env_remove("ARROWLINK_TOKEN")
        .stdin(Stdio::null());
    command
}

/// A dataset that cannot be read.
#[derive(Debug)]
pub(crate) struct Broken;

impl Broken {
    fn error<T: Send + 'static>() -> BoxFuture<'static, Result<T>> {
        ready(Err(Error::new(ErrorKind::Corrupt, "`b.csv` is damaged").with_source("row 3 has 2 fields")))
            .boxed()
    }
}

impl Dataset for Broken {
    fn describe(&self, _ctx: CallContext) -> BoxFuture<'_, Result<Description>> {
        Self::error()
    }

    fn read(&self, _ctx: CallContext, _options: ReadOptions) -> BoxFuture<'_, Result<BatchStream>> {
        Self::error()
    }

    fn write(&self, _: CallContext, _: BatchStream, _: WriteOptions) -> BoxFuture<'_, Result<Receipt>> {
        Self::error()
    }
}

/// Serves `trips` as from a file, `broken`, and uploads in memory.
pub(crate) fn served() -> Arc<Catalog> {
    let trips = MemoryDataset::new(trips().schema(), vec![trips()]).unwrap();
    let catalog = Catalog::new().with_dataset(name("sales.trips"), Arc::new(trips));
    Arc::new(
        catalog
            .with_dataset(name("broken"), Arc::new(Broken))
            .with_uploads(Arc::new(MemoryStore::new(1 << 20))),
    )
}

pub(crate) fn trips() -> RecordBatch {
    record_batch!(
        ("id", Int64, [1, 2, 3]),
        ("fare", Float64, [Some(7.5), None, Some(12.0)]),
        ("city", Utf8, ["Oslo", "Bergen", "Tromsø"])
    )
    .unwrap()
}
