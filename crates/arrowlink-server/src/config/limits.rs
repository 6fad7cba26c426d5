//! The bounds of everything that clients can make grow or last.

use std::time::Duration;

/// How much of each thing there may be, and how long each thing may take.
///
/// What waits for a turn ends as `Unavailable` after [`max_wait`](Self::max_wait); what is larger than it may be ends as
/// `LimitExceeded`, with the limit, the size and the key that raises it.
///
/// # Defaults
///
/// Those of the fields; a server with them can be put on a network of strangers. What one client can make the server
/// hold is a message for each of its writes and two for each of its reads, and a row group for a read of files.
///
/// ```
/// use std::time::Duration;
/// use arrowlink_server::Limits;
///
/// let limits = Limits::default().with_max_connections(64).with_grace(Duration::from_secs(5));
/// assert_eq!(limits.max_message_bytes, 256 * 1024 * 1024);
/// assert_eq!(limits.max_connections, 64);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// The largest message that is taken or sent, framing included, in bytes. A client that announces nothing is sent
    /// at most 4 MiB all the same, unless it is one of Flight in C++, Python or Java. Default: 256 MiB.
    pub max_message_bytes: u64,
    /// The most connections at a time; one more is closed at once, and logged. Default: 1,024.
    pub max_connections: u32,
    /// The most calls at a time on one connection; further ones wait at the client. Default: 256.
    pub max_concurrent_streams: u32,
    /// The most reads at a time, of anything; further ones wait. Each may hold two messages. Default: 1,024.
    pub max_reads: u32,
    /// The most reads of files at a time; further ones wait. Each may hold a whole row group. Default: 16.
    pub max_file_scans: u32,
    /// How long such a read, or a write, waits at most. Default: 60 seconds.
    pub max_wait: Duration,
    /// The most writes at a time; further ones wait. Each holds one message, those that wait too. Default: 64.
    pub max_writes: u32,
    /// The most calls of functions at a time; further ones wait. Default: 256.
    pub max_calls: u32,
    /// How many bytes all uploads in the data folder may take together. Default: as many as the disk has.
    pub max_data_dir: Option<u64>,
    /// How many bytes all uploads in memory may take together. Default: a quarter of the machine's memory.
    pub max_memory_uploads: Option<u64>,
    /// How many bytes are kept ready to receive messages into when none is received. Default: 64 MiB.
    pub max_idle_blocks: u64,
    /// How long a connection without calls is kept. Clients connect again when they need to. Default: 10 minutes.
    pub idle_timeout: Duration,
    /// How long a client may read nothing of an answer that is ready for it, or send nothing in the middle of an
    /// upload. Default: 60 seconds.
    pub stall_timeout: Duration,
    /// How long a client may send nothing in an exchange, which stays open while its client has nothing to say. Default:
    /// 10 minutes.
    pub exchange_timeout: Duration,
    /// How long a TLS handshake may take. Default: 10 seconds.
    pub handshake_timeout: Duration,
    /// How long it may take to find out who makes a call, where an authenticator of one's own does so. Default: 10 seconds.
    pub authentication_timeout: Duration,
    /// How long one call may take, whatever its client asks for. Default: no bound.
    pub call_timeout: Option<Duration>,
    /// How long running calls are waited for when the server ends; then they are cut. Default: 30 seconds.
    pub grace: Duration,
}

impl Limits {
    /// Sets [`max_message_bytes`](Self::max_message_bytes).
    #[must_use]
    pub const fn with_max_message_bytes(mut self, bytes: u64) -> Self {
        self.max_message_bytes = bytes;
        self
    }

    /// Sets [`max_memory_uploads`](Self::max_memory_uploads).
    #[must_use]
    pub const fn with_max_memory_uploads(mut self, bytes: u64) -> Self {
        self.max_memory_uploads = Some(bytes);
        self
    }

    /// Sets [`max_data_dir`](Self::max_data_dir).
    #[must_use]
    pub const fn with_max_data_dir(mut self, bytes: u64) -> Self {
        self.max_data_dir = Some(bytes);
        self
    }

    /// Sets [`max_connections`](Self::max_connections).
    #[must_use]
    pub const fn with_max_connections(mut self, connections: u32) -> Self {
        self.max_connections = connections;
        self
    }

    /// Sets [`authentication_timeout`](Self::authentication_timeout).
    #[must_use]
    pub const fn with_authentication_timeout(mut self, timeout: Duration) -> Self {
        self.authentication_timeout = timeout;
        self
    }

    /// Sets [`call_timeout`](Self::call_timeout).
    #[must_use]
    pub const fn with_call_timeout(mut self, timeout: Duration) -> Self {
        self.call_timeout = Some(timeout);
        self
    }

    /// Sets [`grace`](Self::grace).
    #[must_use]
    pub const fn with_grace(mut self, grace: Duration) -> Self {
        self.grace = grace;
        self
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_message_bytes: 256 * 1024 * 1024,
            max_connections: 1024,
            max_concurrent_streams: 256,
            max_reads: 1024,
            max_file_scans: 16,
            max_wait: Duration::from_secs(60),
            max_writes: 64,
            max_calls: 256,
            max_data_dir: None,
            max_memory_uploads: None,
            max_idle_blocks: 64 * 1024 * 1024,
            idle_timeout: Duration::from_secs(10 * 60),
            stall_timeout: Duration::from_secs(60),
            exchange_timeout: Duration::from_secs(10 * 60),
            handshake_timeout: Duration::from_secs(10),
            authentication_timeout: Duration::from_secs(10),
            call_timeout: None,
            grace: Duration::from_secs(30),
        }
    }
}
