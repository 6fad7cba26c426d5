//! Messages as ropes: gRPC's prefix, protobuf's keys and lengths, and behind them the columns' own memory.
//!
//! The rules are those of gRPC's `PROTOCOL-HTTP2.md` and of protobuf's wire format. Nothing is compressed.
//!
//! ```text
//! 00                 gRPC's flag: not compressed
//! 00 00 02 50        the length of what follows, big-endian
//! 0a                 protobuf's key: field 1, length-delimited
//! cd 04              the field's length, a varint
//! ...                the field
//! ```

pub(crate) mod flight;

use arrowlink_core::{Error, ErrorKind};
use bytes::{BufMut as _, BytesMut};
use prost::Message;
use prost::encoding::{WireType, encode_key, encode_varint, encoded_len_varint, key_len};

use crate::Rope;
use crate::metadata::MOST_MESSAGE_BYTES;
use crate::rope::RopeBuilder;

/// Frames a message that is one field, number 1, of bytes, as `Ack`, `Ticket` and `PutResult` are; without a field where it is empty.
pub(crate) fn small(field: &[u8]) -> Rope {
    let mut framed = BytesMut::with_capacity(framing_bytes(field.len()) + field.len());
    put_prefix(&mut framed, field_bytes(1, field.len()));
    put_field(&mut framed, 1, field);
    framed.freeze().into()
}

/// Frames any message.
pub(crate) fn encoded(message: &impl Message) -> Result<Rope, Error> {
    let bytes = message.encoded_len();
    if bytes > MOST_MESSAGE_BYTES {
        let text = format!("the answer takes a message of {bytes} bytes, which Protobuf does not allow");
        return Err(Error::new(ErrorKind::LimitExceeded, text));
    }
    let mut framed = BytesMut::with_capacity(PREFIX_BYTES + bytes);
    put_prefix(&mut framed, bytes);
    message.encode_raw(&mut framed);
    Ok(framed.freeze().into())
}

/// Frames an `ArrowData`; a payload that is small comes in one piece with what stands before it.
pub(crate) fn arrow_data(payload: Rope) -> Rope {
    let mut rope = RopeBuilder::with_capacity(HEAD_BYTES);
    let copied = rope.copied();
    put_prefix(copied, field_bytes(1, payload.len()));
    if !payload.is_empty() {
        put_key(copied, 1, payload.len());
    }
    rope.append(payload);
    rope.finish()
}

/// How many bytes stand before a payload of `payload_bytes` in its message: gRPC's prefix, protobuf's key and length.
pub(crate) const fn framing_bytes(payload_bytes: usize) -> usize {
    PREFIX_BYTES + 1 + encoded_len_varint(payload_bytes as u64)
}

/// What a field takes with its key and length; nothing where it is empty, as protobuf leaves such fields out.
fn field_bytes(number: u32, bytes: usize) -> usize {
    if bytes == 0 { 0 } else { key_len(number) + encoded_len_varint(bytes as u64) + bytes }
}

fn put_prefix(to: &mut BytesMut, message_bytes: usize) {
    to.put_u8(0);
    to.put_u32(u32::try_from(message_bytes).unwrap_or(u32::MAX));
}

fn put_key(to: &mut BytesMut, number: u32, bytes: usize) {
    encode_key(number, WireType::LengthDelimited, to);
    encode_varint(bytes as u64, to);
}

fn put_field(to: &mut BytesMut, number: u32, field: &[u8]) {
    if !field.is_empty() {
        put_key(to, number, field.len());
        to.put_slice(field);
    }
}

/// gRPC's prefix of a message: a flag and the length.
pub(crate) const PREFIX_BYTES: usize = 5;
/// What is reserved for framing: a prefix, four keys and four lengths.
const HEAD_BYTES: usize = 64;
