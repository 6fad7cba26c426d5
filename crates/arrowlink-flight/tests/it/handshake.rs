//! Who calls: handshakes, headers, and a seam where both are decided.

use std::sync::Arc;

use arrow_flight::{BasicAuth, HandshakeRequest};
use arrowlink_core::{Credentials, ErrorKind, Result};
use arrowlink_testkit::{OnlyAli, check_error, three_rows};
use futures::{TryStreamExt as _, stream};
use http::{HeaderMap, HeaderValue};
use prost::Message as _;
use tonic::Request;

use crate::support::{self, Client, client, error, service};

fn guarded() -> Client {
    support::guarded(service(&[three_rows()]), Arc::new(OnlyAli))
}

/// Shakes hands by a payload and a header, and returns the token of the header and the payload.
async fn handshake(
    client: &mut Client,
    payload: Option<Vec<u8>>,
    header: Option<&str>,
) -> Result<(String, Vec<u8>)> {
    let requests = payload.map(|payload| HandshakeRequest { protocol_version: 0, payload: payload.into() });
    let mut request = Request::new(stream::iter(requests));
    if let Some(header) = header {
        request.metadata_mut().insert("authorization", header.parse().unwrap());
    }
    let answer = client.handshake(request).await.map_err(error)?;
    let token = answer.metadata().get("authorization").unwrap().to_str().unwrap().to_owned();
    let answers: Vec<_> = answer.into_inner().try_collect().await.map_err(error)?;
    Ok((token, answers[0].payload.to_vec()))
}

fn basic(username: &str, password: &str) -> Vec<u8> {
    BasicAuth { username: username.into(), password: password.into() }.encode_to_vec()
}

#[tokio::test]
async fn everybody_gets_the_token_that_proves_nothing() {
    let mut client = client(service(&[three_rows()]));
    let expected = ("Bearer anonymous".to_owned(), b"anonymous".to_vec());
    assert_eq!(handshake(&mut client, Some(basic("ali", "sesame")), None).await.unwrap(), expected);
    assert_eq!(handshake(&mut client, None, Some("Basic YWxpOnNlc2FtZQ==")).await.unwrap(), expected);
    assert_eq!(handshake(&mut client, Some(b"whatever".to_vec()), None).await.unwrap(), expected);
}

#[tokio::test]
async fn name_and_password_come_in_the_payload_or_in_the_header() {
    let expected = ("Bearer token-of-ali".to_owned(), b"token-of-ali".to_vec());
    let mut client = guarded();
    assert_eq!(handshake(&mut client, Some(basic("ali", "sesame")), None).await.unwrap(), expected);
    assert_eq!(handshake(&mut client, None, Some("Basic YWxpOnNlc2FtZQ==")).await.unwrap(), expected);
    let wrong = handshake(&mut client, Some(basic("ali", "abrakadabra")), None).await;
    check_error(wrong, ErrorKind::Unauthenticated, &["the name or the password is wrong"]);
    let silent = handshake(&mut client, None, None).await;
    check_error(silent, ErrorKind::Unauthenticated, &["the name or the password is wrong"]);
}

async fn list(client: &mut Client, header: Option<&str>) -> Result<()> {
    let mut request = Request::new(arrow_flight::Empty {});
    if let Some(header) = header {
        request.metadata_mut().insert("authorization", header.parse().unwrap());
    }
    client.list_actions(request).await.map(drop).map_err(error)
}

#[tokio::test]
async fn every_call_says_who_it_is_from() {
    let mut client = guarded();
    check_error(list(&mut client, None).await, ErrorKind::Unauthenticated, &["is wrong"]);
    list(&mut client, Some("Bearer token-of-ali")).await.unwrap();
    list(&mut client, Some("basic YWxpOnNlc2FtZQ==")).await.unwrap();
    list(&mut client, Some("Basic YWxpOnNlc2FtZQ")).await.unwrap();
    list(&mut client, Some("Key ali's")).await.unwrap();
    check_error(list(&mut client, Some("Bearer else")).await, ErrorKind::Unauthenticated, &["is wrong"]);
}

/// Lists as one of Flight's clients with a handler of its own, which sends its token encoded.
async fn list_by_token(client: &mut Client, token: &'static str, header: Option<&'static str>) -> Result<()> {
    let mut request = Request::new(arrow_flight::Empty {});
    let headers: &mut HeaderMap = request.metadata_mut().as_mut();
    headers.insert("auth-token-bin", HeaderValue::from_static(token));
    if let Some(header) = header {
        headers.insert("authorization", HeaderValue::from_static(header));
    }
    client.list_actions(request).await.map(drop).map_err(error)
}

#[tokio::test]
async fn the_token_of_a_handshake_comes_back_in_a_header_of_its_own() {
    let mut client = guarded();
    for token in ["dG9rZW4tb2YtYWxp", "dG9rZW4tb2YtYWxp,b3RoZXI=", "dG9rZW4tb2YtYWxp , "] {
        list_by_token(&mut client, token, None).await.unwrap();
    }
    for token in ["b3RoZXI=", "b3RoZXI", ""] {
        let refused = list_by_token(&mut client, token, None).await;
        check_error(refused, ErrorKind::Unauthenticated, &["is wrong"]);
    }
    for (token, why) in [("!", "not base64"), ("/w==", "not UTF-8")] {
        let refused = list_by_token(&mut client, token, None).await;
        check_error(refused, ErrorKind::Unauthenticated, &["`auth-token-bin`", why]);
    }
    let both = list_by_token(&mut client, "dG9rZW4tb2YtYWxp", Some("Bearer else")).await;
    check_error(both, ErrorKind::Unauthenticated, &["is wrong"]);
}

#[tokio::test]
async fn headers_that_are_not_understood_say_why() {
    let mut client = client(service(&[three_rows()]));
    for (header, why) in [("Basic !", "not base64"), ("Basic /w==", "not UTF-8"), ("Basic YWxp", "no colon")]
    {
        check_error(list(&mut client, Some(header)).await, ErrorKind::Unauthenticated, &[why]);
    }
}

#[test]
fn passwords_and_tokens_are_not_shown() {
    let basic = Credentials::Basic { user: "ali".into(), password: "sesame".into() };
    assert_eq!(format!("{basic:?}"), "Basic { user: \"ali\", .. }");
    assert_eq!(format!("{:?}", Credentials::Bearer("sesame".into())), "Bearer(..)");
    assert_eq!(format!("{:?}", Credentials::Other("Key sesame".into())), "Other(..)");
}
