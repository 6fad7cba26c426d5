//! The heads of gRPC's requests and answers.
//!
//! The rules are those of gRPC's `PROTOCOL-HTTP2.md`. Messages go out by [`frame`](crate::frame) and
//! [`outgoing`](crate::outgoing), and come in by [`receive`](crate::receive).

use arrowlink_core::{Error, ErrorKind};
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header};

use crate::Body;
use crate::status::to_status;

/// Any error of a body.
pub(crate) type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Answers a request that is not gRPC, or asks for what this server does not do; `None` where it is fine.
pub(crate) fn refuse(head: &http::request::Parts) -> Option<Response<Body>> {
    if head.method != Method::POST {
        let mut response = plain(StatusCode::METHOD_NOT_ALLOWED);
        response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("POST"));
        return Some(response);
    }
    if !is_grpc(&head.headers) {
        return Some(plain(StatusCode::UNSUPPORTED_MEDIA_TYPE));
    }
    let encoding = head.headers.get(ENCODING).filter(|encoding| *encoding != IDENTITY)?;
    let text =
        format!("messages compressed by `{}` are not supported: send them uncompressed", shown(encoding));
    let mut response = to_status(&Error::new(ErrorKind::Unsupported, text)).into_http();
    response.headers_mut().insert("grpc-accept-encoding", HeaderValue::from_static(IDENTITY));
    Some(response)
}

/// Whether a request or response says that it is gRPC with protobuf messages.
pub(crate) fn is_grpc(headers: &HeaderMap) -> bool {
    let content_type =
        headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media_type = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    media_type == "application/grpc" || media_type == "application/grpc+proto"
}

fn plain(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

fn shown(value: &HeaderValue) -> String {
    String::from_utf8_lossy(value.as_bytes()).escape_debug().to_string()
}

const ENCODING: &str = "grpc-encoding";
const IDENTITY: &str = "identity";
