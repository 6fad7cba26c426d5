//! One dataset that is served from somewhere: its name, where its rows are, and how they are read.

use std::fmt;
use std::path::{Path, PathBuf};

use arrow_schema::SchemaRef;
use arrowlink_core::Name;

/// A dataset and where its rows are.
///
/// Files are read at each call and never loaded whole; a pinned dataset is read once, at the start, and answered from
/// memory. Nothing that is configured can be written to.
///
/// ```
/// use arrowlink_server::{DatasetConfig, DatasetSource};
///
/// let dataset = DatasetConfig::new("readings".parse()?, "demo://?rows=1000");
/// assert!(matches!(dataset.source, DatasetSource::Demo(_)));
/// # Ok::<(), arrowlink_core::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DatasetConfig {
    /// The name it is served under.
    pub name: Name,
    /// Where its rows are.
    pub source: DatasetSource,
    /// Whether it is loaded once at the start and kept in memory. Default: no, it is read at each call.
    pub pin: bool,
    /// How its files are read.
    pub files: FileSettings,
    /// How the object store is reached that its files are in.
    pub store: StoreSettings,
    /// How the server is reached that has it.
    pub remote: RemoteSettings,
    /// Of a database: what is read of it.
    pub database: DatabaseSettings,
}

impl DatasetConfig {
    /// Serves `uri` as `name`; a relative path starts from the working directory.
    pub fn new(name: Name, uri: &str) -> Self {
        let source = DatasetSource::new(uri, Path::new(""));
        let (files, store) = (FileSettings::default(), StoreSettings::default());
        let (remote, database) = (RemoteSettings::default(), DatabaseSettings::default());
        Self { name, source, pin: false, files, store, remote, database }
    }

    /// Sets [`pin`](Self::pin).
    #[must_use]
    pub const fn with_pin(mut self, pin: bool) -> Self {
        self.pin = pin;
        self
    }

    /// Says whether `name` may be one of those that it serves: a section of TPC-H or of a database serves many.
    pub(crate) fn serves(&self, name: &Name) -> bool {
        let is_table =
            || name.as_str().strip_prefix(self.name.as_str()).is_some_and(|rest| rest.starts_with('.'));
        let is_many = matches!(self.source, DatasetSource::Tpch(_) | DatasetSource::Postgres(_));
        *name == self.name || is_many && is_table()
    }

    /// Sets [`store`](Self::store).
    #[must_use]
    pub fn with_store(mut self, store: StoreSettings) -> Self {
        self.store = store;
        self
    }

    /// Sets [`remote`](Self::remote).
    #[must_use]
    pub fn with_remote(mut self, remote: RemoteSettings) -> Self {
        self.remote = remote;
        self
    }

    /// Sets [`database`](Self::database).
    #[must_use]
    pub fn with_database(mut self, database: DatabaseSettings) -> Self {
        self.database = database;
        self
    }

    /// Sets [`files`](Self::files).
    #[must_use]
    pub fn with_files(mut self, files: FileSettings) -> Self {
        self.files = files;
        self
    }
}

/// Where the rows of a dataset are.
///
/// Its text is what was configured: `data/trips/*.parquet`, `demo://?rows=1000&seed=7`. A relative path starts from the
/// folder of the file that it was written in, or from the working directory.
///
/// ```
/// use arrowlink_server::{Config, DatasetSource, Sources};
///
/// let file = "[[dataset]]\nname = 'trips'\nuri = 'trips/*.parquet'\n";
/// let config = Config::from_sources(Sources::default().with_file("/etc/arrowlink/arrowlink.toml", file))?;
/// let DatasetSource::Files { uris, base_dir } = &config.datasets[0].source else { panic!("files") };
/// assert_eq!((uris[0].as_str(), base_dir.to_str()), ("trips/*.parquet", Some("/etc/arrowlink")));
/// # Ok::<(), arrowlink_server::ConfigError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DatasetSource {
    /// A file, a folder, a glob or a `file://` URI of this machine, or such a URI of an object store: `s3://`, `gs://`,
    /// `az://`, `abfs://`; or one file of a web server: `https://`; or several of one of these, as one table.
    Files {
        /// As they were written; there is at least one.
        uris: Vec<String>,
        /// The folder that relative paths start from.
        base_dir: PathBuf,
    },
    /// Generated rows: `demo://?rows=N&seed=S`.
    Demo(String),
    /// The tables of TPC-H, generated: `tpch://sf=1` for all eight of them, `tpch://sf=1/orders` for one.
    Tpch(String),
    /// A table of PostgreSQL, `postgres://user@host/database/schema.table`, or without a table all of them. It takes the
    /// crate feature `postgres`.
    Postgres(String),
    /// A URI of a scheme that somebody registered, see [`Schemes`](crate::Schemes).
    Other {
        /// As it was written.
        uri: String,
        /// The folder that relative paths start from.
        base_dir: PathBuf,
    },
}

impl DatasetSource {
    /// Takes `uri` as it was written; whether anything reads it is checked where it is read.
    pub(super) fn new(uri: &str, base_dir: &Path) -> Self {
        let (uri, base_dir) = (uri.to_owned(), base_dir.to_path_buf());
        match uri.split_once("://") {
            Some(("demo", _)) => Self::Demo(uri),
            Some(("tpch", _)) => Self::Tpch(uri),
            Some((scheme, _)) if POSTGRES_SCHEMES.contains(&scheme) => Self::Postgres(uri),
            None => Self::Files { uris: vec![uri], base_dir },
            Some((scheme, _)) if FILE_SCHEMES.contains(&scheme) => Self::Files { uris: vec![uri], base_dir },
            Some(_) => Self::Other { uri, base_dir },
        }
    }

    /// Returns the scheme of a URI that is left to [`Schemes`](crate::Schemes).
    pub(crate) fn other_scheme(&self) -> Option<&str> {
        match self {
            Self::Other { uri, .. } => uri.split_once("://").map(|(scheme, _)| scheme),
            Self::Files { .. } | Self::Demo(_) | Self::Tpch(_) | Self::Postgres(_) => None,
        }
    }
}

impl fmt::Display for DatasetSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Files { uris, .. } => f.write_str(&uris.join(", ")),
            Self::Other { uri, .. } | Self::Demo(uri) | Self::Tpch(uri) | Self::Postgres(uri) => {
                f.write_str(uri)
            }
        }
    }
}

/// How the files of a dataset are read. Everything that is `None` is found out from the files.
///
/// In `arrowlink.toml` these are keys of the `[[dataset]]`; a schema is written as `pyarrow` prints it:
///
/// ```
/// use arrow_schema::DataType;
/// use arrowlink_server::{Config, Sources};
///
/// let file = r#"
///     [[dataset]]
///     name = "weather"
///     uri = "weather.csv"
///     delimiter = ";"
///     schema = ["station: string not null", "at: timestamp[ms, UTC]", "celsius: double"]
/// "#;
/// let config = Config::from_sources(Sources::default().with_file("arrowlink.toml", file))?;
/// let files = &config.datasets[0].files;
/// assert_eq!(files.delimiter, Some(b';'));
/// let schema = files.schema.as_ref().unwrap();
/// assert!(!schema.field(0).is_nullable());
/// assert_eq!(schema.field(2).data_type(), &DataType::Float64);
/// # Ok::<(), arrowlink_server::ConfigError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct FileSettings {
    /// `parquet`, `csv`, `json` or `arrow`. Default: what the extensions say.
    pub format: Option<String>,
    /// The columns of CSV and JSON. Default: inferred from the first `sample_bytes`.
    pub schema: Option<SchemaRef>,
    /// The byte between two values of CSV. Default: a comma, in `.tsv` files a tab.
    pub delimiter: Option<u8>,
    /// Whether the first row of CSV has the names of the columns. Default: it has.
    pub header: Option<bool>,
    /// The byte that quotes a value of CSV. Default: `"`.
    pub quote: Option<u8>,
    /// The byte that takes its meaning from the next one within quotes. Default: none, a quote is doubled.
    pub escape: Option<u8>,
    /// The most rows of a batch. Default: 8,192.
    pub batch_rows: Option<u32>,
    /// How many bytes of CSV or JSON a schema is inferred from. Default: 8 MiB.
    pub sample_bytes: Option<u64>,
    /// The longest JSON object that is a row, in bytes. Default: 64 MiB.
    pub max_row_bytes: Option<u64>,
}

impl FileSettings {
    /// Sets [`schema`](Self::schema).
    #[must_use]
    pub fn with_schema(mut self, schema: SchemaRef) -> Self {
        self.schema = Some(schema);
        self
    }
}

/// How an object store is reached. Everything that is `None` comes from the environment, by the names that the tools of
/// each store use: `AWS_ACCESS_KEY_ID`, `GOOGLE_APPLICATION_CREDENTIALS`, `AZURE_STORAGE_ACCOUNT_NAME`.
///
/// ```
/// use arrowlink_server::{Config, Sources};
///
/// let file = r#"
///     [[dataset]]
///     name = "trips"
///     uri = "s3://lake/trips/*.parquet"
///     endpoint = "https://minio.example:9000"
///     credentials = "minio.credentials"
/// "#;
/// let config = Config::from_sources(Sources::default().with_file("/etc/arrowlink/arrowlink.toml", file))?;
/// let credentials = config.datasets[0].store.credentials.as_deref().and_then(|path| path.to_str());
/// assert_eq!(credentials, Some("/etc/arrowlink/minio.credentials"));
/// # Ok::<(), arrowlink_server::ConfigError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct StoreSettings {
    /// The address of the store. Default: that of its provider.
    pub endpoint: Option<String>,
    /// The region of the bucket.
    pub region: Option<String>,
    /// Whether it may be asked without TLS. Default: no.
    pub allow_http: bool,
    /// Whether requests are not signed. Default: they are.
    pub anonymous: bool,
    /// A file with the credentials.
    pub credentials: Option<PathBuf>,
}

/// How another server is reached.
///
/// ```
/// use arrowlink_server::RemoteSettings;
///
/// assert!(!RemoteSettings::default().insecure);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RemoteSettings {
    /// The certificate authority that signed its certificate, PEM.
    pub ca: Option<PathBuf>,
    /// The certificate that is shown to it, PEM, and its key.
    pub identity: Option<(PathBuf, PathBuf)>,
    /// A file with the token that is sent to it with each call, and to no other server. Default: none.
    pub token_file: Option<PathBuf>,
    /// Whether it may be reached without TLS, on this machine. Default: no.
    pub insecure: bool,
}

/// What of a database is read, and over how many connections.
///
/// ```
/// use arrowlink_server::{Config, Sources};
///
/// let file = r#"
///     [[dataset]]
///     name = "late"
///     uri = "postgres://reader@db.example/shop"
///     query = "select * from orders where late"
///     max_connections = 4
/// "#;
/// let config = Config::from_sources(Sources::default().with_file("arrowlink.toml", file))?;
/// assert_eq!(config.datasets[0].database.max_connections, Some(4));
/// # Ok::<(), arrowlink_server::ConfigError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct DatabaseSettings {
    /// A query whose rows are the dataset's. Default: none, the URI names a table.
    pub query: Option<String>,
    /// The most connections at a time. Default: 16.
    pub max_connections: Option<u32>,
}

/// The schemes of PostgreSQL.
pub(super) const POSTGRES_SCHEMES: [&str; 2] = ["postgres", "postgresql"];
/// The schemes of files, on this machine and in stores.
pub(super) const FILE_SCHEMES: [&str; 8] = ["file", "s3", "gs", "az", "abfs", "abfss", "https", "http"];
