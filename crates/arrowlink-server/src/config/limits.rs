//! The bounds of everything that clients can make grow or last.

use std::time::Duration;

/// How much of each thing there may be.
///
/// # Defaults
///
/// Those of the fields; a server with them can be put on a network of strangers.
///
/// ```
/// use arrowlink_server::Limits;
///
/// assert_eq!(Limits::default().max_message_bytes, 256 * 1024 * 1024);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// The largest message that is taken or sent, in bytes. Default: 256 MiB.
    pub max_message_bytes: u64,
    /// The most connections at a time. Default: 1,024.
    pub max_connections: u32,
    /// The most calls at a time on one connection. Default: 256.
    pub max_concurrent_streams: u32,
    /// The most reads of files at a time; further ones wait. Default: 16.
    pub max_file_scans: u32,
    /// How long such a read, or a write, waits at most. Default: 60 seconds.
    pub max_wait: Duration,
    /// The most writes at a time; further ones wait. Each holds one message. Default: 64.
    pub max_writes: u32,
    /// How many bytes all uploads in the data folder may take together. Default: as many as the disk has.
    pub max_data_dir: Option<u64>,
    /// How many bytes all uploads in memory may take together. Default: a quarter of the machine's memory.
    pub max_memory_uploads: Option<u64>,
    /// How long a connection without calls is kept. Default: 10 minutes.
    pub idle_timeout: Duration,
    /// How long a client may read nothing of an answer that is ready for it. Default: 60 seconds.
    pub stall_timeout: Duration,
    /// How long a TLS handshake may take. Default: 10 seconds.
    pub handshake_timeout: Duration,
    /// How long one call may take, whatever its client asks for. Default: no bound.
    pub call_timeout: Option<Duration>,
    /// How long running calls are waited for when the server ends. Default: 30 seconds.
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
            max_file_scans: 16,
            max_wait: Duration::from_secs(60),
            max_writes: 64,
            max_data_dir: None,
            max_memory_uploads: None,
            idle_timeout: Duration::from_secs(10 * 60),
            stall_timeout: Duration::from_secs(60),
            handshake_timeout: Duration::from_secs(10),
            call_timeout: None,
            grace: Duration::from_secs(30),
        }
    }
}
