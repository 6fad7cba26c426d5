//! Uploads: acknowledged batch by batch, kept whole or not at all.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arrow_array::{ArrayRef, RecordBatch, StringViewArray, record_batch};
use arrow_flight::utils::batches_to_flight_data;
use arrow_flight::{FlightData, FlightDescriptor};
use arrow_schema::DataType;
use arrowlink_core::{DataServiceExt as _, Error, ErrorKind, Result};
use arrowlink_testkit::{check_error, name, three_rows};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use serde_json::{Value, json};
use tonic::Request;

use crate::support::{Client, client, error, path, read, service};

fn messages(descriptor: FlightDescriptor, batches: &[RecordBatch]) -> Vec<FlightData> {
    let mut data = batches_to_flight_data(&batches[0].schema(), batches.to_vec()).unwrap();
    data[0].flight_descriptor = Some(descriptor);
    data
}

/// Uploads, and returns all that is said to it.
async fn put(
    client: &mut Client,
    data: Vec<FlightData>,
    headers: &[(&'static str, &str)],
) -> Result<Vec<Value>> {
    let mut request = Request::new(stream::iter(data));
    for (key, value) in headers {
        request.metadata_mut().insert(*key, value.parse().unwrap());
    }
    let results = client.do_put(request).await.map_err(error)?.into_inner();
    let results: Vec<_> = results.try_collect().await.map_err(error)?;
    Ok(results.iter().map(|result| serde_json::from_slice(&result.app_metadata).unwrap()).collect())
}

#[tokio::test]
async fn says_of_each_batch_that_it_was_received_and_then_what_is_kept() {
    let mut client = client(service(&[three_rows()]));
    let said = put(&mut client, messages(path("mine"), &[three_rows(), three_rows()]), &[]).await.unwrap();
    assert_eq!(said.len(), 3);
    assert_eq!((&said[0]["state"], &said[0]["batch"]), (&json!("received"), &json!(1)));
    assert_eq!(said[1], json!({ "state": "received", "batch": 2, "rows": 6 }));
    assert_eq!((&said[2]["state"], &said[2]["rows"]), (&json!("in memory"), &json!(6)));
    assert_eq!(read(&mut client, "mine").await.unwrap().len(), 2);
}

#[tokio::test]
async fn is_written_while_its_client_reads_no_acknowledgements() {
    let catalog = service(&[three_rows()]);
    let mut client = client(catalog.clone());
    let batch = record_batch!(("id", Int64, [1])).unwrap();
    let sent = Arc::new(AtomicU64::new(0));
    let counter = Arc::clone(&sent);
    let all = messages(path("many"), &vec![batch; 20_000]).into_iter().inspect(move |_| {
        counter.fetch_add(1, Ordering::Relaxed);
    });
    let mut answer = client.do_put(stream::iter(all)).await.unwrap().into_inner();
    while sent.load(Ordering::Relaxed) < 20_001 {
        tokio::task::yield_now().await;
    }
    let mut said = 0;
    while let Some(result) = answer.next().await {
        result.unwrap();
        said += 1;
    }
    assert_eq!(said, 20_001);
    let (_, rows) = catalog.read_all(&name("many")).await.unwrap();
    assert_eq!(rows.iter().map(RecordBatch::num_rows).sum::<usize>(), 20_000);
}

#[tokio::test]
async fn modes_and_keys_come_as_metadata() {
    let mut client = client(service(&[three_rows()]));
    let data = || messages(path("mine"), &[three_rows()]);
    let absent = put(&mut client, data(), &[("arrowlink-write-mode", "append")]).await;
    check_error(absent, ErrorKind::NotFound, &["`mine`"]);
    let create = [("arrowlink-write-mode", "create")];
    put(&mut client, data(), &create).await.unwrap();
    check_error(put(&mut client, data(), &create).await, ErrorKind::AlreadyExists, &["`mine`"]);
    let once = [("arrowlink-write-mode", "replace"), ("arrowlink-idempotency-key", "load%2042")];
    put(&mut client, data(), &once).await.unwrap();
    put(&mut client, data(), &once).await.unwrap();
    assert_eq!(read(&mut client, "mine").await.unwrap().len(), 1);
}

/// A client that is answered before it has sent everything takes that for an error.
#[tokio::test]
async fn a_repeated_upload_is_taken_and_acknowledged_like_the_first() {
    let mut client = client(service(&[three_rows()]));
    let data = || messages(path("mine"), &[three_rows(), three_rows()]);
    let once = [("arrowlink-idempotency-key", "load-42")];
    let first = put(&mut client, data(), &once).await.unwrap();
    let again = put(&mut client, data(), &once).await.unwrap();
    assert_eq!((again.len(), &again[1..]), (3, &first[1..]));
    assert_eq!((&again[0]["state"], &again[0]["batch"]), (&json!("received"), &json!(1)));
    assert_eq!(read(&mut client, "mine").await.unwrap().len(), 2);
}

/// What a client waits for must come: it may wait for an answer to each of its messages.
#[tokio::test]
async fn messages_without_rows_are_acknowledged_and_not_kept() {
    let mut client = client(service(&[three_rows()]));
    let mut data = messages(path("mine"), &[three_rows(), three_rows().slice(0, 0)]);
    data.push(FlightData::new().with_app_metadata("a note"));
    let said = put(&mut client, data, &[]).await.unwrap();
    assert_eq!(said[2], json!({ "state": "received", "batch": 3, "rows": 3 }));
    assert_eq!((&said[3]["batches"], &said[3]["rows"]), (&json!(1), &json!(3)));
}

#[tokio::test]
async fn what_was_read_can_be_appended() {
    let catalog = service(&[three_rows()]);
    let texts: ArrayRef = Arc::new(StringViewArray::from(vec!["a", "a text of more than twelve bytes"]));
    let views = RecordBatch::try_from_iter_with_nullable([("s", texts, true)]).unwrap();
    catalog.append(&name("views"), views.schema(), vec![views.clone()]).await.unwrap();
    let mut client = client(catalog.clone());
    let plain = read(&mut client, "views").await.unwrap();
    assert_eq!(plain[0].schema().field(0).data_type(), &DataType::Utf8);
    put(&mut client, messages(path("views"), &plain), &[]).await.unwrap();
    assert_eq!(catalog.read_all(&name("views")).await.unwrap().1, [views.clone(), views]);
}

#[tokio::test]
async fn metadata_that_cannot_be_read_is_refused() {
    let mut client = client(service(&[three_rows()]));
    let data = || messages(path("mine"), &[three_rows()]);
    let mode = put(&mut client, data(), &[("arrowlink-write-mode", "upsert")]).await;
    check_error(mode, ErrorKind::InvalidArgument, &["`upsert` is not a `arrowlink-write-mode`"]);
    let key = put(&mut client, data(), &[("arrowlink-idempotency-key", "%4")]).await;
    check_error(key, ErrorKind::InvalidArgument, &["is not percent-encoded"]);
    let key = put(&mut client, data(), &[("arrowlink-idempotency-key", "%ff")]).await;
    check_error(key, ErrorKind::InvalidArgument, &["is not UTF-8"]);
    check_error(read(&mut client, "mine").await, ErrorKind::NotFound, &[]);
}

#[tokio::test]
async fn nothing_is_kept_of_an_upload_with_a_damaged_batch() {
    let mut client = client(service(&[three_rows()]));
    let mut data = messages(path("mine"), &[three_rows(), three_rows()]);
    data[2].data_header = vec![1, 2, 3].into();
    check_error(put(&mut client, data, &[]).await, ErrorKind::InvalidArgument, &["not a valid stream"]);
    check_error(read(&mut client, "mine").await, ErrorKind::NotFound, &[]);
}

#[tokio::test]
async fn an_upload_begins_with_a_descriptor_and_a_schema() {
    let mut client = client(service(&[three_rows()]));
    let alone = FlightData::new().with_descriptor(path("mine"));
    let refused: Result<_, Error> = put(&mut client, vec![alone], &[]).await;
    check_error(refused, ErrorKind::InvalidArgument, &["the upload has no schema"]);
    let mut nameless = messages(path("mine"), &[three_rows()]);
    nameless[0].flight_descriptor = None;
    let refused = put(&mut client, nameless, &[]).await;
    check_error(refused, ErrorKind::InvalidArgument, &["does not begin with a descriptor"]);
    let command = messages(FlightDescriptor::new_cmd("insert into mine"), &[three_rows()]);
    let refused = put(&mut client, command, &[]).await;
    check_error(refused, ErrorKind::InvalidArgument, &["the descriptor is a command"]);
}

#[tokio::test]
async fn what_is_served_from_elsewhere_is_not_written_to() {
    let mut client = client(arrowlink_testkit::catalog());
    let refused = put(&mut client, messages(path("default"), &[three_rows()]), &[]).await;
    check_error(refused, ErrorKind::ReadOnly, &["cannot be written to"]);
}
