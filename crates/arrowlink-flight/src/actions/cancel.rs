//! What is done with tickets beside reading them: cancel, and renew.

use std::collections::HashMap;

use arrow_flight::sql::{ActionCancelQueryRequest, ActionCancelQueryResult, Any, ProstMessageExt as _};
use arrow_flight::{
    CancelFlightInfoRequest, CancelFlightInfoResult, CancelStatus, FlightInfo, RenewFlightEndpointRequest,
};
use arrowlink_core::{Error, ErrorKind, Result};
use arrowlink_transport::Ticket;
use bytes::Bytes;
use prost::Message as _;

use super::{CANCEL_FLIGHT_INFO, CANCEL_QUERY, RENEW_FLIGHT_ENDPOINT, decoded};
use crate::FlightOptions;
use crate::descriptor::flight_sql;
use crate::info::endpoint;
use crate::running::Running;

/// Stops the reads of a `FlightInfo`.
pub(super) fn flight_info(running: &Running, body: Bytes) -> Result<Bytes> {
    let request: CancelFlightInfoRequest = decoded(CANCEL_FLIGHT_INFO, body)?;
    let status = cancel(running, request.info.unwrap_or_default())?.into();
    Ok(CancelFlightInfoResult { status }.encode_to_vec().into())
}

/// The same in the messages of Flight SQL, before Flight had an action for it.
pub(super) fn query(running: &Running, body: Bytes) -> Result<Bytes> {
    let any: Any = decoded(CANCEL_QUERY, body)?;
    let request: ActionCancelQueryRequest = match any.type_url.as_str() {
        url if url == ActionCancelQueryRequest::type_url() => decoded(CANCEL_QUERY, any.value)?,
        _ => return Err(invalid("the body of the action `CancelQuery` is no `ActionCancelQueryRequest`")),
    };
    // The two messages give their states the same numbers.
    let result = cancel(running, decoded(CANCEL_QUERY, request.info)?)?.into();
    Ok(ActionCancelQueryResult { result }.as_any().encode_to_vec().into())
}

/// Says that a ticket can be read as long as what it reads is there.
pub(super) fn renewed(options: &FlightOptions, body: Bytes) -> Result<Bytes> {
    let request: RenewFlightEndpointRequest = decoded(RENEW_FLIGHT_ENDPOINT, body)?;
    let given = request.endpoint.unwrap_or_default();
    let ticket = given.ticket.map(|ticket| ticket.ticket).unwrap_or_default();
    if flight_sql(&ticket).is_none() {
        Ticket::decode(&ticket)?;
    }
    let renewed = endpoint(ticket, options).with_app_metadata(given.app_metadata);
    Ok(renewed.encode_to_vec().into())
}

/// Stops all queries that the tickets of `info` are of, which cannot be done where none of them belongs to one, or where
/// they all were read to their ends.
fn cancel(running: &Running, info: FlightInfo) -> Result<CancelStatus> {
    let tickets = info.endpoint.into_iter().filter_map(|endpoint| endpoint.ticket);
    let mut parts: HashMap<Bytes, usize> = HashMap::new();
    for ticket in tickets.filter(|ticket| flight_sql(&ticket.ticket).is_none()) {
        if let Some(query) = Ticket::decode(&ticket.ticket)?.query {
            *parts.entry(query).or_default() += 1;
        }
    }
    let stopped = parts.iter().filter(|(query, parts)| running.cancel(query, **parts)).count();
    Ok(if stopped > 0 { CancelStatus::Cancelled } else { CancelStatus::NotCancellable })
}

fn invalid(text: &str) -> Error {
    Error::new(ErrorKind::InvalidArgument, text)
}
