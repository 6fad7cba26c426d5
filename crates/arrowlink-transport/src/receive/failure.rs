//! What is wrong with what came, and whose fault it is.

use std::fmt;
use std::time::Duration;

use arrowlink_core::{Error, ErrorKind};

use super::draft::MAX_FIELD_BYTES;
use super::message::{Field, Shape};
use crate::grpc::BoxError;
use crate::payload::Origin;

/// Why a message cannot be read.
#[derive(Clone, Copy, Debug)]
pub(super) enum Fault {
    /// Its prefix begins with this, and not with 0.
    Flag(u8),
    /// It takes so many bytes, framing included.
    TooLarge(usize),
    /// One of its small fields would have so many bytes.
    FieldTooLarge(Field, usize),
    Malformed(Malformed),
}

/// Bytes that are not Protobuf, or not the message that was expected.
#[derive(Clone, Copy, Debug)]
pub(super) struct Malformed {
    pub(super) reason: Reason,
    /// Where in the message it begins.
    pub(super) at: usize,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Reason {
    Varint,
    Key,
    FieldZero,
    WireType(u64),
    /// A field of bytes that comes as something else.
    NotBytes {
        field: u32,
        wire_type: u64,
    },
    /// A field that is longer than what is left of the message.
    Past {
        field: u32,
        bytes: u64,
        left: usize,
    },
    /// The message ends within a field.
    Cut,
    GroupEnd,
    GroupDepth,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The words are prost's where it has some: clients of every kind know them.
        f.write_str("failed to decode Protobuf message: ")?;
        match self.reason {
            Reason::Varint => f.write_str("invalid varint"),
            Reason::Key => f.write_str("invalid key value"),
            Reason::FieldZero => f.write_str("invalid tag value: 0"),
            Reason::WireType(wire_type) => write!(f, "invalid wire type value: {wire_type}"),
            Reason::NotBytes { field, wire_type } => {
                write!(f, "field {field} has the wire type {wire_type} and not 2")
            }
            Reason::Past { field, bytes, left } => {
                write!(f, "field {field} claims {bytes} bytes, and the message has {left} more")
            }
            Reason::Cut => f.write_str("the message ends in the middle of a field"),
            Reason::GroupEnd => f.write_str("unexpected end group tag"),
            Reason::GroupDepth => f.write_str("groups are nested too deeply"),
        }?;
        if self.at > 0 { write!(f, ", at byte {}", self.at) } else { Ok(()) }
    }
}

impl std::error::Error for Malformed {}

/// Whose messages are read, and which of them.
pub(super) struct Blame {
    pub(super) origin: Origin,
    pub(super) shape: Shape,
    /// The message that is read, counted from 1.
    pub(super) number: u64,
    pub(super) max_message_bytes: usize,
}

impl Blame {
    pub(super) fn fault(&self, fault: Fault) -> Error {
        match fault {
            Fault::Flag(flag) => self.compressed(flag),
            Fault::TooLarge(bytes) => self.too_large(bytes),
            Fault::FieldTooLarge(field, bytes) => self.field_too_large(field, bytes),
            Fault::Malformed(malformed) => self.malformed(malformed),
        }
    }

    fn malformed(&self, malformed: Malformed) -> Error {
        let (number, name) = (self.number, self.shape.name());
        let text = match self.origin {
            Origin::Client => format!("message {number} is not {name}"),
            Origin::Server => format!("the server sent a message that is not {name}"),
        };
        Error::new(self.origin.invalid(), text).with_source(malformed)
    }

    fn compressed(&self, flag: u8) -> Error {
        let number = self.number;
        let text = if flag == 1 {
            format!("message {number} is flagged as compressed, and no compression was agreed on")
        } else {
            format!("message {number} begins with {flag}, which is no flag of gRPC")
        };
        match self.origin {
            Origin::Client => Error::new(ErrorKind::Internal, text),
            Origin::Server => Error::new(ErrorKind::Corrupt, text),
        }
    }

    fn too_large(&self, actual: usize) -> Error {
        let (number, limit) = (self.number, self.max_message_bytes);
        let setting = match self.origin {
            Origin::Client => {
                "send smaller messages, or raise `max_message_bytes` under `[limits]` of the server"
            }
            Origin::Server => "raise the client's `max_message_bytes`",
        };
        Error::new(
            ErrorKind::LimitExceeded,
            format!("message {number} of {actual} bytes exceeds the limit of {limit} bytes: {setting}"),
        )
    }

    fn field_too_large(&self, field: Field, actual: usize) -> Error {
        let number = self.number;
        let (name, instead) = match field {
            Field::Descriptor => ("flight_descriptor", "send a path, which is a name"),
            Field::Header => ("data_header", "send fewer columns"),
            Field::Metadata => ("app_metadata", "send it in the rows"),
            Field::Bulk => ("data_body", "send fewer rows"),
        };
        let text = format!(
            "`{name}` of message {number} has {actual} bytes and exceeds the limit of {MAX_FIELD_BYTES} bytes: {instead}"
        );
        Error::new(ErrorKind::LimitExceeded, text)
    }

    pub(super) fn incomplete(&self) -> Error {
        let text = format!("message {} is not complete: the stream ended in the middle of it", self.number);
        Error::new(self.origin.invalid(), text)
    }

    pub(super) fn idle(&self, timeout: Duration) -> Error {
        let who = match self.origin {
            Origin::Client => "client",
            Origin::Server => "server",
        };
        Error::new(ErrorKind::DeadlineExceeded, format!("the {who} sent nothing for {timeout:?}"))
    }

    pub(super) fn broken(&self, source: Option<BoxError>) -> Error {
        let error = match self.origin {
            Origin::Client => {
                Error::new(ErrorKind::Cancelled, "the client went away in the middle of its request")
            }
            Origin::Server => {
                Error::new(ErrorKind::Unavailable, "the connection was lost in the middle of the answer")
            }
        };
        match source {
            Some(source) => error.with_source(source),
            None => error,
        }
    }
}
