//! Flight as a service answers it, save for what a test changes, and the calls as they came.

use std::sync::{Arc, Mutex};

use arrow_flight::{
    Action, ActionType, Criteria, FlightDescriptor, FlightInfo, PollInfo, PutResult, Result as ActionResult,
    SchemaResult,
};
use arrowlink_core::{BatchStream, DataService, Result};
use arrowlink_flight::{FlightOptions, FlightService};
use arrowlink_transport::{FlightBatches, FlightCall, FlightHandler};
use bytes::Bytes;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use futures::stream::BoxStream;

/// Answers Flight, and notes each call.
#[derive(Debug)]
pub struct FlightTap {
    inner: FlightService,
    locations: Option<Vec<String>>,
    calls: Mutex<Vec<FlightCall>>,
}

impl FlightTap {
    /// Answers from `service`.
    pub fn new(service: Arc<dyn DataService>) -> Self {
        let inner = FlightService::new(service, FlightOptions::default());
        Self { inner, locations: None, calls: Mutex::default() }
    }

    /// Says that all rows are at `uris`, and nowhere else.
    #[must_use]
    pub fn with_locations<T: Into<String>>(mut self, uris: impl IntoIterator<Item = T>) -> Self {
        self.locations = Some(uris.into_iter().map(Into::into).collect());
        self
    }

    /// Returns the calls so far.
    pub fn calls(&self) -> Vec<FlightCall> {
        self.calls.lock().unwrap().clone()
    }

    fn noted(&self, call: FlightCall) -> FlightCall {
        self.calls.lock().unwrap().push(call.clone());
        call
    }

    fn moved(&self, mut info: FlightInfo) -> FlightInfo {
        if let Some(uris) = &self.locations {
            for endpoint in &mut info.endpoint {
                endpoint.location =
                    uris.iter().map(|uri| arrow_flight::Location { uri: uri.clone() }).collect();
            }
        }
        info
    }
}

impl FlightHandler for FlightTap {
    fn list_flights(
        &self,
        call: FlightCall,
        criteria: Criteria,
    ) -> BoxFuture<'_, Result<BoxStream<'static, Result<FlightInfo>>>> {
        self.inner.list_flights(self.noted(call), criteria)
    }

    fn get_flight_info(
        &self,
        call: FlightCall,
        descriptor: FlightDescriptor,
    ) -> BoxFuture<'_, Result<FlightInfo>> {
        let info = self.inner.get_flight_info(self.noted(call), descriptor);
        async move { info.await.map(|info| self.moved(info)) }.boxed()
    }

    fn poll_flight_info(
        &self,
        call: FlightCall,
        descriptor: FlightDescriptor,
    ) -> BoxFuture<'_, Result<PollInfo>> {
        self.inner.poll_flight_info(self.noted(call), descriptor)
    }

    fn get_schema(
        &self,
        call: FlightCall,
        descriptor: FlightDescriptor,
    ) -> BoxFuture<'_, Result<SchemaResult>> {
        self.inner.get_schema(self.noted(call), descriptor)
    }

    fn do_get(&self, call: FlightCall, ticket: Bytes) -> BoxFuture<'_, Result<FlightBatches>> {
        self.inner.do_get(self.noted(call), ticket)
    }

    fn do_put(
        &self,
        call: FlightCall,
        descriptor: FlightDescriptor,
        batches: Option<BatchStream>,
    ) -> BoxFuture<'_, Result<BoxStream<'static, Result<PutResult>>>> {
        self.inner.do_put(self.noted(call), descriptor, batches)
    }

    fn do_exchange(
        &self,
        call: FlightCall,
        descriptor: FlightDescriptor,
        batches: BatchStream,
    ) -> BoxFuture<'_, Result<FlightBatches>> {
        self.inner.do_exchange(self.noted(call), descriptor, batches)
    }

    fn do_action(
        &self,
        call: FlightCall,
        action: Action,
    ) -> BoxFuture<'_, Result<BoxStream<'static, Result<ActionResult>>>> {
        self.inner.do_action(self.noted(call), action)
    }

    fn list_actions(&self, call: FlightCall) -> BoxFuture<'_, Result<Vec<ActionType>>> {
        self.inner.list_actions(self.noted(call))
    }
}
