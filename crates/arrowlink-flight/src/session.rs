//! Sessions without state on the server: what a client chose is in its cookie, checked when it comes back.
//!
//! ```text
//! arrow_flight_session_id=<hexadecimal: FF 'A' 'L' 'S' and a Protobuf message, sealed>
//! ```
//!
//! Any server of the same datasets understands it, and a restart loses none. It grants nothing.

use arrowlink_core::{Error, ErrorKind, Result};
use arrowlink_transport::FlightCall;
use http::{HeaderMap, HeaderValue, header};
use prost::Message;

use crate::sealed::Seal;

/// What a client chose for its later calls.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Session {
    /// The catalog of names that have none.
    #[prost(string, optional, tag = "1")]
    pub(crate) catalog: Option<String>,
    /// The schema of names that have none.
    #[prost(string, optional, tag = "2")]
    pub(crate) schema: Option<String>,
}

impl Session {
    /// Reads the session of `call`; one in which nothing was chosen where it has none.
    ///
    /// `InvalidArgument` for a cookie that no server made.
    pub(crate) fn of(call: &FlightCall) -> Result<Self> {
        match cookie(&call.headers) {
            Some(value) if !value.is_empty() => decode(value).map_err(|error| {
                let text = format!("the cookie `{COOKIE}` is damaged: close the session, or send none");
                Error::new(ErrorKind::InvalidArgument, text).with_source(error)
            }),
            _ => Ok(Self::default()),
        }
    }

    /// Tells the client to send this session with its later calls.
    pub(crate) fn keep(&self, call: &FlightCall) {
        set(call, &format!("{COOKIE}={}; Path=/; HttpOnly", encode(self)));
    }
}

/// Tells the client to forget its session.
pub(crate) fn close(call: &FlightCall) {
    set(call, &format!("{COOKIE}=; Path=/; Max-Age=0; HttpOnly"));
}

fn set(call: &FlightCall, cookie: &str) {
    // Hexadecimal digits and what stands around them are a header.
    if let Ok(value) = HeaderValue::from_str(cookie) {
        call.answer_header(header::SET_COOKIE, value);
    }
}

/// Finds the cookie among those of all headers.
fn cookie(headers: &HeaderMap) -> Option<&str> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.split_once('='));
    pairs.find(|(name, _)| name.trim() == COOKIE).map(|(_, value)| value.trim().trim_matches('"'))
}

fn encode(session: &Session) -> String {
    SEAL.seal(&session.encode_to_vec()).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn decode(text: &str) -> Result<Session> {
    let digits = |pair: &[u8]| match pair {
        [first, second] => Some((hex(*first)? << 4) | hex(*second)?),
        _ => None,
    };
    let bytes = text.as_bytes().chunks(2).map(digits).collect::<Option<Vec<_>>>();
    let bytes = bytes.ok_or_else(|| SEAL.invalid("has other characters than hexadecimal digits"))?;
    Session::decode(SEAL.open(&bytes.into())?).map_err(|error| SEAL.invalid("is damaged").with_source(error))
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

/// What the digits of a cookie are.
const SEAL: Seal = Seal { noun: "session", magic: [0xff, b'A', b'L', b'S'] };
/// The name that Flight's specification gives it.
const COOKIE: &str = "arrow_flight_session_id";
