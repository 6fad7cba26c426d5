//! What is said of a dataset or a result before it is read.

use arrow_flight::{FlightDescriptor, FlightEndpoint, FlightInfo, SchemaAsIpc, SchemaResult, Ticket};
use arrow_ipc::writer::IpcWriteOptions;
use arrow_schema::Schema;
use arrowlink_core::{Description, Error, ErrorKind, Result};
use bytes::Bytes;

use crate::FlightOptions;

/// Says what `description` is of, to be read by `ticket`.
pub(crate) fn flight_info(
    descriptor: FlightDescriptor,
    description: &Description,
    ticket: Bytes,
    options: &FlightOptions,
) -> Result<FlightInfo> {
    let endpoint = located(FlightEndpoint::new().with_ticket(Ticket { ticket }), options);
    let mut info = FlightInfo::new()
        .with_descriptor(descriptor)
        .with_endpoint(endpoint)
        .with_total_records(known(description.rows))
        .with_total_bytes(known(description.bytes))
        .with_ordered(true);
    info.schema = schema_bytes(&description.schema)?.schema;
    Ok(info)
}

/// Encodes a schema as Flight's messages have it.
pub(crate) fn schema_bytes(schema: &Schema) -> Result<SchemaResult> {
    SchemaResult::try_from(SchemaAsIpc::new(schema, &IpcWriteOptions::default())).map_err(|error| {
        Error::new(ErrorKind::Internal, "the schema has no form on the wire").with_source(error)
    })
}

/// Says where the ticket of `endpoint` is taken: over the same connection, and at the public addresses.
fn located(endpoint: FlightEndpoint, options: &FlightOptions) -> FlightEndpoint {
    let here = std::iter::once(REUSE_CONNECTION).chain(options.public.iter().map(String::as_str));
    here.fold(endpoint, FlightEndpoint::with_location)
}

/// A number as Flight has it, which says -1 where it is not known.
fn known(number: Option<u64>) -> i64 {
    number.and_then(|number| i64::try_from(number).ok()).unwrap_or(-1)
}

/// Flight's URI for the connection that a client has already.
const REUSE_CONNECTION: &str = "arrow-flight-reuse-connection://?";
