//! A side that stops taking stops the side that gives: nothing is made, or read, ahead of it but what the windows hold.

use std::sync::Arc;
use std::time::Duration;

use arrow_array::RecordBatch;
use arrowlink_core::{BatchStream, CallContext, Result};
use arrowlink_testkit::{front_with, stubbed};
use arrowlink_transport::{
    AcceptOptions, BlockPool, ConnectOptions, Connection, Drained, Front, Http2Options, Plaintext,
    TransferOptions,
};
use futures::StreamExt as _;
use tokio::task::yield_now;
use tokio::time::sleep;

use crate::probe::{Counts, Probe, table};
use crate::support::{Server, front_options, name};

/// A server of a probe, and a client.
struct Ends {
    probe: Arc<Probe>,
    pool: BlockPool,
    server: Server,
    connection: Connection,
}

impl Ends {
    async fn in_memory(probe: Probe, http2: fn(Http2Options) -> Http2Options) -> Self {
        let (probe, pool) = (Arc::new(probe), BlockPool::default());
        let (server, dialer) = Server::in_memory(front(&probe, &pool), accept(http2));
        let connection = Connection::over(dialer.dial().await.unwrap(), &connect(http2)).await.unwrap();
        Self { probe, pool, server, connection }
    }

    async fn over_tcp(probe: Probe, http2: fn(Http2Options) -> Http2Options) -> Self {
        let (probe, pool) = (Arc::new(probe), BlockPool::default());
        let server = Server::on_loopback(None, front(&probe, &pool), accept(http2)).await;
        let address = format!("http://127.0.0.1:{}", server.port());
        let connect = connect(http2).with_plaintext(Plaintext::Loopback);
        let connection = Connection::connect(&address, &connect).await.unwrap();
        Self { probe, pool, server, connection }
    }

    async fn read(&self, by: Protocol) -> Result<BatchStream> {
        let (ctx, dataset, options) = (CallContext::new(), name("rows"), TransferOptions::default());
        match by {
            Protocol::Flight => self.connection.do_get(&ctx, &dataset, &options).await,
            Protocol::Small => self.connection.get_arrow_data(&ctx, Some(&dataset), &options).await,
        }
    }

    async fn write(&self, by: Protocol, batches: BatchStream) {
        let (ctx, dataset, options) = (CallContext::new(), name("rows"), TransferOptions::default());
        match by {
            Protocol::Flight => self.connection.do_put(&ctx, &dataset, batches, &options).await,
            Protocol::Small => self.connection.send_arrow_data(&ctx, Some(&dataset), batches, &options).await,
        }
        .unwrap();
    }

    async fn stop(self) {
        drop(self.connection);
        assert_eq!(self.server.stop().await, Drained::Complete);
        assert_eq!(self.pool.usage().in_use_blocks, 0);
    }
}

#[derive(Clone, Copy, Debug)]
enum Protocol {
    Flight,
    Small,
}

fn front(probe: &Arc<Probe>, pool: &BlockPool) -> Front {
    front_with(stubbed(probe), front_options().with_pool(pool.clone()))
}

fn accept(http2: fn(Http2Options) -> Http2Options) -> AcceptOptions {
    AcceptOptions::default().with_http2(http2(Http2Options::for_server()))
}

fn connect(http2: fn(Http2Options) -> Http2Options) -> ConnectOptions {
    ConnectOptions::default().with_http2(http2(Http2Options::for_client()))
}

/// Windows and send buffers that hold a small part of a message.
fn narrow(http2: Http2Options) -> Http2Options {
    http2.with_windows(65_535, 65_535).with_max_send_buffer_bytes(16_384)
}

const fn default(http2: Http2Options) -> Http2Options {
    http2
}

/// `batches` of one mebibyte, or of `mebibytes`.
fn mebibytes(batches: usize, mebibytes: usize) -> Vec<RecordBatch> {
    vec![table(1, mebibytes << 17).remove(0); batches]
}

/// Waits until nothing in the process has anything left to do.
async fn settled() {
    sleep(Duration::from_millis(1)).await;
}

/// Reads a table with a stop after each batch, and returns how many batches were given out ahead of it at most.
async fn most_ahead_of_a_reader(ends: Ends, by: Protocol, batches: usize) -> usize {
    let mut rows = ends.read(by).await.unwrap();
    let mut most = 0;
    for taken in 0..batches {
        settled().await;
        most = most.max(ends.probe.counts.given() - taken);
        rows.next().await.unwrap().unwrap();
    }
    assert!(rows.next().await.is_none());
    assert_eq!(ends.probe.counts.given(), batches);
    drop(rows);
    ends.stop().await;
    most
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_stops_is_at_most_two_messages_behind() {
    for by in [Protocol::Flight, Protocol::Small] {
        let ends = Ends::in_memory(Probe::new(mebibytes(10, 1)), narrow).await;
        let most = most_ahead_of_a_reader(ends, by, 10).await;
        assert!(most <= 2, "{by:?}: {most}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_stops_is_behind_by_its_window_and_two_messages_at_most() {
    for by in [Protocol::Flight, Protocol::Small] {
        let ends = Ends::in_memory(Probe::new(mebibytes(24, 3)), default).await;
        let most = most_ahead_of_a_reader(ends, by, 24).await;
        let window = (Http2Options::for_client().stream_window_bytes() as usize).div_ceil(3 << 20);
        assert!(most <= window + 2, "{by:?}: {most}");
    }
}

#[tokio::test]
async fn a_reader_over_tcp_that_stops_is_at_most_two_messages_behind() {
    for by in [Protocol::Flight, Protocol::Small] {
        let ends = Ends::over_tcp(Probe::new(mebibytes(10, 1)), narrow).await;
        let mut rows = ends.read(by).await.unwrap();
        for taken in 0..10 {
            for _ in 0..1000 {
                yield_now().await;
                // The window bounds what is on its way, however large the socket's buffers are.
                let given = ends.probe.counts.given();
                assert!(given <= taken + 2, "{by:?}: {given} given, {taken} taken");
            }
            rows.next().await.unwrap().unwrap();
        }
        assert!(rows.next().await.is_none());
        drop(rows);
        ends.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn an_upload_that_is_not_taken_is_asked_for_two_messages_ahead_at_most() {
    for by in [Protocol::Flight, Protocol::Small] {
        for pause_after in [1, 4] {
            let ends = Ends::in_memory(Probe::new(vec![]).with_pause_after(pause_after), narrow).await;
            let input = Counts::default();
            let stopped = async {
                settled().await;
                let given = input.given();
                ends.probe.more.notify_one();
                given
            };
            let upload = ends.write(by, input.stream_of(&mebibytes(10, 1)));
            let ((), given) = futures::future::join(upload, stopped).await;
            assert!(given > pause_after && given <= pause_after + 2, "{by:?}: {given}");
            assert_eq!((input.given(), ends.probe.kept.lock().unwrap().len()), (10, 1));
            ends.stop().await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_exchange_whose_answer_is_not_read_asks_for_no_more_input() {
    let ends = Ends::in_memory(Probe::new(vec![]), narrow).await;
    let (input, options) = (Counts::default(), TransferOptions::default());
    let sent = input.stream_of(&mebibytes(20, 1));
    let mut answer =
        ends.connection.do_exchange(&CallContext::new(), &name("echo"), sent, &options).await.unwrap();
    for taken in 0..20 {
        settled().await;
        let (answered, given) = (ends.probe.counts.given(), input.given());
        assert!(answered <= taken + 2, "{answered} answered, {taken} taken");
        assert!(given <= taken + 4, "{given} given, {taken} taken");
        answer.next().await.unwrap().unwrap();
    }
    assert!(answer.next().await.is_none());
    drop(answer);
    ends.stop().await;
}

#[tokio::test(start_paused = true)]
async fn an_exchange_whose_function_takes_nothing_asks_for_no_more_input() {
    let ends = Ends::in_memory(Probe::new(vec![]).with_pause_after(3), narrow).await;
    let (input, options) = (Counts::default(), TransferOptions::default());
    let sent = input.stream_of(&mebibytes(20, 1));
    let mut answer =
        ends.connection.do_exchange(&CallContext::new(), &name("echo"), sent, &options).await.unwrap();
    for _ in 0..2 {
        answer.next().await.unwrap().unwrap();
    }
    let mut third = answer.next();
    assert!(futures::poll!(&mut third).is_pending());
    settled().await;
    assert!(futures::poll!(&mut third).is_pending());
    let given = input.given();
    assert!((3..=5).contains(&given), "{given}");
    ends.probe.more.notify_one();
    third.await.unwrap().unwrap();
    assert_eq!(answer.collect_batches().await.unwrap().len(), 17);
    ends.stop().await;
}

#[tokio::test(start_paused = true)]
async fn many_readers_that_stop_hold_two_messages_each_at_most() {
    let ends = Ends::in_memory(Probe::new(mebibytes(10, 1)), |http2| {
        // Each has its own window, and none takes that of the others.
        narrow(http2).with_windows(65_535, 64 * 65_535)
    })
    .await;
    let mut readers = Vec::new();
    for _ in 0..64 {
        readers.push(ends.read(Protocol::Flight).await.unwrap());
    }
    settled().await;
    assert!(ends.probe.counts.given() <= 64 * 2, "{}", ends.probe.counts.given());
    assert_eq!(ends.probe.counts.live(), 64);
    for reader in &mut readers {
        reader.next().await.unwrap().unwrap();
    }
    settled().await;
    assert!(ends.probe.counts.given() <= 64 * 3, "{}", ends.probe.counts.given());
    drop(readers);
    settled().await;
    assert_eq!(ends.probe.counts.live(), 0);
    ends.stop().await;
}
