//! The client: the verbs over a connection.

use std::sync::Arc;

use arrowlink_core::{
    BatchStream, CallContext, CallOptions, DataService, Description, EntryStream, Error, ErrorKind,
    ListOptions, Name, ReadOptions, Receipt, RemoveOptions, Result, Target, WriteOptions,
};
use arrowlink_transport::Connection;
use futures::FutureExt as _;
use futures::future::BoxFuture;

use crate::ClientOptions;
use crate::lanes::Lanes;
use crate::parallel::side_by_side;
use crate::reading::Source;
use crate::retry::Repetitions;
use crate::slot::Slot;
use crate::writing::Input;

/// A server's datasets. Cloning shares the connections.
///
/// A read is answered from its first row; dropping it cancels the work on the server. The deadline of a [`CallContext`]
/// covers connecting, waiting between repetitions, and the answer to its last row.
///
/// A read of a name that breaks off, because the connection was lost or the server restarted, goes on by itself after
/// the rows that it returned, as [`RetryOptions`](crate::RetryOptions) say: none is lost and none comes twice. Where the
/// data is no longer what it was, it ends with `SnapshotChanged`. The result of a query is asked for again only
/// before its first row, and only where its server says that asking changes nothing.
///
/// [`ReadOptions::connections`] of more than one reads the parts of a dataset side by side, over connections that are made
/// then and kept. Their chunks have no position. Parts are not told apart, and one connection is used, where the dataset has
/// one part or no snapshots, and where `skip`, `limit`, `part` or `resume` is asked for.
///
/// A write is repeated only as long as nothing of its input was asked for.
///
/// ```no_run
/// use arrowlink_client::{Client, ClientOptions};
/// use arrowlink_core::{DataServiceExt, Name};
///
/// # async fn example() -> arrowlink_core::Result<()> {
/// let options = ClientOptions::default().with_ca_file("certs/ca.crt");
/// let client = Client::connect("https://localhost:50051", options).await?;
/// let (schema, batches) = client.read_all(&Name::new("trips")?).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Client {
    lanes: Arc<Lanes>,
}

impl Client {
    /// Connects to `uri`: `https://HOST[:PORT]`, `unix:///PATH`, or `http://HOST[:PORT]` on this machine where the
    /// options allow plaintext. The port is 50051 where none is given.
    ///
    /// # Errors
    ///
    /// `NotFound` where a certificate file is missing, `InvalidArgument` where one is not usable or `uri` is not an
    /// address; `Unavailable` where nobody answers; `Unauthenticated` where the server's certificate is not
    /// accepted; `DeadlineExceeded` after the connect timeout.
    pub async fn connect(uri: &str, options: ClientOptions) -> Result<Self> {
        let connect = options.connect_options()?;
        let lanes = Lanes::new(uri, connect, options.transfer_options(), options.retry);
        lanes.connection(&CallContext::new()).await?;
        Ok(Self { lanes: Arc::new(lanes) })
    }

    /// Talks over a connection that somebody else made. It is not made again when it breaks, and is the only one.
    ///
    /// What the options say of connecting has no effect; [`authorization`](ClientOptions::authorization) goes with each call,
    /// and where there is none, what the connection was made with.
    pub fn over(connection: Connection, options: &ClientOptions) -> Self {
        let connection = match &options.authorization {
            Some(authorization) => connection.with_authorization(authorization.clone()),
            None => connection,
        };
        let lanes = Lanes::over(connection, options.transfer_options(), options.retry);
        Self { lanes: Arc::new(lanes) }
    }

    /// Makes attempts, each of which may be the last, until the server is there.
    async fn repeated<'a, T>(
        &self,
        ctx: &CallContext,
        attempt: impl Fn() -> BoxFuture<'a, Result<T>> + Send + Sync,
    ) -> Result<T> {
        let mut repetitions = Repetitions::new(self.lanes.retry);
        loop {
            match attempt().await {
                Err(error) if repetitions.wait_after(ctx, &error).await => {}
                done => return done,
            }
        }
    }

    /// Returns the connection as soon as the server is there.
    async fn connection(&self, ctx: &CallContext) -> Result<Connection> {
        self.repeated(ctx, || self.lanes.connection(ctx).boxed()).await
    }

    fn source(&self, slot: Arc<Slot>, ctx: CallContext, target: Target, options: ReadOptions) -> Source {
        let (transfer, retry) = (self.lanes.transfer.clone(), self.lanes.retry);
        Source { slot, transfer, retry, ctx, target, options }
    }

    async fn read_from_one(
        &self,
        ctx: CallContext,
        target: Target,
        options: ReadOptions,
    ) -> Result<BatchStream> {
        self.source(self.lanes.first(), ctx, target, options).read().await
    }

    /// Reads the parts side by side where there are several, and the whole where there are not.
    async fn read_from_several(
        &self,
        ctx: CallContext,
        target: Target,
        mut options: ReadOptions,
    ) -> Result<BatchStream> {
        let description = self.describe(ctx.clone(), target.clone()).await?;
        let parts = u32::try_from(description.parts.len()).unwrap_or(u32::MAX);
        if parts < 2 || description.snapshot.is_none() {
            return self.read_from_one(ctx, target, options).await;
        }
        if options.snapshot.is_some() && options.snapshot != description.snapshot {
            // The parts that are known are those of another state.
            return self.read_from_one(ctx, target, options).await;
        }
        options.snapshot = description.snapshot;
        let slots = self.lanes.several(options.connections.min(parts) as usize);
        let (client, order) = (self.clone(), options.order);
        let open = move |part: u32, slot: Arc<Slot>| {
            let options = options.clone().with_part(part);
            client.source(slot, ctx.clone(), target.clone(), options).read().boxed()
        };
        side_by_side(parts, slots, order, Arc::new(open)).await
    }
}

impl DataService for Client {
    fn list(&self, ctx: CallContext, options: ListOptions) -> BoxFuture<'_, Result<EntryStream>> {
        async move {
            let prefix = options.prefix.as_str();
            let list = || {
                let (lanes, ctx) = (&self.lanes, &ctx);
                async move { lanes.connection(ctx).await?.list_flights(ctx, prefix, &lanes.transfer).await }
                    .boxed()
            };
            self.repeated(&ctx, list).await
        }
        .boxed()
    }

    fn describe(&self, ctx: CallContext, target: Target) -> BoxFuture<'_, Result<Description>> {
        async move {
            let describe = || {
                let (lanes, ctx, target) = (&self.lanes, &ctx, &target);
                async move { lanes.connection(ctx).await?.get_flight_info(ctx, target, &lanes.transfer).await }
                    .boxed()
            };
            self.repeated(&ctx, describe).await
        }
        .boxed()
    }

    fn read(
        &self,
        ctx: CallContext,
        target: Target,
        options: ReadOptions,
    ) -> BoxFuture<'_, Result<BatchStream>> {
        async move {
            if is_divisible(&target, &options) {
                self.read_from_several(ctx, target, options).await
            } else {
                self.read_from_one(ctx, target, options).await
            }
        }
        .boxed()
    }

    fn write(
        &self,
        ctx: CallContext,
        name: Name,
        batches: BatchStream,
        options: WriteOptions,
    ) -> BoxFuture<'_, Result<Receipt>> {
        async move {
            let input = Input::new(batches);
            let mut repetitions = Repetitions::new(self.lanes.retry);
            loop {
                let connection = self.connection(&ctx).await?;
                let Some(attempt) = input.attempt() else { return Err(taken()) };
                let transfer = &self.lanes.transfer;
                match connection.do_put_as(&ctx, &name, attempt, &options, transfer).await {
                    Err(error) if input.is_whole() && repetitions.wait_after(&ctx, &error).await => {}
                    done => return done,
                }
            }
        }
        .boxed()
    }

    fn remove(&self, ctx: CallContext, name: Name, _options: RemoveOptions) -> BoxFuture<'_, Result<()>> {
        async move { self.connection(&ctx).await?.drop_dataset(&ctx, &name, &self.lanes.transfer).await }
            .boxed()
    }

    fn call(
        &self,
        ctx: CallContext,
        name: Name,
        batches: BatchStream,
        _options: CallOptions,
    ) -> BoxFuture<'_, Result<BatchStream>> {
        async move {
            let connection = self.connection(&ctx).await?;
            connection.do_exchange(&ctx, &name, batches, &self.lanes.transfer).await
        }
        .boxed()
    }
}

/// Whether reading the parts of `target` one by one is the same as reading it whole.
fn is_divisible(target: &Target, options: &ReadOptions) -> bool {
    let is_whole = options.skip == 0 && options.limit.is_none() && options.part.is_none();
    options.connections > 1
        && matches!(target, Target::Name(_))
        && is_whole
        && options.resume.is_none()
        && !options.follow
}

fn taken() -> Error {
    Error::new(ErrorKind::Internal, "an upload was repeated after its rows had been taken")
}
