//! The one error of the codec: which message and field, what is wrong, and what its reader can do about it.
//!
//! [`Display`](fmt::Display) prints one sentence without the cause; the cause is reached through
//! [`std::error::Error::source`].

use std::error::Error as StdError;
use std::fmt;

use arrow_schema::ArrowError;

/// Why bytes could not be decoded or a batch could not be encoded.
///
/// ```
/// use arrowlink_ipc::{ErrorKind, Limits, read_stream};
///
/// let error = read_stream(b"this is no table".as_slice().into(), &Limits::default()).unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::Invalid);
/// assert!(error.to_string().starts_with("message 1: "), "{error}");
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The bytes break a rule of the format; usually they are no Arrow stream, or were damaged on their way.
    #[error("{place}: {reason}")]
    Invalid {
        /// Where.
        place: Place,
        /// Which rule.
        reason: String,
    },
    /// The metadata of a message is no flatbuffer; usually the bytes are no Arrow stream.
    #[error("{place}: the metadata cannot be read")]
    InvalidMetadata {
        /// Where.
        place: Place,
        /// What the flatbuffer verifier found.
        source: Box<dyn StdError + Send + Sync>,
    },
    /// The layout is right but the values are not: text that is no UTF-8, offsets out of range, a wrong null count.
    #[error("{place}: the values are not valid")]
    InvalidValues {
        /// Where.
        place: Place,
        /// What the validation of the array found.
        source: ArrowError,
    },
    /// The input ended inside a message, or before the schema; usually the sender was cut off.
    #[error("{place}: the input ends here, at least {needed} more bytes are needed")]
    Truncated {
        /// Where.
        place: Place,
        /// How many bytes the message still lacks, as far as is known.
        needed: usize,
    },
    /// The input is larger than this reader accepts; raise the setting if its sender is trusted.
    #[error("{place}: {actual} exceeds `{setting}`, which is {limit}")]
    LimitExceeded {
        /// Where.
        place: Place,
        /// The field of [`Limits`](crate::Limits).
        setting: &'static str,
        /// Its value.
        limit: u64,
        /// What the input would have taken, at least.
        actual: u64,
    },
    /// The format has it and this codec does not: tensors, big-endian data, metadata older than version 4.
    #[error("{place}: {what} not supported")]
    Unsupported {
        /// Where.
        place: Place,
        /// What is not supported, with its verb.
        what: String,
    },
    /// A batch given to an encoder does not fit the schema that its stream began with.
    #[error("the batch does not fit the schema of the stream: {reason}")]
    SchemaMismatch {
        /// The column, what is expected and what is there.
        reason: String,
    },
    /// The encoder could not write the schema or batch; usually a dictionary whose values are a dictionary.
    #[error("cannot encode the batch")]
    Encode {
        /// What the encoder said.
        source: ArrowError,
    },
    /// A panic was caught while decoding: a bug in this codec or below it. The decoder must not be used any more.
    #[error("{place}: the decoder panicked: {panic}")]
    Internal {
        /// Where.
        place: Place,
        /// The text of the panic.
        panic: String,
    },
}

impl Error {
    /// Returns what happened, sorted by what a caller can do.
    ///
    /// ```
    /// use arrowlink_ipc::{ErrorKind, Limits, read_stream};
    ///
    /// let error = read_stream(vec![0xff; 5].into(), &Limits::default()).unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::Truncated);
    /// ```
    pub const fn kind(&self) -> ErrorKind {
        match self {
            Self::Invalid { .. } | Self::InvalidMetadata { .. } | Self::InvalidValues { .. } => {
                ErrorKind::Invalid
            }
            Self::Truncated { .. } => ErrorKind::Truncated,
            Self::LimitExceeded { .. } => ErrorKind::LimitExceeded,
            Self::Unsupported { .. } => ErrorKind::Unsupported,
            Self::SchemaMismatch { .. } => ErrorKind::SchemaMismatch,
            Self::Encode { .. } => ErrorKind::Encode,
            Self::Internal { .. } => ErrorKind::Internal,
        }
    }

    /// Returns where in the input, or nothing for what happened while encoding.
    pub const fn place(&self) -> Option<&Place> {
        match self {
            Self::Invalid { place, .. }
            | Self::InvalidMetadata { place, .. }
            | Self::InvalidValues { place, .. }
            | Self::Truncated { place, .. }
            | Self::LimitExceeded { place, .. }
            | Self::Unsupported { place, .. }
            | Self::Internal { place, .. } => Some(place),
            Self::SchemaMismatch { .. } | Self::Encode { .. } => None,
        }
    }

    /// Makes an error without a place; whoever knows the field or the message adds it on the way out.
    pub(crate) fn invalid(reason: impl Into<String>) -> Self {
        Self::Invalid { place: Place::default(), reason: reason.into() }
    }

    /// `what` carries its verb, as in "tensors are".
    pub(crate) fn unsupported(what: impl Into<String>) -> Self {
        Self::Unsupported { place: Place::default(), what: what.into() }
    }

    /// `setting` is the name of the field of [`Limits`](crate::Limits), so that the text says what to raise.
    pub(crate) fn limit(setting: &'static str, limit: usize, actual: usize) -> Self {
        Self::LimitExceeded { place: Place::default(), setting, limit: limit as u64, actual: actual as u64 }
    }

    /// Makes an error of what the validation of an array says.
    pub(crate) fn values(source: ArrowError) -> Self {
        Self::InvalidValues { place: Place::default(), source }
    }

    /// The answer to everything after an error: what the messages before it left behind may be half changed.
    pub(crate) fn over(number: u64) -> Self {
        Self::invalid("the stream has failed before, begin a new one").in_message(number, None)
    }

    /// Puts `name` in front of the field that is named already.
    pub(crate) fn in_field(mut self, name: &str) -> Self {
        if let Some(place) = self.place_mut() {
            place.field = match &place.field {
                Some(inner) => Some(format!("{name}.{inner}")),
                None => Some(name.to_owned()),
            };
        }
        self
    }

    /// Says which message it was, counted from 1, and of which kind where that is known.
    pub(crate) fn in_message(mut self, number: u64, header: Option<&'static str>) -> Self {
        if let Some(place) = self.place_mut() {
            place.message = number;
            place.header = header;
        }
        self
    }

    const fn place_mut(&mut self) -> Option<&mut Place> {
        match self {
            Self::Invalid { place, .. }
            | Self::InvalidMetadata { place, .. }
            | Self::InvalidValues { place, .. }
            | Self::Truncated { place, .. }
            | Self::LimitExceeded { place, .. }
            | Self::Unsupported { place, .. }
            | Self::Internal { place, .. } => Some(place),
            Self::SchemaMismatch { .. } | Self::Encode { .. } => None,
        }
    }
}

/// What happened, sorted by what a caller can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The bytes are not valid Arrow.
    Invalid,
    /// The input ended too early; all of it may be had by asking again.
    Truncated,
    /// A limit of the reader was exceeded; the error names the setting.
    LimitExceeded,
    /// Valid Arrow that this codec does not read.
    Unsupported,
    /// A batch that does not fit the stream it was written to.
    SchemaMismatch,
    /// A batch that has no form on the wire.
    Encode,
    /// A bug in the decoder.
    Internal,
}

/// Where in a stream something is wrong: the message, counted from 1, what it is, and the field.
///
/// ```
/// use arrow_array::record_batch;
/// use arrowlink_ipc::{EncodeOptions, Limits, read_stream, write_stream};
///
/// let batch = record_batch!(("id", Int64, [1])).unwrap();
/// let segments = write_stream(&batch.schema(), [&batch], &EncodeOptions::default())?;
/// let bytes: Vec<u8> = segments.iter().flat_map(|segment| segment.to_vec()).collect();
///
/// let error = read_stream(bytes.into(), &Limits::default().with_max_rows(0)).unwrap_err();
/// assert_eq!(error.place().unwrap().message(), 2);
/// assert_eq!(error.to_string(), "message 2 (record batch): 1 exceeds `max_rows`, which is 0");
/// # Ok::<(), arrowlink_ipc::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    message: u64,
    header: Option<&'static str>,
    field: Option<String>,
}

impl Place {
    pub(crate) const fn in_message(message: u64) -> Self {
        Self { message, header: None, field: None }
    }

    /// Returns the number of the message; the schema is message 1.
    pub const fn message(&self) -> u64 {
        self.message
    }

    /// Returns the field, with the names of those around it before it, joined by dots.
    pub fn field(&self) -> Option<&str> {
        self.field.as_deref()
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "message {}", self.message)?;
        if let Some(header) = self.header {
            write!(f, " ({header})")?;
        }
        match &self.field {
            Some(field) => write!(f, ", field `{field}`"),
            None => Ok(()),
        }
    }
}
