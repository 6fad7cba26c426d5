//! HTTP/1.1: one call at a time, and nothing of gRPC, which needs the trailers and streams of HTTP/2.

use http::{HeaderMap, HeaderValue, Request, Response, StatusCode, Version, header};
use hyper::server::conn::http1;
use hyper_util::rt::TokioTimer;

use super::options::AcceptOptions;
use crate::{Body, Rope};

/// Returns how connections are served within the limits of `options`.
pub(super) fn builder(options: &AcceptOptions) -> http1::Builder {
    let head = (options.max_header_list_bytes as usize).max(LEAST_BUFFER_BYTES);
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(options.header_timeout)
        .max_headers(MOST_HEADERS)
        .max_header_size(head)
        .max_buf_size(head);
    builder
}

/// Answers a call of gRPC that came over HTTP/1.1; `None` for every other request.
pub(super) fn refuse_grpc<B>(request: &Request<B>) -> Option<Response<Body>> {
    if request.version() >= Version::HTTP_2 || !says_grpc(request.headers()) {
        return None;
    }
    let mut response = Response::new(Body::new(http_body_util::Full::new(Rope::from_iter([REFUSAL.into()]))));
    *response.status_mut() = StatusCode::HTTP_VERSION_NOT_SUPPORTED;
    let media_type = HeaderValue::from_static("application/problem+json");
    response.headers_mut().insert(header::CONTENT_TYPE, media_type);
    response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(REFUSAL.len()));
    Some(response)
}

/// Whether a request says that it is gRPC, in any of its encodings.
fn says_grpc(headers: &HeaderMap) -> bool {
    let content_type = headers.get(header::CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
    content_type.get(..GRPC.len()).is_some_and(|start| start.eq_ignore_ascii_case(GRPC))
}

const GRPC: &[u8] = b"application/grpc";
const REFUSAL: &str = r#"{"type":"about:blank","title":"HTTP Version Not Supported","status":505,"detail":"gRPC needs HTTP/2 and this request came over HTTP/1.1: let the client offer `h2` by ALPN, and let what stands between it and the server pass HTTP/2 on"}"#;
/// The most headers of a request.
const MOST_HEADERS: usize = 100;
/// hyper takes no smaller buffer.
const LEAST_BUFFER_BYTES: usize = 8192;
