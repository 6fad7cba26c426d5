//! Statements that are sent as they are: queries, updates, plans, and what is refused.

use std::sync::atomic::Ordering;

use arrow_array::record_batch;
use arrow_flight::sql::{
    ActionBeginTransactionRequest, CommandGetCatalogs, CommandStatementQuery, CommandStatementSubstraitPlan,
    CommandStatementUpdate, DoPutUpdateResult, SubstraitPlan, TicketStatementQuery,
};
use arrow_flight::{FlightDescriptor, sql::Any};
use arrowlink_core::ErrorKind;
use arrowlink_transport::{FlightHandler as _, Ticket};
use prost::Message as _;

use crate::sql_support::{Client, ECHO, INSERT};

fn query(text: &str) -> CommandStatementQuery {
    CommandStatementQuery { query: text.to_owned(), transaction_id: None }
}

fn update(text: &str) -> CommandStatementUpdate {
    CommandStatementUpdate { query: text.to_owned(), transaction_id: None }
}

#[tokio::test]
async fn a_query_returns_its_rows() {
    let rows = Client::new().rows(&query("select 1")).await.unwrap();
    assert_eq!(rows.columns(), record_batch!(("one", Int64, [1])).unwrap().columns());
}

#[tokio::test]
async fn a_ticket_is_answered_by_another_server() {
    let mut client = Client::new();
    let info = client.info(&query("select 1")).await.unwrap();
    client.restart();
    let ticket = info.endpoint[0].ticket.clone().unwrap().ticket;
    let rows = client.flight.do_get(client.call.clone(), ticket).await.unwrap();
    assert_eq!(rows.batches.collect_batches().await.unwrap()[0].num_rows(), 1);
}

#[tokio::test]
async fn a_ticket_is_of_the_columns_that_were_promised() {
    let client = Client::new();
    let ticket = async || client.info(&query("select 1")).await.unwrap().endpoint[0].ticket.clone().unwrap();
    let before = ticket().await.ticket;
    let mut old = Ticket::decode(&before).unwrap();
    old.schema = None;
    client.engine.statements.is_replaced.store(true, Ordering::Relaxed);
    let read = async |ticket| client.flight.do_get(client.call.clone(), ticket).await.map(drop);
    let error = read(before).await.unwrap_err();
    let text = "the tables of this statement changed since it was planned: ask for its flight info again";
    assert_eq!((error.kind(), error.message()), (ErrorKind::SnapshotChanged, text));
    read(ticket().await.ticket).await.unwrap();
    // Servers of before did not say what they promised.
    read(old.encode().unwrap()).await.unwrap();
}

#[tokio::test]
async fn what_the_engine_says_of_bad_sql_arrives() {
    let error = Client::new().info(&query("selct 1")).await.unwrap_err();
    assert_eq!((error.kind(), error.message()), (ErrorKind::InvalidArgument, "`selct 1` is not SQL"));
}

#[tokio::test]
async fn a_query_with_parameters_must_be_prepared() {
    let error = Client::new().info(&query(ECHO)).await.unwrap_err();
    assert_eq!(
        error.message(),
        "the statement has 2 parameters (`$1` Int64, `$2` Utf8), and no value was given: prepare it and bind one row"
    );
}

#[tokio::test]
async fn a_plan_is_the_engines_to_refuse() {
    let plan = Some(SubstraitPlan { plan: "plan".into(), version: String::new() });
    let command = CommandStatementSubstraitPlan { plan, transaction_id: None };
    let error = Client::new().info(&command).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    let error = Client::new().info(&CommandStatementSubstraitPlan::default()).await.unwrap_err();
    assert_eq!((error.kind(), error.message()), (ErrorKind::InvalidArgument, "the command has no plan"));
}

#[tokio::test]
async fn an_update_of_a_query_has_no_count() {
    let client = Client::new();
    let answer: DoPutUpdateResult = client.put(&update("select 1"), None).await.unwrap();
    assert_eq!(answer.record_count, -1);
    assert_eq!(client.engine.statements.changes.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn an_update_takes_rows_of_parameters() {
    let client = Client::new();
    let values = record_batch!(("0", Int64, [1, 2, 3])).unwrap();
    let answer: DoPutUpdateResult =
        client.put(&update(INSERT), Some(vec![values.clone(), values])).await.unwrap();
    assert_eq!(answer.record_count, 6);
}

#[tokio::test]
async fn transactions_are_refused_wherever_they_come() {
    let client = Client::new();
    let in_transaction = CommandStatementQuery { transaction_id: Some("t1".into()), ..query("select 1") };
    let refused = client.info(&in_transaction).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Unsupported);
    for action in ["BeginTransaction", "EndTransaction", "BeginSavepoint", "EndSavepoint"] {
        let error = client.act(action, &ActionBeginTransactionRequest {}).await.unwrap_err();
        assert_eq!(error.message(), refused.message());
    }
    let without = CommandStatementQuery { transaction_id: Some("".into()), ..query("select 1") };
    assert!(client.rows(&without).await.is_ok(), "an empty id is none");
}

#[tokio::test]
async fn commands_are_refused_where_they_do_not_belong() {
    let client = Client::new();
    let error = client.info(&update(INSERT)).await.unwrap_err();
    assert!(error.message().contains("`CommandStatementUpdate`"), "{}", error.message());
    let error = client.put::<DoPutUpdateResult>(&CommandGetCatalogs {}, None).await.unwrap_err();
    assert_eq!(error.message(), "nothing can be uploaded to `CommandGetCatalogs`");
    let error = client.info(&TicketStatementQuery::default()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
}

#[tokio::test]
async fn malformed_and_unknown_commands_are_named() {
    let client = Client::new();
    let ask = async |name: &str, value: &'static [u8]| {
        let type_url = format!("type.googleapis.com/arrow.flight.protocol.sql.{name}");
        let any = Any { type_url, value: value.into() };
        let descriptor = FlightDescriptor::new_cmd(any.encode_to_vec());
        client.flight.get_flight_info(client.call.clone(), descriptor).await.unwrap_err()
    };
    let malformed = ask("CommandStatementQuery", b"\xff\xff").await;
    assert_eq!(
        (malformed.kind(), malformed.message()),
        (ErrorKind::InvalidArgument, "the command is not a valid `CommandStatementQuery`")
    );
    let unknown = ask("CommandOfTomorrow", b"").await;
    assert_eq!(
        (unknown.kind(), unknown.message()),
        (ErrorKind::Unsupported, "Flight SQL's `CommandOfTomorrow` is not known to this server")
    );
}

#[tokio::test]
async fn a_statement_is_no_ticket() {
    let client = Client::new();
    let ticket = arrow_flight::sql::ProstMessageExt::as_any(&query("select 1")).encode_to_vec();
    let error = client.flight.do_get(client.call.clone(), ticket.into()).await.unwrap_err();
    assert_eq!(error.message(), "`CommandStatementQuery` is not a ticket: get its flight info first");
}
