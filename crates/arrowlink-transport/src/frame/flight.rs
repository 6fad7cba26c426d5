//! Arrow IPC messages as `FlightData` (`Flight.proto`), the columns' memory in them by reference.

use arrowlink_ipc::Message;
use bytes::BufMut as _;
use prost::encoding::{encoded_len_varint, key_len};

use super::{HEAD_BYTES, field_bytes, put_field, put_key, put_prefix};
use crate::Rope;
use crate::rope::RopeBuilder;

/// Frames a schema, which has no body, with the encoded `descriptor` and application metadata, where they are given.
pub(crate) fn schema(descriptor: &[u8], schema: &Message, app_metadata: &[u8]) -> Rope {
    let header = schema.header();
    let bytes = field_bytes(DESCRIPTOR, descriptor.len())
        + field_bytes(DATA_HEADER, header.len())
        + field_bytes(APP_METADATA, app_metadata.len());
    let mut rope = RopeBuilder::with_capacity(HEAD_BYTES + bytes);
    let copied = rope.copied();
    put_prefix(copied, bytes);
    put_field(copied, DESCRIPTOR, descriptor);
    put_field(copied, DATA_HEADER, header);
    put_field(copied, APP_METADATA, app_metadata);
    rope.finish()
}

/// Frames a batch or a dictionary.
///
/// The body begins at a multiple of 64 bytes within the message, so that who receives the message as a whole, as Arrow's
/// C++ library does, finds the columns aligned in it: the header is padded with zeros, which a flatbuffer ignores at its
/// end. The field of the body is there even if the body has no bytes: some clients look for it.
pub(crate) fn message(message: Message, app_metadata: &[u8]) -> Rope {
    let body_bytes = message.body_bytes();
    let (header, body) = message.into_parts();
    let others = field_bytes(APP_METADATA, app_metadata.len())
        + key_len(DATA_BODY)
        + encoded_len_varint(body_bytes as u64);
    let padding = padding(others, header.len());
    let header_bytes = header.len() + padding;
    let message_bytes = others + field_bytes(DATA_HEADER, header_bytes) + body_bytes;
    let mut rope = RopeBuilder::with_capacity(HEAD_BYTES + header_bytes + others);
    let copied = rope.copied();
    put_prefix(copied, message_bytes);
    put_key(copied, DATA_HEADER, header_bytes);
    copied.put_slice(&header);
    copied.put_bytes(0, padding);
    put_field(copied, APP_METADATA, app_metadata);
    put_key(copied, DATA_BODY, body_bytes);
    body.into_iter().for_each(|buffer| rope.put(buffer));
    rope.finish()
}

/// How many zeros after a header of `header_bytes` let what follows begin at a multiple of [`ALIGNMENT`], where all other
/// fields before the body take `others`.
///
/// The padding counts in the header's length, which may so become a byte longer itself.
fn padding(others: usize, header_bytes: usize) -> usize {
    let end = |padding: usize| others + field_bytes(DATA_HEADER, header_bytes + padding);
    let padding = end(0).next_multiple_of(ALIGNMENT) - end(0);
    match end(padding) % ALIGNMENT {
        0 => padding,
        past => padding + ALIGNMENT - past,
    }
}

/// Where the body of a `FlightData` begins; Arrow recommends it for every buffer.
const ALIGNMENT: usize = 64;
const DESCRIPTOR: u32 = 1;
const DATA_HEADER: u32 = 2;
const APP_METADATA: u32 = 3;
const DATA_BODY: u32 = 1000;
