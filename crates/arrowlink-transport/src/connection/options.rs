//! How a client connects and transfers.

use std::time::Duration;

use arrowlink_ipc::Limits;

use super::Authorization;
use crate::http2::Http2Options;
use crate::metadata::{DEFAULT_MESSAGE_BYTES, MOST_MESSAGE_BYTES};
use crate::pool::BlockPool;
use crate::tls::ClientTls;

/// How a [`Connection`](crate::Connection) is made.
///
/// # Defaults
///
/// No TLS, which leaves Unix sockets alone; no plaintext over TCP; 10 seconds to connect; pings every 30 seconds
/// while calls run, answered within 20; [`Http2Options::for_client`]; a pool for the connections that are made with these
/// options and their clones.
///
/// ```
/// use std::time::Duration;
/// use arrowlink_transport::ConnectOptions;
///
/// let options = ConnectOptions::default().with_connect_timeout(Duration::from_secs(3));
/// assert_eq!(options.connect_timeout, Duration::from_secs(3));
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ConnectOptions {
    /// Which servers are trusted; needed for `https`, and without effect on other addresses.
    pub tls: Option<ClientTls>,
    /// Whether `http` addresses are taken.
    pub plaintext: Plaintext,
    /// What is said of the client with each call. Default: nothing.
    pub authorization: Option<Authorization>,
    /// How long connecting may take, TLS included.
    pub connect_timeout: Duration,
    /// How often the server is pinged while calls run. Servers of other makers end connections that ping without calls.
    pub keep_alive_interval: Duration,
    /// How long the answer to a ping may take before the connection is given up.
    pub keep_alive_timeout: Duration,
    /// Windows, frames and send buffer.
    pub http2: Http2Options,
    /// Where messages of the server are received, those of all calls.
    pub pool: BlockPool,
}

impl ConnectOptions {
    /// Sets [`tls`](Self::tls).
    #[must_use]
    pub fn with_tls(mut self, tls: ClientTls) -> Self {
        self.tls = Some(tls);
        self
    }

    /// Sets [`plaintext`](Self::plaintext).
    #[must_use]
    pub const fn with_plaintext(mut self, plaintext: Plaintext) -> Self {
        self.plaintext = plaintext;
        self
    }

    /// Sets [`authorization`](Self::authorization).
    #[must_use]
    pub fn with_authorization(mut self, authorization: Authorization) -> Self {
        self.authorization = Some(authorization);
        self
    }

    /// Sets [`connect_timeout`](Self::connect_timeout).
    #[must_use]
    pub const fn with_connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// Sets [`keep_alive_interval`](Self::keep_alive_interval) and [`keep_alive_timeout`](Self::keep_alive_timeout).
    #[must_use]
    pub const fn with_keep_alive(mut self, interval: Duration, timeout: Duration) -> Self {
        self.keep_alive_interval = interval;
        self.keep_alive_timeout = timeout;
        self
    }

    /// Sets [`http2`](Self::http2).
    #[must_use]
    pub const fn with_http2(mut self, http2: Http2Options) -> Self {
        self.http2 = http2;
        self
    }

    /// Sets [`pool`](Self::pool).
    #[must_use]
    pub fn with_pool(mut self, pool: BlockPool) -> Self {
        self.pool = pool;
        self
    }
}

impl Default for ConnectOptions {
    fn default() -> Self {
        Self {
            tls: None,
            plaintext: Plaintext::Refused,
            authorization: None,
            connect_timeout: Duration::from_secs(10),
            keep_alive_interval: Duration::from_secs(30),
            keep_alive_timeout: Duration::from_secs(20),
            http2: Http2Options::for_client(),
            pool: BlockPool::default(),
        }
    }
}

/// Whether a client takes `http` addresses.
///
/// ```
/// use arrowlink_transport::{ConnectOptions, Plaintext};
///
/// assert_eq!(ConnectOptions::default().plaintext, Plaintext::Refused);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Plaintext {
    /// It does not.
    #[default]
    Refused,
    /// It does where the host is this machine.
    Loopback,
}

/// How one dataset is transferred, or one function called.
///
/// # Defaults
///
/// Messages of at most 256 MiB are received; of at most 4 MiB are sent by the small service, which every gRPC server
/// takes, and of at most 256 MiB by Flight, which is what an ArrowLink server takes; the other side may do nothing for
/// 120 seconds.
///
/// ```
/// use arrowlink_transport::TransferOptions;
///
/// let options = TransferOptions::default().with_max_message_bytes(16 << 20);
/// assert_eq!(options.limits.max_message_bytes, 16 << 20);
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct TransferOptions {
    /// The largest message that is received, framing included, in bytes; the server is told and cuts its messages by it.
    pub max_message_bytes: usize,
    /// The largest message that is sent, framing included, in bytes; larger batches are cut. A row that is larger is an
    /// error before it is sent. `None` is the default of the protocol; more than 2 GiB less one byte counts as that.
    pub max_send_bytes: Option<usize>,
    /// What a received payload may take when it is decoded.
    pub limits: Limits,
    /// How long the server may neither send nor take anything. Time in which this side makes the next rows, or has not
    /// asked for any, does not count.
    pub idle_timeout: Duration,
}

impl TransferOptions {
    /// Sets [`max_message_bytes`](Self::max_message_bytes), and the same in [`limits`](Self::limits).
    #[must_use]
    pub const fn with_max_message_bytes(mut self, bytes: usize) -> Self {
        self.max_message_bytes = bytes;
        self.limits = self
            .limits
            .with_max_message_bytes(bytes)
            .with_max_decompressed_bytes(bytes)
            .with_max_dictionary_bytes(bytes);
        self
    }

    /// Sets [`max_send_bytes`](Self::max_send_bytes).
    #[must_use]
    pub const fn with_max_send_bytes(mut self, bytes: usize) -> Self {
        self.max_send_bytes = Some(bytes);
        self
    }

    /// Sets [`limits`](Self::limits).
    #[must_use]
    pub const fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Sets [`idle_timeout`](Self::idle_timeout).
    #[must_use]
    pub const fn with_idle_timeout(mut self, timeout: Duration) -> Self {
        self.idle_timeout = timeout;
        self
    }

    /// What messages of the small service may take.
    pub(crate) fn max_payload_bytes(&self) -> usize {
        self.max_send_bytes.unwrap_or(DEFAULT_MESSAGE_BYTES).min(MOST_MESSAGE_BYTES)
    }

    /// What messages of Flight may take.
    pub(crate) fn max_flight_bytes(&self) -> usize {
        self.max_send_bytes.unwrap_or(256 << 20).min(MOST_MESSAGE_BYTES)
    }
}

impl Default for TransferOptions {
    fn default() -> Self {
        Self {
            max_message_bytes: 256 << 20,
            max_send_bytes: None,
            limits: Limits::default(),
            idle_timeout: Duration::from_secs(120),
        }
    }
}
