//! A service with tables, which notes the statements that it is asked.

use std::sync::{Arc, Mutex};

use arrow_array::{RecordBatch, record_batch};
use arrowlink_core::{
    Catalog, DataService, Description, Effect, Error, ErrorKind, MemoryDataset, NounKind, Query, Result,
};
use arrowlink_http::{HttpOptions, HttpService};
use arrowlink_testkit::{Statements, WithStatements, name};
use arrowlink_transport::Body;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use tower::ServiceExt as _;

/// Notes statements and answers them with `trips`, the one table; all but those that drop it.
#[derive(Debug, Default)]
pub(crate) struct Noted {
    pub(crate) asked: Mutex<Vec<Query>>,
}

pub(crate) fn trips() -> RecordBatch {
    record_batch!(("id", Int64, [1, 2, 3]), ("zone", Utf8, ["A", "B", "A"])).unwrap()
}

/// Makes a catalog of `trips` and `sales.orders` whose statements are noted.
pub(crate) fn tables() -> Arc<WithStatements<Noted>> {
    let table = || Arc::new(MemoryDataset::new(trips().schema(), vec![trips()]).unwrap());
    let catalog =
        Catalog::new().with_dataset(name("trips"), table()).with_dataset(name("sales.orders"), table());
    WithStatements::new(catalog, Noted::default())
}

impl Statements for Noted {
    fn describe(&self, query: &Query) -> Result<Description> {
        let effect = if query.text.starts_with("DROP") { Effect::Change } else { Effect::None };
        Ok(Description::new(NounKind::Dataset, trips().schema()).with_effect(effect))
    }

    fn read(&self, query: &Query) -> Result<RecordBatch> {
        self.asked.lock().unwrap().push(query.clone());
        if let Some(at) = query.text.find("nope") {
            return Err(Error::new(
                ErrorKind::InvalidArgument,
                format!("line 1, column {}: no column `nope`", at + 1),
            ));
        }
        if query.text.starts_with("DROP") {
            return Err(Error::new(ErrorKind::ReadOnly, "`trips` stays"));
        }
        Ok(trips())
    }
}

/// Asks the service of [`tables`].
pub(crate) async fn ask(request: http::request::Builder, body: &str) -> Response<Body> {
    ask_of(tables(), HttpOptions::default(), request, body).await
}

pub(crate) async fn ask_of(
    service: Arc<dyn DataService>,
    options: HttpOptions,
    request: http::request::Builder,
    body: &str,
) -> Response<Body> {
    let request: Request<_> = request.body(Full::new(Bytes::from(body.to_owned()))).unwrap();
    HttpService::new(service, options).oneshot(request).await.unwrap()
}

pub(crate) async fn get(path: &str) -> Response<Body> {
    ask(Request::get(path), "").await
}

pub(crate) async fn text(answer: Response<Body>) -> String {
    String::from_utf8(answer.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
}

/// Returns status and words of a refusal.
pub(crate) async fn refusal(answer: Response<Body>) -> String {
    assert_eq!(answer.headers()["content-type"], "application/problem+json");
    let status = answer.status();
    let details: serde_json::Value = serde_json::from_str(&text(answer).await).unwrap();
    assert_eq!(details["status"], status.as_u16());
    format!("{} {}", status.as_u16(), details["detail"].as_str().unwrap())
}
