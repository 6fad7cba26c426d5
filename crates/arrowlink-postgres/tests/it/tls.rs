//! TLS: who is trusted, who is shown, and that nothing leaves the machine without it.

use arrowlink_core::ErrorKind;
use arrowlink_postgres::{PostgresDataset, PostgresOptions};
use arrowlink_testkit::{Certificates, Postgres, check_error};

use crate::support::{read, rows};

/// A dataset over TCP.
fn over_tcp(server: &Postgres, user: &str, database: &str, options: PostgresOptions) -> PostgresDataset {
    let uri = format!("postgres://{user}@localhost:{}/{database}/t", server.port());
    PostgresDataset::new(&uri, options).unwrap()
}

#[tokio::test]
async fn a_server_is_trusted_by_its_authority_alone() {
    let Some(server) = Postgres::shared() else { return };
    let table = "CREATE TABLE t (id int); INSERT INTO t VALUES (1); CREATE ROLE tls LOGIN PASSWORD 'word'; \
                 CREATE ROLE shown LOGIN; GRANT SELECT ON t TO tls, shown";
    server.create("tls", table).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("credentials");
    std::fs::write(&file, "password = word").unwrap();
    let options = PostgresOptions::default().with_credentials(&file);

    let ca = &server.certificates().ca;
    let trusted = over_tcp(server, "tls", "tls", options.clone().with_ca(ca));
    assert_eq!(rows(&read(&trusted).await.unwrap()), 1);
    let stranger = Certificates::new();
    let untrusted = over_tcp(server, "tls", "tls", options.clone().with_ca(stranger.ca()));
    check_error(read(&untrusted).await, ErrorKind::Unavailable, &["over TLS", "the key `ca`"]);
    let plain = over_tcp(server, "tls", "tls", options.with_insecure(true));
    assert_eq!(rows(&read(&plain).await.unwrap()), 1);

    let by_certificate = PostgresOptions::default().with_ca(ca);
    let anonymous = over_tcp(server, "shown", "tls", by_certificate.clone());
    check_error(read(&anonymous).await, ErrorKind::PermissionDenied, &["certificate"]);
    let files = server.certificates();
    let shown = over_tcp(server, "shown", "tls", by_certificate.with_identity(&files.cert, &files.key));
    assert_eq!(rows(&read(&shown).await.unwrap()), 1);
}
