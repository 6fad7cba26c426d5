//! How much one stream may take of its reader, decided before a byte of it is believed.

use crate::Error;

/// What a decoder accepts at most. Sizes are in bytes.
///
/// Nothing that a message claims makes a decoder allocate more than these: buffers grow as bytes arrive, and
/// what is computed from lengths in the input is charged before it is allocated. What comes on top is bookkeeping
/// in proportion to the metadata, and up to 13 MiB that an LZ4 frame with large blocks takes while it is read.
///
/// # Defaults
///
/// | limit | default |
/// |---|---|
/// | `max_message_bytes` | 256 MiB |
/// | `max_metadata_bytes` | 16 MiB |
/// | `max_decompressed_bytes` | 256 MiB |
/// | `max_dictionary_bytes` | 256 MiB |
/// | `max_nesting_depth` | 64 |
/// | `max_fields` | 65,536 |
/// | `max_rows` | 2,147,483,647 |
///
/// ```
/// use arrowlink_ipc::Limits;
///
/// let limits = Limits::default().with_max_message_bytes(4 << 20);
/// assert_eq!(limits.max_message_bytes, 4_194_304);
/// assert_eq!(limits.max_nesting_depth, 64);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// One message: its prefix, where it has one, metadata and body as they are received.
    pub max_message_bytes: usize,
    /// The metadata of one message, and all names and metadata of a schema together.
    pub max_metadata_bytes: usize,
    /// What is allocated beside the message: decompressed buffers, copies of buffers that were not aligned, and
    /// text that views refer to more than once. [`StreamDecoder`](crate::StreamDecoder) and
    /// [`MessageDecoder`](crate::MessageDecoder) count per message, [`read_stream`](crate::read_stream) over all of
    /// them, because it returns all of them.
    pub max_decompressed_bytes: usize,
    /// All dictionaries that a stream keeps at a time, with the messages they lie in.
    pub max_dictionary_bytes: usize,
    /// How deep fields lie in fields; a top-level field has depth 1. More than 64 counts as 64,
    /// which a thread of 2 MiB has the stack for.
    pub max_nesting_depth: usize,
    /// The fields of a schema, those within others counted.
    pub max_fields: usize,
    /// The rows of a batch, and the length of every array in it. Arrays of nulls take no bytes, so that a message
    /// of 200 bytes could claim any number of rows.
    pub max_rows: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_message_bytes: 256 << 20,
            max_metadata_bytes: 16 << 20,
            max_decompressed_bytes: 256 << 20,
            max_dictionary_bytes: 256 << 20,
            max_nesting_depth: 64,
            max_fields: 1 << 16,
            max_rows: (1 << 31) - 1,
        }
    }
}

impl Limits {
    /// Sets [`max_message_bytes`](Self::max_message_bytes).
    #[must_use]
    pub const fn with_max_message_bytes(mut self, bytes: usize) -> Self {
        self.max_message_bytes = bytes;
        self
    }

    /// Sets [`max_metadata_bytes`](Self::max_metadata_bytes).
    #[must_use]
    pub const fn with_max_metadata_bytes(mut self, bytes: usize) -> Self {
        self.max_metadata_bytes = bytes;
        self
    }

    /// Sets [`max_decompressed_bytes`](Self::max_decompressed_bytes).
    #[must_use]
    pub const fn with_max_decompressed_bytes(mut self, bytes: usize) -> Self {
        self.max_decompressed_bytes = bytes;
        self
    }

    /// Sets [`max_dictionary_bytes`](Self::max_dictionary_bytes).
    #[must_use]
    pub const fn with_max_dictionary_bytes(mut self, bytes: usize) -> Self {
        self.max_dictionary_bytes = bytes;
        self
    }

    /// Sets [`max_nesting_depth`](Self::max_nesting_depth).
    #[must_use]
    pub const fn with_max_nesting_depth(mut self, fields: usize) -> Self {
        self.max_nesting_depth = fields;
        self
    }

    /// Sets [`max_fields`](Self::max_fields).
    #[must_use]
    pub const fn with_max_fields(mut self, fields: usize) -> Self {
        self.max_fields = fields;
        self
    }

    /// Sets [`max_rows`](Self::max_rows).
    #[must_use]
    pub const fn with_max_rows(mut self, rows: usize) -> Self {
        self.max_rows = rows;
        self
    }

    /// Returns the depth that holds: what is configured, or less.
    pub(crate) fn nesting_depth(&self) -> usize {
        self.max_nesting_depth.min(DEEPEST)
    }
}

/// An account of what was allocated because the input said so.
///
/// Nothing is given back; where messages are counted one by one, each of them has an account of its own.
#[derive(Debug)]
pub(crate) struct Budget {
    limit: usize,
    used: usize,
}

impl Budget {
    /// Begins with nothing used of `limit` bytes.
    pub(crate) const fn new(limit: usize) -> Self {
        Self { limit, used: 0 }
    }

    /// Returns how many bytes were charged so far.
    pub(crate) const fn used(&self) -> usize {
        self.used
    }

    /// Takes `bytes`, to be called before they are allocated.
    pub(crate) fn charge(&mut self, bytes: usize) -> Result<(), Error> {
        let used = self.used.saturating_add(bytes);
        if used > self.limit {
            return Err(Error::limit("max_decompressed_bytes", self.limit, used));
        }
        self.used = used;
        Ok(())
    }
}

/// Where recursion over a schema ends whatever is configured, so that no stack overflows.
const DEEPEST: usize = 64;
