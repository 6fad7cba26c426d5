//! The service itself: routes, methods and what all answers have.

use std::convert::Infallible;
use std::error::Error as StdError;
use std::sync::Arc;
use std::task::{Context, Poll};

use arrowlink_core::{DataService, ErrorKind};
use arrowlink_transport::{Body, identify};
use bytes::Bytes;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use http::request::Parts;
use http::{HeaderValue, Method, Request, Response, StatusCode, Version, header};
use tower::Service;

use crate::call::Call;
use crate::options::HttpOptions;
use crate::problem::Problem;
use crate::route::Route;
use crate::{cors, datasets, sql};

/// Answers HTTP requests from a [`DataService`].
///
/// The [`CallContext`](arrowlink_core::CallContext) is taken from the request's extensions and made where there is none; a
/// [`CallRecord`](arrowlink_transport::CallRecord) there is filled in. Rows are read when the client takes them;
/// dropping the answer's body ends the read. Rows are made plain, encoded and compressed on tokio's blocking threads, in
/// awaited steps of about 1 MiB, or of one batch where it stays whole (Arrow streams). The runtime has to have its clock
/// (`enable_time`), by which authenticators are waited for.
///
/// `HEAD` is answered as `GET` without the body. Every answer of a status from 400 is problem details in JSON; its gRPC
/// status stands in the answer's extensions.
#[derive(Clone, Debug)]
pub struct HttpService {
    service: Arc<dyn DataService>,
    options: Arc<HttpOptions>,
}

impl HttpService {
    /// Answers from `service`.
    pub fn new(service: Arc<dyn DataService>, options: HttpOptions) -> Self {
        Self { service, options: Arc::new(options) }
    }
}

impl<B> Service<Request<B>> for HttpService
where
    B: http_body::Body<Data = Bytes, Error: Into<Box<dyn StdError + Send + Sync>>> + Send + Unpin + 'static,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let (head, body) = request.into_parts();
        let (method, asked) = (head.method.clone(), head.headers.clone());
        let call = Call::new(&self.service, &self.options, head);
        let (options, id) = (Arc::clone(&self.options), call.ctx.request_id().to_owned());
        async move {
            let answer = answer(call, body).await;
            let mut answer = answer.unwrap_or_else(|problem| problem.into_answer(&id, &asked));
            cors::allow(&options.cors, &asked, answer.headers_mut());
            let nosniff = HeaderValue::from_static("nosniff");
            answer.headers_mut().insert(header::X_CONTENT_TYPE_OPTIONS, nosniff);
            Ok(if method == Method::HEAD { answer.map(|_| Body::empty()) } else { answer })
        }
        .boxed()
    }
}

async fn answer<B>(mut call: Call, body: B) -> Result<Response<Body>, Problem>
where
    B: http_body::Body<Data = Bytes, Error: Into<Box<dyn StdError + Send + Sync>>> + Unpin,
{
    refuse_old(&call.head)?;
    let route = Route::of(&call.head.method, call.head.uri.path())?;
    // Browsers ask for the options before they say who their user is.
    if !matches!(route, Route::Options(_)) {
        let HttpOptions { authenticator, authentication_timeout, .. } = &*call.options;
        call.ctx = identify(&**authenticator, *authentication_timeout, call.ctx, &call.head).await?;
    }
    match route {
        Route::List => datasets::list(call).await,
        Route::Read(name) => datasets::read(call, name).await,
        Route::Schema(name) => datasets::schema(call, name).await,
        Route::Ask => sql::ask(call).await,
        Route::Execute => sql::execute(call, body).await,
        Route::Options(allowed) => Ok(methods(allowed)),
    }
}

/// Refuses versions in which a table that was cut off looks like a whole one.
fn refuse_old(head: &Parts) -> Result<(), Problem> {
    if head.version >= Version::HTTP_11 {
        return Ok(());
    }
    let text = "HTTP/1.0 cannot tell a whole table from one that was cut off: use HTTP/1.1 or HTTP/2";
    Err(Problem::new(StatusCode::HTTP_VERSION_NOT_SUPPORTED, ErrorKind::Unsupported, text))
}

fn methods(allowed: &'static str) -> Response<Body> {
    let mut answer = Response::new(Body::empty());
    *answer.status_mut() = StatusCode::NO_CONTENT;
    answer.headers_mut().insert(header::ALLOW, HeaderValue::from_static(allowed));
    answer
}
