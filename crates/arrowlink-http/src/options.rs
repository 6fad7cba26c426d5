//! What the service does where the request does not say.

use std::sync::Arc;
use std::time::Duration;

use arrowlink_core::{Anonymous, Authenticator};

/// Limits, and who may ask from where.
///
/// # Defaults
///
/// Everybody may ask, but no page of another origin, which may take 10 seconds to decide; a statement has at most 1 MiB, and its
/// client may pause for 60 seconds.
///
/// ```
/// use arrowlink_http::{Cors, HttpOptions};
///
/// let options = HttpOptions::default().with_cors(Cors::origins(["https://charts.example"]));
/// assert_eq!(options.max_statement_bytes, 1 << 20);
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct HttpOptions {
    /// Who may ask, and who that is: asked for every request but `OPTIONS`. Default: [`Anonymous`], everybody.
    pub authenticator: Arc<dyn Authenticator>,
    /// How long [`authenticator`](Self::authenticator) may take; a request of which it has said nothing by then is refused with
    /// HTTP 503. Default: 10 seconds.
    pub authentication_timeout: Duration,
    /// Which pages may ask from within a browser. Default: none but those of this very server, which has none.
    pub cors: Cors,
    /// The most bytes of the body of a statement, its parameters included. Default: 1 MiB.
    pub max_statement_bytes: usize,
    /// How long the client may send nothing in the middle of a statement. Default: 60 seconds.
    pub idle_timeout: Duration,
}

impl HttpOptions {
    /// Sets [`authenticator`](Self::authenticator).
    #[must_use]
    pub fn with_authenticator(mut self, authenticator: Arc<dyn Authenticator>) -> Self {
        self.authenticator = authenticator;
        self
    }

    /// Sets [`authentication_timeout`](Self::authentication_timeout).
    #[must_use]
    pub const fn with_authentication_timeout(mut self, timeout: Duration) -> Self {
        self.authentication_timeout = timeout;
        self
    }

    /// Sets [`cors`](Self::cors).
    #[must_use]
    pub fn with_cors(mut self, cors: Cors) -> Self {
        self.cors = cors;
        self
    }

    /// Sets [`max_statement_bytes`](Self::max_statement_bytes).
    #[must_use]
    pub const fn with_max_statement_bytes(mut self, bytes: usize) -> Self {
        self.max_statement_bytes = bytes;
        self
    }

    /// Sets [`idle_timeout`](Self::idle_timeout).
    #[must_use]
    pub const fn with_idle_timeout(mut self, timeout: Duration) -> Self {
        self.idle_timeout = timeout;
        self
    }
}

impl Default for HttpOptions {
    fn default() -> Self {
        Self {
            authenticator: Arc::new(Anonymous::default()),
            authentication_timeout: Duration::from_secs(10),
            cors: Cors::default(),
            max_statement_bytes: 1 << 20,
            idle_timeout: Duration::from_secs(60),
        }
    }
}

/// The origins of pages that browsers let read what is answered here.
///
/// Cross-origin resource sharing is kept by browsers, for their users; it keeps out nobody else.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cors {
    origins: Vec<String>,
}

impl Cors {
    /// Allows pages of `origins`, such as `https://charts.example`; `*` allows all.
    pub fn origins<T: Into<String>>(origins: impl IntoIterator<Item = T>) -> Self {
        Self { origins: origins.into_iter().map(Into::into).collect() }
    }

    /// Whether no page of another origin may ask.
    pub(crate) fn is_empty(&self) -> bool {
        self.origins.is_empty()
    }

    /// Returns whether a page of `origin` may ask.
    ///
    /// ```
    /// use arrowlink_http::Cors;
    ///
    /// assert!(!Cors::default().allows("https://charts.example"));
    /// assert!(Cors::origins(["*"]).allows("https://charts.example"));
    /// ```
    pub fn allows(&self, origin: &str) -> bool {
        self.origins.iter().any(|allowed| allowed == "*" || allowed.eq_ignore_ascii_case(origin))
    }
}
