//! Arrow Flight's data calls, from the client's side.
//!
//! Schema and dictionaries travel once for a whole stream, batches whole and in the types they have. As with the small
//! service, an answer is complete when its trailers say so.

use std::sync::Arc;
use std::time::Duration;

use arrow_schema::{Schema, SchemaRef};
use arrowlink_core::{BatchStream, CallContext, Error, ErrorKind, Name, Receipt};
use bytes::Bytes;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use http::{HeaderValue, Request, Response};
use tokio::time::Instant;
use tokio_util::sync::DropGuard;

use super::call::{ended, request, within};
use super::upload::Upload;
use super::{Connection, ResponseBody, TransferOptions};
use crate::flight::{self, Batches, DO_EXCHANGE, DO_GET, DO_PUT};
use crate::flow::Flow;
use crate::metadata::MAX_MESSAGE_BYTES;
use crate::outgoing::Outgoing;
use crate::payload::Origin;
use crate::receive::Shape;
use crate::{Body, frame, receipt};

impl Connection {
    /// Reads the dataset `name` by `DoGet`.
    ///
    /// Waits until the schema is there. The deadline of `ctx` is sent to the server and kept here, to the last row.
    /// Dropping the future or the stream cancels the call. Columns have the types of the dataset; batches are those of
    /// the server, cut where they exceed [`TransferOptions::max_message_bytes`], and lie in blocks of
    /// [`ConnectOptions::pool`](crate::ConnectOptions::pool).
    ///
    /// ```
    /// use std::sync::Arc;
    /// use arrowlink_core::{CallContext, Catalog, Name, default_dataset};
    /// # use arrowlink_transport::{AcceptOptions, ConnectOptions, Connection, FrontOptions, Listener, serve};
    /// use arrowlink_transport::TransferOptions;
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
    /// let rows = connection.do_get(&CallContext::new(), &name, &TransferOptions::default()).await?;
    /// assert_eq!(rows.schema().field(0).name(), "id");
    /// assert_eq!(rows.collect_batches().await?[0].num_rows(), 1);
    /// # server.abort();
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`get_arrow_data`](Self::get_arrow_data).
    pub async fn do_get(
        &self,
        ctx: &CallContext,
        name: &Name,
        options: &TransferOptions,
    ) -> Result<BatchStream, Error> {
        self.get(ctx, name.as_str().as_bytes(), options).await.map(|(batches, _)| batches)
    }

    /// Appends `batches` to the dataset `name` by `DoPut`.
    ///
    /// An error in `batches` breaks the upload off, so that the server keeps nothing of it, and is returned. So does
    /// dropping the future, and the deadline of `ctx`. The next batch is asked for when the server has taken the one before it.
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
    /// let receipt = connection.do_put(&ctx, &name, batches, &TransferOptions::default()).await?;
    /// assert_eq!((receipt.rows, receipt.batches, receipt.durability), (3, 1, Durability::Memory));
    /// # server.abort();
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`send_arrow_data`](Self::send_arrow_data).
    pub async fn do_put(
        &self,
        ctx: &CallContext,
        name: &Name,
        batches: BatchStream,
        options: &TransferOptions,
    ) -> Result<Receipt, Error> {
        let head = announcing(DO_PUT, ctx, options)?;
        self.put(ctx, head, name, batches, options).await
    }

    /// Gives `batches` to the function `name` by `DoExchange`, and returns what it answers.
    ///
    /// The call stays open until both sides have ended: a batch that `batches` yields is sent at once, in one message, and
    /// an answer may be read before the next batch is there. Waits until the schema of the answer is there, which a
    /// function may make dependent on what it is sent. Dropping the future or the stream cancels the call.
    ///
    /// An error in `batches` cancels the call, and is what the answer ends with.
    /// [`TransferOptions::idle_timeout`] does not hold here: how long an answer takes is the function's matter, and
    /// the deadline of `ctx` bounds it.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use arrow_array::record_batch;
    /// use arrowlink_core::{BatchStream, CallContext, Catalog, Echo, Name};
    /// # use arrowlink_transport::{AcceptOptions, ConnectOptions, Connection, FrontOptions, Listener, serve};
    /// use arrowlink_transport::TransferOptions;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let echo = Name::new("echo")?;
    /// # let catalog = Catalog::new().with_function(echo.clone(), Arc::new(Echo::default()));
    /// # let options = FrontOptions::new(Name::new("default")?, Name::new("uploads")?);
    /// # let front = arrowlink_testkit::front_with(Arc::new(catalog), options);
    /// # let (listener, dialer) = Listener::in_memory();
    /// # let server = serve(vec![listener], None, front, AcceptOptions::default(), std::future::pending());
    /// # let server = tokio::spawn(server);
    /// # let connection = Connection::over(dialer.dial().await?, &ConnectOptions::default()).await?;
    /// let batch = record_batch!(("id", Int64, [1, 2, 3]))?;
    /// let batches = BatchStream::from_batches(batch.schema(), vec![batch.clone()]);
    /// let options = TransferOptions::default();
    /// let answer = connection.do_exchange(&CallContext::new(), &echo, batches, &options).await?;
    /// assert_eq!(answer.collect_batches().await?, [batch]);
    /// # server.abort();
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// What the server says, of the same kind; [`ErrorKind::Unavailable`] where the connection is lost;
    /// [`ErrorKind::DeadlineExceeded`] after the deadline; [`ErrorKind::Corrupt`] for bytes that are not Arrow. The stream ends
    /// with the same errors.
    pub async fn do_exchange(
        &self,
        ctx: &CallContext,
        name: &Name,
        batches: BatchStream,
        options: &TransferOptions,
    ) -> Result<BatchStream, Error> {
        let upload = Upload::default();
        let guard = upload.dropped.clone().drop_guard();
        let body = sent(&upload, name, batches, options)?;
        let request = announcing(DO_EXCHANGE, ctx, options)?.map(|()| body);
        let options = options.clone().with_idle_timeout(UNBOUNDED);
        let answer = within(ctx.deadline(), async {
            let response = self.send(request, &upload.flow, &options).await?;
            let mut batches = self.batches(response, &options);
            let schema = match batches.schema(None).await? {
                Some(schema) => schema,
                None => ended(batches.trailers()).map(|()| Arc::new(Schema::empty()))?,
            };
            Ok((schema, batches))
        });
        let (schema, batches) = upload.outcome(answer.await)?;
        let upload = Some((upload, guard));
        Ok(answered(schema, Answer { batches, deadline: ctx.deadline(), upload }))
    }

    /// Reads what `ticket` is for; beside the rows, returns what came with their schema.
    pub(super) async fn get(
        &self,
        ctx: &CallContext,
        ticket: &[u8],
        options: &TransferOptions,
    ) -> Result<(BatchStream, Bytes), Error> {
        let ticket = stream::iter([Ok(frame::small(ticket))]).boxed();
        let request = announcing(DO_GET, ctx, options)?.map(|()| Outgoing::request(ticket));
        let flow = Flow::default();
        flow.offered();
        within(ctx.deadline(), async {
            let response = self.send(request, &flow, options).await?;
            let mut batches = self.batches(response, options);
            let Some(schema) = batches.schema(None).await? else {
                ended(batches.trailers())?;
                return Err(Error::new(ErrorKind::Corrupt, "the server sent no schema"));
            };
            let metadata = batches.take_schema_metadata();
            Ok((answered(schema, Answer { batches, deadline: ctx.deadline(), upload: None }), metadata))
        })
        .await
    }

    /// Uploads `batches` after `head`, and waits for the receipt.
    pub(super) async fn put(
        &self,
        ctx: &CallContext,
        head: Request<()>,
        name: &Name,
        batches: BatchStream,
        options: &TransferOptions,
    ) -> Result<Receipt, Error> {
        let upload = Upload::default();
        let _cut_on_drop = upload.dropped.clone().drop_guard();
        let body = sent(&upload, name, batches, options)?;
        let answer = within(ctx.deadline(), async {
            let response = self.send(head.map(|()| body), &upload.flow, options).await?;
            let mut results = self.messages(response, Shape::Payload("PutResult"), options);
            let mut last = None;
            while let Some(result) = results.next().await? {
                last = Some(result.payload());
            }
            ended(results.trailers())?;
            last.ok_or_else(|| Error::new(ErrorKind::Unavailable, NOT_ACKNOWLEDGED))
        });
        let metadata = upload.outcome(answer.await)?;
        receipt::from_json(&metadata).ok_or_else(|| Error::new(ErrorKind::Unsupported, NO_RECEIPT))
    }

    fn batches(&self, response: Response<ResponseBody>, options: &TransferOptions) -> Batches<ResponseBody> {
        let messages = self.messages(response, Shape::Flight, options);
        Batches::new(messages, options.limits.clone(), Origin::Server)
    }
}

/// An answer that is being read.
struct Answer {
    batches: Batches<ResponseBody>,
    deadline: Option<Instant>,
    /// What is sent meanwhile, in an exchange; it stops when the answer is dropped.
    upload: Option<(Upload, DropGuard)>,
}

fn answered(schema: SchemaRef, answer: Answer) -> BatchStream {
    let chunks = stream::try_unfold(answer, |mut answer| async move {
        let next = within(answer.deadline, async {
            match answer.batches.next().await? {
                Some(chunk) => Ok(Some(chunk)),
                None => ended(answer.batches.trailers()).map(|()| None),
            }
        });
        let next = next.await;
        let next = match &answer.upload {
            Some((upload, _)) => upload.outcome(next)?,
            None => next?,
        };
        Ok(next.map(|chunk| (chunk, answer)))
    });
    BatchStream::new(schema, chunks)
}

/// The body of a request that sends `batches`, with a descriptor of `name` in its first message.
fn sent(
    upload: &Upload,
    name: &Name,
    batches: BatchStream,
    options: &TransferOptions,
) -> Result<Body, Error> {
    let pieces = flight::encode(batches, &flight::descriptor(name), &[], options.max_flight_bytes())?;
    Ok(upload.body(pieces.map_ok(|piece| piece.rope)))
}

/// The head of a request that says how large messages may be in its answer, and that it takes every type.
pub(super) fn announcing(
    path: &'static str,
    ctx: &CallContext,
    options: &TransferOptions,
) -> Result<Request<()>, Error> {
    let mut request = request(path, ctx, None)?;
    request.headers_mut().insert(MAX_MESSAGE_BYTES, options.max_message_bytes.into());
    request.headers_mut().insert("arrowlink-views", HeaderValue::from_static("keep"));
    Ok(request)
}

/// Longer than any call.
const UNBOUNDED: Duration = Duration::from_secs(86_400 * 365);
const NOT_ACKNOWLEDGED: &str = "the server ended the call without acknowledging it";
const NO_RECEIPT: &str = "the upload was acknowledged without saying how many rows were kept";
