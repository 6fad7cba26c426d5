//! The end of a connection: the last bytes arrive, and a peer that does not say goodbye is not waited for.
//!
//! A TCP socket that is closed over unread bytes answers with a reset, which takes back whatever the peer has not yet
//! received. A client that reads a large answer sends window updates all the while, so that some are nearly always
//! unread. Hence a connection is ended in two steps: the write side is shut down, and what still comes is read and
//! thrown away until the peer closes too.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::activity::Activity;

/// Bytes that are noted in an [`Activity`], and whose shutdown waits for the peer's.
///
/// The wait has no bound of its own: [`Activity::over`] is its bound.
#[derive(Debug)]
pub(super) struct Lingering<T> {
    inner: T,
    activity: Arc<Activity>,
    is_shut: bool,
}

impl<T> Lingering<T> {
    pub(super) const fn new(inner: T, activity: Arc<Activity>) -> Self {
        Self { inner, activity, is_shut: false }
    }

    /// Tells the activity of bytes that moved.
    fn noted<B>(&self, moved: Poll<io::Result<B>>) -> Poll<io::Result<B>> {
        if matches!(moved, Poll::Ready(Ok(_))) {
            self.activity.moved();
        }
        moved
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Lingering<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let read = Pin::new(&mut self.inner).poll_read(cx, buffer);
        self.noted(read)
    }
}

impl<T: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Lingering<T> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.inner).poll_write(cx, bytes);
        self.noted(written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.inner).poll_write_vectored(cx, slices);
        self.noted(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.is_shut {
            futures::ready!(Pin::new(&mut self.inner).poll_shutdown(cx))?;
            self.is_shut = true;
            self.activity.shut();
        }
        let mut discarded = [0; DISCARDED_BYTES];
        loop {
            let mut buffer = ReadBuf::new(&mut discarded);
            let read = futures::ready!(self.as_mut().poll_read(cx, &mut buffer));
            if read.is_err() || buffer.filled().is_empty() {
                return Poll::Ready(Ok(()));
            }
        }
    }
}

/// How many bytes are thrown away at a time.
const DISCARDED_BYTES: usize = 8 * 1024;
