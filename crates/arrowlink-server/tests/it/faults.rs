//! What goes wrong with one call or one connection leaves the others alone.

use std::sync::Arc;
use std::time::Duration;

use arrow_array::record_batch;
use arrow_ipc::writer::StreamWriter;
use arrow_schema::SchemaRef;
use arrowlink_core::{
    BatchStream, CallContext, Catalog, Chunk, Dataset, Description, Error, ErrorKind, MemoryStore, NounKind,
    ReadOptions, Receipt, Result, WriteOptions, default_dataset,
};
use arrowlink_proto::dataexchange::ArrowData;
use arrowlink_proto::dataexchange::arrow_data_service_client::ArrowDataServiceClient;
use arrowlink_server::{Config, Limits};
use arrowlink_transport::status::from_status;
use arrowlink_transport::{ConnectOptions, Connection, Plaintext};
use futures::future::{BoxFuture, FutureExt as _, ready};
use futures::{StreamExt as _, stream};

use crate::support::{Program, Running, client, name, try_client};

/// A dataset that panics: at once, or in the middle of its rows.
#[derive(Debug)]
enum Panics {
    AtOnce,
    InTheMiddle,
}

fn schema() -> SchemaRef {
    record_batch!(("id", Int64, [1])).unwrap().schema()
}

impl Dataset for Panics {
    fn describe(&self, _ctx: CallContext) -> BoxFuture<'_, Result<Description>> {
        ready(Ok(Description::new(NounKind::Dataset, schema()))).boxed()
    }

    fn read(&self, _ctx: CallContext, _options: ReadOptions) -> BoxFuture<'_, Result<BatchStream>> {
        match self {
            Self::AtOnce => panic!("at once"),
            Self::InTheMiddle => {
                let first = record_batch!(("id", Int64, [1])).unwrap();
                let chunks = [Some(first), None].map(|batch| Ok(Chunk::new(batch.clone().unwrap())));
                ready(Ok(BatchStream::new(schema(), stream::iter(chunks)))).boxed()
            }
        }
    }

    fn write(
        &self,
        _ctx: CallContext,
        _batches: BatchStream,
        _options: WriteOptions,
    ) -> BoxFuture<'_, Result<Receipt>> {
        panic!("in a write")
    }
}

async fn panicking() -> Running {
    let catalog = Catalog::new()
        .with_dataset(name("default"), Arc::new(default_dataset()))
        .with_dataset(name("at_once"), Arc::new(Panics::AtOnce))
        .with_dataset(name("in_the_middle"), Arc::new(Panics::InTheMiddle));
    Running::with_service(Config::default(), Arc::new(catalog)).await
}

#[tokio::test]
async fn answers_internal_for_a_panic_and_goes_on() {
    let server = panicking().await;
    let client = server.client().await;
    for dataset in ["at_once", "in_the_middle"] {
        let error = client.read_all(&name(dataset)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Internal);
        let id = error.request_id().unwrap().to_owned();
        assert!(error.message().contains(&id), "{error}");
    }
    let batch = record_batch!(("id", Int64, [1])).unwrap();
    let error = client.append(&name("at_once"), vec![batch]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Internal);
    client.read_all(&name("default")).await.unwrap();
}

#[tokio::test]
async fn logs_a_client_that_speaks_plaintext() {
    let program = Program::start(&[]);
    let plain = ConnectOptions::default().with_plaintext(Plaintext::Loopback);
    let connected = Connection::connect(&format!("http://127.0.0.1:{}", program.port), &plain).await;
    drop(connected);
    program.line(&["tls handshake failed", "peer=127.0.0.1:"]).await;
    client(program.port, &program.ca()).await.read_all(&name("default")).await.unwrap();
}

#[tokio::test]
async fn serves_plaintext_on_loopback_where_that_was_asked_for() {
    let program = Program::start(&["--insecure"]);
    assert!(program.stderr().contains("in plaintext"));
    assert!(!program.ca().exists());
}

#[tokio::test]
async fn keeps_nothing_of_an_upload_whose_client_goes_away() {
    let store = Arc::new(MemoryStore::new(1 << 30));
    let catalog = Catalog::new().with_uploads(Arc::clone(&store) as _);
    let server = Running::with_service(Config::default(), Arc::new(catalog)).await;
    let client = server.client().await;
    let batch = record_batch!(("id", Int64, [1])).unwrap();
    let (sent, arrived) = tokio::sync::oneshot::channel();
    let first = stream::iter([Ok(Chunk::new(batch.clone()))]);
    let rest = stream::once(async move {
        sent.send(()).unwrap();
        std::future::pending::<Result<Chunk, Error>>().await
    });
    let batches = BatchStream::new(batch.schema(), first.chain(rest));
    let half = name("half");
    tokio::select! {
        _ = client.write(&half, batches) => panic!("the upload has no end"),
        arrived = arrived => arrived.unwrap(),
    }
    let error = client.read_all(&name("half")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    server.stop().await;
    assert_eq!(store.used_bytes(), 0);
}

#[tokio::test]
async fn ends_a_call_at_the_deadline_of_its_client() {
    let program = Program::start(&["--dataset", "big=demo://?rows=1000000000"]);
    let client = client(program.port, &program.ca()).await;
    let deadline = tokio::time::Instant::now() + Duration::from_millis(200);
    let ctx = CallContext::new().with_deadline(Some(deadline));
    let read = async { client.read(ctx, Some(&name("big"))).await?.collect_batches().await };
    let error = read.await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::DeadlineExceeded, "{error}");
    program.line(&["GetArrowData", "name=big"]).await;
}

/// Sends `payloads` as they are, and returns what the server says.
async fn send(server: &Running, payloads: Vec<Vec<u8>>) -> tonic::Status {
    let mut client = ArrowDataServiceClient::new(server.client().await.0);
    let messages = payloads.into_iter().map(|payload| ArrowData { payload: payload.into() });
    client.send_arrow_data(stream::iter(messages.collect::<Vec<_>>())).await.unwrap_err()
}

#[tokio::test]
async fn says_what_is_wrong_with_a_payload_and_keeps_nothing_of_it() {
    let server = Running::build(Config::default()).await;
    let batch = record_batch!(("id", Int64, [1, 2, 3])).unwrap();
    let whole = ipc_stream(&batch);
    let cut = whole[..whole.len() / 2].to_vec();
    for payloads in
        [vec![b"no Arrow at all".to_vec()], vec![cut.clone()], vec![whole.clone(), cut], vec![vec![]]]
    {
        let status = send(&server, payloads).await;
        assert_eq!(from_status(&status).kind(), ErrorKind::InvalidArgument, "{status}");
    }
    let error = server.client().await.read_all(&name("uploads")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn compares_schemas_field_by_field() {
    let server = Running::build(Config::default()).await;
    let client = server.client().await;
    client.append(&name("readings"), vec![record_batch!(("id", Int64, [1])).unwrap()]).await.unwrap();
    let other = record_batch!(("id", Int32, [1])).unwrap();
    let error = client.append(&name("readings"), vec![other]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::SchemaMismatch);
    assert!(error.message().contains("`id`") && error.message().contains("Int64"), "{error}");
}

#[tokio::test]
async fn refuses_a_message_past_the_limit() {
    let limits = Limits::default().with_max_message_bytes(1000);
    let server = Running::build(Config::default().with_limits(limits)).await;
    let status = send(&server, vec![vec![0; 2000]]).await;
    let error = from_status(&status);
    assert_eq!(error.kind(), ErrorKind::LimitExceeded);
    assert!(error.message().contains("max_message_bytes"), "{error}");
}

#[tokio::test]
async fn refuses_connections_past_the_limit_and_serves_those_there_are() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("arrowlink.toml"), "[limits]\nmax_connections = 1\n").unwrap();
    let program = Program::start_in(dir, &[]);
    let first = client(program.port, &program.ca()).await;
    assert!(try_client(program.port, &program.ca()).await.is_err());
    program.line(&["too many connections"]).await;
    first.read_all(&name("default")).await.unwrap();
}

#[tokio::test]
async fn logs_a_call_whose_client_went_away_as_cancelled() {
    let program = Program::start(&["--dataset", "big=demo://?rows=1000000000"]);
    let client = client(program.port, &program.ca()).await;
    let mut rows = client.read(CallContext::new(), Some(&name("big"))).await.unwrap();
    rows.next().await.unwrap().unwrap();
    drop((rows, client));
    program.line(&["GetArrowData", "name=big", "status=\"CANCELLED\""]).await;
}

fn ipc_stream(batch: &arrow_array::RecordBatch) -> Vec<u8> {
    let mut writer = StreamWriter::try_new(Vec::new(), &batch.schema()).unwrap();
    writer.write(batch).unwrap();
    writer.into_inner().unwrap()
}
