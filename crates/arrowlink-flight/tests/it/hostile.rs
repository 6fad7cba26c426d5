//! What no honest client sends: each is refused by name, as the caller's mistake, and the next call is answered.

use arrow_flight::sql::{Any, CommandStatementQuery};
use arrow_flight::{Action, FlightDescriptor};
use arrowlink_core::{Error, ErrorKind, Result};
use arrowlink_testkit::{FLIGHT_SQL_MESSAGES, check_error};
use arrowlink_transport::{FlightHandler as _, Ticket};
use bytes::Bytes;
use futures::TryStreamExt as _;
use prost::Message as _;

use crate::sql_support::Client;

/// Bodies that no message has: a key without an end, a length past the end, a group that was never begun.
const NO_MESSAGES: [&[u8]; 3] = [b"\xff", b"\x0a\x05a", b"\x0c"];
/// Bodies that some messages have: another type than a text, a text that is not UTF-8, a nested message of any bytes,
/// a key that nothing has.
const ODD_MESSAGES: [&[u8]; 5] = [b"\x08\x01", b"\x0a\x01\xff", b"\x0a\x03\x0a\x09x", b"\xf8\x07\x01", b""];

fn command(name: &str, body: &[u8]) -> Bytes {
    let type_url = format!("type.googleapis.com/arrow.flight.protocol.sql.{name}");
    Any { type_url, value: Bytes::copy_from_slice(body) }.encode_to_vec().into()
}

/// What each call says to `command`.
async fn answers(client: &Client, command: &Bytes) -> Vec<Result<()>> {
    let (flight, call) = (&client.flight, || client.call.clone());
    let descriptor = || FlightDescriptor::new_cmd(command.clone());
    let put = flight.do_put(call(), descriptor(), None).await;
    let put = match put {
        Ok(answers) => answers.try_collect::<Vec<_>>().await.map(drop),
        Err(error) => Err(error),
    };
    vec![
        flight.get_flight_info(call(), descriptor()).await.map(drop),
        flight.poll_flight_info(call(), descriptor()).await.map(drop),
        flight.get_schema(call(), descriptor()).await.map(drop),
        flight.do_get(call(), command.clone()).await.map(drop),
        put,
    ]
}

async fn act(client: &Client, action: Action) -> Result<()> {
    let results = client.flight.do_action(client.call.clone(), action).await?;
    results.try_collect::<Vec<_>>().await.map(drop)
}

fn is_the_callers(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::InvalidArgument | ErrorKind::Unsupported | ErrorKind::NotFound)
}

#[tokio::test]
async fn every_command_of_a_body_that_is_none_is_refused_by_name() {
    let client = Client::new();
    for name in FLIGHT_SQL_MESSAGES {
        for body in NO_MESSAGES {
            for answer in answers(&client, &command(name, body)).await {
                let error = answer.unwrap_err();
                assert!(is_the_callers(&error), "{name} {body:?}: {error}");
                assert!(error.chain().contains(name), "{name} {body:?}: {}", error.chain());
            }
        }
        for body in ODD_MESSAGES {
            for error in answers(&client, &command(name, body)).await.into_iter().filter_map(Result::err) {
                assert!(is_the_callers(&error), "{name} {body:?}: {error}");
            }
        }
    }
    let good = CommandStatementQuery { query: "select 1".to_owned(), transaction_id: None };
    assert_eq!(client.rows(&good).await.unwrap().num_rows(), 1, "the server goes on");
}

#[tokio::test]
async fn every_action_of_a_body_that_is_none_is_refused_by_name() {
    let client = Client::new();
    let types = client.flight.list_actions(client.call.clone()).await.unwrap();
    assert!(types.len() >= 8);
    for name in types.into_iter().map(|listed| listed.r#type).filter(|name| name != "health") {
        for body in NO_MESSAGES {
            let error = act(&client, Action::new(&*name, body.to_vec())).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{name} {body:?}: {error}");
            if name != "drop" {
                assert!(error.message().contains(&name), "{name} {body:?}: {error}");
            }
        }
        for body in ODD_MESSAGES {
            if let Err(error) = act(&client, Action::new(&*name, body.to_vec())).await {
                assert!(is_the_callers(&error), "{name} {body:?}: {error}");
            }
        }
    }
}

#[tokio::test]
async fn tickets_and_handles_of_another_version_say_so() {
    let client = Client::new();
    let target = arrowlink_core::Target::Name("trips".parse().unwrap());
    let mut ticket = Ticket::new(target, Default::default()).encode().unwrap().to_vec();
    ticket[Ticket::MAGIC.len()] = 2;
    let read = client.flight.do_get(client.call.clone(), ticket.clone().into()).await;
    let words = ["the ticket has version 2, this server reads version 1"];
    check_error(read.map(drop), ErrorKind::InvalidArgument, &words);
    let descriptor = FlightDescriptor::new_cmd(ticket);
    let described = client.flight.get_flight_info(client.call.clone(), descriptor).await;
    check_error(described, ErrorKind::InvalidArgument, &words);

    let handle = Bytes::from_static(b"\xffALP\x02 and what a later version has");
    let command = arrow_flight::sql::CommandPreparedStatementQuery { prepared_statement_handle: handle };
    let words = ["has version 2, this server reads version 1: ask for a new one"];
    check_error(client.info(&command).await, ErrorKind::InvalidArgument, &words);
}
