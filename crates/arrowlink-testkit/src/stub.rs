//! Services of which a test says only what it is about.

use std::fmt;
use std::future::ready;
use std::sync::Arc;

use arrowlink_core::{
    BatchStream, CallContext, CallOptions, DataService, Description, EntryStream, Error, ErrorKind,
    ListOptions, Name, ReadOptions, Receipt, RemoveOptions, Result, Target, WriteOptions,
};
use futures::FutureExt as _;
use futures::future::BoxFuture;

/// The verbs of a service whatever the name and the options are. Those that are not written refuse as unsupported.
pub trait Stub: fmt::Debug + Send + Sync + 'static {
    /// Says what there is.
    fn describe(&self) -> BoxFuture<'_, Result<Description>> {
        unsupported()
    }

    /// Answers a read.
    fn read(&self) -> BoxFuture<'_, Result<BatchStream>> {
        unsupported()
    }

    /// Answers a write.
    fn write(&self, _batches: BatchStream) -> BoxFuture<'_, Result<Receipt>> {
        unsupported()
    }

    /// Answers a call.
    fn call(&self, _batches: BatchStream) -> BoxFuture<'_, Result<BatchStream>> {
        unsupported()
    }
}

/// Makes a service that answers as `stub` does.
pub fn stubbed(stub: &Arc<impl Stub>) -> Arc<dyn DataService> {
    Arc::new(Stubbed(Arc::clone(stub)))
}

#[derive(Debug)]
struct Stubbed<S>(Arc<S>);

impl<S: Stub> DataService for Stubbed<S> {
    fn list(&self, _: CallContext, _: ListOptions) -> BoxFuture<'_, Result<EntryStream>> {
        unsupported()
    }

    fn describe(&self, _: CallContext, _: Target) -> BoxFuture<'_, Result<Description>> {
        self.0.describe()
    }

    fn read(&self, _: CallContext, _: Target, _: ReadOptions) -> BoxFuture<'_, Result<BatchStream>> {
        self.0.read()
    }

    fn write(
        &self,
        _: CallContext,
        _: Name,
        batches: BatchStream,
        _: WriteOptions,
    ) -> BoxFuture<'_, Result<Receipt>> {
        self.0.write(batches)
    }

    fn remove(&self, _: CallContext, _: Name, _: RemoveOptions) -> BoxFuture<'_, Result<()>> {
        unsupported()
    }

    fn call(
        &self,
        _: CallContext,
        _: Name,
        batches: BatchStream,
        _: CallOptions,
    ) -> BoxFuture<'_, Result<BatchStream>> {
        self.0.call(batches)
    }
}

fn unsupported<T: Send + 'static>() -> BoxFuture<'static, Result<T>> {
    ready(Err(Error::new(ErrorKind::Unsupported, "a stub does not do this"))).boxed()
}
