//! The body of an answer or a request: ropes of bytes, then trailers.
//!
//! tonic's body gives one contiguous piece at a time, and each becomes an HTTP/2 frame of its own. This one gives
//! [`Rope`]s, so that a frame may span the buffers of many columns.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use http_body::{Frame, SizeHint};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Empty};
use tonic::Status;

use crate::Rope;
use crate::grpc::BoxError;

/// What a service answers with and a client sends.
///
/// Bodies of tonic's generated services become one by `Body::from`.
///
/// ```
/// use arrowlink_transport::{Body, Rope};
/// use bytes::Bytes;
/// use http_body::Body as _;
/// use http_body_util::{BodyExt as _, Full};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), tonic::Status> {
/// let body = Body::new(Full::new(Bytes::from("rows")));
/// assert_eq!(body.collect().await?.to_bytes(), "rows");
/// assert!(Body::empty().is_end_stream());
/// # Ok(())
/// # }
/// ```
pub struct Body(UnsyncBoxBody<Rope, Status>);

impl Body {
    /// Makes one of any body whose data is, or can be seen as, ropes. An error that is a [`Status`] stays that one.
    pub fn new<B>(body: B) -> Self
    where
        B: http_body::Body<Data: Into<Rope>, Error: Into<BoxError>> + Send + 'static,
    {
        let body = body.map_frame(|frame| frame.map_data(Into::into));
        Self(body.map_err(|error| Status::from_error(error.into())).boxed_unsync())
    }

    /// Makes one that ends before it has said anything.
    pub fn empty() -> Self {
        Self(Empty::new().map_err(|never| match never {}).boxed_unsync())
    }
}

impl http_body::Body for Body {
    type Data = Rope;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Rope>, Status>>> {
        Pin::new(&mut self.0).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.0.size_hint()
    }
}

impl Default for Body {
    fn default() -> Self {
        Self::empty()
    }
}

impl From<tonic::body::Body> for Body {
    fn from(body: tonic::body::Body) -> Self {
        Self::new(body)
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Body").finish_non_exhaustive()
    }
}
