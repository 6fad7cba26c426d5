//! Arrow IPC messages as `FlightData` (`Flight.proto`), the columns' memory in them by reference.

use arrowlink_ipc::Message;
use bytes::BufMut as _;
use prost::encoding::{encoded_len_varint, key_len};

use super::{HEAD_BYTES, field_bytes, put_field, put_key, put_prefix};
use crate::Rope;
use crate::rope::RopeBuilder;

/// Frames a `FlightData`.
///
/// The body begins at a multiple of 64 bytes within the message, so that who receives the message as a whole, as Arrow's C++
/// library does, finds the columns aligned in it: the header is padded with zeros, which a flatbuffer ignores at its
/// end. A message that has a body, if only one of no bytes, has the field: some clients look for it.
pub(crate) fn flight_data(descriptor: &[u8], message: Message, app_metadata: &[u8]) -> Rope {
    let body_bytes = message.body_bytes();
    let has_body = message.has_body();
    let (header, body) = message.into_parts();
    let mut before = field_bytes(DESCRIPTOR, descriptor.len()) + field_bytes(APP_METADATA, app_metadata.len());
    if has_body {
        before += key_len(DATA_BODY) + encoded_len_varint(body_bytes as u64);
    }
    let padding = if has_body { padding(before, header.len()) } else { 0 };
    let header_bytes = header.len() + padding;
    let mut rope = RopeBuilder::with_capacity(HEAD_BYTES + header_bytes + before);
    let copied = rope.copied();
    put_prefix(copied, before + field_bytes(DATA_HEADER, header_bytes) + body_bytes);
    put_field(copied, DESCRIPTOR, descriptor);
    if header_bytes > 0 {
        put_key(copied, DATA_HEADER, header_bytes);
        copied.put_slice(&header);
        copied.put_bytes(0, padding);
    }
    put_field(copied, APP_METADATA, app_metadata);
    if has_body {
        put_key(copied, DATA_BODY, body_bytes);
        body.into_iter().for_each(|buffer| rope.put(buffer));
    }
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
// The fields of `FlightData` (`Flight.proto`).
const DESCRIPTOR: u32 = 1;
const DATA_HEADER: u32 = 2;
const APP_METADATA: u32 = 3;
const DATA_BODY: u32 = 1000;
