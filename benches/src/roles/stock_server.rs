//! arrow-flight's server as its documentation builds one: tonic's defaults, a table in memory, uploads counted and dropped.

use std::fs;
use std::net::Ipv4Addr;
use std::path::Path;

use arrow_array::RecordBatch;
use arrow_flight::decode::FlightRecordBatchStream;
use arrow_flight::encode::{DictionaryHandling, FlightDataEncoderBuilder};
use arrow_flight::flight_service_server::{FlightService, FlightServiceServer};
use arrow_flight::{
    Action, ActionType, Criteria, Empty, FlightData, FlightDescriptor, FlightInfo, HandshakeRequest,
    HandshakeResponse, PollInfo, PutResult, SchemaResult, Ticket,
};
use arrow_schema::SchemaRef;
use async_trait::async_trait;
use futures::stream::{self, BoxStream};
use futures::{StreamExt as _, TryStreamExt as _};
use tokio::net::TcpListener;
use tokio::runtime::Builder;
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Identity, Server, ServerTlsConfig};
use tonic::{Request, Response, Status, Streaming};

use crate::Failure;
use crate::table;

/// Serves the table to every ticket until the process is ended; over TLS where there are `certs`.
pub(crate) fn serve(path: &Path, certs: Option<&Path>) -> Result<(), Failure> {
    let (schema, batches) = table::load(path)?;
    let stock = Stock { schema, batches };
    Builder::new_multi_thread().enable_all().build()?.block_on(async {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        println!("listening on {}", listener.local_addr()?);
        let mut server = Server::builder();
        if let Some(certs) = certs {
            let read = |name: &str| fs::read(certs.join(name));
            let identity = Identity::from_pem(read("server.crt")?, read("server.key")?);
            server = server.tls_config(ServerTlsConfig::new().identity(identity))?;
        }
        // What it is sent is larger than tonic takes by itself.
        let service = FlightServiceServer::new(stock).max_decoding_message_size(usize::MAX);
        let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
        Ok(server.add_service(service).serve_with_incoming(incoming).await?)
    })
}

/// One table.
#[derive(Debug)]
struct Stock {
    schema: SchemaRef,
    batches: Vec<RecordBatch>,
}

type Answers<T> = BoxStream<'static, Result<T, Status>>;

#[async_trait]
impl FlightService for Stock {
    type HandshakeStream = Answers<HandshakeResponse>;
    type ListFlightsStream = Answers<FlightInfo>;
    type DoGetStream = Answers<FlightData>;
    type DoPutStream = Answers<PutResult>;
    type DoExchangeStream = Answers<FlightData>;
    type DoActionStream = Answers<arrow_flight::Result>;
    type ListActionsStream = Answers<ActionType>;

    async fn do_get(&self, _: Request<Ticket>) -> Result<Response<Self::DoGetStream>, Status> {
        let batches = stream::iter(self.batches.clone().into_iter().map(Ok));
        let data = FlightDataEncoderBuilder::new()
            .with_schema(SchemaRef::clone(&self.schema))
            .with_dictionary_handling(DictionaryHandling::Resend)
            .build(batches);
        Ok(Response::new(data.map_err(Status::from).boxed()))
    }

    async fn do_put(
        &self,
        request: Request<Streaming<FlightData>>,
    ) -> Result<Response<Self::DoPutStream>, Status> {
        let data = request.into_inner().map_err(Into::into);
        let mut batches = FlightRecordBatchStream::new_from_flight_data(data);
        while batches.try_next().await?.is_some() {}
        Ok(Response::new(stream::iter([Ok(PutResult::default())]).boxed()))
    }

    async fn handshake(
        &self,
        _: Request<Streaming<HandshakeRequest>>,
    ) -> Result<Response<Self::HandshakeStream>, Status> {
        Err(not_served())
    }

    async fn list_flights(&self, _: Request<Criteria>) -> Result<Response<Self::ListFlightsStream>, Status> {
        Err(not_served())
    }

    async fn get_flight_info(&self, _: Request<FlightDescriptor>) -> Result<Response<FlightInfo>, Status> {
        Err(not_served())
    }

    async fn poll_flight_info(&self, _: Request<FlightDescriptor>) -> Result<Response<PollInfo>, Status> {
        Err(not_served())
    }

    async fn get_schema(&self, _: Request<FlightDescriptor>) -> Result<Response<SchemaResult>, Status> {
        Err(not_served())
    }

    async fn do_exchange(
        &self,
        _: Request<Streaming<FlightData>>,
    ) -> Result<Response<Self::DoExchangeStream>, Status> {
        Err(not_served())
    }

    async fn do_action(&self, _: Request<Action>) -> Result<Response<Self::DoActionStream>, Status> {
        Err(not_served())
    }

    async fn list_actions(&self, _: Request<Empty>) -> Result<Response<Self::ListActionsStream>, Status> {
        Err(not_served())
    }
}

fn not_served() -> Status {
    Status::unimplemented("this peer only gets and puts")
}
