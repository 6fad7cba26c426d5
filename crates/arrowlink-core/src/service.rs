//! The trait: the verbs that stores, servers, clients and decorators all implement.

use std::fmt;

use futures::future::BoxFuture;
use futures::stream::BoxStream;

use crate::{
    BatchStream, CallContext, CallOptions, Description, Entry, ListOptions, Name, ReadOptions, Receipt,
    RemoveOptions, Result, Target, WriteOptions,
};

/// The entries of a listing, by name.
pub type EntryStream = BoxStream<'static, Result<Entry>>;

/// Something that holds datasets, streams and functions and answers for them.
///
/// A service that cannot carry a verb, or an option that it was asked for, answers
/// [`Unsupported`](crate::ErrorKind::Unsupported) and never ignores it. Every implementation passes
/// the conformance suite. Dropping a future or a stream cancels the work behind it.
///
/// There are no default methods: a decorator that forgets a verb must not compile into one that lacks it.
/// Conveniences stand in [`DataServiceExt`](crate::DataServiceExt).
pub trait DataService: fmt::Debug + Send + Sync {
    /// Lists what there is, by name. An entry that is broken is listed with its error.
    fn list(&self, ctx: CallContext, options: ListOptions) -> BoxFuture<'_, Result<EntryStream>>;

    /// Says what is behind `target` without reading it.
    fn describe(&self, ctx: CallContext, target: Target) -> BoxFuture<'_, Result<Description>>;

    /// Reads `target`. A named dataset returns its rows in the same order every time.
    fn read(
        &self,
        ctx: CallContext,
        target: Target,
        options: ReadOptions,
    ) -> BoxFuture<'_, Result<BatchStream>>;

    /// Writes `batches` to `name`: all of them when the stream ends, none of them where it has an `Err` or the
    /// future is dropped before. The receipt is given when what it says is so.
    ///
    /// Batches that are appended are given the schema of the dataset as [`BatchStream::conformed`] does, or refused.
    fn write(
        &self,
        ctx: CallContext,
        name: Name,
        batches: BatchStream,
        options: WriteOptions,
    ) -> BoxFuture<'_, Result<Receipt>>;

    /// Removes the dataset `name` that was written here, with all its rows; reads that are running may end or fail.
    ///
    /// `NotFound` where there is none, `ReadOnly` where it is served from elsewhere.
    fn remove(&self, ctx: CallContext, name: Name, options: RemoveOptions) -> BoxFuture<'_, Result<()>>;

    /// Calls the function `name` with `batches`. The input is polled lazily; the answer may begin before it ends.
    fn call(
        &self,
        ctx: CallContext,
        name: Name,
        batches: BatchStream,
        options: CallOptions,
    ) -> BoxFuture<'_, Result<BatchStream>>;
}
