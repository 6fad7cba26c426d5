//! The connections of one database: so many at a time, and those that are free kept for the next read.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arrowlink_core::{CallContext, Error, ErrorKind, Result};
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout, timeout_at};
use tokio_postgres::{Client, Config};

use crate::PostgresOptions;
use crate::address::{Address, Host};
use crate::credentials::Credentials;
use crate::failure::{failed, internal};
use crate::session::{Session, cancel};
use crate::tls::Tls;

/// A database and its connections. Cloning is cheap.
#[derive(Clone)]
pub(crate) struct Pool {
    inner: Arc<Inner>,
}

struct Inner {
    shown: String,
    config: Config,
    tls: Tls,
    free: Mutex<Vec<Session>>,
    /// One permit for each connection that may be busy.
    turns: Arc<Semaphore>,
    options: PostgresOptions,
}

impl Pool {
    /// Prepares to connect to `address`.
    ///
    /// Fails where a file of the options cannot be used, and where plaintext is asked for past this machine.
    pub(crate) fn new(address: &Address, options: PostgresOptions) -> Result<Self> {
        let credentials = match &options.credentials {
            Some(file) => Credentials::from_file(file)?,
            None => Credentials::from_env(),
        };
        let tls = Tls::new(address, &options)?;
        let config = config(address, credentials, &tls, options.connect_timeout);
        let turns = Arc::new(Semaphore::new(options.max_connections.clamp(1, Semaphore::MAX_PERMITS)));
        let shown = address.shown();
        let inner = Inner { shown, config, tls, free: Mutex::default(), turns, options };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Returns the database as it is shown.
    pub(crate) fn shown(&self) -> &str {
        &self.inner.shown
    }

    /// Begins a transaction that sees one state and changes nothing, on a connection that nobody else has.
    ///
    /// A connection that was lost while it was free is replaced.
    pub(crate) async fn begin(&self, ctx: &CallContext) -> Result<Lease> {
        let turn = self.turn(ctx).await?;
        while let Some(session) = self.take_free() {
            let mut lease = Lease::new(self, session);
            if lease.run(BEGIN).await.is_ok() {
                lease.turn = Some(turn);
                return Ok(lease);
            }
            // Whatever is wrong with it, another one will do.
            lease.session = None;
        }
        let mut lease = Lease::new(self, self.connect(ctx).await?);
        lease.turn = Some(turn);
        lease.run(BEGIN).await.map_err(|error| failed(self.shown(), error))?;
        Ok(lease)
    }

    async fn connect(&self, ctx: &CallContext) -> Result<Session> {
        let bound = Instant::now() + self.inner.options.connect_timeout;
        let until = ctx.deadline().map_or(bound, |deadline| deadline.min(bound));
        match timeout_at(until, Session::connect(&self.inner.config, &self.inner.tls)).await {
            Ok(connected) => connected.map_err(|error| failed(self.shown(), error)),
            Err(_) => {
                let text = format!("`{}` does not answer", self.shown());
                Err(Error::new(ErrorKind::Unavailable, text))
            }
        }
    }

    /// Waits for the turn of one read, at most until the deadline of `ctx` or for as long as the options say.
    async fn turn(&self, ctx: &CallContext) -> Result<OwnedSemaphorePermit> {
        let bound = Instant::now() + self.inner.options.max_wait;
        let until = ctx.deadline().map_or(bound, |deadline| deadline.min(bound));
        match timeout_at(until, Arc::clone(&self.inner.turns).acquire_owned()).await {
            Ok(turn) => turn.map_err(|error| internal("the bound on connections is gone").with_source(error)),
            Err(_) if until < bound => Err(Error::new(
                ErrorKind::DeadlineExceeded,
                "the deadline passed before a connection to the database was free",
            )),
            Err(_) => Err(self.busy()),
        }
    }

    /// Says that no turn came in time, and which setting would change it.
    fn busy(&self) -> Error {
        let PostgresOptions { max_connections, max_wait, .. } = &self.inner.options;
        let text = format!(
            "all {max_connections} connections to `{}` are busy and none was free within {} s: try again later, or \
             raise `max_connections`",
            self.shown(),
            max_wait.as_secs()
        );
        Error::new(ErrorKind::Unavailable, text)
    }

    fn take_free(&self) -> Option<Session> {
        self.inner.free.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    fn give_back(&self, session: Session) {
        let mut free = self.inner.free.lock().unwrap_or_else(PoisonError::into_inner);
        if free.len() < MOST_FREE && !session.is_over() {
            free.push(session);
        }
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool")
            .field("database", &self.inner.shown)
            .field("options", &self.inner.options)
            .field("free_turns", &self.inner.turns.available_permits())
            .finish_non_exhaustive()
    }
}

/// A connection in a transaction.
///
/// Dropping it before [`end`](Self::end) stops the statement that is running: a task of at most a few seconds asks the
/// server to, and closes the connection.
#[derive(Debug)]
pub(crate) struct Lease {
    pool: Pool,
    session: Option<Session>,
    is_busy: bool,
    turn: Option<OwnedSemaphorePermit>,
}

impl Lease {
    fn new(pool: &Pool, session: Session) -> Self {
        Self { pool: pool.clone(), session: Some(session), is_busy: true, turn: None }
    }

    /// Does `work`, a statement of the driver.
    pub(crate) async fn drive<'a, T, F>(
        &'a mut self,
        work: impl FnOnce(&'a Client) -> F,
    ) -> Result<T, tokio_postgres::Error>
    where
        F: Future<Output = Result<T, tokio_postgres::Error>>,
    {
        self.session().drive(work).await
    }

    /// Carries out statements that return nothing.
    pub(crate) async fn run(&mut self, statements: &str) -> Result<(), tokio_postgres::Error> {
        self.drive(|client| client.batch_execute(statements)).await
    }

    /// Ends the transaction and gives the connection back.
    pub(crate) async fn end(mut self) -> Result<()> {
        self.run("COMMIT").await.map_err(|error| failed(self.pool.shown(), error))?;
        self.is_busy = false;
        Ok(())
    }

    #[expect(clippy::expect_used, reason = "it is taken when the lease is dropped, and not before")]
    pub(crate) fn session(&mut self) -> &mut Session {
        self.session.as_mut().expect("a lease has its session until it is dropped")
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let Some(session) = self.session.take() else { return };
        if !self.is_busy {
            self.pool.give_back(session);
            return;
        }
        // Without a runtime the connection is closed: the server notices when it writes.
        let Ok(runtime) = Handle::try_current() else { return };
        let (turn, tls) = (self.turn.take(), self.pool.inner.tls.clone());
        if !session.is_over() {
            runtime.spawn(async move {
                // Whether it arrived is not told by anybody; the connection is closed in any case.
                let _ = timeout(CANCEL_WITHIN, cancel(session.cancel_token(), tls)).await;
                drop((session, turn));
            });
        }
    }
}

/// Puts together what the driver needs.
fn config(address: &Address, credentials: Credentials, tls: &Tls, connect_timeout: Duration) -> Config {
    use tokio_postgres::config::SslMode;

    let mut config = Config::new();
    config.dbname(&address.database).port(address.port).application_name("arrowlink");
    match &address.host {
        Host::Tcp(host) => config.host(host),
        Host::Unix(folder) => config.host_path(folder),
    };
    if let Some(user) = address.user.as_ref().or(credentials.user.as_ref()) {
        config.user(user);
    }
    if let Some(password) = credentials.password {
        config.password(password);
    }
    config.ssl_mode(match tls {
        Tls::None => SslMode::Disable,
        Tls::Verified(_) => SslMode::Require,
    });
    config.connect_timeout(connect_timeout).keepalives_idle(KEEPALIVE).keepalives_interval(KEEPALIVE);
    config
}

/// One state for all statements, and literals as they are written here whatever the server's settings.
const BEGIN: &str =
    "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY; SET LOCAL standard_conforming_strings = on";
/// How many connections are kept for later.
const MOST_FREE: usize = 4;
/// How long asking the server to stop a statement may take.
const CANCEL_WITHIN: Duration = Duration::from_secs(5);
/// After how long without a byte, and then how often, the network is asked whether the server is there.
const KEEPALIVE: Duration = Duration::from_secs(30);
