//! The client: five verbs over a connection.

use std::sync::Arc;

use arrowlink_core::{
    BatchStream, CallContext, CallOptions, DataService, Description, EntryStream, Error, ErrorKind,
    ListOptions, Name, ReadOptions, Receipt, RemoveOptions, Result, Target, WriteMode, WriteOptions,
};
use arrowlink_transport::{Connection, TransferOptions};
use futures::FutureExt as _;
use futures::future::{BoxFuture, ready};
use tokio::time::timeout_at;

use crate::retry::Repetitions;
use crate::slot::Slot;
use crate::{ClientOptions, RetryOptions};

/// A server's datasets. Cloning shares the connection.
///
/// Datasets are read and written, and functions called, by Arrow Flight; `list` and `describe` are not supported.
///
/// A read is answered from its first row; dropping it cancels the work on the server. Projection, skip and limit are
/// applied here, because a ticket that is a name stands for a whole dataset; a limit ends the transfer early. The
/// deadline of a [`CallContext`] covers connecting, waiting between repetitions, and the answer to its last row.
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
    slot: Arc<Slot>,
    transfer: TransferOptions,
    retry: RetryOptions,
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
        let client = Self::new(Slot::new(uri, options.connect_options()?), &options);
        client.slot.connection().await?;
        Ok(client)
    }

    /// Talks over a connection that somebody else made. It is not made again when it breaks.
    pub fn over(connection: Connection, options: &ClientOptions) -> Self {
        Self::new(Slot::connected(connection), options)
    }

    fn new(slot: Slot, options: &ClientOptions) -> Self {
        Self { slot: Arc::new(slot), transfer: options.transfer_options(), retry: options.retry }
    }

    /// Reads up to the first rows; what fails before them may be repeated.
    async fn read_once(&self, ctx: &CallContext, name: &Name) -> Result<BatchStream> {
        self.connection(ctx).await?.do_get(ctx, name, &self.transfer).await
    }

    /// Returns the connection while there is time.
    async fn connection(&self, ctx: &CallContext) -> Result<Connection> {
        let connecting = self.slot.connection();
        match ctx.deadline() {
            None => connecting.await,
            Some(deadline) => timeout_at(deadline, connecting).await.unwrap_or_else(|_| {
                Err(Error::new(ErrorKind::DeadlineExceeded, "there was no connection before the deadline"))
            }),
        }
    }
}

impl DataService for Client {
    fn list(&self, _ctx: CallContext, _options: ListOptions) -> BoxFuture<'_, Result<EntryStream>> {
        ready(Err(unsupported("list"))).boxed()
    }

    fn describe(&self, _ctx: CallContext, _target: Target) -> BoxFuture<'_, Result<Description>> {
        ready(Err(unsupported("describe"))).boxed()
    }

    fn read(
        &self,
        ctx: CallContext,
        target: Target,
        options: ReadOptions,
    ) -> BoxFuture<'_, Result<BatchStream>> {
        async move {
            let name = named(target)?;
            refuse_resume(&options)?;
            let mut repetitions = Repetitions::new(self.retry, &ctx);
            loop {
                match self.read_once(&ctx, &name).await {
                    Ok(batches) => return options.apply(batches),
                    Err(error) => repetitions.wait_after(error).await?,
                }
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
            refuse_options(&options)?;
            let connection = self.connection(&ctx).await?;
            connection.do_put(&ctx, &name, batches, &self.transfer).await
        }
        .boxed()
    }

    fn remove(&self, _ctx: CallContext, _name: Name, _options: RemoveOptions) -> BoxFuture<'_, Result<()>> {
        ready(Err(unsupported("`remove`"))).boxed()
    }

    fn call(
        &self,
        ctx: CallContext,
        name: Name,
        batches: BatchStream,
        _options: CallOptions,
    ) -> BoxFuture<'_, Result<BatchStream>> {
        async move { self.connection(&ctx).await?.do_exchange(&ctx, &name, batches, &self.transfer).await }
            .boxed()
    }
}

fn named(target: Target) -> Result<Name> {
    match target {
        Target::Name(name) => Ok(name),
        _ => Err(unsupported("SQL")),
    }
}

/// Refuses what cannot be applied to the rows here, before anything is sent.
fn refuse_resume(options: &ReadOptions) -> Result<()> {
    options.refuse_beyond_rows()?;
    if options.resume.is_some() {
        return Err(unsupported("`resume`"));
    }
    Ok(())
}

fn refuse_options(options: &WriteOptions) -> Result<()> {
    if options.mode != WriteMode::AppendOrCreate {
        return Err(unsupported("a mode of writing"));
    }
    if options.idempotency_key.is_some() {
        return Err(unsupported("an idempotency key"));
    }
    Ok(())
}

fn unsupported(what: &str) -> Error {
    Error::new(
        ErrorKind::Unsupported,
        format!("the client carries whole reads and writes, and calls, not {what}"),
    )
}
