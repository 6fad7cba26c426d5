//! What a client chose for its session holds for its statements and its ingests.

use arrow_array::{RecordBatch, record_batch};
use arrow_flight::sql::{
    ActionCreatePreparedStatementRequest, CommandStatementIngest, CommandStatementQuery, DoPutUpdateResult,
    TableDefinitionOptions, TableExistsOption,
};
use arrow_flight::{Action, FlightDescriptor};
use arrowlink_core::{DataServiceExt as _, ErrorKind, Name};
use arrowlink_proto::flight::session_option_value::OptionValue;
use arrowlink_proto::flight::{SessionOptionValue, SetSessionOptionsRequest};
use arrowlink_testkit::{check_error, name};
use arrowlink_transport::FlightHandler as _;
use futures::TryStreamExt as _;
use futures::future::join_all;
use http::{HeaderMap, HeaderValue, header};
use prost::Message as _;

use crate::sql_support::{Client, texts};

/// A client that chose `options` and keeps its cookie.
async fn client(options: &[(&str, &str)]) -> Client {
    let mut client = Client::new();
    let text =
        |text: &str| SessionOptionValue { option_value: Some(OptionValue::StringValue(text.to_owned())) };
    let session_options = options.iter().map(|(name, value)| ((*name).to_owned(), text(value))).collect();
    let action =
        Action::new("SetSessionOptions", SetSessionOptionsRequest { session_options }.encode_to_vec());
    let results = client.flight.do_action(client.call.clone(), action).await.unwrap();
    results.try_collect::<Vec<_>>().await.unwrap();
    let cookie = client.call.answer_headers()[header::SET_COOKIE].clone();
    client.call = client.call.with_headers(HeaderMap::from_iter([(header::COOKIE, cookie)]));
    client
}

async fn place(client: &Client) -> String {
    let command = CommandStatementQuery { query: "where am i".to_owned(), transaction_id: None };
    texts(&client.rows(&command).await.unwrap(), "schema").remove(0)
}

#[tokio::test]
async fn statements_look_where_the_session_says() {
    for (options, expected) in [
        (&[][..], "none"),
        (&[("schema", "sales")], "sales"),
        (&[("schema", "public")], "none"),
        (&[("catalog", "arrowlink"), ("schema", "sales")], "sales"),
        (&[("catalog", "eu"), ("schema", "sales")], "eu.sales"),
        (&[("catalog", "eu")], "eu.public"),
    ] {
        let mut client = client(options).await;
        assert_eq!(place(&client).await, expected);
        client.restart();
        assert_eq!(place(&client).await, expected, "the cookie says it all");
    }
}

#[tokio::test]
async fn rows_are_ingested_where_the_session_says() {
    let client = client(&[("schema", "sales")]).await;
    let into = |table: &str, schema: Option<&str>| CommandStatementIngest {
        table: table.to_owned(),
        schema: schema.map(str::to_owned),
        table_definition_options: Some(TableDefinitionOptions { if_not_exist: 1, if_exists: 1 }),
        ..CommandStatementIngest::default()
    };
    for (command, name) in [
        (into("t", None), "sales.t"),
        (into("t", Some("ops")), "ops.t"),
        (into("t", Some("public")), "t"),
        (into("ops.u", None), "ops.u"),
    ] {
        let rows = record_batch!(("id", Int64, [1])).unwrap();
        client.put::<DoPutUpdateResult>(&command, Some(vec![rows])).await.unwrap();
        assert!(client.engine.read_all(&Name::new(name).unwrap()).await.is_ok(), "{name}");
    }
}

#[tokio::test]
async fn rows_are_added_to_the_table_that_statements_find() {
    const FAIL: i32 = 2;
    let client = client(&[("schema", "sales")]).await;
    let into = |table: &str, if_not_exist: i32, if_exists: i32| CommandStatementIngest {
        table: table.to_owned(),
        table_definition_options: Some(TableDefinitionOptions { if_not_exist, if_exists }),
        ..CommandStatementIngest::default()
    };
    let rows = || record_batch!(("id", Int64, [1])).unwrap();
    for stored in ["found", "sales.found", "only"] {
        client.engine.append(&name(stored), rows().schema(), vec![rows()]).await.unwrap();
    }
    let count = async |stored: &str| {
        let read = client.engine.read_all(&name(stored)).await;
        read.map_or(0, |(_, batches)| batches.iter().map(RecordBatch::num_rows).sum())
    };
    let (append, replace) = (TableExistsOption::Append as i32, TableExistsOption::Replace as i32);
    for (command, sums) in [
        (into("found", FAIL, append), [1, 2, 1, 0]),
        (into("only", FAIL, append), [1, 2, 2, 0]),
        (into("only", 1, append), [1, 2, 3, 0]),
        (into("only", FAIL, replace), [1, 2, 1, 0]),
        (into("only", 1, replace), [1, 2, 1, 1]),
        (into("only", FAIL, append), [1, 2, 1, 2]),
    ] {
        client.put::<DoPutUpdateResult>(&command, Some(vec![rows()])).await.unwrap();
        let stored = ["found", "sales.found", "only", "sales.only"];
        assert_eq!(join_all(stored.map(count)).await, sums, "{command:?}");
    }
    let absent = client.put::<DoPutUpdateResult>(&into("absent", FAIL, append), Some(vec![rows()])).await;
    check_error(absent.map(drop), ErrorKind::NotFound, &["no dataset `sales.absent`"]);
}

#[tokio::test]
async fn a_catalog_that_is_not_there_is_refused_wherever_a_statement_is() {
    let client = client(&[("catalog", "nowhere")]).await;
    let command = CommandStatementQuery { query: "where am i".to_owned(), transaction_id: None };
    let words = ["no catalog `nowhere`", "`GetCatalogs` has them all"];
    check_error(client.info(&command).await.map(drop), ErrorKind::NotFound, &words);
    let text = FlightDescriptor::new_cmd("where am i");
    let refused = client.flight.get_flight_info(client.call.clone(), text).await.map(drop);
    check_error(refused, ErrorKind::NotFound, &words);
    let prepare =
        ActionCreatePreparedStatementRequest { query: "where am i".to_owned(), transaction_id: None };
    check_error(client.act("CreatePreparedStatement", &prepare).await, ErrorKind::NotFound, &words);
}

#[tokio::test]
async fn the_text_of_a_statement_looks_where_the_session_says() {
    for (options, expected) in [
        (&[][..], "none"),
        (&[("schema", "sales")], "sales"),
        (&[("schema", "public")], "none"),
        (&[("catalog", "eu"), ("schema", "sales")], "eu.sales"),
    ] {
        let client = client(options).await;
        let text = FlightDescriptor::new_cmd("where am i");
        let info = client.flight.get_flight_info(client.call.clone(), text).await.unwrap();
        let ticket = info.endpoint[0].ticket.clone().unwrap().ticket;
        let rows = client.flight.do_get(client.call.clone(), ticket).await.unwrap().batches;
        let rows = rows.collect_batches().await.unwrap();
        assert_eq!(texts(&rows[0], "schema"), [expected]);
    }
}

#[tokio::test]
async fn a_cookie_of_another_origin_is_refused() {
    let mut client = Client::new();
    let cookie = HeaderValue::from_static("theme=dark; arrow_flight_session_id=42");
    client.call = client.call.with_headers(HeaderMap::from_iter([(header::COOKIE, cookie)]));
    let command = CommandStatementQuery { query: "where am i".to_owned(), transaction_id: None };
    assert_eq!(client.info(&command).await.unwrap_err().kind(), ErrorKind::InvalidArgument);
}
