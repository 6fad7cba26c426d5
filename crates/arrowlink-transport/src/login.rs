//! Who makes a call: what `authorization` says, and the answer to a handshake.
//!
//! A token is answered twice, in the payload and as `authorization: Bearer`: pyarrow's `authenticate_basic_token`, ADBC and
//! JDBC take the header, clients with a handler of their own the payload. The latter send it back as `auth-token-bin`.

mod credentials;

use arrow_flight::{HandshakeRequest, HandshakeResponse};
use arrowlink_core::{Authenticator, CallContext, Error, ErrorKind, Identity, Result};
use http::{HeaderMap, HeaderValue, header};

use crate::FlightCall;
pub(crate) use credentials::AUTH_TOKEN;
use credentials::{of_call, of_handshake};

/// Says in `ctx` who makes a call with `headers`, or refuses the call. [`Front`](crate::Front) does so by itself.
///
/// What counts is `authorization`. A call without it may have its token in `auth-token-bin`, where Flight's clients put what a
/// handler of their own got by a handshake; that counts as `Bearer`.
///
/// ```
/// use arrowlink_core::{Anonymous, CallContext, ErrorKind, Identity};
/// use arrowlink_transport::identify;
/// use http::{HeaderMap, HeaderValue, header};
///
/// # futures::executor::block_on(async {
/// let mut headers = HeaderMap::new();
/// let ctx = identify(&Anonymous::default(), CallContext::new(), &headers).await?;
/// assert_eq!(ctx.identity(), &Identity::Anonymous);
///
/// headers.insert(header::AUTHORIZATION, HeaderValue::from_static("Basic !"));
/// let error = identify(&Anonymous::default(), ctx, &headers).await.unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::Unauthenticated);
/// # Ok::<(), arrowlink_core::Error>(())
/// # }).unwrap();
/// ```
///
/// # Errors
///
/// What `authenticator` says; [`ErrorKind::Unauthenticated`] for an `authorization` or `auth-token-bin` that cannot be read.
pub async fn identify(
    authenticator: &dyn Authenticator,
    ctx: CallContext,
    headers: &HeaderMap,
) -> Result<CallContext> {
    let identity = authenticator.identify(of_call(headers)?).await?;
    Ok(if identity == Identity::Anonymous { ctx } else { ctx.with_identity(identity) })
}

/// Answers a handshake with a token.
pub(crate) async fn handshake(
    authenticator: &dyn Authenticator,
    call: &FlightCall,
    request: &HandshakeRequest,
) -> Result<HandshakeResponse> {
    let token = authenticator.token(of_handshake(&call.headers, &request.payload)?).await?;
    let value = HeaderValue::try_from(format!("Bearer {token}"))
        .map_err(|error| Error::new(ErrorKind::Internal, "the token is not printable").with_source(error))?;
    call.answer_header(header::AUTHORIZATION, value);
    Ok(HandshakeResponse { protocol_version: request.protocol_version, payload: token.into() })
}
