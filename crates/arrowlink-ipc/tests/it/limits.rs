//! Every limit: what is over it is refused with the setting and both numbers, what is at it passes.

use std::sync::Arc;

use arrow_array::{ArrayRef, NullArray, RecordBatch, StringViewArray, record_batch};
use arrow_ipc::CompressionType;
use arrow_schema::{DataType, Field, Schema};
use arrowlink_ipc::{
    Compression, Dictionaries, EncodeOptions, ErrorKind, Limits, StreamDecoder, read_stream, write_stream,
};
use arrowlink_testkit::{Maker, dictionary};
use expect_test::{Expect, expect};

use crate::messages::Batch;
use crate::support::{COMPRESSIONS, read_in_pieces, stream};

#[test]
fn refuses_large_messages() {
    let bytes = plain();
    let size = bytes.len() - schema().len() - 8;
    assert_eq!(size, 80_192);
    check(
        &bytes,
        Limits::default().with_max_message_bytes(size - 1),
        expect!["message 2 (record batch): 80192 exceeds `max_message_bytes`, which is 80191"],
    );
    assert!(read_stream(bytes.into(), &Limits::default().with_max_message_bytes(size)).is_ok());
}

#[test]
fn refuses_large_metadata() {
    let limits = Limits::default().with_max_metadata_bytes(100);
    check(&plain(), limits, expect!["message 1: 120 exceeds `max_metadata_bytes`, which is 100"]);
}

#[test]
fn refuses_deep_nesting() {
    let nested = |depth| {
        let leaf = Arc::new(Field::new("item", DataType::Int8, true));
        (1..depth).fold(leaf, |inner, _| Arc::new(Field::new("item", DataType::List(inner), true)))
    };
    for depth in [64, 65] {
        let batch = Maker::new(1).batch(&[nested(depth).data_type().clone()], 0);
        let bytes = stream(&[batch], &EncodeOptions::default());
        for limits in [Limits::default(), Limits::default().with_max_nesting_depth(usize::MAX)] {
            assert_eq!(read_stream(bytes.clone().into(), &limits).is_ok(), depth == 64);
        }
    }
    let bytes =
        stream(&[Maker::new(1).batch(&[nested(3).data_type().clone()], 0)], &EncodeOptions::default());
    let limits = Limits::default().with_max_nesting_depth(2);
    check(
        &bytes,
        limits,
        expect!["message 1 (schema), field `c0.item.item`: 3 exceeds `max_nesting_depth`, which is 2"],
    );
}

#[test]
fn never_goes_deeper_than_the_stack() {
    let mut field = Arc::new(Field::new("item", DataType::Int8, true));
    for _ in 0..200 {
        field = Arc::new(Field::new("item", DataType::List(field), true));
    }
    let segments = write_stream(&Schema::new(vec![field]), [], &EncodeOptions::default()).unwrap();
    let bytes: Vec<u8> = segments.iter().flat_map(|segment| segment.to_vec()).collect();
    let limits = Limits::default().with_max_nesting_depth(usize::MAX);
    check(&bytes, limits, expect!["message 1: 65 exceeds `max_nesting_depth`, which is 64"]);
}

#[test]
fn refuses_many_fields() {
    let bytes = stream(&[Maker::new(1).batch(&vec![DataType::Int8; 20], 1)], &EncodeOptions::default());
    assert!(read_stream(bytes.clone().into(), &Limits::default().with_max_fields(20)).is_ok());
    check(
        &bytes,
        Limits::default().with_max_fields(19),
        expect!["message 1 (schema), field `c19`: 20 exceeds `max_fields`, which is 19"],
    );
}

#[test]
fn refuses_many_rows() {
    let nulls: ArrayRef = Arc::new(NullArray::new(1 << 31));
    let bytes = stream(&[RecordBatch::try_from_iter([("n", nulls)]).unwrap()], &EncodeOptions::default());
    check(
        &bytes,
        Limits::default(),
        expect!["message 2 (record batch): 2147483648 exceeds `max_rows`, which is 2147483647"],
    );
}

#[test]
fn refuses_more_than_may_be_decompressed() {
    for compression in COMPRESSIONS.into_iter().flatten() {
        let bytes = compressed(compression);
        let limits = Limits::default().with_max_decompressed_bytes(80_000);
        assert!(read_stream(bytes.clone().into(), &limits).is_ok());
        check(
            &bytes,
            Limits::default().with_max_decompressed_bytes(79_999),
            expect![
                "message 2 (record batch), field `v`: 80000 exceeds `max_decompressed_bytes`, which is 79999"
            ],
        );
    }
}

#[test]
fn counts_what_is_decompressed_by_message_or_over_the_stream() {
    let batch = numbers();
    let options = EncodeOptions::default().with_compression(Some(Compression::Zstd));
    let bytes = stream(&[batch.clone(), batch.clone()], &options);
    let limits = Limits::default().with_max_decompressed_bytes(100_000);
    assert_eq!(read_in_pieces(&bytes, 1000, &limits).unwrap(), [batch.clone(), batch]);
    check(
        &bytes,
        limits,
        expect![
            "message 3 (record batch), field `v`: 160000 exceeds `max_decompressed_bytes`, which is 100000"
        ],
    );
}

#[test]
fn declared_lengths_must_be_true() {
    for (compression, codec) in
        [(Compression::Lz4, CompressionType::LZ4_FRAME), (Compression::Zstd, CompressionType::ZSTD)]
    {
        let frame = frame(compression);
        for (declared, text) in [
            (8_i64, "a buffer that declares 8 bytes cannot be decompressed"),
            (79_999, "a buffer that declares 79999 bytes"),
            (80_001, "a buffer that declares 80001 bytes"),
            (1 << 27, "compressed bytes cannot hold the 134217728 declared"),
            (-2, "the uncompressed length of a buffer is -2"),
        ] {
            if declared == 1 << 27 && compression == Compression::Zstd {
                continue;
            }
            let body = [declared.to_le_bytes().as_slice(), &frame].concat();
            let batch = Batch {
                rows: 10_000,
                nodes: vec![(10_000, 0)],
                buffers: vec![(0, 0), (0, i64::try_from(body.len()).unwrap())],
                compression: Some(codec),
                ..Batch::default()
            };
            let bytes = [schema(), batch.record_batch(&body)].concat();
            let error = read_stream(bytes.into(), &Limits::default()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Invalid);
            assert!(error.to_string().contains(text), "{compression:?}, {declared}: {error}");
        }
    }
}

#[test]
fn refuses_text_that_views_repeat_without_end() {
    let text = "a text that is longer than a view".repeat(100);
    let one = StringViewArray::from_iter_values([text.as_str()]);
    let views = vec![one.views()[0]; 1000];
    let array: ArrayRef = Arc::new(StringViewArray::new(views.into(), one.data_buffers().to_vec(), None));
    let bytes = stream(&[RecordBatch::try_from_iter([("t", array)]).unwrap()], &EncodeOptions::default());
    assert!(read_stream(bytes.clone().into(), &Limits::default()).is_ok());
    let limits = Limits::default().with_max_decompressed_bytes(1 << 20);
    check(
        &bytes,
        limits,
        expect![
            "message 2 (record batch), field `t`: 3296700 exceeds `max_decompressed_bytes`, which is 1048576"
        ],
    );
}

#[test]
fn refuses_dictionaries_that_grow_without_end() {
    let field = Arc::new(Field::new("d", dictionary(DataType::Int8, DataType::Utf8), true));
    let schema = Arc::new(Schema::new(vec![field]));
    for dictionaries in [Dictionaries::Replace, Dictionaries::Delta] {
        let mut maker = Maker::new(1);
        let batches: Vec<_> = (0..50).map(|_| maker.batch_of(&schema, 10)).collect();
        let bytes = stream(&batches, &EncodeOptions::default().with_dictionaries(dictionaries));
        let limits = Limits::default().with_max_dictionary_bytes(1 << 20);
        assert!(read_stream(bytes.clone().into(), &limits).is_ok(), "one replaces the other");
        let error = read_stream(bytes.into(), &Limits::default().with_max_dictionary_bytes(100)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::LimitExceeded);
        assert!(error.to_string().contains("`max_dictionary_bytes`, which is 100"), "{error}");
    }
}

#[test]
fn claimed_lengths_are_refused_before_their_bytes_arrive() {
    let bytes = plain();
    let mut decoder = StreamDecoder::new(Limits::default().with_max_message_bytes(10_000));
    let error = decoder.decode(&mut bytes[..1000].to_vec().into()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LimitExceeded);
}

fn check(bytes: &[u8], limits: Limits, text: Expect) {
    let error = read_stream(bytes.to_vec().into(), &limits).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LimitExceeded);
    text.assert_eq(&error.to_string());
}

fn numbers() -> RecordBatch {
    record_batch!(("v", Int64, vec![7; 10_000])).unwrap()
}

fn plain() -> Vec<u8> {
    stream(&[numbers()], &EncodeOptions::default())
}

fn compressed(compression: Compression) -> Vec<u8> {
    stream(&[numbers()], &EncodeOptions::default().with_compression(Some(compression)))
}

/// Returns the compressed values of [`numbers`].
fn frame(compression: Compression) -> Vec<u8> {
    let bytes = compressed(compression);
    let length = 80_000_i64.to_le_bytes();
    let at = bytes.windows(8).position(|window| window == length).unwrap();
    let magic: &[u8] =
        if compression == Compression::Lz4 { &[0x04, 0x22, 0x4d, 0x18] } else { &[0x28, 0xb5, 0x2f, 0xfd] };
    assert!(bytes[at + 8..].starts_with(magic));
    let end = bytes.len() - 8;
    let mut frame = bytes[at + 8..end].to_vec();
    let empty = if compression == Compression::Lz4 { 4 } else { 1 };
    while frame.ends_with(&[0]) && frame.len() > empty {
        frame.pop();
    }
    if compression == Compression::Lz4 {
        frame.extend([0; 4]);
    }
    frame
}

fn schema() -> Vec<u8> {
    let bytes = stream(&[numbers().slice(0, 0)], &EncodeOptions::default());
    let end = bytes.windows(4).enumerate().filter(|(_, window)| *window == [0xff; 4]).nth(1).unwrap().0;
    bytes[..end].to_vec()
}
