//! Messages of any form in any frames, against what prost reads in them whole. Here and not at the public API, because no
//! call there shows the fields of a `FlightData`.
#![allow(
    clippy::needless_pass_by_value,
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests fail by panicking"
)]

use std::convert::Infallible;
use std::ops::Range;

use arrow_flight::{FlightData, FlightDescriptor};
use arrowlink_core::ErrorKind;
use expect_test::{Expect, expect};
use futures::stream;
use http_body_util::StreamBody;
use proptest::collection::vec;
use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop_oneof, proptest};
use proptest::sample::Index;
use prost::Message as _;

use super::{BlockPool, Bytes, Duration, Error, Message, Messages, Origin, ReceiveOptions, Shape};

/// A field of a message as it is on the wire.
#[derive(Clone, Debug)]
struct Field {
    number: u32,
    value: Value,
    /// How many bytes its key and length are longer than they have to be.
    padding: usize,
}

#[derive(Clone, Debug)]
enum Value {
    Varint(u64),
    Fixed64([u8; 8]),
    Bytes(Vec<u8>),
    Group(Vec<Field>),
    Fixed32([u8; 4]),
}

fn put_varint(mut value: u64, padding: usize, out: &mut Vec<u8>) {
    let mut padding = padding;
    let mut room = 10;
    loop {
        let (bits, is_last) = ((value & 0x7f) as u8, value < 0x80);
        value >>= 7;
        room -= 1;
        if is_last && (padding == 0 || room == 0) {
            return out.push(bits);
        }
        if is_last {
            padding -= 1;
        }
        out.push(bits | 0x80);
    }
}

fn put_field(field: &Field, out: &mut Vec<u8>) {
    let key = |wire_type| u64::from(field.number) << 3 | wire_type;
    match &field.value {
        Value::Varint(value) => {
            put_varint(key(0), field.padding, out);
            put_varint(*value, field.padding, out);
        }
        Value::Fixed64(bytes) => {
            put_varint(key(1), field.padding, out);
            out.extend(bytes);
        }
        Value::Bytes(bytes) => {
            put_varint(key(2), field.padding, out);
            put_varint(bytes.len() as u64, field.padding, out);
            out.extend(bytes);
        }
        Value::Group(fields) => {
            put_varint(key(3), field.padding, out);
            fields.iter().for_each(|field| put_field(field, out));
            put_varint(key(4), field.padding, out);
        }
        Value::Fixed32(bytes) => {
            put_varint(key(5), field.padding, out);
            out.extend(bytes);
        }
    }
}

fn encoded(fields: &[Field]) -> Vec<u8> {
    let mut message = Vec::new();
    fields.iter().for_each(|field| put_field(field, &mut message));
    message
}

fn framed(messages: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for message in messages {
        bytes.push(0);
        bytes.extend(u32::try_from(message.len()).unwrap().to_be_bytes());
        bytes.extend(message);
    }
    bytes
}

fn descriptor() -> impl Strategy<Value = Vec<u8>> {
    (0..3_i32, vec(any::<u8>(), 0..20), vec("[a-z]{0,5}", 0..3)).prop_map(|(kind, cmd, path)| {
        FlightDescriptor { r#type: kind, cmd: cmd.into(), path }.encode_to_vec()
    })
}

fn known() -> impl Strategy<Value = (u32, Value)> {
    let bytes = |sizes: Range<usize>| vec(any::<u8>(), sizes).prop_map(Value::Bytes);
    prop_oneof![
        descriptor().prop_map(|descriptor| (1, Value::Bytes(descriptor))),
        bytes(0..300).prop_map(|bytes| (2, bytes)),
        bytes(0..30).prop_map(|bytes| (3, bytes)),
        bytes(0..300).prop_map(|bytes| (1000, bytes)),
        bytes(4000..9000).prop_map(|bytes| (1000, bytes)),
    ]
}

fn unknown() -> impl Strategy<Value = (u32, Value)> {
    let number = prop_oneof![4..20_u32, Just(999), Just((1 << 29) - 1)];
    let value = prop_oneof![
        any::<u64>().prop_map(Value::Varint),
        any::<[u8; 8]>().prop_map(Value::Fixed64),
        vec(any::<u8>(), 0..40).prop_map(Value::Bytes),
        any::<[u8; 4]>().prop_map(Value::Fixed32),
    ];
    // Inside of groups the numbers are those of other fields.
    let value = value.prop_recursive(3, 20, 4, |value| {
        let field = (1..5_u32, value, 0..3_usize);
        let field = field.prop_map(|(number, value, padding)| Field { number, value, padding });
        vec(field, 0..4).prop_map(Value::Group)
    });
    (number, value)
}

fn message() -> impl Strategy<Value = Vec<Field>> {
    let field = (prop_oneof![3 => known(), 2 => unknown()], prop_oneof![4 => Just(0), 1 => 0..12_usize]);
    vec(field.prop_map(|((number, value), padding)| Field { number, value, padding }), 0..8)
}

/// Cuts `bytes` at `cuts`, which may be the same place twice, into frames that lie apart.
fn cut(bytes: &[u8], cuts: &[Index]) -> Vec<Bytes> {
    let mut places: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
    places.extend([0, bytes.len()]);
    places.sort_unstable();
    places.windows(2).map(|pair| Bytes::copy_from_slice(&bytes[pair[0]..pair[1]])).collect()
}

fn received(pool: &BlockPool, shape: Shape, frames: Vec<Bytes>) -> Result<Vec<Message>, Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let frames = frames.into_iter().map(|frame| Ok::<_, Infallible>(http_body::Frame::data(frame)));
    let options = ReceiveOptions {
        pool: pool.clone(),
        max_message_bytes: 64 << 20,
        idle_timeout: Duration::from_secs(60),
    };
    runtime.block_on(async {
        let mut messages =
            Messages::new(StreamBody::new(stream::iter(frames)), shape, options, Origin::Client);
        let mut all = Vec::new();
        while let Some(message) = messages.next().await? {
            all.push(message);
        }
        Ok(all)
    })
}

/// Reads a message as one that was decoded by prost.
fn as_decoded(message: &Message) -> Result<FlightData, prost::DecodeError> {
    Ok(FlightData {
        flight_descriptor: message.descriptor.clone().map(FlightDescriptor::decode).transpose()?,
        data_header: message.header.as_deref().unwrap_or_default().to_vec().into(),
        app_metadata: message.app_metadata.clone().unwrap_or_default(),
        data_body: message.bulk.as_deref().unwrap_or_default().to_vec().into(),
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn reads_what_prost_reads_whatever_the_order_and_the_frames(
        messages in vec(message(), 0..5),
        cuts in vec(any::<Index>(), 0..40),
    ) {
        let messages: Vec<Vec<u8>> = messages.iter().map(|fields| encoded(fields)).collect();
        let pool = BlockPool::default();
        let read = received(&pool, Shape::Flight, cut(&framed(&messages), &cuts)).unwrap();
        assert_eq!(read.len(), messages.len());
        for (read, message) in read.iter().zip(&messages) {
            assert_eq!(as_decoded(read).unwrap(), FlightData::decode(message.as_slice()).unwrap());
            assert_eq!(read.bytes, message.len());
            let bulk = read.bulk.as_deref().unwrap_or_default();
            assert!(bulk.is_empty() || bulk.as_ptr().addr() % 64 == 0, "not aligned");
            assert_eq!(pool.owns(bulk), bulk.len() > 4096, "{} bytes", bulk.len());
        }
        drop(read);
        assert_eq!(pool.usage().in_use_blocks, 0);
    }

    #[test]
    fn refuses_what_prost_refuses(
        fields in message(),
        at in any::<Index>(),
        byte in any::<u8>(),
        cuts in vec(any::<Index>(), 0..10),
    ) {
        // Of a descriptor in parts prost checks each part, and those who decode it here the whole.
        let fields: Vec<_> = fields.into_iter().filter(|field| field.number != 1).collect();
        let mut message = encoded(&fields);
        if !message.is_empty() {
            let at = at.index(message.len());
            message[at] = byte;
        }
        let pool = BlockPool::default();
        let read = received(&pool, Shape::Flight, cut(&framed(std::slice::from_ref(&message)), &cuts));
        let read = read.ok().and_then(|messages| as_decoded(&messages[0]).ok());
        let decoded = FlightData::decode(message.as_slice()).ok();
        let is_in_parts = read.as_ref().is_some_and(|read| read.flight_descriptor.is_some());
        assert!(read == decoded || decoded.is_none() && is_in_parts, "{read:?} for {decoded:?}");
        assert_eq!(pool.usage().in_use_blocks, 0);
    }

    #[test]
    fn survives_any_bytes(bytes in vec(any::<u8>(), 0..200), cuts in vec(any::<Index>(), 0..10)) {
        let pool = BlockPool::default();
        let message = framed(std::slice::from_ref(&bytes));
        let is_read = received(&pool, Shape::Payload("Ticket"), cut(&message, &cuts)).is_ok();
        assert_eq!(is_read, arrow_flight::Ticket::decode(bytes.as_slice()).is_ok());
    }
}

fn check(shape: Shape, message: &[u8], expected: Expect) {
    let error = received(&BlockPool::default(), shape, vec![framed(&[message.to_vec()]).into()]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    expected.assert_eq(&error.chain().to_string());
}

#[test]
fn says_which_message_is_wrong_and_where() {
    check(
        Shape::Flight,
        &[0x12, 1, 7, 0x12, 9, 1],
        expect![
            "message 1 is not a `FlightData`: failed to decode Protobuf message: field 2 claims 9 bytes, and the message has 1 more, at byte 4"
        ],
    );
    check(
        Shape::Flight,
        &[0x12, 1, 7, 0x10, 9],
        expect![
            "message 1 is not a `FlightData`: failed to decode Protobuf message: field 2 has the wire type 0 and not 2, at byte 3"
        ],
    );
    check(
        Shape::Payload("Ticket"),
        &[0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f],
        expect![
            "message 1 is not a `Ticket`: failed to decode Protobuf message: field 1 claims 4294967295 bytes, and the message has 0 more, at byte 1"
        ],
    );
    check(
        Shape::Flight,
        &[0x02, 0],
        expect!["message 1 is not a `FlightData`: failed to decode Protobuf message: invalid tag value: 0"],
    );
    check(
        Shape::Flight,
        &[0x12, 0, 0x27],
        expect![
            "message 1 is not a `FlightData`: failed to decode Protobuf message: invalid wire type value: 7, at byte 2"
        ],
    );
    check(
        Shape::Flight,
        &[0x12, 0, 0x21, 1, 2],
        expect![
            "message 1 is not a `FlightData`: failed to decode Protobuf message: field 4 claims 8 bytes, and the message has 2 more, at byte 2"
        ],
    );
    check(
        Shape::Flight,
        &[0x12, 0, 0x20],
        expect![
            "message 1 is not a `FlightData`: failed to decode Protobuf message: the message ends in the middle of a field, at byte 3"
        ],
    );
    check(
        Shape::Flight,
        &[0x23, 0x2c],
        expect![
            "message 1 is not a `FlightData`: failed to decode Protobuf message: unexpected end group tag, at byte 1"
        ],
    );
    check(
        Shape::Flight,
        &[0x23],
        expect![
            "message 1 is not a `FlightData`: failed to decode Protobuf message: the message ends in the middle of a field, at byte 1"
        ],
    );
    check(
        Shape::Flight,
        &[0x23; 101],
        expect![
            "message 1 is not a `FlightData`: failed to decode Protobuf message: groups are nested too deeply, at byte 100"
        ],
    );
    check(
        Shape::Flight,
        &[0x12, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 1],
        expect![
            "message 1 is not a `FlightData`: failed to decode Protobuf message: invalid key value, at byte 2"
        ],
    );
}

#[test]
fn reads_integers_of_ten_bytes_and_no_more() {
    let field = |last: &[u8]| [&[0x20][..], &[0xff; 9], last].concat();
    let read = |last| received(&BlockPool::default(), Shape::Flight, vec![framed(&[field(last)]).into()]);
    assert_eq!(read(&[1]).unwrap().len(), 1);
    for last in [&[2][..], &[0x81, 0]] {
        check(
            Shape::Flight,
            &field(last),
            expect![
                "message 1 is not a `FlightData`: failed to decode Protobuf message: invalid varint, at byte 1"
            ],
        );
    }
}

#[test]
fn keeps_small_fields_small() {
    let field =
        |number: u32| encoded(&[Field { number, value: Value::Bytes(vec![0; (16 << 20) + 1]), padding: 0 }]);
    for number in [1, 2, 3] {
        let error = received(&BlockPool::default(), Shape::Flight, vec![framed(&[field(number)]).into()]);
        let error = error.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::LimitExceeded);
        assert!(error.message().contains("16777217 bytes and exceeds the limit of 16777216"), "{error}");
    }
    let half = Field { number: 1, value: Value::Bytes(vec![0; (8 << 20) + 1]), padding: 0 };
    let error = received(
        &BlockPool::default(),
        Shape::Flight,
        vec![framed(&[encoded(&[half.clone(), half])]).into()],
    );
    assert_eq!(error.unwrap_err().kind(), ErrorKind::LimitExceeded, "a descriptor in two parts");
}

#[test]
fn lets_go_of_frames_but_for_what_lies_in_one() {
    let fields = [(2, 200), (3, 20), (1000, 5000)];
    let fields =
        fields.map(|(number, bytes)| Field { number, value: Value::Bytes(vec![7; bytes]), padding: 0 });
    let whole = Bytes::from(framed(&[encoded(&fields)]));
    let frames = vec![whole.slice(..1000), whole.slice(1000..)];
    let read = received(&BlockPool::default(), Shape::Flight, frames).unwrap().remove(0);
    let lies_in_frame = |bytes: &[u8]| whole.as_ptr_range().contains(&bytes.as_ptr());
    assert!(lies_in_frame(&read.header.clone().unwrap()));
    assert!(!lies_in_frame(&read.app_metadata.clone().unwrap()));
    assert!(!lies_in_frame(&read.bulk.clone().unwrap()));
    drop(read.header);
    assert!(whole.is_unique(), "a frame is kept");
}
