//! Floods of small frames, over a real connection: what each holds of the server's memory is bounded, however many come.

use std::convert::Infallible;
use std::time::Duration;

use arrowlink_transport::{AcceptOptions, Body, Listener, serve};
use http::{Request, Response};
use hyper::body::Incoming;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};
use tokio::time::{sleep, timeout};
use tower::service_fn;

use crate::HELD;

/// What a client does with what the server says meanwhile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Client {
    ReadsAll,
    ReadsNothing,
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// The head of a call of `/`.
fn head(stream: u32) -> Vec<u8> {
    frame(HEADERS, END_HEADERS, stream, &[0x83, 0x86, 0x84, 0x41, 1, b'x'])
}

/// A service that keeps every request, reads nothing of it, and never answers.
async fn keep(request: Request<Incoming>) -> Result<Response<Body>, Infallible> {
    std::future::pending::<()>().await;
    drop(request);
    Ok(Response::new(Body::empty()))
}

/// Sends as many bytes of `flood` as the server takes.
async fn send(stream: &mut DuplexStream, flood: &[u8], client: Client) {
    let (mut reading, mut writing) = tokio::io::split(stream);
    let read = async {
        let mut bytes = [0; 4096];
        while client == Client::ReadsAll && reading.read(&mut bytes).await.is_ok_and(|read| read > 0) {}
        std::future::pending::<()>().await;
    };
    let write = async {
        // A server that has enough closes the connection, or stops to read.
        timeout(Duration::from_secs(1), writing.write_all(flood)).await.ok();
        sleep(Duration::from_millis(1)).await;
    };
    tokio::select! {
        () = read => {}
        () = write => {}
    }
}

/// Returns how much more memory both ends hold after the flood than before it.
fn held(flood: &[u8], client: Client) -> isize {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        tokio::time::pause();
        let (listener, dialer) = Listener::in_memory();
        let options = AcceptOptions::default().with_grace(Duration::from_millis(1));
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let server = tokio::spawn(serve(vec![listener], None, service_fn(keep), options, async {
            stopped.await.ok();
        }));
        let mut stream = dialer.dial().await.unwrap();
        let begin = [b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(), frame(SETTINGS, 0, 0, &[]), head(1)];
        send(&mut stream, &begin.concat(), Client::ReadsAll).await;
        let before = HELD.get();
        send(&mut stream, flood, client).await;
        let held = HELD.get() - before;
        drop((stream, stop));
        server.await.unwrap().unwrap();
        held
    })
}

fn check(what: &str, one: &[u8], most: isize) {
    let flood = one.repeat(FRAMES);
    for client in [Client::ReadsAll, Client::ReadsNothing] {
        let held = held(&flood, client);
        assert!(held < most, "{what}, {client:?}: {held} bytes");
    }
}

#[test]
fn a_flood_of_control_frames_holds_next_to_nothing() {
    check("PING", &frame(PING, 0, 0, &[0; 8]), BUFFERS);
    check("SETTINGS", &frame(SETTINGS, 0, 0, &[0, 4, 0, 1, 0, 0]), BUFFERS);
    check("WINDOW_UPDATE", &frame(WINDOW_UPDATE, 0, 0, &[0, 0, 0, 1]), BUFFERS);
    check("WINDOW_UPDATE of a call", &frame(WINDOW_UPDATE, 0, 1, &[0, 0, 0, 1]), BUFFERS);
    check("PRIORITY", &frame(PRIORITY, 0, 1, &[0, 0, 0, 0, 7]), BUFFERS);
    check("unknown", &frame(0xbb, 0, 0, &[7; 16]), BUFFERS);
}

#[test]
fn a_flood_of_empty_data_holds_next_to_nothing() {
    check("DATA", &frame(DATA, 0, 1, &[]), BUFFERS);
    check("DATA that is padding", &frame(DATA, PADDED, 1, &[16; 17]), BUFFERS);
}

#[test]
fn a_flood_of_small_data_holds_no_more_than_the_window() {
    check("DATA", &frame(DATA, 0, 1, &[7]), 16 << 20);
}

#[test]
fn a_flood_of_calls_that_are_reset_at_once_holds_little() {
    let call = |number: usize| {
        let stream = u32::try_from(2 * number + 3).unwrap();
        [head(stream), frame(RST_STREAM, 0, stream, &[0, 0, 0, 8])].concat()
    };
    let flood: Vec<u8> = (0..FRAMES).flat_map(call).collect();
    for client in [Client::ReadsAll, Client::ReadsNothing] {
        let held = held(&flood, client);
        assert!(held < 4 << 20, "{client:?}: {held} bytes");
    }
}

/// More than any bound of what is held for each would allow.
const FRAMES: usize = 400_000;
/// What the connection itself may hold: both directions of its stream, and its buffers.
const BUFFERS: isize = 2 << 20;
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const PRIORITY: u8 = 2;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const WINDOW_UPDATE: u8 = 8;
const END_HEADERS: u8 = 4;
const PADDED: u8 = 8;
