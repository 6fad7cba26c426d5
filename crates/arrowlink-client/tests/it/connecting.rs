//! How a connection is made, refused, and made again.

use std::fs;
use std::time::Duration;

use arrowlink_client::{Client, ClientOptions, Http2Options, Plaintext};
use arrowlink_core::{CallContext, DataService as _, DataServiceExt as _, ErrorKind, ReadOptions, Target};
use arrowlink_testkit::{Certificates, Server, catalog, check_error, name, stream_of, three_rows};
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpListener;
use tokio::time::Instant;

use crate::support::{options, patient, read};

#[tokio::test]
async fn missing_ca_file_is_named_with_the_fix() {
    let options = ClientOptions::default().with_ca_file("nowhere/ca.crt");
    let refused = Client::connect("https://localhost:50051", options).await;
    check_error(refused, ErrorKind::NotFound, &["there is no `nowhere/ca.crt`"]);
}

#[tokio::test]
async fn https_without_a_ca_is_refused() {
    let refused = Client::connect("https://localhost:50051", ClientOptions::default()).await;
    check_error(refused, ErrorKind::InvalidArgument, &["`https://localhost:50051` needs the file of the CA"]);
}

#[tokio::test]
async fn plaintext_is_refused_unless_it_is_allowed() {
    let refused = Client::connect("http://127.0.0.1:9", ClientOptions::default()).await;
    check_error(refused, ErrorKind::InvalidArgument, &["in plaintext"]);
    let elsewhere = ClientOptions::default().with_plaintext(Plaintext::Loopback);
    let refused = Client::connect("http://192.0.2.1:9", elsewhere).await;
    check_error(refused, ErrorKind::InvalidArgument, &["in plaintext"]);
}

#[tokio::test]
async fn server_of_another_ca_is_not_trusted() {
    let (its, ours) = (Certificates::new(), Certificates::new());
    let server = Server::start(catalog(), &its).await;
    let refused = Client::connect(&server.uri(), options(&ours)).await;
    check_error(refused, ErrorKind::Unauthenticated, &[&server.uri(), &ours.ca().display().to_string()]);
    server.stop().await;
}

#[tokio::test]
async fn nobody_there_is_unavailable() {
    let certificates = Certificates::new();
    let addr = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let uri = format!("https://localhost:{}", addr.port());
    let refused = Client::connect(&uri, options(&certificates)).await;
    check_error(refused, ErrorKind::Unavailable, &[&uri, "is a server running there?"]);
}

#[tokio::test]
async fn sizes_of_http2_are_announced_to_the_server() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let uri = format!("http://{}", listener.local_addr().unwrap());
    let http2 = Http2Options::for_client().with_windows(70_001, 200_001).with_max_frame_bytes(20_001);
    let options = ClientOptions::default().with_plaintext(Plaintext::Loopback).with_http2(http2);
    let client = Client::connect(&uri, options).await.unwrap();
    let (mut server, _) = listener.accept().await.unwrap();
    // The preface, then a frame of settings: its length, its head, and entries of a number and a value.
    let mut head = [0; PREFACE_BYTES + 9];
    server.read_exact(&mut head).await.unwrap();
    assert_eq!(head[PREFACE_BYTES + 3], SETTINGS);
    let mut settings =
        vec![0; usize::from(u16::from_be_bytes([head[PREFACE_BYTES + 1], head[PREFACE_BYTES + 2]]))];
    server.read_exact(&mut settings).await.unwrap();
    let settings: Vec<_> = settings
        .chunks(6)
        .map(|entry| (entry[1], u32::from_be_bytes([entry[2], entry[3], entry[4], entry[5]])))
        .collect();
    assert!(settings.contains(&(INITIAL_WINDOW_SIZE, 70_001)), "{settings:?}");
    assert!(settings.contains(&(MAX_FRAME_SIZE, 20_001)), "{settings:?}");
    drop(client);
}

#[tokio::test]
async fn server_that_says_nothing_ends_at_the_connect_timeout() {
    let certificates = Certificates::new();
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let uri = format!("https://localhost:{}", silent.local_addr().unwrap().port());
    let options = options(&certificates).with_connect_timeout(Duration::from_millis(50));
    check_error(
        Client::connect(&uri, options).await,
        ErrorKind::DeadlineExceeded,
        &["did not answer within 50ms"],
    );
}

#[tokio::test]
async fn connection_is_made_again_after_the_server_came_back() {
    let certificates = Certificates::new();
    let server = Server::start(catalog(), &certificates).await;
    let (addr, uri) = (server.addr().clone(), server.uri());
    let client = Client::connect(&uri, options(&certificates)).await.unwrap();
    assert_eq!(read(&client, "default", ReadOptions::default()).await.unwrap()[0].num_rows(), 1);
    server.stop().await;
    check_error(read(&client, "default", ReadOptions::default()).await, ErrorKind::Unavailable, &[&uri]);
    let server = Server::start_at(&addr, catalog(), &certificates).await;
    // Reads and writes alike: nothing of a write has been sent before there is a connection.
    let batch = three_rows();
    client.append(&name("fresh"), batch.schema(), vec![batch.clone()]).await.unwrap();
    assert_eq!(read(&client, "fresh", ReadOptions::default()).await.unwrap(), [batch]);
    drop(client);
    server.stop().await;
}

#[tokio::test]
async fn write_waits_until_the_server_is_there_again() {
    let certificates = Certificates::new();
    let server = Server::start(catalog(), &certificates).await;
    let (addr, uri) = (server.addr().clone(), server.uri());
    let options = options(&certificates).with_retry(patient());
    let client = Client::connect(&uri, options).await.unwrap();
    server.stop().await;
    let (batch, fresh) = (three_rows(), name("fresh"));
    let write = client.append(&fresh, batch.schema(), vec![batch.clone()]);
    let (receipt, server) =
        futures::future::join(write, Server::start_at(&addr, catalog(), &certificates)).await;
    assert_eq!(receipt.unwrap().rows, 3);
    assert_eq!(read(&client, "fresh", ReadOptions::default()).await.unwrap(), [batch]);
    drop(client);
    server.stop().await;
}

#[tokio::test]
async fn calls_that_come_together_share_one_attempt_to_connect() {
    let certificates = Certificates::new();
    let server = Server::start(catalog(), &certificates).await;
    let (addr, uri) = (server.addr().clone(), server.uri());
    let client = Client::connect(&uri, options(&certificates)).await.unwrap();
    server.stop().await;
    let server = Server::start_at(&addr, catalog(), &certificates).await;
    let reads = (0..16).map(|_| read(&client, "default", ReadOptions::default()));
    for batches in futures::future::join_all(reads).await {
        assert_eq!(batches.unwrap()[0].num_rows(), 1);
    }
    drop(client);
    server.stop().await;
}

#[tokio::test]
async fn certificates_are_read_when_the_client_is_made() {
    let certificates = Certificates::new();
    let server = Server::start(catalog(), &certificates).await;
    let client = Client::connect(&server.uri(), options(&certificates)).await.unwrap();
    fs::write(certificates.ca(), "gone").unwrap();
    assert_eq!(read(&client, "default", ReadOptions::default()).await.unwrap()[0].num_rows(), 1);
    let refused = Client::connect(&server.uri(), options(&certificates)).await;
    check_error(refused, ErrorKind::InvalidArgument, &["holds no PEM"]);
    drop(client);
    server.stop().await;
}

#[tokio::test]
async fn deadline_that_has_passed_ends_reads_and_writes() {
    let certificates = Certificates::new();
    let server = Server::start(catalog(), &certificates).await;
    let client = Client::connect(&server.uri(), options(&certificates)).await.unwrap();
    let passed = || CallContext::new().with_deadline(Some(Instant::now()));
    let late = client.read(passed(), Target::Name(name("default")), ReadOptions::default()).await;
    check_error(late, ErrorKind::DeadlineExceeded, &["deadline"]);
    let late = client.write(passed(), name("late"), stream_of(&three_rows()), Default::default()).await;
    check_error(late, ErrorKind::DeadlineExceeded, &["deadline"]);
    check_error(read(&client, "late", ReadOptions::default()).await, ErrorKind::NotFound, &["`late`"]);
    drop(client);
    server.stop().await;
}

const PREFACE_BYTES: usize = 24;
const SETTINGS: u8 = 4;
const INITIAL_WINDOW_SIZE: u8 = 4;
const MAX_FRAME_SIZE: u8 = 5;
