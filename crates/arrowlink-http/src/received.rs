//! The body of a request, within its limits of size and patience.

use std::error::Error as StdError;

use arrowlink_core::{Error, ErrorKind};
use bytes::{Bytes, BytesMut};
use http::StatusCode;
use http_body_util::BodyExt as _;
use tokio::time::timeout;

use crate::options::HttpOptions;
use crate::problem::Problem;

/// Reads all of `body` as text.
///
/// One that says by its length that it is too large is refused before any of it is asked for: a client that waits for
/// `100 Continue` then sends nothing.
pub(crate) async fn text<B>(mut body: B, options: &HttpOptions) -> Result<String, Problem>
where
    B: http_body::Body<Data = Bytes, Error: Into<Box<dyn StdError + Send + Sync>>> + Unpin,
{
    if body.size_hint().lower() > options.max_statement_bytes as u64 {
        return Err(large(options));
    }
    let mut bytes = BytesMut::new();
    while let Some(frame) = timeout(options.idle_timeout, body.frame()).await.map_err(|_| slow(options))? {
        let frame = frame.map_err(|error| {
            Error::new(ErrorKind::InvalidArgument, "the request's body ended before it was whole")
                .with_source(error)
        })?;
        let Ok(data) = frame.into_data() else { continue };
        if bytes.len() + data.len() > options.max_statement_bytes {
            return Err(large(options));
        }
        bytes.extend_from_slice(&data);
    }
    String::from_utf8(bytes.into()).map_err(|_| Problem::invalid("the request's body is not UTF-8"))
}

fn large(options: &HttpOptions) -> Problem {
    let text = format!(
        "the request's body has more than the {} bytes that a statement may have",
        options.max_statement_bytes
    );
    Error::new(ErrorKind::LimitExceeded, text).into()
}

fn slow(options: &HttpOptions) -> Problem {
    let text = format!("nothing came of the request's body for {:?}", options.idle_timeout);
    Problem::new(StatusCode::REQUEST_TIMEOUT, ErrorKind::DeadlineExceeded, text)
}
