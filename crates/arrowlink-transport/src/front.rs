//! The service at the front: the small service and Flight by their exact paths, everything else to tonic's services.

mod do_exchange;
mod do_get;
mod do_put;
mod flight_call;
mod handler;
mod handshake;
mod messages;
mod options;
mod receive;
mod request;
mod send;

use std::convert::Infallible;
use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};

use arrow_schema::SchemaRef;
use arrowlink_core::{BatchStream, CallContext, DataService, Error};
use bytes::Bytes;
use futures::future::BoxFuture;
use futures::{FutureExt as _, StreamExt as _, stream};
use http::request::Parts;
use http::{Request, Response};
use tonic::service::Routes;
use tower::Service;

use crate::Body;
use crate::deadline::{GrpcTimeout, GrpcTimeoutLayer};
use crate::flight::{self, Batches, Piece};
use crate::frame::PREFIX_BYTES;
use crate::grpc::{self, BoxError};
use crate::login;
use crate::outgoing::Outgoing;
use crate::record::CallRecord;
use crate::status::to_status;

pub use flight_call::FlightCall;
pub use handler::{FlightBatches, FlightHandler};
pub use options::FrontOptions;

/// Answers the small service from a [`DataService`], Arrow Flight through a [`FlightHandler`], and hands every other path
/// to `others`.
///
/// Before anything of a call is read, [`FrontOptions::authenticator`] says who makes it, of `authorization` in its metadata, or
/// else of `auth-token-bin`, and of the [`Peer`](crate::Peer) and the [`PeerCertificates`](crate::PeerCertificates) in the
/// request's extensions; a handshake gets a token from there. Of a handshake without `authorization`, the first message is read
/// before, which may have 64 KiB: there the name and the password are. The other paths are answered without.
///
/// In the small service the metadata key `arrowlink-name` picks the dataset of a call, in Flight the handler reads tickets
/// and descriptors; `arrowlink-max-message-bytes` says how large messages to the client may be. Deadlines that clients
/// send hold for every path. The [`CallContext`] is taken from the request's extensions and made where there is none; a
/// [`CallRecord`] there is filled in.
///
/// Requests must be gRPC with uncompressed protobuf messages: another method is answered by HTTP 405, another content
/// type by 415, a compressed message by `UNIMPLEMENTED`. Where a client of the small service gives no name,
/// [`FrontOptions`] does.
///
/// An error before the answer begins is a response of trailers alone. An upload that is broken off, by an error in it
/// or by its client, is an error in the batches that the service or the handler gets, never their end.
///
/// | call | request | answer |
/// |---|---|---|
/// | `GetArrowData` | one `Empty` | payloads within the client's limit, at least one |
/// | `SendArrowData` | payloads of one schema, at least one | one `Ack`, with the receipt in the headers |
/// | `DoGet` | one `Ticket` | `FlightData`, whole batches within the client's limit |
/// | `DoPut` | `FlightData` that begins with a descriptor | `PutResult`s, as the handler gives them |
/// | `DoExchange` | `FlightData` that begins with a descriptor | `FlightData`, as the function answers |
/// | `Handshake` | a name and a password, here or in `authorization` | a token, here and as `authorization` |
/// | Flight's six others | their messages | their messages, as the handler gives them |
///
/// Clients of Flight in C++, Python and Java take messages of any size; others get what gRPC takes by default, 4 MiB,
/// unless they announce more.
///
/// ```
/// use std::sync::Arc;
/// use arrowlink_core::{Catalog, Name};
/// use arrowlink_flight::{FlightOptions, FlightService};
/// use arrowlink_transport::{Front, FrontOptions};
/// use http::Request;
/// use tonic::{Code, Status, body::Body, service::Routes};
/// use tower::ServiceExt as _;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let options = FrontOptions::new(Name::new("default")?, Name::new("uploads")?);
/// let service = Arc::new(Catalog::new());
/// let flight = FlightService::new(service.clone(), FlightOptions::default());
/// let front = Front::new(service, Arc::new(flight), options, Routes::default());
///
/// let request = Request::post("/dataexchange.ArrowDataService/GetArrowData");
/// let browser = request.body(Body::empty())?;
/// assert_eq!(front.clone().oneshot(browser).await?.status(), 415);
///
/// let elsewhere = Request::post("/other.Service/Call").header("content-type", "application/grpc");
/// let answer = front.oneshot(elsewhere.body(Body::empty())?).await?;
/// assert_eq!(Status::from_header_map(answer.headers()).unwrap().code(), Code::Unimplemented);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Front(GrpcTimeout<Paths>);

impl Front {
    /// Answers the small service from `service` and Flight from `flight`, and by `others` what is of neither: health,
    /// reflection, or nothing.
    pub fn new(
        service: Arc<dyn DataService>,
        flight: Arc<dyn FlightHandler>,
        options: FrontOptions,
        others: Routes,
    ) -> Self {
        use tower::Layer as _;
        Self(GrpcTimeoutLayer::new().layer(Paths { service, flight, options: Arc::new(options), others }))
    }
}

impl<B> Service<Request<B>> for Front
where
    B: http_body::Body<Data = Bytes, Error: Into<BoxError>> + Send + Unpin + 'static,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        self.0.call(request)
    }
}

#[derive(Clone)]
struct Paths {
    service: Arc<dyn DataService>,
    flight: Arc<dyn FlightHandler>,
    options: Arc<FrontOptions>,
    others: Routes,
}

impl<B> Service<Request<B>> for Paths
where
    B: http_body::Body<Data = Bytes, Error: Into<BoxError>> + Send + Unpin + 'static,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let Some(method) = Method::at(request.uri().path()) else {
            let answer = self.others.call(request);
            return async move { Ok(answer.await?.map(Body::from)) }.boxed();
        };
        let mut call = Call::new(self, &request);
        let (head, body) = request.into_parts();
        if let Some(refusal) = grpc::refuse(&head) {
            return std::future::ready(Ok(refusal)).boxed();
        }
        if !matches!(method, Method::GetArrowData | Method::SendArrowData) {
            call.seen = call.seen.with_headers(head.headers.clone());
        }
        async move {
            let seen = call.flight_call();
            let answer = answer(call, method, &head, body).await;
            let mut answer = answer
                .unwrap_or_else(|error| to_status(&error.with_request_id(seen.ctx.request_id())).into_http());
            answer.headers_mut().extend(seen.answer_headers());
            Ok(answer)
        }
        .boxed()
    }
}

/// Answers who may call.
async fn answer<B>(mut call: Call, method: Method, request: &Parts, body: B) -> Result<Response<Body>, Error>
where
    B: http_body::Body<Data = Bytes, Error: Into<BoxError>> + Send + Unpin + 'static,
{
    if !matches!(method, Method::Handshake) {
        let FrontOptions { authenticator, authentication_timeout, .. } = &*call.options;
        call.ctx = login::identify(&**authenticator, *authentication_timeout, call.ctx, request).await?;
        call.seen.ctx.clone_from(&call.ctx);
    }
    let headers = &request.headers;
    match method {
        Method::Handshake => handshake::answer(call, request, body).await,
        Method::GetArrowData => send::answer(call, headers, body).await,
        Method::SendArrowData => receive::answer(call, headers, body).await,
        Method::DoGet => do_get::answer(call, headers, body).await,
        Method::DoPut => do_put::answer(call, body).await,
        Method::DoExchange => do_exchange::answer(call, headers, body).await,
        Method::Flight(method) => messages::answer(call, method, body).await,
    }
}

impl fmt::Debug for Paths {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Paths")
            .field("service", &self.service)
            .field("flight", &self.flight)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

#[derive(Clone, Copy)]
enum Method {
    GetArrowData,
    SendArrowData,
    DoGet,
    DoPut,
    DoExchange,
    Handshake,
    Flight(FlightMethod),
}

/// The other methods of Flight, whose messages are small.
#[derive(Clone, Copy)]
enum FlightMethod {
    ListFlights,
    GetFlightInfo,
    PollFlightInfo,
    GetSchema,
    DoAction,
    ListActions,
}

impl Method {
    fn at(path: &str) -> Option<Self> {
        match path {
            GET_ARROW_DATA => Some(Self::GetArrowData),
            SEND_ARROW_DATA => Some(Self::SendArrowData),
            flight::DO_GET => Some(Self::DoGet),
            flight::DO_PUT => Some(Self::DoPut),
            flight::DO_EXCHANGE => Some(Self::DoExchange),
            flight::HANDSHAKE => Some(Self::Handshake),
            _ => FlightMethod::at(path).map(Self::Flight),
        }
    }
}

impl FlightMethod {
    fn at(path: &str) -> Option<Self> {
        match path.strip_prefix(flight::SERVICE)? {
            "ListFlights" => Some(Self::ListFlights),
            "GetFlightInfo" => Some(Self::GetFlightInfo),
            "PollFlightInfo" => Some(Self::PollFlightInfo),
            "GetSchema" => Some(Self::GetSchema),
            "DoAction" => Some(Self::DoAction),
            "ListActions" => Some(Self::ListActions),
            _ => None,
        }
    }
}

/// What one call works with.
struct Call {
    service: Arc<dyn DataService>,
    flight: Arc<dyn FlightHandler>,
    options: Arc<FrontOptions>,
    ctx: CallContext,
    record: CallRecord,
    /// The same call as a handler of Flight sees it.
    seen: FlightCall,
}

impl Call {
    fn new<B>(paths: &Paths, request: &Request<B>) -> Self {
        let ctx = request.extensions().get::<CallContext>().cloned().unwrap_or_default();
        let record = request.extensions().get::<CallRecord>().cloned().unwrap_or_default();
        let seen = FlightCall::new(ctx.clone()).with_record(record.clone());
        Self {
            service: Arc::clone(&paths.service),
            flight: Arc::clone(&paths.flight),
            options: Arc::clone(&paths.options),
            ctx,
            record,
            seen,
        }
    }

    /// The call for a handler of Flight.
    fn flight_call(&self) -> FlightCall {
        self.seen.clone()
    }

    /// What a client of Flight sends, counted as it comes.
    fn received<B>(&self, schema: SchemaRef, batches: Batches<B>) -> BatchStream
    where
        B: http_body::Body<Data = Bytes, Error: Into<BoxError>> + Send + Unpin + 'static,
    {
        let record = self.record.clone();
        let chunks = stream::try_unfold(batches, move |mut batches| {
            let record = record.clone();
            async move {
                let Some(chunk) = batches.next().await? else { return Ok(None) };
                let rows = chunk.batch.num_rows() as u64;
                record.add(rows, rows * chunk.batch.num_columns() as u64, batches.take_bytes());
                Ok(Some((chunk, batches)))
            }
        });
        BatchStream::new(schema, chunks)
    }

    /// The answer of Flight that is made of batches, counted as they go.
    fn send_batches(self, answer: FlightBatches, max_message_bytes: usize) -> Result<Response<Body>, Error> {
        let FlightBatches { batches, metadata } = answer;
        let pieces = flight::encode(batches, &[], &metadata, max_message_bytes)?;
        let messages = pieces.map(move |piece| match piece {
            Ok(Piece { rope, rows, cells }) => {
                self.record.add(rows, cells, (rope.len() - PREFIX_BYTES) as u64);
                Ok(rope)
            }
            Err(error) => Err(error.with_request_id(self.ctx.request_id())),
        });
        Ok(Outgoing::answer(messages.boxed()))
    }
}

pub(crate) const GET_ARROW_DATA: &str = "/dataexchange.ArrowDataService/GetArrowData";
pub(crate) const SEND_ARROW_DATA: &str = "/dataexchange.ArrowDataService/SendArrowData";
