//! Names of datasets, streams and functions, parsed once at the edge and trusted after.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::{Error, ErrorKind};

/// The name of a dataset, stream or function: one to three parts joined by dots.
///
/// Each part is a letter or underscore followed by letters, digits, underscores and hyphens (ASCII); the whole is
/// at most [`Name::MAX_BYTES`] bytes. That makes every name a safe file name, URL path and SQL identifier. Cloning
/// is cheap.
///
/// ```
/// use arrowlink_core::Name;
///
/// let name: Name = "sales.orders".parse()?;
/// assert_eq!(name.parts().collect::<Vec<_>>(), ["sales", "orders"]);
/// assert!("../etc/passwd".parse::<Name>().is_err());
/// # Ok::<(), arrowlink_core::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Name(Arc<str>);

impl Name {
    /// The longest name, in bytes.
    pub const MAX_BYTES: usize = 128;
    /// The most parts a name has.
    pub const MAX_PARTS: usize = 3;

    /// Parses `text`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidArgument`] where `text` is not a name; the message says what a name may look like.
    pub fn new(text: &str) -> Result<Self, Error> {
        let valid = text.len() <= Self::MAX_BYTES
            && text.split('.').count() <= Self::MAX_PARTS
            && text.split('.').all(is_part);
        if !valid {
            return Err(invalid(text));
        }
        Ok(Self(text.into()))
    }

    /// Returns the name as it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the parts between the dots, one to three of them.
    pub fn parts(&self) -> impl Iterator<Item = &str> {
        self.0.split('.')
    }
}

impl FromStr for Name {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Self::new(text)
    }
}

impl AsRef<str> for Name {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

fn is_part(part: &str) -> bool {
    let mut bytes = part.bytes();
    bytes.next().is_some_and(|first| first.is_ascii_alphabetic() || first == b'_')
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
}

fn invalid(text: &str) -> Error {
    let shown: String = text.chars().take(Name::MAX_BYTES).flat_map(char::escape_debug).collect();
    Error::new(
        ErrorKind::InvalidArgument,
        format!(
            "`{shown}` is not a name: use one to {} parts joined by dots, each a letter or `_` followed by letters, \
             digits, `_` or `-`, at most {} bytes in all",
            Name::MAX_PARTS,
            Name::MAX_BYTES
        ),
    )
}
