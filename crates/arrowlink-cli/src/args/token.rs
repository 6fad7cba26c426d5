//! A token as it was given, which nothing shows.

use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

/// What a server is told of who asks; whether it can be sent is checked when it is.
#[derive(Clone)]
pub(crate) struct Token(String);

impl Token {
    /// Returns the secret itself.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

impl FromStr for Token {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Token").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
