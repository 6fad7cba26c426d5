//! The handler: each of Flight's calls, sent where it is answered.

use std::sync::Arc;

use arrow_flight::{
    Action, ActionType, Criteria, FlightDescriptor, FlightInfo, HandshakeRequest, HandshakeResponse,
    PollInfo, PutResult, Result as ActionResult, SchemaResult,
};
use arrow_schema::{Schema, SchemaRef};
use arrowlink_core::{
    BatchStream, CallOptions, DataService, Description, Error, ErrorKind, Name, ReadOptions, Result, Target,
};
use arrowlink_transport::{FlightCall, FlightHandler};
use bytes::Bytes;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use futures::stream::BoxStream;

use crate::descriptor::{Asked, flight_sql, named};
use crate::info::{flight_info, schema_bytes};
use crate::sql::Sql;
use crate::{FlightOptions, listing, put};

/// Answers Arrow Flight from a [`DataService`]. Cloning is cheap, all clones are one.
#[derive(Clone, Debug)]
pub struct FlightService {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    service: Arc<dyn DataService>,
    options: Arc<FlightOptions>,
    sql: Sql,
}

impl FlightService {
    /// Answers from `service`.
    pub fn new(service: Arc<dyn DataService>, options: FlightOptions) -> Self {
        let options = Arc::new(options);
        let sql = Sql::new(Arc::clone(&service), Arc::clone(&options));
        Self { inner: Arc::new(Inner { service, options, sql }) }
    }
}

impl Inner {
    async fn describe(&self, call: &FlightCall, target: Target) -> Result<Description> {
        if let Target::Name(name) = &target {
            call.record.set_name(name);
        }
        self.service.describe(call.ctx.clone(), target).await
    }

    async fn flight_info(&self, call: &FlightCall, descriptor: FlightDescriptor) -> Result<FlightInfo> {
        let target = match Asked::from_descriptor(&descriptor)? {
            Asked::Command(command) => return self.sql.flight_info(call, descriptor, command).await,
            Asked::Target(target) => target,
        };
        let ticket = match &target {
            Target::Name(name) => Bytes::from(name.to_string()),
            _ => return Err(Error::new(ErrorKind::Unsupported, "SQL is not supported")),
        };
        let description = self.describe(call, target).await?;
        flight_info(descriptor, &description, ticket, &self.options)
    }

    async fn schema(&self, call: &FlightCall, descriptor: &FlightDescriptor) -> Result<SchemaRef> {
        match Asked::from_descriptor(descriptor)? {
            Asked::Command(command) => self.sql.schema(call, command).await,
            Asked::Target(target) => Ok(self.describe(call, target).await?.schema),
        }
    }

    async fn read(&self, call: FlightCall, ticket: Bytes) -> Result<BatchStream> {
        if let Some(command) = flight_sql(&ticket) {
            return self.sql.do_get(&call, command).await;
        }
        let name = name_of_ticket(&ticket)?;
        call.record.set_name(&name);
        self.service.read(call.ctx, Target::from(name), ReadOptions::default()).await
    }

    async fn put(
        &self,
        call: FlightCall,
        descriptor: &FlightDescriptor,
        batches: Option<BatchStream>,
    ) -> Result<BoxStream<'static, Result<PutResult>>> {
        if let Asked::Command(command) = Asked::from_descriptor(descriptor)? {
            let batches = batches.unwrap_or_else(nothing);
            return self.sql.do_put(&call, command, batches).await;
        }
        let name = named(descriptor)?;
        call.record.set_name(&name);
        let Some(batches) = batches else {
            return Err(Error::new(ErrorKind::InvalidArgument, NO_SCHEMA));
        };
        put::put(Arc::clone(&self.service), call, name, batches).await
    }
}

impl FlightHandler for FlightService {
    fn handshake(&self, _: FlightCall, _: HandshakeRequest) -> BoxFuture<'_, Result<HandshakeResponse>> {
        unsupported("Handshake")
    }

    fn list_flights(
        &self,
        call: FlightCall,
        criteria: Criteria,
    ) -> BoxFuture<'_, Result<BoxStream<'static, Result<FlightInfo>>>> {
        async move {
            let options = listing::list_options(&criteria)?;
            let entries = self.inner.service.list(call.ctx, options).await?;
            Ok(listing::flights(entries, Arc::clone(&self.inner.options)))
        }
        .boxed()
    }

    fn get_flight_info(
        &self,
        call: FlightCall,
        descriptor: FlightDescriptor,
    ) -> BoxFuture<'_, Result<FlightInfo>> {
        async move { self.inner.flight_info(&call, descriptor).await }.boxed()
    }

    fn poll_flight_info(
        &self,
        call: FlightCall,
        descriptor: FlightDescriptor,
    ) -> BoxFuture<'_, Result<PollInfo>> {
        async move {
            let info = self.inner.flight_info(&call, descriptor).await?;
            Ok(PollInfo { info: Some(info), progress: Some(1.0), ..PollInfo::default() })
        }
        .boxed()
    }

    fn get_schema(
        &self,
        call: FlightCall,
        descriptor: FlightDescriptor,
    ) -> BoxFuture<'_, Result<SchemaResult>> {
        async move { schema_bytes(&*self.inner.schema(&call, &descriptor).await?) }.boxed()
    }

    fn do_get(&self, call: FlightCall, ticket: Bytes) -> BoxFuture<'_, Result<BatchStream>> {
        self.inner.read(call, ticket).boxed()
    }

    fn do_put(
        &self,
        call: FlightCall,
        descriptor: FlightDescriptor,
        batches: Option<BatchStream>,
    ) -> BoxFuture<'_, Result<BoxStream<'static, Result<PutResult>>>> {
        async move { self.inner.put(call, &descriptor, batches).await }.boxed()
    }

    fn do_exchange(
        &self,
        call: FlightCall,
        descriptor: FlightDescriptor,
        batches: BatchStream,
    ) -> BoxFuture<'_, Result<BatchStream>> {
        async move {
            let name = named(&descriptor)?;
            call.record.set_name(&name);
            self.inner.service.call(call.ctx, name, batches, CallOptions::default()).await
        }
        .boxed()
    }

    fn do_action(
        &self,
        call: FlightCall,
        action: Action,
    ) -> BoxFuture<'_, Result<BoxStream<'static, Result<ActionResult>>>> {
        async move {
            let answer = self.inner.sql.action(&call, &action).await?;
            answer.ok_or_else(|| {
                let text = format!("there is no action `{}`: `ListActions` has them all", action.r#type);
                Error::new(ErrorKind::Unsupported, text)
            })
        }
        .boxed()
    }

    fn list_actions(&self, _: FlightCall) -> BoxFuture<'_, Result<Vec<ActionType>>> {
        std::future::ready(Ok(Sql::action_types())).boxed()
    }
}

/// Reads which dataset a ticket is for.
fn name_of_ticket(ticket: &[u8]) -> Result<Name> {
    let text = std::str::from_utf8(ticket)
        .ok()
        .filter(|text| !text.is_empty())
        .ok_or_else(|| Error::new(ErrorKind::InvalidArgument, NOT_A_TEXT))?;
    Name::new(text).map_err(|error| Error::new(ErrorKind::InvalidArgument, NOT_A_TICKET).with_source(error))
}

fn nothing() -> BatchStream {
    BatchStream::from_batches(Arc::new(Schema::empty()), Vec::new())
}

fn unsupported<T: Send + 'static>(method: &str) -> BoxFuture<'static, Result<T>> {
    let error = Error::new(ErrorKind::Unsupported, format!("`{method}` is not supported"));
    std::future::ready(Err(error)).boxed()
}

const NO_SCHEMA: &str = "the upload has no schema: send it, even where there are no rows";
const NOT_A_TEXT: &str = "the ticket is empty or not UTF-8: it is the name of a dataset";
const NOT_A_TICKET: &str = "the ticket is not the name of a dataset";
