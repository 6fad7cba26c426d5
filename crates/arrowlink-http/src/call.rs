//! What one request is answered with and by.

use std::sync::Arc;

use arrowlink_core::{CallContext, DataService};
use arrowlink_formats::Format;
use arrowlink_transport::{Body, CallRecord, Rope};
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Response, header};
use http_body_util::Full;
use serde_json::Value;

use crate::caching;
use crate::negotiate::choose_format;
use crate::options::HttpOptions;
use crate::parameters::Parameters;
use crate::problem::Problem;

/// The service, the options, and what the request says beside its path and body.
pub(crate) struct Call {
    pub(crate) service: Arc<dyn DataService>,
    pub(crate) options: Arc<HttpOptions>,
    pub(crate) ctx: CallContext,
    pub(crate) record: CallRecord,
    pub(crate) head: Parts,
}

impl Call {
    /// Takes context and record out of the request, and makes them where there are none.
    pub(crate) fn new(service: &Arc<dyn DataService>, options: &Arc<HttpOptions>, head: Parts) -> Self {
        Self {
            service: Arc::clone(service),
            options: Arc::clone(options),
            ctx: head.extensions.get::<CallContext>().cloned().unwrap_or_default(),
            record: head.extensions.get::<CallRecord>().cloned().unwrap_or_default(),
            head,
        }
    }

    pub(crate) const fn headers(&self) -> &HeaderMap {
        &self.head.headers
    }

    pub(crate) fn parameters(&self) -> Result<Parameters, Problem> {
        Parameters::parse(self.head.uri.query())
    }

    /// Answers with a document. Its form may have been chosen by the request's headers.
    pub(crate) fn document(&self, document: &Value) -> Result<Response<Body>, Problem> {
        choose_format(self.headers(), None, &[Format::Json])?;
        let mut text = document.to_string();
        text.push('\n');
        Ok(self.whole(Bytes::from(text), Format::Json))
    }

    /// Answers with bytes that are there.
    pub(crate) fn whole(&self, bytes: Bytes, format: Format) -> Response<Body> {
        let length = HeaderValue::from(bytes.len());
        let mut answer = Response::new(Body::new(Full::new(Rope::from(bytes))));
        let headers = answer.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(format.media_type()));
        headers.insert(header::CONTENT_LENGTH, length);
        caching::mark(self, headers);
        answer
    }
}
