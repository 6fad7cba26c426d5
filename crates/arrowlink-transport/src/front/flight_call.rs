//! What a call of Flight comes with beside its messages, and what its answer does.

use std::sync::{Arc, Mutex, PoisonError};

use arrowlink_core::CallContext;
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::CallRecord;

/// Who calls, what the request's metadata say, and where the answer's metadata go. Clones are the same call.
///
/// ```
/// use arrowlink_core::CallContext;
/// use arrowlink_transport::FlightCall;
/// use http::{HeaderValue, header};
///
/// let call = FlightCall::new(CallContext::new());
/// call.clone().answer_header(header::AUTHORIZATION, HeaderValue::from_static("Bearer 42"));
/// assert_eq!(call.answer_headers()[header::AUTHORIZATION], "Bearer 42");
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct FlightCall {
    /// Who calls, until when, and under which id.
    pub ctx: CallContext,
    /// The request's metadata.
    pub headers: HeaderMap,
    /// What the server logs of the call: a handler says which name it is about.
    pub record: CallRecord,
    answer: Arc<Mutex<HeaderMap>>,
}

impl FlightCall {
    /// Makes a call without metadata.
    pub fn new(ctx: CallContext) -> Self {
        Self { ctx, headers: HeaderMap::new(), record: CallRecord::default(), answer: Arc::default() }
    }

    /// Sets [`headers`](Self::headers).
    #[must_use]
    pub fn with_headers(mut self, headers: HeaderMap) -> Self {
        self.headers = headers;
        self
    }

    /// Sets [`record`](Self::record).
    #[must_use]
    pub fn with_record(mut self, record: CallRecord) -> Self {
        self.record = record;
        self
    }

    /// Adds to the metadata of the answer, as long as that has not begun: until the handler's future is ready.
    pub fn answer_header(&self, name: HeaderName, value: HeaderValue) {
        self.answer.lock().unwrap_or_else(PoisonError::into_inner).append(name, value);
    }

    /// Returns the metadata of the answer so far.
    pub fn answer_headers(&self) -> HeaderMap {
        self.answer.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
