//! One stored upload: what its footer says, and its batches one by one through the checked decoder.
//!
//! An Arrow IPC file is the magic, a whole IPC stream, and a footer with the place of every message. The footer is
//! verified as a flatbuffer and used for places and metadata alone; every message goes through `arrowlink_ipc`,
//! which never panics on damaged bytes. A message is read from the disk in one piece, so that its arrays are built
//! in place; no more than one is in memory.
//!
//! The layout is that of "IPC File Format" in the Arrow columnar format. Unlike a reader for files of strangers, this
//! one asks for a footer with the marks of a store: another Arrow file in its place is damage.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use arrow_array::RecordBatch;
use arrow_buffer::{Buffer, MutableBuffer};
use arrow_ipc::{Footer, root_as_footer};
use arrow_schema::SchemaRef;
use arrowlink_core::{Error, Result};
use arrowlink_ipc::{Limits, StreamDecoder};
use uuid::Uuid;

use crate::failure::{corrupt, disk};
use crate::pieces::{self, Piece};

/// What an upload says of itself in the metadata of its footer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Label {
    /// Tells it from every other upload.
    pub(crate) identity: Uuid,
    /// How many rows it has; a read that finds another number finds damage.
    pub(crate) rows: u64,
    /// How many batches it has.
    pub(crate) batches: u64,
    /// The key that its writer gave it.
    pub(crate) idempotency_key: Option<String>,
    /// Whether it takes the place of all uploads of the dataset that have smaller numbers. What a kill leaves of those
    /// is deleted at opening.
    pub(crate) replaces: bool,
    /// Where it can be cut; empty where that was not written down.
    pub(crate) pieces: Vec<Piece>,
}

impl Label {
    /// Starts the label of an upload without rows.
    pub(crate) const fn new(identity: Uuid) -> Self {
        Self { identity, rows: 0, batches: 0, idempotency_key: None, replaces: false, pieces: Vec::new() }
    }

    /// Returns the label as the footer's key-value pairs.
    pub(crate) fn pairs(&self) -> Vec<(&'static str, String)> {
        let mut pairs = vec![
            (IDENTITY, self.identity.to_string()),
            (ROWS, self.rows.to_string()),
            (BATCHES, self.batches.to_string()),
        ];
        pairs.extend(self.idempotency_key.iter().map(|key| (IDEMPOTENCY_KEY, key.clone())));
        if self.replaces {
            pairs.push((REPLACES, "all".to_owned()));
        }
        if self.pieces.len() > 1 {
            pairs.push((PIECES, pieces::encode(&self.pieces)));
        }
        pairs
    }

    /// Reads a label; `None` where the file has none, because something else wrote it, or one that cannot be.
    fn of(footer: &Footer<'_>) -> Option<Self> {
        let value = |wanted: &str| {
            let pairs = footer.custom_metadata()?;
            pairs.iter().find(|pair| pair.key() == Some(wanted)).and_then(|pair| pair.value())
        };
        let label = Self {
            identity: value(IDENTITY)?.parse().ok()?,
            rows: value(ROWS)?.parse().ok()?,
            batches: value(BATCHES)?.parse().ok()?,
            idempotency_key: value(IDEMPOTENCY_KEY).map(str::to_owned),
            replaces: value(REPLACES).is_some(),
            pieces: value(PIECES).map_or(Some(Vec::new()), pieces::decode)?,
        };
        label.is_consistent().then_some(label)
    }

    /// Says whether the pieces are all batches and rows.
    fn is_consistent(&self) -> bool {
        let sum = |of: fn(&Piece) -> u64| {
            self.pieces.iter().try_fold(0_u64, |sum, piece| sum.checked_add(of(piece)))
        };
        let whole = sum(|piece| piece.batches) == Some(self.batches)
            && sum(|piece| piece.rows) == Some(self.rows)
            && sum(|piece| piece.bytes).is_some();
        whole || self.pieces.is_empty()
    }
}

/// An open file whose footer is whole.
#[derive(Debug)]
pub(crate) struct StoredFile {
    file: File,
    path: PathBuf,
    bytes: u64,
    label: Label,
    /// Every message after the schema, in the order of the file.
    messages: Vec<Message>,
    /// Where the schema's message begins and where the first message after it does.
    schema: (u64, u64),
}

/// Where a message lies in its file.
#[derive(Clone, Copy, Debug)]
struct Message {
    start: u64,
    end: u64,
    /// A record batch, which a read may leave out; a dictionary, which it must not.
    is_batch: bool,
}

impl StoredFile {
    /// Opens the file at `path` and reads its footer.
    ///
    /// No message is read. Fails with `Corrupt`, which names the file, where the footer is missing, unreadable,
    /// places messages outside of the stream or over each other, or has no label.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let file = File::open(path).map_err(|error| disk("open", path, error))?;
        let bytes = file.metadata().map_err(|error| disk("read", path, error))?.len();
        let (footer, stream_end) = footer_bytes(&file, path, bytes)?;
        let footer = root_as_footer(&footer)
            .map_err(|error| corrupt(path, "its footer cannot be read").with_source(error))?;
        let label = Label::of(&footer).ok_or_else(|| corrupt(path, "it was not written by a store"))?;
        let start = stream_start(&file, path)?;
        let messages = messages(&footer, start, stream_end)
            .ok_or_else(|| corrupt(path, "its footer places messages where none can be"))?;
        let schema_end = messages.first().map_or(stream_end, |first| first.start);
        Ok(Self { file, path: path.to_owned(), bytes, label, messages, schema: (start, schema_end) })
    }

    /// Returns what the footer says.
    pub(crate) const fn label(&self) -> &Label {
        &self.label
    }

    /// Returns the size of the file.
    pub(crate) const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Reads the schema alone.
    pub(crate) fn schema(&self) -> Result<SchemaRef> {
        let mut decoder = self.decoder();
        self.feed(&mut decoder, self.schema.0, self.schema.1)?;
        decoder.schema().cloned().ok_or_else(|| corrupt(&self.path, "it has no schema"))
    }

    /// Reads the batches from number `first` on.
    ///
    /// Batches before it are passed over without being read; dictionaries are read all the same, because later
    /// batches need them.
    pub(crate) fn batches_from(self, first: u64) -> Result<Batches> {
        let mut decoder = self.decoder();
        self.feed(&mut decoder, self.schema.0, self.schema.1)?;
        Ok(Batches { file: self, decoder, message: 0, skip: first, rows: (first == 0).then_some(0) })
    }

    /// Makes a decoder that takes all that was ever stored: nothing in a file is larger than the file, and what
    /// is put together from it not larger than a few times that.
    fn decoder(&self) -> StreamDecoder {
        let bytes = usize::try_from(self.bytes).unwrap_or(usize::MAX);
        let together = bytes.saturating_mul(4).max(Limits::default().max_decompressed_bytes);
        let limits = Limits::default()
            .with_max_message_bytes(bytes)
            .with_max_metadata_bytes(bytes)
            .with_max_decompressed_bytes(together)
            .with_max_dictionary_bytes(together)
            .with_max_nesting_depth(usize::MAX)
            .with_max_fields(bytes)
            .with_max_rows(usize::MAX);
        StreamDecoder::new(limits)
    }

    /// Gives the bytes between `start` and `end` to `decoder`; returns the batch that they complete.
    ///
    /// A message in the file is one piece, so that it has one batch at most.
    fn feed(&self, decoder: &mut StreamDecoder, start: u64, end: u64) -> Result<Option<RecordBatch>> {
        let mut buffer = self.piece(start, end)?;
        let mut batch = None;
        while !buffer.is_empty() {
            if let Some(decoded) =
                decoder.decode(&mut buffer).map_err(|error| self.undecodable(start, error))?
            {
                batch = Some(decoded);
            }
        }
        Ok(batch)
    }

    /// Reads a part of the file into memory of its own, which the arrays that are built from it share.
    fn piece(&self, start: u64, end: u64) -> Result<Buffer> {
        let length = usize::try_from(end - start)
            .map_err(|_| corrupt(&self.path, "a message is larger than the memory"))?;
        let mut piece = MutableBuffer::from_len_zeroed(length);
        self.file.read_exact_at(&mut piece, start).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => corrupt(&self.path, "it ends before its last message"),
            _ => disk("read", &self.path, error),
        })?;
        Ok(piece.into())
    }

    fn undecodable(&self, start: u64, error: arrowlink_ipc::Error) -> Error {
        corrupt(&self.path, format!("the message at byte {start} cannot be decoded")).with_source(error)
    }
}

/// The batches of one file, read as they are asked for.
#[derive(Debug)]
pub(crate) struct Batches {
    file: StoredFile,
    decoder: StreamDecoder,
    /// The message to read next.
    message: usize,
    /// How many batches are still to be left out.
    skip: u64,
    /// How many rows were read, where the first batch was among them.
    rows: Option<u64>,
}

impl Batches {
    /// Reads the next batch; `None` after the last.
    pub(crate) fn next(&mut self) -> Result<Option<RecordBatch>> {
        while let Some(message) = self.file.messages.get(self.message).copied() {
            self.message += 1;
            if message.is_batch && self.skip > 0 {
                self.skip -= 1;
                continue;
            }
            let batch = self.file.feed(&mut self.decoder, message.start, message.end)?;
            if let Some(batch) = batch {
                self.rows = self.rows.map(|rows| rows + batch.num_rows() as u64);
                return Ok(Some(batch));
            }
        }
        self.check_rows()
    }

    /// Ends the file, where its footer agrees.
    fn check_rows(&self) -> Result<Option<RecordBatch>> {
        let stated = self.file.label.rows;
        match self.rows {
            Some(rows) if rows != stated => {
                Err(corrupt(&self.file.path, format!("it has {rows} rows, its footer says {stated}")))
            }
            _ => Ok(None),
        }
    }
}

/// Reads the footer and finds where the stream before it ends.
///
/// The length of the footer stands before the magic at the end, as four bytes, little-endian. It is checked against
/// the size of the file before anything is allocated for it.
fn footer_bytes(file: &File, path: &Path, bytes: u64) -> Result<(Vec<u8>, u64)> {
    let cut_off = || corrupt(path, "its end is missing");
    let tail_start = bytes.checked_sub(TAIL_BYTES).ok_or_else(cut_off)?;
    let mut tail = [0; TAIL_BYTES as usize];
    file.read_exact_at(&mut tail, tail_start).map_err(|error| disk("read", path, error))?;
    let (length, magic) = tail.split_first_chunk::<4>().ok_or_else(cut_off)?;
    if magic != MAGIC {
        return Err(cut_off());
    }
    let footer_start = tail_start
        .checked_sub(u64::from(u32::from_le_bytes(*length)))
        .ok_or_else(|| corrupt(path, "its footer is longer than the file"))?;
    let mut footer = vec![0; u32::from_le_bytes(*length) as usize];
    file.read_exact_at(&mut footer, footer_start).map_err(|error| disk("read", path, error))?;
    Ok((footer, footer_start))
}

/// Finds where the stream begins: at the first message after the magic and its padding of up to 64 bytes.
fn stream_start(file: &File, path: &Path) -> Result<u64> {
    let mut head = [0; HEAD_BYTES];
    file.read_exact_at(&mut head, 0).map_err(|_| corrupt(path, "it is too short"))?;
    let start = (8..=64).step_by(8).find(|start| head.get(*start..start + 4) == Some(&CONTINUATION));
    match start {
        Some(start) if head.starts_with(MAGIC) => Ok(start as u64),
        _ => Err(corrupt(path, "its beginning is not that of an Arrow file")),
    }
}

/// Returns the messages in the order of the file; `None` where they overlap or lie outside of the stream.
///
/// Their order decides what a dictionary is when a batch is read, so that it is that of the file and not that of the
/// footer, which lists dictionaries and batches apart.
fn messages(footer: &Footer<'_>, start: u64, end: u64) -> Option<Vec<Message>> {
    let dictionaries = footer.dictionaries().into_iter().flatten().map(|block| (block, false));
    let batches = footer.recordBatches().into_iter().flatten().map(|block| (block, true));
    let mut messages = Vec::new();
    for (block, is_batch) in dictionaries.chain(batches) {
        let length = u64::try_from(block.metaDataLength())
            .ok()?
            .checked_add(u64::try_from(block.bodyLength()).ok()?)?;
        let start = u64::try_from(block.offset()).ok()?;
        messages.push(Message { start, end: start.checked_add(length)?, is_batch });
    }
    messages.sort_unstable_by_key(|message| message.start);
    let mut before = start;
    for message in &messages {
        if message.start < before || message.end > end || message.start == message.end {
            return None;
        }
        before = message.end;
    }
    Some(messages)
}

const MAGIC: &[u8] = b"ARROW1";
const CONTINUATION: [u8; 4] = [0xff; 4];
/// The footer's length and the magic.
const TAIL_BYTES: u64 = 4 + 6;
const HEAD_BYTES: usize = 64 + 4;
const IDENTITY: &str = "arrowlink.upload";
const ROWS: &str = "arrowlink.rows";
const BATCHES: &str = "arrowlink.batches";
const IDEMPOTENCY_KEY: &str = "arrowlink.idempotency_key";
const REPLACES: &str = "arrowlink.replaces";
const PIECES: &str = "arrowlink.pieces";
