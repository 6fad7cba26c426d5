//! The stock client over a server in the same process, and what it is asked for.

use std::convert::Infallible;
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_flight::decode::FlightRecordBatchStream;
use arrow_flight::flight_service_client::FlightServiceClient;
use arrow_flight::{Action, FlightData, FlightDescriptor, FlightInfo, Ticket};
use arrowlink_core::{
    Authenticator, Catalog, DataService, Echo, Error, ErrorKind, Function, MemoryDataset, MemoryStore, Name,
    Result,
};
use arrowlink_flight::{FlightOptions, FlightService};
use arrowlink_testkit::name;
use arrowlink_transport::status::from_status;
use arrowlink_transport::{Front, FrontOptions};
use bytes::{Buf as _, Bytes};
use futures::{StreamExt as _, TryStreamExt as _};
use http::{Request, Response};
use http_body_util::BodyExt as _;
use tonic::body::Body;
use tonic::service::Routes;
use tonic::{Status, Streaming};
use tower::util::BoxCloneSyncService;
use tower::{ServiceExt as _, service_fn};

pub(crate) type Client = FlightServiceClient<BoxCloneSyncService<Request<Body>, Response<Body>, Infallible>>;

/// A stock client of `service`.
pub(crate) fn client(service: Arc<dyn DataService>) -> Client {
    client_with(service, FlightOptions::default())
}

/// A stock client of `service`, which says who it is to `authenticator`.
pub(crate) fn guarded(service: Arc<dyn DataService>, authenticator: Arc<dyn Authenticator>) -> Client {
    let options = FrontOptions::new(name("default"), name("uploads")).with_authenticator(authenticator);
    client_of(service, FlightOptions::default(), options)
}

/// A stock client of `service` behind `options`.
pub(crate) fn client_with(service: Arc<dyn DataService>, options: FlightOptions) -> Client {
    client_of(service, options, FrontOptions::new(name("default"), name("uploads")))
}

fn client_of(service: Arc<dyn DataService>, flight: FlightOptions, options: FrontOptions) -> Client {
    let flight = FlightService::new(Arc::clone(&service), flight);
    let front = Front::new(service, Arc::new(flight), options, Routes::default());
    let answer = move |request: Request<Body>| {
        let front = front.clone();
        async move {
            let answer = front.oneshot(request).await?;
            Ok(answer.map(|body| {
                Body::new(
                    body.map_frame(|frame| frame.map_data(|mut rope| rope.copy_to_bytes(rope.remaining()))),
                )
            }))
        }
    };
    FlightServiceClient::new(BoxCloneSyncService::new(service_fn(answer)))
}

/// Datasets `trips` (of three batches) and `sales.orders`, the function `echo`, and uploads in memory.
pub(crate) fn service(trips: &[RecordBatch]) -> Arc<Catalog> {
    let trips = MemoryDataset::new(trips[0].schema(), trips.to_vec()).unwrap();
    let orders = arrowlink_testkit::three_rows();
    let orders = MemoryDataset::new(orders.schema(), vec![orders]).unwrap();
    let echo: Arc<dyn Function> = Arc::new(Echo);
    Arc::new(
        Catalog::new()
            .with_dataset(name("trips"), Arc::new(trips))
            .with_dataset(name("sales.orders"), Arc::new(orders))
            .with_function(name("echo"), echo)
            .with_uploads(Arc::new(MemoryStore::new(1 << 30))),
    )
}

pub(crate) fn path(name: &str) -> FlightDescriptor {
    FlightDescriptor::new_path(vec![name.to_owned()])
}

pub(crate) async fn info(client: &mut Client, descriptor: FlightDescriptor) -> Result<FlightInfo> {
    Ok(client.get_flight_info(descriptor).await.map_err(error)?.into_inner())
}

/// Reads all that a ticket is for.
pub(crate) async fn read(client: &mut Client, ticket: impl Into<Bytes>) -> Result<Vec<RecordBatch>> {
    let data = client.do_get(Ticket::new(ticket)).await.map_err(error)?.into_inner();
    batches(data).await
}

/// Reads all messages of a ticket.
pub(crate) async fn messages(client: &mut Client, ticket: impl Into<Bytes>) -> Result<Vec<FlightData>> {
    let data = client.do_get(Ticket::new(ticket)).await.map_err(error)?.into_inner();
    data.try_collect().await.map_err(error)
}

pub(crate) async fn batches(data: Streaming<FlightData>) -> Result<Vec<RecordBatch>> {
    let decoded = FlightRecordBatchStream::new_from_flight_data(data.map_err(Into::into));
    decoded.try_collect().await.map_err(|failure| match failure {
        arrow_flight::error::FlightError::Tonic(status) => error(*status),
        other => Error::new(ErrorKind::Internal, other.to_string()),
    })
}

/// Does an action, and returns what it answers.
pub(crate) async fn act(client: &mut Client, kind: &str, body: impl Into<Bytes>) -> Result<Vec<Bytes>> {
    let results = client.do_action(Action::new(kind, body)).await.map_err(error)?.into_inner();
    let results = results.map_ok(|result| result.body).try_collect().await;
    results.map_err(error)
}

/// The error that a status carries.
pub(crate) fn error(status: Status) -> Error {
    from_status(&status)
}

/// The names that a listing gives.
pub(crate) async fn names(client: &mut Client, criteria: &'static str) -> Result<Vec<Name>> {
    let criteria = arrow_flight::Criteria { expression: criteria.into() };
    let flights = client.list_flights(criteria).await.map_err(error)?.into_inner();
    let flights: Vec<_> = flights.collect().await;
    let names = flights.into_iter().map(|flight| {
        let descriptor = flight.map_err(error)?.flight_descriptor.unwrap();
        Name::new(&descriptor.path.join("."))
    });
    names.collect()
}
