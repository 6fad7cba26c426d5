//! Every kind of error is told, with its status, its words and the request's id.

use std::sync::Arc;

use arrowlink_core::{CallContext, Error, ErrorKind};
use arrowlink_http::{HttpOptions, answer_to, status};
use arrowlink_testkit::OnlyAli;
use expect_test::expect;
use http::Request;
use tonic::Status;

use crate::support::{ask, ask_of, tables, text};

#[test]
fn every_kind_has_a_status() {
    let table: Vec<_> =
        ErrorKind::ALL.iter().map(|kind| format!("{kind:?} {}\n", status(*kind).as_u16())).collect();
    expect![[r#"
        NotFound 404
        AlreadyExists 409
        InvalidArgument 400
        SchemaMismatch 422
        ReadOnly 403
        SnapshotChanged 409
        Corrupt 500
        LimitExceeded 413
        Unauthenticated 401
        PermissionDenied 403
        Unavailable 503
        DeadlineExceeded 504
        Cancelled 408
        Unsupported 501
        FunctionFailed 502
        Internal 500
    "#]]
    .assert_eq(&table.concat());
}

#[tokio::test]
async fn tells_details_with_all_causes() {
    let error = Error::new(ErrorKind::Corrupt, "cannot read `a.csv`").with_source("row 3 has 2 fields");
    let answer = answer_to(&error.with_request_id("id-7"));
    assert_eq!(answer.extensions().get::<Status>().unwrap().code(), tonic::Code::DataLoss, "for the log");
    expect![[r#"
        {"type":"urn:arrowlink:error:corrupt","title":"the data is damaged","status":500,"detail":"cannot read `a.csv`: row 3 has 2 fields","instance":"id-7","kind":"CORRUPT"}
    "#]]
    .assert_eq(&text(answer).await);
}

#[tokio::test]
async fn names_the_request() {
    let request = Request::get("/v1/nothing").extension(CallContext::new().with_request_id("mine"));
    let details: serde_json::Value = serde_json::from_str(&text(ask(request, "").await).await).unwrap();
    assert_eq!(details["instance"], "mine");
    assert_eq!(details["kind"], "NOT_FOUND");
}

#[tokio::test]
async fn browsers_ask_for_a_password_but_not_for_what_scripts_fetch() {
    let options = HttpOptions::default().with_authenticator(Arc::new(OnlyAli));
    let challenges = async |mode: Option<&str>| {
        let request = Request::get("/v1/datasets");
        let request = match mode {
            Some(mode) => request.header("sec-fetch-mode", mode),
            None => request,
        };
        let answer = ask_of(tables(), options.clone(), request, "").await;
        assert_eq!(answer.status(), 401);
        let challenges = answer.headers().get_all("www-authenticate").iter();
        challenges.map(|it| it.to_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let both = ["Bearer", r#"Basic realm="arrowlink", charset="UTF-8""#];
    assert_eq!(challenges(None).await, both, "curl and the like");
    assert_eq!(challenges(Some("navigate")).await, both, "a page of a browser");
    for mode in ["cors", "no-cors", "same-origin"] {
        assert_eq!(challenges(Some(mode)).await, ["Bearer"], "{mode}");
    }
}

#[tokio::test]
async fn refuses_http_1_0_which_cannot_tell_a_cut_table() {
    let answer = ask(Request::get("/v1/datasets/trips").version(http::Version::HTTP_10), "").await;
    assert_eq!(answer.status(), 505);
}
