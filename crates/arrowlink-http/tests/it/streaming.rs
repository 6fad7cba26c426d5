//! Rows leave before the last of them is there, by reference, and a cut answer does not look whole.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use arrow_array::{Array as _, ArrayRef, RecordBatch, StringViewArray, record_batch};
use arrow_schema::SchemaRef;
use arrowlink_core::{
    BatchStream, CallContext, Catalog, Chunk, Dataset, Description, Error, ErrorKind, MemoryDataset, Name,
    NounKind, ReadOptions, Result,
};
use arrowlink_http::HttpOptions;
use arrowlink_testkit::endless_row;
use arrowlink_transport::Rope;
use expect_test::expect;
use futures::future::BoxFuture;
use futures::{FutureExt as _, StreamExt as _, stream};
use http::Request;
use http_body_util::BodyExt as _;

use crate::support::{ask_of, refusal};

/// Counts the batches that were asked for, and ends as it is told.
#[derive(Debug)]
struct Slow {
    batch: RecordBatch,
    given: Arc<AtomicUsize>,
    fails_at: usize,
}

impl Dataset for Slow {
    fn describe(&self, _ctx: CallContext) -> BoxFuture<'_, Result<Description>> {
        std::future::ready(Ok(Description::new(NounKind::Dataset, self.batch.schema()))).boxed()
    }

    fn read(&self, _ctx: CallContext, _options: ReadOptions) -> BoxFuture<'_, Result<BatchStream>> {
        let (batch, given, fails_at) = (self.batch.clone(), Arc::clone(&self.given), self.fails_at);
        let chunks = stream::repeat_with(move || {
            let idx = given.fetch_add(1, Ordering::Relaxed);
            let error = || Error::new(ErrorKind::Corrupt, "the file ends early");
            if idx < fails_at { Ok(Chunk::new(batch.clone())) } else { Err(error()) }
        });
        let schema: SchemaRef = self.batch.schema();
        std::future::ready(Ok(BatchStream::new(schema, chunks))).boxed()
    }
}

async fn ask_slow(
    request: http::request::Builder,
    fails_at: usize,
    format: &str,
) -> (http::Response<arrowlink_transport::Body>, Arc<AtomicUsize>, RecordBatch) {
    let batch = record_batch!(("id", Int64, (0..20_000).collect::<Vec<i64>>())).unwrap();
    let given = Arc::new(AtomicUsize::new(0));
    let slow = Slow { batch: batch.clone(), given: Arc::clone(&given), fails_at };
    let catalog = Catalog::new().with_dataset(Name::new("slow").unwrap(), Arc::new(slow));
    let request = request.uri(format!("/v1/datasets/slow?format={format}"));
    (ask_of(Arc::new(catalog), HttpOptions::default(), request, "").await, given, batch)
}

#[tokio::test]
async fn asks_for_no_more_than_is_taken() {
    for format in ["arrow-stream", "arrow-file", "csv", "ndjson", "json"] {
        let (answer, given, _) = ask_slow(Request::builder(), usize::MAX, format).await;
        let mut body = answer.into_body();
        for _ in 0..3 {
            assert!(body.frame().await.unwrap().unwrap().is_data());
        }
        let asked = given.load(Ordering::Relaxed);
        assert!(asked <= 4, "{format}: {asked} batches for three pieces");
    }
}

#[tokio::test]
async fn a_head_alone_computes_no_rows() {
    for format in ["arrow-stream", "parquet", "csv"] {
        let (answer, given, _) = ask_slow(Request::head("/"), usize::MAX, format).await;
        assert_eq!((answer.status().as_u16(), given.load(Ordering::Relaxed)), (200, 0), "{format}");
        assert!(answer.headers().get("content-length").is_none(), "nobody knows how long it would be");
    }
}

#[tokio::test]
async fn sends_columns_by_reference() {
    let (answer, _, batch) = ask_slow(Request::builder(), usize::MAX, "arrow-stream").await;
    let frame: Rope = answer.into_body().frame().await.unwrap().unwrap().into_data().unwrap();
    let column = batch.column(0).to_data().buffers()[0].as_ptr();
    assert!(frame.segments().any(|segment| segment.as_ptr() == column), "a copy");
}

#[tokio::test]
async fn an_error_before_the_first_row_is_a_status() {
    let (answer, _, _) = ask_slow(Request::builder(), 0, "csv").await;
    assert_eq!(refusal(answer).await, "500 the file ends early");
}

#[tokio::test]
async fn an_error_after_rows_ends_the_body_with_an_error() {
    for format in ["arrow-stream", "csv", "json", "parquet"] {
        let (answer, _, _) = ask_slow(Request::builder(), 3, format).await;
        assert_eq!(answer.status(), 200);
        let frames: Vec<_> = answer.into_body().into_data_stream().collect().await;
        let (last, before) = frames.split_last().unwrap();
        assert_eq!(last.as_ref().unwrap_err().message(), "the file ends early", "{format}");
        assert!(before.iter().all(std::result::Result::is_ok));
    }
}

/// Answers while no blocking thread is free, and returns what comes of it before and after one is.
fn ask_while_blocked(batch: RecordBatch, path: &str) -> (bool, usize) {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_time().max_blocking_threads(1).build().unwrap();
    let dataset = MemoryDataset::new(batch.schema(), vec![batch]).unwrap();
    let catalog = Catalog::new().with_dataset(Name::new("texts").unwrap(), Arc::new(dataset));
    let (free, blocked) = std::sync::mpsc::channel::<()>();
    runtime.block_on(async {
        tokio::task::spawn_blocking(move || blocked.recv());
        let mut answer = Box::pin(ask_of(Arc::new(catalog), HttpOptions::default(), Request::get(path), ""));
        let early = futures::poll!(&mut answer);
        free.send(()).unwrap();
        let is_early = early.is_ready();
        let answer = match early {
            std::task::Poll::Ready(answer) => answer,
            std::task::Poll::Pending => answer.await,
        };
        assert_eq!(answer.status(), 200);
        (is_early, answer.into_body().collect().await.unwrap().to_bytes().len())
    })
}

#[test]
fn views_are_made_plain_apart_from_the_threads_that_serve() {
    let texts = vec!["a text of more than twelve bytes"; 1000];
    let views: ArrayRef = Arc::new(StringViewArray::from(texts.clone()));
    let views = RecordBatch::try_from_iter([("text", views)]).unwrap();
    let plain = record_batch!(("text", Utf8, texts)).unwrap();
    for (batch, format, is_early) in
        [(&views, "arrow-stream", false), (&views, "csv", false), (&plain, "arrow-stream", true)]
    {
        let path = format!("/v1/datasets/texts?format={format}");
        let (early, bytes) = ask_while_blocked(batch.clone(), &path);
        assert_eq!(early, is_early, "{format}");
        assert!(bytes > 32_000, "{format}: {bytes}");
    }
}

#[tokio::test]
async fn a_large_batch_goes_out_in_steps() {
    let batch = record_batch!(("id", Int64, (0..2_000_000).collect::<Vec<i64>>())).unwrap();
    let dataset = MemoryDataset::new(batch.schema(), vec![batch]).unwrap();
    let catalog = Arc::new(Catalog::new().with_dataset(Name::new("large").unwrap(), Arc::new(dataset)));
    for (format, most) in [("csv", 3 << 20), ("ndjson", 6 << 20), ("arrow-file", 3 << 20)] {
        let request = Request::get(format!("/v1/datasets/large?format={format}"));
        let answer = ask_of(catalog.clone(), HttpOptions::default(), request, "").await;
        let frames: Vec<Rope> = answer.into_body().into_data_stream().map(Result::unwrap).collect().await;
        let largest = frames.iter().map(Rope::len).max().unwrap();
        assert!(largest < most, "{format}: {largest}");
        assert!(frames.iter().map(Rope::len).sum::<usize>() > 12 << 20, "{format}");
    }
}

#[tokio::test]
async fn a_row_without_a_plain_form_says_how_it_is_read() {
    let row = endless_row();
    let dataset = MemoryDataset::new(row.schema(), vec![row]).unwrap();
    let catalog = Arc::new(Catalog::new().with_dataset(Name::new("endless").unwrap(), Arc::new(dataset)));
    let request = || Request::get("/v1/datasets/endless");
    let refused = refusal(ask_of(catalog.clone(), HttpOptions::default(), request(), "").await).await;
    expect!["413 a row has more text or runs than a plain column takes: ask for `arrow-stream` with the header `arrowlink-views: keep`"]
        .assert_eq(&refused);
    let request = request().header("arrowlink-views", "keep");
    assert_eq!(ask_of(catalog, HttpOptions::default(), request, "").await.status(), 200);
}
