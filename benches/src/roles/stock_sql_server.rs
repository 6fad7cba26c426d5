//! A Flight SQL server over DataFusion as arrow-flight's documentation builds one: its helper, its encoder, tonic's
//! defaults.
//!
//! A statement and a prepared one are their texts, so that there is nothing to keep.

use std::net::Ipv4Addr;
use std::path::Path;

use arrow_flight::encode::FlightDataEncoderBuilder;
use arrow_flight::error::FlightError;
use arrow_flight::flight_service_server::{FlightService, FlightServiceServer};
use arrow_flight::sql::server::FlightSqlService;
use arrow_flight::sql::{
    ActionClosePreparedStatementRequest, ActionCreatePreparedStatementRequest,
    ActionCreatePreparedStatementResult, Any, CommandPreparedStatementQuery, CommandStatementQuery,
    ProstMessageExt, SqlInfo, TicketStatementQuery,
};
use arrow_flight::{Action, FlightDescriptor, FlightEndpoint, FlightInfo, IpcMessage, SchemaAsIpc, Ticket};
use arrow_ipc::writer::IpcWriteOptions;
use arrow_schema::SchemaRef;
use async_trait::async_trait;
use datafusion::error::DataFusionError;
use datafusion::prelude::SessionContext;
use futures::{StreamExt as _, TryStreamExt as _};
use prost::Message as _;
use tokio::net::TcpListener;
use tokio::runtime::Builder;
use tonic::codegen::Bytes;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status};

use super::datafusion_process::context;
use crate::Failure;

/// Serves queries over the Parquet files of `tables` until the process is ended.
pub(crate) fn serve(tables: &Path) -> Result<(), Failure> {
    Builder::new_multi_thread().enable_all().build()?.block_on(async {
        let stock = StockSql { context: context(tables).await? };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        println!("listening on {}", listener.local_addr()?);
        let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
        let server = Server::builder().add_service(FlightServiceServer::new(stock));
        Ok(server.serve_with_incoming(incoming).await?)
    })
}

struct StockSql {
    context: SessionContext,
}

type Batches = Response<<StockSql as FlightService>::DoGetStream>;

impl StockSql {
    async fn schema(&self, query: &str) -> Result<SchemaRef, Status> {
        let frame = self.context.sql(query).await.map_err(|error| status(&error))?;
        Ok(SchemaRef::clone(frame.schema().inner()))
    }

    async fn info(&self, query: &str, ticket: &Any) -> Result<Response<FlightInfo>, Status> {
        let schema = self.schema(query).await?;
        let ticket = Ticket::new(ticket.encode_to_vec());
        let info = FlightInfo::new()
            .try_with_schema(&schema)
            .map_err(|error| Status::internal(error.to_string()))?;
        Ok(Response::new(info.with_endpoint(FlightEndpoint::new().with_ticket(ticket))))
    }

    async fn rows(&self, query: &str) -> Result<Batches, Status> {
        let frame = self.context.sql(query).await.map_err(|error| status(&error))?;
        let rows = frame.execute_stream().await.map_err(|error| status(&error))?;
        let data = FlightDataEncoderBuilder::new()
            .with_schema(rows.schema())
            .build(rows.map_err(|error| FlightError::ExternalError(Box::new(error))));
        Ok(Response::new(data.map_err(Status::from).boxed()))
    }
}

#[async_trait]
impl FlightSqlService for StockSql {
    type FlightService = Self;

    async fn get_flight_info_statement(
        &self,
        query: CommandStatementQuery,
        _: Request<FlightDescriptor>,
    ) -> Result<Response<FlightInfo>, Status> {
        let ticket = TicketStatementQuery { statement_handle: query.query.clone().into() };
        self.info(&query.query, &ticket.as_any()).await
    }

    async fn do_get_statement(
        &self,
        ticket: TicketStatementQuery,
        _: Request<Ticket>,
    ) -> Result<Batches, Status> {
        self.rows(text(&ticket.statement_handle)?).await
    }

    async fn do_action_create_prepared_statement(
        &self,
        request: ActionCreatePreparedStatementRequest,
        _: Request<Action>,
    ) -> Result<ActionCreatePreparedStatementResult, Status> {
        let schema = self.schema(&request.query).await?;
        let message: Result<IpcMessage, _> =
            SchemaAsIpc::new(&schema, &IpcWriteOptions::default()).try_into();
        let dataset_schema = message.map_err(|error| Status::internal(error.to_string()))?.0;
        let prepared_statement_handle = request.query.into();
        Ok(ActionCreatePreparedStatementResult {
            prepared_statement_handle,
            dataset_schema,
            parameter_schema: Bytes::new(),
        })
    }

    async fn do_action_close_prepared_statement(
        &self,
        _: ActionClosePreparedStatementRequest,
        _: Request<Action>,
    ) -> Result<(), Status> {
        Ok(())
    }

    async fn get_flight_info_prepared_statement(
        &self,
        query: CommandPreparedStatementQuery,
        _: Request<FlightDescriptor>,
    ) -> Result<Response<FlightInfo>, Status> {
        self.info(text(&query.prepared_statement_handle)?, &query.as_any()).await
    }

    async fn do_get_prepared_statement(
        &self,
        query: CommandPreparedStatementQuery,
        _: Request<Ticket>,
    ) -> Result<Batches, Status> {
        self.rows(text(&query.prepared_statement_handle)?).await
    }

    async fn register_sql_info(&self, _: i32, _: &SqlInfo) {}
}

fn text(handle: &[u8]) -> Result<&str, Status> {
    std::str::from_utf8(handle).map_err(|_| Status::invalid_argument("the handle is no text"))
}

fn status(error: &DataFusionError) -> Status {
    Status::internal(error.to_string())
}
