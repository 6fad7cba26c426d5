//! Messages on their way to a server, as the call and the task that sends them share them.

use std::sync::{Arc, Mutex, PoisonError};

use arrowlink_core::{Error, ErrorKind};
use futures::stream::BoxStream;
use futures::{Stream, StreamExt as _, stream};
use tokio_util::sync::CancellationToken;

use crate::Rope;
use crate::flow::Flow;

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
    /// Sends `messages` as long as somebody waits for the answer, in pieces by whose progress a slow server is told from
    /// one that takes nothing.
    pub(super) fn messages(
        &self,
        messages: impl Stream<Item = Result<Rope, Error>> + Send + 'static,
    ) -> impl Stream<Item = Result<Rope, Error>> + Send + 'static {
        let state = (self.clone(), messages.boxed(), Rope::default());
        stream::try_unfold(state, |(upload, mut messages, mut rest)| async move {
            if rest.is_empty() {
                rest = match upload.next(&mut messages).await? {
                    Some(message) => message,
                    None => return Ok(None),
                };
            }
            upload.flow.offered();
            let piece = rest.split_to(PIECE_BYTES);
            Ok(Some((piece, (upload, messages, rest))))
        })
    }

    /// Waits for a message to send.
    async fn next(
        &self,
        messages: &mut BoxStream<'static, Result<Rope, Error>>,
    ) -> Result<Option<Rope>, Error> {
        self.flow.producing();
        let next = self.dropped.run_until_cancelled(messages.next()).await;
        self.flow.offered();
        match next {
            Some(Some(Ok(message))) => Ok(Some(message)),
            Some(Some(Err(error))) => {
                *self.failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
                Err(Error::new(ErrorKind::Cancelled, "the upload was broken off"))
            }
            Some(None) => Ok(None),
            None => Err(Error::new(ErrorKind::Cancelled, "the upload was given up")),
        }
    }

    /// Returns how the call ended: with the error of what was sent, where it had one, which is what broke it off.
    pub(super) fn outcome<T>(&self, answer: Result<T, Error>) -> Result<T, Error> {
        match self.failure.lock().unwrap_or_else(PoisonError::into_inner).take() {
            Some(own) => Err(own),
            None => answer,
        }
    }
}

/// The most bytes that are handed to HTTP/2 at once.
const PIECE_BYTES: usize = 1 << 20;
