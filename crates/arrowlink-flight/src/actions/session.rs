//! The actions of sessions; `session` has what a session is.

use std::collections::HashMap;

use arrowlink_core::Result;
use arrowlink_proto::flight::session_option_value::OptionValue;
use arrowlink_proto::flight::set_session_options_result::{Error as Refusal, ErrorValue};
use arrowlink_proto::flight::{
    CloseSessionRequest, CloseSessionResult, GetSessionOptionsRequest, GetSessionOptionsResult,
    SessionOptionValue, SetSessionOptionsRequest, SetSessionOptionsResult, close_session_result,
};
use arrowlink_transport::FlightCall;
use bytes::Bytes;
use prost::Message as _;

use super::{CLOSE_SESSION, GET_SESSION_OPTIONS, SET_SESSION_OPTIONS, decoded};
use crate::session::{self, Session};
use crate::sql;

/// Chooses; what cannot be chosen is named in the answer, and the rest is.
pub(super) fn set(call: &FlightCall, body: Bytes) -> Result<Bytes> {
    let request: SetSessionOptionsRequest = decoded(SET_SESSION_OPTIONS, body)?;
    let mut session = Session::of(call)?;
    let mut errors = HashMap::new();
    for (name, SessionOptionValue { option_value }) in request.session_options {
        if let Err(value) = choose(&mut session, &name, option_value) {
            errors.insert(name, Refusal { value: value.into() });
        }
    }
    session.keep(call);
    Ok(SetSessionOptionsResult { errors }.encode_to_vec().into())
}

/// Says what was chosen, or holds where nothing was.
pub(super) fn get(call: &FlightCall, body: Bytes) -> Result<Bytes> {
    let GetSessionOptionsRequest {} = decoded(GET_SESSION_OPTIONS, body)?;
    let Session { catalog, schema } = Session::of(call)?;
    let holds = [(CATALOG, catalog, sql::CATALOG), (SCHEMA, schema, sql::PUBLIC)].into_iter();
    let of = |value: Option<String>, default: &str| text(value.unwrap_or_else(|| default.to_owned()));
    let session_options = holds.map(|(name, value, default)| (name.to_owned(), of(value, default))).collect();
    Ok(GetSessionOptionsResult { session_options }.encode_to_vec().into())
}

/// Forgets what was chosen.
pub(super) fn close(call: &FlightCall, body: Bytes) -> Result<Bytes> {
    let CloseSessionRequest {} = decoded(CLOSE_SESSION, body)?;
    session::close(call);
    let status = close_session_result::Status::Closed.into();
    Ok(CloseSessionResult { status }.encode_to_vec().into())
}

/// Sets an option, or takes it back where it has no value or an empty one.
fn choose(session: &mut Session, name: &str, value: Option<OptionValue>) -> Result<(), ErrorValue> {
    let place = match name {
        CATALOG => &mut session.catalog,
        SCHEMA => &mut session.schema,
        _ => return Err(ErrorValue::InvalidName),
    };
    *place = match value {
        None => None,
        Some(OptionValue::StringValue(text)) if text.is_empty() => None,
        Some(OptionValue::StringValue(text)) if text.len() <= MOST_BYTES => Some(text),
        Some(_) => return Err(ErrorValue::InvalidValue),
    };
    Ok(())
}

fn text(value: String) -> SessionOptionValue {
    SessionOptionValue { option_value: Some(OptionValue::StringValue(value)) }
}

const CATALOG: &str = "catalog";
const SCHEMA: &str = "schema";
/// The longest value: a cookie takes 4 KiB.
const MOST_BYTES: usize = 256;
