//! The metadata keys of the data calls.
//!
//! All are optional, so that a client that knows nothing but the service's definition gets the default dataset in
//! messages that it takes. A key that is there and cannot be read is an error, never ignored.

use arrowlink_core::{Error, ErrorKind, Name};
use http::{HeaderMap, header};

/// Which dataset a call is about.
pub(crate) const NAME: &str = "arrowlink-name";
/// The largest message that the client takes, framing included.
pub(crate) const MAX_MESSAGE_BYTES: &str = "arrowlink-max-message-bytes";

/// Whether views and run-end encoded columns are sent as they are: `keep`, or made `plain`, which is the default.
const VIEWS: &str = "arrowlink-views";

/// What messages may take where the client does not say: gRPC's default receive limit.
pub(crate) const DEFAULT_MESSAGE_BYTES: usize = 4 << 20;
/// What no message may exceed, whatever either side says: the limit of protobuf.
pub(crate) const MOST_MESSAGE_BYTES: usize = (1 << 31) - 1;

/// Reads the name a client asks for, where it asks for one.
pub(crate) fn name(headers: &HeaderMap) -> Result<Option<Name>, Error> {
    text(headers, NAME)?.map(Name::new).transpose()
}

/// Reads how large messages to the client may be: what it announces, within `most`, or the default.
pub(crate) fn max_message_bytes(headers: &HeaderMap, most: usize) -> Result<usize, Error> {
    let most = most.min(MOST_MESSAGE_BYTES);
    Ok(announced(headers)?.unwrap_or(DEFAULT_MESSAGE_BYTES).min(most))
}

/// Reads how large messages of Flight may be: what the client announces, within `most`, or all of that where it is known
/// to take messages of any size, or the default.
pub(crate) fn max_flight_bytes(headers: &HeaderMap, most: usize) -> Result<usize, Error> {
    let most = most.min(MOST_MESSAGE_BYTES);
    let user_agent =
        headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let default = if takes_any_size(user_agent) { most } else { DEFAULT_MESSAGE_BYTES };
    Ok(announced(headers)?.unwrap_or(default).min(most))
}

/// Whether this is Arrow's Flight client in C++ (and so Python, R, Ruby) or Java, which lift gRPC's limit.
fn takes_any_size(user_agent: &str) -> bool {
    ["grpc-c++/", "grpc-java-"].iter().any(|name| user_agent.split(' ').any(|part| part.starts_with(name)))
}

/// Reads the size that a client announces.
fn announced(headers: &HeaderMap) -> Result<Option<usize>, Error> {
    let Some(text) = text(headers, MAX_MESSAGE_BYTES)? else { return Ok(None) };
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits || text.bytes().all(|byte| byte == b'0') {
        return Err(Error::new(
            ErrorKind::InvalidArgument,
            format!(
                "`{text}` is not a number of bytes for `{MAX_MESSAGE_BYTES}`: use digits alone, such as `16777216`"
            ),
        ));
    }
    Ok(Some(text.parse().unwrap_or(usize::MAX)))
}

/// Returns whether the client says that it takes views and run-end encoded columns as they are, by `arrowlink-views` in the
/// metadata or headers of its request. Those that do not are sent plain types.
///
/// ```
/// use arrowlink_transport::keeps_views;
/// use http::{HeaderMap, HeaderValue};
///
/// let mut headers = HeaderMap::new();
/// assert!(!keeps_views(&headers)?);
/// headers.insert("arrowlink-views", HeaderValue::from_static("keep"));
/// assert!(keeps_views(&headers)?);
/// # Ok::<(), arrowlink_core::Error>(())
/// ```
///
/// # Errors
///
/// [`ErrorKind::InvalidArgument`] for a value that is neither `keep` nor `plain`.
pub fn keeps_views(headers: &HeaderMap) -> Result<bool, Error> {
    match text(headers, VIEWS)? {
        None | Some("plain") => Ok(false),
        Some("keep") => Ok(true),
        Some(other) => {
            let text = format!("`{other}` is not a value of `{VIEWS}`: use `keep` or `plain`");
            Err(Error::new(ErrorKind::InvalidArgument, text))
        }
    }
}

fn text<'a>(headers: &'a HeaderMap, key: &str) -> Result<Option<&'a str>, Error> {
    let Some(value) = headers.get(key) else { return Ok(None) };
    value.to_str().map(|text| Some(text.trim())).map_err(|_| {
        Error::new(
            ErrorKind::InvalidArgument,
            format!("the request metadata key `{key}` is not printable ASCII"),
        )
    })
}
