//! Prepared statements: what they say of themselves, values bound to them in every way that clients have, and handles
//! that outlive a server.

use std::sync::atomic::Ordering;

use arrow_array::{RecordBatch, record_batch};
use arrow_flight::sql::{
    ActionClosePreparedStatementRequest, ActionCreatePreparedStatementRequest,
    ActionCreatePreparedSubstraitPlanRequest, CommandPreparedStatementQuery, CommandPreparedStatementUpdate,
    DoPutPreparedStatementResult, DoPutUpdateResult,
};
use arrow_flight::{IpcMessage, sql::ActionCreatePreparedStatementResult};
use arrow_schema::Schema;
use arrowlink_core::{ErrorKind, Result};
use bytes::Bytes;
use prost::Message as _;

use crate::sql_support::{Client, ECHO, INSERT};

pub(crate) async fn prepare(client: &Client, text: &str) -> Result<ActionCreatePreparedStatementResult> {
    let request = ActionCreatePreparedStatementRequest { query: text.to_owned(), transaction_id: None };
    let mut results = client.act("CreatePreparedStatement", &request).await?;
    Ok(ActionCreatePreparedStatementResult::decode(results.remove(0)).unwrap())
}

pub(crate) async fn handle(client: &Client, text: &str) -> Bytes {
    prepare(client, text).await.unwrap().prepared_statement_handle
}

pub(crate) fn query(handle: &Bytes) -> CommandPreparedStatementQuery {
    CommandPreparedStatementQuery { prepared_statement_handle: handle.clone() }
}

pub(crate) fn update(handle: &Bytes) -> CommandPreparedStatementUpdate {
    CommandPreparedStatementUpdate { prepared_statement_handle: handle.clone() }
}

pub(crate) async fn bind(client: &Client, handle: &Bytes, values: RecordBatch) -> Result<Bytes> {
    let answer: DoPutPreparedStatementResult = client.put(&query(handle), Some(vec![values])).await?;
    Ok(answer.prepared_statement_handle.unwrap())
}

fn values(number: i64, text: &str) -> RecordBatch {
    record_batch!(("0", Int64, [number]), ("1", Utf8, [text])).unwrap()
}

pub(crate) fn decoded(bytes: Bytes) -> Schema {
    Schema::try_from(IpcMessage(bytes)).unwrap()
}

#[tokio::test]
async fn a_query_tells_its_columns_and_parameters() {
    let answer = prepare(&Client::new(), ECHO).await.unwrap();
    assert_eq!(decoded(answer.dataset_schema), decoded(answer.parameter_schema.clone()));
    let parameters = decoded(answer.parameter_schema);
    assert_eq!(parameters.fields().iter().map(|field| field.name()).collect::<Vec<_>>(), ["$1", "$2"]);
}

#[tokio::test]
async fn a_change_is_told_by_having_no_columns() {
    let client = Client::new();
    let answer = prepare(&client, INSERT).await.unwrap();
    assert!(answer.dataset_schema.is_empty());
    let request = ActionCreatePreparedStatementRequest { query: INSERT.to_owned(), transaction_id: None };
    let raw = client.act("CreatePreparedStatement", &request).await.unwrap();
    assert!(raw[0].ends_with(&[4 << 3, 1]), "`is_update`, the fourth field, is true");
}

#[tokio::test]
async fn bound_values_travel_in_the_new_handle() {
    let mut client = Client::new();
    let handle = handle(&client, ECHO).await;
    let bound = bind(&client, &handle, values(5, "five")).await.unwrap();
    client.restart();
    let rows = client.rows(&query(&bound)).await.unwrap();
    assert_eq!(rows.columns(), values(5, "five").columns());
}

#[tokio::test]
async fn bound_values_are_kept_for_clients_that_keep_the_first_handle() {
    let client = Client::new();
    let first = handle(&client, ECHO).await;
    let other = handle(&client, ECHO).await;
    bind(&client, &first, values(5, "five")).await.unwrap();
    bind(&client, &other, values(6, "six")).await.unwrap();
    assert_eq!(client.rows(&query(&first)).await.unwrap().columns(), values(5, "five").columns());
    bind(&client, &first, values(7, "seven")).await.unwrap();
    assert_eq!(client.rows(&query(&first)).await.unwrap().columns(), values(7, "seven").columns());
    assert_eq!(client.rows(&query(&other)).await.unwrap().columns(), values(6, "six").columns());
}

#[tokio::test]
async fn a_bound_handle_takes_other_values() {
    let client = Client::new();
    let bound = bind(&client, &handle(&client, ECHO).await, values(5, "five")).await.unwrap();
    let again = bind(&client, &bound, values(6, "six")).await.unwrap();
    assert_eq!(client.rows(&query(&again)).await.unwrap().columns(), values(6, "six").columns());
    assert_eq!(client.rows(&query(&bound)).await.unwrap().columns(), values(5, "five").columns());
}

#[tokio::test]
async fn closing_forgets_the_values() {
    let client = Client::new();
    let handle = handle(&client, ECHO).await;
    bind(&client, &handle, values(5, "five")).await.unwrap();
    let request = ActionClosePreparedStatementRequest { prepared_statement_handle: handle.clone() };
    assert_eq!(client.act("ClosePreparedStatement", &request).await.unwrap(), Vec::<Bytes>::new());
    let error = client.info(&query(&handle)).await.unwrap_err();
    assert!(error.message().contains("no value was given"), "{}", error.message());
}

#[tokio::test]
async fn values_are_taken_by_name_where_they_bear_the_names() {
    let client = Client::new();
    let handle = handle(&client, ECHO).await;
    let swapped = record_batch!(("2", Utf8, ["five"]), ("$1", Int64, [5])).unwrap();
    let bound = bind(&client, &handle, swapped).await.unwrap();
    assert_eq!(client.rows(&query(&bound)).await.unwrap().columns(), values(5, "five").columns());
}

#[tokio::test]
async fn wrong_values_are_named() {
    let client = Client::new();
    let echo = handle(&client, ECHO).await;
    let one = record_batch!(("0", Int64, [1])).unwrap();
    let text = record_batch!(("0", Utf8, ["a"]), ("1", Utf8, ["b"])).unwrap();
    let truth = record_batch!(("0", Boolean, [true]), ("1", Utf8, ["b"])).unwrap();
    let two_rows = record_batch!(("0", Int64, [1, 2]), ("1", Utf8, ["a", "b"])).unwrap();
    for (handle, values, message) in [
        (&echo, one, "the statement has 2 parameters (`$1` Int64, `$2` Utf8), but 1 value was given"),
        (&echo, text, "parameter `$1` is Int64, but the value is Utf8"),
        (&echo, truth, "parameter `$1` is Int64, but the value is Boolean"),
        (&echo, two_rows, "2 rows were bound to a query, which takes one: execute it for each"),
    ] {
        let error = bind(&client, handle, values).await.unwrap_err();
        assert_eq!((error.kind(), error.message()), (ErrorKind::InvalidArgument, message));
    }
}

#[tokio::test]
async fn an_update_is_executed_for_each_row() {
    let client = Client::new();
    let handle = handle(&client, INSERT).await;
    let rows = record_batch!(("0", Int64, [1, 2, 3])).unwrap();
    let answer: DoPutUpdateResult = client.put(&update(&handle), Some(vec![rows])).await.unwrap();
    assert_eq!((answer.record_count, client.engine.statements.changes.load(Ordering::Relaxed)), (3, 3));
}

#[tokio::test]
async fn an_update_takes_what_was_bound_before() {
    let client = Client::new();
    let handle = handle(&client, INSERT).await;
    let bound = bind(&client, &handle, record_batch!(("0", Int64, [1, 2])).unwrap()).await.unwrap();
    let nothing = RecordBatch::new_empty(Schema::empty().into());
    let answer: DoPutUpdateResult = client.put(&update(&bound), Some(vec![nothing])).await.unwrap();
    assert_eq!(answer.record_count, 2);
    let missing = client.put::<DoPutUpdateResult>(&update(&self::handle(&client, INSERT).await), None).await;
    assert!(missing.unwrap_err().message().contains("no value was given"));
}

#[tokio::test]
async fn describing_changes_nothing() {
    let client = Client::new();
    let handle = handle(&client, INSERT).await;
    let bound = bind(&client, &handle, record_batch!(("0", Int64, [1])).unwrap()).await.unwrap();
    client.info(&query(&bound)).await.unwrap();
    assert_eq!(client.engine.statements.changes.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn damaged_and_forged_handles_are_refused() {
    let client = Client::new();
    let good = handle(&client, ECHO).await;
    for at in 0..good.len() {
        let mut damaged = good.to_vec();
        damaged[at] ^= 1;
        let error = client.info(&query(&damaged.into())).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
        assert!(error.message().starts_with("the prepared statement's handle "), "{}", error.message());
    }
    let (foreign, damaged) = ("was not made here", "is damaged");
    let short =
        [(&b""[..], foreign), (b"select 1", foreign), (b"\xffALP", damaged), (b"\xffALP\x01", damaged)];
    for (handle, what) in short {
        let error = client.info(&query(&Bytes::copy_from_slice(handle))).await.unwrap_err();
        assert_eq!(error.message(), format!("the prepared statement's handle {what}: ask for a new one"));
    }
}

#[tokio::test]
async fn a_plan_is_the_engines_to_refuse() {
    let request = ActionCreatePreparedSubstraitPlanRequest {
        plan: Some(arrow_flight::sql::SubstraitPlan { plan: "plan".into(), version: String::new() }),
        transaction_id: None,
    };
    let error = Client::new().act("CreatePreparedSubstraitPlan", &request).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
}

#[tokio::test]
async fn an_action_of_another_body_is_refused() {
    let request = ActionClosePreparedStatementRequest::default();
    let error = Client::new().act("CreatePreparedStatement", &request).await.unwrap_err();
    assert_eq!(error.message(), "the body of the action `CreatePreparedStatement` is not what it takes");
}
