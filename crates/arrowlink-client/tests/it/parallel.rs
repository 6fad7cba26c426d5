//! Parts of a dataset read over several connections.

use std::sync::Arc;

use arrow_array::RecordBatch;
use arrowlink_client::{Client, Http2Options};
use arrowlink_core::{
    CallContext, Catalog, DataService as _, ErrorKind, MemoryDataset, ReadOptions, RowOrder, Target,
};
use arrowlink_testkit::{Certificates, Server, check_error, name};
use arrowlink_transport::{ConnectOptions, Connection, Listener};
use futures::StreamExt as _;

use crate::proxy::Proxy;
use crate::support::{column, numbers, options, patient, port, read};

const BATCHES: usize = 6;
/// 1 MiB of 64-bit integers, which is a part.
const ROWS: usize = 1 << 17;
const ALL: i64 = (BATCHES * ROWS) as i64;

fn catalog() -> Arc<Catalog> {
    let batches = numbers(BATCHES, ROWS);
    let dataset = MemoryDataset::new(batches[0].schema(), batches).unwrap();
    let one = numbers(1, 10);
    let small = MemoryDataset::new(one[0].schema(), one).unwrap();
    let catalog = Catalog::new().with_dataset(name("numbers"), Arc::new(dataset));
    Arc::new(catalog.with_dataset(name("small"), Arc::new(small)))
}

async fn with_proxy(check: impl AsyncFnOnce(&Client, &Proxy)) {
    let certificates = Certificates::new();
    let server = Server::start(catalog(), &certificates).await;
    let proxy = Proxy::start(port(&server)).await;
    let options = options(&certificates)
        .with_retry(patient())
        .with_http2(Http2Options::for_client().with_windows(65_535, 65_535));
    let client = Client::connect(&proxy.uri(), options).await.unwrap();
    check(&client, &proxy).await;
    drop(client);
    server.stop().await;
}

fn check_in_order(batches: &[RecordBatch]) {
    assert_eq!(column(batches), Vec::from_iter(0..ALL));
}

#[tokio::test]
async fn rows_come_in_order_over_connections_that_are_kept() {
    with_proxy(async |client, proxy| {
        assert_eq!(proxy.connections(), 1);
        for _ in 0..2 {
            check_in_order(
                &read(client, "numbers", ReadOptions::default().with_connections(3)).await.unwrap(),
            );
            assert_eq!(proxy.connections(), 3);
        }
    })
    .await;
}

#[tokio::test]
async fn rows_come_in_any_order_once() {
    with_proxy(async |client, _| {
        let any = ReadOptions::default().with_connections(4).with_order(RowOrder::Any);
        let mut rows = column(&read(client, "numbers", any).await.unwrap());
        rows.sort_unstable();
        assert_eq!(rows, Vec::from_iter(0..ALL));
    })
    .await;
}

#[tokio::test]
async fn parts_go_on_where_their_connection_is_cut() {
    with_proxy(async |client, proxy| {
        for (cut, order) in [(300_000, RowOrder::Kept), (777_777, RowOrder::Any)] {
            proxy.cut([cut, cut, cut, cut]);
            let options = ReadOptions::default().with_connections(3).with_order(order);
            let mut rows = column(&read(client, "numbers", options).await.unwrap());
            rows.sort_unstable();
            assert_eq!(rows, Vec::from_iter(0..ALL));
            assert_eq!(proxy.take_cuts(), 0);
        }
    })
    .await;
}

#[tokio::test]
async fn other_options_hold_over_several_connections() {
    with_proxy(async |client, _| {
        let several = || ReadOptions::default().with_connections(3);
        let window = several().with_skip(ROWS as u64 - 5).with_limit(10);
        let rows = column(&read(client, "numbers", window).await.unwrap());
        assert_eq!(rows, Vec::from_iter(ROWS as i64 - 5..ROWS as i64 + 5));
        let second = read(client, "numbers", several().with_part(1)).await.unwrap();
        assert_eq!(column(&second), Vec::from_iter(ROWS as i64..2 * ROWS as i64));
        let projected = read(client, "numbers", several().with_projection(["id"])).await.unwrap();
        check_in_order(&projected);
        let unknown = read(client, "numbers", several().with_projection(["di"])).await;
        check_error(unknown, ErrorKind::InvalidArgument, &["no column `di`"]);
    })
    .await;
}

#[tokio::test]
async fn dataset_that_is_not_divided_takes_one_connection() {
    with_proxy(async |client, proxy| {
        let rows = read(client, "small", ReadOptions::default().with_connections(3)).await.unwrap();
        assert_eq!(column(&rows), Vec::from_iter(0..10));
        check_error(
            read(client, "absent", ReadOptions::default().with_connections(3)).await,
            ErrorKind::NotFound,
            &["`absent`"],
        );
        assert_eq!(proxy.connections(), 1);
    })
    .await;
}

#[tokio::test]
async fn more_connections_than_parts_are_not_made() {
    with_proxy(async |client, proxy| {
        check_in_order(&read(client, "numbers", ReadOptions::default().with_connections(500)).await.unwrap());
        assert_eq!(proxy.connections(), BATCHES);
    })
    .await;
}

#[tokio::test]
async fn given_connection_carries_all_parts() {
    let (listener, dialer) = Listener::in_memory();
    let server = Server::on(listener, None, catalog());
    let connection =
        Connection::over(dialer.dial().await.unwrap(), &ConnectOptions::default()).await.unwrap();
    let client = Client::over(connection, &Default::default());
    check_in_order(&read(&client, "numbers", ReadOptions::default().with_connections(4)).await.unwrap());
    drop(client);
    server.stop().await;
}

#[tokio::test]
async fn dropped_read_frees_its_connections() {
    with_proxy(async |client, proxy| {
        let target = || Target::Name(name("numbers"));
        let options = ReadOptions::default().with_connections(3);
        for _ in 0..5 {
            let mut rows = client.read(CallContext::new(), target(), options.clone()).await.unwrap();
            assert_eq!(column(&[rows.next().await.unwrap().unwrap().into_batch()])[0], 0);
        }
        check_in_order(&read(client, "numbers", options).await.unwrap());
        assert_eq!(proxy.connections(), 3);
    })
    .await;
}
