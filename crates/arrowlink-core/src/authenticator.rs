//! Who may call: the seam where names, passwords and tokens are checked.

use std::fmt;

use arrowlink_core::{Identity, Result};
use futures::FutureExt as _;
use futures::future::BoxFuture;

/// What a caller says about itself.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Credentials {
    /// Nothing.
    Nothing,
    /// A name and a password, as HTTP's `Basic` has them.
    Basic {
        /// The name.
        user: String,
        /// The password.
        password: String,
    },
    /// A token, usually one that [`Authenticator::token`] gave.
    Bearer(String),
}

/// Passwords and tokens are not shown.
impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => f.write_str("Nothing"),
            Self::Basic { user, .. } => f.debug_struct("Basic").field("user", user).finish_non_exhaustive(),
            Self::Bearer(_) => f.debug_tuple("Bearer").finish_non_exhaustive(),
        }
    }
}

/// Decides who a caller is.
///
/// Handshakes ask for a token, every other call says who it is from: clients exchange a name and a password for a token
/// once, and send that with each call.
///
/// ```
/// use arrowlink_core::{Error, ErrorKind, Identity, Result};
/// use arrowlink_flight::{Authenticator, Credentials};
/// use futures::FutureExt as _;
/// use futures::future::BoxFuture;
///
/// #[derive(Debug)]
/// struct OneToken;
///
/// impl Authenticator for OneToken {
///     fn identify(&self, credentials: Credentials) -> BoxFuture<'_, Result<Identity>> {
///         let answer = match credentials {
///             Credentials::Bearer(token) if token == "open sesame" => Ok(Identity::Named("ali".into())),
///             _ => Err(Error::new(ErrorKind::Unauthenticated, "the token is not known")),
///         };
///         std::future::ready(answer).boxed()
///     }
///
///     fn token(&self, _: Credentials) -> BoxFuture<'_, Result<String>> {
///         let error = Error::new(ErrorKind::Unauthenticated, "tokens are given out elsewhere");
///         std::future::ready(Err(error)).boxed()
///     }
/// }
/// ```
pub trait Authenticator: fmt::Debug + Send + Sync {
    /// Says who makes a call.
    ///
    /// `Unauthenticated` where that is not accepted.
    fn identify(&self, credentials: Credentials) -> BoxFuture<'_, Result<Identity>>;

    /// Gives the caller of a handshake a token for its later calls: printable ASCII.
    ///
    /// `Unauthenticated` where it is not accepted.
    fn token(&self, credentials: Credentials) -> BoxFuture<'_, Result<String>>;
}

/// Accepts everybody, as somebody unknown: the token that it gives is the word `anonymous`, and proves nothing.
///
/// ```
/// use arrowlink_core::Identity;
/// use arrowlink_flight::{Anonymous, Authenticator as _, Credentials};
///
/// # futures::executor::block_on(async {
/// let basic = Credentials::Bearer("whatever".into());
/// assert_eq!(Anonymous::default().identify(basic).await?, Identity::Anonymous);
/// assert_eq!(Anonymous::default().token(Credentials::Nothing).await?, "anonymous");
/// # Ok::<(), arrowlink_core::Error>(())
/// # }).unwrap();
/// ```
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct Anonymous;

impl Authenticator for Anonymous {
    fn identify(&self, _: Credentials) -> BoxFuture<'_, Result<Identity>> {
        std::future::ready(Ok(Identity::Anonymous)).boxed()
    }

    fn token(&self, _: Credentials) -> BoxFuture<'_, Result<String>> {
        std::future::ready(Ok("anonymous".to_owned())).boxed()
    }
}
