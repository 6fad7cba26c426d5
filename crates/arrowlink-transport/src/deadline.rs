//! Deadlines that clients send: parsed, and kept over the whole call, headers and body.

use std::convert::Infallible;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use arrowlink_core::{CallContext, Error, ErrorKind};
use futures::FutureExt as _;
use futures::future::BoxFuture;
use http::{HeaderMap, HeaderValue, Request, Response};
use http_body::Frame;
use tokio::time::{Instant, Sleep, sleep_until, timeout_at};
use tonic::Status;
use tower::{Layer, Service, ServiceExt as _};

use crate::status::to_status;
use crate::{Body, Rope};

/// Reads the request's `grpc-timeout`: how long the whole call may take, `None` where the client did not say.
///
/// One to eight digits and a unit, `H`, `M`, `S`, `m`, `u` or `n`, as gRPC's HTTP/2 protocol defines it.
///
/// ```
/// use std::time::Duration;
/// use arrowlink_transport::grpc_timeout;
///
/// let mut headers = http::HeaderMap::new();
/// headers.insert("grpc-timeout", "250m".parse().unwrap());
/// assert_eq!(grpc_timeout(&headers)?, Some(Duration::from_millis(250)));
/// headers.insert("grpc-timeout", "1 S".parse().unwrap());
/// assert!(grpc_timeout(&headers).is_err());
/// # Ok::<(), arrowlink_core::Error>(())
/// ```
///
/// # Errors
///
/// [`ErrorKind::InvalidArgument`] where the value is not of that form.
pub fn grpc_timeout(headers: &HeaderMap) -> Result<Option<Duration>, Error> {
    headers.get(GRPC_TIMEOUT).map(|value| parse(value).ok_or_else(|| invalid(value))).transpose()
}

/// Writes a duration as `grpc-timeout` takes it: in the finest unit in which it has at most eight digits.
pub(crate) fn write_timeout(timeout: Duration) -> String {
    let units = [(timeout.as_nanos(), 'n'), (timeout.as_micros(), 'u'), (timeout.as_millis(), 'm')];
    match units.into_iter().find(|(amount, _)| *amount <= MOST) {
        Some((amount, unit)) => format!("{amount}{unit}"),
        None => format!("{}S", u128::from(timeout.as_secs()).min(MOST)),
    }
}

fn parse(value: &HeaderValue) -> Option<Duration> {
    let (unit, digits) = value.as_bytes().split_last()?;
    if digits.is_empty() || digits.len() > 8 || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let amount: u64 = std::str::from_utf8(digits).ok()?.parse().ok()?;
    match unit {
        b'H' => Some(Duration::from_secs(amount * 3600)),
        b'M' => Some(Duration::from_secs(amount * 60)),
        b'S' => Some(Duration::from_secs(amount)),
        b'm' => Some(Duration::from_millis(amount)),
        b'u' => Some(Duration::from_micros(amount)),
        b'n' => Some(Duration::from_nanos(amount)),
        _ => None,
    }
}

fn invalid(value: &HeaderValue) -> Error {
    let shown = String::from_utf8_lossy(value.as_bytes()).escape_debug().to_string();
    let text = format!(
        "`{shown}` is not a `grpc-timeout`: use one to eight digits and a unit, `H`, `M`, `S`, `m`, `u` or `n`"
    );
    Error::new(ErrorKind::InvalidArgument, text)
}

/// Wraps a service with [`GrpcTimeout`]; [`Front`](crate::Front) does so itself.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct GrpcTimeoutLayer;

impl GrpcTimeoutLayer {
    /// Makes the layer.
    pub const fn new() -> Self {
        Self
    }
}

impl<S> Layer<S> for GrpcTimeoutLayer {
    type Service = GrpcTimeout<S>;

    fn layer(&self, inner: S) -> GrpcTimeout<S> {
        GrpcTimeout { inner }
    }
}

/// Ends a call with `DEADLINE_EXCEEDED` when the time its client gave it is over, also in the middle of the body.
///
/// Before the headers that is a response of trailers alone, later it is trailers after the messages that were sent.
/// The work behind the call is dropped in both cases. [`Front`](crate::Front) has one inside; a service that is served
/// without it can be given one.
///
/// The deadline is put into the [`CallContext`] in the request's extensions, and one is made where there is none, so
/// that what works for the call can stop in time. Goes inside of what logs calls.
///
/// ```
/// use std::convert::Infallible;
/// use arrowlink_transport::GrpcTimeoutLayer;
/// use http::{Request, Response};
/// use tonic::{Code, Status, body::Body};
/// use tower::{Layer as _, ServiceExt as _, service_fn};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let never = service_fn(|_request: Request<Body>| std::future::pending::<Result<Response<Body>, Infallible>>());
/// let request = Request::builder().header("grpc-timeout", "1m").body(Body::empty())?;
/// let answer = GrpcTimeoutLayer::new().layer(never).oneshot(request).await?;
/// assert_eq!(Status::from_header_map(answer.headers()).unwrap().code(), Code::DeadlineExceeded);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct GrpcTimeout<S> {
    inner: S,
}

impl<S, B, R> Service<Request<B>> for GrpcTimeout<S>
where
    S: Service<Request<B>, Response = Response<R>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send + 'static,
    B: Send + 'static,
    R: Into<Body> + 'static,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let ctx = request.extensions_mut().remove::<CallContext>().unwrap_or_default();
        let timeout = match grpc_timeout(request.headers()) {
            Ok(timeout) => timeout,
            Err(error) => {
                let error = error.with_request_id(ctx.request_id());
                return std::future::ready(Ok(to_status(&error).into_http())).boxed();
            }
        };
        let Some(deadline) = earliest(ctx.deadline(), timeout) else {
            request.extensions_mut().insert(ctx);
            let answer = self.inner.clone().oneshot(request);
            return async move { Ok(answer.await?.map(Into::into)) }.boxed();
        };
        let passed = to_status(&passed(timeout).with_request_id(ctx.request_id()));
        request.extensions_mut().insert(ctx.with_deadline(Some(deadline)));
        let answer = self.inner.clone().oneshot(request);
        async move {
            match timeout_at(deadline, answer).await {
                Ok(Ok(response)) => {
                    Ok(response.map(|inner| Body::new(Limited::new(inner.into(), deadline, passed))))
                }
                Ok(Err(never)) => match never {},
                Err(_) => Ok(passed.into_http()),
            }
        }
        .boxed()
    }
}

fn earliest(known: Option<Instant>, timeout: Option<Duration>) -> Option<Instant> {
    let sent = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
    known.into_iter().chain(sent).min()
}

fn passed(timeout: Option<Duration>) -> Error {
    let text = match timeout {
        Some(timeout) => {
            // A client sends what is left of its time, to the microsecond.
            let timeout =
                Duration::from_millis(u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX).max(1));
            format!("the call was not finished within the {timeout:?} that its client gave it")
        }
        None => "the call was not finished before its deadline".to_owned(),
    };
    Error::new(ErrorKind::DeadlineExceeded, text)
}

/// A body that ends with the status of a passed deadline when it is not finished in time.
struct Limited {
    inner: Body,
    sleep: Pin<Box<Sleep>>,
    passed: Option<Status>,
}

impl Limited {
    fn new(inner: Body, deadline: Instant, passed: Status) -> Self {
        Self { inner, sleep: Box::pin(sleep_until(deadline)), passed: Some(passed) }
    }
}

impl http_body::Body for Limited {
    type Data = Rope;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Rope>, Status>>> {
        if self.passed.is_none() {
            return Poll::Ready(None);
        }
        if self.sleep.as_mut().poll(cx).is_ready()
            && let Some(status) = self.passed.take()
        {
            self.inner = Body::empty();
            let mut trailers = HeaderMap::new();
            return Poll::Ready(Some(status.add_header(&mut trailers).map(|()| Frame::trailers(trailers))));
        }
        let frame = futures::ready!(Pin::new(&mut self.inner).poll_frame(cx));
        if frame.as_ref().is_none_or(|frame| frame.as_ref().map_or(true, Frame::is_trailers)) {
            self.passed = None;
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.passed.is_none() || self.inner.is_end_stream()
    }
}

impl fmt::Debug for Limited {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Limited").field("deadline", &self.sleep.deadline()).finish_non_exhaustive()
    }
}

/// The request header in which gRPC clients say how long a call may take.
pub(crate) const GRPC_TIMEOUT: &str = "grpc-timeout";
/// The largest amount that has eight digits.
const MOST: u128 = 99_999_999;
