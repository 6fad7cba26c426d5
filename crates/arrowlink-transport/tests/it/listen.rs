//! Addresses and what listens on them, Unix sockets above all.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixListener;

use arrowlink_core::CallContext;
use arrowlink_transport::{AcceptOptions, ConnectOptions, Connection, ListenAddr, Listener, TransferOptions};
use expect_test::expect;

use crate::support::{Server, catalog, front};

#[test]
fn refuses_addresses_that_are_incomplete() {
    for text in [
        "",
        "50051",
        ":50051",
        "localhost:50051",
        "127.0.0.1",
        "unix://relative",
        "unix:/a",
        "http://[::1]:1",
    ] {
        let error = text.parse::<ListenAddr>().unwrap_err().to_string();
        assert!(error.starts_with(&format!("`{text}` is not an address to listen on")), "{error}");
    }
}

#[tokio::test]
async fn names_the_address_that_is_taken_and_another_one() {
    let listener = Listener::bind(&"127.0.0.1:0".parse().unwrap()).await.unwrap();
    let ListenAddr::Tcp(addr) = *listener.local_addr() else { panic!("not tcp") };
    let error = Listener::bind(listener.local_addr()).await.unwrap_err().to_string();
    let next = format!("127.0.0.1:{}", addr.port().wrapping_add(1));
    expect!["`TAKEN` is taken by another program: stop it, or choose another address with `--listen`, for example `NEXT`"]
        .assert_eq(&error.replace(&addr.to_string(), "TAKEN").replace(&next, "NEXT"));
}

#[tokio::test]
async fn serves_over_a_unix_socket_that_only_its_user_may_open() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.sock");
    let addr: ListenAddr = format!("unix://{}", path.display()).parse().unwrap();
    let listener = Listener::bind(&addr).await.unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let server = Server::start(listener, None, front(catalog()), AcceptOptions::default());

    let connection = Connection::connect(&addr.to_string(), &ConnectOptions::default()).await.unwrap();
    let rows =
        connection.get_arrow_data(&CallContext::new(), None, &TransferOptions::default()).await.unwrap();
    assert_eq!(rows.collect_batches().await.unwrap()[0].num_rows(), 1);
    drop(connection);
    server.stop().await;
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0, "the socket is removed");
}

#[tokio::test]
async fn replaces_a_socket_file_on_which_nobody_answers() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.sock");
    drop(UnixListener::bind(&path).unwrap());
    assert!(path.exists());
    Listener::bind(&ListenAddr::Unix(path)).await.unwrap();
}

#[tokio::test]
async fn leaves_a_socket_that_answers_and_a_file_that_is_no_socket() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.sock");
    let _other = UnixListener::bind(&path).unwrap();
    let error = Listener::bind(&ListenAddr::Unix(path.clone())).await.unwrap_err();
    assert!(matches!(error, arrowlink_transport::Error::AddressInUse { .. }), "{error}");

    let file = dir.path().join("data.txt");
    fs::write(&file, "precious").unwrap();
    Listener::bind(&ListenAddr::Unix(file.clone())).await.unwrap_err();
    assert_eq!(fs::read_to_string(file).unwrap(), "precious");
}

#[tokio::test]
async fn leaves_the_socket_of_a_server_that_took_its_place() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.sock");
    let first = Listener::bind(&ListenAddr::Unix(path.clone())).await.unwrap();
    fs::remove_file(&path).unwrap();
    let _second = UnixListener::bind(&path).unwrap();
    drop(first);
    assert!(path.exists());
}

#[tokio::test]
async fn leaves_a_file_that_is_no_socket_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notes.txt");
    fs::write(&path, "mine").unwrap();
    let refused = Listener::bind(&ListenAddr::Unix(path.clone())).await.unwrap_err();
    let text = arrowlink_core::Error::from(refused).chain();
    assert!(text.ends_with("a file that is no socket is there: remove it, or choose another path"), "{text}");
    assert_eq!(fs::read_to_string(path).unwrap(), "mine");
}
