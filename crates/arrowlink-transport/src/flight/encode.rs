//! Batches to `FlightData`, whole unless the receiver takes only smaller messages.

use std::collections::VecDeque;

use arrowlink_core::{BatchStream, Error, ErrorKind};
use arrowlink_ipc::{EncodeOptions, MessageEncoder};
use futures::{Stream, StreamExt as _, stream};

use super::pending::Pending;
use crate::payload::{Origin, from_ipc};
use crate::{Rope, frame};

/// A framed message, and how much of the table is in it.
#[derive(Debug)]
pub(crate) struct Piece {
    pub(crate) rope: Rope,
    pub(crate) rows: u64,
    /// Rows times columns.
    pub(crate) cells: u64,
}

/// Makes messages of `batches`, the first of which has the schema, and the encoded `descriptor` and `metadata` if they are
/// given.
///
/// A message is made when the one before it has been taken. A batch whose message would exceed `max_message_bytes` is
/// sent in pieces; its metadata goes with the last of them. Fails, or ends with an error, where a schema, a dictionary or a single row is
/// larger by itself.
pub(crate) fn encode(
    batches: BatchStream,
    descriptor: &[u8],
    metadata: &[u8],
    max_message_bytes: usize,
) -> Result<impl Stream<Item = Result<Piece, Error>> + Send + use<>, Error> {
    let encoder = Encoder::new(batches, descriptor, metadata, max_message_bytes)?;
    Ok(stream::try_unfold(encoder, |mut encoder| async move {
        let piece = encoder.next().await?;
        Ok(piece.map(|piece| (piece, encoder)))
    }))
}

struct Encoder {
    batches: BatchStream,
    messages: MessageEncoder,
    max_message_bytes: usize,
    /// What is encoded and was not taken yet.
    ready: VecDeque<Piece>,
    /// What is left of a batch that is sent in pieces.
    pending: VecDeque<Pending>,
    rows_before: u64,
}

impl Encoder {
    fn new(
        batches: BatchStream,
        descriptor: &[u8],
        metadata: &[u8],
        max_message_bytes: usize,
    ) -> Result<Self, Error> {
        let messages =
            MessageEncoder::new(batches.schema(), &EncodeOptions::default()).map_err(not_sendable)?;
        let rope = frame::flight::schema(descriptor, messages.schema(), metadata);
        refuse_large("the schema", &rope, max_message_bytes)?;
        let ready = VecDeque::from([Piece { rope, rows: 0, cells: 0 }]);
        Ok(Self { batches, messages, max_message_bytes, ready, pending: VecDeque::new(), rows_before: 0 })
    }

    async fn next(&mut self) -> Result<Option<Piece>, Error> {
        loop {
            if let Some(piece) = self.ready.pop_front() {
                return Ok(Some(piece));
            }
            let pending = match self.pending.pop_front() {
                Some(pending) => pending,
                None => match self.batches.next().await {
                    Some(chunk) => Pending::from(chunk?),
                    None => return Ok(None),
                },
            };
            self.encode(pending)?;
        }
    }

    /// Encodes one batch. Dictionaries are sent even where the batch turns out to be too large: the encoder has noted
    /// them as sent.
    fn encode(&mut self, pending: Pending) -> Result<(), Error> {
        let pending = pending.prepared()?;
        let mut messages = self.messages.encode(&pending.batch).map_err(not_sendable)?;
        let Some(last) = messages.pop() else { return Ok(()) };
        for dictionary in messages {
            let rope = frame::flight::message(dictionary, &[]);
            refuse_large("a dictionary", &rope, self.max_message_bytes)?;
            self.ready.push_back(Piece { rope, rows: 0, cells: 0 });
        }
        let rope = frame::flight::message(last, &pending.metadata);
        if rope.len() > self.max_message_bytes {
            return self.divide(pending, &rope);
        }
        let rows = pending.batch.num_rows() as u64;
        self.rows_before += rows;
        let cells = rows * pending.batch.num_columns() as u64;
        self.ready.push_back(Piece { rope, rows, cells });
        Ok(())
    }

    /// Goes on with less of a batch whose message is `rope` and too large.
    fn divide(&mut self, pending: Pending, rope: &Rope) -> Result<(), Error> {
        let (max_bytes, row) = (self.max_message_bytes, self.rows_before + 1);
        if pending.metadata.len() >= max_bytes {
            return refuse_large(&format!("the application metadata at row {row}"), rope, max_bytes);
        }
        if pending.may_shrink() {
            self.pending.push_front(pending.compacted()?);
            return Ok(());
        }
        match pending.batch.num_rows() {
            0 => refuse_large("a batch without rows", rope, max_bytes),
            1 => refuse_large(&format!("row {row}"), rope, max_bytes),
            _ => {
                self.pending = pending.cut(rope.len(), max_bytes, std::mem::take(&mut self.pending));
                Ok(())
            }
        }
    }
}

fn refuse_large(what: &str, rope: &Rope, max_message_bytes: usize) -> Result<(), Error> {
    if rope.len() <= max_message_bytes {
        return Ok(());
    }
    let text = format!(
        "{what} takes a message of {} bytes, more than the {max_message_bytes} bytes that the receiver takes: a client that \
         reads may announce a larger limit in the metadata key `{}`, up to `max_message_bytes` under `[limits]` of the \
         server; one that writes may raise its `max_send_bytes`",
        rope.len(),
        crate::metadata::MAX_MESSAGE_BYTES
    );
    Err(Error::new(ErrorKind::LimitExceeded, text))
}

fn not_sendable(error: arrowlink_ipc::Error) -> Error {
    from_ipc(error, "the rows have no form on the wire", Origin::Server)
}
