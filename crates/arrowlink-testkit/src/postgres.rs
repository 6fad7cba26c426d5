//! A PostgreSQL of the tests' own, where one is installed; it ends with the process that started it.

use std::fs;
use std::io::BufReader;
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::thread::JoinHandle;

use arrowlink_transport::certificates::{CertificateFiles, client, development};
use tokio_postgres::{Client, NoTls};

/// A cluster in a temporary folder, on a Unix socket in it and, over TLS and in plaintext, on a free port of 127.0.0.1.
///
/// `postgres` is its superuser, trusted on the socket. Everybody else needs a password there and over TCP, but for
/// `shown`, who shows a certificate. Every statement is logged.
///
/// A shell stands over the server and ends it, by its number, when the pipe to the test is closed, however that came
/// about.
#[derive(Debug)]
pub struct Postgres {
    folder: PathBuf,
    port: u16,
    certificates: CertificateFiles,
    keeper: Child,
    reader: Option<JoinHandle<()>>,
    log: Arc<Mutex<String>>,
}

impl Postgres {
    /// Starts one. `None` where none is installed, which is said then.
    #[expect(clippy::panic, reason = "a fixture that cannot be made fails the test")]
    pub fn start() -> Option<Self> {
        let programs = programs()?;
        // Somebody else may take the port before the server does.
        let mut said = String::new();
        for _ in 0..PORTS {
            match Self::start_on(&programs, free_port()) {
                Ok(server) => return Some(server),
                Err(log) => said = log,
            }
        }
        panic!("PostgreSQL does not start: {said}");
    }

    /// Returns the one that all tests of this process share; each makes a database of its own in it.
    pub fn shared() -> Option<&'static Self> {
        static SHARED: LazyLock<Option<Postgres>> = LazyLock::new(Postgres::start);
        SHARED.as_ref()
    }

    /// Returns the folder of the socket.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Returns the port of TCP, after which the socket is called too.
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Returns the authority that signed its certificate, and the certificate of the user `shown`.
    pub const fn certificates(&self) -> &CertificateFiles {
        &self.certificates
    }

    /// Returns `path`, such as `shop/orders`, on the socket, for the superuser.
    pub fn uri(&self, path: &str) -> String {
        format!("postgres:///{path}?host={}&port={}&user=postgres", self.folder.display(), self.port)
    }

    /// Makes the database `name` and carries out `statements` in it.
    pub async fn create(&self, name: &str, statements: &str) -> Client {
        self.connect("postgres").await.batch_execute(&format!("CREATE DATABASE {name}")).await.unwrap();
        let client = self.connect(name).await;
        client.batch_execute(statements).await.unwrap();
        client
    }

    /// Connects to a database as the superuser.
    pub async fn connect(&self, database: &str) -> Client {
        let mut config = tokio_postgres::Config::new();
        config.host_path(&self.folder).port(self.port).user("postgres").dbname(database);
        let (client, connection) = config.connect(NoTls).await.unwrap();
        // It ends with its client.
        tokio::spawn(connection);
        client
    }

    /// Returns what the server has said so far, each statement among it.
    pub fn log(&self) -> String {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Ends the server as a crash does, without a word to its clients.
    pub fn crash(&self) {
        let file = fs::read_to_string(self.folder.join("data/postmaster.pid")).unwrap();
        let pid = file.lines().next().unwrap();
        assert!(Command::new("kill").args(["-QUIT", pid]).status().unwrap().success());
    }

    /// Returns what the server said where it does not start.
    fn start_on(programs: &Path, port: u16) -> Result<Self, String> {
        let folder = tempfile::tempdir().unwrap().keep();
        let certificates = prepare(programs, &folder, port);
        let mut keeper = unprivileged(Command::new("sh"), &folder);
        keeper.args(["-c", KEEPER]).arg(programs).arg(&folder).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut keeper = keeper.spawn().unwrap();
        let (log, said) = (Arc::<Mutex<String>>::default(), keeper.stdout.take().unwrap());
        let (ready, is_ready) = channel();
        let of_reader = Arc::clone(&log);
        let reader = std::thread::spawn(move || listen(BufReader::new(said), &of_reader, &ready));
        let server = Self { folder, port, certificates, keeper, reader: Some(reader), log };
        // The sender is gone where the server ended.
        if is_ready.recv().is_ok() { Ok(server) } else { Err(server.log()) }
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        let _ = self.keeper.wait();
        let _ = self.reader.take().map(JoinHandle::join);
    }
}

/// Makes the cluster, its settings and its certificates.
fn prepare(programs: &Path, folder: &Path, port: u16) -> CertificateFiles {
    let certificates = folder.join("certs");
    fs::create_dir(&certificates).unwrap();
    let files = development(&certificates).unwrap();
    let shown = client(&certificates, "shown").unwrap();
    let owner = owner(folder);
    fs::set_permissions(&files.key, fs::Permissions::from_mode(0o600)).unwrap();
    for path in [folder, &certificates, &files.ca, &files.cert, &files.key] {
        chown(path, owner, owner).unwrap();
    }
    let data = folder.join("data");
    let mut initdb = unprivileged(Command::new(programs.join("initdb")), folder);
    initdb.args([
        "--no-sync",
        "--auth=trust",
        "--username=postgres",
        "--encoding=UTF8",
        "--locale=C",
        "--pgdata",
    ]);
    let made = initdb.arg(&data).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let shown_folder = folder.display();
    let settings = format!(
        "listen_addresses = '127.0.0.1'\nport = {port}\nunix_socket_directories = '{shown_folder}'\nfsync = off\n\
         ssl = on\nssl_ca_file = '{}'\nssl_cert_file = '{}'\nssl_key_file = '{}'\nlog_statement = all\n\
         log_connections = on\nlog_min_messages = log\nlc_messages = 'C'\nmax_connections = 100\n",
        files.ca.display(),
        files.cert.display(),
        files.key.display(),
    );
    fs::write(data.join("postgresql.auto.conf"), settings).unwrap();
    fs::write(data.join("pg_hba.conf"), WHO_MAY).unwrap();
    CertificateFiles { ca: files.ca, cert: shown.cert, key: shown.key }
}

/// PostgreSQL does not run as root: then it is `nobody` who runs it, and has the folder.
fn owner(folder: &Path) -> Option<u32> {
    (fs::metadata("/proc/self").or_else(|_| fs::metadata(folder)).unwrap().uid() == 0).then_some(NOBODY)
}

/// Lets `command` run in `folder`, without privileges.
fn unprivileged(mut command: Command, folder: &Path) -> Command {
    command.current_dir(folder).env_remove("PGPASSWORD");
    if let Some(nobody) = owner(folder) {
        command.uid(nobody).gid(nobody);
    }
    command
}

/// Collects what the server says until it ends, and tells when it answers.
fn listen(said: impl std::io::BufRead, log: &Mutex<String>, ready: &Sender<()>) {
    for line in said.lines().map_while(Result::ok) {
        let mut log = log.lock().unwrap_or_else(PoisonError::into_inner);
        log.push_str(&line);
        log.push('\n');
        if line.contains("ready to accept connections") {
            // Nobody waits for it a second time.
            let _ = ready.send(());
        }
    }
}

/// Finds the folder with `initdb` and `postgres`: the one of `ARROWLINK_POSTGRES_BIN`, or one of `PATH`.
#[expect(clippy::print_stdout, reason = "a test that is left out says so")]
fn programs() -> Option<PathBuf> {
    let named = std::env::var_os("ARROWLINK_POSTGRES_BIN").map(PathBuf::from);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let has_both = |folder: &PathBuf| folder.join("initdb").exists() && folder.join("postgres").exists();
    let found = named.into_iter().chain(std::env::split_paths(&path)).find(has_both);
    if found.is_none() {
        println!(
            "not run: there is no PostgreSQL; install one, and put the folder of `initdb` and `postgres` on PATH or into \
             ARROWLINK_POSTGRES_BIN"
        );
    }
    found
}

/// PostgreSQL cannot choose one itself.
fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Runs the server until it ends, or standard input does, and takes away what it leaves.
const KEEPER: &str = "\
    exec 3<&0; \"$0/postgres\" -D \"$1/data\" 2>&1 & server=$!; \
    (cat <&3; kill -INT $server) > /dev/null 2>&1 & watcher=$!; \
    wait $server; kill $watcher 2> /dev/null; rm -rf \"$1\" 2> /dev/null";
const WHO_MAY: &str = "\
    local   all postgres                trust\n\
    local   all all                     scram-sha-256\n\
    hostssl all shown    127.0.0.1/32   cert\n\
    host    all all      127.0.0.1/32   scram-sha-256\n";
/// How many ports are tried.
const PORTS: usize = 5;
/// The user `nobody` and his group, by number.
const NOBODY: u32 = 65_534;
