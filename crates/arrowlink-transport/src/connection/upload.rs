//! Messages on their way to a server, as the call and the task that sends them share them.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use arrowlink_core::{Error, ErrorKind};
use futures::{Stream, StreamExt as _, TryStreamExt as _};
use http_body::Frame;
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};
use tonic::Status;

use crate::flow::Flow;
use crate::outgoing::Outgoing;
use crate::watched::Watched;
use crate::{Body, Rope};

/// What a call keeps of what it sends.
#[derive(Clone, Default)]
pub(super) struct Upload {
    /// Whether the server is waited for.
    pub(super) flow: Arc<Flow>,
    /// The error that the messages ended with.
    failure: Arc<Mutex<Option<Error>>>,
    /// Cancelled when nobody waits for the answer any more: hyper would send on.
    pub(super) dropped: CancellationToken,
}

impl Upload {
    /// Makes the body of a request that sends `messages` as long as somebody waits for the answer.
    pub(super) fn body(&self, messages: impl Stream<Item = Result<Rope, Error>> + Send + 'static) -> Body {
        let failure = Arc::clone(&self.failure);
        let messages = messages.map_err(move |error| {
            *failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
            Error::new(ErrorKind::Cancelled, "the upload was broken off")
        });
        let inner = Watched::new(Outgoing::request(messages.boxed()), Arc::clone(&self.flow));
        Body::new(WhileWanted { inner, dropped: Box::pin(self.dropped.clone().cancelled_owned()) })
    }

    /// Returns how the call ended: with the error of what was sent, where it had one, which is what broke it off.
    pub(super) fn outcome<T>(&self, answer: Result<T, Error>) -> Result<T, Error> {
        match self.failure.lock().unwrap_or_else(PoisonError::into_inner).take() {
            Some(own) => Err(own),
            None => answer,
        }
    }
}

/// A body that breaks off when nobody waits for the answer any more.
struct WhileWanted {
    inner: Watched,
    dropped: Pin<Box<WaitForCancellationFutureOwned>>,
}

impl http_body::Body for WhileWanted {
    type Data = Rope;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Rope>, Status>>> {
        if self.dropped.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Some(Err(Status::cancelled("the upload was given up"))));
        }
        Pin::new(&mut self.inner).poll_frame(cx)
    }
}
