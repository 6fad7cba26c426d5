//! The one mapping between [`Error`] and gRPC status, total in both directions.
//!
//! An error's kind travels as `google.rpc.ErrorInfo.reason` (upper snake case, domain `arrowlink`) in
//! `grpc-status-details-bin`, its request id in that message's metadata; its message and causes are the status's
//! message. A peer that is not ArrowLink sends a code alone, which is mapped to the nearest kind.
//!
//! ```
//! use arrowlink_core::{Error, ErrorKind};
//! use arrowlink_transport::status::{from_status, to_status};
//!
//! let error = Error::new(ErrorKind::ReadOnly, "`trips` is served from a file").with_request_id("0198");
//! let status = to_status(&error);
//! assert_eq!(status.code(), tonic::Code::FailedPrecondition);
//! let back = from_status(&status);
//! assert_eq!(back.kind(), ErrorKind::ReadOnly);
//! assert_eq!(back.message(), "`trips` is served from a file");
//! assert_eq!(back.request_id(), Some("0198"));
//! ```
#![warn(clippy::wildcard_enum_match_arm)]

use std::collections::HashMap;

use arrowlink_core::{Error, ErrorKind};
use http::HeaderMap;
use tonic::metadata::MetadataMap;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _};

/// Turns an error into the status that carries its kind, its message with all causes, and its request id.
///
/// A message of more than 2 KiB is cut, with a note of how much is missing: clients refuse headers of more than 8 KiB.
///
/// | kind | code |
/// |---|---|
/// | `NotFound`, `AlreadyExists`, `InvalidArgument`, `Unauthenticated`, `PermissionDenied`, `Unavailable`, `DeadlineExceeded`, `Cancelled`, `Internal` | of the same name |
/// | `SchemaMismatch`, `ReadOnly`, `SnapshotChanged` | `FAILED_PRECONDITION` |
/// | `Corrupt` | `DATA_LOSS` |
/// | `LimitExceeded` | `RESOURCE_EXHAUSTED` |
/// | `Unsupported` | `UNIMPLEMENTED` |
/// | `FunctionFailed` | `ABORTED` |
///
/// ```
/// use arrowlink_core::{Error, ErrorKind};
/// use arrowlink_transport::status::to_status;
///
/// let disk = std::io::Error::other("no space left on device");
/// let status = to_status(&Error::new(ErrorKind::LimitExceeded, "cannot keep `trips`").with_source(disk));
/// assert_eq!(status.code(), tonic::Code::ResourceExhausted);
/// assert_eq!(status.message(), "cannot keep `trips`: no space left on device");
/// ```
pub fn to_status(error: &Error) -> Status {
    let mut metadata = HashMap::new();
    if let Some(id) = error.request_id() {
        metadata.insert(REQUEST_ID.to_owned(), id.to_owned());
    }
    let details = ErrorDetails::with_error_info(reason(error.kind()), DOMAIN, metadata);
    Status::with_error_details(code(error.kind()), shortened(error.chain()), details)
}

/// Turns a status into the error it carries; a status without ArrowLink's details is sorted by its code.
///
/// `OUT_OF_RANGE` and a bare `FAILED_PRECONDITION` are `InvalidArgument`, a bare `ABORTED` is `Unavailable`, `UNKNOWN` is
/// `Internal`. A kind that this version does not know counts as none.
///
/// ```
/// use arrowlink_core::ErrorKind;
/// use arrowlink_transport::status::from_status;
/// use tonic::{Code, Status};
///
/// let foreign = from_status(&Status::new(Code::OutOfRange, "row 7 of 5"));
/// assert_eq!((foreign.kind(), foreign.message()), (ErrorKind::InvalidArgument, "row 7 of 5"));
/// let silent = from_status(&Status::new(Code::Unknown, ""));
/// assert_eq!(silent.message(), "the server answered Unknown and did not say why");
/// ```
pub fn from_status(status: &Status) -> Error {
    let info = status.get_details_error_info().filter(|info| info.domain == DOMAIN);
    let kind = info.as_ref().and_then(|info| kind_of_reason(&info.reason));
    let message = match status.message() {
        "" => format!("the server answered {:?} and did not say why", status.code()),
        message => message.to_owned(),
    };
    let error = Error::new(kind.unwrap_or_else(|| kind_of_code(status.code())), message);
    match info.and_then(|mut info| info.metadata.remove(REQUEST_ID)) {
        Some(id) => error.with_request_id(id),
        None => error,
    }
}

/// Reads the outcome of a call from its headers or trailers: `None` where they carry none.
///
/// Details that are not valid base64 are left out; nothing that a server sends makes this panic.
pub(crate) fn from_headers(headers: &HeaderMap) -> Option<Result<(), Error>> {
    let mut plain = headers.clone();
    plain.remove(DETAILS);
    let status = Status::from_header_map(&plain)?;
    if status.code() == Code::Ok {
        return Some(Ok(()));
    }
    let metadata = MetadataMap::from_headers(headers.clone());
    let details = metadata.get_bin(DETAILS).and_then(|value| value.to_bytes().ok()).unwrap_or_default();
    Some(Err(from_status(&Status::with_details(status.code(), status.message(), details))))
}

const fn code(kind: ErrorKind) -> Code {
    match kind {
        ErrorKind::NotFound => Code::NotFound,
        ErrorKind::AlreadyExists => Code::AlreadyExists,
        ErrorKind::InvalidArgument => Code::InvalidArgument,
        ErrorKind::SchemaMismatch | ErrorKind::ReadOnly | ErrorKind::SnapshotChanged => {
            Code::FailedPrecondition
        }
        ErrorKind::Corrupt => Code::DataLoss,
        ErrorKind::LimitExceeded => Code::ResourceExhausted,
        ErrorKind::Unauthenticated => Code::Unauthenticated,
        ErrorKind::PermissionDenied => Code::PermissionDenied,
        ErrorKind::Unavailable => Code::Unavailable,
        ErrorKind::DeadlineExceeded => Code::DeadlineExceeded,
        ErrorKind::Cancelled => Code::Cancelled,
        ErrorKind::Unsupported => Code::Unimplemented,
        ErrorKind::FunctionFailed => Code::Aborted,
        ErrorKind::Internal => Code::Internal,
    }
}

pub(crate) const fn reason(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::NotFound => "NOT_FOUND",
        ErrorKind::AlreadyExists => "ALREADY_EXISTS",
        ErrorKind::InvalidArgument => "INVALID_ARGUMENT",
        ErrorKind::SchemaMismatch => "SCHEMA_MISMATCH",
        ErrorKind::ReadOnly => "READ_ONLY",
        ErrorKind::SnapshotChanged => "SNAPSHOT_CHANGED",
        ErrorKind::Corrupt => "CORRUPT",
        ErrorKind::LimitExceeded => "LIMIT_EXCEEDED",
        ErrorKind::Unauthenticated => "UNAUTHENTICATED",
        ErrorKind::PermissionDenied => "PERMISSION_DENIED",
        ErrorKind::Unavailable => "UNAVAILABLE",
        ErrorKind::DeadlineExceeded => "DEADLINE_EXCEEDED",
        ErrorKind::Cancelled => "CANCELLED",
        ErrorKind::Unsupported => "UNSUPPORTED",
        ErrorKind::FunctionFailed => "FUNCTION_FAILED",
        ErrorKind::Internal => "INTERNAL",
    }
}

pub(crate) fn kind_of_reason(text: &str) -> Option<ErrorKind> {
    ErrorKind::ALL.into_iter().find(|kind| reason(*kind) == text)
}

/// The kind of a bare code. A failed precondition without a reason is `InvalidArgument`: the same call again cannot
/// succeed, and which of the three reasons it was cannot be known. A bare abort is a conflict that may pass.
const fn kind_of_code(code: Code) -> ErrorKind {
    match code {
        Code::NotFound => ErrorKind::NotFound,
        Code::AlreadyExists => ErrorKind::AlreadyExists,
        Code::InvalidArgument | Code::OutOfRange | Code::FailedPrecondition => ErrorKind::InvalidArgument,
        Code::DataLoss => ErrorKind::Corrupt,
        Code::ResourceExhausted => ErrorKind::LimitExceeded,
        Code::Unauthenticated => ErrorKind::Unauthenticated,
        Code::PermissionDenied => ErrorKind::PermissionDenied,
        Code::Unavailable | Code::Aborted => ErrorKind::Unavailable,
        Code::DeadlineExceeded => ErrorKind::DeadlineExceeded,
        Code::Cancelled => ErrorKind::Cancelled,
        Code::Unimplemented => ErrorKind::Unsupported,
        Code::Internal | Code::Unknown | Code::Ok => ErrorKind::Internal,
    }
}

fn shortened(mut message: String) -> String {
    if message.len() <= MAX_MESSAGE_BYTES {
        return message;
    }
    let end = message.floor_char_boundary(MAX_MESSAGE_BYTES);
    let missing = message.len() - end;
    message.truncate(end);
    message.push_str(&format!("… ({missing} bytes more)"));
    message
}

const DOMAIN: &str = "arrowlink";
const REQUEST_ID: &str = "request_id";
const DETAILS: &str = "grpc-status-details-bin";
/// The longest message of a status, so that it fits twice (plain and inside the details) into 8 KiB of headers.
const MAX_MESSAGE_BYTES: usize = 2048;
