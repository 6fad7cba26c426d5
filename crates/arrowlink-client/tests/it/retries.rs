//! What is repeated, and what never is.

use std::sync::Arc;
use std::time::Duration;

use arrowlink_client::{Client, ClientOptions, RetryOptions};
use arrowlink_core::{
    CallContext, DataService, ErrorKind, ReadOptions, Receipt, Result, Target, WriteOptions,
};
use arrowlink_testkit::{Server, check_error, name, stream_of, stubbed, three_rows};
use arrowlink_transport::{ConnectOptions, Connection, Listener};
use tokio::time::Instant;

use crate::support::{Flaky, quick, read};

/// Serves `service` in memory while `check` runs.
async fn with_client(service: Arc<Flaky>, retry: RetryOptions, check: impl AsyncFnOnce(&Client)) {
    let (listener, dialer) = Listener::in_memory();
    let server = Server::on(listener, None, stubbed(&service));
    let connection =
        Connection::over(dialer.dial().await.unwrap(), &ConnectOptions::default()).await.unwrap();
    let client = Client::over(connection, &ClientOptions::default().with_retry(retry));
    check(&client).await;
    drop(client);
    server.stop().await;
}

async fn write(client: &Client) -> Result<Receipt> {
    client.write(CallContext::new(), name("a"), stream_of(&three_rows()), WriteOptions::default()).await
}

#[tokio::test]
async fn read_is_repeated_while_the_server_is_unavailable() {
    let service = Flaky::new(2, ErrorKind::Unavailable);
    with_client(Arc::clone(&service), quick(), async |client| {
        assert_eq!(read(client, "a", ReadOptions::default()).await.unwrap(), [three_rows()]);
    })
    .await;
    assert_eq!(service.calls(), 3);
}

#[tokio::test]
async fn repetitions_end() {
    let service = Flaky::new(9, ErrorKind::Unavailable);
    with_client(Arc::clone(&service), quick(), async |client| {
        check_error(
            read(client, "a", ReadOptions::default()).await,
            ErrorKind::Unavailable,
            &["not this time"],
        );
    })
    .await;
    assert_eq!(service.calls(), 3);
}

#[tokio::test]
async fn other_failures_are_not_repeated() {
    for kind in ErrorKind::ALL.into_iter().filter(|kind| *kind != ErrorKind::Unavailable) {
        let service = Flaky::new(1, kind);
        with_client(Arc::clone(&service), quick(), async |client| {
            check_error(read(client, "a", ReadOptions::default()).await, kind, &["not this time"]);
        })
        .await;
        assert_eq!(service.calls(), 1, "{kind:?}");
    }
}

#[tokio::test]
async fn write_is_never_repeated() {
    let service = Flaky::new(1, ErrorKind::Unavailable);
    with_client(Arc::clone(&service), quick(), async |client| {
        check_error(write(client).await, ErrorKind::Unavailable, &["not this time"]);
    })
    .await;
    assert_eq!(service.calls(), 1);
}

#[tokio::test]
async fn nothing_is_repeated_where_that_is_said() {
    let service = Flaky::new(1, ErrorKind::Unavailable);
    with_client(Arc::clone(&service), RetryOptions::never(), async |client| {
        check_error(read(client, "a", ReadOptions::default()).await, ErrorKind::Unavailable, &[]);
    })
    .await;
    assert_eq!(service.calls(), 1);
}

#[tokio::test]
async fn no_repetition_begins_that_would_end_after_the_deadline() {
    let service = Flaky::new(9, ErrorKind::Unavailable);
    let hour = Duration::from_secs(3600);
    let patient = RetryOptions::default().with_repetitions(9).with_waits(hour * 1000, hour * 1000);
    with_client(Arc::clone(&service), patient, async |client| {
        let ctx = CallContext::new().with_deadline(Some(Instant::now() + Duration::from_secs(60)));
        let read = client.read(ctx, Target::Name(name("a")), ReadOptions::default()).await;
        check_error(read, ErrorKind::Unavailable, &["not this time"]);
    })
    .await;
    assert_eq!(service.calls(), 1);
}
