//! Messages as bytes.

use std::fmt::Debug;

use arrowlink_proto::dataexchange::{Ack, ArrowData, Empty};
use bytes::Bytes;
use prost::Message;

#[track_caller]
fn check<M: Message + Default + PartialEq + Debug>(message: &M, bytes: &[u8]) {
    assert_eq!(message.encode_to_vec(), bytes);
    assert_eq!(M::decode(bytes).as_ref(), Ok(message));
}

#[test]
fn writes_what_deployed_clients_read() {
    check(&ArrowData { payload: Bytes::from_static(&[0xff, 0]) }, &[0x0a, 2, 0xff, 0]);
    check(&Ack { message: "ok".to_owned() }, b"\x0a\x02ok");
    check(&Empty {}, &[]);
}

#[test]
fn reads_a_message_without_its_field_as_empty() {
    check(&ArrowData::default(), &[]);
    check(&Ack::default(), &[]);
}

#[test]
fn reads_what_a_later_version_adds() {
    let bytes = [0x0a, 1, b'x', 0x10, 7];
    assert_eq!(ArrowData::decode(bytes.as_slice()).unwrap().payload, "x");
    assert_eq!(Empty::decode(bytes.as_slice()).unwrap(), Empty {});
}

#[test]
fn rejects_truncated_messages() {
    assert!(ArrowData::decode([0x0a, 3, 1].as_slice()).is_err());
    assert!(Ack::decode([0x0a, 1, 0xff].as_slice()).is_err(), "a message is UTF-8");
}

#[test]
fn payload_shares_the_received_memory() {
    let received = Bytes::from([&[0x0a, 100][..], &[7; 100]].concat());
    let message = ArrowData::decode(received.clone()).unwrap();
    assert_eq!(message.payload.as_ptr(), received[2..].as_ptr());
}
