//! A service with tables, which notes the statements that it is asked.

use std::sync::{Arc, Mutex};

use arrow_array::{RecordBatch, record_batch};
use arrow_schema::SchemaRef;
use arrowlink_core::{
    BatchStream, CallContext, CallOptions, Catalog, DataService, Description, Effect, EntryStream, Error,
    ErrorKind, ListOptions, MemoryDataset, Name, NounKind, Query, ReadOptions, Receipt, RemoveOptions,
    Result, Target, WriteOptions,
};
use arrowlink_http::{HttpOptions, HttpService};
use arrowlink_transport::Body;
use bytes::Bytes;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use tower::ServiceExt as _;

/// A catalog of `trips` and `sales.orders`; statements are noted and answered with `trips`.
#[derive(Debug)]
pub(crate) struct Tables {
    catalog: Catalog,
    pub(crate) asked: Mutex<Vec<Query>>,
}

pub(crate) fn trips() -> RecordBatch {
    record_batch!(("id", Int64, [1, 2, 3]), ("zone", Utf8, ["A", "B", "A"])).unwrap()
}

impl Tables {
    pub(crate) fn new() -> Arc<Self> {
        let table = || Arc::new(MemoryDataset::new(trips().schema(), vec![trips()]).unwrap());
        let catalog = Catalog::new()
            .with_dataset("trips".parse().unwrap(), table())
            .with_dataset("sales.orders".parse().unwrap(), table());
        Arc::new(Self { catalog, asked: Mutex::default() })
    }

    fn noted(&self, query: Query) -> Result<SchemaRef> {
        let changes = query.text.starts_with("DROP");
        self.asked.lock().unwrap().push(query);
        if changes { Err(Error::new(ErrorKind::ReadOnly, "`trips` stays")) } else { Ok(trips().schema()) }
    }
}

impl DataService for Tables {
    fn list(&self, ctx: CallContext, options: ListOptions) -> BoxFuture<'_, Result<EntryStream>> {
        self.catalog.list(ctx, options)
    }

    fn describe(&self, ctx: CallContext, target: Target) -> BoxFuture<'_, Result<Description>> {
        let Target::Sql(query) = target else { return self.catalog.describe(ctx, target) };
        let effect = if query.text.starts_with("DROP") { Effect::Change } else { Effect::None };
        let description = Description::new(NounKind::Dataset, trips().schema()).with_effect(effect);
        std::future::ready(Ok(description)).boxed()
    }

    fn read(
        &self,
        ctx: CallContext,
        target: Target,
        options: ReadOptions,
    ) -> BoxFuture<'_, Result<BatchStream>> {
        let Target::Sql(query) = target else { return self.catalog.read(ctx, target, options) };
        let answer = self.noted(query).map(|schema| BatchStream::from_batches(schema, vec![trips()]));
        std::future::ready(answer).boxed()
    }

    fn write(
        &self,
        ctx: CallContext,
        name: Name,
        batches: BatchStream,
        options: WriteOptions,
    ) -> BoxFuture<'_, Result<Receipt>> {
        self.catalog.write(ctx, name, batches, options)
    }

    fn remove(&self, ctx: CallContext, name: Name, options: RemoveOptions) -> BoxFuture<'_, Result<()>> {
        self.catalog.remove(ctx, name, options)
    }

    fn call(
        &self,
        ctx: CallContext,
        name: Name,
        batches: BatchStream,
        options: CallOptions,
    ) -> BoxFuture<'_, Result<BatchStream>> {
        self.catalog.call(ctx, name, batches, options)
    }
}

/// Asks a service with [`Tables`].
pub(crate) async fn ask(request: http::request::Builder, body: &str) -> Response<Body> {
    ask_of(Tables::new(), HttpOptions::default(), request, body).await
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
