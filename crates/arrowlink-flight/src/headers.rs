//! The request metadata that clients of Flight may send. A key that is there and cannot be read is an error.

use arrowlink_core::{Error, ErrorKind, Result};
use http::HeaderMap;

/// How an upload is written: `append-or-create`, `append`, `create` or `replace`.
pub(crate) const WRITE_MODE: &str = "arrowlink-write-mode";
/// Under which key a repeated upload is recognised, percent-encoded.
pub(crate) const IDEMPOTENCY_KEY: &str = "arrowlink-idempotency-key";

/// Reads a header of printable ASCII.
pub(crate) fn text<'a>(headers: &'a HeaderMap, key: &str) -> Result<Option<&'a str>> {
    let Some(value) = headers.get(key) else { return Ok(None) };
    value
        .to_str()
        .map(|text| Some(text.trim()))
        .map_err(|_| invalid(format!("the request metadata key `{key}` is not printable ASCII")))
}

/// Reads a header of percent-encoded UTF-8.
pub(crate) fn decoded(headers: &HeaderMap, key: &str) -> Result<Option<String>> {
    let Some(text) = text(headers, key)? else { return Ok(None) };
    let bytes = percent_decoded(text.as_bytes())
        .ok_or_else(|| invalid(format!("the request metadata key `{key}` is not percent-encoded")))?;
    String::from_utf8(bytes)
        .map(Some)
        .map_err(|error| invalid(format!("the request metadata key `{key}` is not UTF-8")).with_source(error))
}

fn percent_decoded(mut text: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    while let Some((first, rest)) = text.split_first() {
        if *first != b'%' {
            bytes.push(*first);
            text = rest;
            continue;
        }
        let (digits, rest) = rest.split_at_checked(2)?;
        let digits = std::str::from_utf8(digits).ok().filter(|digits| !digits.starts_with('+'))?;
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        text = rest;
    }
    Some(bytes)
}

fn invalid(text: String) -> Error {
    Error::new(ErrorKind::InvalidArgument, text)
}
