//! ArrowLink's client, through the trait that it shares with every other service.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use arrowlink_client::{Client, ClientOptions, Plaintext};
use arrowlink_core::{
    BatchStream, CallContext, CallOptions, Chunk, DataService, Name, ReadOptions, Target, WriteOptions,
};
use futures::channel::mpsc;
use futures::{SinkExt as _, StreamExt as _, TryStreamExt as _};
use tokio::runtime::{Builder, Runtime};

use super::{ClientArguments, EXCHANGED_ROWS, ROUND_TRIPS, TABLE, UPLOADS, Work};
use crate::Failure;
use crate::table;
use crate::turn::{self, Turn};

/// Connects and does the work once for each turn.
pub(crate) fn take_turns(arguments: &ClientArguments) -> Result<(), Failure> {
    let runtime = runtime(arguments.work)?;
    let service = runtime.block_on(connect(arguments))?;
    let service = service.as_ref();
    match arguments.work {
        Work::Read => turn::take_turns(|| runtime.block_on(read(service, TABLE))),
        Work::Write => {
            let (schema, batches) = table::load(&arguments.table)?;
            turn::take_turns(|| runtime.block_on(write(service, &schema, &batches)))
        }
        Work::Exchange => {
            let batch = table::first_rows(&arguments.table, EXCHANGED_ROWS)?;
            turn::take_turns(|| runtime.block_on(exchange(service, &batch)))
        }
    }
}

/// Makes one connection.
pub(crate) async fn connect(arguments: &ClientArguments) -> Result<Arc<dyn DataService>, Failure> {
    connect_to(&arguments.uri, arguments.ca.as_deref()).await
}

/// Makes one connection to `uri`; over TLS with the certificate of the server's CA.
pub(crate) async fn connect_to(uri: &str, ca: Option<&Path>) -> Result<Arc<dyn DataService>, Failure> {
    let mut options = ClientOptions::default().with_plaintext(Plaintext::Loopback);
    if let Some(ca) = ca {
        options = options.with_ca_file(ca);
    }
    Ok(Arc::new(Client::connect(uri, options).await?))
}

/// Reads the whole table `name` and counts rows and bytes of every batch.
pub(crate) async fn read(service: &dyn DataService, name: &str) -> Result<Turn, Failure> {
    let start = Instant::now();
    let mut stream =
        service.read(CallContext::new(), Target::from(Name::new(name)?), ReadOptions::default()).await?;
    let (mut rows, mut bytes, mut batches) = (0, 0, 0);
    while let Some(chunk) = stream.try_next().await? {
        rows += chunk.batch.num_rows() as u64;
        bytes += table::bytes(&chunk.batch)?;
        batches += 1;
    }
    let seconds = vec![start.elapsed().as_secs_f64()];
    Ok(Turn { rows, bytes, batches, seconds, ..Turn::default() })
}

async fn write(
    service: &dyn DataService,
    schema: &SchemaRef,
    batches: &[RecordBatch],
) -> Result<Turn, Failure> {
    let input = BatchStream::from_batches(Arc::clone(schema), batches.to_vec());
    let start = Instant::now();
    let receipt =
        service.write(CallContext::new(), Name::new(UPLOADS)?, input, WriteOptions::default()).await?;
    let seconds = vec![start.elapsed().as_secs_f64()];
    let (rows, bytes, batches) = (receipt.rows, receipt.bytes, receipt.batches);
    Ok(Turn { rows, bytes, batches, seconds, ..Turn::default() })
}

/// Sends `batch` and waits for it to come back, again and again over one open call.
async fn exchange(service: &dyn DataService, batch: &RecordBatch) -> Result<Turn, Failure> {
    let (mut tx, rx) = mpsc::channel::<Chunk>(1);
    let input = BatchStream::new(batch.schema(), rx.map(Ok));
    // The first batch waits in the channel: a server may answer only then.
    tx.send(Chunk::new(batch.clone())).await?;
    let echo = service.call(CallContext::new(), Name::new("echo")?, input, CallOptions::default());
    let mut output = echo.await?;
    let mut rows = receive(&mut output, batch).await?;
    let mut seconds = Vec::with_capacity(ROUND_TRIPS);
    for _ in 0..ROUND_TRIPS {
        let start = Instant::now();
        tx.send(Chunk::new(batch.clone())).await?;
        rows += receive(&mut output, batch).await?;
        seconds.push(start.elapsed().as_secs_f64());
    }
    drop(tx);
    while output.try_next().await?.is_some() {}
    let (bytes, batches) = (table::bytes(batch)?, ROUND_TRIPS as u64 + 1);
    Ok(Turn { rows, bytes, batches, seconds, ..Turn::default() })
}

/// Waits for one batch, which must have the rows of the one that was sent.
async fn receive(output: &mut BatchStream, sent: &RecordBatch) -> Result<u64, Failure> {
    let received = output.try_next().await?.ok_or("the exchange ended early")?.batch;
    match received.num_rows() {
        rows if rows == sent.num_rows() => Ok(rows as u64),
        rows => Err(format!("{} rows came back as {rows}", sent.num_rows()).into()),
    }
}

/// Round trips are taken on one thread: there is nothing to do beside them.
fn runtime(work: Work) -> Result<Runtime, Failure> {
    let mut builder = match work {
        Work::Exchange => Builder::new_current_thread(),
        Work::Read | Work::Write => Builder::new_multi_thread(),
    };
    Ok(builder.enable_all().build()?)
}
