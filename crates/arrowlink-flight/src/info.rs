//! What is said of a dataset or a result before it is read, and by which tickets it is read.

use std::sync::Arc;

use arrow_flight::{
    FlightDescriptor, FlightEndpoint, FlightInfo, SchemaAsIpc, SchemaResult, Ticket as FlightTicket,
};
use arrow_ipc::writer::IpcWriteOptions;
use arrow_schema::{Schema, SchemaRef};
use arrowlink_core::{
    Description, Effect, Error, ErrorKind, NounKind, Part, Plain, ReadOptions, Result, Target,
};
use arrowlink_transport::{FlightCall, Ticket, description_metadata, keeps_views};
use bytes::Bytes;
use uuid::Uuid;

use crate::FlightOptions;

/// Says what `description` is of, and gives the tickets by which `target` is read: one for each of its parts.
///
/// Tickets say which state of the dataset they are of, so that parts that are read one after the other belong together,
/// and which query they are of, so that all of them are cancelled as one. Those of statements say which columns were
/// promised. What changes something has a single ticket. Of a command of more than 1 MiB only its kind is repeated.
pub(crate) fn flight_info(
    call: &FlightCall,
    descriptor: FlightDescriptor,
    description: &Description,
    target: &Target,
    options: &FlightOptions,
) -> Result<FlightInfo> {
    let mut info = FlightInfo::new()
        .with_total_records(known(description.rows))
        .with_total_bytes(known(description.bytes))
        .with_ordered(true);
    info.flight_descriptor = Some(repeated(descriptor));
    info.app_metadata = description_metadata(description)?;
    info.schema = schema_message(&*shown(call, &description.schema)?)?.schema;
    if description.kind == NounKind::Function {
        return Ok(info);
    }
    let mut read = ReadOptions::default();
    read.snapshot.clone_from(&description.snapshot);
    let changes = description.effect == Effect::Change;
    let mut whole = Ticket::new(target.clone(), read)
        .with_positions(!changes)
        .with_query(Uuid::now_v7().as_bytes().to_vec());
    // A dataset has its snapshot for that.
    if !changes && !matches!(target, Target::Name(_)) {
        whole = whole.with_schema(&description.schema)?;
    }
    if description.parts.len() < 2 || changes {
        return Ok(info.with_endpoint(endpoint(whole.encode()?, options)));
    }
    for (part, _) in (0..).zip::<&[Part]>(&description.parts) {
        let mut ticket = whole.clone();
        ticket.options = ticket.options.with_part(part);
        info = info.with_endpoint(endpoint(ticket.encode()?, options));
    }
    Ok(info)
}

/// What an info says it is of. The ticket has all that a statement was bound to once more, which is large enough; some clients
/// read no info without a descriptor.
fn repeated(descriptor: FlightDescriptor) -> FlightDescriptor {
    if descriptor.cmd.len() > MOST_COMMAND_BYTES {
        FlightDescriptor::new_cmd(Bytes::new())
    } else {
        descriptor
    }
}

/// Returns the schema as the client of `call` sees it.
pub(crate) fn shown(call: &FlightCall, schema: &SchemaRef) -> Result<SchemaRef> {
    Ok(if keeps_views(&call.headers)? {
        SchemaRef::clone(schema)
    } else {
        Arc::clone(Plain::new(schema).schema())
    })
}

/// Encodes a schema as Flight's messages have it.
pub(crate) fn schema_message(schema: &Schema) -> Result<SchemaResult> {
    SchemaResult::try_from(SchemaAsIpc::new(schema, &IpcWriteOptions::default())).map_err(|error| {
        Error::new(ErrorKind::Internal, "the schema has no form on the wire").with_source(error)
    })
}

/// Says where `ticket` is taken: over the same connection, and at the public addresses.
pub(crate) fn endpoint(ticket: Bytes, options: &FlightOptions) -> FlightEndpoint {
    let endpoint = FlightEndpoint::new().with_ticket(FlightTicket { ticket });
    let locations = std::iter::once(REUSE_CONNECTION).chain(options.public.iter().map(String::as_str));
    locations.fold(endpoint, FlightEndpoint::with_location)
}

/// A number as Flight has it, which says -1 where it is not known.
fn known(number: Option<u64>) -> i64 {
    number.and_then(|number| i64::try_from(number).ok()).unwrap_or(-1)
}

/// Of a command that an info repeats: clients have a bound for the messages that they take.
const MOST_COMMAND_BYTES: usize = 1 << 20;
/// Flight's URI for the connection that a client has already.
const REUSE_CONNECTION: &str = "arrow-flight-reuse-connection://?";
