//! Who may call: the seam where names, passwords and tokens are checked.

use std::fmt;

use futures::FutureExt as _;
use futures::future::BoxFuture;

use crate::{Identity, Result};

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
    /// Something in a scheme of neither, as it stands in `authorization`.
    Other(String),
}

/// Passwords and tokens are not shown.
impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => f.write_str("Nothing"),
            Self::Basic { user, .. } => f.debug_struct("Basic").field("user", user).finish_non_exhaustive(),
            Self::Bearer(_) => f.debug_tuple("Bearer").finish_non_exhaustive(),
            Self::Other(_) => f.debug_tuple("Other").finish_non_exhaustive(),
        }
    }
}

/// Decides who a caller is.
///
/// A handshake asks for a token, every other call says who it is from: clients exchange a name and a password for a token
/// once, and send that with each call, or send name and password each time. It is asked before anything of a call is
/// read but the name and the password of a handshake, for each call anew: what takes long to check is worth keeping.
///
/// ```
/// use arrowlink_core::{Authenticator, Credentials, Error, ErrorKind, Identity, Result};
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
    /// Says who makes a call. Who was proven otherwise, as by a certificate, stays who he is where this says
    /// [`Identity::Anonymous`].
    ///
    /// # Errors
    ///
    /// [`Unauthenticated`](crate::ErrorKind::Unauthenticated) where that is not accepted.
    fn identify(&self, credentials: Credentials) -> BoxFuture<'_, Result<Identity>>;

    /// Gives the caller of a handshake a token for its later calls: printable ASCII.
    ///
    /// # Errors
    ///
    /// [`Unauthenticated`](crate::ErrorKind::Unauthenticated) where it is not accepted.
    fn token(&self, credentials: Credentials) -> BoxFuture<'_, Result<String>>;
}

/// Accepts everybody, as somebody unknown: the token that it gives is the word `anonymous`, and proves nothing.
///
/// ```
/// use arrowlink_core::{Anonymous, Authenticator as _, Credentials, Identity};
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
