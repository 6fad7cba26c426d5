//! Which certificate is shown, who may connect, and what is refused before anything is served.

use arrowlink_core::ErrorKind;
use arrowlink_transport::certificates;
use arrowlink_transport::{ClientTls, ConnectOptions, Connection};
use tempfile::TempDir;

use crate::support::{Caller, Program, client, name, run, try_client};

/// A folder `own` with a certificate for this machine, and a configuration that names it.
fn own_certificate(more: &str) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    certificates::development(&dir.path().join("own")).unwrap();
    let text = format!("[server.tls]\ncert = 'own/server.crt'\nkey = 'own/server.key'\n{more}");
    std::fs::write(dir.path().join("arrowlink.toml"), text).unwrap();
    dir
}

#[tokio::test]
async fn shows_the_certificate_of_the_file() {
    let program = Program::start_in(own_certificate(""), &[]);
    client(program.port, &program.dir.path().join("own/ca.crt"))
        .await
        .read_all(&name("default"))
        .await
        .unwrap();
    assert!(!program.ca().exists());
}

#[tokio::test]
async fn serves_other_machines_with_a_certificate_of_its_own() {
    let dir = own_certificate("");
    let own = dir.path().join("own");
    std::fs::remove_file(own.join("ca.key")).unwrap();
    std::fs::remove_file(dir.path().join("arrowlink.toml")).unwrap();
    let program = Program::start_in(dir, &["--listen", "0.0.0.0:0", "--tls-dir", "own"]);
    client(program.port, &program.dir.path().join("own/ca.crt")).await;
}

#[tokio::test]
async fn asks_for_client_certificates_where_that_is_configured() {
    let program = Program::start_in(own_certificate("client_ca = 'own/ca.crt'\n"), &[]);
    let own = program.dir.path().join("own");
    let ca = own.join("ca.crt");
    let refused = match try_client(program.port, &ca).await {
        Ok(client) => client.read_all(&name("default")).await.unwrap_err(),
        Err(error) => error,
    };
    assert_eq!(refused.kind(), ErrorKind::Unauthenticated, "{refused}");
    program.line(&["tls handshake failed", "peer=127.0.0.1:"]).await;

    let files = certificates::client(&own, "somebody").unwrap();
    let tls = ClientTls::with_identity(&ca, &files.cert, &files.key).unwrap();
    let options = ConnectOptions::default().with_tls(tls);
    let known = Connection::connect(&format!("https://localhost:{}", program.port), &options).await.unwrap();
    Caller(known).read_all(&name("default")).await.unwrap();
}

#[test]
fn refuses_an_expired_certificate() {
    let dir = own_certificate("");
    certificates::expired(&dir.path().join("own")).unwrap();
    let (code, _, stderr) = run(dir.path(), &["--listen", "127.0.0.1:0"]);
    assert_eq!(code, 78);
    assert!(stderr.contains("own/server.crt` expired on"), "{stderr}");
}

#[test]
fn names_the_certificate_that_is_missing() {
    let dir = own_certificate("");
    std::fs::remove_file(dir.path().join("own/server.crt")).unwrap();
    for arguments in [&["--listen", "127.0.0.1:0"][..], &["--check-config"]] {
        let (code, _, stderr) = run(dir.path(), arguments);
        assert_eq!(code, 78);
        assert!(stderr.contains("there is no `own/server.crt`"), "{stderr}");
    }
}

#[tokio::test]
async fn serves_a_unix_socket_beside_the_port() {
    let dir = tempfile::tempdir().unwrap();
    let socket = format!("unix://{}/arrowlink.sock", dir.path().display());
    let mut program = Program::start_in(dir, &["--listen", &socket]);
    let local = Connection::connect(&socket, &ConnectOptions::default()).await.unwrap();
    Caller(local).read_all(&name("default")).await.unwrap();
    client(program.port, &program.ca()).await.read_all(&name("default")).await.unwrap();
    assert!(program.listening.ends_with(&format!(" {socket}")), "{}", program.listening);
    program.signal("TERM");
    assert_eq!(program.wait().await.0.code(), Some(0));
    assert!(!program.dir.path().join("arrowlink.sock").exists());
}
