//! A program that is killed and started again, while a client reads from it.

use std::sync::Arc;
use std::time::Duration;

use arrow_array::cast::AsArray as _;
use arrow_array::types::Int64Type;
use arrow_array::{ArrayRef, Int64Array, RecordBatch};
use arrowlink_client::{Client, ClientOptions, Http2Options, RetryOptions};
use arrowlink_core::{CallContext, DataService as _, DataServiceExt as _, ReadOptions, Target};
use futures::StreamExt as _;

use crate::support::{Program, name};

/// Makes 200 batches that count to a million.
fn numbers() -> Vec<RecordBatch> {
    let batch = |at: i64| {
        let values = Int64Array::from_iter_values(at * 5_000..(at + 1) * 5_000);
        RecordBatch::try_from_iter([("id", Arc::new(values) as ArrayRef)]).unwrap()
    };
    (0..200).map(batch).collect()
}

#[tokio::test]
async fn read_goes_on_after_the_program_was_killed_and_started_again() {
    let kept = tempfile::tempdir().unwrap();
    let folder = |part: &str| kept.path().join(part).display().to_string();
    let (data, certs) = (folder("data"), folder("certs"));
    let arguments = ["--data-dir", &data, "--tls-dir", &certs];
    let program = Program::start(&arguments);
    let options = ClientOptions::default()
        .with_ca_file(kept.path().join("certs/ca.crt"))
        .with_http2(Http2Options::for_client().with_windows(65_535, 65_535))
        .with_retry(
            RetryOptions::default()
                .with_repetitions(1_000)
                .with_waits(Duration::from_millis(20), Duration::from_millis(20)),
        );
    let client = Client::connect(&format!("https://localhost:{}", program.port), options).await.unwrap();
    let batches = numbers();
    client.append(&name("numbers"), batches[0].schema(), batches).await.unwrap();

    let target = Target::Name(name("numbers"));
    let mut rows = client.read(CallContext::new(), target, ReadOptions::default()).await.unwrap();
    let mut read = vec![rows.next().await.unwrap().unwrap().into_batch()];
    let addr = format!("127.0.0.1:{}", program.port);
    // Dropped, it is killed.
    drop(program);
    let _again = Program::start(&[&arguments[..], &["--listen", &addr]].concat());
    read.extend(rows.collect_batches().await.unwrap());
    let values = read.iter().flat_map(|batch| batch.column(0).as_primitive::<Int64Type>().values().to_vec());
    assert!(values.eq(0..1_000_000));
}
