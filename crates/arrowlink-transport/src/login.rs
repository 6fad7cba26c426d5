//! Handshakes, and who makes a call: a name and a password in the payload or in `authorization: Basic`, or a token.
//!
//! A token is answered twice, in the payload and as `authorization: Bearer`: pyarrow's `authenticate_basic_token`, ADBC and
//! JDBC take the header, clients with a handler of their own the payload.

use arrow_flight::{BasicAuth, HandshakeRequest, HandshakeResponse};
use arrowlink_core::{CallContext, Error, ErrorKind, Identity, Result};
use arrowlink_transport::FlightCall;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use http::{HeaderMap, HeaderValue, header};
use prost::Message as _;

use crate::headers;
use crate::{Authenticator, Credentials};

/// Answers a handshake with a token.
pub(crate) async fn handshake(
    authenticator: &dyn Authenticator,
    call: &FlightCall,
    request: &HandshakeRequest,
) -> Result<HandshakeResponse> {
    let credentials = match of_headers(&call.headers)? {
        Credentials::Nothing => of_payload(&request.payload),
        said => said,
    };
    let token = authenticator.token(credentials).await?;
    let value = HeaderValue::try_from(format!("Bearer {token}"))
        .map_err(|error| Error::new(ErrorKind::Internal, "the token is not printable").with_source(error))?;
    call.answer_header(header::AUTHORIZATION, value);
    Ok(HandshakeResponse { protocol_version: request.protocol_version, payload: token.into() })
}

/// Says who makes `call`, in its context. Who was proven otherwise, as by a certificate, stays who he is.
pub(crate) async fn identified(authenticator: &dyn Authenticator, call: &FlightCall) -> Result<CallContext> {
    let ctx = call.ctx.clone();
    let identity = authenticator.identify(of_headers(&call.headers)?).await?;
    Ok(if identity == Identity::Anonymous { ctx } else { ctx.with_identity(identity) })
}

/// Reads `authorization`.
fn of_headers(headers: &HeaderMap) -> Result<Credentials> {
    let Some(text) = headers::text(headers, header::AUTHORIZATION.as_str())? else {
        return Ok(Credentials::Nothing);
    };
    let (scheme, rest) = text.split_once(' ').unwrap_or((text, ""));
    if scheme.eq_ignore_ascii_case("bearer") {
        return Ok(Credentials::Bearer(rest.trim().to_owned()));
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        return Err(refused("it is neither `Basic` nor `Bearer`"));
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
