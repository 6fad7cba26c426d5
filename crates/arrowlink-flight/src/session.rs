//! Sessions without state on the server: what a client chose is in its cookie, checked when it comes back.
//!
//! ```text
//! arrow_flight_session_id=<base64url: FF 'A' 'L' 'S' and a Protobuf message, sealed>
//! ```
//!
//! Any server of the same datasets understands it, and a restart loses none. It grants nothing.

use arrowlink_core::{Error, ErrorKind, Result};
use arrowlink_transport::{FlightCall, Seal};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use http::{HeaderMap, HeaderValue, header};
use prost::Message;

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
    // Base64 and what stands around it are a header.
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
    BASE64_URL_SAFE_NO_PAD.encode(SEAL.seal(&session.encode_to_vec()))
}

fn decode(text: &str) -> Result<Session> {
    let sealed = BASE64_URL_SAFE_NO_PAD.decode(text).map_err(|error| SEAL.damaged().with_source(error))?;
    Session::decode(SEAL.open(&sealed)?).map_err(|error| SEAL.damaged().with_source(error))
}

/// What a cookie says in base64.
const SEAL: Seal = Seal { noun: "session", magic: [0xff, b'A', b'L', b'S'] };
/// The name that Flight's specification gives it.
const COOKIE: &str = "arrow_flight_session_id";
