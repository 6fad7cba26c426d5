//! Who calls: what is read of those who are not known yet, and what is shown of what they say.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use arrow_flight::{BasicAuth, Criteria, HandshakeRequest, HandshakeResponse};
use arrowlink_core::{Authenticator, CallContext, Caller, Credentials, Identity, Result};
use arrowlink_testkit::{FlightTap, OnlyAli, front_with};
use arrowlink_transport::{
    AcceptOptions, Authorization, ClientTls, ConnectOptions, Connection, Front, Listener, ServerTls,
    TransferOptions, certificates,
};
use bytes::Bytes;
use futures::future::{BoxFuture, FutureExt as _, pending, ready};
use futures::{StreamExt as _, stream};
use http::HeaderValue;
use http::header::SET_COOKIE;
use http_body::Frame;
use http_body_util::StreamBody;
use prost::Message as _;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use tonic::Status;
use tonic::body::Body;
use tonic::service::Routes;

use crate::flight_support::{Answer, body_of, framed, request};
use crate::support::{Server, catalog, connect, front_options};

const HANDSHAKE: &str = "/arrow.flight.protocol.FlightService/Handshake";
const LIST_FLIGHTS: &str = "/arrow.flight.protocol.FlightService/ListFlights";

/// Knows [`OnlyAli`].
fn guarded() -> Front {
    front_with(catalog(), front_options().with_authenticator(Arc::new(OnlyAli)))
}

/// A request that must not be asked for.
fn untouched() -> impl Iterator<Item = Bytes> + Send + 'static {
    std::iter::from_fn(|| panic!("the request was read"))
}

fn token(answer: &Answer) -> Bytes {
    HandshakeResponse::decode(body_of(&answer.ropes[0])).unwrap().payload
}

#[tokio::test]
async fn nothing_is_read_of_a_handshake_whose_header_says_who_it_is() {
    let known = request(HANDSHAKE, &[("authorization", "Basic YWxpOnNlc2FtZQ==")], untouched());
    assert_eq!(token(&Answer::of(&mut guarded(), known).await), "token-of-ali");
    for header in ["Basic YWxpOnNlc2Ft", "Basic !", "Bearer else"] {
        let refused = request(HANDSHAKE, &[("authorization", header)], untouched());
        assert!(Answer::of(&mut guarded(), refused).await.text().starts_with("Unauthenticated"));
    }
}

#[tokio::test]
async fn nothing_is_read_of_the_calls_of_strangers() {
    for headers in [&[][..], &[("authorization", "Bearer else")], &[("auth-token-bin", "ZWxzZQ")]] {
        let refused = request(LIST_FLIGHTS, headers, untouched());
        assert!(Answer::of(&mut guarded(), refused).await.text().starts_with("Unauthenticated"));
    }
}

#[tokio::test]
async fn handshakes_are_small() {
    let handshake = |password: usize| {
        let basic = BasicAuth { username: "ali".into(), password: "x".repeat(password) }.encode_to_vec();
        framed(&HandshakeRequest { protocol_version: 0, payload: basic.into() })
    };
    let answer = Answer::of(&mut guarded(), request(HANDSHAKE, &[], [handshake(60_000)])).await;
    assert_eq!(answer.text(), "Unauthenticated: the name or the password is wrong");
    // No more of it is read than says how long it is.
    let head = handshake(70_000).slice(..5);
    let too_large = request(HANDSHAKE, &[], std::iter::once(head).chain(untouched()));
    assert_eq!(
        Answer::of(&mut guarded(), too_large).await.text(),
        "InvalidArgument: the handshake is larger than 65536 bytes: send a name and a password"
    );
}

#[tokio::test(start_paused = true)]
async fn a_handshake_that_drips_in_is_refused() {
    let mut front = front_with(
        catalog(),
        front_options()
            .with_authenticator(Arc::new(OnlyAli))
            .with_authentication_timeout(Duration::from_secs(3)),
    );
    let basic = BasicAuth { username: "ali".into(), password: "sesame".into() }.encode_to_vec();
    let whole = framed(&HandshakeRequest { protocol_version: 0, payload: basic.into() });
    let answer = Answer::of(&mut front, request(HANDSHAKE, &[], [whole.clone()])).await;
    assert_eq!(token(&answer), "token-of-ali");

    let bytes = (0..whole.len()).map(move |at| whole.slice(at..=at));
    let dripping = stream::iter(bytes).then(|byte| async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        Ok::<_, Status>(Frame::data(byte))
    });
    let dripping = request(HANDSHAKE, &[], []).map(|_| Body::new(StreamBody::new(dripping)));
    let answer = Answer::of(&mut front, dripping).await;
    assert_eq!(answer.text(), "DeadlineExceeded: the handshake was not there within 3s: send all of it");
}

#[tokio::test]
async fn what_callers_say_is_shown_to_nobody() {
    let tap = Arc::new(FlightTap::new(catalog()));
    let mut front = Front::new(catalog(), Arc::clone(&tap) as _, front_options(), Routes::default());
    let secrets = [
        ("authorization", "Bearer sesame"),
        ("auth-token-bin", "c2VzYW1l"),
        ("cookie", "session=sesame"),
        ("proxy-authorization", "Basic sesame"),
    ];
    let headers = [&secrets[..], &[("x-told", "aloud")]].concat();
    Answer::of(&mut front, request(LIST_FLIGHTS, &headers, [framed(&Criteria::default())])).await;
    let [call] = &tap.calls()[..] else { panic!("one call") };
    assert_eq!(call.headers["authorization"], "Bearer sesame");
    call.answer_header(SET_COOKIE, HeaderValue::from_static("session=sesame"));
    let shown = format!("{call:?}");
    assert!(shown.contains("aloud"));
    assert!(!shown.contains("sesame") && !shown.contains("c2VzYW1l"), "{shown}");
}

/// Asks a directory that does not answer.
#[derive(Debug)]
struct Stalled;

impl Authenticator for Stalled {
    fn identify(&self, _: Caller) -> BoxFuture<'_, Result<Identity>> {
        pending().boxed()
    }

    fn token(&self, _: Caller) -> BoxFuture<'_, Result<String>> {
        pending().boxed()
    }
}

#[tokio::test(start_paused = true)]
async fn calls_do_not_wait_for_ever_for_who_they_are_from() {
    let options = front_options()
        .with_authenticator(Arc::new(Stalled))
        .with_authentication_timeout(Duration::from_millis(20));
    let mut front = front_with(catalog(), options);
    for call in [LIST_FLIGHTS, HANDSHAKE, "/dataexchange.ArrowDataService/GetArrowData"] {
        let answer = Answer::of(&mut front, request(call, &[], [])).await;
        let expected = "Unavailable: it was not found out within 20ms who calls: try again later";
        assert_eq!(answer.text(), expected, "{call}");
    }
}

/// Notes what it is told of callers.
#[derive(Debug, Default)]
struct Noting(Mutex<Vec<Caller>>);

impl Authenticator for Noting {
    fn identify(&self, caller: Caller) -> BoxFuture<'_, Result<Identity>> {
        self.0.lock().unwrap().push(caller);
        ready(Ok(Identity::Anonymous)).boxed()
    }

    fn token(&self, caller: Caller) -> BoxFuture<'_, Result<String>> {
        self.0.lock().unwrap().push(caller);
        ready(Ok("token".to_owned())).boxed()
    }
}

/// Lets a client call a server on `listener`, and returns what its authenticator was told.
async fn told(
    listener: Listener,
    tls: Option<ServerTls>,
    connection: impl Future<Output = Connection>,
) -> Caller {
    let noting = Arc::new(Noting::default());
    let front = front_with(catalog(), front_options().with_authenticator(Arc::clone(&noting) as _));
    let server = Server::start(listener, tls, front, AcceptOptions::default());
    let connection = connection.await;
    connection.get_arrow_data(&CallContext::new(), None, &TransferOptions::default()).await.unwrap();
    drop(connection);
    server.stop().await;
    let [caller] = &noting.0.lock().unwrap()[..] else { panic!("one call") };
    caller.clone()
}

fn connected(listener: &Listener, options: &ConnectOptions) -> impl Future<Output = Connection> + use<> {
    let port = listener.local_addr().to_string().rsplit_once(':').unwrap().1.to_owned();
    let options = options.clone();
    async move { Connection::connect(&format!("https://localhost:{port}"), &options).await.unwrap() }
}

fn der(file: &Path) -> CertificateDer<'static> {
    CertificateDer::from_pem_file(file).unwrap()
}

#[tokio::test]
async fn the_certificate_of_a_client_is_known_of_its_calls() {
    let dir = tempfile::tempdir().unwrap();
    let files = certificates::development(dir.path()).unwrap();
    let ours = certificates::client(dir.path(), "ingest").unwrap();
    let listener = Listener::bind(&"127.0.0.1:0".parse().unwrap()).await.unwrap();
    let tls = ServerTls::from_files(&files, Some(&files.ca)).unwrap();
    let identity = ClientTls::with_identity(&ours.ca, &ours.cert, &ours.key).unwrap();
    let options = ConnectOptions::default().with_tls(identity);
    let connection = connected(&listener, &options);
    let caller = told(listener, Some(tls), connection).await;
    assert_eq!(caller.certificates[0], der(&ours.cert).to_vec());
    assert_eq!(caller.addr.map(|addr| addr.ip().is_loopback()), Some(true));
    assert_eq!((caller.credentials, caller.process), (Credentials::Nothing, None));
}

#[tokio::test]
async fn a_client_that_was_asked_for_no_certificate_has_none() {
    let dir = tempfile::tempdir().unwrap();
    let files = certificates::development(dir.path()).unwrap();
    let ours = certificates::client(dir.path(), "ingest").unwrap();
    let listener = Listener::bind(&"127.0.0.1:0".parse().unwrap()).await.unwrap();
    let tls = ServerTls::from_files(&files, None).unwrap();
    let identity = ClientTls::with_identity(&ours.ca, &ours.cert, &ours.key).unwrap();
    let options = ConnectOptions::default()
        .with_tls(identity)
        .with_authorization(Authorization::bearer("sesame").unwrap());
    let connection = connected(&listener, &options);
    let caller = told(listener, Some(tls), connection).await;
    assert!(caller.certificates.is_empty());
    assert_eq!(caller.credentials, Credentials::Bearer("sesame".into()));
}

#[tokio::test]
async fn the_process_at_a_unix_socket_is_known_of_its_calls() {
    let dir = tempfile::tempdir().unwrap();
    let uri = format!("unix://{}", dir.path().join("a.sock").display());
    let listener = Listener::bind(&uri.parse().unwrap()).await.unwrap();
    let connection = async { Connection::connect(&uri, &ConnectOptions::default()).await.unwrap() };
    let caller = told(listener, None, connection).await;
    assert_eq!(caller.process.and_then(|process| process.pid()), Some(std::process::id()));
    assert_eq!(caller.addr, None);
}

#[tokio::test]
async fn nothing_is_known_of_a_caller_inside_the_process_but_what_it_says() {
    let (listener, dialer) = Listener::in_memory();
    let connection =
        async { connect(&dialer).await.with_authorization(Authorization::basic("ali", "sesame").unwrap()) };
    let caller = told(listener, None, connection).await;
    let basic = Credentials::Basic { user: "ali".into(), password: "sesame".into() };
    assert_eq!(caller, Caller::new(basic));
}
