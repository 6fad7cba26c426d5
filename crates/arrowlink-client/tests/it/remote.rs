//! One table of another server: to whom its token goes, and what its callers are told of a refusal.

use std::sync::{Arc, Mutex};

use arrowlink_client::{Authorization, Client, ClientOptions, RemoteDataset};
use arrowlink_core::{
    Authenticator, CallContext, Caller, Credentials, DataService, DataServiceExt as _, Dataset as _, Error,
    ErrorKind, Identity, ReadOptions, Result,
};
use arrowlink_testkit::{Certificates, FlightTap, OnlyAli, Server, catalog, check_error, front_with, name};
use arrowlink_transport::{ConnectOptions, Connection, Front, FrontOptions, Listener};
use futures::FutureExt as _;
use futures::future::{BoxFuture, ready};
use tonic::service::Routes;

use crate::support::{options, port};

/// Lets everybody in, and notes what each says.
#[derive(Debug, Default)]
struct Noting(Mutex<Vec<Credentials>>);

impl Authenticator for Noting {
    fn identify(&self, caller: Caller) -> BoxFuture<'_, Result<Identity>> {
        self.0.lock().unwrap().push(caller.credentials);
        ready(Ok(Identity::Anonymous)).boxed()
    }

    fn token(&self, _: Caller) -> BoxFuture<'_, Result<String>> {
        ready(Err(Error::new(ErrorKind::Unauthenticated, "there are no tokens"))).boxed()
    }
}

/// Serves `service` over TLS to those whom `authenticator` knows, and says that its rows are at `uris`.
async fn serve(
    service: Arc<dyn DataService>,
    certificates: &Certificates,
    authenticator: Arc<dyn Authenticator>,
    uris: &[String],
) -> Server {
    let listener = Listener::bind(&"127.0.0.1:0".parse().unwrap()).await.unwrap();
    let flight = FlightTap::new(Arc::clone(&service)).with_locations(uris);
    let options = FrontOptions::new(name("default"), name("uploads")).with_authenticator(authenticator);
    let front = Front::new(service, Arc::new(flight), options, Routes::default());
    Server::on_front(listener, Some(certificates.server_tls()), front)
}

/// Where Flight says that `server` is.
fn location(server: &Server) -> String {
    format!("grpc+tls://localhost:{}", port(server))
}

fn ali() -> Authorization {
    Authorization::bearer("token-of-ali").unwrap()
}

async fn rows(dataset: &RemoteDataset) -> Result<usize> {
    let read = dataset.read(CallContext::new(), ReadOptions::default()).await?;
    Ok(read.collect_batches().await?.iter().map(|batch| batch.num_rows()).sum())
}

#[tokio::test]
async fn the_token_goes_to_the_server_that_it_is_for_and_to_no_other() {
    let certificates = Certificates::new();
    let (near, far) = (Arc::new(Noting::default()), Arc::new(Noting::default()));
    let service: Arc<dyn DataService> = catalog();
    let elsewhere = serve(Arc::clone(&service), &certificates, Arc::clone(&far) as _, &[]).await;
    let server = serve(service, &certificates, Arc::clone(&near) as _, &[location(&elsewhere)]).await;
    let options = options(&certificates).with_authorization(ali());
    let dataset = RemoteDataset::new(&server.uri(), "default", &options).unwrap();
    assert_eq!(rows(&dataset).await.unwrap(), 1);
    assert_eq!(*near.0.lock().unwrap(), [Credentials::Bearer("token-of-ali".into())]);
    assert_eq!(*far.0.lock().unwrap(), [Credentials::Nothing]);
    drop(dataset);
    server.stop().await;
    elsewhere.stop().await;
}

#[tokio::test]
async fn the_token_goes_to_the_same_server_in_other_words() {
    let certificates = Certificates::new();
    let noting = Arc::new(Noting::default());
    let listener = Listener::bind(&"127.0.0.1:0".parse().unwrap()).await.unwrap();
    let uri = listener.local_addr().to_string().replace("127.0.0.1", "LocalHost");
    let flight = FlightTap::new(catalog()).with_locations([format!("grpc+tls://{}/", uri.to_lowercase())]);
    let options = FrontOptions::new(name("default"), name("uploads"));
    let options = options.with_authenticator(Arc::clone(&noting) as _);
    let front = Front::new(catalog(), Arc::new(flight), options, Routes::default());
    let server = Server::on_front(listener, Some(certificates.server_tls()), front);
    let options = self::options(&certificates).with_authorization(ali());
    let dataset = RemoteDataset::new(&format!("https://{uri}"), "default", &options).unwrap();
    assert_eq!(rows(&dataset).await.unwrap(), 1);
    let known = Credentials::Bearer("token-of-ali".into());
    assert_eq!(*noting.0.lock().unwrap(), [known.clone(), known]);
    drop(dataset);
    server.stop().await;
}

#[tokio::test]
async fn a_refusal_of_the_server_in_between_is_none_of_its_callers() {
    let certificates = Certificates::new();
    let server =
        serve(catalog(), &certificates, Arc::new(OnlyAli), &["arrow-flight-reuse-connection://?".to_owned()])
            .await;
    let dataset = |options: ClientOptions| RemoteDataset::new(&server.uri(), "default", &options).unwrap();
    let trusted = dataset(options(&certificates).with_authorization(ali()));
    assert_eq!(rows(&trusted).await.unwrap(), 1);

    let untold = dataset(options(&certificates));
    let why = ["refuses this server or is not trusted by it", "checks the token", &server.uri()];
    let error = check_error(rows(&untold).await, ErrorKind::Unavailable, &why);
    assert!(error.chain().ends_with("the name or the password is wrong"), "{}", error.chain());
    check_error(untold.describe(CallContext::new()).await, ErrorKind::Unavailable, &why);

    let other_ca = dataset(options(&Certificates::new()).with_authorization(ali()));
    check_error(rows(&other_ca).await, ErrorKind::Unavailable, &why);
    drop((trusted, untold, other_ca));
    server.stop().await;
}

#[tokio::test]
async fn a_server_elsewhere_that_wants_a_token_is_named() {
    let certificates = Certificates::new();
    let elsewhere = serve(catalog(), &certificates, Arc::new(OnlyAli), &[]).await;
    let server = serve(catalog(), &certificates, Arc::new(OnlyAli), &[location(&elsewhere)]).await;
    let options = options(&certificates).with_authorization(ali());
    let dataset = RemoteDataset::new(&server.uri(), "default", &options).unwrap();
    let why = "the token goes nowhere but to the server that named this address";
    check_error(rows(&dataset).await, ErrorKind::Unavailable, &[&elsewhere.uri(), why]);
    drop(dataset);
    server.stop().await;
    elsewhere.stop().await;
}

#[tokio::test]
async fn a_client_over_a_connection_says_who_it_is() {
    let (listener, dialer) = Listener::in_memory();
    let options = FrontOptions::new(name("default"), name("uploads")).with_authenticator(Arc::new(OnlyAli));
    let server = Server::on_front(listener, None, front_with(catalog(), options));
    let connect = async |options: ConnectOptions| {
        Connection::over(dialer.dial().await.unwrap(), &options).await.unwrap()
    };
    let said = ClientOptions::default().with_authorization(ali());
    let client = Client::over(connect(ConnectOptions::default()).await, &said);
    assert_eq!(client.read_all(&name("default")).await.unwrap().1[0].num_rows(), 1);

    let with_token = connect(ConnectOptions::default().with_authorization(ali())).await;
    let client = Client::over(with_token, &ClientOptions::default());
    assert_eq!(client.read_all(&name("default")).await.unwrap().1[0].num_rows(), 1);

    let silent = Client::over(connect(ConnectOptions::default()).await, &ClientOptions::default());
    let refused = silent.read_all(&name("default")).await;
    check_error(refused, ErrorKind::Unauthenticated, &["the name or the password is wrong"]);
    drop((client, silent));
    server.stop().await;
}
