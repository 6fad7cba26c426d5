//! Who calls: what is read of those who are not known yet, and what is shown of what they say.

use std::sync::Arc;

use arrow_flight::{BasicAuth, HandshakeRequest, HandshakeResponse};
use arrowlink_testkit::{OnlyAli, front_with};
use arrowlink_transport::Front;
use bytes::Bytes;
use prost::Message as _;

use crate::flight_support::{Answer, body_of, framed, request};
use crate::support::{catalog, front_options};

const HANDSHAKE: &str = "/arrow.flight.protocol.FlightService/Handshake";
const LIST_FLIGHTS: &str = "/arrow.flight.protocol.FlightService/ListFlights";

/// Knows [`OnlyAli`].
fn guarded() -> Front {
    front_with(catalog(), front_options().with_authenticator(Arc::new(OnlyAli)))
}

/// A request that must not be asked for.
fn untouched() -> impl Iterator<Item = Bytes> + Send + 'static {
    std::iter::from_fn(|| panic!("the request was read"))
}

fn token(answer: &Answer) -> Bytes {
    HandshakeResponse::decode(body_of(&answer.ropes[0])).unwrap().payload
}

#[tokio::test]
async fn nothing_is_read_of_a_handshake_whose_header_says_who_it_is() {
    let known = request(HANDSHAKE, &[("authorization", "Basic YWxpOnNlc2FtZQ==")], untouched());
    assert_eq!(token(&Answer::of(&mut guarded(), known).await), "token-of-ali");
    for header in ["Basic YWxpOnNlc2Ft", "Basic !", "Bearer else"] {
        let refused = request(HANDSHAKE, &[("authorization", header)], untouched());
        assert!(Answer::of(&mut guarded(), refused).await.text().starts_with("Unauthenticated"));
    }
}

#[tokio::test]
async fn nothing_is_read_of_the_calls_of_strangers() {
    for headers in [&[][..], &[("authorization", "Bearer else")], &[("auth-token-bin", "ZWxzZQ")]] {
        let refused = request(LIST_FLIGHTS, headers, untouched());
        assert!(Answer::of(&mut guarded(), refused).await.text().starts_with("Unauthenticated"));
    }
}

#[tokio::test]
async fn handshakes_are_small() {
    let handshake = |password: usize| {
        let basic = BasicAuth { username: "ali".into(), password: "x".repeat(password) }.encode_to_vec();
        framed(&HandshakeRequest { protocol_version: 0, payload: basic.into() })
    };
    let answer = Answer::of(&mut guarded(), request(HANDSHAKE, &[], [handshake(60_000)])).await;
    assert_eq!(answer.text(), "Unauthenticated: the name or the password is wrong");
    // No more of it is read than says how long it is.
    let head = handshake(70_000).slice(..5);
    let too_large = request(HANDSHAKE, &[], std::iter::once(head).chain(untouched()));
    assert_eq!(
        Answer::of(&mut guarded(), too_large).await.text(),
        "InvalidArgument: the handshake is larger than 65536 bytes: send a name and a password"
    );
}
