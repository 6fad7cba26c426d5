//! Datasets that keep what they are given as it is, and calls of Flight message by message.

use std::fmt::Debug;
use std::sync::{Arc, Mutex};

use arrow_array::RecordBatch;
use arrow_flight::{FlightData, FlightDescriptor};
use arrow_schema::SchemaRef;
use arrowlink_core::{
    BatchStream, CallContext, Catalog, Chunk, DataService, Dataset, Description, Durability, NounKind,
    ReadOptions, Receipt, Result, WriteOptions,
};
use arrowlink_ipc::{Decoded, EncodeOptions, Limits, MessageDecoder, MessageEncoder};
use arrowlink_transport::{AcceptOptions, Connection, Front, Rope};
use bytes::{Buf as _, BufMut as _, Bytes, BytesMut};
use futures::future::{BoxFuture, FutureExt as _, ready};
use futures::{TryStreamExt as _, stream};
use http::{Request, Response};
use http_body::{Body as _, Frame};
use http_body_util::{BodyExt as _, StreamBody};
use prost::Message as _;
use tonic::Status;
use tonic::body::Body;
use tower::Service as _;

use crate::support::{Server, connect, front, name};

pub(crate) const DO_GET: &str = "/arrow.flight.protocol.FlightService/DoGet";
pub(crate) const DO_PUT: &str = "/arrow.flight.protocol.FlightService/DoPut";
pub(crate) const DO_EXCHANGE: &str = "/arrow.flight.protocol.FlightService/DoExchange";

/// A dataset that yields the chunks it was made of or, once something was written, those.
#[derive(Debug)]
pub(crate) struct Table {
    schema: SchemaRef,
    chunks: Mutex<Vec<Chunk>>,
}

impl Table {
    pub(crate) fn new(schema: SchemaRef, chunks: Vec<Chunk>) -> Arc<Self> {
        Arc::new(Self { schema, chunks: Mutex::new(chunks) })
    }

    pub(crate) fn of(batches: &[RecordBatch]) -> Arc<Self> {
        Self::new(batches[0].schema(), batches.iter().cloned().map(Chunk::new).collect())
    }

    pub(crate) fn chunks(&self) -> Vec<Chunk> {
        self.chunks.lock().unwrap().clone()
    }

    /// Serves it as `table`, beside `echo`.
    pub(crate) fn service(self: Arc<Self>) -> Arc<Catalog> {
        Arc::new(Catalog::new().with_dataset(name("table"), self))
    }
}

impl Dataset for Table {
    fn describe(&self, _ctx: CallContext) -> BoxFuture<'_, Result<Description>> {
        ready(Ok(Description::new(NounKind::Dataset, Arc::clone(&self.schema)))).boxed()
    }

    fn read(&self, _ctx: CallContext, _options: ReadOptions) -> BoxFuture<'_, Result<BatchStream>> {
        let chunks = stream::iter(self.chunks().into_iter().map(Ok));
        ready(Ok(BatchStream::new(Arc::clone(&self.schema), chunks))).boxed()
    }

    fn write(
        &self,
        _ctx: CallContext,
        batches: BatchStream,
        _options: WriteOptions,
    ) -> BoxFuture<'_, Result<Receipt>> {
        async move {
            assert_eq!(batches.schema(), &self.schema);
            let chunks: Vec<Chunk> = batches.try_collect().await?;
            let rows = chunks.iter().map(|chunk| chunk.batch.num_rows() as u64).sum();
            let receipt = Receipt::new(rows, chunks.len() as u64, 0, Durability::Memory);
            *self.chunks.lock().unwrap() = chunks;
            Ok(receipt)
        }
        .boxed()
    }
}

/// Connects a client to a server of `service` inside the process.
pub(crate) async fn ends(service: Arc<dyn DataService>) -> (Server, Connection) {
    let (server, dialer) = Server::in_memory(front(service), AcceptOptions::default());
    let connection = connect(&dialer).await;
    (server, connection)
}

pub(crate) fn chunk(batch: RecordBatch, metadata: impl Into<Bytes>) -> Chunk {
    let mut chunk = Chunk::new(batch);
    chunk.metadata = metadata.into();
    chunk
}

/// A message as it is on the wire.
pub(crate) fn framed(message: &impl prost::Message) -> Bytes {
    let mut framed = BytesMut::new();
    framed.put_u8(0);
    framed.put_u32(message.encoded_len().try_into().unwrap());
    message.encode(&mut framed).unwrap();
    framed.freeze()
}

/// The encoded path of `name`.
pub(crate) fn path(name: &str) -> FlightDescriptor {
    FlightDescriptor::new_path(vec![name.to_owned()])
}

/// The messages of `batches` and, before them, of their schema with `descriptor`.
pub(crate) fn flight_data(descriptor: FlightDescriptor, batches: &[RecordBatch]) -> Vec<FlightData> {
    let mut encoder = MessageEncoder::new(&batches[0].schema(), &EncodeOptions::default()).unwrap();
    let mut messages = vec![data(encoder.schema()).with_descriptor(descriptor)];
    for batch in batches {
        messages.extend(encoder.encode(batch).unwrap().iter().map(data));
    }
    messages
}

fn data(message: &arrowlink_ipc::Message) -> FlightData {
    let body: Vec<u8> = message.body().iter().flat_map(|segment| segment.to_vec()).collect();
    FlightData::new().with_data_header(message.header().to_vec()).with_data_body(body)
}

/// A call whose body is `messages`, by a client that takes every type.
pub(crate) fn request(
    path: &str,
    headers: &[(&str, &str)],
    messages: impl IntoIterator<Item = Bytes, IntoIter: Send + 'static>,
) -> Request<Body> {
    let frames = messages.into_iter().map(|message| Ok::<_, Status>(Frame::data(message)));
    let mut request = Request::post(path).header("content-type", "application/grpc").header("te", "trailers");
    request = request.header("arrowlink-views", "keep");
    for (key, value) in headers {
        request = request.header(*key, *value);
    }
    request.body(Body::new(StreamBody::new(stream::iter(frames)))).unwrap()
}

/// What a call was answered with.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: Status,
    /// One for each message, in the segments that the body gave.
    pub(crate) ropes: Vec<Rope>,
}

impl Answer {
    pub(crate) async fn of(front: &mut Front, request: Request<Body>) -> Self {
        Self::read(front.call(request).await.unwrap()).await
    }

    pub(crate) async fn read<B>(response: Response<B>) -> Self
    where
        B: http_body::Body<Data: Into<Rope> + Debug, Error: Debug>,
    {
        let mut status = Status::from_header_map(response.headers());
        let mut sent = Rope::default();
        let mut body = std::pin::pin!(response.into_body());
        while let Some(frame) = body.frame().await {
            match frame.unwrap().into_data() {
                Ok(data) => data.into().segments().for_each(|segment| sent.push(segment.clone())),
                Err(frame) => status = Status::from_header_map(&frame.into_trailers().unwrap()),
            }
        }
        assert!(body.is_end_stream() || status.is_some());
        Self { status: status.unwrap(), ropes: messages_of(sent) }
    }

    /// Its messages.
    pub(crate) fn data(&self) -> Vec<FlightData> {
        self.ropes.iter().map(|rope| FlightData::decode(body_of(rope)).unwrap()).collect()
    }

    /// Its batches.
    pub(crate) fn batches(&self) -> Vec<RecordBatch> {
        let mut decoder = MessageDecoder::new(Limits::default());
        let decoded = self.data().into_iter().map(|data| {
            decoder.decode(&data.data_header.as_ref().into(), &data.data_body.as_ref().into()).unwrap()
        });
        let batches = decoded.filter_map(|decoded| match decoded {
            Decoded::Batch(batch) => Some(batch),
            _ => None,
        });
        batches.collect()
    }

    pub(crate) fn text(&self) -> String {
        format!("{:?}: {}", self.status.code(), self.status.message())
    }
}

/// Cuts what was sent between its messages.
fn messages_of(mut sent: Rope) -> Vec<Rope> {
    let mut messages = Vec::new();
    while !sent.is_empty() {
        let prefix = sent.clone().split_to(5).to_bytes();
        messages.push(sent.split_to(5 + prefix.slice(1..).get_u32() as usize));
    }
    messages
}

/// The message of one rope, without gRPC's prefix.
pub(crate) fn body_of(rope: &Rope) -> Bytes {
    let mut bytes = rope.to_bytes();
    assert_eq!(bytes.get_u8(), 0);
    assert_eq!(bytes.get_u32() as usize, bytes.len());
    bytes
}
