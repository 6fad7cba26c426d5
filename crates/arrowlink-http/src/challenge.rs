//! How somebody who is not known may say who it is (RFC 9110, section 11.6.1).
//!
//! Browsers ask their user for a name and a password where `Basic` is offered. They do so for a page that was asked for,
//! and for what a script fetches too, whose page then cannot ask in its own words: such a request is offered `Bearer` alone.

use http::{HeaderMap, HeaderValue, header};

/// Adds what is accepted to the headers of the answer to a request with the headers `asked`.
pub(crate) fn challenge(asked: &HeaderMap, answer: &mut HeaderMap) {
    answer.append(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    // Whoever is not a browser does not say how it came to ask.
    if asked.get("sec-fetch-mode").is_none_or(|mode| mode == "navigate") {
        answer.append(header::WWW_AUTHENTICATE, HeaderValue::from_static(BASIC));
    }
}

const BASIC: &str = "Basic realm=\"arrowlink\", charset=\"UTF-8\"";
