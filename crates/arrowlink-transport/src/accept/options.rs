//! The limits of the accept loop.

use std::time::Duration;

use crate::http2::Http2Options;

/// Limits and times of [`serve`](crate::serve).
///
/// # Defaults
///
/// 1,024 connections with 256 calls each at a time; 10 seconds for a handshake; a connection without calls is closed
/// after 10 minutes, a call whose client reads nothing for 60 seconds is cut; pings every 30 seconds, answered within
/// 20; 30 seconds to drain, of which a client without calls gets one; 16 KiB of request headers, which a client of
/// HTTP/1.1 sends within 30 seconds;
/// [`Http2Options::for_server`].
///
/// ```
/// use arrowlink_transport::AcceptOptions;
///
/// let options = AcceptOptions::default().with_max_connections(8);
/// assert_eq!(options.max_connections, 8);
/// assert_eq!(options.max_concurrent_streams, 256);
/// ```
///
/// A server that is stopped by whoever supervises it should have less grace than it is given there:
///
/// ```
/// use std::time::Duration;
/// use arrowlink_transport::AcceptOptions;
///
/// let options = AcceptOptions::default().with_grace(Duration::from_secs(8)).with_goodbye(Duration::from_millis(500));
/// assert!(options.goodbye < options.grace);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AcceptOptions {
    /// The most connections at a time; one more is closed at once. Each takes a file descriptor.
    pub max_connections: usize,
    /// The most calls at a time on one connection; further ones wait at the client.
    pub max_concurrent_streams: u32,
    /// How long TLS may take, from the connection's first moment. It holds one of the places for connections meanwhile.
    pub handshake_timeout: Duration,
    /// How long a client of HTTP/1.1 may take to send the headers of a request, from the moment it could: a connection
    /// without calls is not kept for longer.
    pub header_timeout: Duration,
    /// How long a connection may be without a call before it is told to go away. The client's next call needs another.
    pub idle_timeout: Duration,
    /// How long a client may read nothing of an answer that is ready for it; then the call is cut, as nothing else ends
    /// one whose client is stopped. Time in which the server makes the next rows does not count.
    pub stall_timeout: Duration,
    /// How long running calls may take to end after the shutdown; those that do not are cut and counted in
    /// [`Drained::Cut`](crate::Drained::Cut).
    pub grace: Duration,
    /// How long a client may be silent when its connection is to end and no call runs on it; any byte begins it anew,
    /// within [`grace`](Self::grace).
    pub goodbye: Duration,
    /// How often a connection is pinged, so that a host that is gone is noticed though it closed nothing.
    pub keep_alive_interval: Duration,
    /// How long the answer to a ping may take before the connection is given up.
    pub keep_alive_timeout: Duration,
    /// The most bytes of headers of a request, names and values with 32 bytes for each; a larger one is refused,
    /// by HTTP 431 or by the end of its connection.
    pub max_header_list_bytes: u32,
    /// Windows, frames and send buffer. Clients can make the server hold the connection's window for each of
    /// [`max_connections`](Self::max_connections), by requests that are not being read.
    pub http2: Http2Options,
}

impl AcceptOptions {
    /// Sets [`max_connections`](Self::max_connections).
    #[must_use]
    pub const fn with_max_connections(mut self, connections: usize) -> Self {
        self.max_connections = connections;
        self
    }

    /// Sets [`max_concurrent_streams`](Self::max_concurrent_streams).
    #[must_use]
    pub const fn with_max_concurrent_streams(mut self, streams: u32) -> Self {
        self.max_concurrent_streams = streams;
        self
    }

    /// Sets [`handshake_timeout`](Self::handshake_timeout).
    #[must_use]
    pub const fn with_handshake_timeout(mut self, timeout: Duration) -> Self {
        self.handshake_timeout = timeout;
        self
    }

    /// Sets [`header_timeout`](Self::header_timeout).
    #[must_use]
    pub const fn with_header_timeout(mut self, timeout: Duration) -> Self {
        self.header_timeout = timeout;
        self
    }

    /// Sets [`idle_timeout`](Self::idle_timeout).
    #[must_use]
    pub const fn with_idle_timeout(mut self, timeout: Duration) -> Self {
        self.idle_timeout = timeout;
        self
    }

    /// Sets [`stall_timeout`](Self::stall_timeout).
    #[must_use]
    pub const fn with_stall_timeout(mut self, timeout: Duration) -> Self {
        self.stall_timeout = timeout;
        self
    }

    /// Sets [`grace`](Self::grace).
    #[must_use]
    pub const fn with_grace(mut self, grace: Duration) -> Self {
        self.grace = grace;
        self
    }

    /// Sets [`goodbye`](Self::goodbye).
    #[must_use]
    pub const fn with_goodbye(mut self, goodbye: Duration) -> Self {
        self.goodbye = goodbye;
        self
    }

    /// Sets [`keep_alive_interval`](Self::keep_alive_interval) and [`keep_alive_timeout`](Self::keep_alive_timeout).
    #[must_use]
    pub const fn with_keep_alive(mut self, interval: Duration, timeout: Duration) -> Self {
        self.keep_alive_interval = interval;
        self.keep_alive_timeout = timeout;
        self
    }

    /// Sets [`max_header_list_bytes`](Self::max_header_list_bytes).
    #[must_use]
    pub const fn with_max_header_list_bytes(mut self, bytes: u32) -> Self {
        self.max_header_list_bytes = bytes;
        self
    }

    /// Sets [`http2`](Self::http2).
    #[must_use]
    pub const fn with_http2(mut self, http2: Http2Options) -> Self {
        self.http2 = http2;
        self
    }
}

impl Default for AcceptOptions {
    fn default() -> Self {
        Self {
            max_connections: 1024,
            max_concurrent_streams: 256,
            handshake_timeout: Duration::from_secs(10),
            header_timeout: Duration::from_secs(30),
            idle_timeout: Duration::from_secs(600),
            stall_timeout: Duration::from_secs(60),
            grace: Duration::from_secs(30),
            goodbye: Duration::from_secs(1),
            keep_alive_interval: Duration::from_secs(30),
            keep_alive_timeout: Duration::from_secs(20),
            max_header_list_bytes: 16 * 1024,
            http2: Http2Options::for_server(),
        }
    }
}
