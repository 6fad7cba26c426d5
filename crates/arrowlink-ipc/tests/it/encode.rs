//! What an encoder gives out: the columns' own memory, aligned, readable by others; and what it refuses.

use std::io::Cursor;
use std::sync::Arc;

use arrow_array::{
    Array as _, ArrayRef, Int32Array, ListArray, RecordBatch, RunArray, UnionArray, record_batch,
};
use arrow_buffer::OffsetBuffer;
use arrow_ipc::reader::StreamReader;
use arrow_schema::{DataType, Field, Schema, UnionMode};
use arrowlink_ipc::{
    Compression, EncodeOptions, ErrorKind, Limits, StreamEncoder, read_stream, write_stream,
};
use arrowlink_testkit::{Maker, dictionary, runs, types, union};
use expect_test::expect;

use crate::support::{COMPRESSIONS, stream};

#[test]
fn segments_are_the_memory_of_the_columns() {
    let types: Vec<_> = types().into_iter().filter(|data_type| !is_rewritten(data_type)).collect();
    let batch = Maker::new(1).batch(&types, 100);
    let segments = write_stream(&batch.schema(), [&batch], &EncodeOptions::default()).unwrap();
    for column in batch.columns() {
        for buffer in column.to_data().buffers() {
            let found = segments.iter().any(|segment| segment.as_ptr() == buffer.as_ptr());
            assert!(buffer.is_empty() || found, "a buffer of `{}` was copied", column.data_type());
        }
    }
}

#[test]
fn buffers_begin_at_multiples_of_64() {
    let batch = Maker::new(1).batch(&types(), 100);
    let segments = write_stream(&batch.schema(), [&batch], &EncodeOptions::default()).unwrap();
    let large: Vec<_> =
        batch.columns().iter().flat_map(|column| column.to_data().buffers().to_vec()).collect();
    let (mut at, mut seen) = (0, 0);
    for segment in &segments {
        if segment.len() > 64 && large.iter().any(|buffer| buffer.as_ptr() == segment.as_ptr()) {
            assert_eq!(at % 64, 0);
            seen += 1;
        }
        at += segment.len();
    }
    assert!(seen > 20, "{seen} buffers seen");
}

#[test]
fn other_readers_read_every_type() {
    for (seed, data_type) in types().into_iter().enumerate() {
        let batch = Maker::new(seed as u64).batch(&[data_type], 20);
        for compression in COMPRESSIONS {
            let options = EncodeOptions::default().with_compression(compression);
            let bytes = stream(&[batch.clone(), batch.slice(3, 9), batch.slice(4, 0)], &options);
            let read: Vec<_> =
                StreamReader::try_new(Cursor::new(bytes), None).unwrap().map(Result::unwrap).collect();
            assert_eq!(read, [batch.clone(), batch.slice(3, 9), batch.slice(4, 0)]);
        }
    }
}

#[test]
fn slices_of_lists_of_unions_keep_their_rows() {
    for mode in [UnionMode::Dense, UnionMode::Sparse] {
        let values =
            Maker::new(1).array(&Arc::new(Field::new("item", union(&[DataType::Int32], mode), true)), 10);
        assert!(values.as_any().is::<UnionArray>());
        let item = Arc::new(Field::new("item", values.data_type().clone(), true));
        let list: ArrayRef = Arc::new(ListArray::new(item, OffsetBuffer::from_lengths([2; 5]), values, None));
        check_round_trip(&RecordBatch::try_from_iter([("list", list.slice(2, 2))]).unwrap());
    }
}

#[test]
fn empty_slices_of_runs_have_no_run() {
    let array =
        Maker::new(1).array(&Arc::new(Field::new("r", runs(DataType::Int32, DataType::Utf8), true)), 10);
    let batch = RecordBatch::try_from_iter([("r", array.slice(5, 0))]).unwrap();
    check_round_trip(&batch);
    let bytes = stream(&[batch], &EncodeOptions::default());
    let (_, read) = read_stream(bytes.into(), &Limits::default()).unwrap();
    let runs =
        read[0].column(0).as_any().downcast_ref::<RunArray<arrow_array::types::Int32Type>>().unwrap().clone();
    assert_eq!(runs.run_ends().values().len(), 0);
}

#[test]
fn compression_makes_repetitive_columns_small() {
    let batch = record_batch!(("v", Int64, vec![7; 10_000])).unwrap();
    let plain = stream(std::slice::from_ref(&batch), &EncodeOptions::default()).len();
    for compression in [Compression::Lz4, Compression::Zstd] {
        let small = stream(
            std::slice::from_ref(&batch),
            &EncodeOptions::default().with_compression(Some(compression)),
        )
        .len();
        assert!(small < plain / 20, "{small} of {plain} bytes with {compression:?}");
    }
}

#[test]
fn streams_without_batches_have_a_schema() {
    let schema = Schema::new(vec![Field::new("a", DataType::Int8, false)]);
    let bytes: Vec<u8> = write_stream(&schema, [], &EncodeOptions::default())
        .unwrap()
        .iter()
        .flat_map(|s| s.to_vec())
        .collect();
    let (read, batches) = read_stream(bytes.into(), &Limits::default()).unwrap();
    assert_eq!((read.as_ref(), batches.len()), (&schema, 0));
}

#[test]
fn refuses_batches_with_another_schema_and_goes_on() {
    let batch = record_batch!(("a", Int32, [1])).unwrap();
    let strict = Schema::new(vec![Field::new("a", DataType::Int32, false)]);
    let mut encoder = StreamEncoder::new(&strict, &EncodeOptions::default()).unwrap();
    let nulls: ArrayRef = Arc::new(Int32Array::from(vec![None]));
    for (wrong, text) in [
        (
            record_batch!(("a", Int64, [1])).unwrap(),
            expect![
                "the batch does not fit the schema of the stream: column `a` is `Int64`, expected `Int32`"
            ],
        ),
        (
            record_batch!(("a", Int32, [1]), ("b", Int32, [1])).unwrap(),
            expect!["the batch does not fit the schema of the stream: 1 columns expected, 2 are there"],
        ),
        (
            RecordBatch::try_from_iter([("a", nulls)]).unwrap(),
            expect![
                "the batch does not fit the schema of the stream: column `a` has nulls, and none are allowed"
            ],
        ),
    ] {
        let error = encoder.encode(&wrong).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::SchemaMismatch);
        assert_eq!(error.place(), None);
        text.assert_eq(&error.to_string());
    }
    let mut segments = encoder.encode(&batch).unwrap();
    segments.extend(encoder.finish().unwrap());
    let bytes: Vec<u8> = segments.iter().flat_map(|segment| segment.to_vec()).collect();
    assert_eq!(read_stream(bytes.into(), &Limits::default()).unwrap().1[0].columns(), batch.columns());
}

#[test]
fn refuses_dictionaries_of_dictionaries() {
    let data_type = dictionary(DataType::Int8, dictionary(DataType::Int8, DataType::Utf8));
    let schema = Schema::new(vec![Field::new("d", data_type, true)]);
    let error = StreamEncoder::new(&schema, &EncodeOptions::default()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Encode);
    assert_eq!(error.to_string(), "cannot encode the batch");
}

fn check_round_trip(batch: &RecordBatch) {
    let bytes = stream(std::slice::from_ref(batch), &EncodeOptions::default());
    let read: Vec<_> =
        StreamReader::try_new(Cursor::new(&bytes), None).unwrap().map(Result::unwrap).collect();
    assert_eq!(read, std::slice::from_ref(batch), "arrow-ipc");
    let (_, read) = read_stream(bytes.into(), &Limits::default()).unwrap();
    assert_eq!(read, std::slice::from_ref(batch));
}

/// Returns whether an encoder makes new buffers for such columns: bits, runs, and what lies in dictionaries.
fn is_rewritten(data_type: &DataType) -> bool {
    match data_type {
        DataType::Boolean | DataType::RunEndEncoded(..) => true,
        DataType::Struct(fields) => fields.iter().any(|field| is_rewritten(field.data_type())),
        _ => false,
    }
}
