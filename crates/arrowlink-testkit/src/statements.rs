//! Services whose SQL is what a test says; everything else is a catalog's.

use std::fmt;
use std::future::ready;
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrowlink_core::{
    BatchStream, CallContext, CallOptions, Catalog, DataService, Description, EntryStream, ListOptions, Name,
    Query, ReadOptions, Receipt, RemoveOptions, Result, Target, WriteOptions,
};
use futures::FutureExt as _;
use futures::future::BoxFuture;

use crate::stream_of;

/// What a service answers to statements.
pub trait Statements: fmt::Debug + Send + Sync + 'static {
    /// Says what `query` returns.
    ///
    /// # Errors
    ///
    /// What the service refuses it with.
    fn describe(&self, query: &Query) -> Result<Description>;

    /// Carries `query` out.
    ///
    /// # Errors
    ///
    /// What the service refuses it with.
    fn read(&self, query: &Query) -> Result<RecordBatch>;
}

/// A catalog that also answers statements.
#[derive(Debug)]
pub struct WithStatements<S> {
    /// The answers, and what the test counts in them.
    pub statements: S,
    catalog: Catalog,
}

impl<S: Statements> WithStatements<S> {
    /// Makes a service of `catalog` whose SQL is `statements`.
    pub fn new(catalog: Catalog, statements: S) -> Arc<Self> {
        Arc::new(Self { statements, catalog })
    }
}

impl<S: Statements> DataService for WithStatements<S> {
    fn list(&self, ctx: CallContext, options: ListOptions) -> BoxFuture<'_, Result<EntryStream>> {
        self.catalog.list(ctx, options)
    }

    fn describe(&self, ctx: CallContext, target: Target) -> BoxFuture<'_, Result<Description>> {
        let Target::Sql(query) = target else { return self.catalog.describe(ctx, target) };
        ready(self.statements.describe(&query)).boxed()
    }

    fn read(
        &self,
        ctx: CallContext,
        target: Target,
        options: ReadOptions,
    ) -> BoxFuture<'_, Result<BatchStream>> {
        let Target::Sql(query) = target else { return self.catalog.read(ctx, target, options) };
        ready(self.statements.read(&query).map(|batch| stream_of(&batch))).boxed()
    }

    fn write(
        &self,
        ctx: CallContext,
        name: Name,
        batches: BatchStream,
        options: WriteOptions,
    ) -> BoxFuture<'_, Result<Receipt>> {
        self.catalog.write(ctx, name, batches, options)
    }

    fn remove(&self, ctx: CallContext, name: Name, options: RemoveOptions) -> BoxFuture<'_, Result<()>> {
        self.catalog.remove(ctx, name, options)
    }

    fn call(
        &self,
        ctx: CallContext,
        name: Name,
        batches: BatchStream,
        options: CallOptions,
    ) -> BoxFuture<'_, Result<BatchStream>> {
        self.catalog.call(ctx, name, batches, options)
    }
}
