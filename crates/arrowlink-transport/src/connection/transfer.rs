//! The two calls of the small service, from the client's side.
//!
//! An answer is complete when its trailers say so: rows that come before an error, or before a connection that is lost,
//! are followed by that error and never by a clean end.

use std::sync::{Arc, Mutex, PoisonError};

use arrowlink_core::{BatchStream, CallContext, Error, ErrorKind, Name, Receipt};
use bytes::Bytes;
use futures::{Stream, StreamExt as _, stream};
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;

use super::{Connection, ResponseBody, TransferOptions};
use crate::deadline::{GRPC_TIMEOUT, write_timeout};
use crate::flow::Flow;
use crate::front::{GET_ARROW_DATA, SEND_ARROW_DATA};
use crate::grpc;
use crate::metadata::{MAX_MESSAGE_BYTES, NAME};
use crate::outgoing::Outgoing;
use crate::payload::{self, Origin};
use crate::receive::{Messages, ReceiveOptions, Shape};
use crate::{Body, Rope, frame, receipt, status};

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
    /// # use arrowlink_transport::{AcceptOptions, ConnectOptions, Connection, Front, FrontOptions, Listener, serve};
    /// use arrowlink_transport::TransferOptions;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let name = Name::new("default")?;
    /// # let catalog = Catalog::new().with_dataset(name.clone(), Arc::new(default_dataset()));
    /// # let front = Front::new(Arc::new(catalog), FrontOptions::new(name, Name::new("uploads")?), Default::default());
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
        within(ctx, async {
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
    /// # use arrowlink_transport::{AcceptOptions, ConnectOptions, Connection, Front, FrontOptions, Listener, serve};
    /// use arrowlink_transport::TransferOptions;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let catalog = Catalog::new().with_uploads(Arc::new(MemoryStore::new(1 << 20)));
    /// # let options = FrontOptions::new(Name::new("default")?, Name::new("uploads")?);
    /// # let front = Front::new(Arc::new(catalog), options, Default::default());
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
        let messages = upload.messages(batches, options.max_send_bytes).boxed();
        let request = request(SEND_ARROW_DATA, ctx, name)?.map(|()| Outgoing::request(messages));
        let answer = within(ctx, async {
            let response = self.send(request, &upload.flow, options).await?;
            let receipt = receipt::read(response.headers());
            acknowledged(self.messages(response, Shape::Payload("Ack"), options), receipt).await
        });
        let answer = answer.await;
        match upload.failure.lock().unwrap_or_else(PoisonError::into_inner).take() {
            Some(own) => Err(own),
            None => answer,
        }
    }

    /// Sends a request and waits for the head of its answer while the server makes progress.
    async fn send(
        &self,
        request: Request<Body>,
        flow: &Flow,
        options: &TransferOptions,
    ) -> Result<Response<ResponseBody>, Error> {
        let answer = self.answer(request);
        let response = tokio::select! {
            response = answer => response?,
            () = flow.stalled(options.idle_timeout) => {
                let text = format!("`{}` did nothing for {:?}", self.address(), options.idle_timeout);
                return Err(Error::new(ErrorKind::DeadlineExceeded, text));
            }
        };
        if let Some(Err(error)) = status::from_headers(response.headers()) {
            return Err(error);
        }
        if response.status() != StatusCode::OK || !grpc::is_grpc(response.headers()) {
            return Err(not_grpc(self.address(), response.status()));
        }
        Ok(response)
    }

    fn messages(
        &self,
        response: Response<ResponseBody>,
        shape: Shape,
        options: &TransferOptions,
    ) -> Messages<ResponseBody> {
        let TransferOptions { max_message_bytes, idle_timeout, .. } = *options;
        let receive = ReceiveOptions { pool: self.pool.clone(), max_message_bytes, idle_timeout };
        Messages::new(response.into_body(), shape, receive, Origin::Server)
    }
}

/// What an upload and the task that sends it share.
#[derive(Default)]
struct Upload {
    flow: Arc<Flow>,
    /// The error that `batches` ended with.
    failure: Arc<Mutex<Option<Error>>>,
    /// Cancelled when nobody waits for the answer any more: hyper would send on.
    dropped: CancellationToken,
}

impl Upload {
    fn messages(
        &self,
        batches: BatchStream,
        max_bytes: usize,
    ) -> impl Stream<Item = Result<Rope, Error>> + Send + 'static {
        let payloads = Box::pin(payload::encode(batches, max_bytes));
        let (flow, failure, dropped) =
            (Arc::clone(&self.flow), Arc::clone(&self.failure), self.dropped.clone());
        stream::try_unfold(payloads, move |mut payloads| {
            let (flow, failure, dropped) = (Arc::clone(&flow), Arc::clone(&failure), dropped.clone());
            async move {
                flow.producing();
                let next = dropped.run_until_cancelled(payloads.next()).await;
                flow.offered();
                match next {
                    Some(Some(Ok(payload))) => Ok(Some((frame::arrow_data(payload.bytes), payloads))),
                    Some(Some(Err(error))) => {
                        let broken = Error::new(ErrorKind::Cancelled, "the upload was broken off");
                        *failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
                        Err(broken)
                    }
                    Some(None) => Ok(None),
                    None => Err(Error::new(ErrorKind::Cancelled, "the upload was given up")),
                }
            }
        })
    }
}

fn request(path: &'static str, ctx: &CallContext, name: Option<&Name>) -> Result<Request<()>, Error> {
    let mut request = Request::new(());
    *request.method_mut() = Method::POST;
    *request.uri_mut() = http::Uri::from_static(path);
    let headers = request.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    headers.insert(header::TE, HeaderValue::from_static("trailers"));
    headers.insert(header::USER_AGENT, HeaderValue::from_static(USER_AGENT));
    if let Some(value) = name.and_then(|name| HeaderValue::from_str(name.as_str()).ok()) {
        headers.insert(NAME, value);
    }
    if let Some(deadline) = ctx.deadline() {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(passed());
        }
        if let Ok(value) = HeaderValue::from_str(&write_timeout(left)) {
            headers.insert(GRPC_TIMEOUT, value);
        }
    }
    Ok(request)
}

/// The payloads of an answer until its trailers, which must say that all went well.
fn payloads(
    messages: Messages<ResponseBody>,
    deadline: Option<Instant>,
) -> impl Stream<Item = Result<Bytes, Error>> + Send + 'static {
    stream::try_unfold(messages, move |mut messages| async move {
        let next = match deadline {
            Some(deadline) => {
                timeout_at(deadline, messages.next()).await.unwrap_or_else(|_| Err(passed()))?
            }
            None => messages.next().await?,
        };
        let Some(message) = next else { return ended(&messages).map(|()| None) };
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
    ended(&messages)?;
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

fn ended(messages: &Messages<ResponseBody>) -> Result<(), Error> {
    messages.trailers().and_then(status::from_headers).unwrap_or_else(|| {
        Err(Error::new(ErrorKind::Unavailable, "the answer ended without a status: its end is missing"))
    })
}

async fn within<T>(
    ctx: &CallContext,
    work: impl Future<Output = Result<T, Error>> + Send,
) -> Result<T, Error> {
    match ctx.deadline() {
        Some(deadline) => timeout_at(deadline, work).await.unwrap_or_else(|_| Err(passed())),
        None => work.await,
    }
}

fn passed() -> Error {
    Error::new(ErrorKind::DeadlineExceeded, "the call was not finished before its deadline")
}

/// The kind of an HTTP status without a gRPC status, as gRPC maps it.
fn not_grpc(address: &str, status: StatusCode) -> Error {
    let kind = match status {
        StatusCode::UNAUTHORIZED => ErrorKind::Unauthenticated,
        StatusCode::FORBIDDEN => ErrorKind::PermissionDenied,
        StatusCode::NOT_FOUND | StatusCode::OK => ErrorKind::Unsupported,
        StatusCode::TOO_MANY_REQUESTS
        | StatusCode::BAD_GATEWAY
        | StatusCode::SERVICE_UNAVAILABLE
        | StatusCode::GATEWAY_TIMEOUT => ErrorKind::Unavailable,
        _ => ErrorKind::Internal,
    };
    Error::new(
        kind,
        format!("`{address}` answered with HTTP {status} and not in gRPC: is it an ArrowLink server?"),
    )
}

const USER_AGENT: &str = concat!("arrowlink/", env!("CARGO_PKG_VERSION"));
