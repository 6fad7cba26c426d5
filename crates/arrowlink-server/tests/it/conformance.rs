//! The contract of `DataService`, over the whole path: a client, TLS, every layer, and what keeps the rows.

use arrowlink_client::{Client, ClientOptions};
use arrowlink_core::conformance::{Capability, Suite};
use arrowlink_server::Config;

use crate::support::Running;

/// Runs the suite against a server of `config`, which has everything.
async fn check(config: Config) {
    let server = Running::build(config).await;
    let options = ClientOptions::default().with_ca_file(server.ca());
    let client = Client::connect(&format!("https://localhost:{}", server.port), options).await.unwrap();
    let suite = Suite::new().with(Capability::Sql);
    let report = suite.run(&client).await;
    assert!(report.is_conformant(), "{report}");
}

#[tokio::test]
async fn keeps_the_contract_with_uploads_in_memory() {
    check(Config::default()).await;
}

#[tokio::test]
async fn keeps_the_contract_with_uploads_on_disk() {
    let data = tempfile::tempdir().unwrap();
    check(Config::default().with_data_dir(data.path())).await;
}

/// What a program reads from its own server needs no network and has all verbs.
#[tokio::test]
async fn keeps_the_contract_within_the_process() {
    let server = arrowlink_server::Server::build(Config::default().with_insecure(true)).await.unwrap();
    let report = Suite::new().with(Capability::Sql).run(server.service().as_ref()).await;
    assert!(report.is_conformant(), "{report}");
}
