//! How Flight's calls end otherwise than well: errors, deadlines, uploads that are broken off, answers that are dropped.

use std::sync::Arc;
use std::time::Duration;

use arrow_array::RecordBatch;
use arrow_flight::Ticket;
use arrow_flight::flight_service_client::FlightServiceClient;
use arrowlink_core::{
    BatchStream, CallContext, Catalog, Chunk, DataServiceExt as _, Dataset, Description, Error, ErrorKind,
    NounKind, ReadOptions, Receipt, Result, WriteOptions,
};
use arrowlink_testkit::check_error;
use arrowlink_transport::{Drained, TransferOptions};
use bytes::Bytes;
use expect_test::expect;
use futures::future::{BoxFuture, FutureExt as _, ready};
use futures::{StreamExt as _, stream};
use http::Request;
use http_body::Frame;
use http_body_util::StreamBody;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tonic::Status;
use tonic::body::Body;

use crate::doing::Dropped;
use crate::flight_support::{Answer, DO_PUT, ends, flight_data, framed, path};
use crate::support::{catalog, front, name, stream_of, three_rows};

/// How a dataset goes on after one batch.
#[derive(Clone, Copy, Debug)]
enum Then {
    Fails,
    Waits,
}

/// A dataset of one batch and what comes then. Tells when a read or write of it is dropped.
struct Stuck(Then, Dropped);

impl Stuck {
    fn service(then: Then) -> (Arc<Catalog>, mpsc::UnboundedReceiver<()>) {
        let (dropped, was_dropped) = Dropped::new();
        (Arc::new(Catalog::new().with_dataset(name("stuck"), Arc::new(Self(then, dropped)))), was_dropped)
    }
}

impl std::fmt::Debug for Stuck {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Stuck").field(&self.0).finish()
    }
}

impl Dataset for Stuck {
    fn describe(&self, _ctx: CallContext) -> BoxFuture<'_, Result<Description>> {
        ready(Ok(Description::new(NounKind::Dataset, three_rows().schema()))).boxed()
    }

    fn read(&self, _ctx: CallContext, _options: ReadOptions) -> BoxFuture<'_, Result<BatchStream>> {
        let dropped = self.1.again();
        let first = stream::iter([Ok(Chunk::new(three_rows()))]);
        let then = match self.0 {
            Then::Fails => {
                stream::iter([Err(Error::new(ErrorKind::Corrupt, "`a.parquet` is damaged"))]).boxed()
            }
            Then::Waits => stream::pending().boxed(),
        };
        let chunks = first.chain(then).map(move |chunk| {
            let _held = &dropped;
            chunk
        });
        ready(Ok(BatchStream::new(three_rows().schema(), chunks))).boxed()
    }

    fn write(
        &self,
        _ctx: CallContext,
        mut batches: BatchStream,
        _options: WriteOptions,
    ) -> BoxFuture<'_, Result<Receipt>> {
        let dropped = self.1.again();
        async move {
            let _held = dropped;
            while let Some(chunk) = batches.next().await {
                chunk?;
            }
            std::future::pending().await
        }
        .boxed()
    }
}

fn options() -> TransferOptions {
    TransferOptions::default()
}

async fn first(rows: &mut BatchStream) -> RecordBatch {
    rows.next().await.unwrap().unwrap().batch
}

#[tokio::test]
async fn an_error_in_the_middle_comes_after_the_rows_before_it() {
    let (service, _) = Stuck::service(Then::Fails);
    let (server, connection) = ends(service).await;
    let mut rows = connection.do_get(&CallContext::new(), &name("stuck"), &options()).await.unwrap();
    assert_eq!(first(&mut rows).await, three_rows());
    let end = rows.next().await.unwrap();
    let error = check_error(end, ErrorKind::Corrupt, &["`a.parquet` is damaged"]);
    assert!(error.request_id().is_some());
    assert!(rows.next().await.is_none());
    drop((rows, connection));
    server.stop().await;
}

#[tokio::test]
async fn foreign_clients_get_a_status() {
    let (service, _) = Stuck::service(Then::Fails);
    let (server, connection) = ends(service).await;
    let mut client = FlightServiceClient::new(connection);
    let refused = client.do_get(Ticket::new("stcuk")).await.unwrap_err();
    expect!["NotFound: no dataset `stcuk`, did you mean `stuck`?"].assert_eq(&format!(
        "{:?}: {}",
        refused.code(),
        refused.message()
    ));
    let mut messages = client.do_get(Ticket::new("stuck")).await.unwrap().into_inner();
    for _ in 0..2 {
        messages.message().await.unwrap().unwrap();
    }
    let late = messages.message().await.unwrap_err();
    expect!["DataLoss: `a.parquet` is damaged"].assert_eq(&format!("{:?}: {}", late.code(), late.message()));
    drop((client, messages));
    server.stop().await;
}

#[tokio::test]
async fn dropping_a_read_ends_it_on_the_server() {
    let (service, mut was_dropped) = Stuck::service(Then::Waits);
    let (server, connection) = ends(service).await;
    for taken in [false, true] {
        let mut rows = connection.do_get(&CallContext::new(), &name("stuck"), &options()).await.unwrap();
        if taken {
            first(&mut rows).await;
        }
        drop(rows);
        was_dropped.recv().await.unwrap();
    }
    drop(connection);
    assert_eq!(server.stop().await, Drained::Complete);
}

#[tokio::test]
async fn dropping_an_upload_ends_it_on_the_server() {
    let (service, mut was_dropped) = Stuck::service(Then::Waits);
    let (server, connection) = ends(service).await;
    let (asked, mut was_asked) = mpsc::unbounded_channel();
    let last = stream::once(async move {
        asked.send(()).unwrap();
        std::future::pending().await
    });
    let input =
        BatchStream::new(three_rows().schema(), stream::iter([Ok(Chunk::new(three_rows()))]).chain(last));
    let (ctx, table, options) = (CallContext::new(), name("stuck"), options());
    tokio::select! {
        _ = connection.do_put(&ctx, &table, input, &options) => panic!("an endless upload ended"),
        _ = was_asked.recv() => {}
    }
    // The dataset may not have been asked yet, and then nothing was begun.
    drop(connection);
    assert_eq!(server.stop().await, Drained::Complete);
    while was_dropped.recv().await.is_some() {}
}

#[tokio::test]
async fn an_upload_whose_input_fails_is_cancelled_and_returns_that_error() {
    let service = catalog();
    let (server, connection) = ends(service.clone()).await;
    for before in 0..3 {
        let failure = Err(Error::new(ErrorKind::Corrupt, "`a.csv` is damaged"));
        let rows = std::iter::repeat_with(|| Ok(Chunk::new(three_rows()))).take(before);
        let chunks: Vec<Result<Chunk>> = rows.chain([failure]).collect();
        let input = BatchStream::new(three_rows().schema(), stream::iter(chunks));
        let put = connection.do_put(&CallContext::new(), &name("new"), input, &options()).await;
        check_error(put, ErrorKind::Corrupt, &["`a.csv` is damaged"]);
    }
    drop(connection);
    server.stop().await;
    assert_eq!(service.read_all(&name("new")).await.unwrap_err().kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn an_upload_that_breaks_off_anywhere_keeps_nothing() {
    let messages = flight_data(path("new"), &[three_rows(), three_rows()]);
    let bytes: Bytes = messages.iter().map(framed).collect::<Vec<_>>().concat().into();
    for end in 0..=bytes.len() {
        let service = catalog();
        let sent = [Ok(Frame::data(bytes.slice(..end))), Err(Status::cancelled("given up"))];
        let request = Request::post(DO_PUT).header("content-type", "application/grpc");
        let request = request.body(Body::new(StreamBody::new(stream::iter(sent)))).unwrap();
        let answer = Answer::of(&mut front(service.clone()), request).await;
        assert_eq!(answer.status.code(), tonic::Code::Cancelled, "{end} bytes: {}", answer.text());
        assert_eq!(service.read_all(&name("new")).await.unwrap_err().kind(), ErrorKind::NotFound);
    }
}

#[tokio::test(start_paused = true)]
async fn a_deadline_ends_a_call_at_any_point() {
    let (service, mut was_dropped) = Stuck::service(Then::Waits);
    let (server, connection) = ends(service).await;
    let within =
        |seconds| CallContext::new().with_deadline(Some(Instant::now() + Duration::from_secs(seconds)));
    let late = |result: Result<()>| check_error(result, ErrorKind::DeadlineExceeded, &[]);

    let mut rows = connection.do_get(&within(5), &name("stuck"), &options()).await.unwrap();
    first(&mut rows).await;
    late(rows.next().await.unwrap().map(drop));
    was_dropped.recv().await.unwrap();

    let put = connection.do_put(&within(5), &name("stuck"), stream_of(&three_rows()), &options()).await;
    late(put.map(drop));
    was_dropped.recv().await.unwrap();

    let silent = BatchStream::new(three_rows().schema(), stream::pending());
    let mut echo = connection.do_exchange(&within(5), &name("echo"), silent, &options()).await.unwrap();
    late(echo.next().await.unwrap().map(drop));

    late(connection.do_get(&within(0), &name("stuck"), &options()).await.map(drop));
    drop((rows, echo, connection));
    assert_eq!(server.stop().await, Drained::Complete);
}
