//! Uploads whose batches bring dictionaries of their own: each file must still be one that everybody opens.

use std::fs::File;
use std::sync::Arc;

use arrow_array::builder::{ListBuilder, StringDictionaryBuilder};
use arrow_array::cast::AsArray as _;
use arrow_array::types::{Int8Type, Int32Type};
use arrow_array::{
    Array, ArrayRef, DictionaryArray, Int8Array, Int32Array, RecordBatch, StringArray, StructArray,
};
use arrow_ipc::reader::FileReader;
use arrow_schema::{DataType, Field, Fields, Schema};
use arrowlink_core::{DataServiceExt as _, ErrorKind, WriteOptions};

use crate::support::{Fixture, events};
use arrowlink_testkit::check_error;

/// Uploads `columns`, each as one batch, and asserts that the store and Arrow's own reader return their values.
async fn check(columns: Vec<ArrayRef>) {
    let fixture = Fixture::new();
    let batches: Vec<RecordBatch> = columns.into_iter().map(batch).collect();
    fixture.put_with(batches.clone(), WriteOptions::default()).await.unwrap();
    let fixture = fixture.reopen(|_| {});
    let (schema, read) = fixture.store.read_all(&events()).await.unwrap();
    assert_eq!(schema, batches[0].schema());
    assert_eq!(read, batches);
    let reader = FileReader::try_new(File::open(fixture.file(1)).unwrap(), None).unwrap();
    assert_eq!(reader.collect::<Result<Vec<_>, _>>().unwrap(), batches);
}

fn batch(column: ArrayRef) -> RecordBatch {
    let field = Field::new("word", column.data_type().clone(), true);
    RecordBatch::try_new(Arc::new(Schema::new(vec![field])), vec![column]).unwrap()
}

fn words(words: &[Option<&str>]) -> ArrayRef {
    Arc::new(words.iter().copied().collect::<DictionaryArray<Int32Type>>())
}

fn keyed(keys: &[Option<i8>], values: &[Option<&str>]) -> ArrayRef {
    let values = Arc::new(StringArray::from(values.to_vec()));
    Arc::new(DictionaryArray::<Int8Type>::new(Int8Array::from(keys.to_vec()), values))
}

#[tokio::test]
async fn same_dictionary_is_stored_once() {
    let column = words(&[Some("a"), Some("b"), None]);
    check(vec![ArrayRef::clone(&column), column.slice(1, 2), column]).await;
}

#[tokio::test]
async fn growing_dictionary_is_stored_as_it_grows() {
    let mut builder = StringDictionaryBuilder::<Int32Type>::new();
    let mut columns: Vec<ArrayRef> = Vec::new();
    for word in ["a", "b", "c", "a"] {
        builder.append_value(word);
        columns.push(Arc::new(builder.finish_preserve_values()));
    }
    check(columns).await;
}

#[tokio::test]
async fn replaced_dictionaries_are_put_together() {
    check(vec![
        words(&[Some("a"), Some("b"), None]),
        words(&[Some("c"), Some("b"), Some("c")]),
        words(&[None, None]),
        words(&[Some("d"), Some("a"), Some("e")]),
        words(&[Some("a")]),
    ])
    .await;
}

#[tokio::test]
async fn null_and_repeated_values_in_a_dictionary_keep_their_meaning() {
    check(vec![
        keyed(&[Some(0), Some(1), None], &[Some("a"), None, Some("a")]),
        keyed(&[Some(2), Some(1), Some(0)], &[None, Some("a"), Some("b")]),
    ])
    .await;
}

#[tokio::test]
async fn narrow_keys_reach_their_last_value() {
    let column = |from: i32| {
        let values: Vec<String> = (from..from + 64).map(|value| value.to_string()).collect();
        keyed(
            &(0..64).map(Some).collect::<Vec<_>>(),
            &values.iter().map(|v| Some(v.as_str())).collect::<Vec<_>>(),
        )
    };
    check(vec![column(0), column(64), column(32)]).await;
    let fixture = Fixture::new();
    let refused = fixture
        .put_with([0, 64, 128].map(|from| batch(column(from))).to_vec(), WriteOptions::default())
        .await;
    check_error(refused, ErrorKind::LimitExceeded, &["column `word`", "Int8", "several uploads"]);
    assert_eq!(fixture.tree(), Vec::<String>::new());
}

#[tokio::test]
async fn dictionaries_inside_lists_and_structs_are_put_together() {
    let list = |words: &[&str]| -> ArrayRef {
        let mut builder = ListBuilder::new(StringDictionaryBuilder::<Int32Type>::new());
        builder.append_value(words.iter().map(|word| Some(*word)));
        builder.append_null();
        builder.append_value(words.iter().rev().map(|word| Some(*word)));
        Arc::new(builder.finish())
    };
    check(vec![list(&["a", "b"]), list(&["c", "b"]), list(&["d"]).slice(1, 2)]).await;
    let pair = |a: &str, b: &str| -> ArrayRef {
        let columns = vec![words(&[Some(a), None]), words(&[Some(b), Some(a)])];
        let fields: Fields =
            ["a", "b"].map(|name| Field::new(name, columns[0].data_type().clone(), true)).to_vec().into();
        Arc::new(StructArray::new(fields, columns, None))
    };
    check(vec![pair("a", "b"), pair("b", "c"), pair("a", "d")]).await;
}

#[tokio::test]
async fn dictionaries_inside_of_dictionaries_are_put_together() {
    let nested = |text: &[&str]| -> ArrayRef {
        let inner = words(&text.iter().map(|word| Some(*word)).collect::<Vec<_>>());
        let fields: Fields = vec![Field::new("inner", inner.data_type().clone(), true)].into();
        let keys = Int32Array::from_iter_values((0..text.len() as i32).rev());
        let values = Arc::new(StructArray::new(fields, vec![inner], None));
        Arc::new(DictionaryArray::<Int32Type>::new(keys, values))
    };
    check(vec![nested(&["a", "b"]), nested(&["b", "c"]), nested(&["c", "a", "d"]), nested(&["a"])]).await;
}

#[tokio::test]
async fn each_upload_has_its_own_dictionary() {
    let fixture = Fixture::new();
    for text in ["a", "b", "c"] {
        fixture.put_with(vec![batch(words(&[Some(text), None]))], WriteOptions::default()).await.unwrap();
    }
    let (schema, read) = fixture.store.read_all(&events()).await.unwrap();
    assert!(matches!(schema.field(0).data_type(), DataType::Dictionary(_, _)));
    let texts: Vec<String> = read
        .iter()
        .map(|batch| {
            batch.column(0).as_dictionary::<Int32Type>().values().as_string::<i32>().value(0).to_owned()
        })
        .collect();
    assert_eq!(texts, ["a", "b", "c"]);
}
