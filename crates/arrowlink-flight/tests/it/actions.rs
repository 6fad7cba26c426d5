//! Actions: cancel, renew, sessions, health and drop.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_flight::sql::{ActionCancelQueryRequest, ActionCancelQueryResult, Any, ProstMessageExt as _};
use arrow_flight::{
    Action, CancelFlightInfoRequest, CancelFlightInfoResult, CancelStatus, Empty, FlightEndpoint, FlightInfo,
    RenewFlightEndpointRequest, Ticket as FlightTicket,
};
use arrowlink_core::{BatchStream, DataServiceExt as _, ErrorKind, ReadOptions, Result, Target};
use arrowlink_proto::flight::session_option_value::OptionValue;
use arrowlink_proto::flight::set_session_options_result::ErrorValue;
use arrowlink_proto::flight::{
    CloseSessionRequest, CloseSessionResult, GetSessionOptionsRequest, GetSessionOptionsResult,
    SessionOptionValue, SetSessionOptionsRequest, SetSessionOptionsResult, close_session_result,
};
use arrowlink_testkit::{Stub, check_error, name, stubbed, three_rows};
use arrowlink_transport::Ticket;
use bytes::Bytes;
use futures::future::BoxFuture;
use futures::{FutureExt as _, StreamExt as _, TryStreamExt as _, stream};
use prost::Message as _;
use tokio::sync::watch;
use tonic::Request;

use crate::support::{Client, act, batches, client, error, info, path, read, service};

#[tokio::test]
async fn every_action_is_listed_with_what_it_does() {
    let mut client = client(service(&[three_rows()]));
    let listed = client.list_actions(Empty {}).await.unwrap().into_inner();
    let listed: Vec<_> = listed.try_collect().await.unwrap();
    for kind in ["CancelFlightInfo", "RenewFlightEndpoint", "SetSessionOptions", "CloseSession", "drop"] {
        let action = listed.iter().find(|action| action.r#type == kind).unwrap();
        assert!(!action.description.is_empty(), "{kind}");
    }
    let unknown = act(&mut client, "explode", "").await;
    check_error(unknown, ErrorKind::Unsupported, &["no action `explode`", "`ListActions` has them all"]);
}

#[tokio::test]
async fn health_is_said_in_json() {
    let mut client = client(service(&[three_rows()]));
    let said = act(&mut client, "health", "").await.unwrap();
    let said: serde_json::Value = serde_json::from_slice(&said[0]).unwrap();
    assert_eq!(said["status"], "serving");
}

#[tokio::test]
async fn drops_what_was_uploaded_and_nothing_else() {
    let service = service(&[three_rows()]);
    service.append(&name("mine"), three_rows().schema(), vec![three_rows()]).await.unwrap();
    let mut client = client(service);
    assert_eq!(act(&mut client, "drop", "mine").await.unwrap(), Vec::<Bytes>::new());
    check_error(read(&mut client, "mine").await, ErrorKind::NotFound, &["`mine`"]);
    check_error(act(&mut client, "drop", "mine").await, ErrorKind::NotFound, &["`mine`"]);
    check_error(act(&mut client, "drop", "trips").await, ErrorKind::ReadOnly, &["`trips`"]);
    check_error(act(&mut client, "drop", "a b").await, ErrorKind::InvalidArgument, &["`a b`"]);
    check_error(act(&mut client, "drop", vec![0xff]).await, ErrorKind::InvalidArgument, &["not UTF-8"]);
}

/// Answers a read with one batch and then with nothing more, and tells how many such reads there are.
#[derive(Debug)]
struct Endless(watch::Sender<usize>);

impl Stub for Endless {
    fn read(&self) -> BoxFuture<'_, Result<BatchStream>> {
        self.0.send_modify(|reads| *reads += 1);
        let held = Held(self.0.clone());
        let batch = three_rows();
        let chunks = stream::iter([Ok(batch.clone().into())]).chain(stream::pending()).inspect(move |_| {
            let _ = &held;
        });
        std::future::ready(Ok(BatchStream::new(batch.schema(), chunks))).boxed()
    }
}

struct Held(watch::Sender<usize>);

impl Drop for Held {
    fn drop(&mut self) {
        self.0.send_modify(|reads| *reads -= 1);
    }
}

fn query(id: &'static [u8]) -> Bytes {
    Ticket::new(Target::Name(name("trips")), ReadOptions::default()).with_query(id).encode().unwrap()
}

fn of_tickets(tickets: impl IntoIterator<Item = Bytes>) -> FlightInfo {
    let endpoint = |ticket| FlightEndpoint::new().with_ticket(FlightTicket { ticket });
    FlightInfo::new().with_endpoints(tickets.into_iter().map(endpoint).collect())
}

async fn cancel(client: &mut Client, info: FlightInfo) -> Result<CancelStatus> {
    let body = CancelFlightInfoRequest::new(info).encode_to_vec();
    let answer = act(client, "CancelFlightInfo", body).await?;
    Ok(CancelFlightInfoResult::decode(answer[0].clone()).unwrap().status())
}

#[tokio::test]
async fn cancel_stops_what_is_being_read_and_refuses_the_rest() {
    let (reads, mut watched) = watch::channel(0);
    let mut client = client(stubbed(&Arc::new(Endless(reads))));
    let mut running = client.do_get(FlightTicket::new(query(b"one"))).await.unwrap().into_inner();
    let mut other = client.do_get(FlightTicket::new(query(b"other"))).await.unwrap().into_inner();
    for data in [&mut running, &mut other] {
        data.next().await.unwrap().unwrap();
        data.next().await.unwrap().unwrap();
    }
    assert_eq!(*watched.borrow_and_update(), 2);
    let status = cancel(&mut client, of_tickets([query(b"one")])).await.unwrap();
    assert_eq!(status, CancelStatus::Cancelled);
    let end = running.next().await.unwrap().map_err(error);
    check_error(end, ErrorKind::Cancelled, &["the query was cancelled"]);
    watched.wait_for(|reads| *reads == 1).await.unwrap();
    let late = read(&mut client, query(b"one")).await;
    check_error(late, ErrorKind::Cancelled, &["the query was cancelled"]);
    drop(other);
    watched.wait_for(|reads| *reads == 0).await.unwrap();
}

#[tokio::test]
async fn what_has_no_id_cannot_be_cancelled() {
    let mut client = client(service(&[three_rows()]));
    let status = cancel(&mut client, of_tickets([Bytes::from("trips")])).await.unwrap();
    assert_eq!(status, CancelStatus::NotCancellable);
    assert_eq!(cancel(&mut client, FlightInfo::new()).await.unwrap(), CancelStatus::NotCancellable);
    let forged = cancel(&mut client, of_tickets([Bytes::from_static(&[0xff, b'A', b'L', b'T', 1])])).await;
    check_error(forged, ErrorKind::InvalidArgument, &["the ticket is damaged"]);
    let malformed = act(&mut client, "CancelFlightInfo", "?").await;
    check_error(malformed, ErrorKind::InvalidArgument, &["the body of the action `CancelFlightInfo`"]);
}

#[tokio::test]
async fn what_was_read_to_its_end_cannot_be_cancelled_any_more() {
    let mut client = client(service(&[three_rows()]));
    let ticket = query(b"whole");
    read(&mut client, ticket.clone()).await.unwrap();
    let status = cancel(&mut client, of_tickets([ticket.clone()])).await.unwrap();
    assert_eq!(status, CancelStatus::NotCancellable);
    read(&mut client, ticket.clone()).await.unwrap();
    // Of one with two endpoints, one was not read.
    let status = cancel(&mut client, of_tickets([ticket.clone(), query(b"more"), query(b"more")])).await;
    assert_eq!(status.unwrap(), CancelStatus::Cancelled);
    read(&mut client, ticket).await.unwrap();
    check_error(read(&mut client, query(b"more")).await, ErrorKind::Cancelled, &[]);
}

#[tokio::test]
async fn what_has_not_begun_does_not_begin_once_it_is_cancelled() {
    let mut client = client(service(&[three_rows()]));
    for _ in 0..2 {
        let status = cancel(&mut client, of_tickets([query(b"later")])).await.unwrap();
        assert_eq!(status, CancelStatus::Cancelled);
    }
    check_error(read(&mut client, query(b"later")).await, ErrorKind::Cancelled, &["was cancelled"]);
}

#[tokio::test]
async fn older_clients_cancel_by_the_action_of_flight_sql() {
    let mut client = client(service(&[three_rows()]));
    let info = info(&mut client, path("trips")).await.unwrap();
    let ticket = info.endpoint[0].ticket.clone().unwrap().ticket;
    let request = ActionCancelQueryRequest { info: info.encode_to_vec().into() };
    let answer = act(&mut client, "CancelQuery", request.as_any().encode_to_vec()).await.unwrap();
    let answer: ActionCancelQueryResult = Any::decode(answer[0].clone()).unwrap().unpack().unwrap().unwrap();
    assert_eq!(answer.result, 1, "cancelled");
    check_error(read(&mut client, ticket).await, ErrorKind::Cancelled, &[]);
    let malformed = act(&mut client, "CancelQuery", "").await;
    check_error(malformed, ErrorKind::InvalidArgument, &["`CancelQuery`"]);
}

#[tokio::test]
async fn tickets_do_not_expire_and_are_checked_when_they_are_renewed() {
    let mut client = client(service(&[three_rows()]));
    let info = info(&mut client, path("trips")).await.unwrap();
    let request = RenewFlightEndpointRequest::new(info.endpoint[0].clone());
    let answer = act(&mut client, "RenewFlightEndpoint", request.encode_to_vec()).await.unwrap();
    assert_eq!(FlightEndpoint::decode(answer[0].clone()).unwrap(), info.endpoint[0]);
    let ticket = FlightTicket::new(&b"\xffALT\x01"[..]);
    let forged = RenewFlightEndpointRequest::new(FlightEndpoint::new().with_ticket(ticket));
    let refused = act(&mut client, "RenewFlightEndpoint", forged.encode_to_vec()).await;
    check_error(refused, ErrorKind::InvalidArgument, &["the ticket is damaged"]);
}

/// Does an action of sessions with the cookie of the one before it, and returns its answer and the new cookie.
async fn session(
    client: &mut Client,
    kind: &str,
    body: Vec<u8>,
    cookie: &str,
) -> Result<(Bytes, Option<String>)> {
    let mut request = Request::new(Action::new(kind, body));
    if !cookie.is_empty() {
        request.metadata_mut().insert("cookie", format!("other=1; {cookie}").parse().unwrap());
    }
    let answer = client.do_action(request).await.map_err(error)?;
    let set = answer.metadata().get("set-cookie").map(|value| value.to_str().unwrap().to_owned());
    let mut results: Vec<_> = answer.into_inner().try_collect().await.map_err(error)?;
    Ok((results.remove(0).body, set.map(|set| set.split(';').next().unwrap().to_owned())))
}

fn chosen(options: &[(&str, OptionValue)]) -> Vec<u8> {
    let value = |value: &OptionValue| SessionOptionValue { option_value: Some(value.clone()) };
    let session_options = options.iter().map(|(name, it)| ((*name).to_owned(), value(it))).collect();
    SetSessionOptionsRequest { session_options }.encode_to_vec()
}

fn text(text: &str) -> OptionValue {
    OptionValue::StringValue(text.to_owned())
}

#[tokio::test]
async fn what_a_session_chose_is_in_its_cookie() {
    let mut client = client(service(&[three_rows()]));
    let body = chosen(&[
        ("schema", text("sales")),
        ("colour", text("red")),
        ("catalog", OptionValue::BoolValue(true)),
    ]);
    let (answer, cookie) = session(&mut client, "SetSessionOptions", body, "").await.unwrap();
    let errors = SetSessionOptionsResult::decode(answer).unwrap().errors;
    let errors: HashMap<_, _> = errors.iter().map(|(name, error)| (name.as_str(), error.value())).collect();
    assert_eq!(errors, [("colour", ErrorValue::InvalidName), ("catalog", ErrorValue::InvalidValue)].into());

    let cookie = cookie.unwrap();
    let get = GetSessionOptionsRequest {}.encode_to_vec();
    let (answer, _) = session(&mut client, "GetSessionOptions", get, &cookie).await.unwrap();
    let options = GetSessionOptionsResult::decode(answer).unwrap().session_options;
    assert_eq!(options.len(), 2);
    assert_eq!(options["schema"].option_value, Some(text("sales")));
    assert_eq!(options["catalog"].option_value, Some(text("arrowlink")), "what holds where none was chosen");

    let close = CloseSessionRequest {}.encode_to_vec();
    let (answer, cookie) = session(&mut client, "CloseSession", close, &cookie).await.unwrap();
    assert_eq!(CloseSessionResult::decode(answer).unwrap().status(), close_session_result::Status::Closed);
    assert_eq!(cookie.unwrap(), "arrow_flight_session_id=");
}

#[tokio::test]
async fn a_cookie_that_no_server_made_is_refused() {
    let mut client = client(service(&[three_rows()]));
    let body = chosen(&[("schema", text("sales"))]);
    let (_, cookie) = session(&mut client, "SetSessionOptions", body, "").await.unwrap();
    let cookie = cookie.unwrap();
    let get = || GetSessionOptionsRequest {}.encode_to_vec();
    for damaged in [&cookie[..cookie.len() - 1], &cookie[..cookie.len() - 2], "arrow_flight_session_id=+f"] {
        let refused = session(&mut client, "GetSessionOptions", get(), damaged).await.map(drop);
        check_error(
            refused,
            ErrorKind::InvalidArgument,
            &["the cookie `arrow_flight_session_id` is damaged"],
        );
    }
}

#[tokio::test]
async fn a_query_that_was_read_leaves_nothing_behind() {
    let mut client = client(service(&[three_rows()]));
    for _ in 0..3 {
        let data = client.do_get(FlightTicket::new(query(b"again"))).await.unwrap().into_inner();
        assert_eq!(batches(data).await.unwrap().iter().map(RecordBatch::num_rows).sum::<usize>(), 3);
    }
}
