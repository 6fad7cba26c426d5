//! Generated protobuf bindings and their descriptor sets; nothing is written by hand but this file.
//!
//! Everything below comes from the `.proto` files in `proto/` by `cargo xtask gen` and is committed, so that
//! building needs no `protoc`. Only the crates that speak gRPC use it, and none of them names a type of this
//! crate in a public signature.
//!
//! ```
//! use arrowlink_proto::dataexchange::ArrowData;
//! use prost::Message;
//!
//! let message = ArrowData { payload: b"an Arrow IPC stream".as_slice().into() };
//! let bytes = message.encode_to_vec();
//! assert_eq!(bytes[..2], [0x0a, 19], "field 1, length-delimited, 19 bytes");
//! assert_eq!(ArrowData::decode(bytes.as_slice())?, message);
//! # Ok::<(), prost::DecodeError>(())
//! ```

#[path = "generated/dataexchange.rs"]
pub mod dataexchange;

#[path = "generated/flight.rs"]
pub mod flight;

/// The serialized `FileDescriptorSet` of `proto/dataexchange.proto`, comments included, for gRPC reflection.
pub const DATAEXCHANGE_DESCRIPTOR_SET: &[u8] = include_bytes!("generated/dataexchange.bin");

/// The serialized `FileDescriptorSet` of `proto/flight.proto` and what it imports, comments included, for gRPC reflection.
pub const FLIGHT_DESCRIPTOR_SET: &[u8] = include_bytes!("generated/flight.bin");
