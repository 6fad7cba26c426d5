//! Who makes a call: an authenticator is asked, with all that is known of the caller, and for no longer than it may take.
//!
//! A token is answered twice, in the payload and as `authorization: Bearer`: pyarrow's `authenticate_basic_token`, ADBC and
//! JDBC take the header, clients with a handler of their own the payload. The latter send it back as `auth-token-bin`.

mod credentials;

use std::sync::Arc;
use std::time::Duration;

use arrowlink_core::{Authenticator, CallContext, Caller, Credentials, Error, ErrorKind, Identity, Result};
use futures::future::BoxFuture;
use http::request::Parts;
use tokio::time::timeout;

use crate::peer::{Peer, PeerCertificates};
pub(crate) use credentials::AUTH_TOKEN;
use credentials::{of_call, of_handshake};

/// Says in `ctx` who makes a call that begins with `request`, or refuses the call. [`Front`](crate::Front) does so by itself.
///
/// What counts is `authorization`. A call without it may have its token in `auth-token-bin`, where Flight's clients put what a
/// handler of their own got by a handshake; that counts as `Bearer`. Who is at the other end, the request's extensions say:
/// [`Peer`] and [`PeerCertificates`], as [`serve`](crate::serve) puts them there.
///
/// ```
/// use std::time::Duration;
/// use arrowlink_core::{Anonymous, CallContext, ErrorKind, Identity};
/// use arrowlink_transport::identify;
/// use http::{HeaderValue, Request, header};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), arrowlink_core::Error> {
/// let (mut request, ()) = Request::new(()).into_parts();
/// let (everybody, limit) = (Anonymous::default(), Duration::from_secs(10));
/// let ctx = identify(&everybody, limit, CallContext::new(), &request).await?;
/// assert_eq!(ctx.identity(), &Identity::Anonymous);
///
/// request.headers.insert(header::AUTHORIZATION, HeaderValue::from_static("Basic !"));
/// let error = identify(&everybody, limit, ctx, &request).await.unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::Unauthenticated);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// What `authenticator` says; [`ErrorKind::Unavailable`] where it says nothing within `limit`; [`ErrorKind::Unauthenticated`] for
/// an `authorization` or `auth-token-bin` that cannot be read.
pub async fn identify(
    authenticator: &dyn Authenticator,
    limit: Duration,
    ctx: CallContext,
    request: &Parts,
) -> Result<CallContext> {
    let caller = caller(request, of_call(&request.headers)?);
    let identity = within(limit, authenticator.identify(caller)).await?;
    Ok(if identity == Identity::Anonymous { ctx } else { ctx.with_identity(identity) })
}

/// Gets a token for the caller of a handshake that begins with `request` and has `payload`.
pub(crate) async fn token(
    authenticator: &dyn Authenticator,
    limit: Duration,
    request: &Parts,
    payload: &[u8],
) -> Result<String> {
    let caller = caller(request, of_handshake(&request.headers, payload)?);
    within(limit, authenticator.token(caller)).await
}

/// Says what is known of the caller beside what it says.
fn caller(request: &Parts, credentials: Credentials) -> Caller {
    let mut caller = Caller::new(credentials);
    if let Some(peer) = request.extensions.get::<Peer>() {
        (caller.addr, caller.process) = (peer.addr(), peer.credentials());
    }
    if let Some(shown) = request.extensions.get::<PeerCertificates>() {
        caller.certificates = Arc::clone(shown.certificates());
    }
    caller
}

/// Waits for what the authenticator says, which may ask somebody who does not answer.
async fn within<T>(limit: Duration, answer: BoxFuture<'_, Result<T>>) -> Result<T> {
    timeout(limit, answer).await.unwrap_or_else(|_| {
        let text = format!("it was not found out within {limit:?} who calls: try again later");
        Err(Error::new(ErrorKind::Unavailable, text))
    })
}
