//! Peers that do what no library does, over a real connection: calls end, blocks come back, and others are served.

use std::sync::Arc;
use std::time::Duration;

use arrow_array::{ArrayRef, Int64Array, RecordBatch};
use arrow_flight::{FlightData, FlightDescriptor};
use arrowlink_core::{CallContext, ErrorKind};
use arrowlink_ipc::{EncodeOptions, Message, MessageEncoder, write_stream};
use arrowlink_testkit::{front_with, stubbed};
use arrowlink_transport::{
    AcceptOptions, BlockPool, ConnectOptions, Connection, Dialer, Drained, Http2Options, TransferOptions,
};
use bytes::{BufMut as _, Bytes, BytesMut};
use prost::Message as _;
use tokio::io::DuplexStream;
use tokio::time::{Instant, sleep, timeout};

use crate::probe::{Probe, table};
use crate::raw::{
    DATA, END_HEADERS, END_STREAM, Ended, HEADERS, PADDED, PING, RST_STREAM, RawClient, SETTINGS, STREAM,
};
use crate::support::{Server, front_options, name};

const DO_GET: &str = "/arrow.flight.protocol.FlightService/DoGet";
const DO_PUT: &str = "/arrow.flight.protocol.FlightService/DoPut";
const DO_EXCHANGE: &str = "/arrow.flight.protocol.FlightService/DoExchange";
const GET: &str = "/dataexchange.ArrowDataService/GetArrowData";
const SEND: &str = "/dataexchange.ArrowDataService/SendArrowData";
const UPLOADS: [&str; 3] = [DO_PUT, DO_EXCHANGE, SEND];

/// A server of a probe.
struct Target {
    probe: Arc<Probe>,
    pool: BlockPool,
    server: Server,
    dialer: Dialer,
}

impl Target {
    fn start() -> Self {
        Self::with(Probe::new(table(2, 3)), AcceptOptions::default())
    }

    fn with(probe: Probe, options: AcceptOptions) -> Self {
        let (probe, pool) = (Arc::new(probe), BlockPool::default());
        let service = stubbed(&probe);
        let front = front_with(service, front_options().with_pool(pool.clone()));
        let (server, dialer) = Server::in_memory(front, options);
        Self { probe, pool, server, dialer }
    }

    async fn client(&self) -> RawClient<DuplexStream> {
        RawClient::start(self.dialer.dial().await.unwrap()).await
    }

    fn kept(&self) -> Vec<usize> {
        self.probe.kept.lock().unwrap().clone()
    }

    /// Waits until nothing of any call is left.
    async fn released(&self) {
        let released = async {
            while self.probe.counts.live() > 0 || self.pool.usage().in_use_blocks > 0 {
                sleep(Duration::from_millis(1)).await;
            }
        };
        timeout(Duration::from_secs(1), released).await.unwrap();
    }

    /// Makes an honest upload over a connection of its own, and stops the server.
    async fn stop(self) {
        self.released().await;
        let connection =
            Connection::over(self.dialer.dial().await.unwrap(), &ConnectOptions::default()).await.unwrap();
        let (ctx, dataset, options) = (CallContext::new(), name("rows"), TransferOptions::default());
        let rows = connection.do_get(&ctx, &dataset, &options).await.unwrap();
        assert_eq!(rows.collect_batches().await.unwrap(), table(2, 3));
        drop(connection);
        assert_eq!(self.server.stop().await, Drained::Complete);
    }
}

/// A gRPC message with the flag `flag`, which says that it has `length` bytes.
fn claimed(flag: u8, length: usize, bytes: &[u8]) -> Bytes {
    let mut message = BytesMut::new();
    message.put_u8(flag);
    message.put_u32(u32::try_from(length).unwrap());
    message.put_slice(bytes);
    message.freeze()
}

fn framed(bytes: &[u8]) -> Bytes {
    claimed(0, bytes.len(), bytes)
}

fn flight_data(message: &Message, descriptor: Option<FlightDescriptor>) -> FlightData {
    FlightData {
        flight_descriptor: descriptor,
        data_header: message.header().to_vec().into(),
        app_metadata: Bytes::new(),
        data_body: message.body().iter().flat_map(|buffer| buffer.to_vec()).collect::<Vec<u8>>().into(),
    }
}

/// The messages of `batches`, the first of which has a descriptor.
fn flight(batches: &[RecordBatch]) -> Vec<FlightData> {
    let mut encoder = MessageEncoder::new(&batches[0].schema(), &EncodeOptions::default()).unwrap();
    let descriptor = FlightDescriptor::new_path(vec!["rows".to_owned()]);
    let mut messages = vec![flight_data(encoder.schema(), Some(descriptor))];
    for batch in batches {
        messages.extend(encoder.encode(batch).unwrap().iter().map(|message| flight_data(message, None)));
    }
    messages
}

/// What an upload of `batches` to `path` sends.
fn sent(path: &str, batches: &[RecordBatch]) -> Bytes {
    if path != SEND {
        return flight(batches).iter().flat_map(|message| framed(&message.encode_to_vec())).collect();
    }
    let payload = |batch: &RecordBatch| {
        let segments = write_stream(&batch.schema(), [batch], &EncodeOptions::default()).unwrap();
        let payload: Vec<u8> = segments.iter().flat_map(|segment| segment.to_vec()).collect();
        let mut field = vec![0x0a];
        prost::encoding::encode_varint(payload.len() as u64, &mut field);
        framed(&[field, payload].concat())
    };
    batches.iter().flat_map(payload).collect()
}

/// Calls `path` with `bytes` and no end, and expects a status.
async fn check(path: &str, bytes: &[u8], expected: u8) {
    let target = Target::start();
    let mut client = target.client().await;
    client.call(path).await;
    client.data(bytes).await;
    assert_eq!(client.ended().await, Ended::Status(expected), "{path}");
    target.released().await;
    assert_eq!(target.kept(), [0; 0], "{path}");
    drop(client);
    target.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_message_of_4_gib_is_refused_by_its_length() {
    let prefix = claimed(0, u32::MAX as usize, &[]);
    for path in UPLOADS {
        check(path, &prefix, RESOURCE_EXHAUSTED).await;
        check(path, &[&sent(path, &table(2, 3)), &prefix[..]].concat(), RESOURCE_EXHAUSTED).await;
    }
    for path in [DO_GET, GET] {
        check(path, &prefix, INVALID_ARGUMENT).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_message_that_is_compressed_is_refused() {
    for path in [DO_GET, DO_PUT, DO_EXCHANGE, GET, SEND] {
        for flag in [1, 255] {
            check(path, &claimed(flag, 100, &[0; 10]), INTERNAL).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn trailers_in_the_middle_of_a_message_are_no_end() {
    for path in UPLOADS {
        let (target, upload) = (Target::start(), sent(path, &table(2, 700)));
        let mut client = target.client().await;
        client.call(path).await;
        client.data(&upload[..upload.len() - 100]).await;
        client.send(HEADERS, END_HEADERS | END_STREAM, STREAM, b"\0\x01x\x01y").await.unwrap();
        // An exchange has answered by then what came before.
        assert_eq!(client.ended().await, Ended::Status(INVALID_ARGUMENT), "{path}");
        assert_eq!(target.kept(), [0; 0], "{path}");
        drop(client);
        target.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn an_upload_in_frames_of_one_byte_is_kept() {
    for (path, kept) in [(DO_PUT, vec![6]), (DO_EXCHANGE, vec![]), (SEND, vec![6])] {
        let target = Target::start();
        let mut client = target.client().await;
        client.call(path).await;
        for byte in sent(path, &table(2, 3)) {
            client.data(&[byte]).await;
        }
        client.finish().await;
        assert_eq!(client.ended().await, Ended::Status(0), "{path}");
        assert_eq!(target.kept(), kept, "{path}");
        drop(client);
        target.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn padding_takes_no_window() {
    for path in [DO_PUT, SEND] {
        let http2 = Http2Options::for_server().with_windows(65_535, 65_535);
        let target = Target::with(Probe::new(table(2, 3)), AcceptOptions::default().with_http2(http2));
        let mut client = target.client().await;
        client.call(path).await;
        // In all 256 times of what the window has room for.
        for byte in sent(path, &table(2, 3)) {
            let padded = [&[255, byte], &[0; 255][..]].concat();
            client.send(DATA, PADDED, STREAM, &padded).await.unwrap();
            sleep(Duration::from_millis(1)).await;
        }
        client.finish().await;
        assert_eq!(client.ended().await, Ended::Status(0), "{path}");
        assert_eq!(target.kept(), [6], "{path}");
        drop(client);
        target.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn empty_frames_now_and_then_are_idleness() {
    for path in [DO_PUT, SEND] {
        let upload = sent(path, &table(2, 700));
        // This client does not answer pings either.
        let options =
            AcceptOptions::default().with_keep_alive(Duration::from_secs(600), Duration::from_secs(20));
        let target = Target::with(Probe::new(table(2, 3)), options);
        let mut client = target.client().await;
        client.call(path).await;
        client.data(&upload[..upload.len() - 100]).await;
        let began = Instant::now();
        while target.probe.counts.live() > 0 || began.elapsed().is_zero() {
            client.data(&[]).await;
            sleep(Duration::from_secs(1)).await;
            assert!(began.elapsed() < Duration::from_secs(63), "{path}");
        }
        assert_eq!(client.ended().await, Ended::Status(DEADLINE_EXCEEDED), "{path}");
        assert_eq!(target.kept(), [0; 0], "{path}");
        drop(client);
        target.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_empty_frames_ends_its_connection() {
    for path in UPLOADS {
        let target = Target::start();
        let mut client = target.client().await;
        client.call(path).await;
        client.data(&sent(path, &table(2, 700))[..5000]).await;
        for _ in 0..200 {
            client.data(&[]).await;
        }
        assert_eq!(client.ended().await, Ended::GoneAway(ENHANCE_YOUR_CALM), "{path}");
        target.released().await;
        assert_eq!(target.kept(), [0; 0], "{path}");
        drop(client);
        target.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_reset_in_the_middle_of_an_upload_is_no_end_whatever_its_code() {
    for path in UPLOADS {
        let upload = sent(path, &table(2, 700));
        // In the middle of a message, and between the last one and the end.
        for bytes in [upload.len() - 100, upload.len()] {
            for code in [0, CANCEL] {
                let target = Target::start();
                let mut client = target.client().await;
                client.call(path).await;
                client.data(&upload[..bytes]).await;
                sleep(Duration::from_millis(1)).await;
                assert!(target.probe.counts.live() > 0, "{path}");
                client.reset(code).await;
                target.released().await;
                assert_eq!(target.kept(), [0; 0], "{path}, code {code}");
                drop(client);
                target.stop().await;
            }
        }
    }
}

/// An upload of two columns of eight rows, whose last buffer is at `offset` instead of 64.
fn misplaced(offset: i64) -> Bytes {
    let column = |first| -> ArrayRef { Arc::new(Int64Array::from_iter_values(first..first + 8)) };
    let batch = RecordBatch::try_from_iter([("a", column(0)), ("b", column(100))]).unwrap();
    let mut messages = flight(&[batch]);
    let last = messages.last_mut().unwrap();
    let place = [64_i64.to_le_bytes(), 64_i64.to_le_bytes()].concat();
    let mut header = last.data_header.to_vec();
    let at = header.windows(place.len()).rposition(|bytes| bytes == place).unwrap();
    header[at..at + 8].copy_from_slice(&offset.to_le_bytes());
    last.data_header = header.into();
    messages.iter().flat_map(|message| framed(&message.encode_to_vec())).collect()
}

#[tokio::test(start_paused = true)]
async fn buffers_that_overlap_are_harmless() {
    for offset in [0, 8, 64] {
        let target = Target::start();
        let mut client = target.client().await;
        client.call(DO_PUT).await;
        client.data(&misplaced(offset)).await;
        client.finish().await;
        assert_eq!(client.ended().await, Ended::Status(0), "at {offset}");
        assert_eq!(target.kept(), [8], "at {offset}");
        drop(client);
        target.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn buffers_that_point_outside_are_refused() {
    for offset in [72, 128, 1 << 20, i64::MAX, -8] {
        check(DO_PUT, &misplaced(offset), INVALID_ARGUMENT).await;
        check(DO_EXCHANGE, &misplaced(offset), INVALID_ARGUMENT).await;
    }
}

#[tokio::test(start_paused = true)]
async fn claims_of_many_calls_get_a_credit_and_no_more() {
    let target = Target::start();
    let mut client = target.client().await;
    let length = (256 << 20) - 100;
    let mut field = vec![0x0a];
    prost::encoding::encode_varint(length as u64, &mut field);
    let claim = claimed(0, field.len() + length, &[&field[..], &[0; 10]].concat());
    for stream in (1..500).step_by(2) {
        client.call_on(stream, SEND).await;
        client.send(DATA, 0, stream, &claim).await.unwrap();
    }
    sleep(Duration::from_millis(1)).await;
    let usage = target.pool.usage();
    assert_eq!(usage.in_use_blocks, 250);
    assert!(usage.in_use_bytes <= (256 << 20) + 250 * (64 << 10), "{usage:?}");
    for stream in (1..500).step_by(2) {
        client.send(RST_STREAM, 0, stream, &CANCEL.to_be_bytes()).await.unwrap();
    }
    target.released().await;
    drop(client);
    target.stop().await;
}

#[tokio::test(start_paused = true)]
async fn an_upload_of_a_client_that_reads_nothing_is_kept() {
    for path in [DO_PUT, SEND] {
        let target = Target::start();
        let mut client = target.client().await;
        client.call(path).await;
        for part in sent(path, &[table(1, 200_000), table(1, 200_000)].concat()).chunks(16_384) {
            client.data(part).await;
            sleep(Duration::from_millis(1)).await;
        }
        client.finish().await;
        sleep(Duration::from_millis(1)).await;
        assert_eq!(target.kept(), [400_000], "{path}");
        drop(client);
        target.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_a_client_that_reads_nothing_is_stopped() {
    let settings = [0, 4, 0, 1, 0, 0];
    for (kind, payload) in [(PING, &[0; 8][..]), (SETTINGS, &settings)] {
        let target = Target::start();
        let mut client = target.client().await;
        let flood = async {
            loop {
                client.send(kind, 0, 0, payload).await.unwrap();
            }
        };
        // What the server does not answer it does not read: the flood comes to a stop.
        assert!(timeout(Duration::from_millis(100), flood).await.is_err());
        drop(client);
        target.stop().await;
    }
}

/// Answers a read as a server does that speaks frame by frame, and returns what the client makes of it.
async fn read_from(frames: &[(u8, u8, &[u8])]) -> (Result<usize, ErrorKind>, BlockPool) {
    let (near, far) = tokio::io::duplex(1 << 20);
    let pool = BlockPool::default();
    let connect = ConnectOptions::default().with_pool(pool.clone());
    let serve = async {
        let mut server = RawClient::accept(far).await;
        server.send(SETTINGS, 0, 0, &[]).await.unwrap();
        while server.polite_frame().await.unwrap().unwrap().kind != HEADERS {}
        // `:status: 200`, `content-type: application/grpc`.
        let head = b"\x88\0\x0ccontent-type\x10application/grpc";
        server.send(HEADERS, END_HEADERS, STREAM, head).await.unwrap();
        for (kind, flags, payload) in frames {
            if server.send(*kind, *flags, STREAM, payload).await.is_err() {
                break;
            }
        }
        while let Ok(Some(_)) = server.polite_frame().await {}
    };
    let read = async {
        let connection = Connection::over(near, &connect).await.unwrap();
        let (ctx, options) = (CallContext::new(), TransferOptions::default());
        let rows = connection.do_get(&ctx, &name("rows"), &options).await?.collect_batches().await?;
        Ok(rows.iter().map(RecordBatch::num_rows).sum())
    };
    let ((), rows) = futures::future::join(serve, read).await;
    (rows.map_err(|error: arrowlink_core::Error| error.kind()), pool)
}

/// The same, where nothing may be left at the client.
async fn check_answer(frames: &[(u8, u8, &[u8])], expected: Result<usize, ErrorKind>) {
    let (rows, pool) = read_from(frames).await;
    assert_eq!(rows, expected);
    assert_eq!(pool.usage().in_use_blocks, 0);
}

const WELL: (u8, u8, &[u8]) = (HEADERS, END_HEADERS | END_STREAM, b"\0\x0bgrpc-status\x010");

#[tokio::test(start_paused = true)]
async fn a_client_reads_frames_of_one_byte() {
    let answer = sent(DO_GET, &table(2, 3));
    let mut frames: Vec<_> = answer.chunks(1).map(|byte| (DATA, 0, byte)).collect();
    frames.push(WELL);
    check_answer(&frames, Ok(6)).await;
}

#[tokio::test(start_paused = true)]
async fn a_client_takes_no_part_of_an_answer_for_all_of_it() {
    let answer = sent(DO_GET, &table(2, 700));
    let part = &answer[..answer.len() - 100];
    let no_error = (RST_STREAM, 0, &[0; 4][..]);
    check_answer(&[(DATA, 0, part), WELL], Err(ErrorKind::Corrupt)).await;
    check_answer(&[(DATA, END_STREAM, part)], Err(ErrorKind::Corrupt)).await;
    check_answer(&[(DATA, END_STREAM, &answer)], Err(ErrorKind::Unavailable)).await;
    check_answer(&[(DATA, 0, part), no_error], Err(ErrorKind::Unavailable)).await;
    check_answer(&[(DATA, 0, &answer), no_error], Err(ErrorKind::Unavailable)).await;
}

#[tokio::test(start_paused = true)]
async fn a_client_refuses_what_is_no_answer() {
    let prefix = claimed(0, u32::MAX as usize, &[]);
    check_answer(&[(DATA, 0, &prefix)], Err(ErrorKind::LimitExceeded)).await;
    check_answer(&[(DATA, 0, &misplaced(1 << 20)), WELL], Err(ErrorKind::Corrupt)).await;
    check_answer(&[(DATA, 0, &misplaced(0)), WELL], Ok(8)).await;
    let flood = [(DATA, 0, &[][..]); 200];
    check_answer(&flood, Err(ErrorKind::Unavailable)).await;
}

const INVALID_ARGUMENT: u8 = 3;
const DEADLINE_EXCEEDED: u8 = 4;
const RESOURCE_EXHAUSTED: u8 = 8;
const INTERNAL: u8 = 13;
/// Error codes of HTTP/2.
const CANCEL: u32 = 8;
const ENHANCE_YOUR_CALM: u8 = 11;
