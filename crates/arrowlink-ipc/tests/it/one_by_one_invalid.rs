//! Messages by themselves that are damaged, out of order or lie about their bodies: an error, never a panic.

use arrow_array::RecordBatch;
use arrow_buffer::Buffer;
use arrow_ipc::{Endianness, MetadataVersion};
use arrow_schema::DataType;
use arrowlink_ipc::{EncodeOptions, ErrorKind, Limits, MessageDecoder};
use arrowlink_testkit::{Maker, dictionary, types};
use expect_test::{Expect, expect};
use rand::rngs::SmallRng;
use rand::{Rng as _, SeedableRng as _};

use crate::messages::{Batch, dictionary_field, int, schema_of, schema_with_order};
use crate::support::{COMPRESSIONS, parts, read_messages, use_batch, written};

#[test]
fn survives_every_changed_byte() {
    for data_type in types() {
        let batch = Maker::new(5).batch(&[data_type], 3);
        let parts = parts(&written(&[batch], &EncodeOptions::default()));
        let mut failed = 0;
        for message in 0..parts.len() {
            for at in 0..parts[message].0.len() + parts[message].1.len() {
                for change in [|byte| byte ^ 0xff, |byte: u8| byte.wrapping_add(1)] {
                    failed += usize::from(!is_read(&changed(&parts, message, at, change)));
                }
            }
        }
        assert!(failed > 0, "not one change was noticed");
    }
}

#[test]
fn survives_many_changed_bytes() {
    let mut random = SmallRng::seed_from_u64(9);
    for (seed, data_type) in types().into_iter().enumerate() {
        let batch = Maker::new(seed as u64).batch(&[data_type], 30);
        for compression in COMPRESSIONS {
            let options = EncodeOptions::default().with_compression(compression);
            let whole = parts(&written(std::slice::from_ref(&batch), &options));
            for _ in 0..40 {
                let mut damaged = whole.clone();
                for _ in 0..random.random_range(2..8) {
                    let message = random.random_range(0..whole.len());
                    let at = random.random_range(0..whole[message].0.len() + whole[message].1.len());
                    let byte: u8 = random.random();
                    damaged = changed(&damaged, message, at, |old| old ^ byte);
                }
                is_read(&damaged);
            }
        }
    }
}

#[test]
fn bodies_must_be_as_long_as_their_messages_say() {
    let parts = numbers();
    for length in [0, 1, 63] {
        let short = [parts[0].clone(), (parts[1].0.clone(), parts[1].1.slice_with_length(0, length))];
        let text = format!("message 2 (record batch): the body has {length} bytes, the message says 64");
        let error = read_messages(&short, &Limits::default()).unwrap_err();
        assert_eq!((error.kind(), error.to_string()), (ErrorKind::Invalid, text));
    }
}

#[test]
fn buffers_must_lie_in_the_body_that_the_message_says() {
    let batch = Batch { rows: 2, nodes: vec![(2, 0)], buffers: vec![(0, 0), (8, 8)], ..Batch::default() };
    let (header, _) = apart(&batch.record_batch(&[0; 8]));
    let messages = [schema(&[DataType::Int32]), (header, Buffer::from([0; 16]))];
    check(
        &messages,
        expect!["message 2 (record batch), field `c0`: the values has 8 bytes from 8, in a body of 8"],
    );
}

#[test]
fn buffers_may_share_their_bytes() {
    let batch = Batch {
        rows: 2,
        nodes: vec![(2, 0), (2, 0)],
        buffers: vec![(0, 0), (0, 8), (0, 0), (4, 8)],
        ..Batch::default()
    };
    let messages = [
        schema(&[DataType::Int32, DataType::Int32]),
        apart(&batch.record_batch(&[1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0])),
    ];
    let read = read_messages(&messages, &Limits::default()).unwrap();
    let expected = arrow_array::record_batch!(("c0", Int32, [1, 2]), ("c1", Int32, [2, 3])).unwrap();
    assert_eq!(read[0].columns(), expected.columns());
}

#[test]
fn the_schema_comes_first_and_once() {
    let parts = numbers();
    check(&parts[1..], expect!["message 1 (record batch): the stream does not begin with a schema"]);
    check(
        &[parts[0].clone(), parts[0].clone()],
        expect!["message 2 (schema): the stream has a schema already"],
    );
    let words = Maker::new(1).batch(&[dictionary(DataType::Int8, DataType::Utf8)], 3);
    let words = crate::support::parts(&written(&[words], &EncodeOptions::default()));
    check(&words[1..], expect!["message 1 (dictionary batch): the stream does not begin with a schema"]);
    check(
        &[words[0].clone(), words[2].clone()],
        expect!["message 2 (record batch), field `c0`: no batch of dictionary 0 was received"],
    );
}

#[test]
fn messages_are_numbered_until_one_is_wrong() {
    let values = Batch { nodes: vec![(0, 0)], buffers: vec![(0, 0); 3], ..Batch::default() };
    let messages = [
        apart(&schema_of(&[("d", dictionary_field(7, DataType::Utf8))])),
        apart(&values.dictionary_batch(7, false, &[])),
        apart(&values.dictionary_batch(8, false, &[])),
    ];
    let mut decoder = MessageDecoder::new(Limits::default());
    assert!(decoder.decode(&messages[0].0, &messages[0].1).is_ok());
    assert!(decoder.decode(&messages[1].0, &messages[1].1).is_ok());
    for (message, text) in [
        (&messages[2], "message 3 (dictionary batch): no field of the schema has dictionary 8"),
        (&messages[1], "message 3: the stream has failed before, begin a new one"),
    ] {
        let error = decoder.decode(&message.0, &message.1).unwrap_err();
        assert_eq!(error.to_string(), text);
    }
}

#[test]
fn what_is_no_metadata_is_said_to_be_none() {
    for header in [b"".as_slice(), b"ab", b"this is no flatbuffer"] {
        let messages = [(Buffer::from(header), Buffer::default())];
        check(&messages, expect!["message 1: the metadata cannot be read"]);
    }
    let old = schema_with_order(Endianness::Little, MetadataVersion::V3, |fbb| {
        (arrow_ipc::Type::Int, int(fbb, 8).as_union_value())
    });
    let error = read_messages(&[apart(&old)], &Limits::default()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
}

#[test]
fn header_and_body_count_against_the_limits() {
    let parts = numbers();
    let size = parts[1].0.len() + 64;
    let limits = Limits::default().with_max_message_bytes(size);
    assert!(read_messages(&parts, &limits).is_ok());
    let error = read_messages(&parts, &limits.with_max_message_bytes(size - 1)).unwrap_err();
    expect!["message 2 (record batch): 248 exceeds `max_message_bytes`, which is 247"]
        .assert_eq(&error.to_string());
    let error = read_messages(&parts, &Limits::default().with_max_metadata_bytes(100)).unwrap_err();
    expect!["message 1: 120 exceeds `max_metadata_bytes`, which is 100"].assert_eq(&error.to_string());
}

fn check(messages: &[(Buffer, Buffer)], text: Expect) {
    let error = read_messages(messages, &Limits::default()).unwrap_err();
    text.assert_eq(&error.to_string());
    assert_eq!(error.kind(), ErrorKind::Invalid);
}

/// Reads what may be damaged, uses what comes out, and says whether nothing was wrong.
fn is_read(messages: &[(Buffer, Buffer)]) -> bool {
    let read = read_messages(messages, &Limits::default());
    read.iter().flatten().for_each(use_batch);
    read.is_ok()
}

/// Changes a byte of a message, counted over its header and its body.
fn changed(
    messages: &[(Buffer, Buffer)],
    message: usize,
    at: usize,
    change: impl Fn(u8) -> u8,
) -> Vec<(Buffer, Buffer)> {
    let mut messages = messages.to_vec();
    let (header, body) = &mut messages[message];
    let (part, at) = if at < header.len() { (header, at) } else { (body, at - header.len()) };
    let mut bytes = part.to_vec();
    bytes[at] = change(bytes[at]);
    *part = Buffer::from(bytes.as_slice());
    messages
}

/// Takes the framing off a message that was made by hand.
fn apart(framed: &[u8]) -> (Buffer, Buffer) {
    let (prefix, rest) = framed.split_first_chunk::<8>().unwrap();
    let length = u32::from_le_bytes(prefix[4..].try_into().unwrap());
    let (header, body) = rest.split_at(length as usize);
    (Buffer::from(header), Buffer::from(body))
}

/// Returns the schema message of one nullable column of each type.
fn schema(types: &[DataType]) -> (Buffer, Buffer) {
    let batch = Maker::new(1).batch(types, 0);
    parts(&written(&[batch], &EncodeOptions::default())).remove(0)
}

fn numbers() -> Vec<(Buffer, Buffer)> {
    let batch: RecordBatch = arrow_array::record_batch!(("c0", Int32, [1, 2])).unwrap();
    parts(&written(&[batch], &EncodeOptions::default()))
}
