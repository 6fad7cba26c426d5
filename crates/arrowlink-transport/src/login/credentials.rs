//! What a caller says of itself: in `authorization`, in the payload of a handshake, or in `auth-token-bin`.
//!
//! The first of them that says something counts, in this order. Nothing is decided here: whether it is true, the
//! [`Authenticator`](arrowlink_core::Authenticator) knows.

use arrow_flight::BasicAuth;
use arrowlink_core::{Credentials, Error, ErrorKind, Result};
use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use http::{HeaderMap, header};
use prost::Message as _;

/// Reads what a call says, anything but a handshake.
pub(super) fn of_call(headers: &HeaderMap) -> Result<Credentials> {
    match of_authorization(headers)? {
        Credentials::Nothing => of_token(headers),
        said => Ok(said),
    }
}

/// Reads what a handshake says. A client that shakes hands once more may still send its old token, which counts least.
pub(super) fn of_handshake(headers: &HeaderMap, payload: &[u8]) -> Result<Credentials> {
    match of_authorization(headers)? {
        Credentials::Nothing => {}
        said => return Ok(said),
    }
    match of_payload(payload) {
        Credentials::Nothing => of_token(headers),
        said => Ok(said),
    }
}

fn of_authorization(headers: &HeaderMap) -> Result<Credentials> {
    let refused = |why: &str| not_understood("authorization", why);
    let Some(value) = headers.get(header::AUTHORIZATION) else { return Ok(Credentials::Nothing) };
    let text = value.to_str().map_err(|_| refused("it is not printable ASCII"))?.trim();
    let (scheme, rest) = text.split_once(' ').unwrap_or((text, ""));
    if scheme.eq_ignore_ascii_case("bearer") {
        return Ok(Credentials::Bearer(rest.trim().to_owned()));
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        return Ok(Credentials::Other(text.to_owned()));
    }
    let decoded = BASE64.decode(rest.trim()).map_err(|_| refused("its value is not base64"))?;
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

/// Reads the token of clients that got it as a payload. gRPC lets values of a binary header be joined by commas: the first
/// counts.
fn of_token(headers: &HeaderMap) -> Result<Credentials> {
    let refused = |why: &str| not_understood(AUTH_TOKEN, why);
    let Some(value) = headers.get(AUTH_TOKEN) else { return Ok(Credentials::Nothing) };
    let text = value.as_bytes().split(|byte| *byte == b',').next().unwrap_or_default().trim_ascii();
    let token = BASE64.decode(text).map_err(|_| refused("its value is not base64"))?;
    let token = String::from_utf8(token).map_err(|_| refused("its token is not UTF-8"))?;
    Ok(if token.is_empty() { Credentials::Nothing } else { Credentials::Bearer(token) })
}

fn not_understood(header: &str, why: &str) -> Error {
    Error::new(ErrorKind::Unauthenticated, format!("`{header}` is not understood: {why}"))
}

/// The header in which Flight's clients send the token that a handler of their own got.
pub(crate) const AUTH_TOKEN: &str = "auth-token-bin";
/// With padding or without: gRPC leaves it to each side in binary headers, and Flight in Go, which ADBC is built on, sends
/// `Basic` without.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);
