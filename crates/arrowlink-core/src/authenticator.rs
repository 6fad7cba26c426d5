//! Who may call: the seam where names, passwords and tokens are checked.

use std::fmt;

use futures::FutureExt as _;
use futures::future::BoxFuture;

use crate::{Caller, Identity, Result};

/// Decides who a caller is.
///
/// A handshake asks for a token, every other call says who it is from: clients exchange a name and a password for a token
/// once, and send that with each call, or send name and password each time. It is asked before anything of a call is
/// read but the name and the password of a handshake, for each call anew: what takes long to check is worth keeping.
/// How long it may take, its server says; what takes longer is dropped, and the call refused as `Unavailable`.
///
/// A client certificate that TLS has verified says nothing by itself: whoever wants to know callers by theirs finds it in
/// [`Caller::certificates`], also where nothing else was said, and gives it a name.
///
/// ```
/// use arrowlink_core::{Authenticator, Caller, Credentials, Error, ErrorKind, Identity, Result};
/// use futures::FutureExt as _;
/// use futures::future::BoxFuture;
///
/// #[derive(Debug)]
/// struct OneToken;
///
/// impl Authenticator for OneToken {
///     fn identify(&self, caller: Caller) -> BoxFuture<'_, Result<Identity>> {
///         let answer = match caller.credentials {
///             Credentials::Bearer(token) if token == "open sesame" => Ok(Identity::Named("ali".into())),
///             _ => Err(Error::new(ErrorKind::Unauthenticated, "the token is not known")),
///         };
///         std::future::ready(answer).boxed()
///     }
///
///     fn token(&self, _: Caller) -> BoxFuture<'_, Result<String>> {
///         let error = Error::new(ErrorKind::Unauthenticated, "tokens are given out elsewhere");
///         std::future::ready(Err(error)).boxed()
///     }
/// }
/// ```
pub trait Authenticator: fmt::Debug + Send + Sync {
    /// Says who makes a call. Where this says [`Identity::Anonymous`], the identity stays that was put into the call's
    /// [`CallContext`](crate::CallContext) before, as a layer in front of the server may do.
    ///
    /// # Errors
    ///
    /// [`Unauthenticated`](crate::ErrorKind::Unauthenticated) where that is not accepted.
    fn identify(&self, caller: Caller) -> BoxFuture<'_, Result<Identity>>;

    /// Gives the caller of a handshake a token for its later calls: printable ASCII.
    ///
    /// # Errors
    ///
    /// [`Unauthenticated`](crate::ErrorKind::Unauthenticated) where it is not accepted.
    fn token(&self, caller: Caller) -> BoxFuture<'_, Result<String>>;
}

/// Accepts everybody, as somebody unknown: the token that it gives is the word `anonymous`, and proves nothing.
///
/// ```
/// use arrowlink_core::{Anonymous, Authenticator as _, Caller, Credentials, Identity};
///
/// # futures::executor::block_on(async {
/// let somebody = Caller::new(Credentials::Bearer("whatever".into()));
/// assert_eq!(Anonymous::default().identify(somebody).await?, Identity::Anonymous);
/// assert_eq!(Anonymous::default().token(Caller::default()).await?, "anonymous");
/// # Ok::<(), arrowlink_core::Error>(())
/// # }).unwrap();
/// ```
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct Anonymous;

impl Authenticator for Anonymous {
    fn identify(&self, _: Caller) -> BoxFuture<'_, Result<Identity>> {
        std::future::ready(Ok(Identity::Anonymous)).boxed()
    }

    fn token(&self, _: Caller) -> BoxFuture<'_, Result<String>> {
        std::future::ready(Ok("anonymous".to_owned())).boxed()
    }
}
