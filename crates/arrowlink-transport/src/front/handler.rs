//! What answers Arrow Flight behind the front: a trait in Flight's own messages, without framing, bodies and status.
//!
//! The front reads requests, checks batches and writes answers; the handler decides what they mean.

use std::fmt;

use arrow_flight::{
    Action, ActionType, Criteria, FlightDescriptor, FlightInfo, PollInfo, PutResult, Result as ActionResult,
    SchemaResult,
};
use arrowlink_core::{BatchStream, Result};
use bytes::Bytes;
use futures::future::BoxFuture;
use futures::stream::BoxStream;

use super::FlightCall;

/// Answers the calls of Arrow Flight; [`Front`](crate::Front) is what asks it, and what answers handshakes.
///
/// Dropping a future or a stream ends the call: its client went away, or its deadline passed. An error that a future
/// returns is the status of the call; one that comes in a stream is its end. There are no default methods: what is not
/// answered says so by [`Unsupported`](arrowlink_core::ErrorKind::Unsupported).
///
/// ```
/// use arrowlink_core::{CallContext, Result};
/// use arrowlink_transport::{FlightCall, FlightHandler};
/// # use arrow_flight::Ticket;
///
/// /// How many rows a ticket is for.
/// async fn rows(flight: &dyn FlightHandler, ticket: &'static str) -> Result<usize> {
///     let call = FlightCall::new(CallContext::new());
///     let batches = flight.do_get(call, ticket.into()).await?.batches.collect_batches().await?;
///     Ok(batches.iter().map(|batch| batch.num_rows()).sum())
/// }
/// ```
pub trait FlightHandler: fmt::Debug + Send + Sync {
    /// Lists what there is.
    fn list_flights(
        &self,
        call: FlightCall,
        criteria: Criteria,
    ) -> BoxFuture<'_, Result<BoxStream<'static, Result<FlightInfo>>>>;

    /// Says what a descriptor is of, and by which tickets it is read.
    fn get_flight_info(
        &self,
        call: FlightCall,
        descriptor: FlightDescriptor,
    ) -> BoxFuture<'_, Result<FlightInfo>>;

    /// Begins what a descriptor says, and tells how far it is.
    fn poll_flight_info(
        &self,
        call: FlightCall,
        descriptor: FlightDescriptor,
    ) -> BoxFuture<'_, Result<PollInfo>>;

    /// Says which columns a descriptor's rows have.
    fn get_schema(
        &self,
        call: FlightCall,
        descriptor: FlightDescriptor,
    ) -> BoxFuture<'_, Result<SchemaResult>>;

    /// Reads what the ticket is for. The metadata of a chunk are the `app_metadata` of its message, of the last where it
    /// takes several.
    fn do_get(&self, call: FlightCall, ticket: Bytes) -> BoxFuture<'_, Result<FlightBatches>>;

    /// Takes what is uploaded to the descriptor. `batches` is `None` where the client sent a descriptor and no schema.
    ///
    /// Nothing more of the upload is read than is asked for, and the answer may begin before it ends. The answer is not
    /// polled while the client reads nothing of it: what must go on then has to go on elsewhere.
    fn do_put(
        &self,
        call: FlightCall,
        descriptor: FlightDescriptor,
        batches: Option<BatchStream>,
    ) -> BoxFuture<'_, Result<BoxStream<'static, Result<PutResult>>>>;

    /// Gives batches to what the descriptor names, and returns what it answers. A client that sent no schema calls
    /// without columns and rows.
    fn do_exchange(
        &self,
        call: FlightCall,
        descriptor: FlightDescriptor,
        batches: BatchStream,
    ) -> BoxFuture<'_, Result<FlightBatches>>;

    /// Does what the action says.
    fn do_action(
        &self,
        call: FlightCall,
        action: Action,
    ) -> BoxFuture<'_, Result<BoxStream<'static, Result<ActionResult>>>>;

    /// Lists the actions.
    fn list_actions(&self, call: FlightCall) -> BoxFuture<'_, Result<Vec<ActionType>>>;
}

/// What a client of Flight reads: batches, and what is said with their schema.
#[derive(Debug)]
#[non_exhaustive]
pub struct FlightBatches {
    /// The batches.
    pub batches: BatchStream,
    /// The `app_metadata` of the message that has the schema. Default: none.
    pub metadata: Bytes,
}

impl FlightBatches {
    /// Sets [`metadata`](Self::metadata).
    #[must_use]
    pub fn with_metadata(mut self, metadata: Bytes) -> Self {
        self.metadata = metadata;
        self
    }
}

impl From<BatchStream> for FlightBatches {
    fn from(batches: BatchStream) -> Self {
        Self { batches, metadata: Bytes::new() }
    }
}
