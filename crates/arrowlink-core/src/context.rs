//! What travels with a call beside its arguments: who asks, until when, and under which id.

use std::sync::Arc;

use tokio::time::Instant;
use uuid::Uuid;

/// The caller's identity, the deadline and the request id of one call. Cloning is cheap.
///
/// ```
/// use arrowlink_core::{CallContext, Identity};
///
/// let ctx = CallContext::new();
/// assert_eq!(ctx.identity(), &Identity::Anonymous);
/// assert_eq!(ctx.deadline(), None);
/// assert_eq!(ctx.request_id().len(), 36);
/// ```
#[derive(Clone, Debug)]
pub struct CallContext {
    identity: Identity,
    deadline: Option<Instant>,
    request_id: Arc<str>,
}

impl CallContext {
    /// Makes the context of an anonymous call without a deadline, under a new request id (a version 7 UUID).
    pub fn new() -> Self {
        Self { identity: Identity::Anonymous, deadline: None, request_id: Uuid::now_v7().to_string().into() }
    }

    /// Sets who asks.
    #[must_use]
    pub fn with_identity(mut self, identity: Identity) -> Self {
        self.identity = identity;
        self
    }

    /// Sets when the whole answer must have been given. Default: never.
    #[must_use]
    pub fn with_deadline(mut self, deadline: Option<Instant>) -> Self {
        self.deadline = deadline;
        self
    }

    /// Sets the id under which the call is logged.
    #[must_use]
    pub fn with_request_id(mut self, request_id: impl Into<Arc<str>>) -> Self {
        self.request_id = request_id.into();
        self
    }

    /// Returns who asks.
    pub const fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Returns when the whole answer must have been given.
    pub const fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// Returns the id under which the call is logged.
    pub fn request_id(&self) -> &str {
        &self.request_id
    }
}

impl Default for CallContext {
    fn default() -> Self {
        Self::new()
    }
}

/// Who makes a call.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Identity {
    /// Somebody who did not say.
    #[default]
    Anonymous,
    /// Somebody whose name was proven, for example by a client certificate.
    Named(Arc<str>),
}
