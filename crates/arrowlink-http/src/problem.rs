//! The one mapping from [`Error`] to HTTP, and the problem details (RFC 9457) that say it.
#![warn(clippy::wildcard_enum_match_arm)]

use arrowlink_core::{Error, ErrorKind};
use arrowlink_transport::status::to_status;
use arrowlink_transport::{Body, Rope};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};
use http_body_util::Full;
use serde::Serialize;

use crate::challenge::challenge;

/// Returns the HTTP status of an error of that kind.
///
/// `LimitExceeded` is not 429: clients repeat such a request, which would exceed the limit again.
///
/// ```
/// use arrowlink_core::ErrorKind;
/// use arrowlink_http::status;
///
/// assert_eq!(status(ErrorKind::NotFound), 404);
/// assert_eq!(status(ErrorKind::Unsupported), 501);
/// ```
pub const fn status(kind: ErrorKind) -> StatusCode {
    match kind {
        ErrorKind::NotFound => StatusCode::NOT_FOUND,
        ErrorKind::AlreadyExists | ErrorKind::SnapshotChanged => StatusCode::CONFLICT,
        ErrorKind::InvalidArgument => StatusCode::BAD_REQUEST,
        ErrorKind::SchemaMismatch => StatusCode::UNPROCESSABLE_ENTITY,
        ErrorKind::ReadOnly | ErrorKind::PermissionDenied => StatusCode::FORBIDDEN,
        ErrorKind::LimitExceeded => StatusCode::PAYLOAD_TOO_LARGE,
        ErrorKind::Unauthenticated => StatusCode::UNAUTHORIZED,
        ErrorKind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        ErrorKind::DeadlineExceeded => StatusCode::GATEWAY_TIMEOUT,
        // Nobody is there to read it; a proxy in between may log it.
        ErrorKind::Cancelled => StatusCode::REQUEST_TIMEOUT,
        ErrorKind::Unsupported => StatusCode::NOT_IMPLEMENTED,
        ErrorKind::FunctionFailed => StatusCode::BAD_GATEWAY,
        ErrorKind::Corrupt | ErrorKind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// Returns the answer that tells of `error`: its status, and problem details in JSON.
///
/// The gRPC status of the error stands in the answer's extensions, for whoever logs it.
///
/// ```
/// use arrowlink_core::{Error, ErrorKind};
/// use arrowlink_http::answer_to;
///
/// let answer = answer_to(&Error::new(ErrorKind::NotFound, "no dataset `tirps`"));
/// assert_eq!(answer.status(), 404);
/// assert_eq!(answer.headers()["content-type"], "application/problem+json");
/// ```
pub fn answer_to(error: &Error) -> Response<Body> {
    answer(status(error.kind()), error)
}

/// A request that is refused, with the status that HTTP has for it.
#[derive(Debug)]
pub(crate) struct Problem {
    status: StatusCode,
    error: Error,
    /// Boxed, because few have one and all are returned by value.
    header: Option<Box<(HeaderName, HeaderValue)>>,
}

impl Problem {
    /// Changes what is said.
    pub(crate) fn map_error(mut self, change: impl FnOnce(Error) -> Error) -> Self {
        self.error = change(self.error);
        self
    }

    /// Makes one whose status says more than its kind does.
    pub(crate) fn new(status: StatusCode, kind: ErrorKind, text: impl Into<String>) -> Self {
        Self { status, error: Error::new(kind, text), header: None }
    }

    /// Makes one of a request that makes no sense.
    pub(crate) fn invalid(text: impl Into<String>) -> Self {
        Error::new(ErrorKind::InvalidArgument, text).into()
    }

    /// Adds a header to the answer.
    pub(crate) fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.header = Some(Box::new((name, value)));
        self
    }

    /// Returns the answer to the request of that id, whose headers were `asked`.
    pub(crate) fn into_answer(self, request_id: &str, asked: &HeaderMap) -> Response<Body> {
        let mut answer = answer(self.status, &self.error.with_request_id(request_id));
        if let Some((name, value)) = self.header.map(|header| *header) {
            answer.headers_mut().insert(name, value);
        }
        if self.status == StatusCode::UNAUTHORIZED {
            challenge(asked, answer.headers_mut());
        }
        answer
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let kind = error.kind();
        let again = (header::RETRY_AFTER, HeaderValue::from_static("1"));
        let header = (kind == ErrorKind::Unavailable).then(|| Box::new(again));
        Self { status: status(kind), error, header }
    }
}

/// The members of problem details, and `kind`, by which programs decide.
#[derive(Serialize)]
struct Details<'a> {
    r#type: String,
    title: &'a str,
    status: u16,
    detail: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    instance: Option<&'a str>,
    kind: &'a str,
}

fn answer(status: StatusCode, error: &Error) -> Response<Body> {
    let (kind, title) = named(error.kind());
    let details = Details {
        r#type: format!("urn:arrowlink:error:{}", kind.to_ascii_lowercase().replace('_', "-")),
        title,
        status: status.as_u16(),
        detail: error.chain(),
        instance: error.request_id(),
        kind,
    };
    let mut bytes = serde_json::to_vec(&details).unwrap_or_default();
    bytes.push(b'\n');
    let length = HeaderValue::from(bytes.len());
    let mut answer = Response::new(Body::new(Full::new(Rope::from(Bytes::from(bytes)))));
    *answer.status_mut() = status;
    let media_type = HeaderValue::from_static("application/problem+json");
    answer.headers_mut().insert(header::CONTENT_TYPE, media_type);
    answer.headers_mut().insert(header::CONTENT_LENGTH, length);
    answer.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer.extensions_mut().insert(to_status(error));
    answer
}

/// Returns how a kind is called: as on gRPC's wire, and in words that are the same for all errors of the kind.
const fn named(kind: ErrorKind) -> (&'static str, &'static str) {
    match kind {
        ErrorKind::NotFound => ("NOT_FOUND", "there is nothing of that name"),
        ErrorKind::AlreadyExists => ("ALREADY_EXISTS", "it is there already"),
        ErrorKind::InvalidArgument => ("INVALID_ARGUMENT", "the request is not valid"),
        ErrorKind::SchemaMismatch => ("SCHEMA_MISMATCH", "the rows have another schema"),
        ErrorKind::ReadOnly => ("READ_ONLY", "it cannot be written to"),
        ErrorKind::SnapshotChanged => ("SNAPSHOT_CHANGED", "the data has changed since"),
        ErrorKind::Corrupt => ("CORRUPT", "the data is damaged"),
        ErrorKind::LimitExceeded => ("LIMIT_EXCEEDED", "a limit was reached"),
        ErrorKind::Unauthenticated => ("UNAUTHENTICATED", "the server wants to know who asks"),
        ErrorKind::PermissionDenied => ("PERMISSION_DENIED", "this is not allowed"),
        ErrorKind::Unavailable => ("UNAVAILABLE", "not now, later may work"),
        ErrorKind::DeadlineExceeded => ("DEADLINE_EXCEEDED", "it took too long"),
        ErrorKind::Cancelled => ("CANCELLED", "the client gave up"),
        ErrorKind::Unsupported => ("UNSUPPORTED", "this server does not do that"),
        ErrorKind::FunctionFailed => ("FUNCTION_FAILED", "the function failed"),
        ErrorKind::Internal => ("INTERNAL", "a bug in the server"),
    }
}
