//! Dictionaries that change within a stream: replaced, extended, shared, left out.

use std::sync::Arc;

use arrow_array::cast::AsArray as _;
use arrow_array::types::Int32Type;
use arrow_array::{Array as _, ArrayRef, DictionaryArray, Int32Array, ListArray, RecordBatch, StringArray};
use arrow_buffer::OffsetBuffer;
use arrow_schema::{DataType, Field, Schema};
use arrowlink_ipc::{Dictionaries, EncodeOptions, ErrorKind, Limits, read_stream};
use arrowlink_testkit::{Maker, dictionary};
use expect_test::expect;

use crate::messages::{Batch, dictionary_field, schema_of};
use crate::support::{COMPRESSIONS, read_in_pieces, stream};

#[test]
fn growing_dictionaries_are_sent_in_parts() {
    let values: Vec<String> = (0..500).map(|at| format!("value {at}")).collect();
    let batches: Vec<_> = (1..=5).map(|part| batch(&values[..part * 100])).collect();
    let replaced = check(&batches, Dictionaries::Replace);
    let extended = check(&batches, Dictionaries::Delta);
    assert!(extended < replaced * 2 / 3, "{extended} bytes in parts, {replaced} as a whole");
}

#[test]
fn dictionaries_are_replaced() {
    let words = |words: &[&str]| batch(&words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>());
    let batches = [words(&["a", "b"]), words(&["c"]), words(&["c"]), words(&["x", "y", "z"])];
    check(&batches, Dictionaries::Replace);
    check(&batches, Dictionaries::Delta);
}

#[test]
fn dictionaries_of_every_kind_are_extended() {
    let item = Arc::new(Field::new("item", dictionary(DataType::Int8, DataType::Utf8), true));
    for values in [
        DataType::Int64,
        DataType::Boolean,
        DataType::LargeUtf8,
        DataType::BinaryView,
        DataType::FixedSizeBinary(4),
        DataType::List(Arc::new(Field::new("item", DataType::Utf8, true))),
        DataType::List(item),
    ] {
        let field = Arc::new(Field::new("values", values, true));
        let whole = Maker::new(3).array(&field, 12);
        let batches = [4, 8, 12].map(|count| {
            let keys = Int32Array::from_iter_values(0..count);
            let values = whole.slice(0, usize::try_from(count).unwrap());
            let column: ArrayRef = Arc::new(DictionaryArray::new(keys, values));
            RecordBatch::try_from_iter([("d", column)]).unwrap()
        });
        check(&batches, Dictionaries::Delta);
    }
}

#[test]
fn dictionaries_within_lists_are_read() {
    let values = Arc::clone(batch(&["a".to_owned(), "b".to_owned()]).column(0));
    let item = Arc::new(Field::new("item", values.data_type().clone(), true));
    let list: ArrayRef = Arc::new(ListArray::new(item, OffsetBuffer::from_lengths([1, 1]), values, None));
    check(&[RecordBatch::try_from_iter([("l", list)]).unwrap()], Dictionaries::Replace);
}

#[test]
fn columns_of_nulls_need_no_dictionary() {
    let batch = Batch { rows: 2, nodes: vec![(2, 2)], buffers: vec![(0, 1), (8, 8)], ..Batch::default() };
    let bytes = [dictionary_schema(), batch.record_batch(&[0; 16])].concat();
    let read = read_in_pieces(&bytes, bytes.len(), &Limits::default()).unwrap();
    assert_eq!(read[0].column(0).null_count(), 2);
    assert_eq!(read[0].column(0).as_dictionary::<Int32Type>().values().len(), 0);
}

#[test]
fn values_need_their_dictionary() {
    let batch = Batch { rows: 2, nodes: vec![(2, 0)], buffers: vec![(0, 0), (8, 8)], ..Batch::default() };
    let bytes = [dictionary_schema(), batch.record_batch(&[0; 16])].concat();
    let error = read_stream(bytes.into(), &Limits::default()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    expect!["message 2 (record batch), field `d`: no batch of dictionary 7 was received"]
        .assert_eq(&error.to_string());
}

#[test]
fn extending_nothing_is_an_error() {
    let error = read(&[(7, true)]).unwrap_err();
    expect!["message 2 (dictionary batch): dictionary 7 is extended before it was sent"]
        .assert_eq(&error.to_string());
}

#[test]
fn dictionaries_that_no_field_has_are_an_error() {
    let error = read(&[(7, false), (8, false)]).unwrap_err();
    expect!["message 3 (dictionary batch): no field of the schema has dictionary 8"]
        .assert_eq(&error.to_string());
}

#[test]
fn fields_that_share_a_dictionary_must_agree() {
    let bytes =
        schema_of(&[("a", dictionary_field(1, DataType::Utf8)), ("b", dictionary_field(1, DataType::Int8))]);
    let error = read_stream(bytes.into(), &Limits::default()).unwrap_err();
    expect!["message 1 (schema), field `b`: dictionary 1 has values `Int8` here, `Utf8` before"]
        .assert_eq(&error.to_string());
}

#[test]
fn keeps_that_a_dictionary_is_ordered() {
    let field = Field::new("d", dictionary(DataType::Int8, DataType::Utf8), true).with_dict_is_ordered(true);
    let batch = Maker::new(1).batch_of(&Arc::new(Schema::new(vec![field])), 3);
    let bytes = stream(&[batch], &EncodeOptions::default());
    let (schema, _) = read_stream(bytes.into(), &Limits::default()).unwrap();
    assert_eq!(schema.field(0).dict_is_ordered(), Some(true));
}

fn check(batches: &[RecordBatch], dictionaries: Dictionaries) -> usize {
    let mut plain = 0;
    for compression in COMPRESSIONS {
        let options = EncodeOptions::default().with_dictionaries(dictionaries).with_compression(compression);
        let bytes = stream(batches, &options);
        plain = bytes.len().max(plain);
        let (_, read) = read_stream(bytes.into(), &Limits::default()).unwrap();
        assert_eq!(read, batches);
    }
    plain
}

fn batch(values: &[String]) -> RecordBatch {
    let keys = Int32Array::from_iter_values(0..i32::try_from(values.len()).unwrap());
    let column: ArrayRef =
        Arc::new(DictionaryArray::new(keys, Arc::new(StringArray::from_iter_values(values))));
    RecordBatch::try_from_iter([("d", column)]).unwrap()
}

fn dictionary_schema() -> Vec<u8> {
    schema_of(&[("d", dictionary_field(7, DataType::Utf8))])
}

fn read(dictionaries: &[(i64, bool)]) -> Result<(), arrowlink_ipc::Error> {
    let mut bytes = dictionary_schema();
    for (id, delta) in dictionaries {
        let values = Batch { nodes: vec![(0, 0)], buffers: vec![(0, 0); 3], ..Batch::default() };
        bytes.extend(values.dictionary_batch(*id, *delta, &[]));
    }
    read_stream(bytes.into(), &Limits::default()).map(drop)
}
