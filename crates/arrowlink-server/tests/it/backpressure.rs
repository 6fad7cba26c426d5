//! Readers that stop: what they hold of the server, and who waits for them.

use std::fmt::Write as _;
use std::sync::Arc;

use arrow_array::{ArrayRef, Int64Array, RecordBatch};
use arrowlink_core::{BatchStream, CallContext, ErrorKind};
use arrowlink_transport::TransferOptions;
use futures::StreamExt as _;

use crate::support::{Program, client, name, narrow_client};

#[tokio::test]
async fn many_readers_of_one_table_that_stop_hold_little_but_the_table() {
    let program = Program::start(&[]);
    let (ctx, table, options) = (CallContext::new(), name("table"), TransferOptions::default());
    let ids: ArrayRef = Arc::new(Int64Array::from_iter_values(0..BATCH_BYTES / 8));
    let batch = RecordBatch::try_from_iter([("id", ids)]).unwrap();
    let batches = BatchStream::from_batches(batch.schema(), vec![batch; 16]);
    client(program.port, &program.ca()).await.0.do_put(&ctx, &table, batches, &options).await.unwrap();
    let before = program.memory_bytes();
    assert!(before > 16 * BATCH_BYTES as u64, "the table is in memory: {before} bytes");

    let mut readers = Vec::new();
    for _ in 0..64 {
        let reader = narrow_client(program.port, &program.ca()).await;
        let mut rows = reader.0.do_get(&ctx, &table, &options).await.unwrap();
        rows.next().await.unwrap().unwrap();
        readers.push(rows);
    }
    // Two messages of each would be 512 MiB; they are the table itself.
    let held = program.peak_memory_bytes().saturating_sub(before);
    assert!(held < 64 << 20, "{held} bytes");
}

#[tokio::test]
async fn a_reader_of_a_file_that_stops_holds_its_place() {
    let dir = tempfile::tempdir().unwrap();
    let mut rows = "id\n".to_owned();
    for row in 0..500_000 {
        writeln!(rows, "{row}").unwrap();
    }
    std::fs::write(dir.path().join("rows.csv"), rows).unwrap();
    let limits = "[limits]\nmax_file_scans = 1\nmax_wait = '200ms'\n";
    std::fs::write(dir.path().join("arrowlink.toml"), limits).unwrap();
    let program = Program::start_in(dir, &["--dataset", "rows=rows.csv"]);

    let stopped = narrow_client(program.port, &program.ca()).await;
    let mut rows = stopped.read(CallContext::new(), Some(&name("rows"))).await.unwrap();
    rows.next().await.unwrap().unwrap();
    let other = client(program.port, &program.ca()).await;
    let error = other.read_all(&name("rows")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    assert!(error.message().contains("max_file_scans"), "{error}");
    // What is in memory needs no place.
    other.read_all(&name("default")).await.unwrap();

    drop(rows);
    program.line(&["GetArrowData", "name=rows", "status=\"CANCELLED\""]).await;
    let (_, batches) = other.read_all(&name("rows")).await.unwrap();
    assert_eq!(batches.iter().map(RecordBatch::num_rows).sum::<usize>(), 500_000);
}

const BATCH_BYTES: i64 = 4 << 20;
