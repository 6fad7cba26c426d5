//! Rows leave before the last of them is there, by reference, and a cut answer does not look whole.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use arrow_array::{Array as _, RecordBatch, record_batch};
use arrow_schema::SchemaRef;
use arrowlink_core::{
    BatchStream, CallContext, Catalog, Chunk, Dataset, Description, Error, ErrorKind, Name, NounKind,
    ReadOptions, Result,
};
use arrowlink_http::HttpOptions;
use arrowlink_transport::Rope;
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
    fails_at: usize,
    format: &str,
) -> (http::Response<arrowlink_transport::Body>, Arc<AtomicUsize>, RecordBatch) {
    let batch = record_batch!(("id", Int64, (0..20_000).collect::<Vec<i64>>())).unwrap();
    let given = Arc::new(AtomicUsize::new(0));
    let slow = Slow { batch: batch.clone(), given: Arc::clone(&given), fails_at };
    let catalog = Catalog::new().with_dataset(Name::new("slow").unwrap(), Arc::new(slow));
    let request = Request::get(format!("/v1/datasets/slow?format={format}"));
    (ask_of(Arc::new(catalog), HttpOptions::default(), request, "").await, given, batch)
}

#[tokio::test]
async fn asks_for_no_more_than_is_taken() {
    for format in ["arrow-stream", "arrow-file", "csv", "ndjson", "json"] {
        let (answer, given, _) = ask_slow(usize::MAX, format).await;
        let mut body = answer.into_body();
        for _ in 0..3 {
            assert!(body.frame().await.unwrap().unwrap().is_data());
        }
        let asked = given.load(Ordering::Relaxed);
        assert!(asked <= 4, "{format}: {asked} batches for three pieces");
    }
}

#[tokio::test]
async fn sends_columns_by_reference() {
    let (answer, _, batch) = ask_slow(usize::MAX, "arrow-stream").await;
    let frame: Rope = answer.into_body().frame().await.unwrap().unwrap().into_data().unwrap();
    let column = batch.column(0).to_data().buffers()[0].as_ptr();
    assert!(frame.segments().any(|segment| segment.as_ptr() == column), "a copy");
}

#[tokio::test]
async fn an_error_before_the_first_row_is_a_status() {
    let (answer, _, _) = ask_slow(0, "csv").await;
    assert_eq!(refusal(answer).await, "500 the file ends early");
}

#[tokio::test]
async fn an_error_after_rows_ends_the_body_with_an_error() {
    for format in ["arrow-stream", "csv", "json", "parquet"] {
        let (answer, _, _) = ask_slow(3, format).await;
        assert_eq!(answer.status(), 200);
        let frames: Vec<_> = answer.into_body().into_data_stream().collect().await;
        let (last, before) = frames.split_last().unwrap();
        assert_eq!(last.as_ref().unwrap_err().message(), "the file ends early", "{format}");
        assert!(before.iter().all(std::result::Result::is_ok));
    }
}
