//! Where received rows lie, when their memory comes back, and how much of it a hostile peer gets.

use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use arrow_array::{Array as _, ArrayRef, Float64Array, RecordBatch};
use arrowlink_core::{CallContext, Catalog, DataServiceExt as _, ErrorKind, MemoryDataset};
use arrowlink_ipc::{EncodeOptions, write_stream};
use arrowlink_testkit::front_with;
use arrowlink_transport::Body;
use arrowlink_transport::{
    AcceptOptions, BlockPool, ConnectOptions, Connection, Front, FrontOptions, TransferOptions,
};
use bytes::Bytes;
use futures::future::{BoxFuture, FutureExt as _};
use futures::{Stream, StreamExt as _, poll, stream};
use http::{Request, Response};
use http_body::Frame;
use http_body_util::StreamBody;
use hyper::body::Incoming;
use tokio::time::{Instant, sleep};
use tonic::{Code, Status};
use tower::{Service as _, service_fn};

use crate::support::{Server, catalog, front_options, name, stream_of};

type Answer = BoxFuture<'static, Result<Response<Body>, std::convert::Infallible>>;

/// Two columns of `rows` numbers.
fn numbers(rows: usize) -> RecordBatch {
    let column = |factor: f64| -> ArrayRef {
        Arc::new(Float64Array::from_iter_values((0..rows).map(|row| row as f64 * factor)))
    };
    RecordBatch::try_from_iter([("one", column(1.0)), ("half", column(0.5))]).unwrap()
}

/// A message whose payload is `batch`.
fn message(batch: &RecordBatch) -> Bytes {
    let segments = write_stream(&batch.schema(), [batch], &EncodeOptions::default()).unwrap();
    let payload: Vec<u8> = segments.iter().flat_map(|segment| segment.to_vec()).collect();
    let mut bytes = head(payload.len());
    bytes.extend(payload);
    bytes.into()
}

/// What stands before a payload of `payload_bytes`.
fn head(payload_bytes: usize) -> Vec<u8> {
    let mut field = vec![0x0a];
    prost::encoding::encode_varint(payload_bytes as u64, &mut field);
    let mut head = vec![0];
    head.extend(u32::try_from(field.len() + payload_bytes).unwrap().to_be_bytes());
    head.extend(field);
    head
}

fn options(pool: &BlockPool) -> FrontOptions {
    front_options().with_pool(pool.clone())
}

/// Uploads `frames` without a connection between.
fn upload(
    front: &mut Front,
    frames: impl Stream<Item = Result<Frame<Bytes>, Status>> + Send + 'static,
) -> Answer {
    let request = Request::post("/dataexchange.ArrowDataService/SendArrowData");
    let request = request.header("content-type", "application/grpc");
    front.call(request.body(StreamBody::new(frames.boxed())).unwrap())
}

/// A stream of `pieces`, each a frame.
fn frames(
    pieces: impl IntoIterator<Item = Bytes, IntoIter: Send + 'static>,
) -> impl Stream<Item = Result<Frame<Bytes>, Status>> + Send + 'static {
    stream::iter(pieces.into_iter().map(|piece| Ok(Frame::data(piece))))
}

async fn code(answer: Answer) -> Code {
    let headers = answer.await.unwrap().headers().clone();
    Status::from_header_map(&headers).map_or(Code::Ok, |status| status.code())
}

fn lies_in(pool: &BlockPool, batch: &RecordBatch) -> bool {
    batch.columns().iter().all(|column| {
        let data = column.to_data();
        data.buffers().iter().all(|buffer| pool.owns(buffer) && buffer.as_ptr().addr() % 64 == 0)
    })
}

#[tokio::test]
async fn rows_lie_aligned_in_the_block_they_came_in_at_both_ends() {
    let (uploads, answers) = (BlockPool::default(), BlockPool::default());
    let service = catalog();
    let front = front_with(service.clone(), options(&uploads));
    let (server, dialer) = Server::in_memory(front, AcceptOptions::default());
    let connect = ConnectOptions::default().with_pool(answers.clone());
    let connection = Connection::over(dialer.dial().await.unwrap(), &connect).await.unwrap();
    let (ctx, transfer, dataset) = (CallContext::new(), TransferOptions::default(), name("numbers"));

    let batch = numbers(50_000);
    connection.send_arrow_data(&ctx, Some(&dataset), stream_of(&batch), &transfer).await.unwrap();
    let (_, stored) = service.read_all(&dataset).await.unwrap();
    assert_eq!(stored, std::slice::from_ref(&batch));
    assert!(lies_in(&uploads, &stored[0]), "the upload was copied");
    assert_eq!(uploads.usage().in_use_blocks, 1);

    let rows = connection.get_arrow_data(&ctx, Some(&dataset), &transfer).await.unwrap();
    let back = rows.collect_batches().await.unwrap();
    assert_eq!(back, [batch]);
    assert!(lies_in(&answers, &back[0]), "the answer was copied");

    let column = back[0].column(1).slice(7, 1);
    drop(back);
    assert_eq!(answers.usage().in_use_blocks, 1, "one value keeps its block");
    drop(column);
    assert_eq!((answers.usage().in_use_blocks, answers.usage().idle_blocks), (0, 1));
    drop(connection);
    server.stop().await;
}

#[tokio::test]
async fn messages_of_a_size_share_few_blocks() {
    let pool = BlockPool::default();
    let batches = vec![numbers(10_000); 40];
    let dataset = MemoryDataset::new(batches[0].schema(), batches).unwrap();
    let service = Arc::new(Catalog::new().with_dataset(name("numbers"), Arc::new(dataset)));
    let front = front_with(service, front_options());
    let (server, dialer) = Server::in_memory(front, AcceptOptions::default());
    let connect = ConnectOptions::default().with_pool(pool.clone());
    let connection = Connection::over(dialer.dial().await.unwrap(), &connect).await.unwrap();
    let (ctx, transfer, dataset) = (CallContext::new(), TransferOptions::default(), name("numbers"));
    let mut rows = connection.get_arrow_data(&ctx, Some(&dataset), &transfer).await.unwrap();
    let mut read = 0;
    while let Some(chunk) = rows.next().await {
        read += chunk.unwrap().batch.num_rows();
    }
    assert_eq!(read, 400_000);
    let usage = pool.usage();
    assert_eq!(usage.in_use_blocks, 0);
    assert!(usage.idle_blocks <= 2, "{usage:?}");
    drop((rows, connection));
    server.stop().await;
}

#[tokio::test]
async fn an_upload_may_come_byte_by_byte() {
    let (pool, service) = (BlockPool::default(), catalog());
    let mut front = front_with(service.clone(), options(&pool));
    let batch = numbers(400);
    let bytes = message(&batch);
    let single = bytes.clone().into_iter().chain(bytes).flat_map(|byte| [vec![byte].into(), Bytes::new()]);
    assert_eq!(code(upload(&mut front, frames(single))).await, Code::Ok);
    let (_, stored) = service.read_all(&name("uploads")).await.unwrap();
    assert_eq!(stored, [batch.clone(), batch]);
    assert!(stored.iter().all(|batch| lies_in(&pool, batch)));
}

#[tokio::test]
async fn an_upload_that_ends_anywhere_leaves_no_block() {
    let pool = BlockPool::default();
    let mut front = front_with(catalog(), options(&pool));
    let bytes = message(&numbers(300));
    for end in 1..bytes.len() {
        let half = [bytes.slice(..end)];
        let mut running = upload(&mut front, frames(half.clone()).chain(stream::pending()));
        assert!(poll!(&mut running).is_pending());
        assert_eq!(pool.usage().in_use_blocks, usize::from(end >= 8), "after {end} bytes");
        drop(running);
        assert_eq!(pool.usage().in_use_blocks, 0, "dropped after {end} bytes");

        assert_eq!(code(upload(&mut front, frames(half.clone()))).await, Code::InvalidArgument);
        assert_eq!(pool.usage().in_use_blocks, 0, "ended after {end} bytes");

        let lost = stream::iter([Err(Status::cancelled("lost"))]);
        assert_eq!(code(upload(&mut front, frames(half).chain(lost))).await, Code::Cancelled);
        assert_eq!(pool.usage().in_use_blocks, 0, "lost after {end} bytes");
    }
}

/// Answers every call with the first bytes of a message and then with `rest`.
async fn answering(
    first: Bytes,
    rest: fn() -> stream::BoxStream<'static, Result<Frame<Bytes>, Status>>,
) -> (Server, Connection, BlockPool) {
    let service = service_fn(move |_request: Request<Incoming>| {
        let body = Body::new(StreamBody::new(frames([first.clone()]).chain(rest())));
        let response = Response::builder().header("content-type", "application/grpc").body(body).unwrap();
        std::future::ready(Ok::<_, std::convert::Infallible>(response))
    });
    let (server, dialer) = Server::in_memory(service, AcceptOptions::default());
    let pool = BlockPool::default();
    let options = ConnectOptions::default().with_pool(pool.clone());
    let connection = Connection::over(dialer.dial().await.unwrap(), &options).await.unwrap();
    (server, connection, pool)
}

#[tokio::test]
async fn an_answer_that_ends_anywhere_leaves_no_block() {
    let late = || {
        let status = [("grpc-status", "8"), ("grpc-message", "enough")];
        let trailers = status.map(|(key, value)| (key.parse().unwrap(), value.parse().unwrap()));
        stream::iter([Ok(Frame::trailers(trailers.into_iter().collect()))]).boxed()
    };
    let lost = || stream::iter([Err(Status::cancelled("lost"))]).boxed();
    let ends: [(fn() -> _, _); 3] = [
        (|| stream::empty().boxed(), ErrorKind::Corrupt),
        (late, ErrorKind::LimitExceeded),
        (lost, ErrorKind::Unavailable),
    ];
    let bytes = message(&numbers(300));
    for (rest, expected) in ends {
        for end in (1..bytes.len()).step_by(211).chain([5, 6, 7, 8, 9, bytes.len() - 1]) {
            let (server, connection, pool) = answering(bytes.slice(..end), rest).await;
            let (ctx, transfer) = (CallContext::new(), TransferOptions::default());
            let error = connection.get_arrow_data(&ctx, None, &transfer).await.unwrap_err();
            assert_eq!((error.kind(), pool.usage().in_use_blocks), (expected, 0), "after {end} bytes");
            drop(connection);
            server.stop().await;
        }
    }
}

#[tokio::test]
async fn an_answer_that_is_dropped_leaves_no_block() {
    let half = message(&numbers(300)).slice(..2000);
    let (server, connection, pool) = answering(half, || stream::pending().boxed()).await;
    let (ctx, transfer) = (CallContext::new(), TransferOptions::default());
    let arrives = async {
        while pool.usage().in_use_blocks == 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        answer = connection.get_arrow_data(&ctx, None, &transfer) => panic!("half of it: {answer:?}"),
        () = arrives => {}
    }
    assert_eq!(pool.usage().in_use_blocks, 0);
    drop(connection);
    server.stop().await;
}

#[tokio::test]
async fn what_is_no_message_takes_no_block() {
    let pool = BlockPool::default();
    let mut front = front_with(catalog(), options(&pool));
    let (compressed, mut past) = ([1, 0, 0x10, 0, 0, 0x0a], head(1 << 20));
    past[1..5].copy_from_slice(&1000_u32.to_be_bytes());
    past.extend([0; 1000]);
    let cases = [
        (vec![0, 0xff, 0xff, 0xff, 0xff], Code::ResourceExhausted),
        (compressed.to_vec(), Code::Internal),
        (past, Code::InvalidArgument),
    ];
    for (bytes, expected) in cases {
        // No end: an error does not wait for one.
        let endless = frames([Bytes::from(bytes)]).chain(stream::pending());
        assert_eq!(code(upload(&mut front, endless)).await, expected);
        assert_eq!((pool.usage().in_use_blocks, pool.usage().idle_blocks), (0, 0));
    }
}

#[tokio::test]
async fn claims_get_a_credit_and_no_more() {
    let pool = BlockPool::default();
    let mut front = front_with(catalog(), options(&pool));
    let claim = |payload_bytes| {
        let mut bytes = head(payload_bytes);
        bytes.extend([0; 10]);
        frames([Bytes::from(bytes)]).chain(stream::pending())
    };
    let mut running = Vec::new();
    for _ in 0..100 {
        let mut call = upload(&mut front, claim((256 << 20) - 100));
        assert!(poll!(&mut call).is_pending());
        running.push(call);
    }
    let usage = pool.usage();
    assert_eq!(usage.in_use_blocks, 100);
    assert!(usage.in_use_bytes <= (256 << 20) + 100 * (64 << 10), "{usage:?}");

    // The others still get through, and their rows are what was sent.
    let service = catalog();
    let mut other = front_with(service.clone(), options(&pool));
    let batch = numbers(100_000);
    let pieces: Vec<Bytes> = message(&batch).chunks(5000).map(Bytes::copy_from_slice).collect();
    assert_eq!(code(upload(&mut other, frames(pieces))).await, Code::Ok);
    let (_, stored) = service.read_all(&name("uploads")).await.unwrap();
    assert_eq!(stored, [batch]);
    assert!(lies_in(&pool, &stored[0]));

    drop((running, stored, service, other));
    assert_eq!(pool.usage().in_use_bytes, 0);
    let mut call = upload(&mut front, claim(50 << 20));
    assert!(poll!(&mut call).is_pending());
    let usage = pool.usage();
    assert_eq!((usage.in_use_blocks, usage.in_use_bytes), (1, 52 << 20), "the credit came back");
}

#[tokio::test]
async fn what_arrived_is_no_claim_any_more() {
    let pool = BlockPool::default();
    let mut front = front_with(catalog(), options(&pool));
    let mut running = Vec::new();
    for _ in 0..20 {
        let bytes = Bytes::from([head(20 << 20), vec![0; (20 << 20) - 1]].concat());
        let mut call = upload(&mut front, frames([bytes]).chain(stream::pending()));
        assert!(poll!(&mut call).is_pending());
        running.push(call);
    }
    // More than the credit in all, and yet each got its whole block at once.
    assert_eq!(pool.usage().in_use_bytes, 20 * (20 << 20));
    drop(running);
    assert_eq!(pool.usage().in_use_bytes, 0);
}

#[tokio::test(start_paused = true)]
async fn frames_without_bytes_are_no_progress() {
    let pool = BlockPool::default();
    let options = options(&pool).with_idle_timeout(Duration::from_secs(60));
    let mut front = front_with(catalog(), options);
    let empty = stream::repeat(()).take(1000).then(|()| async {
        sleep(Duration::from_secs(1)).await;
        Ok(Frame::data(Bytes::new()))
    });
    let began = Instant::now();
    let half = frames([message(&numbers(1000)).slice(..100)]);
    assert_eq!(code(upload(&mut front, half.chain(empty))).await, Code::DeadlineExceeded);
    assert!(began.elapsed() < Duration::from_secs(70));
    assert_eq!(pool.usage().in_use_blocks, 0);
}

#[tokio::test(start_paused = true)]
async fn a_byte_now_and_then_is_progress() {
    let options = front_options().with_idle_timeout(Duration::from_secs(60));
    let mut front = front_with(catalog(), options);
    let bytes = message(&numbers(1));
    let slow = frames(bytes.into_iter().map(|byte| vec![byte].into())).then(|frame| async {
        sleep(Duration::from_secs(59)).await;
        frame
    });
    assert_eq!(code(upload(&mut front, slow)).await, Code::Ok);
}

#[tokio::test]
async fn frames_without_bytes_keep_nobody_from_their_turn() {
    let mut front = front_with(catalog(), front_options());
    let flood = stream::repeat_with(|| Ok(Frame::data(Bytes::new())));
    let mut call = upload(&mut front, flood);
    for _ in 0..3 {
        assert!(matches!(poll!(&mut call), Poll::Pending));
        tokio::task::yield_now().await;
    }
    assert!(call.now_or_never().is_none());
}
