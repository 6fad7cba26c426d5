//! Pages of other origins read nothing, and change nothing, unless they are allowed.

use arrowlink_http::{Cors, HttpOptions};
use http::{Method, Request, Response};

use crate::support::{ask, ask_of, tables};

const PAGE: &str = "https://charts.example";

async fn allowed(request: http::request::Builder) -> Response<arrowlink_transport::Body> {
    let options = HttpOptions::default().with_cors(Cors::origins([PAGE]));
    ask_of(tables(), options, request, "select 1").await
}

#[tokio::test]
async fn says_nothing_of_origins_by_default() {
    let answer = ask(Request::get("/v1/datasets").header("origin", PAGE), "").await;
    assert_eq!(answer.status(), 200);
    assert!(!answer.headers().contains_key("access-control-allow-origin"));
}

#[tokio::test]
async fn refuses_statements_of_foreign_pages() {
    for origin in [PAGE, "null", "http://localhost:50051.evil.example"] {
        let request = Request::post("/v1/sql").header("host", "localhost:50051").header("origin", origin);
        assert_eq!(ask(request, "select 1").await.status(), 403, "{origin}");
    }
    let own = Request::post("/v1/sql")
        .header("host", "localhost:50051")
        .header("origin", "https://localhost:50051");
    assert_eq!(ask(own, "select 1").await.status(), 200);
    assert_eq!(ask(Request::post("/v1/sql"), "select 1").await.status(), 200, "no browser");
}

#[tokio::test]
async fn lets_allowed_pages_ask_and_read() {
    let answer = allowed(Request::post("/v1/sql").header("origin", PAGE)).await;
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["access-control-allow-origin"], PAGE);
    let preflight = Request::builder().method(Method::OPTIONS).uri("/v1/sql");
    let preflight = preflight.header("origin", PAGE).header("access-control-request-method", "POST");
    let answer = allowed(preflight).await;
    assert_eq!(answer.status(), 204);
    assert_eq!(answer.headers()["access-control-allow-methods"], "GET, HEAD, POST");
    assert!(answer.headers()["access-control-allow-headers"].to_str().unwrap().contains("authorization"));
    let of_nobody = allowed(Request::get("/v1/datasets")).await;
    assert!(
        of_nobody.headers().get_all("vary").iter().any(|vary| vary == "origin"),
        "caches keep them apart"
    );
    let missing = allowed(Request::get("/v1/datasets/nothing").header("origin", PAGE)).await;
    assert_eq!(missing.headers()["access-control-allow-origin"], PAGE, "errors can be read, too");
}
