//! Reads that break off go on, exactly once.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use arrow_array::RecordBatch;
use arrowlink_client::{Client, ClientOptions, Http2Options, RetryOptions};
use arrowlink_core::{
    BatchStream, CallContext, Catalog, Chunk, DataService, Description, Effect, Error, ErrorKind,
    MemoryDataset, NounKind, Query, ReadOptions, Result, Target,
};
use arrowlink_testkit::{Certificates, Server, Stub, check_error, name, stubbed, three_rows};
use futures::future::{BoxFuture, ready};
use futures::{FutureExt as _, StreamExt as _, stream};

use crate::proxy::Proxy;
use crate::support::{column, numbers, options, patient, port, read};

/// A server of 40 batches of 500 numbers under `numbers`, behind a proxy.
async fn served(certificates: &Certificates) -> (Server, Proxy, Client) {
    let batches = numbers(40, 500);
    let dataset = MemoryDataset::new(batches[0].schema(), batches).unwrap();
    let catalog = Arc::new(Catalog::new().with_dataset(name("numbers"), Arc::new(dataset)));
    let server = Server::start(catalog, certificates).await;
    let proxy = Proxy::start(port(&server)).await;
    let client = Client::connect(&proxy.uri(), narrow(certificates)).await.unwrap();
    (server, proxy, client)
}

/// Options under which little is on its way.
fn narrow(certificates: &Certificates) -> ClientOptions {
    options(certificates)
        .with_retry(patient())
        .with_http2(Http2Options::for_client().with_windows(65_535, 65_535))
}

#[tokio::test]
async fn read_goes_on_wherever_the_connection_is_cut() {
    let certificates = Certificates::new();
    let (server, proxy, client) = served(&certificates).await;
    for cut in (1..180_000).step_by(15_013) {
        proxy.cut([cut, cut, 1_000]);
        let batches = read(&client, "numbers", ReadOptions::default()).await.unwrap();
        assert_eq!(column(&batches), Vec::from_iter(0..20_000), "{cut}");
        proxy.take_cuts();
    }
    assert!(proxy.connections() > 20);
    drop(client);
    server.stop().await;
}

#[tokio::test]
async fn skip_limit_and_projection_hold_over_all_attempts() {
    let certificates = Certificates::new();
    let (server, proxy, client) = served(&certificates).await;
    let options = ReadOptions::default().with_skip(777).with_limit(15_555).with_projection(["id"]);
    for cut in (1..120_000).step_by(22_001) {
        proxy.cut([cut, 9_001, 9_001]);
        let batches = read(&client, "numbers", options.clone()).await.unwrap();
        assert_eq!(column(&batches), Vec::from_iter(777..777 + 15_555), "{cut}");
        proxy.take_cuts();
    }
    drop(client);
    server.stop().await;
}

#[tokio::test]
async fn pieces_of_batches_are_not_read_twice() {
    let certificates = Certificates::new();
    let batches = numbers(3, 20_000);
    let dataset = MemoryDataset::new(batches[0].schema(), batches).unwrap();
    let catalog = Arc::new(Catalog::new().with_dataset(name("numbers"), Arc::new(dataset)));
    let server = Server::start(catalog, &certificates).await;
    let proxy = Proxy::start(port(&server)).await;
    let options = narrow(&certificates).with_max_message_bytes(20_000);
    let client = Client::connect(&proxy.uri(), options).await.unwrap();
    for cut in (10_000..490_000).step_by(83_003) {
        proxy.cut([cut, 50_000]);
        let batches = read(&client, "numbers", ReadOptions::default()).await.unwrap();
        assert_eq!(column(&batches), Vec::from_iter(0..60_000), "{cut}");
        proxy.take_cuts();
    }
    drop(client);
    server.stop().await;
}

#[tokio::test]
async fn read_goes_on_after_the_server_was_started_again() {
    let certificates = Certificates::new();
    let batches = numbers(200, 5_000);
    let dataset = MemoryDataset::new(batches[0].schema(), batches).unwrap();
    let catalog = Arc::new(Catalog::new().with_dataset(name("numbers"), Arc::new(dataset)));
    let server = Server::start(Arc::<Catalog>::clone(&catalog), &certificates).await;
    let addr = server.addr().clone();
    let client = Client::connect(&server.uri(), narrow(&certificates)).await.unwrap();
    let mut rows =
        client.read(CallContext::new(), Target::Name(name("numbers")), ReadOptions::default()).await.unwrap();
    let mut batches = vec![rows.next().await.unwrap().unwrap().into_batch()];
    server.stop().await;
    let server = Server::start_at(&addr, catalog, &certificates).await;
    batches.extend(rows.collect_batches().await.unwrap());
    assert_eq!(column(&batches), Vec::from_iter(0..1_000_000));
    drop(client);
    server.stop().await;
}

#[tokio::test]
async fn data_that_changed_meanwhile_ends_the_read() {
    let certificates = Certificates::new();
    let catalog = || {
        let batches = numbers(200, 5_000);
        let dataset = MemoryDataset::new(batches[0].schema(), batches).unwrap();
        Arc::new(Catalog::new().with_dataset(name("numbers"), Arc::new(dataset)))
    };
    let server = Server::start(catalog(), &certificates).await;
    let addr = server.addr().clone();
    let client = Client::connect(&server.uri(), narrow(&certificates)).await.unwrap();
    let mut rows =
        client.read(CallContext::new(), Target::Name(name("numbers")), ReadOptions::default()).await.unwrap();
    rows.next().await.unwrap().unwrap();
    server.stop().await;
    let server = Server::start_at(&addr, catalog(), &certificates).await;
    check_error(rows.collect_batches().await, ErrorKind::SnapshotChanged, &["read it from the start"]);
    drop(client);
    server.stop().await;
}

/// Answers SQL, and breaks off after so many rows.
#[derive(Debug)]
struct Breaking {
    reads: AtomicUsize,
    rows: usize,
    effect: Effect,
}

impl Breaking {
    fn new(rows: usize, effect: Effect) -> Arc<Self> {
        Arc::new(Self { reads: AtomicUsize::new(0), rows, effect })
    }

    /// Reads it through a client, and returns how it ended and how often it was asked.
    async fn read(self: Arc<Self>, target: Target) -> (Result<Vec<RecordBatch>>, usize) {
        let certificates = Certificates::new();
        let server = Server::start(stubbed(&self), &certificates).await;
        let client = Client::connect(&server.uri(), options(&certificates)).await.unwrap();
        let read = async {
            client.read(CallContext::new(), target, ReadOptions::default()).await?.collect_batches().await
        };
        let outcome = read.await;
        drop(client);
        server.stop().await;
        (outcome, self.reads.load(Ordering::Relaxed))
    }
}

impl Stub for Breaking {
    fn describe(&self) -> BoxFuture<'_, Result<Description>> {
        let description = Description::new(NounKind::Dataset, three_rows().schema());
        ready(Ok(description.with_effect(self.effect))).boxed()
    }

    fn read(&self) -> BoxFuture<'_, Result<BatchStream>> {
        let batch = three_rows();
        let lost = Err(Error::new(ErrorKind::Unavailable, "the engine went away"));
        let chunks = match (self.reads.fetch_add(1, Ordering::Relaxed), self.rows) {
            (0, 0) => vec![lost],
            (0, rows) => vec![Ok(Chunk::new(batch.slice(0, rows))), lost],
            _ => vec![Ok(Chunk::new(batch.clone()))],
        };
        ready(Ok(BatchStream::new(batch.schema(), stream::iter(chunks)))).boxed()
    }
}

#[tokio::test]
async fn query_is_repeated_before_its_first_row_alone() {
    let query = || Target::from(Query::new("select 1"));
    let (whole, reads) = Breaking::new(0, Effect::None).read(query()).await;
    assert_eq!((whole.unwrap(), reads), (vec![three_rows()], 2));
    let (cut, reads) = Breaking::new(1, Effect::None).read(query()).await;
    check_error(cut, ErrorKind::Unavailable, &["the engine went away"]);
    assert_eq!(reads, 1);
}

#[tokio::test]
async fn statement_that_changes_something_is_never_repeated() {
    let insert = Target::from(Query::new("insert into a values (1)"));
    let (cut, reads) = Breaking::new(0, Effect::Change).read(insert).await;
    check_error(cut, ErrorKind::Unavailable, &["the engine went away"]);
    assert_eq!(reads, 1);
}

#[tokio::test]
async fn rows_that_cannot_be_told_apart_are_not_asked_for_again() {
    let (cut, reads) = Breaking::new(2, Effect::None).read(Target::Name(name("a"))).await;
    check_error(cut, ErrorKind::Unavailable, &["the engine went away"]);
    assert_eq!(reads, 1);
}

#[tokio::test]
async fn nothing_goes_on_where_nothing_is_repeated() {
    let certificates = Certificates::new();
    let (server, proxy, _) = served(&certificates).await;
    let options = narrow(&certificates).with_retry(RetryOptions::never());
    let client = Client::connect(&proxy.uri(), options).await.unwrap();
    proxy.cut([50_000]);
    check_error(read(&client, "numbers", ReadOptions::default()).await, ErrorKind::Unavailable, &[]);
    drop(client);
    server.stop().await;
}
