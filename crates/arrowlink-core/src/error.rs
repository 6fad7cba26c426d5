//! The one error of every service: what kind, in which words, for which request, and why.
//!
//! The kind is what a program decides by; the message is what a person reads. [`Display`](fmt::Display) prints
//! the message alone, the cause is reached through [`std::error::Error::source`].

use std::error::Error as StdError;
use std::fmt;

use crate::Name;
use crate::near::suggestion;

/// A result whose error is [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a request failed, and what its caller can do about it.
///
/// ```
/// use arrowlink_core::{Error, ErrorKind};
///
/// let error = Error::new(ErrorKind::NotFound, "no dataset `trisp`, did you mean `trips`?");
/// assert_eq!(error.kind(), ErrorKind::NotFound);
/// assert_eq!(error.to_string(), "no dataset `trisp`, did you mean `trips`?");
/// ```
#[derive(Debug)]
pub struct Error {
    kind: ErrorKind,
    message: String,
    request_id: Option<String>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Error {
    /// Makes an error of `kind` that says `message`: lower-case, names in backticks, no final stop.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), request_id: None, source: None }
    }

    /// Says that there is no `noun` (a dataset, a function) called `name`, and which of `names` are nearest to it.
    ///
    /// ```
    /// use arrowlink_core::{Error, Name};
    ///
    /// let (asked, trips) = (Name::new("tirps")?, Name::new("trips")?);
    /// let error = Error::not_found("dataset", &asked, [&trips]);
    /// assert_eq!(error.to_string(), "no dataset `tirps`, did you mean `trips`?");
    /// # Ok::<(), Error>(())
    /// ```
    pub fn not_found<'a>(noun: &str, name: &Name, names: impl IntoIterator<Item = &'a Name>) -> Self {
        let hint = suggestion(name.as_str(), names.into_iter().map(Name::as_str));
        Self::new(ErrorKind::NotFound, format!("no {noun} `{name}`{hint}"))
    }

    /// Adds the error that caused this one; the message must not repeat its text.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// Says it in other words; the kind, the cause and the request stay.
    ///
    /// ```
    /// use arrowlink_core::{Error, ErrorKind};
    ///
    /// let error = Error::new(ErrorKind::Corrupt, "cannot read it").with_source("row 3 has 2 fields");
    /// assert_eq!(error.with_message("cannot read `a.csv`").chain(), "cannot read `a.csv`: row 3 has 2 fields");
    /// ```
    #[must_use]
    pub fn with_message(mut self, message: impl Into<String>) -> Self {
        self.message = message.into();
        self
    }

    /// Names the request this error belongs to, as the server logged it. A name that is already there stays.
    #[must_use]
    pub fn with_request_id(mut self, request_id: impl Into<String>) -> Self {
        self.request_id.get_or_insert_with(|| request_id.into());
        self
    }

    /// Returns what the caller can do about it.
    pub const fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Returns the words without the cause.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Returns the id under which the server logged the request, where one is known.
    pub fn request_id(&self) -> Option<&str> {
        self.request_id.as_deref()
    }

    /// Returns the message followed by every cause, joined by `: `, as programs print it.
    ///
    /// ```
    /// use arrowlink_core::{Error, ErrorKind};
    ///
    /// let error = Error::new(ErrorKind::Corrupt, "cannot read `a.csv`").with_source("row 3 has 2 fields");
    /// assert_eq!(error.chain(), "cannot read `a.csv`: row 3 has 2 fields");
    /// ```
    pub fn chain(&self) -> String {
        let mut text = self.message.clone();
        let mut cause = self.source();
        while let Some(error) = cause {
            text.push_str(": ");
            text.push_str(&error.to_string());
            cause = error.source();
        }
        text
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

/// What happened, sorted by what a caller can do.
///
/// The list is closed on purpose: a new kind has to be given a status on the wire before anything compiles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ErrorKind {
    /// No dataset, stream or function has that name; usually a misspelling, the message offers the nearest names.
    NotFound,
    /// What should be created is there already.
    AlreadyExists,
    /// A name, column, option or payload of the caller is not valid; the message says where.
    InvalidArgument,
    /// The batches have another schema than the dataset; the message lists expected and actual fields.
    SchemaMismatch,
    /// The dataset cannot be written to, usually because it is served from a file.
    ReadOnly,
    /// A resumed read found that the data is no longer what it was; start again.
    SnapshotChanged,
    /// Stored or received bytes are damaged; the message names the file or message.
    Corrupt,
    /// A limit was reached; the message has the limit, the actual size and the setting that raises it.
    LimitExceeded,
    /// The caller did not say who it is, or not in a way that was accepted.
    Unauthenticated,
    /// The caller is known and may not do this.
    PermissionDenied,
    /// The other side cannot be reached or is going away; trying again later may work.
    Unavailable,
    /// The deadline of the call passed before its answer was complete.
    DeadlineExceeded,
    /// The caller went away or gave up.
    Cancelled,
    /// The protocol or the service does not carry this verb or option.
    Unsupported,
    /// A function raised an error of its own; the remote traceback travels along.
    FunctionFailed,
    /// A bug on the other side; the request id finds it in the server's log.
    Internal,
}

impl ErrorKind {
    /// Every kind, in the order of their declaration.
    pub const ALL: [Self; 16] = [
        Self::NotFound,
        Self::AlreadyExists,
        Self::InvalidArgument,
        Self::SchemaMismatch,
        Self::ReadOnly,
        Self::SnapshotChanged,
        Self::Corrupt,
        Self::LimitExceeded,
        Self::Unauthenticated,
        Self::PermissionDenied,
        Self::Unavailable,
        Self::DeadlineExceeded,
        Self::Cancelled,
        Self::Unsupported,
        Self::FunctionFailed,
        Self::Internal,
    ];
}
