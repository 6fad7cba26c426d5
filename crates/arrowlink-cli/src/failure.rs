//! Why the program ends without having done what it was asked: one line for a person, an exit code for a script.

use std::error::Error as StdError;
use std::io;

use arrow_schema::ArrowError;
use arrowlink_core::{Error, ErrorKind};
use parquet::errors::ParquetError;

/// An exit code; the list is part of `--help`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Exit {
    /// The reader of standard output went away: that is its good right.
    ClosedPipe = 0,
    Failure = 1,
    Usage = 2,
    Data = 65,
    NoInput = 66,
    Unavailable = 69,
    CannotCreate = 73,
    Permission = 77,
    Config = 78,
    HungUp = 129,
    Interrupted = 130,
    Terminated = 143,
}

/// What went wrong.
#[derive(Debug)]
pub(crate) struct Failure {
    exit: Exit,
    error: Error,
    excerpt: Option<Box<str>>,
    hint: Option<Box<str>>,
}

impl Failure {
    /// Makes a failure that says `message`: lower-case, names in backticks, no final stop.
    pub(crate) fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, error: Error::new(ErrorKind::Internal, message), excerpt: None, hint: None }
    }

    /// Adds the error that caused this one. Where that is a closed pipe, so is this.
    pub(crate) fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        let source = unwrapped(source.into());
        if is_closed_pipe(source.as_ref()) {
            self.exit = Exit::ClosedPipe;
        }
        self.error = self.error.with_source(source);
        self
    }

    /// Shows what it is about, on lines of their own.
    pub(crate) fn with_excerpt(mut self, excerpt: impl Into<Box<str>>) -> Self {
        self.excerpt = Some(excerpt.into());
        self
    }

    /// Says what to do about it, on a line of its own.
    pub(crate) fn with_hint(mut self, hint: impl Into<Box<str>>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Sets the exit code, where the kind of an error does not say enough.
    pub(crate) const fn with_exit(mut self, exit: Exit) -> Self {
        self.exit = exit;
        self
    }

    /// Returns the code that the program ends with.
    pub(crate) const fn exit(&self) -> Exit {
        self.exit
    }

    /// Returns the text for standard error; nothing where there is nothing to complain about.
    pub(crate) fn text(&self) -> Option<String> {
        if self.exit == Exit::ClosedPipe {
            return None;
        }
        let mut text = format!("error: {}", self.error.chain().replace('\n', " "));
        if let Some(id) = self.error.request_id() {
            text.push_str(&format!(" (request {id})"));
        }
        if let Some(excerpt) = &self.excerpt {
            text.push('\n');
            text.push_str(excerpt);
        }
        if let Some(hint) = &self.hint {
            text.push_str(&format!("\nhint: {hint}"));
        }
        Some(text)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        // What has an id was answered by a server.
        let hint =
            if error.request_id().is_none() { hint(error.kind()) } else { hint_of_server(error.kind()) };
        let hint = hint.map(Into::into);
        Self { exit: exit(error.kind()), excerpt: None, hint, error }
    }
}

const fn exit(kind: ErrorKind) -> Exit {
    match kind {
        ErrorKind::NotFound => Exit::NoInput,
        ErrorKind::SchemaMismatch | ErrorKind::Corrupt => Exit::Data,
        ErrorKind::Unavailable | ErrorKind::DeadlineExceeded => Exit::Unavailable,
        ErrorKind::Unauthenticated | ErrorKind::PermissionDenied => Exit::Permission,
        ErrorKind::AlreadyExists
        | ErrorKind::InvalidArgument
        | ErrorKind::ReadOnly
        | ErrorKind::SnapshotChanged
        | ErrorKind::LimitExceeded
        | ErrorKind::Cancelled
        | ErrorKind::Unsupported
        | ErrorKind::FunctionFailed
        | ErrorKind::Internal => Exit::Failure,
    }
}

const fn hint(kind: ErrorKind) -> Option<&'static str> {
    match kind {
        ErrorKind::Unavailable => Some("is the server running? `--server` or ARROWLINK_URI says where"),
        ErrorKind::DeadlineExceeded => Some("a longer `--timeout` gives it more time"),
        _ => None,
    }
}

const fn hint_of_server(kind: ErrorKind) -> Option<&'static str> {
    match kind {
        ErrorKind::DeadlineExceeded => Some("a longer `--timeout` gives it more time"),
        ErrorKind::Unauthenticated => Some("--token or ARROWLINK_TOKEN says who asks"),
        ErrorKind::Internal => Some("the log of the server has the request"),
        _ => None,
    }
}

/// Takes an error out of one that has its text and no more to say.
fn unwrapped(error: Box<dyn StdError + Send + Sync>) -> Box<dyn StdError + Send + Sync> {
    let error = match error.downcast::<ArrowError>().map(|error| *error) {
        Ok(ArrowError::ExternalError(inner)) => return inner,
        Ok(ArrowError::IoError(_, inner)) => return inner.into(),
        Ok(other) => return other.into(),
        Err(error) => error,
    };
    match error.downcast::<ParquetError>().map(|error| *error) {
        Ok(ParquetError::External(inner)) => inner,
        Ok(other) => other.into(),
        Err(error) => error,
    }
}

fn is_closed_pipe(error: &(dyn StdError + 'static)) -> bool {
    io_cause(error).is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

/// Finds what the operating system said among the causes of `error`.
pub(crate) fn io_cause<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a io::Error> {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(io) = error.downcast_ref() {
            return Some(io);
        }
        cause = error.source();
    }
    None
}
