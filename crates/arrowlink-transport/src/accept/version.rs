//! Which version of HTTP a connection speaks: what ALPN agreed on, or else what its first bytes say.

use std::io;

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt as _};

use crate::tls::{HTTP_1, HTTP_2};

/// A version of HTTP that is served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Version {
    Http1,
    Http2,
}

impl Version {
    /// Returns what ALPN agreed on; `None` where the client did not ask.
    pub(super) fn of_alpn(protocol: Option<&[u8]>) -> Option<Self> {
        match protocol? {
            HTTP_2 => Some(Self::Http2),
            HTTP_1 => Some(Self::Http1),
            _ => None,
        }
    }

    /// Reads until it is clear what is spoken, and returns what was read with it; `None` where nothing came.
    ///
    /// A client of HTTP/2 begins with the same 24 bytes always, and those are no request of HTTP/1.1.
    pub(super) async fn of_first_bytes(mut io: impl AsyncRead + Unpin) -> io::Result<Option<(Self, Bytes)>> {
        let mut read = BytesMut::with_capacity(FIRST_BYTES);
        while PREFACE.starts_with(&read) && read.len() < PREFACE.len() {
            if io.read_buf(&mut read).await? == 0 {
                break;
            }
        }
        let version = if read.starts_with(PREFACE) { Self::Http2 } else { Self::Http1 };
        Ok((!read.is_empty()).then(|| (version, read.freeze())))
    }
}

/// How every connection of HTTP/2 begins (RFC 9113, section 3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// How much is read at a time.
const FIRST_BYTES: usize = 256;
