//! Requests of one message.

use arrowlink_core::{Error, ErrorKind};
use bytes::Bytes;

use crate::Ticket;
use crate::grpc::BoxError;
use crate::receive::{Message, Messages};

/// Reads the only message of a request, of at most `most_bytes`; `what` says in errors what it should be.
pub(super) async fn only_message<B>(
    mut messages: Messages<B>,
    what: &str,
    most_bytes: usize,
) -> Result<Message, Error>
where
    B: http_body::Body<Data = Bytes, Error: Into<BoxError>> + Send + Unpin + 'static,
{
    let invalid = |text: String| Error::new(ErrorKind::InvalidArgument, text);
    let first = messages.next().await.map_err(|error| match error.kind() {
        ErrorKind::LimitExceeded => {
            invalid(format!("the request is larger than {most_bytes} bytes: send one `{what}`"))
        }
        _ => error,
    })?;
    let Some(message) = first else {
        return Err(invalid(format!("the request has no message: send one `{what}`")));
    };
    match messages.next().await? {
        None => Ok(message),
        Some(_) => Err(invalid("the request has more than one message".to_owned())),
    }
}

/// The largest request of Flight that has no batches: a ticket, or what has tickets, statements and plans in it.
pub(super) const MAX_FLIGHT_REQUEST_BYTES: usize = 2 * Ticket::MAX_BYTES;
/// The largest request of the small service, which has nothing in it, and of a handshake, which has a name and a password.
pub(super) const MAX_REQUEST_BYTES: usize = 64 * 1024;
