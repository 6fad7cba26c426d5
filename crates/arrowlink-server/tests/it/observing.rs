//! What operators see: access log, health, reflection.

use arrowlink_core::ErrorKind;
use arrowlink_server::Config;
use arrowlink_transport::{Connection, Drained};
use tonic::Code;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use tonic_reflection::pb::v1::ServerReflectionRequest;
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;

use crate::support::{Program, Running, client, name};

async fn connect(server: &Running) -> Connection {
    server.client().await.0
}

#[tokio::test]
async fn writes_one_line_per_call_for_people() {
    let program = Program::start(&["--dataset", "readings=demo://?rows=10"]);
    let client = client(program.port, &program.ca()).await;
    client.read_all(&name("readings")).await.unwrap();
    let line = program.line(&["GetArrowData"]).await;
    for part in [
        "peer=127.0.0.1:",
        "name=readings",
        "rows=10",
        "bytes=",
        "duration_ms=",
        "status=\"OK\"",
        "request_id=",
    ] {
        assert!(line.contains(part), "`{part}` is missing in\n{line}");
    }
}

#[tokio::test]
async fn writes_one_json_object_per_call_for_machines() {
    let program = Program::start(&["--log-format", "json"]);
    let client = client(program.port, &program.ca()).await;
    let error = client.read_all(&name("nothing")).await.unwrap_err();
    let line = program.line(&["GetArrowData"]).await;
    let line: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert_eq!(line["status"], "NOT_FOUND");
    assert_eq!(line["name"], "nothing");
    assert_eq!(line["rows"], 0);
    assert_eq!(line["request_id"], error.request_id().unwrap());
    assert!(line["error"].as_str().unwrap().contains("`nothing`"), "{line}");
    assert!(
        line["duration_ms"].is_number() && line["peer"].is_string() && line["timestamp"].is_string(),
        "{line}"
    );
    for line in program.stderr().lines() {
        serde_json::from_str::<serde_json::Value>(line).unwrap();
    }
}

#[tokio::test]
async fn answers_health_checks_for_the_server_and_its_services() {
    let server = Running::build(Config::default()).await;
    let mut health = HealthClient::new(connect(&server).await);
    for service in ["", "arrow.flight.protocol.FlightService", "dataexchange.ArrowDataService"] {
        let answer = health.check(HealthCheckRequest { service: service.to_owned() }).await.unwrap();
        assert_eq!(answer.into_inner().status(), ServingStatus::Serving, "{service}");
    }
    let unknown = health.check(HealthCheckRequest { service: "other".to_owned() }).await.unwrap_err();
    assert_eq!(unknown.code(), Code::NotFound);
    server.stop().await;
}

#[tokio::test]
async fn tells_those_who_watch_its_health_that_it_ends_and_does_not_wait_for_them() {
    let server = Running::build(Config::default()).await;
    let mut health = HealthClient::new(connect(&server).await);
    let mut watched = health.watch(HealthCheckRequest::default()).await.unwrap().into_inner();
    assert_eq!(watched.message().await.unwrap().unwrap().status(), ServingStatus::Serving);
    let (drained, rest) = tokio::join!(server.stop(), async {
        let said = watched.message().await.unwrap().unwrap().status();
        (said, watched.message().await.unwrap_err().code())
    });
    assert_eq!(rest, (ServingStatus::NotServing, Code::Unavailable));
    assert_eq!(drained, Drained::Complete);
}

#[tokio::test]
async fn lists_its_services_by_reflection() {
    let server = Running::build(Config::default()).await;
    let mut reflection = ServerReflectionClient::new(connect(&server).await);
    let message_request = Some(MessageRequest::ListServices(String::new()));
    let request = ServerReflectionRequest { host: String::new(), message_request };
    let mut answers =
        reflection.server_reflection_info(futures::stream::iter([request])).await.unwrap().into_inner();
    let Some(MessageResponse::ListServicesResponse(services)) =
        answers.message().await.unwrap().unwrap().message_response
    else {
        panic!("another answer")
    };
    let services: Vec<_> = services.service.into_iter().map(|service| service.name).collect();
    assert!(services.contains(&"arrow.flight.protocol.FlightService".to_owned()), "{services:?}");
    assert!(services.contains(&"dataexchange.ArrowDataService".to_owned()), "{services:?}");
    assert!(services.contains(&"grpc.health.v1.Health".to_owned()), "{services:?}");
}

#[tokio::test]
async fn follows_the_request_id_that_a_client_brings() {
    let server = Running::build(Config::default()).await;
    let mut health = HealthClient::new(connect(&server).await);
    let mut request = tonic::Request::new(HealthCheckRequest::default());
    request.metadata_mut().insert("arrowlink-request-id", "my-id.7".parse().unwrap());
    let answer = health.check(request).await.unwrap();
    assert_eq!(answer.metadata().get("arrowlink-request-id").unwrap(), "my-id.7");

    let mut request = tonic::Request::new(HealthCheckRequest::default());
    request.metadata_mut().insert("arrowlink-request-id", "two words".parse().unwrap());
    let answer = health.check(request).await.unwrap();
    assert_eq!(answer.metadata().get("arrowlink-request-id").unwrap().len(), 36, "a UUID of our own");
}

#[tokio::test]
async fn gives_errors_the_id_of_their_request() {
    let server = Running::build(Config::default()).await;
    let error = server.client().await.read_all(&name("nothing")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert_eq!(error.request_id().map(str::len), Some(36));
}

#[tokio::test]
async fn names_a_method_that_is_not_there() {
    let server = Running::build(Config::default()).await;
    let request = http::Request::post("https://localhost/dataexchange.ArrowDataService/Nothing")
        .header("content-type", "application/grpc")
        .body(tonic::body::Body::empty())
        .unwrap();
    let answer = tower::ServiceExt::oneshot(connect(&server).await, request).await.unwrap();
    let status = tonic::Status::from_header_map(answer.headers()).unwrap();
    assert_eq!(status.code(), Code::Unimplemented);
    assert_eq!(
        status.message(),
        "there is no method `/dataexchange.ArrowDataService/Nothing` on this server: gRPC reflection lists those \
         that there are"
    );
    server.stop().await;
}
