//! arrow-flight's client as its documentation builds one: tonic's defaults, but for the limit that its messages pass.

use std::fs;
use std::time::Instant;

use arrow_array::RecordBatch;
use arrow_flight::encode::{DictionaryHandling, FlightDataEncoderBuilder};
use arrow_flight::flight_service_client::FlightServiceClient;
use arrow_flight::{FlightClient, FlightDescriptor, Ticket};
use arrow_schema::SchemaRef;
use futures::TryStreamExt as _;
use futures::stream;
use tokio::runtime::Builder;
use tonic::transport::{Certificate, Channel, ClientTlsConfig};

use super::{ClientArguments, TABLE, UPLOADS, Work};
use crate::Failure;
use crate::table;
use crate::turn::{self, Turn};

/// Connects and does the work once for each turn.
pub(crate) fn take_turns(arguments: &ClientArguments) -> Result<(), Failure> {
    let runtime = Builder::new_multi_thread().enable_all().build()?;
    let mut client = runtime.block_on(connect(arguments))?;
    match arguments.work {
        Work::Read => turn::take_turns(|| runtime.block_on(read(&mut client))),
        Work::Write => {
            let (schema, batches) = table::load(&arguments.table)?;
            turn::take_turns(|| runtime.block_on(write(&mut client, &schema, &batches)))
        }
        Work::Exchange => Err("this peer does not exchange".into()),
    }
}

async fn connect(arguments: &ClientArguments) -> Result<FlightClient, Failure> {
    let mut endpoint = Channel::from_shared(arguments.uri.clone())?;
    if let Some(ca) = &arguments.ca {
        let tls = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(fs::read(ca)?));
        endpoint = endpoint.tls_config(tls)?;
    }
    let client = FlightServiceClient::new(endpoint.connect().await?).max_decoding_message_size(usize::MAX);
    Ok(FlightClient::new_from_inner(client))
}

async fn read(client: &mut FlightClient) -> Result<Turn, Failure> {
    let start = Instant::now();
    let mut stream = client.do_get(Ticket::new(TABLE)).await?;
    let (mut rows, mut bytes, mut batches) = (0, 0, 0);
    while let Some(batch) = stream.try_next().await? {
        rows += batch.num_rows() as u64;
        bytes += table::bytes(&batch)?;
        batches += 1;
    }
    let seconds = vec![start.elapsed().as_secs_f64()];
    Ok(Turn { rows, bytes, batches, seconds, ..Turn::default() })
}

async fn write(
    client: &mut FlightClient,
    schema: &SchemaRef,
    batches: &[RecordBatch],
) -> Result<Turn, Failure> {
    let (batches, schema) = (batches.to_vec(), SchemaRef::clone(schema));
    let mut turn = Turn {
        rows: batches.iter().map(|batch| batch.num_rows() as u64).sum(),
        batches: batches.len() as u64,
        ..Turn::default()
    };
    let start = Instant::now();
    let data = FlightDataEncoderBuilder::new()
        .with_schema(schema)
        .with_flight_descriptor(Some(FlightDescriptor::new_path(vec![UPLOADS.to_owned()])))
        .with_dictionary_handling(DictionaryHandling::Resend)
        .build(stream::iter(batches.into_iter().map(Ok)));
    let _: Vec<_> = client.do_put(data).await?.try_collect().await?;
    turn.seconds.push(start.elapsed().as_secs_f64());
    Ok(turn)
}
