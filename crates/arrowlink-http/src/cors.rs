//! Pages of other origins: what browsers are told of them, and what is not done for them.
//!
//! A browser sends a plain `POST` for any page and only keeps the answer from it: a statement that drops a dataset would
//! have done so. Statements of pages that are not allowed are therefore refused, and not left to the browser.

use arrowlink_core::ErrorKind;
use http::{HeaderMap, HeaderValue, StatusCode, Uri, header};

use crate::options::Cors;
use crate::problem::Problem;

/// Refuses a statement of a page that is neither allowed nor from this very server.
pub(crate) fn refuse_foreign(cors: &Cors, headers: &HeaderMap, uri: &Uri) -> Result<(), Problem> {
    let Some(origin) = headers.get(header::ORIGIN) else { return Ok(()) };
    let origin = String::from_utf8_lossy(origin.as_bytes());
    let host = uri.authority().map(|authority| authority.as_str());
    let host = host.or_else(|| headers.get(header::HOST)?.to_str().ok());
    let own = origin
        .split_once("://")
        .is_some_and(|(_, of)| host.is_some_and(|host| of.eq_ignore_ascii_case(host)));
    if own || cors.allows(&origin) {
        return Ok(());
    }
    let text =
        format!("pages of `{}` may not ask: `http.cors_origins` has those that may", origin.escape_debug());
    Err(Problem::new(StatusCode::FORBIDDEN, ErrorKind::PermissionDenied, text))
}

/// Adds to an answer what lets an allowed page read it; to others nothing.
pub(crate) fn allow(cors: &Cors, asked: &HeaderMap, answer: &mut HeaderMap) {
    if !cors.is_empty() {
        answer.append(header::VARY, HeaderValue::from_static("origin"));
    }
    let Some(origin) = asked.get(header::ORIGIN) else { return };
    if !origin.to_str().is_ok_and(|origin| cors.allows(origin)) {
        return;
    }
    answer.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
    answer.insert(
        header::ACCESS_CONTROL_EXPOSE_HEADERS,
        HeaderValue::from_static("arrowlink-request-id, etag"),
    );
    if asked.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD) {
        answer.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, HEAD, POST"));
        answer.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static(HEADERS));
        answer.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
    }
}

/// What pages may send.
const HEADERS: &str =
    "accept, arrowlink-request-id, arrowlink-views, authorization, content-type, if-none-match";
