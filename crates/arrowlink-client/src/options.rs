//! How a client connects, transfers and repeats.

use std::path::PathBuf;
use std::time::Duration;

use arrowlink_core::Result;
use arrowlink_transport::{
    Authorization, ClientTls, ConnectOptions, Http2Options, Plaintext, TlsOptions, TransferOptions,
};

use crate::RetryOptions;

/// Options of a [`Client`](crate::Client).
///
/// # Defaults
///
/// No CA, which leaves Unix sockets alone; 10 seconds to connect; 120 seconds in which the server does nothing;
/// messages of at most 256 MiB; [`Http2Options::for_client`], [`TlsOptions::default`] and [`RetryOptions::default`].
///
/// ```
/// use std::time::Duration;
/// use arrowlink_client::ClientOptions;
///
/// let options = ClientOptions::default().with_ca_file("certs/ca.crt").with_connect_timeout(Duration::from_secs(3));
/// assert_eq!(options.idle_timeout, Duration::from_secs(120));
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ClientOptions {
    /// The certificate of the CA that signed the server's, needed for `https`. Default: none.
    pub ca_file: Option<PathBuf>,
    /// Certificate and key that are shown to a server that asks for them. Default: none.
    pub identity: Option<(PathBuf, PathBuf)>,
    /// What is said of the client with each call, for servers that want to know who asks. Default: nothing.
    pub authorization: Option<Authorization>,
    /// Whether `http` addresses are taken. Default: no.
    pub plaintext: Plaintext,
    /// How long connecting may take, TLS included. Default: 10 seconds.
    pub connect_timeout: Duration,
    /// How long the server may neither send nor take anything in the middle of a call. Default: 120 seconds.
    pub idle_timeout: Duration,
    /// The largest message that is received, in bytes; the server is told. Default: 256 MiB.
    pub max_message_bytes: usize,
    /// Windows, frames and send buffer of connections. Default: [`Http2Options::for_client`].
    pub http2: Http2Options,
    /// Buffers and ciphers of `https`. Default: [`TlsOptions::default`].
    pub tls: TlsOptions,
    /// The largest message that is sent, framing included, in bytes; larger batches are cut. A server that is not
    /// ArrowLink may take less than the default: gRPC's own is 4 MiB.
    pub max_send_bytes: usize,
    /// How reads are repeated.
    pub retry: RetryOptions,
}

impl ClientOptions {
    /// Sets [`ca_file`](Self::ca_file).
    #[must_use]
    pub fn with_ca_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.ca_file = Some(path.into());
        self
    }

    /// Sets [`identity`](Self::identity).
    #[must_use]
    pub fn with_identity(mut self, cert: impl Into<PathBuf>, key: impl Into<PathBuf>) -> Self {
        self.identity = Some((cert.into(), key.into()));
        self
    }

    /// Sets [`authorization`](Self::authorization).
    ///
    /// ```
    /// use arrowlink_client::{Authorization, ClientOptions};
    ///
    /// let options = ClientOptions::default().with_authorization(Authorization::bearer("open-sesame")?);
    /// assert!(!format!("{options:?}").contains("sesame"));
    /// # Ok::<(), arrowlink_core::Error>(())
    /// ```
    #[must_use]
    pub fn with_authorization(mut self, authorization: Authorization) -> Self {
        self.authorization = Some(authorization);
        self
    }

    /// Sets [`plaintext`](Self::plaintext).
    #[must_use]
    pub const fn with_plaintext(mut self, plaintext: Plaintext) -> Self {
        self.plaintext = plaintext;
        self
    }

    /// Sets [`connect_timeout`](Self::connect_timeout).
    #[must_use]
    pub const fn with_connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// Sets [`idle_timeout`](Self::idle_timeout).
    #[must_use]
    pub const fn with_idle_timeout(mut self, timeout: Duration) -> Self {
        self.idle_timeout = timeout;
        self
    }

    /// Sets [`max_message_bytes`](Self::max_message_bytes).
    #[must_use]
    pub const fn with_max_message_bytes(mut self, bytes: usize) -> Self {
        self.max_message_bytes = bytes;
        self
    }

    /// Sets [`http2`](Self::http2).
    ///
    /// ```
    /// use arrowlink_client::{ClientOptions, Http2Options};
    ///
    /// // For 10 Gbit/s and 100 milliseconds there and back, 125 MB are on their way at a time.
    /// let far = Http2Options::for_client().with_windows(128 << 20, 256 << 20);
    /// assert_eq!(ClientOptions::default().with_http2(far).http2.stream_window_bytes(), 128 << 20);
    /// ```
    #[must_use]
    pub const fn with_http2(mut self, http2: Http2Options) -> Self {
        self.http2 = http2;
        self
    }

    /// Sets [`tls`](Self::tls).
    #[must_use]
    pub const fn with_tls(mut self, tls: TlsOptions) -> Self {
        self.tls = tls;
        self
    }

    /// Sets [`max_send_bytes`](Self::max_send_bytes).
    #[must_use]
    pub const fn with_max_send_bytes(mut self, bytes: usize) -> Self {
        self.max_send_bytes = bytes;
        self
    }

    /// Sets [`retry`](Self::retry).
    #[must_use]
    pub const fn with_retry(mut self, retry: RetryOptions) -> Self {
        self.retry = retry;
        self
    }

    /// Reads the certificates. Connections made later use what was in the files now.
    pub(crate) fn connect_options(&self) -> Result<ConnectOptions> {
        let mut options = ConnectOptions::default()
            .with_plaintext(self.plaintext)
            .with_connect_timeout(self.connect_timeout)
            .with_http2(self.http2);
        options.authorization.clone_from(&self.authorization);
        let tls = match (&self.ca_file, &self.identity) {
            (Some(ca), Some((cert, key))) => ClientTls::with_identity(ca, cert, key)?,
            (Some(ca), None) => ClientTls::from_ca_file(ca)?,
            (None, _) => return Ok(options),
        };
        Ok(options.with_tls(tls.with_options(self.tls)?))
    }

    pub(crate) fn transfer_options(&self) -> TransferOptions {
        TransferOptions::default()
            .with_max_message_bytes(self.max_message_bytes)
            .with_max_send_bytes(self.max_send_bytes)
            .with_idle_timeout(self.idle_timeout)
    }
}

impl Default for ClientOptions {
    fn default() -> Self {
        Self {
            ca_file: None,
            identity: None,
            authorization: None,
            plaintext: Plaintext::Refused,
            connect_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(120),
            max_message_bytes: 256 << 20,
            max_send_bytes: 256 << 20,
            http2: Http2Options::for_client(),
            tls: TlsOptions::default(),
            retry: RetryOptions::default(),
        }
    }
}
