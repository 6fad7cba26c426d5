//! What every call has in common, from the client's side: the head of its request, the wait for its answer, its end.

use arrowlink_core::{CallContext, Error, ErrorKind, Name};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header};
use tokio::time::{Instant, timeout_at};

use super::{Connection, ResponseBody, TransferOptions};
use crate::deadline::{GRPC_TIMEOUT, write_timeout};
use crate::flow::Flow;
use crate::metadata::NAME;
use crate::payload::Origin;
use crate::receive::{Messages, ReceiveOptions, Shape};
use crate::{Body, grpc, status};

impl Connection {
    /// Sends a request and waits for the head of its answer while the server makes progress.
    pub(super) async fn send(
        &self,
        request: Request<Body>,
        flow: &Flow,
        options: &TransferOptions,
    ) -> Result<Response<ResponseBody>, Error> {
        let answer = self.answer(request);
        let response = tokio::select! {
            response = answer => response?,
            () = flow.stalled(options.idle_timeout) => {
                let text = format!("`{}` did nothing for {:?}", self.address(), options.idle_timeout);
                return Err(Error::new(ErrorKind::DeadlineExceeded, text));
            }
        };
        if let Some(Err(error)) = status::from_headers(response.headers()) {
            return Err(error);
        }
        if response.status() != StatusCode::OK || !grpc::is_grpc(response.headers()) {
            return Err(not_grpc(self.address(), response.status()));
        }
        Ok(response)
    }

    /// Reads the messages of an answer.
    pub(super) fn messages(
        &self,
        response: Response<ResponseBody>,
        shape: Shape,
        options: &TransferOptions,
    ) -> Messages<ResponseBody> {
        let TransferOptions { max_message_bytes, idle_timeout, .. } = *options;
        let receive = ReceiveOptions { pool: self.pool.clone(), max_message_bytes, idle_timeout };
        Messages::new(response.into_body(), shape, receive, Origin::Server)
    }
}

/// Makes the head of a request; its body comes later.
pub(super) fn request(
    path: &'static str,
    ctx: &CallContext,
    name: Option<&Name>,
) -> Result<Request<()>, Error> {
    let mut request = Request::new(());
    *request.method_mut() = Method::POST;
    *request.uri_mut() = http::Uri::from_static(path);
    let headers = request.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    headers.insert(header::TE, HeaderValue::from_static("trailers"));
    headers.insert(header::USER_AGENT, HeaderValue::from_static(USER_AGENT));
    if let Some(value) = name.and_then(|name| HeaderValue::from_str(name.as_str()).ok()) {
        headers.insert(NAME, value);
    }
    if let Some(deadline) = ctx.deadline() {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(passed());
        }
        if let Ok(value) = HeaderValue::from_str(&write_timeout(left)) {
            headers.insert(GRPC_TIMEOUT, value);
        }
    }
    Ok(request)
}

/// Makes sure that an answer whose last message was read ended as its server meant it to.
pub(super) fn ended(trailers: Option<&HeaderMap>) -> Result<(), Error> {
    trailers.and_then(status::from_headers).unwrap_or_else(|| {
        Err(Error::new(ErrorKind::Unavailable, "the answer ended without a status: its end is missing"))
    })
}

/// Does `work` before the deadline of `ctx`.
pub(super) async fn within<T>(
    deadline: Option<Instant>,
    work: impl Future<Output = Result<T, Error>> + Send,
) -> Result<T, Error> {
    match deadline {
        Some(deadline) => timeout_at(deadline, work).await.unwrap_or_else(|_| Err(passed())),
        None => work.await,
    }
}

fn passed() -> Error {
    Error::new(ErrorKind::DeadlineExceeded, "the call was not finished before its deadline")
}

/// The kind of an HTTP status without a gRPC status, as gRPC maps it.
fn not_grpc(address: &str, status: StatusCode) -> Error {
    let kind = match status {
        StatusCode::UNAUTHORIZED => ErrorKind::Unauthenticated,
        StatusCode::FORBIDDEN => ErrorKind::PermissionDenied,
        StatusCode::NOT_FOUND | StatusCode::OK => ErrorKind::Unsupported,
        StatusCode::TOO_MANY_REQUESTS
        | StatusCode::BAD_GATEWAY
        | StatusCode::SERVICE_UNAVAILABLE
        | StatusCode::GATEWAY_TIMEOUT => ErrorKind::Unavailable,
        _ => ErrorKind::Internal,
    };
    Error::new(
        kind,
        format!("`{address}` answered with HTTP {status} and not in gRPC: is it an ArrowLink server?"),
    )
}

const USER_AGENT: &str = concat!("arrowlink/", env!("CARGO_PKG_VERSION"));
