//! `DoAction` and `ListActions`: what there is to do beside reading and writing.

mod cancel;
mod dataset;
mod session;

use arrow_flight::{Action, ActionType, Result as ActionResult};
use arrowlink_core::{DataService, Error, ErrorKind, Result};
use arrowlink_transport::FlightCall;
use bytes::Bytes;
use futures::stream::BoxStream;
use futures::{StreamExt as _, stream};
use prost::Message;

use crate::FlightOptions;
use crate::running::Running;

/// Does what `action` says; `None` where it is none of these.
pub(crate) async fn act(
    service: &dyn DataService,
    running: &Running,
    options: &FlightOptions,
    call: &FlightCall,
    action: &Action,
) -> Result<Option<BoxStream<'static, Result<ActionResult>>>> {
    let body = action.body.clone();
    let answer = match action.r#type.as_str() {
        CANCEL_FLIGHT_INFO => Some(cancel::flight_info(running, body)?),
        CANCEL_QUERY => Some(cancel::query(running, body)?),
        RENEW_FLIGHT_ENDPOINT => Some(cancel::renewed(options, body)?),
        SET_SESSION_OPTIONS => Some(session::set(call, body)?),
        GET_SESSION_OPTIONS => Some(session::get(call, body)?),
        CLOSE_SESSION => Some(session::close(call, body)?),
        HEALTH => Some(dataset::health()),
        DROP => {
            dataset::drop(service, call, &body).await?;
            None
        }
        _ => return Ok(None),
    };
    let results = answer.map(|body| Ok(ActionResult { body }));
    Ok(Some(stream::iter(results).boxed()))
}

/// Lists these actions.
pub(crate) fn action_types() -> impl Iterator<Item = ActionType> {
    ACTIONS.into_iter().map(|(name, description)| ActionType {
        r#type: name.to_owned(),
        description: description.to_owned(),
    })
}

/// Reads the body of the action `name`.
fn decoded<M: Message + Default>(name: &str, body: Bytes) -> Result<M> {
    M::decode(body).map_err(|error| {
        let text = format!("the body of the action `{name}` is not the message that it takes");
        Error::new(ErrorKind::InvalidArgument, text).with_source(error)
    })
}

const CANCEL_FLIGHT_INFO: &str = "CancelFlightInfo";
const CANCEL_QUERY: &str = "CancelQuery";
const RENEW_FLIGHT_ENDPOINT: &str = "RenewFlightEndpoint";
const SET_SESSION_OPTIONS: &str = "SetSessionOptions";
const GET_SESSION_OPTIONS: &str = "GetSessionOptions";
const CLOSE_SESSION: &str = "CloseSession";
const HEALTH: &str = "health";
const DROP: &str = "drop";

const ACTIONS: [(&str, &str); 8] = [
    (
        CANCEL_FLIGHT_INFO,
        "stops every read of a FlightInfo: CancelFlightInfoRequest to CancelFlightInfoResult",
    ),
    (
        CANCEL_QUERY,
        "as CancelFlightInfo, for older clients: ActionCancelQueryRequest to ActionCancelQueryResult",
    ),
    (
        RENEW_FLIGHT_ENDPOINT,
        "checks a ticket, none of which expires: RenewFlightEndpointRequest to FlightEndpoint",
    ),
    (
        SET_SESSION_OPTIONS,
        "chooses `catalog` and `schema` for later calls: SetSessionOptionsRequest to SetSessionOptionsResult",
    ),
    (GET_SESSION_OPTIONS, "says what was chosen: GetSessionOptionsRequest to GetSessionOptionsResult"),
    (CLOSE_SESSION, "forgets what was chosen: CloseSessionRequest to CloseSessionResult"),
    (HEALTH, "says that the server takes calls: nothing to a JSON object whose `status` is `serving`"),
    (DROP, "removes an uploaded dataset: its name in UTF-8 to nothing"),
];
