//! Queries of Flight's clients that end before their last row: the work behind them stops.
//!
//! The server has one turn for queries, which a query keeps until nothing of it is computed any more: a statement that is
//! answered after another one ended early has got the turn back.

use arrow_array::cast::AsArray as _;
use arrow_array::types::Int64Type;
use arrow_flight::{
    Action, CancelFlightInfoRequest, CancelFlightInfoResult, CancelStatus, FlightData, FlightInfo,
};
use arrowlink_core::ErrorKind;
use arrowlink_server::{Config, QueryLimits};
use bytes::Bytes;
use futures::TryStreamExt as _;
use prost::Message as _;
use tonic::Streaming;

use crate::flight_client::{FlightClient, error, statement, ticket};
use crate::support::Running;

/// A query that computes for hours and returns nothing before.
const ENDLESS: &str = "select count(*) from generate_series(1, 10000000) a, generate_series(1, 10000000) b where a.value + b.value = 0";
/// A query that returns rows for hours.
const LONG: &str = "select value from generate_series(1, 1000000000000)";

/// A server that executes one query at a time, for as long as it takes.
async fn server() -> Running {
    let query = QueryLimits::default().with_max_queries(1).with_timeout(None);
    Running::build(Config::default().with_query(query)).await
}

/// Begins to read `text` over a connection of its own, and waits for the schema.
async fn begin(server: &Running, text: &str) -> (FlightClient, FlightInfo, Streaming<FlightData>) {
    let mut client = FlightClient::of(server).await;
    let info = client.info(statement(text)).await.unwrap();
    let mut data = client.begin(ticket(&info, 0)).await.unwrap();
    data.message().await.unwrap().unwrap();
    (client, info, data)
}

/// Executes a statement, which waits for its turn.
async fn get_turn(server: &Running) {
    let rows = FlightClient::of(server).await.query("select 7").await.unwrap();
    assert_eq!(rows[0].column(0).as_primitive::<Int64Type>().value(0), 7);
}

#[tokio::test]
async fn a_query_stops_when_its_client_drops_the_answer() {
    let server = server().await;
    for text in [ENDLESS, LONG] {
        let (client, _, mut data) = begin(&server, text).await;
        if text == LONG {
            data.message().await.unwrap().unwrap();
        }
        drop(data);
        get_turn(&server).await;
        drop(client);
    }
    server.stop().await;
}

#[tokio::test]
async fn a_query_stops_when_its_client_is_gone() {
    let server = server().await;
    for text in [ENDLESS, LONG] {
        drop(begin(&server, text).await);
        get_turn(&server).await;
    }
    server.stop().await;
}

#[tokio::test]
async fn a_query_stops_when_another_connection_cancels_it() {
    let server = server().await;
    for text in [ENDLESS, LONG] {
        let (client, info, data) = begin(&server, text).await;
        let mut other = FlightClient::of(&server).await;
        assert_eq!(cancel(&mut other, info.clone()).await, CancelStatus::Cancelled);
        let end = data.try_for_each(async |_| Ok(())).await.map_err(error).unwrap_err();
        assert_eq!((end.kind(), end.message()), (ErrorKind::Cancelled, "the query was cancelled"));
        get_turn(&server).await;
        let again = other.read(ticket(&info, 0)).await.unwrap_err();
        assert_eq!(again.kind(), ErrorKind::Cancelled, "its tickets are void");
        drop(client);
    }
    server.stop().await;
}

async fn cancel(client: &mut FlightClient, info: FlightInfo) -> CancelStatus {
    let body = CancelFlightInfoRequest::new(info).encode_to_vec();
    let answer = client.0.do_action(Action::new("CancelFlightInfo", body)).await.unwrap();
    let bodies: Vec<Bytes> = answer.into_inner().map_ok(|answer| answer.body).try_collect().await.unwrap();
    CancelFlightInfoResult::decode(bodies[0].clone()).unwrap().status()
}
