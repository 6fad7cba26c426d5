//! `FlightData` to batches, each checked before a row of it is believed.

use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use arrowlink_core::{Chunk, Error, ErrorKind};
use arrowlink_ipc::{Decoded, Limits, MessageDecoder};
use bytes::Bytes;
use http::HeaderMap;

use crate::grpc::BoxError;
use crate::payload::{Origin, from_ipc};
use crate::receive::{Message, Messages};

/// The batches of a stream of `FlightData`.
pub(crate) struct Batches<B> {
    messages: Messages<B>,
    decoder: MessageDecoder,
    origin: Origin,
    /// What came with the schema.
    schema_metadata: Bytes,
    /// What all messages that were read took, without gRPC's prefix.
    bytes: u64,
}

impl<B> Batches<B>
where
    B: http_body::Body<Data = Bytes, Error: Into<BoxError>> + Send + Unpin + 'static,
{
    /// Begins with what comes after the messages that were taken out of `messages`.
    pub(crate) fn new(messages: Messages<B>, limits: Limits, origin: Origin) -> Self {
        Self {
            messages,
            decoder: MessageDecoder::new(limits),
            origin,
            schema_metadata: Bytes::new(),
            bytes: 0,
        }
    }

    /// Reads up to the schema, which may be in `first`; `None` where the stream ends before it. A message without a
    /// header, such as a descriptor by itself, may come before.
    pub(crate) async fn schema(&mut self, first: Option<Message>) -> Result<Option<SchemaRef>, Error> {
        let mut next = first;
        loop {
            let message = match next.take() {
                Some(message) => message,
                None => match self.messages.next().await? {
                    Some(message) => message,
                    None => return Ok(None),
                },
            };
            self.decode(message)?;
            if let Some(schema) = self.decoder.schema() {
                return Ok(Some(Arc::clone(schema)));
            }
        }
    }

    /// Returns the next batch with its metadata; metadata that comes without a batch comes with one of no rows. Cancel safe.
    pub(crate) async fn next(&mut self) -> Result<Option<Chunk>, Error> {
        while let Some(message) = self.messages.next().await? {
            if let Some(chunk) = self.decode(message)? {
                return Ok(Some(chunk));
            }
        }
        Ok(None)
    }

    /// Returns what all messages so far took, without gRPC's prefix, and begins anew.
    pub(crate) const fn take_bytes(&mut self) -> u64 {
        std::mem::replace(&mut self.bytes, 0)
    }

    /// Returns the application metadata that came with the schema.
    pub(crate) fn take_schema_metadata(&mut self) -> Bytes {
        std::mem::take(&mut self.schema_metadata)
    }

    /// Returns what came after the last message.
    pub(crate) const fn trailers(&self) -> Option<&HeaderMap> {
        self.messages.trailers()
    }

    fn decode(&mut self, message: Message) -> Result<Option<Chunk>, Error> {
        self.bytes += message.bytes as u64;
        let metadata = message.app_metadata.unwrap_or_default();
        let Some(header) = message.header.filter(|header| !header.is_empty()) else {
            return if metadata.is_empty() { Ok(None) } else { self.metadata_alone(metadata) };
        };
        let body = message.bulk.unwrap_or_default();
        match self.decoder.decode(&header, &body).map_err(|error| not_arrow(error, self.origin))? {
            Decoded::Batch(batch) => Ok(Some(chunk(batch, metadata))),
            Decoded::Schema(_) => {
                self.schema_metadata = metadata;
                Ok(None)
            }
            _ => Ok(None),
        }
    }

    /// Makes a chunk without rows. A client is told where there can be none yet; what a server says so early is passed over.
    fn metadata_alone(&self, metadata: Bytes) -> Result<Option<Chunk>, Error> {
        match self.decoder.schema() {
            Some(schema) => Ok(Some(chunk(RecordBatch::new_empty(Arc::clone(schema)), metadata))),
            None if self.origin == Origin::Client => {
                Err(Error::new(ErrorKind::InvalidArgument, EARLY_METADATA))
            }
            None => Ok(None),
        }
    }
}

fn chunk(batch: RecordBatch, metadata: Bytes) -> Chunk {
    let mut chunk = Chunk::new(batch);
    chunk.metadata = metadata;
    chunk
}

fn not_arrow(error: arrowlink_ipc::Error, origin: Origin) -> Error {
    let text = match (error.kind(), origin) {
        (arrowlink_ipc::ErrorKind::LimitExceeded, _) => "a message exceeds a limit",
        (_, Origin::Client) => "what was sent is not a valid stream of Arrow messages",
        (_, Origin::Server) => "what the server sent is not a valid stream of Arrow messages",
    };
    from_ipc(error, text, origin)
}

const EARLY_METADATA: &str = "application metadata came before the schema: send the schema first";
