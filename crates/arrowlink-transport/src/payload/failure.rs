//! What the codec's errors mean to whoever sent the bytes.

use arrowlink_core::{Error, ErrorKind};
use arrowlink_ipc::ErrorKind as CodecErrorKind;

/// Who made the bytes that are decoded, which decides whose mistake it is when they are wrong.
///
/// The same bytes are an argument that a server refuses, and data that a client finds damaged. Sizes past a limit are
/// [`ErrorKind::LimitExceeded`] for both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Origin {
    /// A caller: what is wrong with its bytes is [`ErrorKind::InvalidArgument`].
    Client,
    /// A server: what is wrong with its bytes is [`ErrorKind::Corrupt`].
    Server,
}

impl Origin {
    /// The kind of error for bytes that are not valid.
    pub(crate) const fn invalid(self) -> ErrorKind {
        match self {
            Self::Client => ErrorKind::InvalidArgument,
            Self::Server => ErrorKind::Corrupt,
        }
    }
}

/// Turns an error of the codec into an error that says `what` was being read or written.
pub(crate) fn from_ipc(error: arrowlink_ipc::Error, what: impl Into<String>, origin: Origin) -> Error {
    let kind = match error.kind() {
        CodecErrorKind::Invalid | CodecErrorKind::Truncated => origin.invalid(),
        CodecErrorKind::LimitExceeded => ErrorKind::LimitExceeded,
        CodecErrorKind::Unsupported | CodecErrorKind::Encode => ErrorKind::Unsupported,
        CodecErrorKind::SchemaMismatch => ErrorKind::SchemaMismatch,
        _ => ErrorKind::Internal,
    };
    Error::new(kind, what).with_source(error)
}
