//! Unix sockets: whom clients believe they call, who they are, and whose the path is.

use std::convert::Infallible;
use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Barrier};

use arrowlink_core::ErrorKind;
use arrowlink_transport::{
    AcceptOptions, ConnectOptions, Connection, Drained, Error, ListenAddr, Listener, Peer,
};
use bytes::Bytes;
use expect_test::expect;
use futures::future::join_all;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use tempfile::TempDir;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{UnixSocket, UnixStream};
use tonic::body::Body;
use tower::{Service as _, ServiceExt as _, service_fn};

use crate::raw::{DATA, END_HEADERS, END_STREAM, HEADERS, RawClient};
use crate::support::Server;

fn place() -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.sock");
    (dir, path)
}

async fn bind(path: &Path) -> Result<Listener, Error> {
    Listener::bind(&ListenAddr::Unix(path.to_owned())).await
}

/// A server at `path` that answers every call with the text that `say` makes of it.
async fn start(path: &Path, say: fn(&Request<Incoming>) -> String) -> Server {
    let service = service_fn(move |request: Request<Incoming>| {
        let body = Body::new(Full::new(Bytes::from(say(&request))));
        async move { Ok::<_, Infallible>(Response::new(body)) }
    });
    Server::start(bind(path).await.unwrap(), None, service, AcceptOptions::default())
}

fn authority(request: &Request<Incoming>) -> String {
    request.uri().authority().map(ToString::to_string).unwrap_or_default()
}

fn peer(request: &Request<Incoming>) -> String {
    request.extensions().get::<Peer>().map(ToString::to_string).unwrap_or_default()
}

async fn get(path: &Path) -> Result<Bytes, arrowlink_core::Error> {
    let uri = format!("unix://{}", path.display());
    let mut connection = Connection::connect(&uri, &ConnectOptions::default()).await?;
    let request = Request::builder().uri("/").body(Body::empty()).unwrap();
    let response = connection.ready().await?.call(request).await?;
    Ok(response.into_body().collect().await.unwrap().to_bytes())
}

/// The header block of a call of `authority`, as gRPC's C-core writes it: with the name spelled out, to be indexed.
fn block(authority: &str) -> Vec<u8> {
    let mut block = vec![0x83, 0x86, 0x84, 0x40, 10];
    block.extend(b":authority");
    block.push(authority.len().try_into().unwrap());
    block.extend(authority.as_bytes());
    block
}

/// Returns what the call that has begun is answered; `None` where it is refused.
async fn answer<T: AsyncRead + AsyncWrite + Unpin>(client: &mut RawClient<T>) -> Option<String> {
    let mut text = Vec::new();
    while let Some(frame) = client.polite_frame().await.unwrap() {
        match frame.kind {
            DATA => text.extend(&frame.payload),
            HEADERS => {}
            RST_STREAM => return None,
            _ => continue,
        }
        if frame.ends_the_call() {
            break;
        }
    }
    Some(String::from_utf8(text).unwrap())
}

#[tokio::test]
async fn answers_clients_that_call_it_by_the_path_of_its_socket() {
    let (_dir, path) = place();
    let server = start(&path, authority).await;
    for (sent, seen) in [
        ("%2Ftmp%2Fa%20b.sock", "-2Ftmp-2Fa-20b.sock"),
        ("/tmp/a.sock", "-tmp-a.sock"),
        ("localhost", "localhost"),
        ("localhost:50051", "localhost:50051"),
    ] {
        let mut client = RawClient::start(UnixStream::connect(&path).await.unwrap()).await;
        client.send(HEADERS, END_HEADERS | END_STREAM, 1, &block(sent)).await.unwrap();
        assert_eq!(answer(&mut client).await.as_deref(), Some(seen));

        // The entry of the dynamic table that this made: all four fields, each of one byte.
        client.send(HEADERS, END_HEADERS | END_STREAM, 3, &[0x83, 0x86, 0x84, 0xbe]).await.unwrap();
        assert_eq!(answer(&mut client).await.as_deref(), Some(seen));
    }
    server.stop().await;
}

#[tokio::test]
async fn refuses_a_path_that_is_huffman_coded() {
    let (_dir, path) = place();
    let server = start(&path, authority).await;
    let mut client = RawClient::start(UnixStream::connect(&path).await.unwrap()).await;
    // `/a`: 011000 00011, and ones to the end of the byte.
    let block = [0x83, 0x86, 0x84, 0x41, 0x82, 0b0110_0000, 0b0111_1111];
    client.send(HEADERS, END_HEADERS | END_STREAM, 1, &block).await.unwrap();
    assert_eq!(answer(&mut client).await, None);
    server.stop().await;
}

#[tokio::test]
async fn answers_a_client_whose_bytes_come_one_by_one() {
    let (_dir, path) = place();
    let server = start(&path, authority).await;
    let (near, mut far) = tokio::io::duplex(1);
    let mut stream = UnixStream::connect(&path).await.unwrap();
    let relay = tokio::spawn(async move {
        tokio::io::copy_bidirectional_with_sizes(&mut far, &mut stream, 1, 4096).await.ok();
        stream.shutdown().await.ok();
    });
    let mut client = RawClient::start(near).await;
    client.send(HEADERS, END_HEADERS | END_STREAM, 1, &block("%2Fa")).await.unwrap();
    assert_eq!(answer(&mut client).await.as_deref(), Some("-2Fa"));
    drop(client);
    relay.await.unwrap();
    server.stop().await;
}

#[tokio::test]
async fn tells_the_service_which_process_and_user_called() {
    let (dir, path) = place();
    let server = start(&path, peer).await;
    let uid = fs::metadata(dir.path()).unwrap().uid();
    let expected = format!("unix:pid={},uid={uid}", std::process::id());
    assert_eq!(get(&path).await.unwrap(), expected);
    assert_eq!(server.stop().await, Drained::Complete);
}

#[tokio::test]
async fn tells_the_service_the_group_of_the_caller() {
    let (dir, path) = place();
    let server = start(&path, |request| {
        let credentials = request.extensions().get::<Peer>().and_then(Peer::credentials);
        credentials.map(|it| format!("{} {}", it.uid(), it.gid())).unwrap_or_default()
    })
    .await;
    let made = fs::metadata(dir.path()).unwrap();
    assert_eq!(get(&path).await.unwrap(), format!("{} {}", made.uid(), made.gid()));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn lets_one_of_many_servers_have_a_stale_path() {
    for _ in 0..100 {
        let (dir, path) = place();
        drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
        let start = Arc::new(Barrier::new(4));
        let racing = (0..4).map(|_| {
            let (path, start) = (path.clone(), Arc::clone(&start));
            tokio::spawn(async move {
                start.wait();
                bind(&path).await
            })
        });
        let (bound, refused): (Vec<_>, Vec<_>) =
            join_all(racing).await.into_iter().map(Result::unwrap).partition(Result::is_ok);
        assert_eq!(bound.len(), 1, "{refused:?}");
        for error in refused {
            assert!(matches!(error, Err(Error::AddressInUse { .. })), "{error:?}");
        }
        UnixStream::connect(&path).await.unwrap();
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "the socket alone is left");
        drop(bound);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    }
}

#[tokio::test]
async fn leaves_the_socket_of_a_server_that_is_too_busy_to_answer() {
    let (_dir, path) = place();
    let socket = UnixSocket::new_stream().unwrap();
    socket.bind(&path).unwrap();
    let _busy = socket.listen(0).unwrap();
    let mut waiting = Vec::new();
    while let Ok(stream) = UnixStream::connect(&path).await {
        waiting.push(stream);
    }
    assert!(matches!(bind(&path).await, Err(Error::AddressInUse { .. })));
}

#[tokio::test]
async fn is_for_its_user_alone_in_a_folder_where_all_may_write() {
    let (dir, path) = place();
    fs::set_permissions(dir.path(), Permissions::from_mode(0o777)).unwrap();
    let _listener = bind(&path).await.unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
}

#[tokio::test]
async fn begins_again_where_a_server_was_killed_while_it_began() {
    let (dir, path) = place();
    fs::create_dir(dir.path().join(".a.sock.lock")).unwrap();
    let listener = bind(&path).await.unwrap();
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "the socket alone is left");
    drop(listener);
}

#[tokio::test]
async fn listens_where_the_path_is_as_long_as_the_system_allows() {
    let (dir, _) = place();
    let room = LONGEST_PATH - dir.path().as_os_str().len() - 1;
    let folder = dir.path().join("d".repeat(room - "/server.sock".len() + 1));
    fs::create_dir(&folder).unwrap();
    let path = folder.join("server.soc");
    assert_eq!(path.as_os_str().len(), LONGEST_PATH);
    let server = start(&path, peer).await;
    get(&path).await.unwrap();
    server.stop().await;
}

#[tokio::test]
async fn says_that_nobody_is_there_any_more() {
    let (_dir, path) = place();
    let server = start(&path, peer).await;
    server.stop().await;
    let error = get(&path).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    let text = error.to_string().replace(path.to_str().unwrap(), "PATH");
    expect!["cannot connect to `unix://PATH`: is a server running there?"].assert_eq(&text);
}

const RST_STREAM: u8 = 3;
/// What fits into a socket's address on every system.
const LONGEST_PATH: usize = 103;
