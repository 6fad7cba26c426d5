//! What is read is what was written, for every type and any cut into batches and uploads.

use std::collections::HashMap;
use std::fs::File;
use std::sync::Arc;

use arrow_array::builder::{Int32Builder, ListViewBuilder, MapBuilder, StringBuilder, StringViewBuilder};
use arrow_array::types::Int32Type;
use arrow_array::{
    ArrayRef, BinaryViewArray, Decimal128Array, FixedSizeBinaryArray, FixedSizeListArray, Int32Array,
    Int64Array, LargeListArray, NullArray, RecordBatch, RecordBatchOptions, RunArray, StringArray,
    TimestampMillisecondArray, UnionArray,
};
use arrow_buffer::ScalarBuffer;
use arrow_ipc::reader::FileReader;
use arrow_schema::{DataType, Field, Schema, UnionFields};
use arrowlink_core::{DataServiceExt as _, WriteOptions};
use proptest::prelude::{ProptestConfig, any, prop, prop_assert_eq, proptest};

use crate::support::{Fixture, events, ids_batch, ids_of};

/// Uploads `batches`, and asserts that the store, opened again, and Arrow's own reader return them.
async fn check(batches: Vec<RecordBatch>) {
    let fixture = Fixture::new();
    fixture.put_with(batches.clone(), WriteOptions::default()).await.unwrap();
    let fixture = fixture.reopen(|_| {});
    let (schema, read) = fixture.store.read_all(&events()).await.unwrap();
    assert_eq!(schema, batches[0].schema());
    assert_eq!(read, batches);
    let reader = FileReader::try_new(File::open(fixture.file(1)).unwrap(), None).unwrap();
    assert_eq!(reader.collect::<Result<Vec<_>, _>>().unwrap(), batches);
}

async fn check_column(column: ArrayRef) {
    let field = Field::new("column", column.data_type().clone(), true);
    let schema = Arc::new(Schema::new(vec![field]));
    let batch = RecordBatch::try_new(schema, vec![column]).unwrap();
    let cut = batch.slice(1, batch.num_rows() - 1);
    check(vec![batch, cut]).await;
}

#[tokio::test]
async fn views_are_kept() {
    let mut strings = StringViewBuilder::new();
    strings.append_value("short");
    strings.append_null();
    strings.append_value("longer than what fits into a view itself");
    check_column(Arc::new(strings.finish())).await;
    let bytes: Vec<Option<&[u8]>> = vec![Some(b"x"), None, Some(&[7; 40])];
    check_column(Arc::new(BinaryViewArray::from(bytes))).await;
    let mut lists = ListViewBuilder::new(Int32Builder::new());
    lists.append_value([Some(1), None]);
    lists.append_null();
    lists.append_value([Some(2)]);
    check_column(Arc::new(lists.finish())).await;
}

#[tokio::test]
async fn run_ends_are_kept() {
    let ends = Int32Array::from(vec![2, 3, 5]);
    let values = StringArray::from(vec![Some("a"), None, Some("b")]);
    check_column(Arc::new(RunArray::<Int32Type>::try_new(&ends, &values).unwrap())).await;
}

#[tokio::test]
async fn unions_are_kept() {
    let fields = UnionFields::from_fields(vec![
        Field::new("number", DataType::Int32, true),
        Field::new("text", DataType::Utf8, true),
    ]);
    let numbers: ArrayRef = Arc::new(Int32Array::from(vec![Some(1), None, Some(3)]));
    let texts: ArrayRef = Arc::new(StringArray::from(vec!["a", "b", "c"]));
    let types = ScalarBuffer::from(vec![0_i8, 1, 0]);
    let children = vec![numbers, texts];
    let sparse = UnionArray::try_new(fields.clone(), types.clone(), None, children.clone()).unwrap();
    check_column(Arc::new(sparse)).await;
    let offsets = ScalarBuffer::from(vec![0, 0, 1]);
    check_column(Arc::new(UnionArray::try_new(fields, types, Some(offsets), children).unwrap())).await;
}

#[tokio::test]
async fn nested_and_fixed_types_are_kept() {
    let lists = vec![Some(vec![Some(1), None]), None, Some(vec![])];
    check_column(Arc::new(LargeListArray::from_iter_primitive::<Int32Type, _, _>(lists))).await;
    let vectors = vec![Some(vec![Some(1), Some(2)]), None, Some(vec![Some(3), None])];
    check_column(Arc::new(FixedSizeListArray::from_iter_primitive::<Int32Type, _, _>(vectors, 2))).await;
    let mut map = MapBuilder::new(None, StringBuilder::new(), Int32Builder::new());
    map.keys().append_value("a");
    map.values().append_value(1);
    map.append(true).unwrap();
    map.append(false).unwrap();
    map.append(true).unwrap();
    check_column(Arc::new(map.finish())).await;
    let fixed = FixedSizeBinaryArray::try_from_iter([b"abc", b"def"].into_iter()).unwrap();
    check_column(Arc::new(fixed)).await;
    let decimals = Decimal128Array::from(vec![Some(123), None]).with_precision_and_scale(10, 2).unwrap();
    check_column(Arc::new(decimals)).await;
    let times = TimestampMillisecondArray::from(vec![Some(0), None]).with_timezone("Europe/Berlin");
    check_column(Arc::new(times)).await;
    check_column(Arc::new(NullArray::new(3))).await;
}

#[tokio::test]
async fn rows_without_columns_are_counted() {
    let options = RecordBatchOptions::new().with_row_count(Some(7));
    let batch = RecordBatch::try_new_with_options(Arc::new(Schema::empty()), vec![], &options).unwrap();
    check(vec![batch]).await;
}

#[tokio::test]
async fn metadata_of_the_first_upload_is_that_of_the_dataset() {
    let with_metadata = |value: &str| {
        let metadata = HashMap::from([("unit".to_owned(), value.to_owned())]);
        let field = Field::new("id", DataType::Int64, true).with_metadata(metadata.clone());
        let schema = Arc::new(Schema::new(vec![field]).with_metadata(metadata));
        RecordBatch::try_new(schema, vec![Arc::new(Int64Array::from(vec![1]))]).unwrap()
    };
    let fixture = Fixture::new();
    fixture.put_with(vec![with_metadata("m")], WriteOptions::default()).await.unwrap();
    fixture.put_with(vec![with_metadata("km")], WriteOptions::default()).await.unwrap();
    let fixture = fixture.reopen(|_| {});
    let (schema, read) = fixture.store.read_all(&events()).await.unwrap();
    assert_eq!(schema, with_metadata("m").schema());
    assert_eq!(read, [with_metadata("m"), with_metadata("m")]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn rows_come_back_in_order_however_they_were_cut(
        uploads in prop::collection::vec(prop::collection::vec(prop::collection::vec(any::<i64>(), 0..40), 1..4), 1..6),
        reopen in any::<bool>(),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let read = runtime.block_on(async {
            let mut fixture = Fixture::new();
            for upload in &uploads {
                let batches = upload.iter().map(|ids| ids_batch(ids)).collect();
                fixture.put_with(batches, WriteOptions::default()).await.unwrap();
            }
            if reopen {
                fixture = fixture.reopen(|_| {});
            }
            fixture.store.read_all(&events()).await.unwrap().1
        });
        let expected: Vec<i64> = uploads.into_iter().flatten().flatten().collect();
        prop_assert_eq!(ids_of(&read), expected);
    }
}
