//! The connection of a client: made once, shared by all calls, and made again after it broke.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arrowlink_core::{Error, Result};
use arrowlink_transport::{ConnectOptions, Connection};
use futures::FutureExt as _;
use futures::future::{BoxFuture, Shared, WeakShared};

/// Where the connection is, or how it is made.
///
/// Calls that come while it is being made wait for the same attempt. Where all of them are dropped, so is the attempt.
pub(crate) struct Slot {
    uri: String,
    options: ConnectOptions,
    state: Mutex<State>,
}

type Attempt = BoxFuture<'static, Result<Connection, Arc<Error>>>;

#[derive(Default)]
enum State {
    /// Nobody has asked yet.
    #[default]
    Empty,
    /// Held by those who wait for it; it may have ended, or been given up, since.
    Connecting(WeakShared<Attempt>),
    /// May have broken since.
    Connected(Connection),
}

impl Slot {
    pub(crate) fn new(uri: &str, options: ConnectOptions) -> Self {
        Self { uri: uri.to_owned(), options, state: Mutex::default() }
    }

    /// Makes a slot around a connection that cannot be made again.
    pub(crate) fn connected(connection: Connection) -> Self {
        let uri = connection.address().to_owned();
        Self { uri, options: ConnectOptions::default(), state: Mutex::new(State::Connected(connection)) }
    }

    /// Returns the connection, which it makes where there is none or it broke.
    pub(crate) async fn connection(&self) -> Result<Connection> {
        let attempt = match self.begin() {
            Ok(connection) => return Ok(connection),
            Err(attempt) => attempt,
        };
        match attempt.await {
            Ok(connection) => {
                *self.state() = State::Connected(connection.clone());
                Ok(connection)
            }
            Err(error) => Err(again(&error)),
        }
    }

    /// Returns the connection, or the attempt to make it.
    fn begin(&self) -> Result<Connection, Shared<Attempt>> {
        let mut state = self.state();
        match &*state {
            State::Connected(connection) if !connection.is_closed() => return Ok(connection.clone()),
            State::Connecting(attempt) => {
                if let Some(attempt) = attempt.upgrade().filter(|attempt| attempt.peek().is_none()) {
                    return Err(attempt);
                }
            }
            State::Connected(_) | State::Empty => {}
        }
        let (uri, options) = (self.uri.clone(), self.options.clone());
        let attempt = async move { Connection::connect(&uri, &options).await.map_err(Arc::new) };
        let attempt = attempt.boxed().shared();
        *state = attempt.downgrade().map_or(State::Empty, State::Connecting);
        Err(attempt)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Slot").field("uri", &self.uri).finish_non_exhaustive()
    }
}

/// Says once more what all who waited for an attempt are told.
fn again(error: &Error) -> Error {
    let copy = Error::new(error.kind(), error.message());
    match error.chain().strip_prefix(error.message()).and_then(|rest| rest.strip_prefix(": ")) {
        Some(cause) => copy.with_source(cause),
        None => copy,
    }
}
