//! A body that notes when its pieces are taken, so that a peer that takes nothing is told from one that is slow.
//!
//! HTTP/2 has no time limit: a peer that reads nothing holds a body, and what it was made of, for ever. Between a piece
//! that was offered and the next one that is asked for, it is the peer's turn; how long that may take, [`Flow`] knows.

use std::any::Any;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http_body::{Body as _, Frame, SizeHint};
use tonic::Status;

use crate::flow::Flow;
use crate::{Body, Rope};

/// A body in pieces of at most 1 MiB.
pub(crate) struct Watched {
    inner: Body,
    flow: Arc<Flow>,
    /// What is left of a frame that is given out in pieces.
    rest: Rope,
    _held: Option<Box<dyn Any + Send>>,
}

impl Watched {
    /// Tells `flow` whose turn it is while `inner` is sent.
    pub(crate) fn new(inner: Body, flow: Arc<Flow>) -> Self {
        Self { inner, flow, rest: Rope::default(), _held: None }
    }

    /// Drops `held` with the body.
    pub(crate) fn while_alive<T: Send + 'static>(mut self, held: Option<T>) -> Self {
        self._held = held.map(|held| Box::new(held) as Box<dyn Any + Send>);
        self
    }

    fn poll_piece(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Rope>, Status>>> {
        if !self.rest.is_empty() {
            let rest = std::mem::take(&mut self.rest);
            return Poll::Ready(Some(Ok(self.piece(rest))));
        }
        let frame = futures::ready!(Pin::new(&mut self.inner).poll_frame(cx));
        Poll::Ready(frame.map(|frame| {
            frame.map(|frame| frame.into_data().map_or_else(|other| other, |data| self.piece(data)))
        }))
    }

    /// Gives out at most [`PIECE_BYTES`] at a time, so that a slow peer is seen to make progress.
    fn piece(&mut self, mut data: Rope) -> Frame<Rope> {
        let piece = data.split_to(PIECE_BYTES);
        self.rest = data;
        Frame::data(piece)
    }
}

impl http_body::Body for Watched {
    type Data = Rope;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Rope>, Status>>> {
        self.flow.producing();
        let frame = futures::ready!(self.poll_piece(cx));
        self.flow.offered();
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        if self.rest.is_empty() { self.inner.size_hint() } else { SizeHint::default() }
    }
}

/// The most bytes that are handed to HTTP/2 at once.
const PIECE_BYTES: usize = 1 << 20;
