//! Who makes a call: what `authorization` says, and the answer to a handshake.
//!
//! A token is answered twice, in the payload and as `authorization: Bearer`: pyarrow's `authenticate_basic_token`, ADBC and
//! JDBC take the header, clients with a handler of their own the payload.

use arrow_flight::{BasicAuth, HandshakeRequest, HandshakeResponse};
use arrowlink_core::{Authenticator, CallContext, Credentials, Error, ErrorKind, Identity, Result};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use http::{HeaderMap, HeaderValue, header};
use prost::Message as _;

use crate::FlightCall;

/// Says in `ctx` who makes a call with `headers`, or refuses the call. [`Front`](crate::Front) does so by itself.
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
/// What `authenticator` says; [`ErrorKind::Unauthenticated`] for an `authorization` that cannot be read.
pub async fn identify(
    authenticator: &dyn Authenticator,
    ctx: CallContext,
    headers: &HeaderMap,
) -> Result<CallContext> {
    let identity = authenticator.identify(credentials(headers)?).await?;
    Ok(if identity == Identity::Anonymous { ctx } else { ctx.with_identity(identity) })
}

/// Answers a handshake with a token.
pub(crate) async fn handshake(
    authenticator: &dyn Authenticator,
    call: &FlightCall,
    request: &HandshakeRequest,
) -> Result<HandshakeResponse> {
    let said = match credentials(&call.headers)? {
        Credentials::Nothing => of_payload(&request.payload),
        said => said,
    };
    let token = authenticator.token(said).await?;
    let value = HeaderValue::try_from(format!("Bearer {token}"))
        .map_err(|error| Error::new(ErrorKind::Internal, "the token is not printable").with_source(error))?;
    call.answer_header(header::AUTHORIZATION, value);
    Ok(HandshakeResponse { protocol_version: request.protocol_version, payload: token.into() })
}

/// Reads `authorization`.
fn credentials(headers: &HeaderMap) -> Result<Credentials> {
    let Some(value) = headers.get(header::AUTHORIZATION) else { return Ok(Credentials::Nothing) };
    let text = value.to_str().map_err(|_| refused("it is not printable ASCII"))?.trim();
    let (scheme, rest) = text.split_once(' ').unwrap_or((text, ""));
    if scheme.eq_ignore_ascii_case("bearer") {
        return Ok(Credentials::Bearer(rest.trim().to_owned()));
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        return Ok(Credentials::Other(text.to_owned()));
    }
    let decoded = BASE64_STANDARD.decode(rest.trim()).map_err(|_| refused("its value is not base64"))?;
    let decoded = String::from_utf8(decoded).map_err(|_| refused("its name and password are not UTF-8"))?;
    let (user, password) =
        decoded.split_once(':').ok_or_else(|| refused("there is no colon between name and password"))?;
    Ok(Credentials::Basic { user: user.to_owned(), password: password.to_owned() })
}

/// Reads Flight's `BasicAuth`, which is what a payload usually is; anything else says nothing that is known here.
fn of_payload(payload: &[u8]) -> Credentials {
    match BasicAuth::decode(payload) {
        Ok(BasicAuth { username, password }) if !username.is_empty() => {
            Credentials::Basic { user: username, password }
        }
        _ => Credentials::Nothing,
    }
}

fn refused(why: &str) -> Error {
    Error::new(ErrorKind::Unauthenticated, format!("`authorization` is not understood: {why}"))
}
