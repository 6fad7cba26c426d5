//! How object stores are reached, and which one a URI is in.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use arrowlink_core::{Error, ErrorKind, Result};
use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use object_store::azure::{AzureConfigKey, MicrosoftAzureBuilder};
use object_store::gcp::GoogleCloudStorageBuilder;
use object_store::http::HttpBuilder;
use object_store::{BackoffConfig, ClientOptions, ObjectStore, RetryConfig};

/// How the object store of one dataset is reached.
///
/// Without any of it, everything comes from the environment, under the names that the tools of each store use:
/// `AWS_ACCESS_KEY_ID`, `AWS_REGION`, `GOOGLE_APPLICATION_CREDENTIALS`, `AZURE_STORAGE_ACCOUNT_NAME` and so on.
///
/// # Defaults
///
/// The store's own address, over TLS; credentials of the environment or of the machine; 5 repetitions within 30
/// seconds.
///
/// ```
/// use arrowlink_query::{FileOptions, StoreOptions};
///
/// let store = StoreOptions::default().with_endpoint("https://minio.example:9000").with_region("eu-central-1");
/// assert!(!FileOptions::default().with_store(store).store.allow_http);
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct StoreOptions {
    /// The address of the store, `https://host:port`. Default: the one of the environment, or the provider's.
    pub endpoint: Option<String>,
    /// The region of the bucket. Default: the one of the environment.
    pub region: Option<String>,
    /// Whether the store may be asked without TLS. Default: no.
    pub allow_http: bool,
    /// A file with the credentials: for `gs://` the key of a service account, JSON; for `s3://` and `az://` lines such as
    /// `aws_access_key_id = ...` or `azure_storage_account_key = ...`. Default: those of the environment.
    pub credentials: Option<PathBuf>,
    /// Whether requests are not signed at all, for buckets that everybody may read. Default: they are signed.
    pub anonymous: bool,
    /// How often a request that failed is repeated. Default: 5.
    pub max_retries: usize,
    /// How long one request is repeated at most. Default: 30 seconds.
    pub retry_timeout: Duration,
    /// How long a store that did not answer, or had no such file, is left alone before it is asked again, as long as it
    /// has never answered. Default: 5 seconds.
    pub pause: Duration,
}

impl StoreOptions {
    /// Sets [`endpoint`](Self::endpoint).
    #[must_use]
    pub fn with_endpoint(mut self, endpoint: impl Into<String>) -> Self {
        self.endpoint = Some(endpoint.into());
        self
    }

    /// Sets [`region`](Self::region).
    #[must_use]
    pub fn with_region(mut self, region: impl Into<String>) -> Self {
        self.region = Some(region.into());
        self
    }

    /// Sets [`allow_http`](Self::allow_http).
    #[must_use]
    pub const fn with_allow_http(mut self, allow: bool) -> Self {
        self.allow_http = allow;
        self
    }

    /// Sets the file that has the credentials.
    #[must_use]
    pub fn with_credentials(mut self, file: impl Into<PathBuf>) -> Self {
        self.credentials = Some(file.into());
        self
    }

    /// Sets [`anonymous`](Self::anonymous).
    #[must_use]
    pub const fn with_anonymous(mut self, anonymous: bool) -> Self {
        self.anonymous = anonymous;
        self
    }

    /// Sets [`max_retries`](Self::max_retries) and [`retry_timeout`](Self::retry_timeout).
    #[must_use]
    pub const fn with_retries(mut self, most: usize, within: Duration) -> Self {
        self.max_retries = most;
        self.retry_timeout = within;
        self
    }

    /// Sets [`pause`](Self::pause).
    #[must_use]
    pub const fn with_pause(mut self, pause: Duration) -> Self {
        self.pause = pause;
        self
    }

    fn client(&self) -> ClientOptions {
        ClientOptions::new()
            .with_allow_http(self.allow_http)
            .with_connect_timeout(CONNECT_TIMEOUT)
            .with_timeout(REQUEST_TIMEOUT)
    }

    fn retry(&self) -> RetryConfig {
        let backoff = BackoffConfig { init_backoff: FIRST_BACKOFF, max_backoff: MOST_BACKOFF, base: 2.0 };
        RetryConfig { backoff, max_retries: self.max_retries, retry_timeout: self.retry_timeout }
    }

    /// Reads the lines `key = value` of the file of credentials; others are passed over, as in files of profiles.
    fn credentials(&self) -> Result<Vec<(String, String)>> {
        let Some(file) = &self.credentials else { return Ok(Vec::new()) };
        let text = std::fs::read_to_string(file).map_err(|error| {
            let text = format!("the credentials `{}` cannot be read", file.display());
            Error::new(ErrorKind::NotFound, text).with_source(error)
        })?;
        let pairs = text.lines().filter_map(|line| line.split_once('='));
        Ok(pairs.map(|(key, value)| (key.trim().to_ascii_lowercase(), value.trim().to_owned())).collect())
    }
}

impl Default for StoreOptions {
    fn default() -> Self {
        Self {
            endpoint: None,
            region: None,
            allow_http: false,
            credentials: None,
            anonymous: false,
            max_retries: 10,
            retry_timeout: Duration::from_secs(30),
            pause: Duration::from_secs(5),
        }
    }
}

/// Returns the store that `uri` is in, what it is called, and the path in it; `None` for paths of this machine.
///
/// Nothing is asked of it yet.
pub(crate) fn opened<'a>(uri: &'a str, options: &StoreOptions) -> Result<Option<Opened<'a>>> {
    let Some((scheme, rest)) = uri.split_once("://") else { return Ok(None) };
    let host_end = rest.find('/').unwrap_or(rest.len());
    let (host, path) = rest.split_at(host_end);
    let origin = uri.get(..scheme.len() + 3 + host_end).unwrap_or(uri);
    let path = path.trim_start_matches('/');
    check_address(origin, options)?;
    let store = match scheme {
        "s3" => s3(host, options)?,
        "gs" => gs(host, options)?,
        "az" | "abfs" | "abfss" => azure(origin, host, options)?,
        "http" | "https" => web(uri, origin, options)?,
        _ => return Ok(None),
    };
    let store = store.map_err(|error| {
        let text = format!("the store of `{uri}` cannot be used with these settings");
        Error::new(ErrorKind::InvalidArgument, text).with_source(error)
    })?;
    Ok(Some((origin, path, store)))
}

/// Refuses an address that is none, and one without TLS where that is not allowed.
fn check_address(origin: &str, options: &StoreOptions) -> Result<()> {
    let asked = if origin.starts_with("http") { Some(origin) } else { options.endpoint.as_deref() };
    let Some(asked) = asked else { return Ok(()) };
    let text = match asked.split_once("://") {
        Some(("https", _)) => return Ok(()),
        Some(("http", _)) if options.allow_http => return Ok(()),
        Some(("http", _)) => {
            format!("`{asked}` would be asked without TLS: write `https://`, or set `allow_http`")
        }
        _ => format!("`{asked}` is not the address of a store: write `https://host:port`"),
    };
    Err(Error::new(ErrorKind::InvalidArgument, text))
}

/// What a store is called, the path in it, and the store.
pub(crate) type Opened<'a> = (&'a str, &'a str, Arc<dyn ObjectStore>);

type Built = object_store::Result<Arc<dyn ObjectStore>>;

fn s3(bucket: &str, options: &StoreOptions) -> Result<Built> {
    let mut builder = AmazonS3Builder::from_env()
        .with_bucket_name(bucket)
        .with_retry(options.retry())
        .with_client_options(options.client())
        .with_allow_http(options.allow_http);
    if let Some(endpoint) = &options.endpoint {
        builder = builder.with_endpoint(endpoint);
    }
    if let Some(region) = &options.region {
        builder = builder.with_region(region);
    }
    if options.anonymous {
        builder = builder.with_skip_signature(true);
    }
    for (key, value) in options.credentials()? {
        builder = builder.with_config(known::<AmazonS3ConfigKey>(&key, options)?, value);
    }
    Ok(builder.build().map(|store| Arc::new(store) as _))
}

fn gs(bucket: &str, options: &StoreOptions) -> Result<Built> {
    let mut builder = GoogleCloudStorageBuilder::from_env()
        .with_bucket_name(bucket)
        .with_retry(options.retry())
        .with_client_options(options.client());
    if let Some(endpoint) = &options.endpoint {
        builder = builder.with_base_url(endpoint);
    }
    if options.anonymous {
        builder = builder.with_skip_signature(true);
    }
    if let Some(file) = &options.credentials {
        builder = builder.with_service_account_path(file.to_string_lossy());
    }
    Ok(builder.build().map(|store| Arc::new(store) as _))
}

/// `az://CONTAINER`, with the account of the environment, or `abfs://CONTAINER@ACCOUNT.dfs.core.windows.net`.
fn azure(origin: &str, host: &str, options: &StoreOptions) -> Result<Built> {
    let builder = MicrosoftAzureBuilder::from_env();
    let mut builder =
        if host.contains('@') { builder.with_url(origin) } else { builder.with_container_name(host) };
    builder = builder
        .with_retry(options.retry())
        .with_client_options(options.client())
        .with_allow_http(options.allow_http);
    if let Some(endpoint) = &options.endpoint {
        builder = builder.with_endpoint(endpoint.clone());
    }
    if options.anonymous {
        builder = builder.with_skip_signature(true);
    }
    for (key, value) in options.credentials()? {
        builder = builder.with_config(known::<AzureConfigKey>(&key, options)?, value);
    }
    Ok(builder.build().map(|store| Arc::new(store) as _))
}

/// One file of a web server, which has no listing.
fn web(uri: &str, origin: &str, options: &StoreOptions) -> Result<Built> {
    if uri.contains('?') {
        let text = format!("`{uri}`: a query is not sent to a web server, leave `?` out");
        return Err(Error::new(ErrorKind::Unsupported, text));
    }
    let builder = HttpBuilder::new().with_url(origin).with_retry(options.retry());
    Ok(builder.with_client_options(options.client()).build().map(|store| Arc::new(store) as _))
}

/// Finds what a line of the file of credentials sets; its value is not repeated.
fn known<K: std::str::FromStr>(key: &str, options: &StoreOptions) -> Result<K> {
    key.parse().map_err(|_| {
        let file = options.credentials.as_deref().unwrap_or_else(|| "".as_ref()).display();
        Error::new(ErrorKind::InvalidArgument, format!("`{file}`: this store has no setting `{key}`"))
    })
}

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long one answer may take, its body included; files are asked for in pieces of a few megabytes.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(60);
const FIRST_BACKOFF: Duration = Duration::from_millis(100);
const MOST_BACKOFF: Duration = Duration::from_secs(5);
