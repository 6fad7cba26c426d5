//! The handler: each of Flight's calls, sent where it is answered.

use std::sync::Arc;

use arrow_flight::{
    Action, ActionType, Criteria, FlightDescriptor, FlightInfo, PollInfo, PutResult, Result as ActionResult,
    SchemaResult,
};
use arrow_schema::{Schema, SchemaRef};
use arrowlink_core::{
    BatchStream, CallOptions, DataService, Description, Error, ErrorKind, Plain, Result, Target,
};
use arrowlink_transport::{FlightBatches, FlightCall, FlightHandler, Ticket, keeps_views};
use bytes::Bytes;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use futures::stream::BoxStream;

use crate::descriptor::{Asked, flight_sql, named};
use crate::info::{flight_info, schema_message, shown};
use crate::running::Running;
use crate::sql::Sql;
use crate::{FlightOptions, actions, listing, put, read};

/// Answers Arrow Flight from a [`DataService`]. Cloning is cheap, all clones are one.
///
/// | call | answer |
/// |---|---|
/// | `ListFlights` | what the service lists; the criteria are the beginning of names |
/// | `GetFlightInfo`, `PollFlightInfo`, `GetSchema` | what the service describes: a path is a name, a command SQL or of Flight SQL |
/// | `DoGet` | what a [`Ticket`] reads, each batch with the ticket that goes on after it; a name is a ticket too |
/// | `DoPut` | an acknowledgement for each batch, then the receipt |
/// | `DoExchange` | what the function answers whose name is the path |
/// | `DoAction` | cancel, renew, sessions, `health`, `drop`, and what is of Flight SQL |
///
/// Request metadata, all optional:
///
/// | key | value |
/// |---|---|
/// | `arrowlink-write-mode` | `append-or-create` (the default), `append`, `create`, `replace` |
/// | `arrowlink-idempotency-key` | under which a repeated upload is kept once, percent-encoded |
/// | `arrowlink-views` | `keep`: views and run-end encoded columns are sent as they are, and not cast to plain types |
///
/// Uploads run in a task each, which the answer owns: it is aborted when the answer is dropped.
#[derive(Clone, Debug)]
pub struct FlightService {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    service: Arc<dyn DataService>,
    options: Arc<FlightOptions>,
    running: Running,
    sql: Sql,
}

impl FlightService {
    /// Answers from `service`.
    pub fn new(service: Arc<dyn DataService>, options: FlightOptions) -> Self {
        let options = Arc::new(options);
        let sql = Sql::new(Arc::clone(&service), Arc::clone(&options));
        Self { inner: Arc::new(Inner { service, options, running: Running::default(), sql }) }
    }
}

impl Inner {
    /// Understands a descriptor, in the session of the call.
    async fn asked(&self, call: &FlightCall, descriptor: &FlightDescriptor) -> Result<Asked> {
        let mut asked = Asked::from_descriptor(descriptor)?;
        if let Asked::Target(Target::Sql(query)) = &mut asked
            && query.default_schema.is_none()
        {
            query.default_schema = self.sql.default_schema(call).await?;
        }
        Ok(asked)
    }

    async fn describe(&self, call: &FlightCall, target: Target) -> Result<Description> {
        if let Target::Name(name) = &target {
            call.record.set_name(name);
        }
        self.service.describe(call.ctx.clone(), target).await
    }

    async fn flight_info(&self, call: FlightCall, descriptor: FlightDescriptor) -> Result<FlightInfo> {
        let target = match self.asked(&call, &descriptor).await? {
            Asked::Command(command) => return self.sql.flight_info(&call, descriptor, command).await,
            Asked::Target(target) => target,
        };
        let description = self.describe(&call, target.clone()).await?;
        flight_info(&call, descriptor, &description, &target, &self.options)
    }

    async fn schema(&self, call: FlightCall, descriptor: FlightDescriptor) -> Result<SchemaResult> {
        let schema: SchemaRef = match self.asked(&call, &descriptor).await? {
            Asked::Command(command) => self.sql.schema(&call, command).await?,
            Asked::Target(target) => self.describe(&call, target).await?.schema,
        };
        schema_message(&*shown(&call, &schema)?)
    }

    async fn read(&self, call: FlightCall, ticket: Bytes) -> Result<FlightBatches> {
        if let Some(command) = flight_sql(&ticket) {
            let batches = self.sql.do_get(&call, command).await?;
            return seen(&call, batches.into());
        }
        let answer = read::read(&*self.service, &self.running, &call, Ticket::decode(&ticket)?).await?;
        seen(&call, answer)
    }

    async fn put(
        &self,
        call: FlightCall,
        descriptor: FlightDescriptor,
        batches: Option<BatchStream>,
    ) -> Result<BoxStream<'static, Result<PutResult>>> {
        if let Asked::Command(command) = Asked::from_descriptor(&descriptor)? {
            let batches = batches.unwrap_or_else(nothing);
            return self.sql.do_put(&call, command, batches).await;
        }
        let name = named(&descriptor)?;
        call.record.set_name(&name);
        let batches = batches.ok_or_else(|| Error::new(ErrorKind::InvalidArgument, NO_SCHEMA))?;
        put::put(Arc::clone(&self.service), call, name, batches)
    }

    async fn exchange(
        &self,
        call: FlightCall,
        descriptor: FlightDescriptor,
        batches: BatchStream,
    ) -> Result<FlightBatches> {
        let name = named(&descriptor)?;
        call.record.set_name(&name);
        let answer = self.service.call(call.ctx.clone(), name, batches, CallOptions::default()).await?;
        seen(&call, answer.into())
    }

    async fn act(
        &self,
        call: FlightCall,
        action: Action,
    ) -> Result<BoxStream<'static, Result<ActionResult>>> {
        let answer = actions::act(&*self.service, &self.running, &self.options, &call, &action).await?;
        if let Some(answer) = answer {
            return Ok(answer);
        }
        self.sql.action(&call, &action).await?.ok_or_else(|| {
            let text = format!("there is no action `{}`: `ListActions` has them all", action.r#type);
            Error::new(ErrorKind::Unsupported, text)
        })
    }
}

impl FlightHandler for FlightService {
    fn list_flights(
        &self,
        call: FlightCall,
        criteria: Criteria,
    ) -> BoxFuture<'_, Result<BoxStream<'static, Result<FlightInfo>>>> {
        async move {
            let entries =
                self.inner.service.list(call.ctx.clone(), listing::list_options(&criteria)?).await?;
            Ok(listing::flights(entries, call, Arc::clone(&self.inner.options)))
        }
        .boxed()
    }

    fn get_flight_info(
        &self,
        call: FlightCall,
        descriptor: FlightDescriptor,
    ) -> BoxFuture<'_, Result<FlightInfo>> {
        self.inner.flight_info(call, descriptor).boxed()
    }

    fn poll_flight_info(
        &self,
        call: FlightCall,
        descriptor: FlightDescriptor,
    ) -> BoxFuture<'_, Result<PollInfo>> {
        async move {
            let info = self.inner.flight_info(call, descriptor).await?;
            Ok(PollInfo { info: Some(info), progress: Some(1.0), ..PollInfo::default() })
        }
        .boxed()
    }

    fn get_schema(
        &self,
        call: FlightCall,
        descriptor: FlightDescriptor,
    ) -> BoxFuture<'_, Result<SchemaResult>> {
        self.inner.schema(call, descriptor).boxed()
    }

    fn do_get(&self, call: FlightCall, ticket: Bytes) -> BoxFuture<'_, Result<FlightBatches>> {
        self.inner.read(call, ticket).boxed()
    }

    fn do_put(
        &self,
        call: FlightCall,
        descriptor: FlightDescriptor,
        batches: Option<BatchStream>,
    ) -> BoxFuture<'_, Result<BoxStream<'static, Result<PutResult>>>> {
        self.inner.put(call, descriptor, batches).boxed()
    }

    fn do_exchange(
        &self,
        call: FlightCall,
        descriptor: FlightDescriptor,
        batches: BatchStream,
    ) -> BoxFuture<'_, Result<FlightBatches>> {
        self.inner.exchange(call, descriptor, batches).boxed()
    }

    fn do_action(
        &self,
        call: FlightCall,
        action: Action,
    ) -> BoxFuture<'_, Result<BoxStream<'static, Result<ActionResult>>>> {
        self.inner.act(call, action).boxed()
    }

    fn list_actions(&self, _: FlightCall) -> BoxFuture<'_, Result<Vec<ActionType>>> {
        std::future::ready(Ok(actions::action_types().chain(Sql::action_types()).collect())).boxed()
    }
}

/// The batches as the client of `call` sees them.
fn seen(call: &FlightCall, answer: FlightBatches) -> Result<FlightBatches> {
    if keeps_views(&call.headers)? {
        return Ok(answer);
    }
    let FlightBatches { batches, metadata, .. } = answer;
    let plain = Plain::new(batches.schema()).with_hint(KEEP_VIEWS);
    Ok(FlightBatches::from(plain.stream(batches)).with_metadata(metadata))
}

fn nothing() -> BatchStream {
    BatchStream::from_batches(Arc::new(Schema::empty()), Vec::new())
}

/// What a client can do whose rows have no plain form.
const KEEP_VIEWS: &str = "read it with the request metadata `arrowlink-views: keep`";
const NO_SCHEMA: &str = "the upload has no schema: send it, even where there are no rows";
