//! Arrow Flight's data calls: paths, tickets and descriptors, and batches as `FlightData`.
//!
//! A stream of `FlightData` is one schema message and then, for each batch, the dictionaries that changed and the batch;
//! schema and dictionaries are sent once for all batches. Here a ticket is the UTF-8 name of a dataset, a descriptor the
//! path of a dataset or function.

mod decode;
mod encode;
mod pending;

use arrow_flight::FlightDescriptor;
use arrow_flight::flight_descriptor::DescriptorType;
use arrowlink_core::{Error, ErrorKind, Name};
use prost::Message as _;

pub(crate) use decode::Batches;
pub(crate) use encode::{Piece, encode};

/// Reads which dataset a ticket is for.
pub(crate) fn name_of_ticket(ticket: &[u8]) -> Result<Name, Error> {
    let text = std::str::from_utf8(ticket)
        .ok()
        .filter(|text| !text.is_empty())
        .ok_or_else(|| Error::new(ErrorKind::InvalidArgument, NOT_A_TEXT))?;
    Name::new(text).map_err(|error| Error::new(ErrorKind::InvalidArgument, NOT_A_TICKET).with_source(error))
}

/// Reads which dataset or function the encoded descriptor names: the elements of its path are the parts of the name.
pub(crate) fn name_of_descriptor(descriptor: &[u8]) -> Result<Name, Error> {
    let invalid = |text: &str| Error::new(ErrorKind::InvalidArgument, text);
    let descriptor = FlightDescriptor::decode(descriptor)
        .map_err(|error| invalid("the descriptor is not a `FlightDescriptor`").with_source(error))?;
    match descriptor.r#type() {
        DescriptorType::Path if descriptor.path.is_empty() => Err(invalid(NO_PATH)),
        DescriptorType::Path => Name::new(&descriptor.path.join(".")),
        DescriptorType::Cmd => Err(Error::new(ErrorKind::Unsupported, NO_COMMANDS)),
        DescriptorType::Unknown => Err(invalid(NO_PATH)),
    }
}

/// Encodes the descriptor of `name`.
pub(crate) fn descriptor(name: &Name) -> Vec<u8> {
    FlightDescriptor::new_path(vec![name.to_string()]).encode_to_vec()
}

const NOT_A_TEXT: &str = "the ticket is empty or not UTF-8: it is the name of a dataset";
const NOT_A_TICKET: &str = "the ticket is not the name of a dataset";
const NO_PATH: &str = "the descriptor has no path: its path is the name of a dataset or function";
const NO_COMMANDS: &str = "descriptors of commands are not supported: give a path, which is a name";
pub(crate) const DO_GET: &str = "/arrow.flight.protocol.FlightService/DoGet";
pub(crate) const DO_PUT: &str = "/arrow.flight.protocol.FlightService/DoPut";
pub(crate) const DO_EXCHANGE: &str = "/arrow.flight.protocol.FlightService/DoExchange";
