//! `grpc-timeout`: how it is read, and how it ends a call before and within its body.

use std::convert::Infallible;
use std::time::Duration;

use arrowlink_core::CallContext;
use arrowlink_transport::{GrpcTimeoutLayer, grpc_timeout};
use bytes::Bytes;
use expect_test::{Expect, expect};
use futures::{StreamExt as _, stream};
use http::{HeaderMap, Request, Response};
use http_body::Frame;
use http_body_util::{BodyExt as _, StreamBody};
use tonic::body::Body;
use tower::{Layer as _, ServiceExt as _, service_fn};

fn parsed(text: &str) -> Result<Option<Duration>, String> {
    let mut headers = HeaderMap::new();
    headers.insert("grpc-timeout", text.parse().unwrap());
    grpc_timeout(&headers).map_err(|error| error.to_string())
}

#[test]
fn reads_every_unit() {
    let expected = [
        ("1H", Duration::from_secs(3600)),
        ("2M", Duration::from_secs(120)),
        ("3S", Duration::from_secs(3)),
        ("4m", Duration::from_millis(4)),
        ("5u", Duration::from_micros(5)),
        ("6n", Duration::from_nanos(6)),
        ("99999999H", Duration::from_secs(99_999_999 * 3600)),
        ("00000001S", Duration::from_secs(1)),
        ("0S", Duration::ZERO),
    ];
    for (text, duration) in expected {
        assert_eq!(parsed(text), Ok(Some(duration)), "{text}");
    }
    assert_eq!(grpc_timeout(&HeaderMap::new()).unwrap(), None);
}

#[test]
fn refuses_what_the_specification_does_not_allow() {
    for text in ["", "S", "1", "1s", "1 S", "+1S", "-1S", "1.5S", "123456789S", "1SS", "0x1S", "１S"] {
        assert!(parsed(text).is_err(), "{text:?}");
    }
    expect![
        "`soon` is not a `grpc-timeout`: use one to eight digits and a unit, `H`, `M`, `S`, `m`, `u` or `n`"
    ]
    .assert_eq(&parsed("soon").unwrap_err());
}

/// Calls a service that answers with `body` after `wait`, within `timeout`, and says what came.
async fn check(timeout: &str, wait: Duration, body: fn() -> Body, expected: Expect) {
    let service = GrpcTimeoutLayer::new().layer(service_fn(move |_request: Request<()>| async move {
        tokio::time::sleep(wait).await;
        Ok::<_, Infallible>(Response::new(body()))
    }));
    let request = Request::builder().header("grpc-timeout", timeout).body(()).unwrap();
    let response = service.oneshot(request).await.unwrap();
    let mut seen = format!("headers {:?}\n", response.headers().get("grpc-status"));
    let mut body = response.into_body();
    while let Some(frame) = body.frame().await {
        let frame = frame.unwrap();
        match frame.data_ref() {
            Some(data) => seen.push_str(&format!("data {:?}\n", data.to_bytes())),
            None => {
                let trailers = frame.into_trailers().unwrap();
                seen.push_str(&format!(
                    "trailers {:?} {:?}\n",
                    trailers["grpc-status"],
                    trailers.get("grpc-message")
                ));
            }
        }
    }
    expected.assert_eq(&seen);
}

/// One message, then nothing for an hour, then the end.
fn slow() -> Body {
    let first = stream::iter([Ok::<_, tonic::Status>(Frame::data(Bytes::from_static(b"first")))]);
    let rest = stream::once(async {
        tokio::time::sleep(Duration::from_secs(3600)).await;
        Ok(Frame::data(Bytes::from_static(b"last")))
    });
    Body::new(StreamBody::new(first.chain(rest)))
}

#[tokio::test(start_paused = true)]
async fn ends_a_call_before_its_headers() {
    check(
        "100m",
        Duration::from_secs(1),
        Body::empty,
        expect![[r#"
        headers Some("4")
    "#]],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn ends_a_call_in_the_middle_of_its_body() {
    check("2S", Duration::from_secs(1), slow, expect![[r#"
        headers None
        data b"first"
        trailers "4" Some("the%20call%20was%20not%20finished%20within%20the%202s%20that%20its%20client%20gave%20it")
    "#]])
    .await;
}

#[tokio::test(start_paused = true)]
async fn leaves_a_call_alone_that_ends_in_time() {
    check(
        "2H",
        Duration::from_secs(1),
        slow,
        expect![[r#"
        headers None
        data b"first"
        data b"last"
    "#]],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn refuses_a_call_whose_timeout_cannot_be_read() {
    check(
        "soon",
        Duration::ZERO,
        Body::empty,
        expect![[r#"
        headers Some("3")
    "#]],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn tells_the_service_the_earlier_of_two_deadlines() {
    let now = tokio::time::Instant::now();
    let earlier = now + Duration::from_secs(1);
    let service = GrpcTimeoutLayer::new().layer(service_fn(move |request: Request<()>| async move {
        let ctx = request.extensions().get::<CallContext>().unwrap();
        assert_eq!(ctx.deadline(), Some(earlier));
        assert_eq!(ctx.request_id(), "7");
        Ok::<_, Infallible>(Response::new(Body::empty()))
    }));
    let ctx = CallContext::new().with_request_id("7").with_deadline(Some(earlier));
    let request = Request::builder().header("grpc-timeout", "5S").extension(ctx).body(()).unwrap();
    service.oneshot(request).await.unwrap();
}
