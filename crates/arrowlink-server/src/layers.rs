//! What every call passes through, whatever its protocol: request id, access log, panic recovery, end of watching.
//!
//! Each is a tower service around the next, in the order of [`around`].

mod access_log;
mod panics;
mod request_id;
mod watching;

use std::convert::Infallible;

use tonic::body::Body;
use tower::Service;

use access_log::AccessLog;
use panics::RecoverPanics;
use request_id::RequestIds;
use watching::EndWatching;

pub(crate) use watching::Ending;

/// All layers around a service.
pub(crate) type Layered<S> = RequestIds<AccessLog<RecoverPanics<EndWatching<S>>>>;

/// Puts `service` inside of all layers.
pub(crate) fn around<S>(service: S, ending: Ending) -> Layered<S> {
    RequestIds::new(AccessLog::new(RecoverPanics::new(EndWatching::new(service, ending))))
}

/// What the layers ask of the service within them, and are themselves.
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
