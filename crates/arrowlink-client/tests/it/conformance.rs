//! The contract of `DataService`, over the whole path from client to catalog.

use arrowlink_client::{Client, ClientOptions};
use arrowlink_core::conformance::Suite;
use arrowlink_testkit::{Certificates, Server, catalog};
use arrowlink_transport::{ConnectOptions, Connection, Listener};

use crate::support::options;

#[tokio::test]
async fn path_in_memory_is_conformant() {
    let (listener, dialer) = Listener::in_memory();
    let server = Server::on(listener, None, catalog());
    let connection =
        Connection::over(dialer.dial().await.unwrap(), &ConnectOptions::default()).await.unwrap();
    let client = Client::over(connection, &ClientOptions::default());
    let report = Suite::new().run(&client).await;
    assert!(report.is_conformant(), "{report}");
    drop(client);
    server.stop().await;
}

#[tokio::test]
async fn path_over_tls_is_conformant() {
    let certificates = Certificates::new();
    let server = Server::start(catalog(), &certificates).await;
    let client = Client::connect(&server.uri(), options(&certificates)).await.unwrap();
    let report = Suite::new().run(&client).await;
    assert!(report.is_conformant(), "{report}");
    drop(client);
    server.stop().await;
}

#[tokio::test]
async fn path_over_a_unix_socket_is_conformant() {
    let folder = tempfile::tempdir().unwrap();
    let addr = format!("unix://{}", folder.path().join("arrowlink.sock").display());
    let server = Server::on(Listener::bind(&addr.parse().unwrap()).await.unwrap(), None, catalog());
    let client = Client::connect(&addr, ClientOptions::default()).await.unwrap();
    let report = Suite::new().run(&client).await;
    assert!(report.is_conformant(), "{report}");
    drop(client);
    server.stop().await;
}
