//! The standard services beside our own: gRPC health and reflection.
//!
//! Health is what load balancers and orchestrators ask (`grpc.health.v1`), for the server (the empty name) and for each
//! service. Reflection (`v1`, and `v1alpha` for older tools) lets `grpcurl` and its like call the small service and Flight
//! without their `.proto` files.

use arrowlink_proto::{DATAEXCHANGE_DESCRIPTOR_SET, FLIGHT_DESCRIPTOR_SET};
use tonic::service::Routes;
use tonic_health::ServingStatus;
use tonic_health::server::{HealthReporter, health_reporter};
use tonic_reflection::server::{Builder, Error};

/// Says whether the server takes calls, to those who ask and those who watch.
#[derive(Clone, Debug)]
pub(crate) struct Health(HealthReporter);

impl Health {
    /// Says of the server and of each service that it serves, or that it does not.
    pub(crate) async fn set(&self, status: ServingStatus) {
        for service in SERVICES {
            self.0.set_service_status(service, status).await;
        }
    }
}

/// Makes the services, and the handle by which health is set; until then it is `NOT_SERVING`.
pub(crate) async fn standard_services() -> Result<(Routes, Health), Error> {
    let (reporter, service) = health_reporter();
    let health = Health(reporter);
    health.set(ServingStatus::NotServing).await;
    let routes =
        Routes::new(service).add_service(reflection().build_v1()?).add_service(reflection().build_v1alpha()?);
    Ok((routes.prepare(), health))
}

/// Describes our service, Flight and health; each version of reflection adds itself.
fn reflection<'a>() -> Builder<'a> {
    Builder::configure()
        .register_encoded_file_descriptor_set(DATAEXCHANGE_DESCRIPTOR_SET)
        .register_encoded_file_descriptor_set(FLIGHT_DESCRIPTOR_SET)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
}

/// What is asked for health: the empty name is the server as a whole.
const SERVICES: [&str; 3] = ["", "arrow.flight.protocol.FlightService", "dataexchange.ArrowDataService"];
