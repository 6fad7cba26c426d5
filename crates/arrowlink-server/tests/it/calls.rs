//! Reads and writes through the whole server: names, defaults, files, uploads, their limits.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::{RecordBatch, record_batch};
use arrowlink_core::{CallContext, ErrorKind};
use arrowlink_server::{Config, DatasetConfig, Limits, Server};
use arrowlink_transport::{Http2Options, Listener};
use futures::StreamExt as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::flight_client::FlightClient;
use crate::support::{Program, Running, client, name, until};

fn rows(batches: &[RecordBatch]) -> usize {
    batches.iter().map(RecordBatch::num_rows).sum()
}

fn demo(rows: u64) -> Config {
    Config::default().with_dataset(DatasetConfig::new(name("readings"), &format!("demo://?rows={rows}")))
}

#[tokio::test]
async fn reads_a_dataset_by_its_name() {
    let server = Running::build(demo(100_000)).await;
    let (schema, batches) = server.client().await.read_all(&name("readings")).await.unwrap();
    assert_eq!(rows(&batches), 100_000);
    assert_eq!(schema.field(0).name(), "id");
    server.stop().await;
}

#[tokio::test]
async fn announces_the_sizes_of_its_configuration() {
    let http2 = Http2Options::for_server().with_windows(70_001, 200_001).with_max_frame_bytes(20_001);
    let server = Server::build(Config::default().with_insecure(true).with_http2(http2)).await.unwrap();
    let (listener, dialer) = Listener::in_memory();
    let asking = async {
        let mut stream = dialer.dial().await.unwrap();
        stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").await.unwrap();
        let mut head = [0; 9];
        stream.read_exact(&mut head).await.unwrap();
        let mut settings = vec![0; usize::from(u16::from_be_bytes([head[1], head[2]]))];
        stream.read_exact(&mut settings).await.unwrap();
        settings
    };
    let (tx, rx) = tokio::sync::oneshot::channel();
    let served = server.serve(vec![listener], async { tx.send(asking.await).unwrap() });
    served.await.unwrap();
    let settings: Vec<_> = rx.await.unwrap();
    // Entries of a number, INITIAL_WINDOW_SIZE (4) and MAX_FRAME_SIZE (5), and a value.
    for (number, value) in [(4_u16, 70_001_u32), (5, 20_001)] {
        let entry = [&number.to_be_bytes()[..], &value.to_be_bytes()].concat();
        assert!(settings.chunks(6).any(|other| other == entry), "{number}: {settings:?}");
    }
}

#[tokio::test]
async fn offers_near_names_for_an_unknown_one() {
    let server = Running::build(demo(1)).await;
    let error = server.client().await.read_all(&name("reading")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert_eq!(error.message(), "no dataset `reading`, did you mean `readings`?");
}

#[tokio::test]
async fn keeps_uploads_in_memory_and_says_so() {
    let server = Running::build(Config::default()).await;
    let client = server.client().await;
    let batch = record_batch!(("id", Int64, [1, 2])).unwrap();
    let receipt = client.append(&name("uploads"), vec![batch.clone()]).await.unwrap();
    assert_eq!((receipt.rows, receipt.durability.to_string().as_str()), (2, "in memory"));
    assert_eq!(client.read_all(&name("uploads")).await.unwrap().1, [batch]);
}

#[tokio::test]
async fn refuses_an_upload_past_the_limit_and_names_the_setting() {
    let limits = Limits::default().with_max_memory_uploads(100_000);
    let server = Running::build(Config::default().with_limits(limits)).await;
    let client = server.client().await;
    let column = Arc::new(arrow_array::Int64Array::from_iter_values(0..50_000)) as _;
    let batch = RecordBatch::try_from_iter([("id", column)]).unwrap();
    let error = client.append(&name("uploads"), vec![batch]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LimitExceeded);
    assert!(error.message().contains("`limits.max_memory_uploads`"), "{error}");
    assert_eq!(client.read_all(&name("uploads")).await.unwrap_err().kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn refuses_an_upload_that_fills_the_data_folder_and_goes_on() {
    let data = tempfile::tempdir().unwrap();
    let limits = Limits::default().with_max_data_dir(100_000);
    let server = Running::build(Config::default().with_data_dir(data.path()).with_limits(limits)).await;
    let client = server.client().await;
    let column = Arc::new(arrow_array::Int64Array::from_iter_values(0..50_000)) as _;
    let large = RecordBatch::try_from_iter([("id", column)]).unwrap();
    let error = client.append(&name("large"), vec![large]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LimitExceeded);
    let small = record_batch!(("id", Int64, [1])).unwrap();
    client.append(&name("small"), vec![small]).await.unwrap();
}

#[tokio::test]
async fn says_that_the_disk_is_full_and_goes_on() {
    let program = Program::start_on_a_small_disk(&["--data-dir", "data"]);
    let client = client(program.port, &program.ca()).await;
    let column = Arc::new(arrow_array::Int64Array::from_iter_values(0..50_000)) as _;
    let large = RecordBatch::try_from_iter([("id", column)]).unwrap();
    let error = client.append(&name("large"), vec![large]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LimitExceeded, "{error}");
    assert!(error.message().contains("make room on the disk"), "{error}");
    assert_eq!(client.read_all(&name("large")).await.unwrap_err().kind(), ErrorKind::NotFound);

    let small = record_batch!(("id", Int64, [1])).unwrap();
    let receipt = client.append(&name("small"), vec![small]).await.unwrap();
    assert_eq!(receipt.durability.to_string(), "durable");
}

/// How many files queries have in the folder `spill`; each server keeps a lock in its own.
fn spilled(program: &Program) -> usize {
    fn files(folder: &Path) -> usize {
        let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let count =
            |path: PathBuf| if path.is_dir() { files(&path) } else { usize::from(!path.ends_with("lock")) };
        entries.map(count).sum()
    }
    files(&program.dir.path().join("spill"))
}

#[tokio::test]
async fn a_query_says_that_the_disk_is_full_and_leaves_nothing_on_it() {
    let dir = tempfile::tempdir().unwrap();
    let file = "[query]\nmemory = '16 MiB'\nspill_dir = 'spill'\n";
    std::fs::write(dir.path().join("arrowlink.toml"), file).unwrap();
    let program = Program::start_on_a_small_disk_in(dir, &["--config", "arrowlink.toml"]);
    let mut client = FlightClient::over(client(program.port, &program.ca()).await);
    let sort = "select max(n) from (select row_number() over (order by md5(cast(value as varchar))) as n \
                from generate_series(1, 200000))";
    let error = client.query(sort).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LimitExceeded, "{}", error.chain());
    assert!(error.message().starts_with("the disk is full where queries keep"), "{error}");
    until(|| (spilled(&program) == 0).then_some(())).await;
    assert_eq!(client.query("select 7").await.unwrap()[0].num_rows(), 1);
}

#[tokio::test]
async fn refuses_every_write_where_it_is_read_only() {
    let server = Running::build(demo(1).with_read_only(true)).await;
    let batch = record_batch!(("id", Int64, [1])).unwrap();
    let error = server.client().await.append(&name("new"), vec![batch]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ReadOnly);
    assert!(error.message().contains("`server.read_only`"), "{error}");
}

#[tokio::test]
async fn serves_a_file_and_refuses_to_write_to_it() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("trips.csv");
    std::fs::write(&path, "id,city\n1,Oslo\n2,Lima\n").unwrap();
    for pin in [false, true] {
        let trips = DatasetConfig::new(name("trips"), path.to_str().unwrap()).with_pin(pin);
        let server = Running::build(Config::default().with_dataset(trips)).await;
        let client = server.client().await;
        let (_, batches) = client.read_all(&name("trips")).await.unwrap();
        assert_eq!(rows(&batches), 2);
        let error = client.append(&name("trips"), batches).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ReadOnly, "{error}");
        assert!(error.message().contains("trips.csv"), "{error}");
    }
}

#[tokio::test]
async fn serves_the_others_where_a_file_is_corrupt() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("bad.parquet"), "PAR1 this is none").unwrap();
    std::fs::write(dir.path().join("good.csv"), "id\n1\n").unwrap();
    let program = Program::start_in(
        dir,
        &[
            "--dataset",
            "bad=bad.parquet",
            "--dataset",
            "worse=bad.parquet",
            "--pin",
            "worse",
            "--dataset",
            "good=good.csv",
        ],
    );
    let client = client(program.port, &program.ca()).await;
    assert_eq!(rows(&client.read_all(&name("good")).await.unwrap().1), 1);
    for broken in ["bad", "worse"] {
        let error = client.read_all(&name(broken)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Corrupt, "{error}");
        assert!(error.message().contains("bad.parquet"), "{error}");
        program.line(&["WARN", "dataset cannot be read", broken]).await;
    }
}

#[tokio::test]
async fn reads_the_configured_default_where_no_name_is_given() {
    let program = Program::start(&["--dataset", "readings=demo://?rows=7", "--default", "readings"]);
    let client = client(program.port, &program.ca()).await;
    let unnamed = client.read(CallContext::new(), None).await.unwrap();
    assert_eq!(rows(&unnamed.collect_batches().await.unwrap()), 7);
}

#[tokio::test]
async fn holds_little_for_a_client_that_does_not_read() {
    let program = Program::start(&["--dataset", "big=demo://?rows=50000000"]);
    let client = client(program.port, &program.ca()).await;
    let mut stalled = Vec::new();
    for _ in 0..4 {
        let mut read = client.read(CallContext::new(), Some(&name("big"))).await.unwrap();
        read.next().await.unwrap().unwrap();
        stalled.push(read);
    }
    // Others are served meanwhile, and nothing has been read ahead for those that wait.
    assert_eq!(rows(&client.read_all(&name("default")).await.unwrap().1), 1);
    let peak = program.peak_memory_bytes();
    assert!(peak < 300 << 20, "{peak} bytes");
}
