//! The connections of a client: the first serves all calls, the others are made for reads that ask for several.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arrowlink_core::{CallContext, Error, ErrorKind, Result};
use arrowlink_transport::{ConnectOptions, Connection, TransferOptions};
use tokio::time::timeout_at;

use crate::RetryOptions;
use crate::slot::Slot;

/// What the calls of a client share.
#[derive(Debug)]
pub(crate) struct Lanes {
    first: Arc<Slot>,
    /// Those beyond the first that were made so far; they are kept for the next read.
    others: Mutex<Vec<Arc<Slot>>>,
    /// How more of them are made; `None` over a connection that somebody else made.
    uri: Option<(String, ConnectOptions)>,
    pub(crate) transfer: TransferOptions,
    pub(crate) retry: RetryOptions,
}

impl Lanes {
    pub(crate) fn new(
        uri: &str,
        options: ConnectOptions,
        transfer: TransferOptions,
        retry: RetryOptions,
    ) -> Self {
        let first = Arc::new(Slot::new(uri, options.clone()));
        Self { first, others: Mutex::default(), uri: Some((uri.to_owned(), options)), transfer, retry }
    }

    pub(crate) fn over(connection: Connection, transfer: TransferOptions, retry: RetryOptions) -> Self {
        let first = Arc::new(Slot::connected(connection));
        Self { first, others: Mutex::default(), uri: None, transfer, retry }
    }

    /// Returns the connection of all calls while there is time.
    pub(crate) async fn connection(&self, ctx: &CallContext) -> Result<Connection> {
        connected(&self.first, ctx).await
    }

    /// Returns the connection that everybody uses.
    pub(crate) fn first(&self) -> Arc<Slot> {
        Arc::clone(&self.first)
    }

    /// Returns `count` connections, made or to be made; the same one again where there is but one.
    pub(crate) fn several(&self, count: usize) -> Vec<Arc<Slot>> {
        let Some((uri, options)) = &self.uri else { return vec![self.first(); count] };
        let mut others = self.others();
        while others.len() + 1 < count {
            others.push(Arc::new(Slot::new(uri, options.clone())));
        }
        std::iter::once(&self.first).chain(others.iter()).take(count).map(Arc::clone).collect()
    }

    fn others(&self) -> MutexGuard<'_, Vec<Arc<Slot>>> {
        self.others.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns the connection of `slot` while there is time.
pub(crate) async fn connected(slot: &Slot, ctx: &CallContext) -> Result<Connection> {
    let connecting = slot.connection();
    match ctx.deadline() {
        None => connecting.await,
        Some(deadline) => timeout_at(deadline, connecting).await.unwrap_or_else(|_| {
            Err(Error::new(ErrorKind::DeadlineExceeded, "there was no connection before the deadline"))
        }),
    }
}
