//! ArrowLink's transport around a service that counts what is written and keeps nothing.
//!
//! Memory that is kept has to be cleared by the system first, which takes longer than the transfer: what is to be measured
//! are writes, and no server keeps them. So the receiver's blocks are used again, as they are where uploads go to a disk.

use std::sync::Arc;

use arrowlink_core::{
    BatchStream, CallContext, CallOptions, DataService, Description, Durability, EntryStream, Error,
    ErrorKind, ListOptions, Name, ReadOptions, Receipt, RemoveOptions, Result, Target, WriteOptions,
};
use arrowlink_flight::{FlightOptions, FlightService};
use arrowlink_transport::{AcceptOptions, Front, FrontOptions, Listener, serve as accept};
use futures::future::{BoxFuture, ready};
use futures::{FutureExt as _, TryStreamExt as _};
use tokio::runtime::Builder;
use tonic::service::Routes;

use super::{TABLE, UPLOADS};
use crate::Failure;

/// Takes writes over TCP until the process is ended.
pub(crate) fn serve() -> Result<(), Failure> {
    Builder::new_multi_thread().enable_all().build()?.block_on(async {
        let listener = Listener::bind(&"127.0.0.1:0".parse()?).await?;
        println!("listening on {}", listener.local_addr());
        let options = FrontOptions::new(Name::new(TABLE)?, Name::new(UPLOADS)?);
        let flight = FlightService::new(Arc::new(Sink), FlightOptions::default());
        let front = Front::new(Arc::new(Sink), Arc::new(flight), options, Routes::default());
        accept(vec![listener], None, front, AcceptOptions::default(), std::future::pending()).await?;
        Ok(())
    })
}

/// Takes rows and counts them.
#[derive(Debug)]
struct Sink;

impl DataService for Sink {
    fn list(&self, _: CallContext, _: ListOptions) -> BoxFuture<'_, Result<EntryStream>> {
        refused()
    }

    fn describe(&self, _: CallContext, _: Target) -> BoxFuture<'_, Result<Description>> {
        refused()
    }

    fn read(&self, _: CallContext, _: Target, _: ReadOptions) -> BoxFuture<'_, Result<BatchStream>> {
        refused()
    }

    fn write(
        &self,
        _: CallContext,
        _: Name,
        mut input: BatchStream,
        _: WriteOptions,
    ) -> BoxFuture<'_, Result<Receipt>> {
        async move {
            let (mut rows, mut batches) = (0, 0);
            while let Some(chunk) = input.try_next().await? {
                rows += chunk.batch.num_rows() as u64;
                batches += 1;
            }
            Ok(Receipt::new(rows, batches, 0, Durability::Memory))
        }
        .boxed()
    }

    fn remove(&self, _ctx: CallContext, _name: Name, _options: RemoveOptions) -> BoxFuture<'_, Result<()>> {
        refused()
    }

    fn call(
        &self,
        _: CallContext,
        _: Name,
        _: BatchStream,
        _: CallOptions,
    ) -> BoxFuture<'_, Result<BatchStream>> {
        refused()
    }
}

fn refused<T: Send + 'static>() -> BoxFuture<'static, Result<T>> {
    ready(Err(Error::new(ErrorKind::Unsupported, "only writes are measured here"))).boxed()
}
