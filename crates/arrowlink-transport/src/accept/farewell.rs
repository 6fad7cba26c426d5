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

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::activity::Activity;
use crate::flow::Flow;

/// Bytes that are noted in an [`Activity`], and whose shutdown waits for the peer's.
///
/// The wait has no bound of its own: [`Activity::over`] is its bound.
#[derive(Debug)]
pub(super) struct Lingering<T> {
    inner: T,
    activity: Arc<Activity>,
    /// What was read already, to be read first.
    first: Bytes,
    /// What is told when the peer has taken all that was written.
    flow: Option<Arc<Flow>>,
    is_shut: bool,
}

impl<T> Lingering<T> {
    pub(super) const fn new(inner: T, first: Bytes, activity: Arc<Activity>) -> Self {
        Self { inner, activity, first, flow: None, is_shut: false }
    }

    /// Tells `flow` whenever all that was written has been taken.
    pub(super) fn with_flow(mut self, flow: Arc<Flow>) -> Self {
        self.flow = Some(flow);
        self
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
        if !self.first.is_empty() {
            let now = self.first.len().min(buffer.remaining());
            buffer.put_slice(&self.first.split_to(now));
            return Poll::Ready(Ok(()));
        }
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
        futures::ready!(Pin::new(&mut self.inner).poll_flush(cx))?;
        if let Some(flow) = &self.flow {
            flow.producing();
        }
        Poll::Ready(Ok(()))
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
