//! One table of another Flight server, whoever made it, as a dataset of one's own.
//!
//! It differs from a [`Client`](crate::Client), which knows that it talks to ArrowLink: here nothing but the protocol is
//! relied on. The server says by which tickets it gives its rows, and each is shown where it says.

use std::sync::Arc;

use arrow_schema::SchemaRef;
use arrowlink_core::{
    BatchStream, CallContext, Chunk, Dataset, Description, Error, ErrorKind, Part, ReadOptions, Receipt,
    Result, WriteOptions, schema_mismatch,
};
use arrowlink_transport::{ConnectOptions, DEFAULT_PORT, FlightTicket, TransferOptions};
use futures::future::{BoxFuture, FutureExt as _, ready};
use futures::{StreamExt as _, TryStreamExt as _, stream};

use crate::ClientOptions;
use crate::slot::Slot;

/// A table of another Flight server.
///
/// It is asked for by its path with `GetFlightInfo` at every request, and read endpoint by endpoint, in their order. The
/// endpoints are its parts. Columns, `skip` and `limit` are cut out of what comes; a limit ends the transfer early. Reads
/// have no positions; a snapshot can be asked for as long as it is the one of now.
///
/// It connects when it is first needed, and again after the connection broke: a server that is away is an error of the
/// request, and the next one finds it again.
///
/// The token of its options ([`ClientOptions::authorization`]) goes to the server at its address and to nobody else. Tickets
/// that are to be shown elsewhere are shown there without it: whoever has made them could name any address. A client certificate
/// is shown to whoever asks for one, since nobody can use it again.
///
/// Where the other server refuses this one, or is not trusted by it, that is `Unavailable`: the callers of the dataset
/// cannot do anything about it, whatever they say of themselves. The text says what its operator can do.
///
/// ```no_run
/// use arrowlink_client::{ClientOptions, RemoteDataset};
/// use arrowlink_core::{CallContext, Dataset as _};
///
/// # async fn example() -> arrowlink_core::Result<()> {
/// let options = ClientOptions::default().with_ca_file("ca.crt");
/// let trips = RemoteDataset::new("https://flights.example:8815", "trips", &options)?;
/// println!("{:?}", trips.describe(CallContext::new()).await?.schema);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct RemoteDataset {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    uri: String,
    path: String,
    slot: Slot,
    /// How other servers are reached: without the token.
    elsewhere: ConnectOptions,
    transfer: TransferOptions,
}

impl RemoteDataset {
    /// Stands for what the server at `uri` has at `path`. Nothing is connected yet.
    ///
    /// `uri` is one that [`Client::connect`](crate::Client::connect) takes.
    ///
    /// # Errors
    ///
    /// `NotFound` where a certificate file is missing, `InvalidArgument` where one is not usable.
    pub fn new(uri: &str, path: &str, options: &ClientOptions) -> Result<Self> {
        let connect = options.connect_options()?;
        let mut elsewhere = connect.clone();
        elsewhere.authorization = None;
        let inner = Inner {
            uri: uri.to_owned(),
            path: path.to_owned(),
            slot: Slot::new(uri, connect),
            elsewhere,
            transfer: options.transfer_options(),
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    async fn start(&self, ctx: CallContext, mut options: ReadOptions) -> Result<BatchStream> {
        let (description, tickets) = self.inner.tickets(&ctx).await?;
        if let Some(snapshot) = options.snapshot.take()
            && description.snapshot.as_ref() != Some(&snapshot)
        {
            let text = format!("`{}` is not what it was: read again from the start", self.inner.path);
            return Err(Error::new(ErrorKind::SnapshotChanged, text));
        }
        let tickets = match options.take_part(&tickets)? {
            None => tickets,
            Some(ticket) => vec![ticket.clone()],
        };
        let inner = Arc::clone(&self.inner);
        let batches = inner.rows(ctx, description.schema, tickets).await?;
        let batches = options.apply(batches)?;
        Ok(match description.snapshot {
            Some(snapshot) => batches.with_snapshot(snapshot),
            None => batches,
        })
    }
}

impl Inner {
    /// Asks what there is, and for the tickets.
    async fn tickets(&self, ctx: &CallContext) -> Result<(Description, Vec<FlightTicket>)> {
        let told =
            async { self.slot.connection().await?.flight_tickets(ctx, &self.path, &self.transfer).await };
        told.await.map_err(|error| refused(&self.uri, &self.uri, error))
    }

    /// Reads the rows of all tickets, the next one when the one before has ended.
    ///
    /// The schema is that of the first; where there is none, the one that was described.
    async fn rows(
        self: Arc<Self>,
        ctx: CallContext,
        described: SchemaRef,
        tickets: Vec<FlightTicket>,
    ) -> Result<BatchStream> {
        let mut tickets = tickets.into_iter();
        let Some(first) = tickets.next() else { return Ok(BatchStream::new(described, stream::empty())) };
        let first = self.read(&ctx, &first).await?;
        let schema = Arc::clone(first.schema());
        let expected = Arc::clone(&schema);
        let others = stream::iter(tickets).then(move |ticket| {
            let (inner, ctx, expected) = (Arc::clone(&self), ctx.clone(), Arc::clone(&expected));
            async move {
                let batches = inner.read(&ctx, &ticket).await?;
                match schema_mismatch(&expected, batches.schema()) {
                    Some(mismatch) => Err(mismatch),
                    None => Ok(batches),
                }
            }
        });
        let chunks = stream::once(ready(Ok(first))).chain(others).try_flatten();
        // What the server wrote beside its rows is meant for its own clients.
        Ok(BatchStream::new(schema, chunks.map_ok(|chunk| Chunk::new(chunk.batch))))
    }

    /// Shows the ticket where it may be shown.
    async fn read(&self, ctx: &CallContext, ticket: &FlightTicket) -> Result<BatchStream> {
        if ticket.locations.is_empty() || ticket.locations.iter().any(|location| self.is_here(location)) {
            return self.shown(&self.uri, &self.slot, ctx, ticket).await;
        }
        let mut last = None;
        for location in &ticket.locations {
            let address = address(location);
            let there = Slot::new(&address, self.elsewhere.clone());
            match there.connection().await {
                Ok(_) => return self.shown(&address, &there, ctx, ticket).await,
                Err(error) => last = Some(refused(&self.uri, &address, error)),
            }
        }
        Err(last.unwrap_or_else(|| Error::new(ErrorKind::Unavailable, "the rows are nowhere")))
    }

    /// Reads what the server at `address` gives for the ticket.
    async fn shown(
        &self,
        address: &str,
        slot: &Slot,
        ctx: &CallContext,
        ticket: &FlightTicket,
    ) -> Result<BatchStream> {
        let (uri, address) = (self.uri.clone(), address.to_owned());
        let begun = async { slot.connection().await?.do_get_opaque(ctx, ticket, &self.transfer).await };
        let batches = begun.await.map_err(|error| refused(&uri, &address, error))?;
        let schema = Arc::clone(batches.schema());
        Ok(BatchStream::new(schema, batches.map_err(move |error| refused(&uri, &address, error))))
    }

    fn is_here(&self, location: &str) -> bool {
        location.starts_with(REUSE_CONNECTION) || place(&address(location)) == place(&self.uri)
    }
}

impl Dataset for RemoteDataset {
    fn describe(&self, ctx: CallContext) -> BoxFuture<'_, Result<Description>> {
        async move {
            let (description, tickets) = self.inner.tickets(&ctx).await?;
            let (count, source) = (tickets.len(), format!("{}/{}", self.inner.uri, self.inner.path));
            let parts = match description.parts.len() == count {
                true => description.parts.clone(),
                false if count < 2 => Vec::new(),
                false => vec![Part::new(None, None); count],
            };
            Ok(description.with_parts(parts).with_source(source).with_writable(false))
        }
        .boxed()
    }

    fn read(&self, ctx: CallContext, options: ReadOptions) -> BoxFuture<'_, Result<BatchStream>> {
        self.start(ctx, options).boxed()
    }

    fn write(
        &self,
        _ctx: CallContext,
        _batches: BatchStream,
        _options: WriteOptions,
    ) -> BoxFuture<'_, Result<Receipt>> {
        let text = format!("the dataset is that of `{}`: write to it there", self.inner.uri);
        ready(Err(Error::new(ErrorKind::ReadOnly, text))).boxed()
    }
}

/// Writes a location of Flight as an address to connect to.
fn address(location: &str) -> String {
    for (scheme, of_address) in
        [("grpc+tls://", "https://"), ("grpc+unix://", "unix://"), ("grpc+tcp://", "http://")]
    {
        if let Some(rest) = location.strip_prefix(scheme) {
            return format!("{of_address}{rest}");
        }
    }
    location.to_owned()
}

/// Writes an address so that two of one place are the same.
fn place(address: &str) -> String {
    let address = address.trim_end_matches('/');
    if address.starts_with("unix:") {
        return address.to_owned();
    }
    let has_port = address.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
    let address = address.to_ascii_lowercase();
    if has_port { address } else { format!("{address}:{DEFAULT_PORT}") }
}

/// Says that the server at `address` does not take what this one says of itself, as what it is: a matter of the two. To a
/// caller it would look like a refusal of his own token.
fn refused(uri: &str, address: &str, error: Error) -> Error {
    let fix = match place(uri) == place(address) {
        true => "whoever runs this one checks the token, the certificate and the CA that it has for that one",
        false => "the token goes nowhere but to the server that named this address for its rows",
    };
    match error.kind() {
        ErrorKind::Unauthenticated | ErrorKind::PermissionDenied => {
            let text = format!("`{address}` refuses this server or is not trusted by it: {fix}");
            Error::new(ErrorKind::Unavailable, text).with_source(error)
        }
        _ => error,
    }
}

/// The location that stands for the connection that the ticket came over.
const REUSE_CONNECTION: &str = "arrow-flight-reuse-connection:";
