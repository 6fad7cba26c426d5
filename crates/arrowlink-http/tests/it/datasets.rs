//! Listings, schemas, and rows chosen by the URL.

use arrowlink_core::{CallContext, Identity};
use arrowlink_http::HttpOptions;
use expect_test::{Expect, expect};
use http::{Method, Request, StatusCode};

use crate::support::{ask, ask_of, get, refusal, tables, text};

async fn check(path: &str, expected: Expect) {
    let answer = get(path).await;
    assert_eq!(answer.status(), StatusCode::OK, "{path}");
    expected.assert_eq(&text(answer).await);
}

async fn check_refused(path: &str, expected: Expect) {
    expected.assert_eq(&refusal(get(path).await).await);
}

#[tokio::test]
async fn lists_what_there_is() {
    let listed: serde_json::Value = serde_json::from_str(&text(get("/v1/datasets").await).await).unwrap();
    let names: Vec<&str> = listed.as_array().unwrap().iter().map(|it| it["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["echo", "sales.orders", "trips"]);
    assert_eq!(listed[2]["rows"], 3);
    assert_eq!(listed[2]["kind"], "dataset");
    assert_eq!(listed[2]["writable"], true);
    assert!(listed[1].get("schema").is_none());
}

#[tokio::test]
async fn lists_by_prefix_and_with_schemas() {
    let answer = text(get("/v1/datasets?prefix=sales.&schema=true").await).await;
    let listed: serde_json::Value = serde_json::from_str(&answer).unwrap();
    assert_eq!(listed.as_array().unwrap().len(), 1);
    assert_eq!(listed[0]["schema"]["fields"][0]["name"], "id");
}

#[tokio::test]
async fn says_which_columns_there_are() {
    check(
        "/v1/datasets/trips/schema",
        expect![[r#"
            {"fields":[{"name":"id","type":"Int64","nullable":true,"metadata":{}},{"name":"zone","type":"Utf8","nullable":true,"metadata":{}}],"metadata":{}}
        "#]],
    )
    .await;
}

#[tokio::test]
async fn gives_the_rows_and_columns_that_are_asked_for() {
    check("/v1/datasets/sales.orders?format=csv", expect!["id,zone\n1,A\n2,B\n3,A\n"]).await;
    check("/v1/datasets/trips?format=csv&columns=zone,id&limit=1&skip=1", expect!["zone,id\nB,2\n"]).await;
    check("/v1/datasets/tr%69ps?format=csv&columns=id&limit=0", expect!["id\n"]).await;
}

#[tokio::test]
async fn refuses_what_it_does_not_know() {
    check_refused("/v1/datasets/tirps", expect!["404 no dataset `tirps`, did you mean `trips`?"]).await;
    check_refused(
        "/v1/datasets/trips?lmit=1",
        expect!["400 unknown parameter `lmit`, did you mean `limit`?"],
    )
    .await;
    check_refused("/v1/datasets/trips?limit=x", expect!["400 `limit=x` is not a number of rows"]).await;
    check_refused(
        "/v1/datasets/trips?limit=1&limit=2",
        expect!["400 `limit` is given 2 times: give it once"],
    )
    .await;
    check_refused("/v1/datasets?schema=yes", expect!["400 `schema=yes` is neither `true` nor `false`"]).await;
    check_refused(
        "/v1/datasets/trips?columns=%zz",
        expect!["400 the URL has a `%` that is not followed by two hexadecimal digits of UTF-8"],
    )
    .await;
    check_refused(
        "/",
        expect!["404 there is nothing at `/`: try `/v1/datasets`, `/v1/datasets/NAME` or `/v1/sql`"],
    )
    .await;
    assert!(refusal(get("/v1/datasets/trips?columns=zones").await).await.starts_with("400 "));
    assert!(refusal(get("/v1/datasets/..%2f..%2fetc").await).await.starts_with("400 "));
}

#[tokio::test]
async fn refuses_other_methods_and_says_which_there_are() {
    let answer = ask(Request::put("/v1/datasets/trips"), "").await;
    assert_eq!(answer.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(answer.headers()["allow"], "GET, HEAD, OPTIONS");
    let answer = ask(Request::builder().method(Method::OPTIONS).uri("/v1/sql"), "").await;
    assert_eq!(
        (answer.status(), &answer.headers()["allow"]),
        (StatusCode::NO_CONTENT, &"GET, HEAD, POST, OPTIONS".parse().unwrap())
    );
}

#[tokio::test]
async fn answers_head_as_get_without_the_body() {
    let tables = tables();
    let of = |request| ask_of(tables.clone(), HttpOptions::default(), request, "");
    let head = of(Request::head("/v1/datasets/trips?format=csv")).await;
    let whole = of(Request::get("/v1/datasets/trips?format=csv")).await;
    assert_eq!(head.headers(), whole.headers());
    assert_eq!(text(head).await, "");
}

#[tokio::test]
async fn sends_nothing_again_to_who_has_it() {
    let tables = tables();
    let again = |path: &str, tag: &str| {
        let request = Request::get(path).header("if-none-match", tag);
        ask_of(tables.clone(), HttpOptions::default(), request, "")
    };
    let first = again("/v1/datasets/trips?format=csv", "\"other\"").await;
    assert_eq!(first.status(), StatusCode::OK);
    let tag = first.headers()["etag"].to_str().unwrap();
    let known = again("/v1/datasets/trips?format=csv", tag).await;
    assert_eq!(known.status(), StatusCode::NOT_MODIFIED);
    assert_eq!(known.headers()["etag"], tag);
    assert_eq!(text(known).await, "");
    assert_eq!(again("/v1/datasets/trips?format=json", tag).await.status(), StatusCode::OK, "another format");
    let other = ask(Request::get("/v1/datasets/trips?format=csv").header("if-none-match", tag), "").await;
    assert_eq!(other.status(), StatusCode::OK, "another dataset of that name");
}

#[tokio::test]
async fn a_tag_is_of_who_asks() {
    let tables = tables();
    let ask = |user: &str, tag: &str| {
        let ctx = CallContext::new().with_identity(Identity::Named(user.into()));
        let request = Request::get("/v1/datasets/trips?format=csv").extension(ctx);
        ask_of(tables.clone(), HttpOptions::default(), request.header("if-none-match", tag), "")
    };
    let first = ask("ali", "\"other\"").await;
    let tag = first.headers()["etag"].to_str().unwrap();
    assert_eq!(ask("ali", tag).await.status(), StatusCode::NOT_MODIFIED);
    assert_eq!(ask("bob", tag).await.status(), StatusCode::OK, "a dataset may answer by who asks");
}

#[tokio::test]
async fn caches_keep_nothing_for_others() {
    let known = CallContext::new().with_identity(Identity::Named("ali".into()));
    for path in ["/v1/datasets", "/v1/datasets/trips", "/v1/datasets/trips/schema"] {
        let headers = async |request: http::request::Builder| ask(request, "").await.headers().clone();
        let anonymous = headers(Request::get(path)).await;
        assert_eq!(anonymous["cache-control"], "no-cache", "{path}");
        assert_eq!(anonymous["vary"], "accept, accept-encoding, arrowlink-views, authorization", "{path}");
        let personal = headers(Request::get(path).extension(known.clone())).await;
        assert_eq!(personal["cache-control"], "private, no-cache", "{path}");
        let signed = headers(Request::get(path).header("authorization", "Bearer a")).await;
        assert_eq!(signed["cache-control"], "private, no-cache", "{path}");
    }
    assert_eq!(get("/v1/sql?q=select%201").await.headers()["cache-control"], "no-store");
    assert_eq!(get("/v1/datasets/tirps").await.headers()["cache-control"], "no-store");
}
