//! What went wrong, in the words of the project: every error of DataFusion, Arrow, Parquet and the file system.
//!
//! An error is about a file of the operator, so most are `Corrupt` and name it. Errors that were made here and
//! travelled through DataFusion come out as they went in.

use std::error::Error as StdError;
use std::io::{self, ErrorKind as IoErrorKind};
use std::sync::Arc;

use arrow_schema::ArrowError;
use arrowlink_core::{Error, ErrorKind};
use datafusion::common::DataFusionError;
use datafusion::object_store;
use parquet::errors::ParquetError;

type Source = Box<dyn StdError + Send + Sync>;

/// A bug of this crate or of what it is built on.
pub(crate) fn internal(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Internal, message)
}

/// Returns the same error once more: its kind, its words, and its causes as words.
pub(crate) fn copied(error: &Error) -> Error {
    let copy = Error::new(error.kind(), error.message());
    match error.source() {
        Some(cause) => {
            let chain = error.chain();
            let causes = chain.strip_prefix(error.message()).map(|rest| rest.trim_start_matches(": "));
            copy.with_source(causes.map_or_else(|| cause.to_string(), str::to_owned))
        }
        None => copy,
    }
}

/// The bytes of the file `name` are damaged in the way that `what` says.
pub(crate) fn corrupt(name: &str, what: impl std::fmt::Display) -> Error {
    Error::new(ErrorKind::Corrupt, format!("`{name}`: {what}"))
}

/// The file `name` is no longer what it was when the read began.
///
/// `SnapshotChanged`, as in a read that is resumed too late.
pub(crate) fn changed(name: &str) -> Error {
    Error::new(
        ErrorKind::SnapshotChanged,
        format!("`{name}` changed while it was read: read again from the start"),
    )
}

/// The file `name` cannot be read.
///
/// An error without a number of the operating system was made by a decoder, so that it is the content that is wrong.
pub(crate) fn io(name: &str, error: io::Error) -> Error {
    let error = match error.downcast::<Error>() {
        Ok(ours) => return ours,
        Err(error) => error,
    };
    let (kind, what) = match error.kind() {
        IoErrorKind::NotFound => (ErrorKind::NotFound, "is not there any more"),
        IoErrorKind::PermissionDenied => (ErrorKind::PermissionDenied, "may not be read by the server"),
        IoErrorKind::UnexpectedEof => (ErrorKind::Corrupt, "ends too early"),
        // Not from the system: a decoder that reads through `io::Read` says it so.
        _ if error.raw_os_error().is_none() => (ErrorKind::Corrupt, "is damaged"),
        _ => (ErrorKind::Unavailable, "cannot be read at the moment"),
    };
    Error::new(kind, format!("`{name}` {what}")).with_source(error)
}

/// The file `name` of an object store cannot be read.
///
/// What a network does, the store's client has repeated already: what comes here lasts.
pub(crate) fn from_remote(name: &str, error: &object_store::Error) -> Error {
    use object_store::Error as E;
    let text = told(&error.to_string());
    let (kind, what) = match error {
        E::NotFound { .. } => (ErrorKind::NotFound, "is not there"),
        E::PermissionDenied { .. } | E::Unauthenticated { .. } => {
            (ErrorKind::PermissionDenied, "may not be read by the server: check the credentials of its store")
        }
        E::Precondition { .. } | E::NotModified { .. } => return changed(name),
        E::NotSupported { .. } | E::NotImplemented { .. } | E::InvalidPath { .. } => {
            (ErrorKind::Unsupported, "is where its store cannot look")
        }
        _ if text.contains("416 Range Not Satisfiable") => return changed(name),
        _ if NO_BUCKET.iter().any(|code| text.contains(code)) => {
            (ErrorKind::NotFound, "is in a bucket that is not there")
        }
        _ => (ErrorKind::Unavailable, "cannot be read at the moment: its store does not answer as it should"),
    };
    Error::new(kind, format!("`{name}` {what}")).with_source(text)
}

/// Returns on one line what a store said. Its causes say it again, and it answers in XML.
fn told(text: &str) -> String {
    let (said, xml) = text.find('<').map_or((text, ""), |at| text.split_at(at));
    let said = said.lines().map(str::trim).collect::<Vec<_>>().join(" ");
    let element = |name: &str| {
        let (_, rest) = xml.split_once(&format!("<{name}>"))?;
        Some(rest.split_once('<')?.0.trim())
    };
    let parts =
        [said.trim_end_matches([' ', ':']), element("Code").unwrap_or(""), element("Message").unwrap_or("")];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(": ")
}

/// What S3, Google and Azure call a bucket or container that they do not have.
const NO_BUCKET: [&str; 2] = ["NoSuchBucket", "ContainerNotFound"];

/// A panic while the file `name` was decoded: its bytes led a decoder where it was not prepared to be.
///
/// The text of the panic becomes the cause.
pub(crate) fn panicked(name: &str, panic: &(dyn std::any::Any + Send)) -> Error {
    let text =
        panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    corrupt(name, "cannot be decoded").with_source(text.unwrap_or("the decoder gave up").to_owned())
}

/// Translates what DataFusion says about the file `name`.
///
/// Every variant stands here by name: one that a new version adds has to be given a kind before this compiles.
pub(crate) fn from_datafusion(name: &str, error: DataFusionError) -> Error {
    match error {
        DataFusionError::ArrowError(error, _) => from_arrow(name, *error),
        DataFusionError::ParquetError(error) => from_parquet(name, *error),
        DataFusionError::ObjectStore(error) => from_store(name, *error),
        DataFusionError::IoError(error) => io(name, error),
        DataFusionError::External(source) => from_source(name, source),
        DataFusionError::Context(_, error) | DataFusionError::Diagnostic(_, error) => {
            from_datafusion(name, *error)
        }
        DataFusionError::Shared(error) => match Arc::try_unwrap(error) {
            Ok(error) => from_datafusion(name, error),
            Err(shared) => corrupt(name, "cannot be read").with_source(shared.to_string()),
        },
        DataFusionError::Collection(mut errors) if !errors.is_empty() => {
            from_datafusion(name, errors.swap_remove(0))
        }
        DataFusionError::ResourcesExhausted(text) => {
            Error::new(ErrorKind::LimitExceeded, format!("reading `{name}` takes too much")).with_source(text)
        }
        DataFusionError::NotImplemented(text) => unsupported(name, text),
        DataFusionError::SchemaError(error, _) => {
            corrupt(name, "has columns that do not fit").with_source(*error)
        }
        DataFusionError::Execution(text) => corrupt(name, "cannot be read").with_source(text),
        error @ (DataFusionError::Internal(_)
        | DataFusionError::Plan(_)
        | DataFusionError::SQL(_, _)
        | DataFusionError::Configuration(_)
        | DataFusionError::ExecutionJoin(_)
        | DataFusionError::Substrait(_)
        | DataFusionError::Ffi(_)
        | DataFusionError::Collection(_)) => internal(format!("reading `{name}` failed")).with_source(error),
    }
}

/// Translates what Arrow says about the file `name`.
///
/// Arrow's CSV, JSON and IPC readers say with their variants which of them it was. A
/// [`MemoryError`](ArrowError::MemoryError) is a limit and no damage.
pub(crate) fn from_arrow(name: &str, error: ArrowError) -> Error {
    match error {
        ArrowError::ExternalError(source) => from_source(name, source),
        ArrowError::IoError(_, error) => io(name, error),
        ArrowError::MemoryError(text) => {
            Error::new(ErrorKind::LimitExceeded, format!("reading `{name}` takes too much memory"))
                .with_source(text)
        }
        ArrowError::NotYetImplemented(text) => unsupported(name, text),
        ArrowError::CsvError(text) | ArrowError::ParseError(text) => {
            corrupt(name, "cannot be read").with_source(text)
        }
        ArrowError::JsonError(text) => corrupt(name, "is not valid JSON").with_source(text),
        ArrowError::IpcError(text) => corrupt(name, "is not valid Arrow IPC").with_source(text),
        ArrowError::ParquetError(text) => corrupt(name, "is not valid Parquet").with_source(text),
        error => corrupt(name, "cannot be decoded").with_source(error),
    }
}

/// Translates what the Parquet reader says about the file `name`.
pub(crate) fn from_parquet(name: &str, error: ParquetError) -> Error {
    match error {
        ParquetError::External(source) => from_source(name, source),
        ParquetError::NYI(text) => unsupported(name, text),
        error => corrupt(name, "is not valid Parquet").with_source(error),
    }
}

/// Translates what a store says, which is ours: errors in it are ours too.
fn from_store(name: &str, error: object_store::Error) -> Error {
    match error {
        object_store::Error::Generic { source, .. } | object_store::Error::NotFound { source, .. } => {
            from_source(name, source)
        }
        error => corrupt(name, "cannot be read").with_source(error),
    }
}

/// Unwraps an error that travelled in another one.
///
/// Layers wrap each other's errors in boxes; each box is opened until one of the known kinds comes out. Our own
/// errors keep their kind and words.
fn from_source(name: &str, source: Source) -> Error {
    let source = match source.downcast::<Error>() {
        Ok(ours) => return *ours,
        Err(source) => source,
    };
    let source = match source.downcast::<DataFusionError>() {
        Ok(error) => return from_datafusion(name, *error),
        Err(source) => source,
    };
    let source = match source.downcast::<ArrowError>() {
        Ok(error) => return from_arrow(name, *error),
        Err(source) => source,
    };
    let source = match source.downcast::<ParquetError>() {
        Ok(error) => return from_parquet(name, *error),
        Err(source) => source,
    };
    let source = match source.downcast::<object_store::Error>() {
        Ok(error) => return from_store(name, *error),
        Err(source) => source,
    };
    match source.downcast::<io::Error>() {
        Ok(error) => io(name, *error),
        Err(source) => corrupt(name, "cannot be read").with_source(source),
    }
}

/// The file is not damaged, but its like cannot be read.
fn unsupported(name: &str, text: String) -> Error {
    Error::new(ErrorKind::Unsupported, format!("`{name}` uses what cannot be read")).with_source(text)
}
