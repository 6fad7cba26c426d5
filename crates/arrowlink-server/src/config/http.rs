//! Whether plain HTTP is answered, and to pages from where.

use arrowlink_http::{Cors, HttpOptions};

use super::Limits;

/// Datasets and SQL over plain HTTP, beside gRPC on the same port.
///
/// # Defaults
///
/// It is answered; no page of another origin may ask.
///
/// ```
/// use arrowlink_server::{Config, HttpConfig};
///
/// let http = HttpConfig::default().with_cors_origins(["https://charts.example"]);
/// assert!(http.enabled);
/// assert_eq!(Config::default().with_http(http).http.cors_origins, ["https://charts.example"]);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HttpConfig {
    /// Whether it is answered. Default: yes.
    pub enabled: bool,
    /// The origins of pages that may ask from within a browser, such as `https://charts.example`, or `*` for all.
    /// Default: none.
    pub cors_origins: Vec<String>,
}

impl HttpConfig {
    /// Sets [`enabled`](Self::enabled).
    #[must_use]
    pub const fn with_enabled(mut self, enabled: bool) -> Self {
        self.enabled = enabled;
        self
    }

    /// Sets [`cors_origins`](Self::cors_origins).
    #[must_use]
    pub fn with_cors_origins<T: Into<String>>(mut self, origins: impl IntoIterator<Item = T>) -> Self {
        self.cors_origins = origins.into_iter().map(Into::into).collect();
        self
    }

    /// Returns what the service is told.
    pub(crate) fn options(&self, limits: &Limits) -> HttpOptions {
        HttpOptions::default()
            .with_cors(Cors::origins(self.cors_origins.iter().cloned()))
            .with_idle_timeout(limits.stall_timeout)
            .with_authentication_timeout(limits.authentication_timeout)
    }
}

impl Default for HttpConfig {
    fn default() -> Self {
        Self { enabled: true, cors_origins: Vec::new() }
    }
}
