//! What caches may do with an answer: keep it for who asked alone, and ask each time whether it still holds.

use arrowlink_core::Identity;
use http::{HeaderMap, HeaderValue, header};

use crate::call::Call;

/// Says so in `headers`, those of the answer to `call`. Datasets may answer by who asks, so that nobody is given what was
/// kept for another.
pub(crate) fn mark(call: &Call, headers: &mut HeaderMap) {
    let is_personal =
        *call.ctx.identity() != Identity::Anonymous || call.headers().contains_key(header::AUTHORIZATION);
    let control = if is_personal { "private, no-cache" } else { "no-cache" };
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(control));
    headers.insert(header::VARY, HeaderValue::from_static(VARY));
}

/// What of a request decides on the bytes of its answer.
const VARY: &str = "accept, accept-encoding, arrowlink-views, authorization";
