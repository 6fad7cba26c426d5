//! What a server serves, where, and within which limits: typed, complete, and checked before anything is opened.
//!
//! Values come from a file, the environment and flags, the later over the earlier. Reading them ([`Sources`]) is
//! apart from understanding them ([`Config::from_sources`]), which touches nothing outside its arguments:
//!
//! ```text
//! file, variables, flags -> one tree of values, each with its origin (`tree`)
//!                        -> values with types, by the one list of keys (`read`, `section`, `value`)
//!                        -> what must fit together (`rules`)
//! ```
//!
//! Nothing stops at the first problem: all that is wrong is said at once, each with the file and line, the variable
//! or the flag that it was written in.

mod dataset;
mod env;
mod file;
mod http;
mod limits;
mod problem;
mod query;
mod read;
mod read_connection;
mod read_dataset;
mod read_http;
mod rules;
mod section;
mod sources;
mod tree;
mod value;

use std::path::PathBuf;

use arrowlink_core::Name;
use arrowlink_transport::{Http2Options, ListenAddr, TlsOptions};

pub use dataset::{
    DatabaseSettings, DatasetConfig, DatasetSource, FileSettings, RemoteSettings, StoreSettings,
};
pub use http::HttpConfig;
pub use limits::Limits;
pub use problem::ConfigError;
pub use query::QueryLimits;
pub use sources::Sources;

pub(crate) use problem::Origin;
pub(crate) use read_dataset::unread;
pub(crate) use tree::{Node, Table, Value, lay_over};

/// Everything a server is told.
///
/// Programs read it from [`Sources`]; a service that embeds a server begins with the default and changes it by the
/// `with_*` setters. It says what is wanted and opens nothing: [`Server::build`](crate::Server::build) does. Every key
/// stands in `docs/configuration.md`.
///
/// # Defaults
///
/// TLS on `127.0.0.1:50051` with development certificates in `certs`, one dataset `default` of one row, uploads in
/// memory, text logs, and the [`Limits`] of their own.
///
/// ```
/// use arrowlink_server::{Config, Sources};
///
/// let file = "[server]\nread_only = true\n\n[[dataset]]\nname = 'trips'\nuri = 'trips/*.parquet'\n";
/// let config = Config::from_sources(Sources::default().with_file("/etc/arrowlink/arrowlink.toml", file))?;
/// assert!(config.read_only);
/// assert_eq!(config.datasets[0].source.to_string(), "trips/*.parquet");
/// assert_eq!(config.listen[0].to_string(), "127.0.0.1:50051");
/// # Ok::<(), arrowlink_server::ConfigError>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Config {
    /// Where it listens. Default: `127.0.0.1:50051`.
    pub listen: Vec<ListenAddr>,
    /// The folder that keeps uploads. Default: none, uploads are kept in memory and gone at the end.
    pub data_dir: Option<PathBuf>,
    /// What a read without a name reads. Default: `default`, which is one row where no dataset is called so.
    pub default: Name,
    /// Whether every write is refused. Default: no.
    pub read_only: bool,
    /// The addresses at which clients elsewhere reach this server or others of the same datasets, such as
    /// `grpc+tls://tables.example.com:443`: Flight's clients read there. Default: none, they read where they asked.
    pub public: Vec<String>,
    /// Whether TCP is plaintext, which is refused off loopback. Default: no, TCP is TLS.
    pub insecure: bool,
    /// The certificates. Default: those of development, in `certs`.
    pub tls: TlsConfig,
    /// How log lines look. Default: text.
    pub log_format: LogFormat,
    /// Which log lines are written, in the syntax of `tracing-subscriber`'s `EnvFilter`. Default: `info`.
    pub log_filter: String,
    /// The bounds of everything a client can make grow.
    pub limits: Limits,
    /// The bounds of queries.
    pub query: QueryLimits,
    /// Windows, frames and send buffer of connections. Default: [`Http2Options::for_server`].
    pub http2: Http2Options,
    /// Plain HTTP on the same port. Default: answered, to no page of another origin.
    pub http: HttpConfig,
    /// What is served beside uploads. Default: nothing but the one row.
    pub datasets: Vec<DatasetConfig>,
}

impl Config {
    /// Understands `sources`, without reading anything else.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] with every unknown key, wrong value and contradiction that was found.
    ///
    /// ```
    /// use arrowlink_server::{Config, Sources};
    ///
    /// let sources = Sources::default().with_variable("ARROWLINK__LIMITS__GRACE", "soon");
    /// assert_eq!(
    ///     Config::from_sources(sources).unwrap_err().to_string(),
    ///     "environment variable `ARROWLINK__LIMITS__GRACE`: `limits.grace`: expected a duration such as `\"30s\"` or \
    ///      `\"5min\"`, found `soon`",
    /// );
    /// ```
    pub fn from_sources(sources: Sources) -> Result<Self, ConfigError> {
        let mut problems = Vec::new();
        let schemes = sources.schemes().to_vec();
        let table = sources.into_table(&mut problems);
        let config = read::read(table, &schemes, &mut problems);
        rules::check(&config, &mut problems);
        if problems.is_empty() { Ok(config) } else { Err(ConfigError::new(problems)) }
    }

    /// Sets [`listen`](Self::listen).
    #[must_use]
    pub fn with_listen(mut self, listen: impl IntoIterator<Item = ListenAddr>) -> Self {
        self.listen = listen.into_iter().collect();
        self
    }

    /// Sets [`data_dir`](Self::data_dir).
    #[must_use]
    pub fn with_data_dir(mut self, data_dir: impl Into<PathBuf>) -> Self {
        self.data_dir = Some(data_dir.into());
        self
    }

    /// Sets [`default`](Self::default).
    #[must_use]
    pub fn with_default(mut self, default: Name) -> Self {
        self.default = default;
        self
    }

    /// Adds one of [`datasets`](Self::datasets).
    #[must_use]
    pub fn with_dataset(mut self, dataset: DatasetConfig) -> Self {
        self.datasets.push(dataset);
        self
    }

    /// Sets [`tls`](Self::tls).
    #[must_use]
    pub fn with_tls(mut self, tls: TlsConfig) -> Self {
        self.tls = tls;
        self
    }

    /// Sets [`limits`](Self::limits).
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Sets [`query`](Self::query).
    #[must_use]
    pub fn with_query(mut self, query: QueryLimits) -> Self {
        self.query = query;
        self
    }

    /// Sets [`http2`](Self::http2).
    #[must_use]
    pub const fn with_http2(mut self, http2: Http2Options) -> Self {
        self.http2 = http2;
        self
    }

    /// Sets [`http`](Self::http).
    #[must_use]
    pub fn with_http(mut self, http: HttpConfig) -> Self {
        self.http = http;
        self
    }

    /// Sets [`insecure`](Self::insecure).
    #[must_use]
    pub const fn with_insecure(mut self, insecure: bool) -> Self {
        self.insecure = insecure;
        self
    }

    /// Sets [`public`](Self::public).
    #[must_use]
    pub fn with_public<T: Into<String>>(mut self, uris: impl IntoIterator<Item = T>) -> Self {
        self.public = uris.into_iter().map(Into::into).collect();
        self
    }

    /// Sets [`read_only`](Self::read_only).
    #[must_use]
    pub const fn with_read_only(mut self, read_only: bool) -> Self {
        self.read_only = read_only;
        self
    }
}

impl Default for Config {
    fn default() -> Self {
        read::read(Table::new(), &[], &mut Vec::new())
    }
}

/// Which certificates are shown, and which are asked for.
///
/// A server on loopback alone makes certificates of development where it finds none. One that other machines can reach
/// is refused with those: it needs [`certificate`](Self::certificate), or a pair in the folder that was not made for
/// development. Unix sockets need none.
///
/// # Defaults
///
/// A development certificate authority in the folder `certs`, made where it is absent; no client certificates; buffers
/// and ciphers of [`TlsOptions::default`].
///
/// ```
/// use arrowlink_server::TlsConfig;
///
/// let tls = TlsConfig::default().with_certificate("/etc/arrowlink/tls.crt", "/etc/arrowlink/tls.key");
/// assert_eq!(tls.dir.to_str(), Some("certs"));
/// assert!(tls.certificate.is_some() && tls.client_ca.is_none());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TlsConfig {
    /// The folder of `ca.crt`, `server.crt` and `server.key`. Default: `certs`.
    pub dir: PathBuf,
    /// The server's own certificate chain and its key, PEM, instead of those in the folder. Default: none.
    pub certificate: Option<Certificate>,
    /// The authorities of client certificates, PEM: mutual TLS. Default: none is asked for.
    pub client_ca: Option<PathBuf>,
    /// Buffers and ciphers. Default: [`TlsOptions::default`].
    pub options: TlsOptions,
}

impl TlsConfig {
    /// Sets [`dir`](Self::dir).
    #[must_use]
    pub fn with_dir(mut self, dir: impl Into<PathBuf>) -> Self {
        self.dir = dir.into();
        self
    }

    /// Sets [`certificate`](Self::certificate).
    #[must_use]
    pub fn with_certificate(mut self, cert: impl Into<PathBuf>, key: impl Into<PathBuf>) -> Self {
        self.certificate = Some(Certificate { cert: cert.into(), key: key.into() });
        self
    }

    /// Sets [`client_ca`](Self::client_ca).
    #[must_use]
    pub fn with_client_ca(mut self, client_ca: impl Into<PathBuf>) -> Self {
        self.client_ca = Some(client_ca.into());
        self
    }

    /// Sets [`options`](Self::options).
    #[must_use]
    pub const fn with_options(mut self, options: TlsOptions) -> Self {
        self.options = options;
        self
    }
}

impl Default for TlsConfig {
    fn default() -> Self {
        Self {
            dir: PathBuf::from("certs"),
            certificate: None,
            client_ca: None,
            options: TlsOptions::default(),
        }
    }
}

/// The files of an operator's own certificate. Both are read at the start and at each SIGHUP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// The chain, PEM, the server's certificate first.
    pub cert: PathBuf,
    /// The private key, PEM.
    pub key: PathBuf,
}

/// How log lines on standard error look.
///
/// Both have the same fields; a call's line has `method`, `peer`, `name`, `rows`, `bytes`, `duration_ms`, `status`,
/// `request_id` and, where it failed, `error`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum LogFormat {
    /// For people: time, level, message, then fields as `key=value`.
    #[default]
    Text,
    /// For machines: one JSON object per line, its fields at the top level. The banner becomes such a line too.
    Json,
}

/// Returns the dataset that is written to where no name is given.
#[expect(clippy::expect_used, reason = "`uploads` is a name")]
pub(crate) fn uploads_name() -> Name {
    Name::new(UPLOADS).expect("`uploads` is a name")
}

/// The dataset that is read where no name is given and none is configured.
pub(crate) const DEFAULT: &str = "default";
/// The dataset that is written to where no name is given.
pub(crate) const UPLOADS: &str = "uploads";
/// Names that are taken.
pub(crate) const RESERVED: [&str; 2] = [UPLOADS, "echo"];
