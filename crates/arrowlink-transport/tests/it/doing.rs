//! Functions that do what a test says, and what tells that it was dropped.

use std::fmt::{self, Debug};
use std::sync::Arc;

use arrow_schema::Schema;
use arrowlink_core::{BatchStream, CallContext, CallOptions, Description, Function, NounKind, Result};
use futures::future::{BoxFuture, FutureExt as _, ready};
use tokio::sync::mpsc;

type Call = dyn Fn(BatchStream) -> BoxFuture<'static, Result<BatchStream>> + Send + Sync;

/// A function that does what it was made of.
pub(crate) struct Doing(Box<Call>);

impl Doing {
    pub(crate) fn new(
        call: impl Fn(BatchStream) -> BoxFuture<'static, Result<BatchStream>> + Send + Sync + 'static,
    ) -> Self {
        Self(Box::new(call))
    }
}

impl Function for Doing {
    fn describe(&self, _ctx: CallContext) -> BoxFuture<'_, Result<Description>> {
        ready(Ok(Description::new(NounKind::Function, Arc::new(Schema::empty())))).boxed()
    }

    fn call(
        &self,
        _ctx: CallContext,
        batches: BatchStream,
        _options: CallOptions,
    ) -> BoxFuture<'_, Result<BatchStream>> {
        (self.0)(batches)
    }
}

impl Debug for Doing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Doing")
    }
}

/// Tells when it is dropped.
pub(crate) struct Dropped(mpsc::UnboundedSender<()>);

impl Dropped {
    pub(crate) fn new() -> (Self, mpsc::UnboundedReceiver<()>) {
        let (tx, rx) = mpsc::unbounded_channel();
        (Self(tx), rx)
    }

    /// Another one that tells the same.
    pub(crate) fn again(&self) -> Self {
        Self(self.0.clone())
    }
}

impl Drop for Dropped {
    fn drop(&mut self) {
        self.0.send(()).ok();
    }
}
