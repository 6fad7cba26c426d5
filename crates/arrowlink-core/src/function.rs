//! Batches in, batches out, computed in this process.

use std::fmt;
use std::sync::Arc;

use arrow_schema::Schema;
use futures::future::{BoxFuture, FutureExt as _, ready};

use crate::{BatchStream, CallContext, CallOptions, Description, NounKind, Result};

/// A function that a [`Catalog`](crate::Catalog) serves under a name.
pub trait Function: fmt::Debug + Send + Sync {
    /// Says what the function is; its schema is that of what it returns, empty where that depends on the input.
    fn describe(&self, ctx: CallContext) -> BoxFuture<'_, Result<Description>>;

    /// Answers `batches`; see [`DataService::call`](crate::DataService::call).
    fn call(
        &self,
        ctx: CallContext,
        batches: BatchStream,
        options: CallOptions,
    ) -> BoxFuture<'_, Result<BatchStream>>;
}

/// The built-in function `echo`: returns what it is given, batch by batch.
#[derive(Clone, Copy, Debug, Default)]
pub struct Echo;

impl Function for Echo {
    fn describe(&self, _ctx: CallContext) -> BoxFuture<'_, Result<Description>> {
        let schema = Arc::new(Schema::empty());
        ready(Ok(Description::new(NounKind::Function, schema).with_source("built in"))).boxed()
    }

    fn call(
        &self,
        _ctx: CallContext,
        batches: BatchStream,
        _options: CallOptions,
    ) -> BoxFuture<'_, Result<BatchStream>> {
        ready(Ok(batches)).boxed()
    }
}
