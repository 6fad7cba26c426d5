//! What the front does where a client does not say.

use std::sync::Arc;
use std::time::Duration;

use arrowlink_core::{Anonymous, Authenticator, Name};
use arrowlink_ipc::Limits;

use crate::metadata::MOST_MESSAGE_BYTES;
use crate::pool::BlockPool;
use crate::receive::ReceiveOptions;

/// Names and limits of a [`Front`](crate::Front).
///
/// # Defaults
///
/// Messages are at most 256 MiB in either direction, and at most 4 MiB to a client that announces nothing, unless it is
/// one of Flight that takes any size ([`Front`](crate::Front)); an upload may pause for 60 seconds, an exchange for 10
/// minutes; messages are received into a pool of its own; everybody may call, which may take 10 seconds to decide.
///
/// ```
/// use arrowlink_core::Name;
/// use arrowlink_transport::FrontOptions;
///
/// let options = FrontOptions::new(Name::new("trips")?, Name::new("uploads")?).with_max_message_bytes(16 << 20);
/// assert_eq!(options.limits().max_message_bytes, 16 << 20);
/// # Ok::<(), arrowlink_core::Error>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct FrontOptions {
    /// What is read where the client gives no name.
    pub default: Name,
    /// What is written to where the client gives no name.
    pub uploads: Name,
    /// The largest message in either direction, framing included, in bytes; at most 2 GiB less one byte.
    pub max_message_bytes: usize,
    /// How long a client may send nothing in the middle of its request. Time in which the service takes nothing does not
    /// count.
    pub idle_timeout: Duration,
    /// How long a client may send nothing in an exchange, which stays open while its client has nothing to say.
    pub exchange_timeout: Duration,
    /// Where messages of clients are received.
    pub pool: BlockPool,
    /// Who may call, and who a caller is: asked for every call but those of other services, such as health.
    pub authenticator: Arc<dyn Authenticator>,
    /// How long [`authenticator`](Self::authenticator) may take; a call of which it has said nothing by then is refused, as
    /// [`Unavailable`](arrowlink_core::ErrorKind::Unavailable). A handshake has to come within as long, or is refused as
    /// [`DeadlineExceeded`](arrowlink_core::ErrorKind::DeadlineExceeded). Default: 10 seconds.
    pub authentication_timeout: Duration,
}

impl FrontOptions {
    /// Reads `default` and writes `uploads` where the client gives no name.
    pub fn new(default: Name, uploads: Name) -> Self {
        Self {
            default,
            uploads,
            max_message_bytes: 256 << 20,
            idle_timeout: Duration::from_secs(60),
            exchange_timeout: Duration::from_secs(600),
            pool: BlockPool::default(),
            authenticator: Arc::new(Anonymous::default()),
            authentication_timeout: Duration::from_secs(10),
        }
    }

    /// Sets [`max_message_bytes`](Self::max_message_bytes), moved into its range.
    #[must_use]
    pub fn with_max_message_bytes(mut self, bytes: usize) -> Self {
        self.max_message_bytes = bytes.min(MOST_MESSAGE_BYTES);
        self
    }

    /// Sets [`idle_timeout`](Self::idle_timeout).
    #[must_use]
    pub const fn with_idle_timeout(mut self, timeout: Duration) -> Self {
        self.idle_timeout = timeout;
        self
    }

    /// Sets [`exchange_timeout`](Self::exchange_timeout).
    #[must_use]
    pub const fn with_exchange_timeout(mut self, timeout: Duration) -> Self {
        self.exchange_timeout = timeout;
        self
    }

    /// Sets [`pool`](Self::pool).
    #[must_use]
    pub fn with_pool(mut self, pool: BlockPool) -> Self {
        self.pool = pool;
        self
    }

    /// Sets [`authenticator`](Self::authenticator).
    #[must_use]
    pub fn with_authenticator(mut self, authenticator: Arc<dyn Authenticator>) -> Self {
        self.authenticator = authenticator;
        self
    }

    /// Sets [`authentication_timeout`](Self::authentication_timeout).
    #[must_use]
    pub const fn with_authentication_timeout(mut self, timeout: Duration) -> Self {
        self.authentication_timeout = timeout;
        self
    }

    /// Returns what one payload of a client may take when it is decoded: as much as a message, also where it was compressed
    /// or repeats a dictionary.
    pub fn limits(&self) -> Limits {
        Limits::default()
            .with_max_message_bytes(self.max_message_bytes)
            .with_max_decompressed_bytes(self.max_message_bytes)
            .with_max_dictionary_bytes(self.max_message_bytes)
    }

    /// How requests with messages of at most `max_message_bytes` are received.
    pub(crate) fn receive(&self, max_message_bytes: usize) -> ReceiveOptions {
        ReceiveOptions { pool: self.pool.clone(), max_message_bytes, idle_timeout: self.idle_timeout }
    }
}
