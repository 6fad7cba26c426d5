//! What every call passes through: request id, access log, panic recovery; then gRPC or plain HTTP, and for the former end
//! of watching and words for a method that is not there.
//!
//! Each is a tower service around the next, in the order of [`around`]:
//!
//! ```text
//! RequestIds     puts a `CallContext` with an id into the request, and the id into the answer
//! AccessLog      puts a `CallRecord` into the request, and writes its line when the call has ended
//! RecoverPanics  answers `INTERNAL` where what is within panics, so that the line above says so
//! Protocols      hands calls of gRPC to what is below, and all other requests to arrowlink-http
//! EndWatching    ends calls that only look on, once the server drains
//! NameUnknown    says which method is not there, where what is within says nothing
//! Front          (of arrowlink-transport) deadlines, the data calls, and tonic's services for all other paths
//! ```
//!
//! How many calls and connections there are at a time is bounded outside, by the accept loop; how large messages are,
//! inside, by the front.

mod access_log;
mod panics;
mod protocol;
mod request_id;
mod unknown;
mod watching;

use std::convert::Infallible;

use arrowlink_transport::Body;
use tower::Service;

use access_log::AccessLog;
use panics::RecoverPanics;
use protocol::Protocols;
use request_id::RequestIds;
use unknown::NameUnknown;
use watching::EndWatching;

pub(crate) use watching::Ending;

/// All layers around a service.
pub(crate) type Layered<S> = RequestIds<AccessLog<RecoverPanics<Protocols<EndWatching<NameUnknown<S>>>>>>;

/// Puts `grpc`, and `http` where that is answered, inside of all layers.
pub(crate) fn around<S>(grpc: S, http: Option<arrowlink_http::HttpService>, ending: Ending) -> Layered<S> {
    let grpc = EndWatching::new(NameUnknown::new(grpc), ending);
    RequestIds::new(AccessLog::new(RecoverPanics::new(Protocols::new(grpc, http))))
}

/// What the layers ask of the service within them, and are themselves: it answers HTTP and never fails, since what goes
/// wrong with a call is a gRPC status.
pub(crate) trait HttpService<B>:
    Service<http::Request<B>, Response = http::Response<Body>, Error = Infallible, Future: Send + 'static>
    + Clone
    + Send
    + Sync
    + 'static
{
}

impl<B, S> HttpService<B> for S where
    S: Service<http::Request<B>, Response = http::Response<Body>, Error = Infallible, Future: Send + 'static>
        + Clone
        + Send
        + Sync
        + 'static
{
}
