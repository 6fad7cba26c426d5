//! Tickets: whole, continued, forged and stale.

use arrow_array::{RecordBatch, record_batch};
use arrow_flight::Ticket as FlightTicket;
use arrowlink_core::{DataServiceExt as _, ErrorKind, ReadOptions, Target, WriteMode, WriteOptions};
use arrowlink_testkit::{check_error, name, stream_of, three_rows};
use arrowlink_transport::Ticket;
use bytes::Bytes;

use crate::support::{client, error, info, messages, path, read, service};

fn three_batches() -> Vec<RecordBatch> {
    (0..3).map(|id| record_batch!(("id", Int64, [id, id])).unwrap()).collect()
}

async fn ticket(client: &mut crate::support::Client) -> Bytes {
    info(client, path("trips")).await.unwrap().endpoint[0].ticket.clone().unwrap().ticket
}

#[tokio::test]
async fn a_name_is_a_ticket_without_metadata() {
    let mut client = client(service(&three_batches()));
    assert_eq!(read(&mut client, "trips").await.unwrap(), three_batches());
    let data = messages(&mut client, "trips").await.unwrap();
    assert!(data.iter().all(|message| message.app_metadata.is_empty()));
}

#[tokio::test]
async fn a_read_goes_on_after_each_batch_by_the_ticket_in_its_metadata() {
    let mut client = client(service(&three_batches()));
    let ticket = ticket(&mut client).await;
    let data = messages(&mut client, ticket).await.unwrap();
    let batches = three_batches();
    assert_eq!(data.len(), 4, "a schema and three batches");
    for (count, message) in data.iter().enumerate() {
        let rest = read(&mut client, message.app_metadata.clone()).await.unwrap();
        assert_eq!(rest, batches[count..], "after {count} batches");
    }
}

#[tokio::test]
async fn limits_hold_over_the_whole_of_a_continued_read() {
    let mut client = client(service(&three_batches()));
    let options = ReadOptions::default().with_skip(1).with_limit(4);
    let whole = Ticket::new(Target::Name(name("trips")), options).with_positions(true).encode().unwrap();
    let all: Vec<RecordBatch> = read(&mut client, whole.clone()).await.unwrap();
    let data = messages(&mut client, whole).await.unwrap();
    let rest = read(&mut client, data[1].app_metadata.clone()).await.unwrap();
    assert_eq!(rest, all[1..]);
    assert_eq!(all.iter().map(RecordBatch::num_rows).sum::<usize>(), 4);
}

#[tokio::test]
async fn a_forged_ticket_says_so() {
    let mut client = client(service(&three_batches()));
    let ticket = ticket(&mut client).await;
    for at in 0..ticket.len() {
        let mut forged = ticket.to_vec();
        forged[at] ^= 1;
        let refused = client.do_get(FlightTicket::new(forged)).await.map_err(error).map(drop);
        check_error(refused, ErrorKind::InvalidArgument, &["the ticket"]);
    }
    check_error(read(&mut client, "").await, ErrorKind::InvalidArgument, &["the ticket is empty"]);
    check_error(read(&mut client, "a b").await, ErrorKind::InvalidArgument, &["not the name of a dataset"]);
}

#[tokio::test]
async fn a_ticket_of_a_dataset_that_was_replaced_is_stale() {
    let service = service(&three_batches());
    let uploads = name("mine");
    service.append(&uploads, three_rows().schema(), vec![three_rows()]).await.unwrap();
    let mut client = client(service.clone());
    let old = info(&mut client, path("mine")).await.unwrap().endpoint[0].ticket.clone().unwrap().ticket;
    let other = record_batch!(("other", Int64, [1])).unwrap();
    let replace = WriteOptions::default().with_mode(WriteMode::Replace);
    let ctx = arrowlink_core::CallContext::new();
    arrowlink_core::DataService::write(&*service, ctx, uploads, stream_of(&other), replace).await.unwrap();
    check_error(read(&mut client, old).await, ErrorKind::SnapshotChanged, &[]);
    assert_eq!(read(&mut client, "mine").await.unwrap(), [other]);
}

#[tokio::test]
async fn an_exchange_answers_as_its_function_does() {
    let mut client = client(service(&three_batches()));
    let batch = three_rows();
    let data = arrow_flight::utils::batches_to_flight_data(&batch.schema(), vec![batch.clone()]).unwrap();
    let descriptor = path("echo");
    let alone = arrow_flight::FlightData::new().with_descriptor(descriptor);
    let sent = std::iter::once(alone).chain(data);
    let answer = client.do_exchange(futures::stream::iter(sent)).await.unwrap().into_inner();
    assert_eq!(crate::support::batches(answer).await.unwrap(), [batch]);
}
