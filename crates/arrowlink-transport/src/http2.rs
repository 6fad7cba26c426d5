//! What HTTP/2 is told on either end of a connection: windows, frames, and what waits to be sent.
//!
//! One type for both ends, whose defaults differ: what a server lets strangers send costs it memory, what a client
//! asked for does not. Every value lies in its range, so that nothing below can refuse one.

use std::ops::RangeInclusive;

/// Windows, frame size and send buffer of one end of a connection.
///
/// A window is what the other end may send before this end has taken it: it bounds the memory of what is not being read
/// and, on links that are both fast and long, the speed: one window goes over in each round trip. There is one for each
/// call and one for all calls of a connection. Neither changes while the connection lives.
///
/// # Defaults
///
/// | | [`for_server`](Self::for_server) | [`for_client`](Self::for_client) |
/// |---|---|---|
/// | window of a call | 2 MiB | 16 MiB |
/// | window of a connection | 4 MiB | 64 MiB |
/// | largest frame | 256 KiB | 1 MiB |
/// | send buffer of a call | 512 KiB | 512 KiB |
/// | `TCP_NODELAY` | on | on |
///
/// ```
/// use arrowlink_transport::{AcceptOptions, Http2Options};
///
/// let http2 = Http2Options::for_server().with_windows(1 << 20, 2 << 20).with_max_frame_bytes(64 << 10);
/// assert_eq!(AcceptOptions::default().with_http2(http2).http2.stream_window_bytes(), 1 << 20);
/// assert_eq!(http2.with_max_frame_bytes(1).max_frame_bytes(), 16_384, "the least that HTTP/2 allows");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Http2Options {
    stream_window_bytes: u32,
    connection_window_bytes: u32,
    max_frame_bytes: u32,
    max_send_buffer_bytes: u32,
    nodelay: bool,
}

impl Http2Options {
    /// The sizes that a window can have, in bytes: from the window of HTTP/2 itself to the largest it knows.
    pub const WINDOW_BYTES: RangeInclusive<u32> = 65_535..=0x7fff_ffff;
    /// The sizes that the largest frame can have, in bytes.
    pub const FRAME_BYTES: RangeInclusive<u32> = 16_384..=16_777_215;
    /// The sizes that a send buffer can have, in bytes.
    pub const SEND_BUFFER_BYTES: RangeInclusive<u32> = 16_384..=0x4000_0000;

    /// Returns the defaults of a server, with windows and frames that many clients may fill at a time.
    pub const fn for_server() -> Self {
        Self {
            stream_window_bytes: 2 << 20,
            connection_window_bytes: 4 << 20,
            max_frame_bytes: 256 << 10,
            ..Self::for_client()
        }
    }

    /// Returns the defaults of a client, with windows and frames for links that are fast and long.
    pub const fn for_client() -> Self {
        Self {
            stream_window_bytes: 16 << 20,
            connection_window_bytes: 64 << 20,
            max_frame_bytes: 1 << 20,
            max_send_buffer_bytes: 512 << 10,
            nodelay: true,
        }
    }

    /// Sets [`stream_window_bytes`](Self::stream_window_bytes) and
    /// [`connection_window_bytes`](Self::connection_window_bytes), moved into their range; the latter is at least the
    /// former, which could not be used otherwise.
    ///
    /// ```
    /// use arrowlink_transport::Http2Options;
    ///
    /// let http2 = Http2Options::for_client().with_windows(64 << 20, 1 << 20);
    /// assert_eq!(http2.connection_window_bytes(), 64 << 20);
    /// ```
    #[must_use]
    pub fn with_windows(mut self, stream_bytes: u32, connection_bytes: u32) -> Self {
        self.stream_window_bytes = within(stream_bytes, &Self::WINDOW_BYTES);
        self.connection_window_bytes =
            within(connection_bytes, &Self::WINDOW_BYTES).max(self.stream_window_bytes);
        self
    }

    /// Sets [`max_frame_bytes`](Self::max_frame_bytes), moved into its range.
    #[must_use]
    pub fn with_max_frame_bytes(mut self, bytes: u32) -> Self {
        self.max_frame_bytes = within(bytes, &Self::FRAME_BYTES);
        self
    }

    /// Sets [`max_send_buffer_bytes`](Self::max_send_buffer_bytes), moved into its range.
    #[must_use]
    pub fn with_max_send_buffer_bytes(mut self, bytes: u32) -> Self {
        self.max_send_buffer_bytes = within(bytes, &Self::SEND_BUFFER_BYTES);
        self
    }

    /// Sets [`nodelay`](Self::nodelay).
    #[must_use]
    pub const fn with_nodelay(mut self, nodelay: bool) -> Self {
        self.nodelay = nodelay;
        self
    }

    /// Returns the window of one call, in bytes: the most that the other end sends of it before this end takes some.
    pub const fn stream_window_bytes(&self) -> u32 {
        self.stream_window_bytes
    }

    /// Returns the window of all calls of a connection, in bytes: the most memory that what is not being read holds.
    /// Where it is used up by calls that are not being read, the others wait.
    pub const fn connection_window_bytes(&self) -> u32 {
        self.connection_window_bytes
    }

    /// Returns the largest frame that the other end may send, in bytes. Each takes at least one system call on either
    /// end, and memory of its size at a time. Nothing else of the connection goes over before it is through: on slow
    /// links small calls beside a large one wait for less where it is smaller.
    pub const fn max_frame_bytes(&self) -> u32 {
        self.max_frame_bytes
    }

    /// Returns how much of a call may wait for the other end before more is asked for, in bytes. What is asked for at a
    /// time goes over it, so that a message waits whole however large it is.
    pub const fn max_send_buffer_bytes(&self) -> u32 {
        self.max_send_buffer_bytes
    }

    /// Returns whether TCP sends at once what it is given (`TCP_NODELAY`). Where it does not, a small message may wait
    /// for the answer to the one before it, about 40 milliseconds. Without effect but over TCP.
    pub const fn nodelay(&self) -> bool {
        self.nodelay
    }
}

fn within(value: u32, range: &RangeInclusive<u32>) -> u32 {
    value.clamp(*range.start(), *range.end())
}
