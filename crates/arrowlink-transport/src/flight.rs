//! Arrow Flight's calls: their paths, descriptors, and batches as `FlightData`.
//!
//! A stream of `FlightData` is one schema message and then, for each batch, the dictionaries that changed and the batch;
//! schema and dictionaries are sent once for all batches.

mod decode;
mod encode;
mod pending;

use arrow_flight::FlightDescriptor;
use arrowlink_core::{Error, ErrorKind, Name};
use prost::Message as _;

pub(crate) use decode::Batches;
pub(crate) use encode::{Piece, encode};

/// Reads the descriptor that an upload or an exchange begins with.
pub(crate) fn decoded_descriptor(descriptor: &[u8]) -> Result<FlightDescriptor, Error> {
    FlightDescriptor::decode(descriptor).map_err(|error| {
        Error::new(ErrorKind::InvalidArgument, "the descriptor is not a `FlightDescriptor`")
            .with_source(error)
    })
}

/// Encodes the descriptor of `name`.
pub(crate) fn descriptor(name: &Name) -> Vec<u8> {
    FlightDescriptor::new_path(vec![name.to_string()]).encode_to_vec()
}

/// What the paths of all methods begin with.
pub(crate) const SERVICE: &str = "/arrow.flight.protocol.FlightService/";
pub(crate) const HANDSHAKE: &str = "/arrow.flight.protocol.FlightService/Handshake";
pub(crate) const DO_GET: &str = "/arrow.flight.protocol.FlightService/DoGet";
pub(crate) const DO_PUT: &str = "/arrow.flight.protocol.FlightService/DoPut";
pub(crate) const DO_EXCHANGE: &str = "/arrow.flight.protocol.FlightService/DoExchange";
