//! Paths and `file://` URIs.
//!
//! A path is taken as it is written, spaces and percent signs included; a URI is decoded. Schemes that nothing reads are
//! refused by name, so that a bucket is not taken for a folder that does not exist.

use std::path::PathBuf;

use arrowlink_core::{Error, ErrorKind, Result};

/// Returns the path that `uri` names on this machine.
///
/// Fails with `Unsupported` where another scheme names another place, `InvalidArgument` where it is not a URI.
pub(super) fn local_path(uri: &str) -> Result<PathBuf> {
    let Some(rest) = uri.strip_prefix(FILE_SCHEME) else {
        if let Some((scheme, _)) = uri.split_once("://") {
            let message = format!("`{uri}`: no files are read from `{scheme}://`");
            return Err(Error::new(ErrorKind::Unsupported, message));
        }
        return Ok(PathBuf::from(uri));
    };
    let path = rest.strip_prefix("localhost").unwrap_or(rest);
    if !path.starts_with('/') {
        let message = format!("`{uri}` names another host: write `file:///path`");
        return Err(Error::new(ErrorKind::InvalidArgument, message));
    }
    percent_decoded(path).map(PathBuf::from).ok_or_else(|| {
        Error::new(
            ErrorKind::InvalidArgument,
            format!("`{uri}` has a `%` that is not followed by two hex digits"),
        )
    })
}

/// Decodes `%20` and the like; `None` where a `%` stands for nothing or the result is not UTF-8.
///
/// A `+` stays one: it means a space in forms and not in paths.
fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut parts = text.split('%');
    bytes.extend_from_slice(parts.next()?.as_bytes());
    for part in parts {
        bytes.push(u8::from_str_radix(part.get(..2)?, 16).ok()?);
        bytes.extend_from_slice(part.get(2..)?.as_bytes());
    }
    String::from_utf8(bytes).ok()
}

/// What a URI of a file begins with.
pub(super) const FILE_SCHEME: &str = "file://";
