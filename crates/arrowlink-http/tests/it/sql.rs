//! Statements, and expressions that cannot leave theirs.

use arrow_array::record_batch;
use arrowlink_core::Query;
use arrowlink_http::HttpOptions;
use expect_test::{Expect, expect};
use http::Request;

use crate::support::{ask, ask_of, get, refusal, tables, text};

/// Asks, and returns what the service was asked.
async fn asked(request: http::request::Builder, body: &str) -> Query {
    let tables = tables();
    let answer = ask_of(tables.clone(), HttpOptions::default(), request, body).await;
    assert_eq!(answer.status(), 200, "{}", text(answer).await);
    let mut asked = tables.statements.asked.lock().unwrap();
    assert_eq!(asked.len(), 1);
    asked.remove(0)
}

async fn check_where(query: &str, expected: Expect) {
    expected.assert_eq(&asked(Request::get(format!("/v1/datasets/sales.orders?{query}")), "").await.text);
}

#[tokio::test]
async fn puts_an_expression_into_a_statement_of_its_dataset() {
    check_where("sql-where=id%3E1", expect![[r#"SELECT * FROM "sales"."orders" WHERE (id>1)"#]]).await;
    check_where(
        "columns=id,zone&limit=5&skip=2&sql-where=%22zone%22+in+('A',+'it''s;--')",
        expect![[r#"SELECT "id", "zone" FROM "sales"."orders" WHERE ("zone" in ('A', 'it''s;--')) LIMIT 5 OFFSET 2"#]],
    )
    .await;
    check_where(
        "columns=a%22b&sql-where=extract(year+from+at)=2026",
        expect![[r#"SELECT "a""b" FROM "sales"."orders" WHERE (extract(year from at)=2026)"#]],
    )
    .await;
}

#[tokio::test]
async fn tells_where_in_an_expression_a_mistake_is() {
    for query in ["sql-where=id%3E1+and+nope", "columns=id&limit=1&sql-where=id%3E1+and+nope"] {
        let refusal = refusal(get(&format!("/v1/datasets/trips?{query}")).await).await;
        assert_eq!(refusal, "400 `sql-where`, line 1, column 10: no column `nope`");
    }
    let refused = refusal(get("/v1/datasets/trips?columns=nope&sql-where=id%3E1").await).await;
    assert_eq!(refused, "400 `columns`: no column `nope`");
}

#[tokio::test]
async fn refuses_expressions_that_are_more_than_that() {
    for expression in [
        "1=1; drop table trips",
        "1=1) union select * from secrets where (1=1",
        "id in (select id from secrets)",
        "id in ( from secrets)",
        "exists(table secrets)",
        "id = 1 -- and more",
        "id /* */ = 1",
        "zone = 'open",
        "zone = \"open",
        "zone = e'\\'' or 1=1",
        "zone = '\\' or zone = '",
        "zone = n'a'",
        "zone = $$a$$",
        "zone = q'[it's]'",
        "((id = 1)",
        "id = 1)(",
        " ",
    ] {
        let tables = tables();
        let uri = format!("/v1/datasets/trips?sql-where={}", percent(expression));
        let answer = ask_of(tables.clone(), HttpOptions::default(), Request::get(uri), "").await;
        let refusal = refusal(answer).await;
        assert!(refusal.starts_with("400 `sql-where` is one SQL expression"), "{expression}: {refusal}");
        assert!(tables.statements.asked.lock().unwrap().is_empty(), "{expression}");
    }
}

fn percent(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02x}")).collect()
}

#[tokio::test]
async fn takes_statements_as_text() {
    let query = asked(Request::post("/v1/sql"), "select 1").await;
    assert_eq!(query, Query::new("select 1"));
    for content_type in [
        "text/plain; charset=utf-8",
        "text/plain;Charset=\"UTF-8\"; format=flowed",
        "text/plain; charset=us-ascii",
        "application/sql",
        "application/x-www-form-urlencoded",
    ] {
        let request = Request::post("/v1/sql?format=csv").header("content-type", content_type);
        assert_eq!(asked(request, "select 1+1").await.text, "select 1+1", "{content_type}");
    }
}

#[tokio::test]
async fn takes_parameters_in_json() {
    let request = Request::post("/v1/sql").header("content-type", "application/json");
    let body = r#"{"sql": "select $1, $2", "parameters": [7, "a"], "schema": "sales"}"#;
    let query = asked(request, body).await;
    let values = record_batch!(("$1", Int64, [7]), ("$2", Utf8, ["a"])).unwrap();
    let expected = Query::new("select $1, $2").with_default_schema("sales");
    assert_eq!((query.text, query.default_schema), (expected.text, expected.default_schema));
    assert_eq!(query.parameters.unwrap().columns(), values.columns());
}

#[tokio::test]
async fn refuses_statements_that_it_cannot_read() {
    let post = |content_type: &'static str| Request::post("/v1/sql").header("content-type", content_type);
    let refused =
        |content_type, body: &'static str| async move { refusal(ask(post(content_type), body).await).await };
    expect!["415 a statement is `text/plain`, or `application/json` with parameters, and not `image/png`"]
        .assert_eq(&refused("image/png", "select 1").await);
    for charset in ["text/plain; charset=utf-16", "application/json; format=flowed; charset=\"UTF-16\""] {
        expect!["415 a statement is UTF-8, and not `utf-16`: send it as that"]
            .assert_eq(&refused(charset, "select 1").await);
    }
    expect!["400 parameter `$1` is neither a number, a text, a boolean nor null"]
        .assert_eq(&refused("application/json", r#"{"sql": "select $1", "parameters": [[1]]}"#).await);
    assert!(
        refused("application/json", "select 1").await.starts_with("400 the body is not a statement in JSON")
    );
    assert!(refused("application/json", r#"{"sq": "select 1"}"#).await.contains("unknown field `sq`"));
    let options = HttpOptions::default().with_max_statement_bytes(8);
    let large = ask_of(tables(), options, Request::post("/v1/sql"), "select 100").await;
    expect!["413 the request's body has more than the 8 bytes that a statement may have"]
        .assert_eq(&refusal(large).await);
}

#[tokio::test]
async fn a_head_alone_executes_no_statement() {
    for path in ["/v1/sql?q=select%201", "/v1/datasets/trips?sql-where=id%3E1"] {
        let tables = tables();
        let of = |request| ask_of(tables.clone(), HttpOptions::default(), request, "");
        let head = of(Request::head(path)).await;
        assert!(tables.statements.asked.lock().unwrap().is_empty(), "{path}");
        assert_eq!(head.headers(), of(Request::get(path)).await.headers(), "{path}");
        assert_eq!(text(head).await, "");
    }
}

#[tokio::test]
async fn asks_by_get_only_what_changes_nothing() {
    assert_eq!(asked(Request::get("/v1/sql?q=select%201&format=json"), "").await.text, "select 1");
    expect!["405 the statement changes something, which GET does not: send it by POST"]
        .assert_eq(&refusal(get("/v1/sql?q=DROP+TABLE+trips").await).await);
    expect!["403 `trips` stays"]
        .assert_eq(&refusal(ask(Request::post("/v1/sql"), "DROP TABLE trips").await).await);
    assert!(refusal(get("/v1/sql").await).await.starts_with("400 there is no statement"));
}
