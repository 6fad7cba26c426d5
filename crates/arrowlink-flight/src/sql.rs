//! Flight SQL: its commands and actions, answered by the verbs of a [`DataService`].
//!
//! Nothing is kept between calls that a client cannot bring along: tickets, prepared statements and sessions are bytes
//! that say all there is to know, and any server of the same tables can answer them. What is asked of Flight itself is
//! answered beside this module.

mod abilities;
mod actions;
mod bound;
mod catalog;
mod columns;
mod dialect;
mod encoding;
mod ingest;
mod keys;
mod metadata;
mod parameters;
mod place;
mod prepared;
mod statement;
mod transactions;
mod types;
mod update;
mod values;

use std::sync::Arc;

use arrow_flight::sql::{Any, Command};
use arrow_flight::{Action, ActionType, FlightDescriptor, FlightInfo, PutResult, Result as ActionResult};
use arrow_schema::{ArrowError, SchemaRef};
use arrowlink_core::{BatchStream, DataService, Error, ErrorKind, Result};
use arrowlink_transport::FlightCall;
use bytes::Bytes;
use futures::stream::BoxStream;
use prost::Message as _;

use crate::{FlightOptions, info};

pub(crate) use place::{CATALOG, PUBLIC};

/// Answers what is Flight SQL among the calls of Flight.
#[derive(Debug)]
pub(crate) struct Sql {
    service: Arc<dyn DataService>,
    options: Arc<FlightOptions>,
    bound: bound::Bound,
    system: catalog::SystemTables,
}

impl Sql {
    /// Answers from `service`.
    pub(crate) fn new(service: Arc<dyn DataService>, options: Arc<FlightOptions>) -> Self {
        Self { service, options, bound: bound::Bound::default(), system: catalog::SystemTables::default() }
    }

    /// Says what the answer to `command` looks like and by which ticket it is read.
    pub(crate) async fn flight_info(
        &self,
        call: &FlightCall,
        descriptor: FlightDescriptor,
        command: Any,
    ) -> Result<FlightInfo> {
        let bytes = Bytes::from(command.encode_to_vec());
        let command = parsed(command)?;
        let Some(schema) = metadata::columns(&command) else {
            return self.statement_info(call, descriptor, command).await;
        };
        let info = FlightInfo::new().try_with_schema(&schema).map_err(unencoded)?;
        let endpoint = info::endpoint(bytes, &self.options);
        Ok(info.with_descriptor(descriptor).with_endpoint(endpoint).with_ordered(true))
    }

    /// Says which columns the answer to `command` has.
    pub(crate) async fn schema(&self, call: &FlightCall, command: Any) -> Result<SchemaRef> {
        let command = parsed(command)?;
        match metadata::columns(&command) {
            Some(schema) => Ok(schema),
            None => self.statement_columns(call, command).await,
        }
    }

    /// Answers a ticket that is a command itself.
    pub(crate) async fn do_get(&self, call: &FlightCall, command: Any) -> Result<BatchStream> {
        let name = command.type_url.clone();
        metadata::answer(self, call, parsed(command)?).await?.ok_or_else(|| {
            let text = format!("`{}` is not a ticket: get its flight info first", short(&name));
            Error::new(ErrorKind::InvalidArgument, text)
        })
    }

    /// Returns where statements of `call` look for names without a schema; `None` where nothing else was chosen.
    pub(crate) async fn default_schema(&self, call: &FlightCall) -> Result<Option<String>> {
        place::default_schema(self.service.as_ref(), call).await
    }

    /// Takes what is uploaded for `command`: rows, or values of parameters, or nothing at all, which has no columns.
    pub(crate) async fn do_put(
        &self,
        call: &FlightCall,
        command: Any,
        batches: BatchStream,
    ) -> Result<BoxStream<'static, Result<PutResult>>> {
        self.put(call, parsed(command)?, batches).await
    }

    /// Does `action`; `None` where it is not one of Flight SQL.
    pub(crate) async fn action(
        &self,
        call: &FlightCall,
        action: &Action,
    ) -> Result<Option<BoxStream<'static, Result<ActionResult>>>> {
        self.act(call, action).await
    }

    /// Lists the actions of Flight SQL.
    pub(crate) fn action_types() -> Vec<ActionType> {
        actions::types()
    }
}

/// Reads a command of Flight SQL.
fn parsed(any: Any) -> Result<Command> {
    let name = any.type_url.clone();
    let command = Command::try_from(any).map_err(|error| {
        let text = format!("the command is not a valid `{}`", short(&name));
        Error::new(ErrorKind::InvalidArgument, text).with_source(error)
    })?;
    match command {
        Command::Unknown(_) => {
            let text = format!("Flight SQL's `{}` is not known to this server", short(&name));
            Err(Error::new(ErrorKind::Unsupported, text))
        }
        command => Ok(command),
    }
}

/// The name of a message without what all have in common.
fn short(type_url: &str) -> &str {
    type_url.strip_prefix(PREFIX).unwrap_or(type_url)
}

fn unencoded(error: ArrowError) -> Error {
    encoding::failed(error, "the schema")
}

const PREFIX: &str = "type.googleapis.com/arrow.flight.protocol.sql.";
