//! What a message may have in it, and what one had.

use arrow_buffer::Buffer;
use bytes::Bytes;

use crate::rope::shared;

/// Which fields the messages of a body have. All others are skipped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// None, as `Empty`.
    Empty,
    /// Field 1 of bytes, as the message of this name: `ArrowData`, `Ack`, `Ticket`, `PutResult`.
    Payload(&'static str),
    /// Those of Flight's `FlightData`.
    Flight,
    /// Any, as the message of this name: it is handed on undivided, in place of field 1.
    Whole(&'static str),
}

impl Shape {
    /// What a message is called, with its article.
    pub(super) fn name(self) -> String {
        let name = match self {
            Self::Empty => "Empty",
            Self::Payload(name) | Self::Whole(name) => name,
            Self::Flight => "FlightData",
        };
        let article = if name.starts_with(['A', 'E', 'I', 'O', 'U']) { "an" } else { "a" };
        format!("{article} `{name}`")
    }

    /// What the field `number` is, where the message has one.
    pub(super) const fn field(self, number: u32) -> Option<Field> {
        match (self, number) {
            (Self::Payload(_), 1) | (Self::Flight, 1000) => Some(Field::Bulk),
            (Self::Flight, 1) => Some(Field::Descriptor),
            (Self::Flight, 2) => Some(Field::Header),
            (Self::Flight, 3) => Some(Field::Metadata),
            _ => None,
        }
    }
}

/// A field that is not skipped; all of them are length-delimited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    Descriptor,
    Header,
    Metadata,
    Bulk,
}

/// One message. A field that was not there is `None`; Protobuf makes no difference between that and an empty one.
#[derive(Debug, Default)]
pub(crate) struct Message {
    /// Flight's `flight_descriptor`, encoded.
    pub(crate) descriptor: Option<Bytes>,
    /// Flight's `data_header`: the flatbuffer of an Arrow message.
    pub(crate) header: Option<Buffer>,
    /// Flight's `app_metadata`, in memory of its own.
    pub(crate) app_metadata: Option<Bytes>,
    /// The payload, or Flight's `data_body`: alone in its memory, at its beginning.
    pub(crate) bulk: Option<Buffer>,
    /// What the message took, without gRPC's prefix.
    pub(crate) bytes: usize,
}

impl Message {
    /// Returns the payload, which is empty where there was none.
    pub(crate) fn payload(self) -> Bytes {
        self.bulk.map(shared).unwrap_or_default()
    }
}
