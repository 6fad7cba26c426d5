//! What is said before anything is read: listings, infos and schemas.

use arrow_array::record_batch;
use arrow_flight::FlightDescriptor;
use arrow_schema::Schema;
use arrowlink_core::{ErrorKind, NounKind};
use arrowlink_flight::FlightOptions;
use arrowlink_testkit::{check_error, name, three_rows};
use arrowlink_transport::Ticket;

use crate::support::{client, client_with, error, info, names, path, read, service};

#[tokio::test]
async fn lists_what_begins_with_the_criteria() {
    let mut client = client(service(&[three_rows()]));
    let all = names(&mut client, "").await.unwrap();
    assert_eq!(all, ["echo", "sales.orders", "trips"].map(name));
    assert_eq!(names(&mut client, "sales.").await.unwrap(), [name("sales.orders")]);
    assert_eq!(names(&mut client, "nothing").await.unwrap(), []);
}

#[tokio::test]
async fn refuses_criteria_that_are_no_text() {
    let mut client = client(service(&[three_rows()]));
    let criteria = arrow_flight::Criteria { expression: vec![0xff].into() };
    let refused = client.list_flights(criteria).await.map_err(error);
    check_error(refused.map(|_| ()), ErrorKind::InvalidArgument, &["the criteria are not UTF-8"]);
}

#[tokio::test]
async fn says_schema_rows_and_where_to_read() {
    let service = service(&[three_rows(), three_rows()]);
    let public = "grpc+tls://tables.example.com:443";
    let mut client = client_with(service, FlightOptions::default().with_public([public]));
    let info = info(&mut client, path("trips")).await.unwrap();
    assert_eq!(info.total_records, 6);
    assert!(info.ordered);
    assert_eq!(info.flight_descriptor, Some(path("trips")));
    let locations: Vec<_> = info.endpoint[0].location.iter().map(|location| location.uri.as_str()).collect();
    assert_eq!(locations, ["arrow-flight-reuse-connection://?", public]);
    assert_eq!(&info.try_decode_schema().unwrap(), three_rows().schema().as_ref());
}

#[tokio::test]
async fn gives_a_ticket_for_each_part_which_together_are_the_whole() {
    let values: Vec<i64> = (0..1 << 18).collect();
    let batches: Vec<_> = (0..4)
        .map(|_| {
            let array = arrow_array::Int64Array::from(values.clone());
            arrow_array::RecordBatch::try_from_iter([("id", std::sync::Arc::new(array) as _)]).unwrap()
        })
        .collect();
    let mut client = client(service(&batches));
    let info = info(&mut client, path("trips")).await.unwrap();
    let described = Ticket::decode(&info.endpoint[0].ticket.as_ref().unwrap().ticket).unwrap();
    assert!(described.positions);
    let mut rows = 0;
    for endpoint in &info.endpoint {
        let ticket = endpoint.ticket.clone().unwrap().ticket;
        assert_eq!(Ticket::decode(&ticket).unwrap().query, described.query, "one query");
        let part = read(&mut client, ticket).await.unwrap();
        rows += part.iter().map(arrow_array::RecordBatch::num_rows).sum::<usize>();
    }
    assert_eq!(rows, 4 << 18);
}

#[tokio::test]
async fn functions_have_no_tickets() {
    let mut client = client(service(&[three_rows()]));
    let info = info(&mut client, path("echo")).await.unwrap();
    assert_eq!(info.endpoint, []);
    assert_eq!(NounKind::Function.to_string(), "function");
}

#[tokio::test]
async fn a_poll_is_complete_at_once() {
    let mut client = client(service(&[three_rows()]));
    let poll = client.poll_flight_info(path("trips")).await.unwrap().into_inner();
    assert_eq!((poll.progress, poll.flight_descriptor), (Some(1.0), None));
    assert_eq!(poll.info.unwrap().total_records, 3);
}

#[tokio::test]
async fn a_schema_is_said_alone() {
    let mut client = client(service(&[three_rows()]));
    let schema = client.get_schema(path("trips")).await.unwrap().into_inner();
    assert_eq!(&Schema::try_from(&schema).unwrap(), three_rows().schema().as_ref());
}

#[tokio::test]
async fn offers_near_names_where_there_is_none() {
    let mut client = client(service(&[three_rows()]));
    let missing = info(&mut client, path("tirps")).await;
    check_error(missing, ErrorKind::NotFound, &["`tirps`, did you mean `trips`?"]);
}

#[tokio::test]
async fn refuses_descriptors_that_ask_for_nothing() {
    let mut client = client(service(&[three_rows()]));
    let empty = info(&mut client, FlightDescriptor::new_path(Vec::new())).await;
    check_error(empty, ErrorKind::InvalidArgument, &["the descriptor has no path"]);
    let unknown = info(&mut client, FlightDescriptor::default()).await;
    check_error(unknown, ErrorKind::InvalidArgument, &["neither a path nor a command"]);
    let silent = info(&mut client, FlightDescriptor::new_cmd(" \n")).await;
    check_error(silent, ErrorKind::InvalidArgument, &["nor the text of a SQL statement"]);
    let damaged = info(&mut client, FlightDescriptor::new_cmd(vec![0xff, 0xfe])).await;
    check_error(damaged, ErrorKind::InvalidArgument, &["nor the text of a SQL statement"]);
}

#[tokio::test]
async fn a_command_of_text_is_sql() {
    let batch = record_batch!(("id", Int64, [1])).unwrap();
    let mut client = client(service(&[batch]));
    let sql = info(&mut client, FlightDescriptor::new_cmd("select 1")).await;
    check_error(sql, ErrorKind::Unsupported, &["SQL"]);
}
