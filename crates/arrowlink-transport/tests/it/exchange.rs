//! Functions over an exchange: who speaks when, and what ends it.

use std::sync::Arc;

use arrow_array::{RecordBatch, record_batch};
use arrowlink_core::{BatchStream, CallContext, Catalog, Chunk, Error, ErrorKind, Result};
use arrowlink_testkit::check_error;
use arrowlink_transport::{Connection, Drained, TransferOptions};
use futures::future::{FutureExt as _, ready};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use tokio::sync::mpsc;

use crate::doing::{Doing, Dropped};
use crate::flight_support::ends;
use crate::support::{Server, name, stream_of, three_rows};

/// A server of the function `do`.
async fn doing(function: Doing) -> (Server, Connection) {
    ends(Arc::new(Catalog::new().with_function(name("do"), Arc::new(function)))).await
}

async fn exchange(connection: &Connection, function: &str, input: BatchStream) -> Result<BatchStream> {
    connection.do_exchange(&CallContext::new(), &name(function), input, &TransferOptions::default()).await
}

fn number(id: i64) -> RecordBatch {
    record_batch!(("id", Int64, [id])).unwrap()
}

/// Batches that are sent when they are put into the channel.
fn fed() -> (mpsc::UnboundedSender<Result<Chunk>>, BatchStream) {
    let (tx, rx) = mpsc::unbounded_channel();
    let chunks = stream::unfold(rx, |mut rx| async move { rx.recv().await.map(|chunk| (chunk, rx)) });
    (tx, BatchStream::new(number(0).schema(), chunks))
}

/// Batches that never end; tells when they are dropped.
fn endless(dropped: Dropped) -> BatchStream {
    let numbers = stream::iter(0..3).map(|id| Ok(Chunk::new(number(id)))).chain(stream::pending());
    let chunks = numbers.map(move |chunk| {
        let _held = &dropped;
        chunk
    });
    BatchStream::new(number(0).schema(), chunks)
}

async fn next(answer: &mut BatchStream) -> RecordBatch {
    answer.next().await.unwrap().unwrap().batch
}

#[tokio::test]
async fn each_batch_is_answered_before_the_next_is_sent() {
    let (server, connection) = ends(Arc::new(Catalog::new())).await;
    let (tx, input) = fed();
    let mut echo = exchange(&connection, "echo", input).await.unwrap();
    for id in 0..100 {
        tx.send(Ok(Chunk::new(number(id)))).unwrap();
        assert_eq!(next(&mut echo).await, number(id));
    }
    drop(tx);
    assert!(echo.next().await.is_none());
    drop((echo, connection));
    assert_eq!(server.stop().await, Drained::Complete);
}

#[tokio::test]
async fn many_exchanges_share_a_connection() {
    let (server, connection) = ends(Arc::new(Catalog::new())).await;
    let mut open = Vec::new();
    for _ in 0..50 {
        let (tx, input) = fed();
        open.push((tx, exchange(&connection, "echo", input).await.unwrap()));
    }
    for id in 0..5 {
        for (tx, echo) in &mut open {
            tx.send(Ok(Chunk::new(number(id)))).unwrap();
            assert_eq!(next(echo).await, number(id));
        }
    }
    drop((open, connection));
    assert_eq!(server.stop().await, Drained::Complete);
}

#[tokio::test]
async fn a_function_answers_in_a_schema_of_its_own() {
    let function = Doing::new(|input| {
        let schema = three_rows().schema();
        ready(Ok(input.map_chunks(schema, |chunks| chunks.map_ok(|_| Chunk::new(three_rows()))))).boxed()
    });
    let (server, connection) = doing(function).await;
    let answer = exchange(&connection, "do", stream_of(&number(1))).await.unwrap();
    assert_eq!(answer.schema(), &three_rows().schema());
    assert_eq!(answer.collect_batches().await.unwrap(), [three_rows()]);
    drop(connection);
    server.stop().await;
}

#[tokio::test]
async fn a_function_may_end_before_its_input() {
    let function = Doing::new(|input| {
        let schema = Arc::clone(input.schema());
        ready(Ok(input.map_chunks(schema, |chunks| chunks.take(2)))).boxed()
    });
    let (server, connection) = doing(function).await;
    let (dropped, mut was_dropped) = Dropped::new();
    let answer = exchange(&connection, "do", endless(dropped)).await.unwrap();
    assert_eq!(answer.collect_batches().await.unwrap(), [number(0), number(1)]);
    was_dropped.recv().await.unwrap();
    drop(connection);
    assert_eq!(server.stop().await, Drained::Complete);
}

#[tokio::test]
async fn a_function_that_fails_in_the_middle_is_heard_after_what_it_said() {
    let function = Doing::new(|input| {
        let schema = Arc::clone(input.schema());
        let failure = || Err(Error::new(ErrorKind::FunctionFailed, "`do` divided by zero"));
        let fails = move |chunks: stream::BoxStream<'static, Result<Chunk>>| {
            chunks.take(2).chain(stream::once(async move { failure() }))
        };
        ready(Ok(input.map_chunks(schema, fails))).boxed()
    });
    let (server, connection) = doing(function).await;
    let (dropped, mut was_dropped) = Dropped::new();
    let mut answer = exchange(&connection, "do", endless(dropped)).await.unwrap();
    assert_eq!([next(&mut answer).await, next(&mut answer).await], [number(0), number(1)]);
    let end = answer.next().await.unwrap();
    let error = check_error(end, ErrorKind::FunctionFailed, &["`do` divided by zero"]);
    assert!(error.request_id().is_some());
    assert!(answer.next().await.is_none());
    drop(answer);
    was_dropped.recv().await.unwrap();
    drop(connection);
    assert_eq!(server.stop().await, Drained::Complete);
}

#[tokio::test]
async fn a_function_that_refuses_is_heard_while_its_input_goes_on() {
    let function = Doing::new(|_| {
        let refusal = Error::new(ErrorKind::InvalidArgument, "`do` takes two columns");
        ready(Err(refusal)).boxed()
    });
    let (server, connection) = doing(function).await;
    let (dropped, mut was_dropped) = Dropped::new();
    let refused = exchange(&connection, "do", endless(dropped)).await;
    check_error(refused, ErrorKind::InvalidArgument, &["`do` takes two columns"]);
    was_dropped.recv().await.unwrap();
    drop(connection);
    assert_eq!(server.stop().await, Drained::Complete);
}

/// A function that answers as long as it is asked to, and what tells that it was dropped.
fn watched() -> (Doing, mpsc::UnboundedReceiver<()>) {
    let (dropped, was_dropped) = Dropped::new();
    let dropped = Arc::new(dropped);
    let function = Doing::new(move |input| {
        let (schema, dropped) = (Arc::clone(input.schema()), Arc::clone(&dropped).again());
        let held = |chunks: stream::BoxStream<'static, Result<Chunk>>| {
            chunks.map(move |chunk| {
                let _held = &dropped;
                chunk
            })
        };
        ready(Ok(input.map_chunks(schema, held))).boxed()
    });
    (function, was_dropped)
}

#[tokio::test]
async fn dropping_the_answer_ends_input_and_function() {
    let (function, mut function_dropped) = watched();
    let (server, connection) = doing(function).await;
    for taken in 0..4 {
        let (dropped, mut was_dropped) = Dropped::new();
        let mut answer = exchange(&connection, "do", endless(dropped)).await.unwrap();
        for id in 0..taken {
            assert_eq!(next(&mut answer).await, number(id));
        }
        drop(answer);
        was_dropped.recv().await.unwrap();
        function_dropped.recv().await.unwrap();
    }
    drop(connection);
    assert_eq!(server.stop().await, Drained::Complete);
}

#[tokio::test]
async fn dropping_the_call_before_it_is_answered_ends_input_and_function() {
    let (function_dropped, mut function_was_dropped) = Dropped::new();
    let (began, mut has_begun) = mpsc::unbounded_channel();
    let function_dropped = Arc::new(function_dropped);
    let function = Doing::new(move |input| {
        let (dropped, began) = (Arc::clone(&function_dropped).again(), began.clone());
        async move {
            let _held = (input, dropped);
            began.send(()).unwrap();
            std::future::pending().await
        }
        .boxed()
    });
    let (server, connection) = doing(function).await;
    let (dropped, mut was_dropped) = Dropped::new();
    tokio::select! {
        _ = exchange(&connection, "do", endless(dropped)) => panic!("a function that does nothing answered"),
        _ = has_begun.recv() => {}
    }
    was_dropped.recv().await.unwrap();
    function_was_dropped.recv().await.unwrap();
    drop(connection);
    assert_eq!(server.stop().await, Drained::Complete);
}

#[tokio::test]
async fn an_input_that_fails_is_what_the_exchange_ends_with() {
    let failure = || Err(Error::new(ErrorKind::Corrupt, "`a.csv` is damaged"));
    for before in 0..3 {
        let (function, mut function_dropped) = watched();
        let (server, connection) = doing(function).await;
        let (tx, input) = fed();
        let mut answer = exchange(&connection, "do", input).await.unwrap();
        for id in 0..before {
            tx.send(Ok(Chunk::new(number(id)))).unwrap();
            assert_eq!(next(&mut answer).await, number(id));
        }
        tx.send(failure()).unwrap();
        check_error(answer.next().await.unwrap(), ErrorKind::Corrupt, &["`a.csv` is damaged"]);
        assert!(answer.next().await.is_none());
        function_dropped.recv().await.unwrap();
        drop((answer, connection));
        assert_eq!(server.stop().await, Drained::Complete);
    }
}

#[tokio::test]
async fn an_input_that_fails_before_the_answer_begins_is_what_the_call_ends_with() {
    let function = Doing::new(|mut input| {
        async move {
            while let Some(chunk) = input.next().await {
                chunk?;
            }
            Ok(input)
        }
        .boxed()
    });
    let (server, connection) = doing(function).await;
    let chunks = [Ok(Chunk::new(number(1))), Err(Error::new(ErrorKind::Corrupt, "`a.csv` is damaged"))];
    let input = BatchStream::new(number(1).schema(), stream::iter(chunks));
    check_error(exchange(&connection, "do", input).await, ErrorKind::Corrupt, &["`a.csv` is damaged"]);
    drop(connection);
    assert_eq!(server.stop().await, Drained::Complete);
}
