//! Who may call, by every protocol of the one port, and whom a dataset is asked by.

use std::sync::Arc;
use std::time::Duration;

use arrow_array::{RecordBatch, record_batch};
use arrow_flight::Empty;
use arrow_flight::flight_service_client::FlightServiceClient;
use arrowlink_client::{Authorization, Client, ClientOptions};
use arrowlink_core::{
    Authenticator, BatchStream, CallContext, Catalog, DataServiceExt as _, Dataset, Description, Error,
    ErrorKind, Identity, MemoryStore, NounKind, ReadOptions, Result,
};
use arrowlink_server::{Config, Limits, TlsConfig};
use arrowlink_testkit::{OnlyAli, check_error, three_rows};
use arrowlink_transport::{ClientTls, ConnectOptions, Connection, certificates};
use futures::FutureExt as _;
use futures::future::BoxFuture;
use http::Request;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

use crate::http::{BOTH, ask, text};
use crate::support::{self, Running, name};

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

/// Knows callers by their certificates, in DER, and by nothing else.
#[derive(Debug)]
struct ByCertificate(Vec<(Vec<u8>, &'static str)>);

impl Authenticator for ByCertificate {
    fn identify(&self, caller: arrowlink_core::Caller) -> BoxFuture<'_, Result<Identity>> {
        let shown = caller.certificates.first();
        let known = self.0.iter().find(|(der, _)| shown.is_some_and(|shown| shown == der));
        let answer = known.map(|(_, name)| Identity::Named((*name).into()));
        let unknown = || Error::new(ErrorKind::Unauthenticated, "the certificate is nobody's");
        std::future::ready(answer.ok_or_else(unknown)).boxed()
    }

    fn token(&self, _: arrowlink_core::Caller) -> BoxFuture<'_, Result<String>> {
        let error = Error::new(ErrorKind::Unauthenticated, "there are no tokens");
        std::future::ready(Err(error)).boxed()
    }
}

#[tokio::test]
async fn a_certificate_says_who_asks() {
    let dir = tempfile::tempdir().unwrap();
    let ca = certificates::development(dir.path()).unwrap().ca;
    // The next one takes the place of the one before.
    let identity = |name: &str| {
        let files = certificates::client(dir.path(), name).unwrap();
        let der = CertificateDer::from_pem_file(&files.cert).unwrap().to_vec();
        (ClientTls::with_identity(&files.ca, &files.cert, &files.key).unwrap(), der)
    };
    let ((ingest, der_of_ingest), (stranger, _)) = (identity("ingest"), identity("stranger"));
    let config = Config::default().with_tls(TlsConfig::default().with_dir(dir.path()).with_client_ca(ca));
    let known = ByCertificate(vec![(der_of_ingest, "ingest")]);
    let catalog = Catalog::new().with_dataset(name("caller"), Arc::new(Caller));
    let server = Running::guarded_by(config, Arc::new(catalog), Arc::new(known)).await;
    let read = async |tls: ClientTls| {
        let options = ConnectOptions::default().with_tls(tls);
        let uri = format!("https://localhost:{}", server.port);
        let connection = Connection::connect(&uri, &options).await.unwrap();
        support::Caller(connection).read_all(&name("caller")).await
    };
    let (_, batches) = read(ingest).await.unwrap();
    assert_eq!(batches, [record_batch!(("caller", Utf8, ["ingest"])).unwrap()]);
    check_error(read(stranger).await, ErrorKind::Unauthenticated, &["nobody's"]);
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

/// Asks a directory that does not answer.
#[derive(Debug)]
struct Stalled;

impl Authenticator for Stalled {
    fn identify(&self, _: arrowlink_core::Caller) -> BoxFuture<'_, Result<Identity>> {
        std::future::pending().boxed()
    }

    fn token(&self, _: arrowlink_core::Caller) -> BoxFuture<'_, Result<String>> {
        std::future::pending().boxed()
    }
}

#[tokio::test]
async fn who_asks_is_found_out_in_time_or_not_at_all() {
    let limits = Limits::default().with_authentication_timeout(Duration::from_millis(1));
    let catalog = Arc::new(Catalog::new().with_dataset(name("caller"), Arc::new(Caller)));
    let certs = tempfile::tempdir().unwrap();
    let tls = TlsConfig::default().with_dir(certs.path());
    let config = Config::default().with_limits(limits).with_tls(tls);
    let server = Running::guarded_by(config, catalog, Arc::new(Stalled)).await;
    let why = "it was not found out within 1ms who calls: try again later";
    let ca = certs.path().join("ca.crt");
    let asked = support::client(server.port, &ca).await.read_all(&name("caller")).await;
    check_error(asked, ErrorKind::Unavailable, &[why]);
    for alpn in BOTH {
        let request = Request::get("https://localhost/v1/datasets").header("host", "localhost");
        let answer = ask(server.port, &ca, alpn, request, "").await;
        assert_eq!(answer.status(), 503);
        assert!(text(answer).await.contains(why));
    }
    server.stop().await;
}
