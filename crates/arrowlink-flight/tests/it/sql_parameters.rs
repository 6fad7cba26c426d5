//! The types of parameters and of the values that are bound to them, and how many rows there are of those.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use arrow_array::types::{Int8Type, Int32Type, Int64Type};
use arrow_array::{
    Array, ArrayRef, Decimal128Array, DictionaryArray, Float64Array, Int8Array, Int16Array, Int32Array,
    Int64Array, LargeStringArray, ListArray, NullArray, RecordBatch, RunArray, StringArray, record_batch,
};
use arrow_buffer::{Buffer, OffsetBuffer};
use arrow_flight::sql::DoPutUpdateResult;
use arrow_schema::{DataType, Schema};
use arrowlink_core::{BatchStream, ErrorKind, Target};
use arrowlink_transport::{FlightHandler as _, Ticket};
use futures::TryStreamExt as _;
use http::HeaderValue;

use crate::sql_prepared::{bind, decoded, handle, prepare, query, update};
use crate::sql_support::{Client, ECHO, INSERT, KINDS, descriptor, kinds};

/// Binds `values` to the parameters of all kinds and returns what the engine is given for them.
async fn given(values: Vec<ArrayRef>) -> RecordBatch {
    let client = Client::new();
    let names = (0..).map(|number: usize| number.to_string());
    let values = RecordBatch::try_from_iter_with_nullable(
        names.zip(values).map(|(name, values)| (name, values, true)),
    );
    let bound = bind(&client, &handle(&client, KINDS).await, values.unwrap()).await.unwrap();
    let ticket = client.info(&query(&bound)).await.unwrap().endpoint[0].ticket.clone().unwrap();
    let target = Ticket::decode(&ticket.ticket).unwrap().target;
    let parameters = if let Target::Sql(query) = target { query.parameters } else { None };
    parameters.unwrap()
}

fn decimal(value: i128, precision: u8, scale: i8) -> ArrayRef {
    Arc::new(Decimal128Array::from(vec![value]).with_precision_and_scale(precision, scale).unwrap())
}

fn texts() -> ArrayRef {
    Arc::new(StringArray::from(vec!["a"]))
}

#[tokio::test]
async fn values_reach_the_statement_as_they_are() {
    let values: Vec<ArrayRef> = vec![
        decimal(1254, 4, 3),
        Arc::new(Float64Array::from(vec![0.1])),
        Arc::new(StringArray::from(vec!["2020-01-01T13:00:00"])),
        Arc::new(ListArray::from_iter_primitive::<Int64Type, _, _>([Some([Some(1 << 40)])])),
        Arc::new(LargeStringArray::from(vec!["a"])),
        texts(),
        Arc::new(Int16Array::from(vec![5])),
    ];
    assert_eq!(given(values.clone()).await.columns(), values);
}

#[tokio::test]
async fn runs_and_categories_fit_by_what_is_in_them() {
    let category: ArrayRef = Arc::new(vec!["a"].into_iter().collect::<DictionaryArray<Int8Type>>());
    let numbers = Int64Array::from(vec![7]);
    let run =
        |values: &dyn Array| RunArray::<Int32Type>::try_new(&Int32Array::from(vec![1]), values).unwrap();
    let client = Client::new();
    let echo = handle(&client, ECHO).await;
    let values =
        |run| RecordBatch::try_from_iter([("0", Arc::new(run) as ArrayRef), ("1", Arc::clone(&category))]);
    let fitting = values(run(&numbers)).unwrap();
    bind(&client, &echo, fitting).await.unwrap();
    let error = bind(&client, &echo, values(run(&StringArray::from(vec!["a"]))).unwrap()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    assert!(
        error.message().starts_with("parameter `$1` is Int64, but the value is RunEndEncoded"),
        "{error}"
    );
}

#[tokio::test]
async fn a_run_of_a_billion_rows_is_refused_before_it_is_made() {
    let client = Client::new();
    let insert = handle(&client, INSERT).await;
    let value = LargeStringArray::from(vec!["a".repeat(1024)]);
    let run = RunArray::<Int32Type>::try_new(&Int32Array::from(vec![2_000_000_000]), &value).unwrap();
    let rows = RecordBatch::try_from_iter([("0", Arc::new(run) as ArrayRef)]).unwrap();
    let error = bind(&client, &insert, rows).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LimitExceeded);
    assert_eq!(
        error.message(),
        "the parameters are more than 1048576 rows or 67108864 bytes: ingest rows instead"
    );
}

#[tokio::test]
async fn rows_keep_nothing_of_the_large_bodies_that_they_came_in() {
    let client = Client::new();
    let insert = handle(&client, INSERT).await;
    let block = Buffer::from(vec![b'a'; 16 << 20]);
    let value: ArrayRef =
        Arc::new(StringArray::new(OffsetBuffer::from_lengths([1]), block.slice_with_length(0, 1), None));
    let category = DictionaryArray::<Int8Type>::new(Int8Array::from(vec![0]), value);
    let row = RecordBatch::try_from_iter([("0", Arc::new(category) as ArrayRef)]).unwrap();
    let rows = BatchStream::from_batches(row.schema(), vec![row; 5]);
    let answers = client.flight.do_put(client.call.clone(), descriptor(&update(&insert)), Some(rows)).await;
    let error = match answers {
        Ok(mut answers) => answers.try_next().await.unwrap_err(),
        Err(error) => error,
    };
    assert_eq!(error.kind(), ErrorKind::LimitExceeded, "a dictionary is kept whole: {error}");
}

#[tokio::test]
async fn columns_that_share_a_block_count_once() {
    let client = Client::new();
    let kinds = handle(&client, KINDS).await;
    let block = Buffer::from(vec![b'a'; 16 << 20]);
    let text = || -> ArrayRef {
        let offsets = OffsetBuffer::from_lengths([1]);
        Arc::new(StringArray::new(offsets, block.slice_with_length(0, 1), None))
    };
    let null = || -> ArrayRef { Arc::new(NullArray::new(1)) };
    let columns = [null(), null(), null(), null(), text(), text(), text()];
    let names = (0..).map(|number: usize| number.to_string());
    let values = RecordBatch::try_from_iter_with_nullable(
        names.zip(columns).map(|(name, values)| (name, values, true)),
    );
    let bound = bind(&client, &kinds, values.unwrap()).await.unwrap();
    assert_eq!(client.rows(&query(&bound)).await.unwrap().num_rows(), 1);
    assert_eq!(client.rows(&query(&kinds)).await.unwrap().num_rows(), 1, "the first handle has them too");
}

#[tokio::test]
async fn types_of_parameters_are_plain_for_clients_that_do_not_know_views() {
    let mut client = Client::new();
    let plain = decoded(prepare(&client, KINDS).await.unwrap().parameter_schema);
    let types: Vec<_> = plain.fields()[4..].iter().map(|field| field.data_type().clone()).collect();
    let category = DataType::Dictionary(Box::new(DataType::Int8), Box::new(DataType::Utf8));
    assert_eq!(types, [DataType::Utf8, category, DataType::Utf8]);
    client.call.headers.insert("arrowlink-views", HeaderValue::from_static("keep"));
    let kept = decoded(prepare(&client, KINDS).await.unwrap().parameter_schema);
    assert_eq!(kept, Schema::new(kinds()));
}

#[tokio::test]
async fn a_flight_info_has_a_large_value_once() {
    let client = Client::new();
    let first = handle(&client, ECHO).await;
    for (bytes, is_repeated) in [(1 << 19, true), (1 << 20, false)] {
        let text = "a".repeat(bytes);
        let values = record_batch!(("0", Int64, [1]), ("1", Utf8, [text.as_str()])).unwrap();
        let bound = bind(&client, &first, values).await.unwrap();
        let info = client.info(&query(&bound)).await.unwrap();
        let mut described = descriptor(&query(&bound));
        if !is_repeated {
            described.cmd.clear();
        }
        assert_eq!(info.flight_descriptor, Some(described), "some clients read no info without one");
        assert_eq!(client.rows(&query(&bound)).await.unwrap().num_rows(), 1);
    }
}

#[tokio::test]
async fn rows_of_another_type_than_the_engine_said_are_no_change_of_its_tables() {
    let client = Client::new();
    let values = record_batch!(("0", Int64, [1]), ("1", Int64, [2])).unwrap();
    let bound = bind(&client, &handle(&client, ECHO).await, values.clone()).await.unwrap();
    let ticket = client.info(&query(&bound)).await.unwrap().endpoint[0].ticket.clone().unwrap();
    let read = client.flight.do_get(client.call.clone(), ticket.ticket).await.unwrap();
    assert_eq!(read.batches.collect_batches().await.unwrap()[0].columns(), values.columns());
}

#[tokio::test]
async fn an_update_for_no_rows_changes_nothing() {
    let client = Client::new();
    let handle = handle(&client, INSERT).await;
    let none = record_batch!(("0", Int64, [1])).unwrap().slice(0, 0);
    let answer: DoPutUpdateResult = client.put(&update(&handle), Some(vec![none.clone()])).await.unwrap();
    assert_eq!(answer.record_count, 0);
    let bound = bind(&client, &handle, none).await.unwrap();
    let answer: DoPutUpdateResult = client.put(&update(&bound), None).await.unwrap();
    assert_eq!((answer.record_count, client.engine.statements.changes.load(Ordering::Relaxed)), (0, 0));
}

#[tokio::test]
async fn a_query_for_no_rows_has_no_rows() {
    let client = Client::new();
    let none = record_batch!(("0", Int64, [1]), ("1", Utf8, ["a"])).unwrap().slice(0, 0);
    let bound = bind(&client, &handle(&client, ECHO).await, none).await.unwrap();
    assert_eq!(client.rows(&query(&bound)).await.unwrap().num_rows(), 0);
}
