//! Clients that show what the server holds for them: many at once, and one that stops.

use arrowlink_core::{BatchStream, CallContext, DataService, Name, ReadOptions, Target};
use futures::TryStreamExt as _;
use futures::future::try_join_all;
use tokio::runtime::Builder;

use super::our_client::{connect, read};
use super::{ClientArguments, TABLE};
use crate::turn::{self, Turn};
use crate::{Failure, table};

/// Reads the whole table over `count` connections at once.
pub(crate) fn read_at_once(arguments: &ClientArguments, count: usize) -> Result<(), Failure> {
    let runtime = Builder::new_multi_thread().enable_all().build()?;
    let services = runtime.block_on(try_join_all((0..count).map(|_| connect(arguments))))?;
    turn::take_turns(|| {
        let turns =
            runtime.block_on(try_join_all(services.iter().map(|service| read(service.as_ref(), TABLE))))?;
        Ok(turns.into_iter().fold(Turn::default(), add))
    })
}

fn add(mut sum: Turn, turn: Turn) -> Turn {
    sum.rows += turn.rows;
    sum.bytes += turn.bytes;
    sum.batches += turn.batches;
    sum.seconds.extend(turn.seconds);
    sum
}

/// Connects anew for each turn, begins to read the table and takes no more than its first batch; all of these calls
/// stay open until the input ends.
pub(crate) fn stop_reading(arguments: &ClientArguments) -> Result<(), Failure> {
    let runtime = Builder::new_multi_thread().enable_all().build()?;
    let mut stopped = Vec::new();
    turn::take_turns(|| {
        let service = runtime.block_on(connect(arguments))?;
        let (stream, turn) = runtime.block_on(read_one(service.as_ref()))?;
        stopped.push((service, stream));
        Ok(turn)
    })
}

async fn read_one(service: &dyn DataService) -> Result<(BatchStream, Turn), Failure> {
    let mut stream =
        service.read(CallContext::new(), Target::from(Name::new(TABLE)?), ReadOptions::default()).await?;
    let batch = stream.try_next().await?.ok_or("the table is empty")?.batch;
    let (rows, bytes) = (batch.num_rows() as u64, table::bytes(&batch)?);
    Ok((stream, Turn { rows, bytes, batches: 1, ..Turn::default() }))
}
