//! Batches in, batches out, computed in this process.

use std::fmt;
use std::sync::Arc;

use arrow_schema::Schema;
use futures::future::{BoxFuture, FutureExt as _, ready};

use crate::{BatchStream, CallContext, CallOptions, Description, NounKind, Result};

/// A function that a [`Catalog`](crate::Catalog) serves under a name.
///
/// It is given its input as it arrives and may answer before the input ends; dropping the answer ends its work.
///
/// ```
/// use std::sync::Arc;
/// use arrow_array::record_batch;
/// use arrow_schema::Schema;
/// use arrowlink_core::{
///     BatchStream, CallContext, CallOptions, Description, Function, NounKind, ReadOptions, Result,
/// };
/// use futures::future::{BoxFuture, FutureExt as _, ready};
///
/// /// Returns the first row of its input.
/// #[derive(Debug)]
/// struct First;
///
/// impl Function for First {
///     fn describe(&self, _: CallContext) -> BoxFuture<'_, Result<Description>> {
///         ready(Ok(Description::new(NounKind::Function, Arc::new(Schema::empty())))).boxed()
///     }
///
///     fn call(&self, _: CallContext, input: BatchStream, _: CallOptions) -> BoxFuture<'_, Result<BatchStream>> {
///         ready(ReadOptions::default().with_limit(1).apply(input)).boxed()
///     }
/// }
///
/// # futures::executor::block_on(async {
/// let batch = record_batch!(("id", Int64, [7, 8])).unwrap();
/// let input = BatchStream::from_batches(batch.schema(), vec![batch.clone()]);
/// let answer = First.call(CallContext::new(), input, CallOptions::default()).await?;
/// assert_eq!(answer.collect_batches().await?, [batch.slice(0, 1)]);
/// # Ok::<(), arrowlink_core::Error>(())
/// # }).unwrap();
/// ```
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
