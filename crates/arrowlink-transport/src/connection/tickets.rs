//! Reads and writes with all their options: what a name alone cannot say stands in a ticket, or in the request's metadata.

use std::fmt::Write as _;
use std::sync::Arc;

use arrowlink_core::{
    BatchStream, CallContext, Error, ErrorKind, Name, ReadOptions, Receipt, WriteMode, WriteOptions,
};
use futures::TryStreamExt as _;
use http::HeaderValue;

use super::flight::announcing;
use super::{Connection, TransferOptions};
use crate::Ticket;
use crate::flight::DO_PUT;

impl Connection {
    /// Reads what `ticket` is for, by `DoGet`.
    ///
    /// As [`do_get`](Self::do_get). Where the ticket asks for [`positions`](Ticket::positions), the stream has its snapshot,
    /// and chunks that the server can go on after have their position, in the place of application metadata.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use arrowlink_core::{CallContext, Catalog, Name, ReadOptions, default_dataset};
    /// # use arrowlink_transport::{AcceptOptions, ConnectOptions, Connection, FrontOptions, Listener, serve};
    /// use arrowlink_transport::{Ticket, TransferOptions};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let name = Name::new("default")?;
    /// # let catalog = Catalog::new().with_dataset(name.clone(), Arc::new(default_dataset()));
    /// # let options = FrontOptions::new(name.clone(), Name::new("uploads")?);
    /// # let front = arrowlink_testkit::front_with(Arc::new(catalog), options);
    /// # let (listener, dialer) = Listener::in_memory();
    /// # let server = serve(vec![listener], None, front, AcceptOptions::default(), std::future::pending());
    /// # let server = tokio::spawn(server);
    /// # let connection = Connection::over(dialer.dial().await?, &ConnectOptions::default()).await?;
    /// let ticket = Ticket::new(name.into(), ReadOptions::default().with_projection(["value"]));
    /// let rows = connection.do_get_ticket(&CallContext::new(), &ticket, &TransferOptions::default()).await?;
    /// assert_eq!(rows.schema().fields().len(), 1);
    /// # server.abort();
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`do_get`](Self::do_get), and those of [`Ticket::encode`].
    pub async fn do_get_ticket(
        &self,
        ctx: &CallContext,
        ticket: &Ticket,
        options: &TransferOptions,
    ) -> Result<BatchStream, Error> {
        let (batches, metadata) = self.get(ctx, &ticket.encode()?, options).await?;
        if !ticket.positions {
            return Ok(batches);
        }
        let schema = Arc::clone(batches.schema());
        let batches = batches.map_chunks(schema, |chunks| {
            chunks.map_ok(|mut chunk| {
                let metadata = std::mem::take(&mut chunk.metadata);
                chunk.position = continuing(&metadata).and_then(|options| options.resume);
                chunk
            })
        });
        Ok(match continuing(&metadata).and_then(|options| options.snapshot) {
            Some(snapshot) => batches.with_snapshot(snapshot),
            None => batches,
        })
    }

    /// Writes `batches` to the dataset `name` as `write` says, by `DoPut`.
    ///
    /// As [`do_put`](Self::do_put); the mode is sent as `arrowlink-write-mode`, the key, percent-encoded, as
    /// `arrowlink-idempotency-key`.
    ///
    /// # Errors
    ///
    /// As [`do_put`](Self::do_put), and those of the mode.
    pub async fn do_put_as(
        &self,
        ctx: &CallContext,
        name: &Name,
        batches: BatchStream,
        write: &WriteOptions,
        options: &TransferOptions,
    ) -> Result<Receipt, Error> {
        let mut head = announcing(DO_PUT, ctx, options)?;
        let headers = head.headers_mut();
        if let Some(mode) = mode(write.mode)? {
            headers.insert(WRITE_MODE, HeaderValue::from_static(mode));
        }
        if let Some(key) = &write.idempotency_key {
            let value = HeaderValue::try_from(percent_encoded(key)).map_err(|error| {
                Error::new(ErrorKind::InvalidArgument, "the idempotency key is too long").with_source(error)
            })?;
            headers.insert(IDEMPOTENCY_KEY, value);
        }
        self.put(ctx, head, name, batches, options).await
    }
}

/// Reads the options of a ticket that came as metadata; `None` where it is none, as from a server that is not ArrowLink.
fn continuing(metadata: &[u8]) -> Option<ReadOptions> {
    if metadata.is_empty() {
        return None;
    }
    Ticket::decode(metadata).ok().map(|ticket| ticket.options)
}

fn mode(mode: WriteMode) -> Result<Option<&'static str>, Error> {
    Ok(match mode {
        WriteMode::AppendOrCreate => None,
        WriteMode::Append => Some("append"),
        WriteMode::Create => Some("create"),
        WriteMode::Replace => Some("replace"),
        _ => {
            return Err(Error::new(
                ErrorKind::Unsupported,
                "this mode of writing has no form in the protocol",
            ));
        }
    })
}

/// Writes as `%` and two digits what is not a letter, a digit or one of `-._~`.
fn percent_encoded(text: &str) -> String {
    text.bytes().fold(String::with_capacity(text.len()), |mut encoded, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            // A `String` takes whatever is written to it.
            let _ = write!(encoded, "%{byte:02X}");
        }
        encoded
    })
}

const WRITE_MODE: &str = "arrowlink-write-mode";
const IDEMPOTENCY_KEY: &str = "arrowlink-idempotency-key";
