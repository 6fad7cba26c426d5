//! What a foreign client of Flight is told and given by the whole server.

use std::sync::Arc;

use arrow_array::cast::AsArray as _;
use arrow_array::types::Int64Type;
use arrow_array::{ArrayRef, RecordBatch, StringArray, record_batch};
use arrow_flight::sql::SqlInfo;
use arrowlink_core::{ErrorKind, Result};
use arrowlink_server::{Config, DatasetConfig, Limits};
use arrowlink_transport::Ticket;

use crate::flight_client::{FlightClient, path, ticket};
use crate::support::{Running, name};

#[tokio::test]
async fn says_whether_anything_can_be_changed() {
    for read_only in [false, true] {
        let server = Running::build(Config::default().with_read_only(read_only)).await;
        let mut client = FlightClient::of(&server).await;
        assert_eq!(client.ability(SqlInfo::FlightSqlServerReadOnly).await, read_only);
        assert_eq!(client.ability(SqlInfo::FlightSqlServerBulkIngestion).await, !read_only);
        let written = client.put("new", record_batch!(("id", Int64, [1])).unwrap()).await;
        assert_eq!(written.map(drop).map_err(|error| error.kind()), refused(read_only));
        drop(client);
        server.stop().await;
    }
}

fn refused(read_only: bool) -> Result<(), ErrorKind> {
    if read_only { Err(ErrorKind::ReadOnly) } else { Ok(()) }
}

fn ids(batches: &[RecordBatch]) -> Vec<i64> {
    let columns = batches.iter().map(|batch| batch.column(0).as_primitive::<Int64Type>());
    columns.flat_map(|column| column.values().to_vec()).collect()
}

#[tokio::test]
async fn each_file_is_an_endpoint_and_together_they_are_the_whole() {
    let dir = tempfile::tempdir().unwrap();
    for (file, rows) in [("c.csv", 21..24), ("a.csv", 0..20), ("b.csv", 20..21)] {
        let lines: String = rows.map(|id: i64| format!("{id},x\n")).collect();
        std::fs::write(dir.path().join(file), format!("id,city\n{lines}")).unwrap();
    }
    let uri = format!("{}/*.csv", dir.path().display());
    let public = "grpc+tls://tables.example.com:443";
    let config =
        Config::default().with_dataset(DatasetConfig::new(name("trips"), &uri)).with_public([public]);
    let server = Running::build(config).await;
    let mut client = FlightClient::of(&server).await;
    let info = client.info(path("trips")).await.unwrap();
    assert!(info.ordered);
    let mut parts = Vec::new();
    for (number, endpoint) in info.endpoint.iter().enumerate() {
        let locations: Vec<_> = endpoint.location.iter().map(|location| location.uri.as_str()).collect();
        assert_eq!(locations, ["arrow-flight-reuse-connection://?", public]);
        let read = Ticket::decode(&ticket(&info, number)).unwrap().options;
        assert_eq!(read.part, Some(u32::try_from(number).unwrap()));
        assert!(read.snapshot.is_some(), "all of one state");
        parts.push(ids(&client.read(ticket(&info, number)).await.unwrap()));
    }
    assert_eq!(parts, [(0..20).collect::<Vec<_>>(), vec![20], vec![21, 22, 23]]);
    let whole = ids(&client.read("trips".into()).await.unwrap());
    assert_eq!(parts.concat(), whole, "in the same order");
    drop(client);
    server.stop().await;
}

/// One row of `bytes` letters.
fn text(bytes: usize) -> RecordBatch {
    let column: ArrayRef = Arc::new(StringArray::from(vec!["x".repeat(bytes)]));
    RecordBatch::try_from_iter([("text", column)]).unwrap()
}

#[tokio::test]
async fn a_value_within_the_limit_of_messages_goes_both_ways() {
    let limits = Limits::default().with_max_message_bytes(3 << 20);
    let server = Running::build(Config::default().with_limits(limits)).await;
    let mut client = FlightClient::of(&server).await;
    client.put("large", text(2 << 20)).await.unwrap();
    assert_eq!(client.read("large".into()).await.unwrap(), [text(2 << 20)]);
    drop(client);
    server.stop().await;
}

#[tokio::test]
async fn a_value_past_the_limit_of_messages_is_refused_with_its_size_and_the_setting() {
    let limits = Limits::default().with_max_message_bytes(1 << 20);
    let server = Running::build(Config::default().with_limits(limits)).await;
    let mut client = FlightClient::of(&server).await;
    client.put("texts", text(10)).await.unwrap();

    let error = client.put("texts", text(2 << 20)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LimitExceeded);
    for part in ["message 2 of 2097", "the limit of 1048576 bytes", "`max_message_bytes` under `[limits]`"] {
        assert!(error.message().contains(part), "{error}");
    }
    assert_eq!(client.read("texts".into()).await.unwrap(), [text(10)], "what was there is there");

    let error = client.query("select repeat('x', 2097152) as text").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LimitExceeded);
    for part in ["row 1 takes a message of 2097", "the 1048576 bytes", "`max_message_bytes` under `[limits]`"]
    {
        assert!(error.message().contains(part), "{error}");
    }
    assert_eq!(client.query("select count(*) from texts").await.unwrap()[0].num_rows(), 1);
    drop(client);
    server.stop().await;
}
