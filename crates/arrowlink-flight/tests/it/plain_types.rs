//! Plain types for clients that do not say that they take views and runs.

use std::sync::Arc;

use arrow_array::builder::{Int32Builder, ListBuilder, StringViewBuilder};
use arrow_array::types::Int32Type;
use arrow_array::{
    Array, ArrayRef, BinaryViewArray, DictionaryArray, Int32Array, ListViewArray, RecordBatch, RunArray,
    StringArray, StringViewArray, StructArray,
};
use arrow_cast::pretty::pretty_format_batches;
use arrow_flight::Ticket;
use arrow_schema::{DataType, Field, Schema};
use arrowlink_core::ErrorKind;
use arrowlink_testkit::{check_error, endless_row};
use tonic::Request;

use crate::support::{Client, batches, client, error, info, path, read, service};

fn views() -> StringViewArray {
    StringViewArray::from(vec![Some("a"), None, Some("a text of more than twelve bytes")])
}

/// Three rows of everything that is not plain, alone and nested.
fn columns() -> Vec<(&'static str, ArrayRef)> {
    let mut list = ListBuilder::new(StringViewBuilder::new());
    list.append_value([Some("x"), None]);
    list.append_null();
    list.append_value([Some("a text of more than twelve bytes")]);
    let text = Arc::new(Field::new("text", DataType::Utf8View, true));
    let structure = StructArray::from(vec![(text, Arc::new(views()) as ArrayRef)]);
    let dictionary = DictionaryArray::<Int32Type>::new(Int32Array::from(vec![2, 0, 2]), Arc::new(views()));
    let runs = RunArray::<Int32Type>::try_new(&Int32Array::from(vec![2, 3]), &views().slice(1, 2)).unwrap();
    let item = Arc::new(Field::new_list_field(DataType::Int32, true));
    let mut values = Int32Builder::new();
    values.append_slice(&[1, 2, 3]);
    let list_view =
        ListViewArray::new(item, vec![1, 0, 0].into(), vec![2, 0, 3].into(), Arc::new(values.finish()), None);
    vec![
        ("view", Arc::new(views())),
        ("bytes", Arc::new(BinaryViewArray::from_iter([Some(b"a"), None, Some(b"b")]))),
        ("list", Arc::new(list.finish())),
        ("struct", Arc::new(structure)),
        ("dictionary", Arc::new(dictionary)),
        ("runs", Arc::new(runs)),
        ("list_view", Arc::new(list_view)),
        ("plain", Arc::new(StringArray::from(vec!["p", "q", "r"]))),
    ]
}

fn batch() -> RecordBatch {
    let fields = columns().into_iter().map(|(name, column)| (name, column, true));
    RecordBatch::try_from_iter_with_nullable(fields).unwrap()
}

async fn read_kept(client: &mut Client) -> Vec<RecordBatch> {
    let mut request = Request::new(Ticket::new("trips"));
    request.metadata_mut().insert("arrowlink-views", "keep".parse().unwrap());
    batches(client.do_get(request).await.unwrap().into_inner()).await.unwrap()
}

fn has_only_plain_types(data_type: &DataType) -> bool {
    let shown = data_type.to_string();
    !["View", "RunEndEncoded"].iter().any(|other| shown.contains(other))
}

#[tokio::test]
async fn schema_and_batches_are_plain_alike() {
    let mut client = client(service(&[batch()]));
    let said = info(&mut client, path("trips")).await.unwrap().try_decode_schema().unwrap();
    let schema = client.get_schema(path("trips")).await.unwrap().into_inner();
    assert_eq!(Schema::try_from(&schema).unwrap(), said);
    let rows = read(&mut client, "trips").await.unwrap();
    for field in said.fields() {
        assert!(has_only_plain_types(field.data_type()), "{field}");
    }
    assert_eq!(rows[0].schema().fields(), said.fields());
    let expected = pretty_format_batches(&[batch()]).unwrap().to_string();
    assert_eq!(pretty_format_batches(&rows).unwrap().to_string(), expected, "the same values");
}

#[tokio::test]
async fn types_stay_for_clients_that_take_them() {
    let mut client = client(service(&[batch()]));
    let rows = read_kept(&mut client).await;
    assert_eq!(rows, [batch()]);
}

#[tokio::test]
async fn slices_are_cast_without_what_lies_around_them() {
    let sliced = batch().slice(1, 2);
    let mut client = client(service(std::slice::from_ref(&sliced)));
    let rows = read(&mut client, "trips").await.unwrap();
    let expected = pretty_format_batches(&[sliced]).unwrap().to_string();
    assert_eq!(pretty_format_batches(&rows).unwrap().to_string(), expected);
    let list = rows[0].column_by_name("list").unwrap();
    let values = list.as_any().downcast_ref::<arrow_array::ListArray>().unwrap().values();
    assert_eq!(values.len(), 1);
}

#[tokio::test]
async fn runs_that_say_much_in_few_bytes_come_in_many_batches() {
    let (rows, text) = (100_000, "x".repeat(4096));
    let values = StringArray::from(vec![text.as_str()]);
    let runs = RunArray::<Int32Type>::try_new(&Int32Array::from(vec![rows]), &values).unwrap();
    let batch = RecordBatch::try_from_iter([("runs", Arc::new(runs) as ArrayRef)]).unwrap();
    let mut client = client(service(&[batch]));
    let read = read(&mut client, "trips").await.unwrap();
    assert_eq!(read.iter().map(RecordBatch::num_rows).sum::<usize>(), rows as usize);
    let largest = read.iter().map(RecordBatch::get_array_memory_size).max().unwrap();
    assert!(largest < 80 << 20, "{largest}");
}

#[tokio::test]
async fn a_row_without_a_plain_form_says_how_it_is_read() {
    let mut client = client(service(&[endless_row()]));
    let hint = "than a plain column takes: read it with the request metadata `arrowlink-views: keep`";
    check_error(read(&mut client, "trips").await, ErrorKind::LimitExceeded, &[hint]);
}

#[tokio::test]
async fn other_wishes_are_refused() {
    let mut client = client(service(&[batch()]));
    let mut request = Request::new(Ticket::new("trips"));
    request.metadata_mut().insert("arrowlink-views", "some".parse().unwrap());
    let refused = client.do_get(request).await.map(drop).map_err(error);
    check_error(refused, ErrorKind::InvalidArgument, &["`some` is not a value of `arrowlink-views`"]);
}
