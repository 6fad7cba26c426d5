//! Messages without a stream around them: the same bytes, the same batches, and no copy on either side.

use std::sync::Arc;

use arrow_array::{ArrayRef, DictionaryArray, Int32Array, RecordBatch, StringArray, record_batch};
use arrow_buffer::Buffer;
use arrow_schema::{DataType, Field, Schema};
use arrowlink_ipc::{
    Compression, Decoded, Dictionaries, EncodeOptions, ErrorKind, Limits, Message, MessageDecoder,
    MessageEncoder, read_stream,
};
use arrowlink_testkit::{Maker, data_types, dictionary, types};
use proptest::prelude::{ProptestConfig, any, prop, proptest};

use crate::support::{COMPRESSIONS, body, parts, read_messages, stream, use_batch, with_metadata, written};

#[test]
fn messages_of_every_type_are_those_of_a_stream() {
    for (seed, data_type) in types().into_iter().enumerate() {
        for rows in [0, 1, 17] {
            let batch = Maker::new(seed as u64).batch(std::slice::from_ref(&data_type), rows);
            check(&[batch.clone(), batch.slice(rows / 3, rows / 2), batch]);
        }
    }
}

#[test]
fn rows_without_columns_have_no_body() {
    let batches = [Maker::new(1).batch(&[], 7), Maker::new(1).batch(&[], 0)];
    check(&batches);
    assert!(written(&batches, &EncodeOptions::default()).iter().all(|message| message.body().is_empty()));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn messages_of_random_schemas_are_those_of_a_stream(
        types in prop::collection::vec(data_types(), 0..4),
        seed in any::<u64>(),
        rows in 1_usize..40,
        cut in (0.0..1.0, 0.0..1.0),
    ) {
        let whole = Maker::new(seed).batch(&types, rows);
        let begin = (cut.0 * rows as f64) as usize;
        let length = (cut.1 * (rows - begin) as f64) as usize;
        check(&[whole.slice(begin, length), whole]);
    }
}

#[test]
fn the_schema_is_there_before_any_batch() {
    let fields: Vec<_> = types()
        .into_iter()
        .enumerate()
        .map(|(at, data_type)| Field::new(format!("c{at}"), data_type, true))
        .collect();
    let schema = with_metadata(&Schema::new(fields));
    let encoder = MessageEncoder::new(&schema, &EncodeOptions::default()).unwrap();
    let mut decoder = MessageDecoder::new(Limits::default());
    assert_eq!(decoder.schema(), None);
    let decoded = decoder.decode(encoder.schema().header(), &Buffer::default()).unwrap();
    assert_eq!(decoded, Decoded::Schema(Arc::new(schema.clone())));
    assert_eq!(decoder.schema().unwrap().as_ref(), &schema);
}

#[test]
fn the_schema_names_the_dictionaries_that_follow() {
    let types = [dictionary(DataType::Int8, DataType::Utf8), dictionary(DataType::Int16, DataType::Int64)];
    let field = Field::new("l", DataType::List(Arc::new(Field::new("item", types[0].clone(), true))), true);
    let columns = [types.to_vec(), vec![field.data_type().clone()]].concat();
    let batch = Maker::new(4).batch(&columns, 10);
    let messages = written(std::slice::from_ref(&batch), &EncodeOptions::default());
    assert_eq!(messages.len(), 1 + 3 + 1);
    assert_eq!(read_messages(&parts(&messages), &Limits::default()).unwrap(), [batch]);
}

#[test]
fn deep_schemas_pass() {
    let leaf = Arc::new(Field::new("item", DataType::Int8, true));
    let nested =
        (1..64).fold(leaf, |inner, _| Arc::new(Field::new("item", DataType::LargeList(inner), true)));
    let schema = Arc::new(Schema::new(vec![nested]));
    let encoder = MessageEncoder::new(&schema, &EncodeOptions::default()).unwrap();
    let mut decoder = MessageDecoder::new(Limits::default());
    let decoded = decoder.decode(encoder.schema().header(), &Buffer::default()).unwrap();
    assert_eq!(decoded, Decoded::Schema(schema));
}

#[test]
fn dictionaries_are_sent_once_and_extended() {
    let batches = [words(&["a", "b"]), words(&["a", "b"]), words(&["a", "b", "c"])];
    for (dictionaries, counts) in [(Dictionaries::Replace, [2, 1, 2]), (Dictionaries::Delta, [2, 1, 2])] {
        let options = EncodeOptions::default().with_dictionaries(dictionaries);
        let mut encoder = MessageEncoder::new(&batches[0].schema(), &options).unwrap();
        let sent = batches.each_ref().map(|batch| encoder.encode(batch).unwrap());
        assert_eq!(sent.each_ref().map(Vec::len), counts);
        let values = match dictionaries {
            Dictionaries::Delta => b"c".as_slice(),
            _ => b"abc",
        };
        assert!(body(&sent[2][0]).windows(values.len()).any(|window| window == values));
        assert_eq!(body(&sent[2][0]).contains(&b'a'), dictionaries == Dictionaries::Replace);
        check(&batches);
    }
}

#[test]
fn a_batch_with_another_schema_is_refused_and_the_stream_goes_on() {
    let batch = record_batch!(("a", Int32, [1])).unwrap();
    let mut encoder = MessageEncoder::new(&batch.schema(), &EncodeOptions::default()).unwrap();
    let wrong = record_batch!(("a", Int64, [1])).unwrap();
    assert_eq!(encoder.encode(&wrong).unwrap_err().kind(), ErrorKind::SchemaMismatch);
    let mut messages = vec![encoder.schema().clone()];
    messages.extend(encoder.encode(&batch).unwrap());
    assert_eq!(read_messages(&parts(&messages), &Limits::default()).unwrap(), [batch]);
}

#[test]
fn refuses_schemas_without_a_form_on_the_wire() {
    let data_type = dictionary(DataType::Int8, dictionary(DataType::Int8, DataType::Utf8));
    let schema = Schema::new(vec![Field::new("d", data_type, true)]);
    let error = MessageEncoder::new(&schema, &EncodeOptions::default()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Encode);
}

#[test]
fn bodies_are_the_memory_of_the_columns() {
    let batch = record_batch!(("i", Int64, vec![7; 100]), ("t", Utf8, vec!["a text"; 100])).unwrap();
    let messages = written(std::slice::from_ref(&batch), &EncodeOptions::default());
    let [_, message] = messages.as_slice() else { panic!("{} messages", messages.len()) };
    for column in batch.columns() {
        for buffer in column.to_data().buffers() {
            assert!(message.body().iter().any(|segment| segment.as_ptr() == buffer.as_ptr()));
        }
    }
    assert_eq!(format!("{message:?}"), "Message { header_bytes: 248, segments: 6, body_bytes: 1920 }");
}

#[test]
fn columns_lie_in_aligned_bodies() {
    for rows in [1, 64, 100] {
        let batch = Maker::new(1).batch(&types(), rows);
        let parts = parts(&written(std::slice::from_ref(&batch), &EncodeOptions::default()));
        let limits = Limits::default().with_max_decompressed_bytes(0);
        let read = read_messages(&parts, &limits).unwrap();
        assert_eq!(read, [batch]);
        for column in read[0].columns() {
            let data = column.to_data();
            for buffer in data.buffers().iter().filter(|buffer| !buffer.is_empty()) {
                let lies_in = |(_, body): &(Buffer, Buffer)| body.as_ptr_range().contains(&buffer.as_ptr());
                assert!(parts.iter().any(lies_in), "a buffer of `{}` was copied", data.data_type());
            }
        }
    }
}

#[test]
fn bodies_that_are_not_aligned_are_copied_and_paid_for() {
    let batch = Maker::new(1).batch(&types(), 64);
    let shifted: Vec<_> = parts(&written(std::slice::from_ref(&batch), &EncodeOptions::default()))
        .iter()
        .map(|(header, body)| (shifted(header), shifted(body)))
        .collect();
    assert_eq!(read_messages(&shifted, &Limits::default()).unwrap(), [batch]);
    let error = read_messages(&shifted, &Limits::default().with_max_decompressed_bytes(100)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LimitExceeded);
}

#[test]
fn padding_after_header_and_body_is_no_part_of_them() {
    let batch = Maker::new(1).batch(&types(), 10);
    let padded: Vec<_> = parts(&written(std::slice::from_ref(&batch), &EncodeOptions::default()))
        .iter()
        .map(|(header, body)| ([header, [0; 72].as_slice()].concat(), [body, [9; 100].as_slice()].concat()))
        .map(|(header, body)| (Buffer::from(header.as_slice()), Buffer::from(body.as_slice())))
        .collect();
    assert_eq!(read_messages(&padded, &Limits::default()).unwrap(), [batch]);
}

/// Checks that messages, put together with the framing of a stream, are that stream, and that they are read as it is.
fn check(batches: &[RecordBatch]) {
    for compression in COMPRESSIONS {
        let options = EncodeOptions::default().with_compression(compression);
        let messages = written(batches, &options);
        let bytes = stream(batches, &options);
        let framed: Vec<u8> = messages.iter().flat_map(framed).chain(END).collect();
        assert!(framed == bytes, "the messages are not those of the stream with {compression:?}");
        let read = read_messages(&parts(&messages), &Limits::default()).unwrap();
        assert_eq!(read, batches);
        assert_eq!(read, read_stream(bytes.into(), &Limits::default()).unwrap().1);
        read.iter().for_each(use_batch);
        check_sizes(&messages, compression);
    }
}

fn check_sizes(messages: &[Message], compression: Option<Compression>) {
    for message in messages {
        let size: usize = message.body().iter().map(Buffer::len).sum();
        assert_eq!(message.body_bytes(), size, "{compression:?}");
        assert_eq!((size % 64, (message.header().len() + 8) % 64), (0, 0), "{compression:?}");
        assert!(message.body().iter().all(|segment| !segment.is_empty()));
        let (header, segments) = message.clone().into_parts();
        assert_eq!((&header, segments.as_slice()), (message.header(), message.body()));
    }
}

fn framed(message: &Message) -> Vec<u8> {
    let length = u32::try_from(message.header().len()).unwrap().to_le_bytes();
    [[0xff; 4].as_slice(), &length, message.header(), &body(message)].concat()
}

/// Moves bytes to an odd address.
fn shifted(bytes: &Buffer) -> Buffer {
    Buffer::from([&[0], bytes.as_slice()].concat().as_slice()).slice(1)
}

fn words(values: &[&str]) -> RecordBatch {
    let keys = Int32Array::from_iter_values(0..i32::try_from(values.len()).unwrap());
    let column: ArrayRef =
        Arc::new(DictionaryArray::new(keys, Arc::new(StringArray::from_iter_values(values))));
    RecordBatch::try_from_iter([("d", column)]).unwrap()
}

const END: [u8; 8] = [0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0];
