//! One encapsulated message after the other: checks its flatbuffer, then makes of it a schema, a dictionary or a batch.
//!
//! This is the only place that calls what could panic below this crate; a panic is caught here and becomes
//! [`Error::Internal`].

use std::panic::{AssertUnwindSafe, catch_unwind};

use arrow_buffer::Buffer;
use arrow_ipc::{Message, MessageHeader, MetadataVersion};
use arrow_schema::SchemaRef;

use crate::batch::BatchReader;
use crate::dictionaries::DictionaryMemo;
use crate::error::Place;
use crate::limits::Budget;
use crate::schema::Plan;
use crate::verify::verified;
use crate::{Decoded, Error, Limits};

/// What a stream has said so far: its schema and its dictionaries.
#[derive(Debug)]
pub(crate) struct Reader {
    limits: Limits,
    budget: Budget,
    /// Whether one budget is for all messages; otherwise each message begins with a new one.
    counts_over_all: bool,
    /// `None` until the schema was read; a second schema is refused.
    plan: Option<Plan>,
    dictionaries: DictionaryMemo,
}

/// What became of a message whose metadata is there, and perhaps its body.
#[derive(Debug)]
pub(crate) enum Opened {
    /// It was read; its body had so many bytes.
    Read(Decoded, usize),
    /// Its body has so many bytes, which are not all there.
    Announced(usize),
}

impl Reader {
    /// Begins a stream of which nothing is known.
    pub(crate) fn new(limits: Limits) -> Self {
        let dictionaries = DictionaryMemo::new(&limits);
        let budget = Budget::new(limits.max_decompressed_bytes);
        Self { limits, budget, counts_over_all: false, plan: None, dictionaries }
    }

    /// Lets the budget of all messages be one.
    ///
    /// For a reader that keeps all batches: many small messages could otherwise take the budget many times.
    pub(crate) const fn count_over_all_messages(&mut self) {
        self.counts_over_all = true;
    }

    /// Returns the schema, once it was read.
    pub(crate) fn schema(&self) -> Option<&SchemaRef> {
        self.plan.as_ref().map(Plan::schema)
    }

    /// Checks the length that a prefix gives for the metadata.
    ///
    /// `continued` says whether the prefix had a continuation marker. Without one the first four bytes of anything
    /// read as a length, so that an Arrow file, which begins with `ARROW1`, and what is no Arrow at all are told here
    /// in words of their own instead of as a limit that should be raised.
    ///
    /// Fails with `Invalid` for these, for a negative length and for an end before the schema; with `LimitExceeded`
    /// past `max_metadata_bytes` or `max_message_bytes`.
    pub(crate) fn metadata_length(&self, length: i32, continued: bool) -> Result<usize, Error> {
        let Limits { max_metadata_bytes, max_message_bytes, .. } = self.limits;
        match usize::try_from(length) {
            Ok(0) => Err(Error::invalid("the stream ends before its schema")),
            _ if self.plan.is_none() && length.to_le_bytes() == *b"ARRO" => {
                Err(Error::invalid("this is an Arrow file, send its batches as an Arrow stream"))
            }
            Ok(length) if length > max_metadata_bytes && self.plan.is_none() && !continued => {
                Err(Error::invalid("this is no Arrow stream"))
            }
            Ok(length) if length > max_metadata_bytes => {
                Err(Error::limit("max_metadata_bytes", max_metadata_bytes, length))
            }
            Ok(length) if length > max_message_bytes => {
                Err(Error::limit("max_message_bytes", max_message_bytes, length))
            }
            Ok(length) => Ok(length),
            Err(_) => Err(Error::invalid(format!("the length of the metadata is {length}"))),
        }
    }

    /// Reads the message that `metadata` begins, where `input` has all of its body at its beginning.
    ///
    /// `framing` is how many bytes the prefix and the metadata have; with the body they count against
    /// `max_message_bytes`. What can be said without the body is checked before a byte of it is gathered, so that a
    /// body that is too large is refused when it is announced.
    pub(crate) fn open(
        &mut self,
        metadata: &Buffer,
        input: &Buffer,
        number: u64,
        framing: usize,
    ) -> Result<Opened, Error> {
        self.with(metadata, number, framing, |reader, message, length| {
            if input.len() < length {
                return Ok(Opened::Announced(length));
            }
            let decoded = reader.read(message, &input.slice_with_length(0, length))?;
            Ok(Opened::Read(decoded, length))
        })
    }

    /// Reads a message that is there as a whole; what `body` has beyond the length that the message says is padding.
    ///
    /// For a message that was opened before, its flatbuffer is verified once more: a verified message borrows its
    /// bytes and cannot be kept while a body is gathered.
    pub(crate) fn decode(&mut self, metadata: &Buffer, body: &Buffer, number: u64) -> Result<Decoded, Error> {
        self.with(metadata, number, metadata.len(), |reader, message, length| {
            if body.len() < length {
                let reason = format!("the body has {} bytes, the message says {length}", body.len());
                return Err(Error::invalid(reason));
            }
            reader.read(message, &body.slice_with_length(0, length))
        })
    }

    /// Runs `work` with the message, verified and checked, and with the length of its body.
    fn with<T>(
        &mut self,
        metadata: &Buffer,
        number: u64,
        framing: usize,
        work: impl FnOnce(&mut Self, &Message<'_>, usize) -> Result<T, Error>,
    ) -> Result<T, Error> {
        guarded(number, || {
            let message = verified(metadata, &self.limits)?;
            let header = header_name(message.header_type());
            let result = self.check(&message, framing).and_then(|length| work(self, &message, length));
            result.map_err(|error| error.in_message(number, header))
        })
    }

    /// Checks version, kind, order and size.
    ///
    /// Versions 4 and 5 are read, which differ in the validity bitmap of unions (`MetadataVersion` in `Schema.fbs`).
    /// The schema comes first and once ("IPC Streaming Format"). Returns the length of the body.
    fn check(&self, message: &Message<'_>, framing: usize) -> Result<usize, Error> {
        match message.version() {
            MetadataVersion::V4 | MetadataVersion::V5 => {}
            MetadataVersion(old @ 0..=2) => {
                return Err(Error::unsupported(format!("metadata version {} is", old + 1)));
            }
            MetadataVersion(unknown) => {
                return Err(Error::invalid(format!("metadata version {unknown} is unknown")));
            }
        }
        match (message.header_type(), &self.plan) {
            (MessageHeader::Schema, None) => {}
            (MessageHeader::Schema, Some(_)) => {
                return Err(Error::invalid("the stream has a schema already"));
            }
            (MessageHeader::RecordBatch | MessageHeader::DictionaryBatch, Some(_)) => {}
            (MessageHeader::RecordBatch | MessageHeader::DictionaryBatch, None) => {
                return Err(Error::invalid("the stream does not begin with a schema"));
            }
            (MessageHeader::Tensor | MessageHeader::SparseTensor, _) => {
                return Err(Error::unsupported("tensors are"));
            }
            (MessageHeader(unknown), _) => {
                return Err(Error::invalid(format!("message type {unknown} is unknown")));
            }
        }
        let length = usize::try_from(message.bodyLength())
            .map_err(|_| Error::invalid(format!("the length of the body is {}", message.bodyLength())))?;
        let total = length.saturating_add(framing);
        if total > self.limits.max_message_bytes {
            return Err(Error::limit("max_message_bytes", self.limits.max_message_bytes, total));
        }
        Ok(length)
    }

    /// Reads the header of a message that [`check`](Self::check) let pass.
    ///
    /// What a dictionary takes is its body and what was allocated beside it, because its values may share the body's
    /// memory and keep all of it alive.
    fn read(&mut self, message: &Message<'_>, body: &Buffer) -> Result<Decoded, Error> {
        if !self.counts_over_all {
            self.budget = Budget::new(self.limits.max_decompressed_bytes);
        }
        let Some(plan) = &self.plan else {
            let schema = message.header_as_schema().ok_or_else(no_header)?;
            let plan = Plan::from_message(&schema, &self.limits)?;
            let schema = SchemaRef::clone(plan.schema());
            self.plan = Some(plan);
            return Ok(Decoded::Schema(schema));
        };
        let version = message.version();
        if let Some(batch) = message.header_as_record_batch() {
            let mut reader = BatchReader::new(
                &batch,
                body,
                version,
                &self.limits,
                &mut self.budget,
                &mut self.dictionaries,
            )?;
            return reader.read(plan.schema(), plan.columns()).map(Decoded::Batch);
        }
        let dictionary = message.header_as_dictionary_batch().ok_or_else(no_header)?;
        let id = dictionary.id();
        let column = plan
            .dictionary(id)
            .ok_or_else(|| Error::invalid(format!("no field of the schema has dictionary {id}")))?;
        let batch = dictionary.data().ok_or_else(no_header)?;
        let before = self.budget.used();
        let mut reader =
            BatchReader::new(&batch, body, version, &self.limits, &mut self.budget, &mut self.dictionaries)?;
        let values = reader.read_values(column)?;
        let bytes = body.len().saturating_add(self.budget.used() - before);
        if dictionary.isDelta() {
            self.dictionaries.extend(id, values, bytes)?;
        } else {
            self.dictionaries.replace(id, values, bytes)?;
        }
        Ok(Decoded::Dictionary)
    }
}

/// Runs `work`; what it panics with becomes an error.
///
/// Arrays are built outside of this crate from bytes of strangers, and one input must not end a server. That the
/// state may be half changed then does no harm: the stream that it belongs to is over.
fn guarded<T>(number: u64, work: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(result) => result.map_err(|error| match error.place() {
            Some(place) if place.message() == 0 => error.in_message(number, None),
            _ => error,
        }),
        Err(panic) => {
            let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
            let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
            let panic = text.unwrap_or_else(|| "no text".to_owned());
            Err(Error::Internal { place: Place::in_message(number), panic })
        }
    }
}

/// Returns what errors call the message; `None` for kinds that are refused anyway.
const fn header_name(header: MessageHeader) -> Option<&'static str> {
    match header {
        MessageHeader::Schema => Some("schema"),
        MessageHeader::DictionaryBatch => Some("dictionary batch"),
        MessageHeader::RecordBatch => Some("record batch"),
        _ => None,
    }
}

fn no_header() -> Error {
    Error::invalid("the message has no header")
}
