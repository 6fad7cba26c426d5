//! TLS between both ends: what works, and what each failure says on either side.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use arrowlink_core::{CallContext, Error};
use arrowlink_transport::certificates::{self, CertificateFiles};
use arrowlink_transport::{
    AcceptOptions, ClientTls, ConnectOptions, Connection, Plaintext, ServerTls, TransferOptions,
};
use expect_test::{Expect, expect};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::support::{Logged, Server, catalog, front};

/// A folder of certificates, made by `make`.
fn folder(
    make: fn(&Path) -> Result<CertificateFiles, arrowlink_transport::Error>,
) -> (tempfile::TempDir, CertificateFiles) {
    let dir = tempfile::tempdir().unwrap();
    let files = make(dir.path()).unwrap();
    (dir, files)
}

async fn serve(files: &CertificateFiles, client_ca: Option<&Path>, options: AcceptOptions) -> Server {
    let tls = ServerTls::from_files(files, client_ca).unwrap();
    Server::on_loopback(Some(tls), front(catalog()), options).await
}

fn trusting(ca: &Path) -> ConnectOptions {
    ConnectOptions::default().with_tls(ClientTls::from_ca_file(ca).unwrap())
}

async fn read(uri: &str, options: &ConnectOptions) -> Result<usize, Error> {
    let connection = Connection::connect(uri, options).await?;
    let rows = connection.get_arrow_data(&CallContext::new(), None, &TransferOptions::default()).await?;
    Ok(rows.collect_batches().await?.iter().map(|batch| batch.num_rows()).sum())
}

/// Connects to a server that has `files` and expects what the client is told and what the server logs.
async fn check(
    files: &CertificateFiles,
    client_ca: Option<&Path>,
    options: &ConnectOptions,
    expected: Expect,
) {
    let (logged, _guard) = Logged::start();
    let server = serve(files, client_ca, AcceptOptions::default()).await;
    let uri = format!("https://localhost:{}", server.port());
    let error = read(&uri, options).await.unwrap_err();
    let log = logged.wait_for("tls handshake failed").await;
    let text = format!("{:?}: {}\n{}", error.kind(), error.message(), without_peer(&log));
    let ca = options.tls.as_ref().unwrap().ca().display().to_string();
    expected.assert_eq(&text.replace(&uri, "SERVER").replace(&ca, "CA"));
    server.stop().await;
}

/// Leaves out the client's port.
fn without_peer(log: &str) -> String {
    log.lines()
        .map(|line| match line.split_once("peer=127.0.0.1:") {
            Some((before, after)) => {
                let after = after.trim_start_matches(|character: char| character.is_ascii_digit());
                format!("{}peer=PEER{after}\n", before.trim_start())
            }
            None => format!("{}\n", line.trim_start()),
        })
        .collect()
}

#[tokio::test]
async fn reads_over_tls_by_every_name_of_the_certificate() {
    let (_dir, files) = folder(certificates::development);
    let server = serve(&files, None, AcceptOptions::default()).await;
    for host in ["localhost", "127.0.0.1"] {
        let uri = format!("https://{host}:{}", server.port());
        assert_eq!(read(&uri, &trusting(&files.ca)).await.unwrap(), 1);
    }
    server.stop().await;
}

#[tokio::test]
async fn tells_both_ends_of_a_certificate_for_another_host() {
    let (_dir, files) = folder(certificates::wrong_host);
    check(&files, None, &trusting(&files.ca), expect![[r#"
        Unauthenticated: the certificate of `SERVER` is not for that host: connect by one of its names (wrong-host.example), or give the server a certificate for this one
        WARN tls handshake failed peer=PEER reason="the client rejected this server's certificate (BadCertificate): it is not valid for the host name the client used, or is damaged"
    "#]]).await;
}

#[tokio::test]
async fn tells_both_ends_of_a_certificate_that_is_not_trusted() {
    let ((_dir, files), (_other, others)) =
        (folder(certificates::development), folder(certificates::development));
    check(&files, None, &trusting(&others.ca), expect![[r#"
        Unauthenticated: the certificate of `SERVER` is not signed by the CA in `CA`: copy the server's `ca.crt` and use that, or check that this is the server you mean
        WARN tls handshake failed peer=PEER reason="the client rejected this server's certificate (DecryptError): it does not trust the CA that signed it; give it this server's `ca.crt`"
    "#]]).await;
}

#[tokio::test]
async fn tells_both_ends_that_a_client_certificate_is_asked_for() {
    let (_dir, files) = folder(certificates::development);
    check(&files, Some(&files.ca), &trusting(&files.ca), expect![[r#"
        Unauthenticated: `SERVER` asks for a client certificate: give one that its client CA signed
        WARN tls handshake failed peer=PEER reason="the client showed no certificate and this server asks for one"
    "#]]).await;
}

#[tokio::test]
async fn tells_both_ends_of_a_client_certificate_of_another_ca() {
    let ((_dir, files), (other, _)) = (folder(certificates::development), folder(certificates::development));
    let client = certificates::client(other.path(), "ingest").unwrap();
    let tls = ClientTls::with_identity(&files.ca, &client.cert, &client.key).unwrap();
    check(&files, Some(&files.ca), &ConnectOptions::default().with_tls(tls), expect![[r#"
        Unauthenticated: `SERVER` does not accept the client certificate (DecryptError): use one that its client CA signed
        WARN tls handshake failed peer=PEER reason="the client's certificate is not accepted: BadSignature"
    "#]]).await;
}

#[tokio::test]
async fn takes_a_client_certificate_of_its_ca() {
    let (dir, files) = folder(certificates::development);
    let client = certificates::client(dir.path(), "ingest").unwrap();
    let server = serve(&files, Some(&files.ca), AcceptOptions::default()).await;
    let tls = ClientTls::with_identity(&files.ca, &client.cert, &client.key).unwrap();
    let uri = format!("https://localhost:{}", server.port());
    assert_eq!(read(&uri, &ConnectOptions::default().with_tls(tls)).await.unwrap(), 1);
    server.stop().await;
}

#[test]
fn refuses_to_start_with_an_expired_certificate() {
    let (dir, files) = folder(certificates::expired);
    let error = ServerTls::from_files(&files, None).unwrap_err().to_string();
    let expires = certificates::check(dir.path()).expires().unwrap().to_owned();
    expect!["the certificate in `DIR/server.crt` expired on EXPIRY: renew it, or run `cargo xtask certs` for a development certificate"]
        .assert_eq(&error.replace(&expires, "EXPIRY").replace(&dir.path().display().to_string(), "DIR"));
}

#[tokio::test]
async fn tells_a_client_when_the_certificate_expired() {
    let (dir, files) = folder(certificates::expired);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let uri = format!("https://localhost:{}", listener.local_addr().unwrap().port());
    let chain: Vec<_> = CertificateDer::pem_file_iter(&files.cert).unwrap().map(Result::unwrap).collect();
    let key = rustls_pki_types::PrivateKeyDer::from_pem_file(&files.key).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    let server = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        tokio_rustls::TlsAcceptor::from(Arc::new(config)).accept(stream).await.unwrap_err();
    });
    let error = read(&uri, &trusting(&files.ca)).await.unwrap_err();
    let expires = certificates::check(dir.path()).expires().unwrap().to_owned();
    expect!["Unauthenticated: the certificate of `SERVER` expired on EXPIRY: renew it on the server, a development certificate by `cargo xtask certs`"]
        .assert_eq(&format!("{:?}: {}", error.kind(), error.message()).replace(&uri, "SERVER").replace(&expires, "EXPIRY"));
    server.await.unwrap();
}

/// A clock that is two years ahead.
#[derive(Debug)]
struct Ahead;

impl rustls::time_provider::TimeProvider for Ahead {
    fn current_time(&self) -> Option<UnixTime> {
        let now = UnixTime::now().as_secs();
        Some(UnixTime::since_unix_epoch(Duration::from_secs(now + 2 * 365 * 86_400)))
    }
}

#[tokio::test]
async fn logs_that_a_client_found_the_certificate_expired() {
    let (logged, _guard) = Logged::start();
    let (_dir, files) = folder(certificates::development);
    let server = serve(&files, None, AcceptOptions::default()).await;
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(&files.ca).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_details(provider, Arc::new(Ahead))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = TcpStream::connect(("127.0.0.1", server.port())).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    tokio_rustls::TlsConnector::from(Arc::new(config)).connect(name, stream).await.unwrap_err();
    expect![[r#"
        WARN tls handshake failed peer=PEER reason="the client rejected this server's certificate (CertificateExpired): it is expired by the client's clock"
    "#]].assert_eq(&without_peer(&logged.wait_for("tls handshake failed").await));
    server.stop().await;
}

#[tokio::test]
async fn tells_both_ends_of_plaintext_grpc_on_the_tls_port() {
    let (logged, _guard) = Logged::start();
    let (_dir, files) = folder(certificates::development);
    let server = serve(&files, None, AcceptOptions::default()).await;
    let uri = format!("http://localhost:{}", server.port());
    let error = read(&uri, &ConnectOptions::default().with_plaintext(Plaintext::Loopback)).await.unwrap_err();
    expect!["Unavailable: the connection to `SERVER` was lost: use `https:` where the server speaks TLS"]
        .assert_eq(&format!("{:?}: {}", error.kind(), error.message()).replace(&uri, "SERVER"));
    expect![[r#"
        WARN tls handshake failed peer=PEER reason="the client speaks plaintext HTTP/2 (gRPC without TLS) on the TLS port: give it `https://` and the CA file"
    "#]].assert_eq(&without_peer(&logged.wait_for("tls handshake failed").await));
    server.stop().await;
}

#[tokio::test]
async fn logs_what_else_is_spoken_on_the_tls_port() {
    for (first, reason) in [
        ("GET / HTTP/1.1\r\n\r\n", "plaintext HTTP/1.1"),
        ("EHLO example.org\r\n", "something that is not TLS"),
        ("", "ended the connection without a word"),
    ] {
        let (logged, _guard) = Logged::start();
        let (_dir, files) = folder(certificates::development);
        let server = serve(&files, None, AcceptOptions::default()).await;
        let mut stream = TcpStream::connect(("127.0.0.1", server.port())).await.unwrap();
        stream.write_all(first.as_bytes()).await.unwrap();
        stream.shutdown().await.unwrap();
        let mut answer = Vec::new();
        drop(stream.read_to_end(&mut answer).await);
        assert!(answer.is_empty(), "nothing is answered in plaintext");
        logged.wait_for(reason).await;
        server.stop().await;
    }
}

#[tokio::test]
async fn tells_a_client_of_a_plaintext_server() {
    let (_dir, files) = folder(certificates::development);
    let server = Server::on_loopback(None, front(catalog()), AcceptOptions::default()).await;
    let uri = format!("https://localhost:{}", server.port());
    let error = read(&uri, &trusting(&files.ca)).await.unwrap_err();
    expect!["Unavailable: `SERVER` does not speak TLS: there is a plaintext server on that port"]
        .assert_eq(&format!("{:?}: {}", error.kind(), error.message()).replace(&uri, "SERVER"));
    server.stop().await;
}

#[tokio::test]
async fn gives_up_on_a_handshake_that_takes_too_long() {
    let (logged, _guard) = Logged::start();
    let (_dir, files) = folder(certificates::development);
    let options = AcceptOptions::default().with_handshake_timeout(Duration::from_secs(10));
    let server = serve(&files, None, options).await;
    let mut stream = TcpStream::connect(("127.0.0.1", server.port())).await.unwrap();
    stream.write_all(&[0x16, 3, 1]).await.unwrap();
    tokio::time::pause();
    assert_eq!(stream.read(&mut [0; 1]).await.unwrap(), 0);
    expect![[r#"
        WARN tls handshake failed peer=PEER reason="not finished within 10s"
    "#]]
    .assert_eq(&without_peer(&logged.wait_for("tls handshake failed").await));
    tokio::time::resume();
    server.stop().await;
}

#[tokio::test]
async fn shows_new_connections_the_certificate_that_was_read_again() {
    let (_dir, files) = folder(certificates::wrong_host);
    let tls = ServerTls::from_files(&files, None).unwrap();
    let server = Server::on_loopback(Some(tls.clone()), front(catalog()), AcceptOptions::default()).await;
    let uri = format!("https://localhost:{}", server.port());
    read(&uri, &trusting(&files.ca)).await.unwrap_err();

    certificates::development(files.ca.parent().unwrap()).unwrap();
    tls.reload().unwrap();
    assert_eq!(read(&uri, &trusting(&files.ca)).await.unwrap(), 1);

    fs::write(&files.cert, "nonsense").unwrap();
    tls.reload().unwrap_err();
    assert_eq!(read(&uri, &trusting(&files.ca)).await.unwrap(), 1, "the old certificate stays");
    server.stop().await;
}

/// Breaks one of the files of a server and expects its error.
fn check_files(damage: fn(&CertificateFiles), expected: Expect) {
    let (dir, files) = folder(certificates::development);
    damage(&files);
    let error = ServerTls::from_files(&files, None).unwrap_err();
    expected.assert_eq(&error.to_string().replace(&dir.path().display().to_string(), "DIR"));
}

#[test]
fn names_the_file_of_a_server_and_the_fix() {
    check_files(
        |files| fs::remove_file(&files.cert).unwrap(),
        expect![
            "there is no `DIR/server.crt`: check the path, or run `cargo xtask certs` to make a development certificate"
        ],
    );
    check_files(
        |files| fs::remove_file(&files.key).unwrap(),
        expect![
            "there is no `DIR/server.key`: check the path; the key is the file that was made together with the certificate"
        ],
    );
    check_files(
        |files| drop(fs::copy(&files.key, &files.cert)),
        expect![
            "`DIR/server.crt` holds no PEM certificate: it needs a block that begins with `-----BEGIN CERTIFICATE-----`"
        ],
    );
    check_files(
        |files| drop(fs::copy(&files.ca, &files.key)),
        expect![
            "`DIR/server.key` holds no PEM private key: it needs a block that begins with `-----BEGIN PRIVATE KEY-----`"
        ],
    );
    check_files(
        |files| drop(fs::copy(files.ca.with_file_name("ca.key"), &files.key)),
        expect![
            "the key in `DIR/server.key` does not belong to the certificate in `DIR/server.crt`: use the two files that were made together"
        ],
    );
}

#[test]
fn says_how_the_file_of_the_ca_is_made() {
    let error = ClientTls::from_ca_file(Path::new("nowhere/ca.crt")).unwrap_err();
    expect!["there is no `nowhere/ca.crt`: run `cargo xtask certs`, or start `arrowlink-server` once, which makes it, and copy it from there"].assert_eq(&error.to_string());
}

/// Connects without a server and expects the error.
async fn check_address(uri: &str, options: &ConnectOptions, expected: Expect) {
    let error = Connection::connect(uri, options).await.unwrap_err();
    expected.assert_eq(&format!("{:?}: {}", error.kind(), error.message()));
}

#[tokio::test]
async fn refuses_addresses_it_cannot_or_must_not_connect_to() {
    let options = ConnectOptions::default();
    let plaintext = ConnectOptions::default().with_plaintext(Plaintext::Loopback);
    check_address("localhost:50051", &options, expect!["InvalidArgument: `localhost:50051` is not the address of a server: use `https://HOST:PORT` or `unix:///PATH`"]).await;
    check_address("https://localhost:50051", &options, expect!["InvalidArgument: `https://localhost:50051` needs the file of the CA that signed the server's certificate, usually `certs/ca.crt`"]).await;
    check_address("http://localhost:50051", &options, expect!["InvalidArgument: `http://localhost:50051` would send everything in plaintext: use `https://`, or allow plaintext on this machine"]).await;
    check_address(
        "http://example.org",
        &plaintext,
        expect!["InvalidArgument: `http://example.org` would send everything in plaintext: use `https://`"],
    )
    .await;
    check_address(
        "https://me:secret@localhost:50051",
        &options,
        expect![
            "InvalidArgument: the address of a server has no user before an `@`: use `https://HOST:PORT`"
        ],
    )
    .await;
    check_address("https://localhost:50051/path", &options, expect!["InvalidArgument: `https://localhost:50051/path` is not the address of a server: use `https://HOST:PORT` or `unix:///PATH`"]).await;
    check_address(
        "unix:///nowhere/a.sock",
        &options,
        expect!["Unavailable: cannot connect to `unix:///nowhere/a.sock`: is a server running there?"],
    )
    .await;
}
