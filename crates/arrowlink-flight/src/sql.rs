//! Flight SQL: its commands and actions over the SQL of a [`DataService`].

use std::sync::Arc;

use arrow_flight::sql::Any;
use arrow_flight::{Action, ActionType, FlightDescriptor, FlightInfo, PutResult, Result as ActionResult};
use arrow_schema::SchemaRef;
use arrowlink_core::{BatchStream, DataService, Error, ErrorKind, Result};
use arrowlink_transport::FlightCall;
use futures::stream::BoxStream;

use crate::FlightOptions;

/// Answers what is of Flight SQL.
#[derive(Debug)]
pub(crate) struct Sql {
    _service: Arc<dyn DataService>,
    _options: Arc<FlightOptions>,
}

impl Sql {
    pub(crate) fn new(service: Arc<dyn DataService>, options: Arc<FlightOptions>) -> Self {
        Self { _service: service, _options: options }
    }

    pub(crate) async fn flight_info(
        &self,
        _call: &FlightCall,
        _descriptor: FlightDescriptor,
        command: Any,
    ) -> Result<FlightInfo> {
        Err(unknown(&command))
    }

    pub(crate) async fn schema(&self, _call: &FlightCall, command: Any) -> Result<SchemaRef> {
        Err(unknown(&command))
    }

    pub(crate) async fn do_get(&self, _call: &FlightCall, command: Any) -> Result<BatchStream> {
        Err(unknown(&command))
    }

    pub(crate) async fn do_put(
        &self,
        _call: &FlightCall,
        command: Any,
        _batches: BatchStream,
    ) -> Result<BoxStream<'static, Result<PutResult>>> {
        Err(unknown(&command))
    }

    /// Does what the action says; `None` where it is not one of Flight SQL's.
    pub(crate) async fn action(
        &self,
        _call: &FlightCall,
        _action: &Action,
    ) -> Result<Option<BoxStream<'static, Result<ActionResult>>>> {
        Ok(None)
    }

    pub(crate) const fn action_types() -> Vec<ActionType> {
        Vec::new()
    }
}

fn unknown(command: &Any) -> Error {
    Error::new(ErrorKind::Unsupported, format!("the command `{}` is not supported", command.type_url))
}
