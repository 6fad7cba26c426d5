//! Messages of a body: taken out of HTTP/2's frames, each byte written once, into a block of a pool.
//!
//! Only what is larger than the pool gives credit for is written again, where its block grows.
//! What is large in a message (a payload, the body of a `FlightData`) begins at the beginning of its block, so that the
//! arrays in it lie as aligned as they do in the message. Frames may cut a message anywhere and are dropped as soon as
//! they were read. Neighbours: [`pool`](crate::pool) has the blocks, [`payload`](crate::payload) makes batches of what
//! lies in them.

mod assembler;
mod draft;
mod failure;
mod message;
#[cfg(test)]
mod tests;
mod varint;

use std::any::Any;
use std::time::Duration;

use arrowlink_core::Error;
use bytes::Bytes;
use http::HeaderMap;
use http_body::Body;
use http_body_util::BodyExt as _;
use tokio::task::yield_now;
use tokio::time::{Instant, timeout};

use crate::ResponseBody;
use crate::grpc::BoxError;
use crate::payload::Origin;
use crate::pool::BlockPool;
use crate::status::from_headers;

use assembler::Assembler;
use failure::Blame;

pub(crate) use message::{Message, Shape};

/// How messages are received.
#[derive(Clone, Debug)]
pub(crate) struct ReceiveOptions {
    /// Where they are received.
    pub(crate) pool: BlockPool,
    /// The largest of them, framing included.
    pub(crate) max_message_bytes: usize,
    /// How long the sender may send nothing.
    pub(crate) idle_timeout: Duration,
}

impl ReceiveOptions {
    /// Sets how long the sender may send nothing.
    pub(crate) const fn with_idle_timeout(mut self, timeout: Duration) -> Self {
        self.idle_timeout = timeout;
        self
    }
}

/// Messages of a body, one after the other.
///
/// An end is told apart from a loss: where a body stops in the middle of a message, or was reset, that is an error, so
/// that what was received before is not taken for all there is.
pub(crate) struct Messages<B> {
    body: B,
    /// What came last and was not read yet.
    unread: Bytes,
    assembler: Assembler,
    idle_timeout: Duration,
    blame: Blame,
    trailers: Option<HeaderMap>,
}

impl<B> Messages<B>
where
    B: Body<Data = Bytes, Error: Into<BoxError>> + Send + Unpin + 'static,
{
    /// Reads `body`, whose messages are of `shape` and which `origin` sends.
    pub(crate) fn new(body: B, shape: Shape, options: ReceiveOptions, origin: Origin) -> Self {
        let ReceiveOptions { pool, max_message_bytes, idle_timeout } = options;
        Self {
            body,
            unread: Bytes::new(),
            assembler: Assembler::new(shape, pool, max_message_bytes),
            idle_timeout,
            blame: Blame { origin, shape, number: 1, max_message_bytes },
            trailers: None,
        }
    }

    /// Returns the next message; `None` where the body ended as its sender meant it to, or where a server's trailers say
    /// why it did not. Cancel safe. After an error there is nothing more to expect.
    pub(crate) async fn next(&mut self) -> Result<Option<Message>, Error> {
        loop {
            if let Some(message) = self.assembled()? {
                self.blame.number += 1;
                return Ok(Some(message));
            }
            if !self.read().await? {
                return self.ended().map(|()| None);
            }
        }
    }

    /// Returns what came after the last message.
    pub(crate) const fn trailers(&self) -> Option<&HeaderMap> {
        self.trailers.as_ref()
    }

    /// Reads what came, up to the end of a message.
    fn assembled(&mut self) -> Result<Option<Message>, Error> {
        let message = self.assembler.read(&mut self.unread);
        if self.unread.is_empty() {
            // Empty bytes may still hold the frame they were a part of.
            self.unread = Bytes::new();
        }
        message.map_err(|fault| self.blame.fault(fault))
    }

    /// Waits for more; `false` at the end. What brings no bytes is no progress.
    async fn read(&mut self) -> Result<bool, Error> {
        let began = Instant::now();
        while self.read_frame(began).await? {
            if !self.unread.is_empty() || self.trailers.is_some() {
                return Ok(true);
            }
            if began.elapsed() >= self.idle_timeout {
                return Err(self.blame.idle(self.idle_timeout));
            }
            // Frames without bytes cost their sender nothing, and must not keep others from their turn.
            yield_now().await;
        }
        Ok(false)
    }

    /// Waits for a frame until it is too long since `began`; `false` at the end.
    async fn read_frame(&mut self, began: Instant) -> Result<bool, Error> {
        let left = self.idle_timeout.saturating_sub(began.elapsed());
        let frame = timeout(left, self.body.frame()).await.map_err(|_| self.blame.idle(self.idle_timeout))?;
        let Some(frame) = frame else { return Ok(false) };
        match frame.map_err(|error| self.blame.broken(Some(error.into())))?.into_data() {
            Ok(data) => self.unread = data,
            Err(frame) => self.trailers = frame.into_trailers().ok(),
        }
        Ok(true)
    }

    /// Makes sure that an end is one. A server that says why it stopped may do so in the middle of a message.
    fn ended(&self) -> Result<(), Error> {
        if was_reset(&self.body) {
            return Err(self.blame.broken(None));
        }
        if self.blame.origin == Origin::Server && self.trailers.as_ref().is_some_and(tells_of_an_error) {
            return Ok(());
        }
        if self.assembler.is_between_messages() { Ok(()) } else { Err(self.blame.incomplete()) }
    }
}

/// Whether a body of hyper that gives nothing any more was reset: with `NO_ERROR` that looks as if it had ended.
fn was_reset<B: Body + 'static>(body: &B) -> bool {
    let body: &dyn Any = body;
    let request = body.downcast_ref::<hyper::body::Incoming>().map(Body::is_end_stream);
    let has_ended = request.or_else(|| body.downcast_ref::<ResponseBody>().map(Body::is_end_stream));
    has_ended == Some(false)
}

fn tells_of_an_error(trailers: &HeaderMap) -> bool {
    from_headers(trailers).is_some_and(|outcome| outcome.is_err())
}
