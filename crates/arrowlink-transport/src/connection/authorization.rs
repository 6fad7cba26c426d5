//! What a client says of itself with each of its calls.

use arrowlink_core::{Error, ErrorKind};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use http::HeaderValue;

/// A token, or a name and a password, that goes with each call of a client as `authorization`.
///
/// It is not shown by `Debug`, and not kept in HTTP/2's tables of headers.
///
/// ```
/// use arrowlink_transport::Authorization;
///
/// let ali = Authorization::basic("ali", "sesame")?;
/// assert_eq!(format!("{ali:?}"), "Authorization(Sensitive)");
/// assert!(Authorization::bearer("two\nlines").is_err());
/// # Ok::<(), arrowlink_core::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authorization(HeaderValue);

impl Authorization {
    /// Sends `token` as `Bearer`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidArgument`] for a token that is empty or not printable ASCII.
    pub fn bearer(token: &str) -> Result<Self, Error> {
        let printable = !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic());
        if !printable {
            return Err(invalid("a token is printable ASCII without spaces"));
        }
        Self::new(format!("Bearer {token}"))
    }

    /// Sends a name and a password as `Basic`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidArgument`] for a name with a colon.
    pub fn basic(user: &str, password: &str) -> Result<Self, Error> {
        if user.contains(':') {
            return Err(invalid("a name that is sent with a password has no colon"));
        }
        Self::new(format!("Basic {}", BASE64_STANDARD.encode(format!("{user}:{password}"))))
    }

    /// The value of the header.
    pub(crate) fn value(&self) -> HeaderValue {
        self.0.clone()
    }

    fn new(text: String) -> Result<Self, Error> {
        let mut value =
            HeaderValue::try_from(text).map_err(|_| invalid("a token is printable ASCII without spaces"))?;
        value.set_sensitive(true);
        Ok(Self(value))
    }
}

fn invalid(text: &str) -> Error {
    Error::new(ErrorKind::InvalidArgument, text)
}
