//! A connection that came over a Unix socket, whose client calls the server by a name that HTTP/2 takes.
//!
//! gRPC's C-core (which is behind Python, C++, Ruby and PHP) calls a server by the percent-encoded path of its socket, and
//! Java by the path itself; h2 resets a call whose `:authority` has a `%` or a `/`, and has no setting for it. So the
//! bytes of that name are exchanged for others while they are read. All else is the socket's own.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::UnixStream;

use super::frames::Frames;

/// The server's end of a connection.
#[derive(Debug)]
pub(crate) struct AcceptedStream {
    inner: UnixStream,
    frames: Frames,
}

impl AcceptedStream {
    pub(super) fn new(inner: UnixStream) -> Self {
        Self { inner, frames: Frames::default() }
    }
}

impl AsyncRead for AcceptedStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.inner).poll_read(cx, buffer);
        if let Some(came) = buffer.filled_mut().get_mut(before..) {
            self.frames.amend(came);
        }
        read
    }
}

impl AsyncWrite for AcceptedStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}
