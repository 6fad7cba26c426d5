//! A server as a child process, and one within the test, both stopped when they are dropped.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use arrowlink_core::{Authenticator, BatchStream, CallContext, DataService, Name, Receipt, Result};
use arrowlink_server::{Config, Server, ServerError, TlsConfig};
use arrowlink_transport::{
    ClientTls, ConnectOptions, Connection, Drained, Http2Options, Listener, TransferOptions,
};
use tempfile::TempDir;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// `arrowlink-server` as a program, in a folder of its own.
pub(crate) struct Program {
    pub(crate) dir: TempDir,
    child: Child,
    stdout: BufReader<ChildStdout>,
    /// What it said when it listened.
    pub(crate) listening: String,
    /// The port of the first address.
    pub(crate) port: u16,
}

impl Program {
    /// Starts the program on a free port of 127.0.0.1, or of the addresses in `arguments` where the first of them is
    /// one of TCP, and waits until it listens.
    pub(crate) fn start(arguments: &[&str]) -> Self {
        Self::start_in(tempfile::tempdir().unwrap(), arguments)
    }

    /// As [`start`](Self::start), in the folder `dir`.
    pub(crate) fn start_in(dir: TempDir, arguments: &[&str]) -> Self {
        let own: &[&str] = if arguments.contains(&"0.0.0.0:0") { &[] } else { &["--listen", "127.0.0.1:0"] };
        Self::spawn(dir, command, &[own, arguments].concat())
    }

    /// Starts the program where no file can become larger than 64 KiB, as if the disk were full then.
    pub(crate) fn start_on_a_small_disk(arguments: &[&str]) -> Self {
        Self::start_on_a_small_disk_in(tempfile::tempdir().unwrap(), arguments)
    }

    /// As [`start_on_a_small_disk`](Self::start_on_a_small_disk), in the folder `dir`.
    pub(crate) fn start_on_a_small_disk_in(dir: TempDir, arguments: &[&str]) -> Self {
        Self::spawn(
            dir,
            |dir, arguments| {
                let limited = "trap '' XFSZ; ulimit -f 128; exec \"$0\" \"$@\"";
                let mut command = prepared(Command::new("/bin/sh"), dir);
                command.args(["-c", limited, PROGRAM]).args(arguments);
                command
            },
            &[&["--listen", "127.0.0.1:0"], arguments].concat(),
        )
    }

    fn spawn(dir: TempDir, command: impl Fn(&Path, &[&str]) -> Command, arguments: &[&str]) -> Self {
        let mut child = command(dir.path(), arguments).spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let mut program = Self { dir, child, stdout, listening: line.trim_end().to_owned(), port: 0 };
        let addr = line.strip_prefix("listening ").and_then(|rest| rest.split_whitespace().next());
        let port = addr.and_then(|addr| addr.rsplit_once(':')).and_then(|(_, port)| port.parse().ok());
        program.port = port.unwrap_or_else(|| panic!("said `{line}`, and {}", program.stderr()));
        program
    }

    pub(crate) fn ca(&self) -> PathBuf {
        self.dir.path().join("certs/ca.crt")
    }

    /// Sends the signal of that name, such as `TERM`.
    pub(crate) fn signal(&self, signal: &str) {
        let pid = self.child.id().to_string();
        let status = Command::new("kill").args([&format!("-{signal}"), &pid]).status().unwrap();
        assert!(status.success());
    }

    /// Waits for the end, and returns the exit code and what was written to standard output after the first line.
    pub(crate) async fn wait(&mut self) -> (ExitStatus, String) {
        let status = until(|| self.child.try_wait().unwrap()).await;
        let mut rest = String::new();
        self.stdout.read_to_string(&mut rest).unwrap();
        (status, rest)
    }

    /// Returns what was written to standard error so far.
    pub(crate) fn stderr(&self) -> String {
        std::fs::read_to_string(self.dir.path().join(STDERR)).unwrap()
    }

    /// Returns the most memory that the program has used so far.
    pub(crate) fn peak_memory_bytes(&self) -> u64 {
        self.status_bytes("VmHWM:")
    }

    /// Returns how much memory the program uses.
    pub(crate) fn memory_bytes(&self) -> u64 {
        self.status_bytes("VmRSS:")
    }

    fn status_bytes(&self, key: &str) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix(key)).unwrap();
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
    }

    /// Waits until standard error has a line with all of `parts`, and returns it.
    pub(crate) async fn line(&self, parts: &[&str]) -> String {
        until(|| {
            self.stderr().lines().find(|line| parts.iter().all(|part| line.contains(part))).map(str::to_owned)
        })
        .await
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs the program to its end, in `dir`; returns its exit code, standard output and standard error.
pub(crate) fn run(dir: &Path, arguments: &[&str]) -> (i32, String, String) {
    let output = command(dir, arguments).stderr(Stdio::piped()).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

fn command(dir: &Path, arguments: &[&str]) -> Command {
    let mut command = prepared(Command::new(PROGRAM), dir);
    command.args(arguments);
    command
}

/// In the folder `dir`, without the environment of the tests, with standard error in a file.
fn prepared(mut command: Command, dir: &Path) -> Command {
    let stderr = std::fs::File::create(dir.join(STDERR)).unwrap();
    command.current_dir(dir).env_clear().stdin(Stdio::null()).stdout(Stdio::piped()).stderr(stderr);
    command
}

const PROGRAM: &str = env!("CARGO_BIN_EXE_arrowlink-server");
const STDERR: &str = "stderr.log";

/// A server within the test, over TLS on a free port.
pub(crate) struct Running {
    certs: TempDir,
    pub(crate) port: u16,
    stop: oneshot::Sender<()>,
    task: JoinHandle<Result<Drained, ServerError>>,
}

impl Running {
    /// Serves what `config` names.
    pub(crate) async fn build(config: Config) -> Self {
        let certs = tempfile::tempdir().unwrap();
        let server = Server::build(with_certs(config, &certs)).await.unwrap();
        Self::run(server, certs).await
    }

    /// Serves `service`.
    pub(crate) async fn with_service(config: Config, service: Arc<dyn DataService>) -> Self {
        let certs = tempfile::tempdir().unwrap();
        let server = Server::with_service(with_certs(config, &certs), service).await.unwrap();
        Self::run(server, certs).await
    }

    /// Serves `service` to those whom `authenticator` knows.
    pub(crate) async fn guarded(
        service: Arc<dyn DataService>,
        authenticator: Arc<dyn Authenticator>,
    ) -> Self {
        let certs = tempfile::tempdir().unwrap();
        let server = Server::with_service(with_certs(Config::default(), &certs), service).await.unwrap();
        Self::run(server.with_authenticator(authenticator), certs).await
    }

    /// As [`guarded`](Self::guarded), with a configuration that has its certificates.
    pub(crate) async fn guarded_by(
        config: Config,
        service: Arc<dyn DataService>,
        authenticator: Arc<dyn Authenticator>,
    ) -> Self {
        let server = Server::with_service(config, service).await.unwrap();
        Self::run(server.with_authenticator(authenticator), tempfile::tempdir().unwrap()).await
    }

    async fn run(server: Server, certs: TempDir) -> Self {
        let listener = Listener::bind(&"127.0.0.1:0".parse().unwrap()).await.unwrap();
        let port = listener.local_addr().to_string().rsplit_once(':').unwrap().1.parse().unwrap();
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(server.serve(vec![listener], async { drop(stopped.await) }));
        Self { certs, port, stop, task }
    }

    pub(crate) fn ca(&self) -> PathBuf {
        self.certs.path().join("ca.crt")
    }

    pub(crate) async fn client(&self) -> Caller {
        client(self.port, &self.ca()).await
    }

    /// Ends the server and returns how its drain ended.
    pub(crate) async fn stop(self) -> Drained {
        self.stop.send(()).unwrap();
        self.task.await.unwrap().unwrap()
    }
}

fn with_certs(config: Config, certs: &TempDir) -> Config {
    config.with_tls(TlsConfig::default().with_dir(certs.path()))
}

/// A connection, and the calls that tests make over it.
#[derive(Clone)]
pub(crate) struct Caller(pub(crate) Connection);

impl Caller {
    /// Begins to read `name`, or the server's default.
    pub(crate) async fn read(&self, ctx: CallContext, name: Option<&Name>) -> Result<BatchStream> {
        self.0.get_arrow_data(&ctx, name, &TransferOptions::default()).await
    }

    pub(crate) async fn read_all(&self, name: &Name) -> Result<(SchemaRef, Vec<RecordBatch>)> {
        let rows = self.read(CallContext::new(), Some(name)).await?;
        Ok((Arc::clone(rows.schema()), rows.collect_batches().await?))
    }

    pub(crate) async fn write(&self, name: &Name, batches: BatchStream) -> Result<Receipt> {
        self.0.send_arrow_data(&CallContext::new(), Some(name), batches, &TransferOptions::default()).await
    }

    pub(crate) async fn append(&self, name: &Name, batches: Vec<RecordBatch>) -> Result<Receipt> {
        self.write(name, BatchStream::from_batches(batches[0].schema(), batches)).await
    }
}

/// Connects to the server on `port` that shows a certificate of `ca`.
pub(crate) async fn client(port: u16, ca: &Path) -> Caller {
    try_client(port, ca).await.unwrap()
}

/// As [`client`], where it may fail.
pub(crate) async fn try_client(port: u16, ca: &Path) -> Result<Caller> {
    connect(port, ca, ConnectOptions::default()).await
}

/// As [`client`], with windows that hold little of an answer that is not read.
pub(crate) async fn narrow_client(port: u16, ca: &Path) -> Caller {
    let http2 = Http2Options::for_client().with_windows(65_535, 65_535);
    connect(port, ca, ConnectOptions::default().with_http2(http2)).await.unwrap()
}

async fn connect(port: u16, ca: &Path, options: ConnectOptions) -> Result<Caller> {
    let options = options.with_tls(ClientTls::from_ca_file(ca)?);
    Connection::connect(&format!("https://localhost:{port}"), &options).await.map(Caller)
}

pub(crate) fn name(text: &str) -> Name {
    text.parse().unwrap()
}

/// Asks again, every few milliseconds, until there is an answer; a minute is as good as never.
pub(crate) async fn until<T>(mut answer: impl FnMut() -> Option<T>) -> T {
    for _ in 0..12_000 {
        if let Some(answer) = answer() {
            return answer;
        }
        tokio::time::timeout(Duration::from_millis(5), std::future::pending::<()>()).await.unwrap_err();
    }
    panic!("waited a minute for nothing");
}
