//! What a call of Flight comes with beside its messages, and what its answer does.

use std::sync::{Arc, Mutex, PoisonError};

use arrowlink_core::CallContext;
use http::header::Entry;
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::CallRecord;
use crate::login::AUTH_TOKEN;

/// Who calls, what the request's metadata say, and where the answer's metadata go. Clones are the same call.
///
/// Passwords, tokens and cookies among the metadata are not shown by `Debug`.
///
/// ```
/// use arrowlink_core::CallContext;
/// use arrowlink_transport::FlightCall;
/// use http::{HeaderValue, header};
///
/// let call = FlightCall::new(CallContext::new());
/// call.clone().answer_header(header::AUTHORIZATION, HeaderValue::from_static("Bearer 42"));
/// assert_eq!(call.answer_headers()[header::AUTHORIZATION], "Bearer 42");
/// assert!(!format!("{call:?}").contains("Bearer 42"));
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

    /// Sets [`headers`](Self::headers), and marks those that are secret.
    ///
    /// ```
    /// use arrowlink_core::CallContext;
    /// use arrowlink_transport::FlightCall;
    /// use http::{HeaderMap, HeaderValue, header};
    ///
    /// let mut headers = HeaderMap::new();
    /// headers.insert(header::AUTHORIZATION, HeaderValue::from_static("Bearer sesame"));
    /// headers.insert("auth-token-bin", HeaderValue::from_static("c2VzYW1l"));
    /// let call = FlightCall::new(CallContext::new()).with_headers(headers);
    /// assert_eq!(call.headers[header::AUTHORIZATION], "Bearer sesame");
    /// assert_eq!(format!("{:?}", call.headers), r#"{"authorization": Sensitive, "auth-token-bin": Sensitive}"#);
    /// ```
    #[must_use]
    pub fn with_headers(mut self, mut headers: HeaderMap) -> Self {
        for name in SECRETS {
            if let Entry::Occupied(mut values) = headers.entry(name) {
                values.iter_mut().for_each(|value| value.set_sensitive(true));
            }
        }
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
    ///
    /// What is secret is neither shown nor kept in HTTP/2's tables of headers.
    pub fn answer_header(&self, name: HeaderName, mut value: HeaderValue) {
        value.set_sensitive(value.is_sensitive() || SECRETS.contains(&name.as_str()));
        self.answer.lock().unwrap_or_else(PoisonError::into_inner).append(name, value);
    }

    /// Returns the metadata of the answer so far.
    pub fn answer_headers(&self) -> HeaderMap {
        self.answer.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The metadata that are passwords, tokens and cookies.
const SECRETS: [&str; 5] = ["authorization", AUTH_TOKEN, "cookie", "proxy-authorization", "set-cookie"];
