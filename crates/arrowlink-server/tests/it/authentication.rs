//! Who may call, by every protocol of the one port, and whom a dataset is asked by.

use std::sync::Arc;

use arrow_array::{RecordBatch, record_batch};
use arrow_flight::Empty;
use arrow_flight::flight_service_client::FlightServiceClient;
use arrowlink_client::{Authorization, Client, ClientOptions};
use arrowlink_core::{
    BatchStream, CallContext, Catalog, DataServiceExt as _, Dataset, Description, ErrorKind, Identity,
    MemoryStore, NounKind, ReadOptions, Result,
};
use arrowlink_testkit::{OnlyAli, check_error, three_rows};
use futures::FutureExt as _;
use futures::future::BoxFuture;
use http::Request;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

use crate::http::{BOTH, ask, text};
use crate::support::{Running, name};

/// Its only value is the name of who asks.
#[derive(Debug)]
struct Caller;

impl Dataset for Caller {
    fn describe(&self, ctx: CallContext) -> BoxFuture<'_, Result<Description>> {
        std::future::ready(Ok(Description::new(NounKind::Dataset, named(&ctx).schema()))).boxed()
    }

    fn read(&self, ctx: CallContext, options: ReadOptions) -> BoxFuture<'_, Result<BatchStream>> {
        let batch = named(&ctx);
        let answer = options.apply(BatchStream::from_batches(batch.schema(), vec![batch]));
        std::future::ready(answer).boxed()
    }
}

fn named(ctx: &CallContext) -> RecordBatch {
    let caller = match ctx.identity() {
        Identity::Named(name) => name.to_string(),
        other => format!("{other:?}"),
    };
    record_batch!(("caller", Utf8, [caller])).unwrap()
}

async fn guarded() -> Running {
    let catalog = Catalog::new()
        .with_dataset(name("caller"), Arc::new(Caller))
        .with_uploads(Arc::new(MemoryStore::new(1 << 20)));
    Running::guarded(Arc::new(catalog), Arc::new(OnlyAli)).await
}

async fn client(server: &Running, authorization: Option<Authorization>) -> Client {
    let mut options = ClientOptions::default().with_ca_file(server.ca());
    options.authorization = authorization;
    Client::connect(&format!("https://localhost:{}", server.port), options).await.unwrap()
}

#[tokio::test]
async fn strangers_get_nothing_by_grpc() {
    let server = guarded().await;
    let small = server.client().await;
    check_error(small.read_all(&name("caller")).await, ErrorKind::Unauthenticated, &["is wrong"]);
    let refused = small.append(&name("people"), vec![three_rows()]).await;
    check_error(refused, ErrorKind::Unauthenticated, &["is wrong"]);
    for authorization in [None, Some(Authorization::bearer("guessed").unwrap())] {
        let client = client(&server, authorization).await;
        check_error(client.read_all(&name("caller")).await, ErrorKind::Unauthenticated, &["is wrong"]);
    }
    server.stop().await;
}

#[tokio::test]
async fn datasets_are_told_who_asks_by_grpc() {
    let server = guarded().await;
    let authorizations =
        [Authorization::bearer("token-of-ali").unwrap(), Authorization::basic("ali", "sesame").unwrap()];
    for authorization in authorizations {
        let client = client(&server, Some(authorization)).await;
        let (_, batches) = client.read_all(&name("caller")).await.unwrap();
        assert_eq!(batches, [record_batch!(("caller", Utf8, ["ali"])).unwrap()]);
        client.append(&name("people"), three_rows().schema(), vec![three_rows()]).await.unwrap();
    }
    server.stop().await;
}

#[tokio::test]
async fn plain_http_asks_who_it_is() {
    let server = guarded().await;
    let get = async |path: &str, header: Option<&str>, alpn: &[&str]| {
        let request = Request::get(format!("https://localhost{path}")).header("host", "localhost");
        let request = match header {
            Some(header) => request.header("authorization", header),
            None => request,
        };
        ask(server.port, &server.ca(), alpn, request, "").await
    };
    for alpn in BOTH {
        for path in ["/v1/datasets", "/v1/datasets/caller", "/v1/sql?q=select+1"] {
            let answer = get(path, None, alpn).await;
            assert_eq!(answer.status(), 401);
            assert_eq!(answer.headers()["www-authenticate"], "Bearer");
            assert!(text(answer).await.contains("the name or the password is wrong"));
        }
        for header in ["Basic YWxpOnNlc2FtZQ==", "Bearer token-of-ali", "Key ali's"] {
            let answer = get("/v1/datasets/caller?format=csv", Some(header), alpn).await;
            assert_eq!(text(answer).await, "caller\nali\n");
        }
        let request = Request::options("https://localhost/v1/datasets").header("host", "localhost");
        let answer = ask(server.port, &server.ca(), alpn, request, "").await;
        assert_eq!(answer.status(), 204, "browsers ask so before they say who their user is");
    }
    server.stop().await;
}

#[tokio::test]
async fn health_answers_strangers_and_flight_does_not() {
    let server = guarded().await;
    let mut health = HealthClient::new(server.client().await.0);
    health.check(HealthCheckRequest { service: String::new() }).await.unwrap();
    let mut flight = FlightServiceClient::new(server.client().await.0);
    let refused = flight.list_actions(Empty {}).await.unwrap_err();
    assert_eq!(refused.code(), tonic::Code::Unauthenticated);
    server.stop().await;
}
