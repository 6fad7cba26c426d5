//! What is set of HTTP/2 and TLS is what goes over the wire, and tables pass whatever is set.

use std::convert::Infallible;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use arrow_schema::DataType;
use arrowlink_core::CallContext;
use arrowlink_testkit::Maker;
use arrowlink_transport::certificates::{self, CertificateFiles};
use arrowlink_transport::{
    AcceptOptions, CipherPreference, ClientTls, ConnectOptions, Connection, Http2Options, ServerTls,
    TlsOptions, TransferOptions,
};
use bytes::{Buf as _, Bytes};
use futures::{StreamExt as _, stream};
use http::{Request, Response};
use http_body::Frame;
use http_body_util::StreamBody;
use hyper::body::Incoming;
use rustls::crypto::ring::{cipher_suite, default_provider};
use rustls::{CipherSuite, ClientConfig, RootCertStore, ServerConfig, SupportedCipherSuite};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::{TlsAcceptor, TlsConnector};
use tonic::body::Body;
use tower::service_fn;

use crate::raw::{RawClient, SETTINGS, WINDOW_UPDATE};
use crate::support::{Server, catalog, front, name, stream_of};

/// Sizes that are nobody's default.
fn odd() -> Http2Options {
    Http2Options::for_server().with_windows(70_001, 200_001).with_max_frame_bytes(20_001)
}

/// Reads what an end announces: the window of a call, that of the connection, and the largest frame.
async fn announced<T: AsyncRead + AsyncWrite + Unpin>(mut raw: RawClient<T>) -> (u32, u32, u32) {
    let (mut window, mut frame) = (0, 0);
    loop {
        let mut seen = raw.frame().await.unwrap().unwrap();
        match seen.kind {
            SETTINGS => {
                while seen.payload.has_remaining() {
                    match (seen.payload.get_u16(), seen.payload.get_u32()) {
                        (INITIAL_WINDOW_SIZE, value) => window = value,
                        (MAX_FRAME_SIZE, value) => frame = value,
                        _ => {}
                    }
                }
            }
            WINDOW_UPDATE => return (window, 65_535 + seen.payload.get_u32(), frame),
            _ => {}
        }
    }
}

#[tokio::test]
async fn server_announces_its_windows_and_largest_frame() {
    let options = AcceptOptions::default().with_http2(odd());
    let (server, dialer) = Server::in_memory(front(catalog()), options);
    let raw = RawClient::start(dialer.dial().await.unwrap()).await;
    assert_eq!(announced(raw).await, (70_001, 200_001, 20_001));
    server.stop().await;
}

#[tokio::test]
async fn client_announces_its_windows_and_largest_frame() {
    let (near, far) = tokio::io::duplex(4096);
    let connection = Connection::over(near, &ConnectOptions::default().with_http2(odd())).await.unwrap();
    assert_eq!(announced(RawClient::accept(far).await).await, (70_001, 200_001, 20_001));
    drop(connection);
}

#[test]
fn sizes_stay_within_what_http2_and_tls_can_do() {
    let least =
        Http2Options::for_client().with_windows(0, 0).with_max_frame_bytes(0).with_max_send_buffer_bytes(0);
    assert_eq!((least.stream_window_bytes(), least.connection_window_bytes()), (65_535, 65_535));
    assert_eq!((least.max_frame_bytes(), least.max_send_buffer_bytes()), (16_384, 16_384));
    let most = least.with_windows(u32::MAX, u32::MAX).with_max_frame_bytes(u32::MAX);
    assert_eq!((most.stream_window_bytes(), most.max_frame_bytes()), (0x7fff_ffff, 16_777_215));
    let least = TlsOptions::default().with_read_buffer_bytes(0).with_send_buffer_bytes(0);
    assert_eq!((least.read_buffer_bytes(), least.send_buffer_bytes()), (4_096, 16_384));
}

/// Returns how many bytes a server has asked its service for when the client reads nothing.
async fn taken_ahead(max_send_buffer_bytes: u32) -> usize {
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&asked);
    let service = service_fn(move |_request: Request<Incoming>| {
        let (piece, counted) = (Bytes::from(vec![0; PIECE_BYTES]), Arc::clone(&counted));
        let frames = stream::repeat_with(move || {
            counted.fetch_add(PIECE_BYTES, Ordering::Relaxed);
            Ok::<_, tonic::Status>(Frame::data(piece.clone()))
        });
        async { Ok::<_, Infallible>(Response::new(Body::new(StreamBody::new(frames.boxed())))) }
    });
    let http2 = Http2Options::for_server().with_max_send_buffer_bytes(max_send_buffer_bytes);
    let (server, dialer) = Server::in_memory(service, AcceptOptions::default().with_http2(http2));
    let mut raw = RawClient::start(dialer.dial().await.unwrap()).await;
    raw.call("/").await;
    // Time is paused: it goes on when nothing else can.
    tokio::time::sleep(Duration::from_millis(1)).await;
    drop(raw);
    server.stop().await;
    asked.load(Ordering::Relaxed)
}

#[tokio::test(start_paused = true)]
async fn takes_no_more_of_an_answer_ahead_than_the_send_buffer() {
    let (small, large) = (taken_ahead(16 << 10).await, taken_ahead(4 << 20).await);
    assert!(small <= IN_MEMORY_BYTES + 5 * PIECE_BYTES, "{small}");
    assert!(large >= 4 << 20, "{large}");
    assert!(large <= (4 << 20) + IN_MEMORY_BYTES + 5 * PIECE_BYTES, "{large}");
}

/// Sends a table over TLS, reads it back, and compares.
async fn check_round_trip(http2: Http2Options, tls: TlsOptions) {
    let dir = tempfile::tempdir().unwrap();
    let files = certificates::development(dir.path()).unwrap();
    let server_tls = ServerTls::from_files(&files, None).unwrap().with_options(tls).unwrap();
    let options = AcceptOptions::default().with_http2(http2);
    let server = Server::on_loopback(Some(server_tls), front(catalog()), options).await;
    let client_tls = ClientTls::from_ca_file(&files.ca).unwrap().with_options(tls).unwrap();
    let options = ConnectOptions::default().with_tls(client_tls).with_http2(http2);
    let uri = format!("https://localhost:{}", server.port());
    let connection = Connection::connect(&uri, &options).await.unwrap();

    let sent = Maker::new(4).batch(&[DataType::Int64, DataType::Utf8, DataType::Float64], 40_000);
    let (ctx, table, transfer) = (CallContext::new(), name("table"), TransferOptions::default());
    connection.send_arrow_data(&ctx, Some(&table), stream_of(&sent), &transfer).await.unwrap();
    let received = connection.get_arrow_data(&ctx, Some(&table), &transfer).await.unwrap();
    let schema = sent.schema();
    let received = received.collect_batches().await.unwrap();
    assert_eq!(arrow_select::concat::concat_batches(&schema, &received).unwrap(), sent);
    drop(connection);
    server.stop().await;
}

#[tokio::test]
async fn tables_pass_through_the_least_buffers_windows_and_frames() {
    let http2 =
        Http2Options::for_server().with_windows(0, 0).with_max_frame_bytes(0).with_max_send_buffer_bytes(0);
    let tls = TlsOptions::default().with_read_buffer_bytes(0).with_send_buffer_bytes(0);
    check_round_trip(http2.with_nodelay(false), tls).await;
}

#[tokio::test]
async fn tables_pass_through_the_largest_windows_and_frames() {
    let http2 = Http2Options::for_client().with_windows(u32::MAX, u32::MAX).with_max_frame_bytes(u32::MAX);
    let tls = TlsOptions::default().with_read_buffer_bytes(u32::MAX).with_send_buffer_bytes(u32::MAX);
    check_round_trip(http2.with_max_send_buffer_bytes(u32::MAX), tls).await;
}

#[tokio::test]
async fn options_of_tls_outlive_a_reload() {
    let dir = tempfile::tempdir().unwrap();
    let files = certificates::development(dir.path()).unwrap();
    let options = TlsOptions::default().with_ciphers(CipherPreference::Strong);
    let tls = ServerTls::from_files(&files, None).unwrap().with_options(options).unwrap();
    tls.reload().unwrap();
    assert_eq!(tls.options(), options);
    assert_ne!(agreed_with_server(&files.ca, tls, default_provider().cipher_suites).await, AES_128);
}

#[tokio::test]
async fn server_prefers_what_it_was_told_whatever_the_client_prefers() {
    let (_dir, files) = development();
    let ours = |ciphers| {
        let options = TlsOptions::default().with_ciphers(ciphers);
        ServerTls::from_files(&files, None).unwrap().with_options(options).unwrap()
    };
    let strong_first = vec![
        cipher_suite::TLS13_AES_256_GCM_SHA384,
        cipher_suite::TLS13_CHACHA20_POLY1305_SHA256,
        cipher_suite::TLS13_AES_128_GCM_SHA256,
    ];
    let fast_first: Vec<_> = strong_first.iter().rev().copied().collect();
    let agreed = agreed_with_server(&files.ca, ours(CipherPreference::Fast), strong_first).await;
    assert_ne!(agreed, AES_256, "nowhere the fastest");
    let agreed = agreed_with_server(&files.ca, ours(CipherPreference::Strong), fast_first).await;
    assert_ne!(agreed, AES_128, "the one with 128 bits");
}

#[tokio::test]
async fn server_takes_a_client_that_knows_one_cipher_only() {
    let (_dir, files) = development();
    for ciphers in [CipherPreference::Fast, CipherPreference::Strong] {
        let options = TlsOptions::default().with_ciphers(ciphers);
        // The certificate's key is one of elliptic curves, which ciphers of TLS 1.2 for RSA do not take.
        let takes_it =
            |suite: &SupportedCipherSuite| !suite.suite().as_str().is_some_and(|text| text.contains("_RSA_"));
        for only in default_provider().cipher_suites.into_iter().filter(takes_it) {
            let tls = ServerTls::from_files(&files, None).unwrap().with_options(options).unwrap();
            assert_eq!(agreed_with_server(&files.ca, tls, vec![only]).await, only.suite());
        }
    }
}

#[tokio::test]
async fn client_offers_first_what_it_was_told() {
    let (_dir, files) = development();
    assert_ne!(agreed_with_client(&files, CipherPreference::Fast).await, AES_256);
    assert_ne!(agreed_with_client(&files, CipherPreference::Strong).await, AES_128);
}

/// Returns what a server with `tls` and a client of another maker that prefers `suites` agree on.
async fn agreed_with_server(ca: &Path, tls: ServerTls, suites: Vec<SupportedCipherSuite>) -> CipherSuite {
    let server = Server::on_loopback(Some(tls), front(catalog()), AcceptOptions::default()).await;
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(ca).unwrap()).unwrap();
    let mut provider = default_provider();
    provider.cipher_suites = suites;
    // One that knows only ciphers of TLS 1.2 has no version 1.3 to offer.
    let versions: Vec<_> = [&rustls::version::TLS13, &rustls::version::TLS12]
        .into_iter()
        .filter(|version| {
            provider.cipher_suites.iter().any(|suite| suite.version().version == version.version)
        })
        .collect();
    let mut config = ClientConfig::builder_with_provider(Arc::new(provider))
        .with_protocol_versions(&versions)
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec()];
    let stream = TcpStream::connect(("127.0.0.1", server.port())).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    let stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await.unwrap();
    let agreed = stream.get_ref().1.negotiated_cipher_suite().unwrap().suite();
    drop(stream);
    server.stop().await;
    agreed
}

/// Returns what our client and a server of another maker, which goes by the client's order, agree on.
async fn agreed_with_client(files: &CertificateFiles, ciphers: CipherPreference) -> CipherSuite {
    let chain = CertificateDer::pem_file_iter(&files.cert).unwrap().map(Result::unwrap).collect();
    let key = PrivateKeyDer::from_pem_file(&files.key).unwrap();
    let mut config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    config.alpn_protocols = vec![b"h2".to_vec()];
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let uri = format!("https://localhost:{}", listener.local_addr().unwrap().port());
    let accepting = async {
        let (stream, _) = listener.accept().await.unwrap();
        let stream = TlsAcceptor::from(Arc::new(config)).accept(stream).await.unwrap();
        stream.get_ref().1.negotiated_cipher_suite().unwrap().suite()
    };
    let options = TlsOptions::default().with_ciphers(ciphers);
    let tls = ClientTls::from_ca_file(&files.ca).unwrap().with_options(options).unwrap();
    let options = ConnectOptions::default().with_tls(tls);
    let (agreed, connection) = tokio::join!(accepting, Connection::connect(&uri, &options));
    drop(connection);
    agreed
}

fn development() -> (tempfile::TempDir, CertificateFiles) {
    let dir = tempfile::tempdir().unwrap();
    let files = certificates::development(dir.path()).unwrap();
    (dir, files)
}

const INITIAL_WINDOW_SIZE: u16 = 4;
const MAX_FRAME_SIZE: u16 = 5;
const AES_128: CipherSuite = CipherSuite::TLS13_AES_128_GCM_SHA256;
const AES_256: CipherSuite = CipherSuite::TLS13_AES_256_GCM_SHA384;
/// What an in-memory connection holds in one direction.
const IN_MEMORY_BYTES: usize = 256 << 10;
const PIECE_BYTES: usize = 16 << 10;
