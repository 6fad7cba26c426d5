//! Transactions: there are none, and whoever asks for one hears so instead of losing what it would have kept.

use arrowlink_core::{Error, ErrorKind, Result};
use bytes::Bytes;

/// Refuses a statement that is to belong to a transaction.
pub(super) fn refuse_transaction(id: Option<&Bytes>) -> Result<()> {
    match id.filter(|id| !id.is_empty()) {
        Some(_) => Err(unsupported()),
        None => Ok(()),
    }
}

/// What is answered to the actions that begin and end transactions and savepoints.
pub(super) fn unsupported() -> Error {
    Error::new(
        ErrorKind::Unsupported,
        "transactions and savepoints are not supported: each statement and each ingest is whole by itself",
    )
}
