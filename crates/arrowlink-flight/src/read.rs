//! `DoGet`: a ticket's rows, each batch with the ticket that goes on after it, until they are cancelled.

use std::sync::Arc;

use arrowlink_core::{BatchStream, Chunk, DataService, Error, ErrorKind, Result, Target};
use arrowlink_transport::{FlightBatches, FlightCall, Ticket};
use bytes::Bytes;
use futures::StreamExt as _;

use crate::running::Running;

/// Reads what `ticket` is for.
pub(crate) async fn read(
    service: &dyn DataService,
    running: &Running,
    call: &FlightCall,
    ticket: Ticket,
) -> Result<FlightBatches> {
    if let Target::Name(name) = &ticket.target {
        call.record.set_name(name);
    }
    let query = running.begin(ticket.query.as_ref())?;
    let read = service.read(call.ctx.clone(), ticket.target.clone(), ticket.options.clone());
    let batches = query.unless_cancelled(read).await??;
    if !ticket.allows(batches.schema())? {
        refuse_changed(service, call, &ticket).await?;
    }
    let batches = query.until_cancelled(batches);
    if !ticket.positions {
        return Ok(batches.into());
    }
    let metadata = of_snapshot(&ticket, &batches)?;
    Ok(FlightBatches::from(continued(ticket, batches)).with_metadata(metadata))
}

/// Refuses a statement that would not be promised the same columns now.
///
/// Where it would, its rows have other types than the service says; that is no fault of the ticket.
async fn refuse_changed(service: &dyn DataService, call: &FlightCall, ticket: &Ticket) -> Result<()> {
    let now = service.describe(call.ctx.clone(), ticket.target.clone()).await?;
    match ticket.allows(&now.schema)? {
        true => Ok(()),
        false => Err(Error::new(ErrorKind::SnapshotChanged, CHANGED)),
    }
}

/// The ticket that reads the same state again from the start.
fn of_snapshot(ticket: &Ticket, batches: &BatchStream) -> Result<Bytes> {
    let Some(snapshot) = batches.snapshot() else { return Ok(Bytes::new()) };
    let mut again = ticket.clone();
    again.options.snapshot = Some(snapshot.clone());
    again.encode()
}

/// Puts the ticket that goes on after it in the metadata of each chunk that has a position.
fn continued(mut ticket: Ticket, batches: BatchStream) -> BatchStream {
    if let Some(snapshot) = batches.snapshot() {
        ticket.options.snapshot = Some(snapshot.clone());
    }
    let schema = Arc::clone(batches.schema());
    let mut rows = 0;
    let mut with_ticket = move |mut chunk: Chunk| {
        rows += chunk.batch.num_rows() as u64;
        chunk.metadata = match &chunk.position {
            Some(position) => ticket.after(position.clone(), rows).encode()?,
            None => Bytes::new(),
        };
        Ok(chunk)
    };
    batches.map_chunks(schema, |chunks| chunks.map(move |chunk| chunk.and_then(&mut with_ticket)))
}

const CHANGED: &str =
    "the tables of this statement changed since it was planned: ask for its flight info again";
