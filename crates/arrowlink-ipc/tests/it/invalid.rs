//! Messages that break one rule each: the answer names the message, the field and the rule.

use std::error::Error as _;

use arrow_array::{RecordBatch, record_batch};
use arrow_ipc::{
    DecimalBuilder, Endianness, FixedSizeBinaryBuilder, FixedSizeListBuilder, ListBuilder, MapBuilder,
    MessageHeader, MetadataVersion, TensorBuilder, TimeBuilder, TimeUnit, Type,
};
use arrow_schema::DataType;
use arrowlink_ipc::{EncodeOptions, Error, ErrorKind, Limits, read_stream};
use arrowlink_testkit::{Maker, runs, union};
use expect_test::{Expect, expect};
use flatbuffers::FlatBufferBuilder;

use crate::messages::{Batch, int, message, schema_with, schema_with_order};
use crate::support::{read_in_pieces, stream};

#[test]
fn what_is_no_stream_is_said_to_be_none() {
    check(b"PAR1\x15\x04\x15\x10\x15\x14", expect!["message 1: this is no Arrow stream"]);
    check(b"id,value\n1,3.14\n", expect!["message 1: this is no Arrow stream"]);
    check(
        b"ARROW1\0\0\xff\xff\xff\xff",
        expect!["message 1: this is an Arrow file, send its batches as an Arrow stream"],
    );
    check(&[0xff; 12], expect!["message 1: the length of the metadata is -1"]);
    check(&[0; 8], expect!["message 1: the stream ends before its schema"]);
    check(
        &[&[0xff; 4], [16, 0, 0, 0].as_slice(), &[0x55; 16]].concat(),
        expect!["message 1: the metadata cannot be read"],
    );
}

#[test]
fn unreadable_metadata_has_a_cause() {
    let error = read(&[&[0xff; 4], [16, 0, 0, 0].as_slice(), &[0x55; 16]].concat());
    assert!(error.source().is_some());
}

#[test]
fn buffers_must_lie_in_the_body() {
    let int = schema(&[DataType::Int32]);
    let batch =
        |range| Batch { rows: 2, nodes: vec![(2, 0)], buffers: vec![(0, 0), range], ..Batch::default() };
    for (range, text) in [
        (
            (0, 9),
            expect!["message 2 (record batch), field `c0`: the values has 9 bytes from 0, in a body of 8"],
        ),
        (
            (1, 8),
            expect!["message 2 (record batch), field `c0`: the values has 8 bytes from 1, in a body of 8"],
        ),
        (
            (-1, 8),
            expect!["message 2 (record batch), field `c0`: the values has 8 bytes from -1, in a body of 8"],
        ),
        (
            (0, -8),
            expect!["message 2 (record batch), field `c0`: the values has -8 bytes from 0, in a body of 8"],
        ),
        (
            (i64::MAX, i64::MAX),
            expect![
                "message 2 (record batch), field `c0`: the values has 9223372036854775807 bytes from 9223372036854775807, in a body of 8"
            ],
        ),
        ((0, 7), expect!["message 2 (record batch), field `c0`: the values has 7 bytes, 8 are needed"]),
    ] {
        check(&[int.clone(), batch(range).record_batch(&[0; 8])].concat(), text);
    }
}

#[test]
fn nodes_and_buffers_must_be_those_of_the_schema() {
    let int = schema(&[DataType::Int32]);
    let right = Batch { rows: 2, nodes: vec![(2, 0)], buffers: vec![(0, 0), (0, 8)], ..Batch::default() };
    let wrong = |change: fn(&mut Batch)| {
        let mut batch = right.clone();
        change(&mut batch);
        [int.clone(), batch.record_batch(&[0; 8])].concat()
    };
    assert!(read_in_pieces(&wrong(|_| {}), usize::MAX, &Limits::default()).is_ok());
    for (change, text) in [
        (
            (|batch| batch.nodes.clear()) as fn(&mut Batch),
            expect!["message 2 (record batch), field `c0`: the field has no node in the batch"],
        ),
        (|batch| batch.nodes.push((2, 0)), expect!["message 2 (record batch): 1 nodes belong to no field"]),
        (
            |batch| batch.buffers.truncate(1),
            expect!["message 2 (record batch), field `c0`: the values is missing"],
        ),
        (
            |batch| batch.buffers.push((0, 0)),
            expect!["message 2 (record batch): 1 buffers belong to no field"],
        ),
        (
            |batch| batch.variadic.push(0),
            expect!["message 2 (record batch): 1 variadic counts belong to no field"],
        ),
        (|batch| batch.rows = 1, expect!["message 2 (record batch), field `c0`: 2 rows, in a batch of 1"]),
        (|batch| batch.rows = -1, expect!["message 2 (record batch): the length of the batch is -1"]),
        (
            |batch| batch.nodes[0].0 = -2,
            expect!["message 2 (record batch), field `c0`: the length of the field is -2"],
        ),
        (
            |batch| batch.nodes[0].1 = -1,
            expect!["message 2 (record batch), field `c0`: -1 nulls in 2 values"],
        ),
        (|batch| batch.nodes[0].1 = 3, expect!["message 2 (record batch), field `c0`: 3 nulls in 2 values"]),
        (
            |batch| batch.nodes[0].1 = 1,
            expect!["message 2 (record batch), field `c0`: the validity bitmap has 0 bytes, 1 are needed"],
        ),
    ] {
        check(&wrong(change), text);
    }
}

#[test]
fn null_counts_must_be_right() {
    let batch = Batch { rows: 2, nodes: vec![(2, 1)], buffers: vec![(0, 1), (0, 8)], ..Batch::default() };
    let error = read(&[schema(&[DataType::Int32]), batch.record_batch(&[0; 8])].concat());
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert_eq!(error.place().unwrap().field(), Some("c0"));
    expect!["Invalid argument error: null_count value (1) doesn't match actual number of nulls in array (2)"]
        .assert_eq(&error.source().unwrap().to_string());
}

#[test]
fn views_must_name_their_buffers() {
    let views = schema(&[DataType::Utf8View]);
    let batch = |variadic| Batch {
        rows: 1,
        nodes: vec![(1, 0)],
        buffers: vec![(0, 0), (0, 16)],
        variadic,
        ..Batch::default()
    };
    for (variadic, text) in [
        (vec![], expect!["message 2 (record batch), field `c0`: the number of buffers of bytes is missing"]),
        (vec![-1], expect!["message 2 (record batch), field `c0`: -1 buffers of bytes claimed"]),
        (
            vec![i64::MAX],
            expect!["message 2 (record batch), field `c0`: 9223372036854775807 buffers claimed, 1 are left"],
        ),
    ] {
        check(&[views.clone(), batch(variadic).record_batch(&[0; 16])].concat(), text);
    }
    let outside = [[20, 0, 0, 0].as_slice(), &[0; 12]].concat();
    let error = read(&[views, batch(vec![0]).record_batch(&outside)].concat());
    assert!(matches!(error, Error::InvalidValues { .. }), "{error}");
}

#[test]
fn values_must_be_what_their_type_says() {
    let text = |bytes: &[u8]| {
        let batch =
            Batch { rows: 1, nodes: vec![(1, 0)], buffers: vec![(0, 0), (0, 8), (8, 4)], ..Batch::default() };
        read(&[schema(&[DataType::Utf8]), batch.record_batch(bytes)].concat())
    };
    let offsets = |end: u8| [0, 0, 0, 0, end, 0, 0, 0];
    for bytes in [
        [offsets(4), [0xff; 8]].concat(),
        [offsets(5), [b'a'; 8]].concat(),
        [[1, 0, 0, 0, 0, 0, 0, 0], [b'a'; 8]].concat(),
    ] {
        assert!(matches!(text(&bytes), Error::InvalidValues { .. }));
    }
    let ids = Batch {
        rows: 1,
        nodes: vec![(1, 0), (1, 0)],
        buffers: vec![(0, 1), (8, 0), (8, 4)],
        ..Batch::default()
    };
    let sparse = schema(&[union(&[DataType::Int32], arrow_schema::UnionMode::Sparse)]);
    let error = read(&[sparse, ids.record_batch(&[9; 16])].concat());
    assert!(matches!(error, Error::InvalidValues { .. }), "{error}");
    let ends = Batch {
        rows: 3,
        nodes: vec![(3, 0), (1, 0), (1, 0)],
        buffers: vec![(0, 0), (0, 4), (0, 0), (0, 4)],
        ..Batch::default()
    };
    let error =
        read(&[schema(&[runs(DataType::Int32, DataType::Int32)]), ends.record_batch(&[2, 0, 0, 0])].concat());
    assert!(matches!(error, Error::InvalidValues { .. }), "{error}");
}

#[test]
fn types_must_exist() {
    check(
        &schema_with(|fbb| (Type::Int, int(fbb, 7).as_union_value())),
        expect!["message 1 (schema), field `f`: an integer has 7 bits"],
    );
    for (bits, precision, scale, text) in [
        (
            128,
            39,
            0,
            expect!["message 1 (schema), field `f`: a decimal of 128 bits has precision 39 and scale 0"],
        ),
        (
            128,
            300,
            0,
            expect!["message 1 (schema), field `f`: a decimal of 128 bits has precision 300 and scale 0"],
        ),
        (
            32,
            5,
            6,
            expect!["message 1 (schema), field `f`: a decimal of 32 bits has precision 5 and scale 6"],
        ),
        (
            99,
            5,
            2,
            expect!["message 1 (schema), field `f`: a decimal of 99 bits has precision 5 and scale 2"],
        ),
    ] {
        let bytes = schema_with(|fbb| {
            let mut decimal = DecimalBuilder::new(fbb);
            decimal.add_bitWidth(bits);
            decimal.add_precision(precision);
            decimal.add_scale(scale);
            (Type::Decimal, decimal.finish().as_union_value())
        });
        check(&bytes, text);
    }
    let bytes = schema_with(|fbb| {
        let mut time = TimeBuilder::new(fbb);
        time.add_bitWidth(32);
        time.add_unit(TimeUnit::NANOSECOND);
        (Type::Time, time.finish().as_union_value())
    });
    check(&bytes, expect!["message 1 (schema), field `f`: a time in ns has 32 bits"]);
    let bytes = schema_with(|fbb| {
        let mut binary = FixedSizeBinaryBuilder::new(fbb);
        binary.add_byteWidth(-4);
        (Type::FixedSizeBinary, binary.finish().as_union_value())
    });
    check(&bytes, expect!["message 1 (schema), field `f`: a fixed size is -4"]);
    let bytes = schema_with(|fbb| (Type(99), int(fbb, 8).as_union_value()));
    check(&bytes, expect!["message 1 (schema), field `f`: type 99 is unknown"]);
}

#[test]
fn nested_types_must_have_their_children() {
    let bytes = schema_with(|fbb| (Type::List, ListBuilder::new(fbb).finish().as_union_value()));
    check(&bytes, expect!["message 1 (schema), field `f`: List has 0 children instead of 1"]);
    let bytes = schema_with(|fbb| (Type::Map, MapBuilder::new(fbb).finish().as_union_value()));
    check(&bytes, expect!["message 1 (schema), field `f`: Map has 0 children instead of 1"]);
    let bytes =
        schema_with(|fbb| (Type::FixedSizeList, FixedSizeListBuilder::new(fbb).finish().as_union_value()));
    check(&bytes, expect!["message 1 (schema), field `f`: FixedSizeList has 0 children instead of 1"]);
}

#[test]
fn messages_must_come_in_order() {
    let bytes = stream(&[numbers()], &EncodeOptions::default());
    let end = schema(&[DataType::Int32]).len();
    check(&bytes[end..], expect!["message 1 (record batch): the stream does not begin with a schema"]);
    check(
        &[&bytes[..end], &bytes[..end]].concat(),
        expect!["message 2 (schema): the stream has a schema already"],
    );
}

#[test]
fn what_is_not_supported_is_said_to_be_so() {
    let make = |fbb: &mut FlatBufferBuilder<'_>| (Type::Int, int(fbb, 8).as_union_value());
    let old = schema_with_order(Endianness::Little, MetadataVersion::V3, make);
    check_kind(
        &old,
        ErrorKind::Unsupported,
        expect!["message 1 (schema): metadata version 3 is not supported"],
    );
    let big = schema_with_order(Endianness::Big, MetadataVersion::V5, make);
    check_kind(&big, ErrorKind::Unsupported, expect!["message 1 (schema): big-endian data is not supported"]);
    let mut fbb = FlatBufferBuilder::new();
    let data_type = int(&mut fbb, 8).as_union_value();
    let shape = fbb.create_vector::<flatbuffers::ForwardsUOffset<arrow_ipc::TensorDim<'_>>>(&[]);
    let mut tensor = TensorBuilder::new(&mut fbb);
    tensor.add_type_type(Type::Int);
    tensor.add_type_(data_type);
    tensor.add_shape(shape);
    tensor.add_data(&arrow_ipc::Buffer::new(0, 0));
    let tensor = tensor.finish().as_union_value();
    let bytes = message(fbb, MessageHeader::Tensor, tensor, MetadataVersion::V5, &[]);
    check_kind(&bytes, ErrorKind::Unsupported, expect!["message 1: tensors are not supported"]);
}

#[test]
fn nulls_where_there_must_be_none_are_an_error() {
    let nullable = Maker::new(1).batch(&[DataType::Int32], 0).schema();
    let mut bytes = schema_bytes(&nullable.as_ref().clone());
    let at = bytes.len();
    let strict = arrow_schema::Schema::new(vec![nullable.field(0).clone().with_nullable(false)]);
    bytes.splice(..at, schema_bytes(&strict));
    let batch = Batch { rows: 1, nodes: vec![(1, 1)], buffers: vec![(0, 1), (0, 4)], ..Batch::default() };
    bytes.extend(batch.record_batch(&[0; 8]));
    let error = read(&bytes);
    assert!(matches!(error, Error::InvalidValues { .. }), "{error}");
}

fn check(bytes: &[u8], text: Expect) {
    check_kind(bytes, ErrorKind::Invalid, text);
}

fn check_kind(bytes: &[u8], kind: ErrorKind, text: Expect) {
    let error = read(bytes);
    text.assert_eq(&error.to_string());
    assert_eq!(error.kind(), kind);
}

fn read(bytes: &[u8]) -> Error {
    read_stream(bytes.to_vec().into(), &Limits::default()).unwrap_err()
}

fn numbers() -> RecordBatch {
    record_batch!(("c0", Int32, [1, 2])).unwrap()
}

/// Returns the schema message of one nullable column of each type.
fn schema(types: &[DataType]) -> Vec<u8> {
    schema_bytes(&Maker::new(1).batch(types, 0).schema())
}

fn schema_bytes(schema: &arrow_schema::Schema) -> Vec<u8> {
    let segments = arrowlink_ipc::write_stream(schema, [], &EncodeOptions::default()).unwrap();
    let bytes: Vec<u8> = segments.iter().flat_map(|segment| segment.to_vec()).collect();
    bytes[..bytes.len() - 8].to_vec()
}
