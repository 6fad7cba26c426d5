//! How a database is reached, and what of it is read.

use std::path::PathBuf;
use std::time::Duration;

/// How a database is reached, and what of it is read.
///
/// ```
/// use arrowlink_postgres::PostgresOptions;
///
/// let options = PostgresOptions::default().with_ca("ca.crt").with_max_connections(4);
/// assert_eq!(options.max_connections, 4);
/// assert!(!options.insecure);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PostgresOptions {
    /// A file with lines `user = name` and `password = secret`. Default: none, the variable `PGPASSWORD` is used.
    pub credentials: Option<PathBuf>,
    /// The certificate authority that signed the server's certificate, PEM. Default: those that this machine trusts.
    pub ca: Option<PathBuf>,
    /// The certificate that is shown to the server, PEM, and its key. Default: none.
    pub identity: Option<(PathBuf, PathBuf)>,
    /// Whether a server on this machine may be asked without TLS. Default: no. A Unix socket needs none.
    pub insecure: bool,
    /// A query whose rows are read in the place of a table's. Default: none.
    pub query: Option<String>,
    /// The most connections at a time. Default: 16.
    pub max_connections: usize,
    /// How long a read waits for one of them. Default: 60 seconds.
    pub max_wait: Duration,
    /// How long connecting may take, with TLS and signing in. Default: 10 seconds.
    pub connect_timeout: Duration,
}

impl Default for PostgresOptions {
    fn default() -> Self {
        Self {
            credentials: None,
            ca: None,
            identity: None,
            insecure: false,
            query: None,
            max_connections: 16,
            max_wait: Duration::from_secs(60),
            connect_timeout: Duration::from_secs(10),
        }
    }
}

impl PostgresOptions {
    /// Sets [`credentials`](Self::credentials).
    #[must_use]
    pub fn with_credentials(mut self, file: impl Into<PathBuf>) -> Self {
        self.credentials = Some(file.into());
        self
    }

    /// Sets [`ca`](Self::ca).
    #[must_use]
    pub fn with_ca(mut self, file: impl Into<PathBuf>) -> Self {
        self.ca = Some(file.into());
        self
    }

    /// Sets [`identity`](Self::identity).
    #[must_use]
    pub fn with_identity(mut self, cert: impl Into<PathBuf>, key: impl Into<PathBuf>) -> Self {
        self.identity = Some((cert.into(), key.into()));
        self
    }

    /// Sets [`insecure`](Self::insecure).
    #[must_use]
    pub const fn with_insecure(mut self, insecure: bool) -> Self {
        self.insecure = insecure;
        self
    }

    /// Sets [`query`](Self::query).
    #[must_use]
    pub fn with_query(mut self, query: impl Into<String>) -> Self {
        self.query = Some(query.into());
        self
    }

    /// Sets [`max_connections`](Self::max_connections); 0 is as 1.
    #[must_use]
    pub const fn with_max_connections(mut self, connections: usize) -> Self {
        self.max_connections = connections;
        self
    }

    /// Sets [`max_wait`](Self::max_wait).
    #[must_use]
    pub const fn with_max_wait(mut self, wait: Duration) -> Self {
        self.max_wait = wait;
        self
    }

    /// Sets [`connect_timeout`](Self::connect_timeout).
    #[must_use]
    pub const fn with_connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }
}
