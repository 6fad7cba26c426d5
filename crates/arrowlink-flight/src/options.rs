//! What an operator decides about Flight.

/// How a [`FlightService`](crate::FlightService) answers.
///
/// # Defaults
///
/// Clients read where they asked, and what is uploaded is left to the service.
///
/// ```
/// use arrowlink_flight::FlightOptions;
///
/// let options = FlightOptions::default().with_public(["grpc+tls://tables.example.com:443"]);
/// assert_eq!(options.public.len(), 1);
/// ```
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct FlightOptions {
    /// The URIs at which clients elsewhere reach a server of the same datasets, as `grpc+tls://host:port`. Default: none.
    pub public: Vec<String>,
    /// What clients of Flight SQL are told about changes: `true` where the service refuses all of them. It refuses none
    /// by itself. Default: `false`.
    pub read_only: bool,
}

impl FlightOptions {
    /// Sets [`public`](Self::public).
    #[must_use]
    pub fn with_public<T: Into<String>>(mut self, uris: impl IntoIterator<Item = T>) -> Self {
        self.public = uris.into_iter().map(Into::into).collect();
        self
    }

    /// Sets [`read_only`](Self::read_only).
    #[must_use]
    pub const fn with_read_only(mut self, read_only: bool) -> Self {
        self.read_only = read_only;
        self
    }
}
