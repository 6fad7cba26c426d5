//! One connection, driven by whoever waits for its answer.
//!
//! The driver wants a task that moves bytes. Here the caller's own future does it: what nobody waits for is not read, so
//! that a slow reader stops the server, and no task is left behind.

use std::fmt;
use std::future::poll_fn;
use std::pin::pin;
use std::task::{Context, Poll};

use futures::future::{BoxFuture, FutureExt as _};
use tokio_postgres::tls::{MakeTlsConnect, TlsConnect};
use tokio_postgres::{CancelToken, Client, Config, Error, NoTls, Socket};

use crate::tls::Tls;

/// A connection that is signed in.
pub(crate) struct Session {
    client: Client,
    wire: Wire,
}

/// What moves the bytes, until the connection has ended.
struct Wire {
    moving: Option<BoxFuture<'static, Result<(), Error>>>,
    /// Why it ended, until somebody asks.
    end: Option<Error>,
}

impl Session {
    /// Connects and signs in.
    pub(crate) async fn connect(config: &Config, tls: &Tls) -> Result<Self, Error> {
        match tls {
            Tls::None => Self::connect_by(config, NoTls).await,
            Tls::Verified(tls) => Self::connect_by(config, tls.clone()).await,
        }
    }

    async fn connect_by<T>(config: &Config, tls: T) -> Result<Self, Error>
    where
        T: MakeTlsConnect<Socket>,
        T::Stream: Send + 'static,
        T::TlsConnect: Send,
        <T::TlsConnect as TlsConnect<Socket>>::Future: Send,
    {
        let (client, connection) = config.connect(tls).await?;
        Ok(Self { client, wire: Wire { moving: Some(connection.boxed()), end: None } })
    }

    /// Does `work` with the driver, moving bytes for it. Dropping it leaves the connection in the middle of the answer.
    pub(crate) async fn drive<'a, T, F>(&'a mut self, work: impl FnOnce(&'a Client) -> F) -> Result<T, Error>
    where
        F: Future<Output = Result<T, Error>>,
    {
        let Self { client, wire } = self;
        let mut work = pin!(work(client));
        poll_fn(|cx| wire.poll_with(cx, |cx| work.as_mut().poll(cx)))
            .await
            .map_err(|error| wire.explained(error))
    }

    /// Polls what the driver answers, moving bytes for it.
    pub(crate) fn poll_with<T>(
        &mut self,
        cx: &mut Context<'_>,
        poll: impl FnMut(&mut Context<'_>) -> Poll<Option<Result<T, Error>>>,
    ) -> Poll<Option<Result<T, Error>>> {
        let polled = self.wire.poll_with(cx, poll);
        polled.map(|item| item.map(|item| item.map_err(|error| self.wire.explained(error))))
    }

    /// Returns what stops the statement that is running.
    pub(crate) fn cancel_token(&self) -> CancelToken {
        self.client.cancel_token()
    }

    /// Returns whether the connection has ended, as far as anybody has looked.
    pub(crate) const fn is_over(&self) -> bool {
        self.wire.moving.is_none()
    }
}

impl Wire {
    /// Polls before and after bytes were moved: what came is there then.
    fn poll_with<T>(
        &mut self,
        cx: &mut Context<'_>,
        mut poll: impl FnMut(&mut Context<'_>) -> Poll<T>,
    ) -> Poll<T> {
        if let Poll::Ready(done) = poll(cx) {
            return Poll::Ready(done);
        }
        if let Some(Poll::Ready(end)) = self.moving.as_mut().map(|moving| moving.as_mut().poll(cx)) {
            // What waits for an answer learns of it by this.
            self.moving = None;
            self.end = end.err();
        }
        poll(cx)
    }

    /// Replaces the news that the connection is closed by why it is.
    fn explained(&mut self, error: Error) -> Error {
        if error.is_closed() { self.end.take().unwrap_or(error) } else { error }
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("is_over", &self.is_over()).finish_non_exhaustive()
    }
}

/// Asks the server to stop the statement of another connection.
pub(crate) async fn cancel(token: CancelToken, tls: Tls) -> Result<(), Error> {
    match tls {
        Tls::None => token.cancel_query(NoTls).await,
        Tls::Verified(tls) => token.cancel_query(tls).await,
    }
}
