//! The two calls of the small service, from the client's side.
//!
//! An answer is complete when its trailers say so: rows that come before an error, or before a connection that is lost,
//! are followed by that error and never by a clean end.

use arrowlink_core::{BatchStream, CallContext, Error, ErrorKind, Name, Receipt};
use bytes::Bytes;
use futures::{Stream, StreamExt as _, TryStreamExt as _, stream};
use tokio::time::Instant;

use super::call::{ended, request, within};
use super::upload::Upload;
use super::{Connection, ResponseBody, TransferOptions};
use crate::flow::Flow;
use crate::front::{GET_ARROW_DATA, SEND_ARROW_DATA};
use crate::metadata::MAX_MESSAGE_BYTES;
use crate::outgoing::Outgoing;
use crate::payload::{self, Origin};
use crate::receive::{Messages, Shape};
use crate::{frame, receipt};

impl Connection {
    /// Reads the dataset `name`, or the server's default one, by `GetArrowData`.
    ///
    /// Waits until the first rows are there. The deadline of `ctx` is sent to the server and kept here, to the last row.
    /// Dropping the future or the stream cancels the call.
    ///
    /// The schema of the stream is that of the first payload. Text, lists and runs come in their plain forms
    /// ([`payload`](crate::payload)); batches are those of the server, cut where they exceed
    /// [`TransferOptions::max_message_bytes`].
    ///
    /// ```
    /// use std::sync::Arc;
    /// use arrowlink_core::{CallContext, Catalog, Name, default_dataset};
    /// # use arrowlink_transport::{AcceptOptions, ConnectOptions, Connection, FrontOptions, Listener, serve};
    /// use arrowlink_transport::TransferOptions;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let name = Name::new("default")?;
    /// # let catalog = Catalog::new().with_dataset(name.clone(), Arc::new(default_dataset()));
    /// # let options = FrontOptions::new(name, Name::new("uploads")?);
    /// # let front = arrowlink_testkit::front_with(Arc::new(catalog), options);
    /// # let (listener, dialer) = Listener::in_memory();
    /// # let server = serve(vec![listener], None, front, AcceptOptions::default(), std::future::pending());
    /// # let server = tokio::spawn(server);
    /// # let connection = Connection::over(dialer.dial().await?, &ConnectOptions::default()).await?;
    /// let options = TransferOptions::default();
    /// let rows = connection.get_arrow_data(&CallContext::new(), None, &options).await?;
    /// assert_eq!(rows.schema().field(0).name(), "id");
    /// assert_eq!(rows.collect_batches().await?[0].num_rows(), 1);
    ///
    /// let trips = Name::new("trips")?;
    /// let error = connection.get_arrow_data(&CallContext::new(), Some(&trips), &options).await.unwrap_err();
    /// assert!(error.message().starts_with("no dataset `trips`"));
    /// # server.abort();
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// What the server says, of the same kind; [`ErrorKind::Unavailable`] where the connection is lost;
    /// [`ErrorKind::DeadlineExceeded`] after the deadline, or where the server sends nothing for the options' idle
    /// time; [`ErrorKind::Corrupt`] for bytes that are not Arrow. The stream ends with the same errors.
    pub async fn get_arrow_data(
        &self,
        ctx: &CallContext,
        name: Option<&Name>,
        options: &TransferOptions,
    ) -> Result<BatchStream, Error> {
        let mut request = request(GET_ARROW_DATA, ctx, name)?;
        request.headers_mut().insert(MAX_MESSAGE_BYTES, options.max_message_bytes.into());
        let empty = stream::iter([Ok(frame::small(&[]))]).boxed();
        let request = request.map(|()| Outgoing::request(empty));
        let flow = Flow::default();
        flow.offered();
        within(ctx.deadline(), async {
            let response = self.send(request, &flow, options).await?;
            let messages = self.messages(response, Shape::Payload("ArrowData"), options);
            let payloads = payloads(messages, ctx.deadline());
            payload::decode(payloads, options.limits.clone(), Origin::Server).await
        })
        .await
    }

    /// Appends `batches` to the dataset `name`, or the server's default one for uploads, by `SendArrowData`.
    ///
    /// An error in `batches` breaks the upload off, so that the server keeps nothing of it, and is returned. So does
    /// dropping the future, and the deadline of `ctx`.
    ///
    /// All of it is kept or none. The receipt counts rows, and the batches and bytes as they were stored: a batch that
    /// was cut for the wire counts as several. The next batch is asked for when the server has taken the one before it.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use arrow_array::record_batch;
    /// use arrowlink_core::{BatchStream, CallContext, Catalog, Durability, MemoryStore, Name};
    /// # use arrowlink_transport::{AcceptOptions, ConnectOptions, Connection, FrontOptions, Listener, serve};
    /// use arrowlink_transport::TransferOptions;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let catalog = Catalog::new().with_uploads(Arc::new(MemoryStore::new(1 << 20)));
    /// # let options = FrontOptions::new(Name::new("default")?, Name::new("uploads")?);
    /// # let front = arrowlink_testkit::front_with(Arc::new(catalog), options);
    /// # let (listener, dialer) = Listener::in_memory();
    /// # let server = serve(vec![listener], None, front, AcceptOptions::default(), std::future::pending());
    /// # let server = tokio::spawn(server);
    /// # let connection = Connection::over(dialer.dial().await?, &ConnectOptions::default()).await?;
    /// let batch = record_batch!(("id", Int64, [1, 2, 3]))?;
    /// let batches = BatchStream::from_batches(batch.schema(), vec![batch]);
    /// let (ctx, name) = (CallContext::new(), Name::new("sensors")?);
    /// let receipt = connection.send_arrow_data(&ctx, Some(&name), batches, &TransferOptions::default()).await?;
    /// assert_eq!((receipt.rows, receipt.batches, receipt.durability), (3, 1, Durability::Memory));
    /// # server.abort();
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`get_arrow_data`](Self::get_arrow_data). After [`ErrorKind::Unavailable`] and
    /// [`ErrorKind::DeadlineExceeded`] it is not known whether the upload was kept.
    pub async fn send_arrow_data(
        &self,
        ctx: &CallContext,
        name: Option<&Name>,
        batches: BatchStream,
        options: &TransferOptions,
    ) -> Result<Receipt, Error> {
        let upload = Upload::default();
        let _cut_on_drop = upload.dropped.clone().drop_guard();
        let messages = payload::encode(batches, options.max_payload_bytes())
            .map_ok(|payload| frame::arrow_data(payload.bytes));
        let request = request(SEND_ARROW_DATA, ctx, name)?.map(|()| upload.body(messages));
        let answer = within(ctx.deadline(), async {
            let response = self.send(request, &upload.flow, options).await?;
            let receipt = receipt::read(response.headers());
            acknowledged(self.messages(response, Shape::Payload("Ack"), options), receipt).await
        });
        let answer = answer.await;
        upload.outcome(answer)
    }
}

/// The payloads of an answer until its trailers, which must say that all went well.
fn payloads(
    messages: Messages<ResponseBody>,
    deadline: Option<Instant>,
) -> impl Stream<Item = Result<Bytes, Error>> + Send + 'static {
    stream::try_unfold(messages, move |mut messages| async move {
        let Some(message) = within(deadline, messages.next()).await? else {
            return ended(messages.trailers()).map(|()| None);
        };
        Ok(Some((message.payload(), messages)))
    })
}

async fn acknowledged(
    mut messages: Messages<ResponseBody>,
    receipt: Option<Receipt>,
) -> Result<Receipt, Error> {
    let mut acknowledged = None;
    while let Some(message) = messages.next().await? {
        acknowledged = Some(acknowledgement(&message.payload())?);
    }
    ended(messages.trailers())?;
    match (acknowledged, receipt) {
        (Some(_), Some(receipt)) => Ok(receipt),
        (Some(text), None) => Err(Error::new(
            ErrorKind::Unsupported,
            format!("the upload was acknowledged (`{text}`) without saying how many rows were kept"),
        )),
        (None, _) => {
            Err(Error::new(ErrorKind::Unavailable, "the server ended the call without acknowledging it"))
        }
    }
}

/// The sentence of an `Ack`, which is text.
fn acknowledgement(payload: &[u8]) -> Result<String, Error> {
    let text = str::from_utf8(payload).map_err(|error| {
        let text = "the server sent a message that is not an `Ack`";
        Error::new(ErrorKind::Corrupt, text).with_source(error)
    })?;
    Ok(text.to_owned())
}
