//! What a failed disk operation means for the caller, and the one way to reach the disk from async code.

use std::io;
use std::panic::resume_unwind;
use std::path::Path;

use arrow_schema::ArrowError;
use arrowlink_core::{Error, ErrorKind, Result};

/// Runs `work` where waiting for the disk holds up nobody; a panic in it is the caller's panic.
pub(crate) async fn blocking<T, F>(work: F) -> Result<T>
where
    T: Send + 'static,
    F: FnOnce() -> Result<T> + Send + 'static,
{
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => resume_unwind(panic),
            Err(_) => Err(Error::new(ErrorKind::Unavailable, "the store is shutting down")),
        },
    }
}

/// Says that `action` (as in "cannot `action` the file") failed at `path`.
///
/// A full disk, a used-up quota and a file past the largest size are limits of this machine, not faults. An error
/// that carries an [`Error`] of its own, as the store's quota does, is that error.
pub(crate) fn disk(action: &str, path: &Path, error: io::Error) -> Error {
    let kind = match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
            ErrorKind::LimitExceeded
        }
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => ErrorKind::PermissionDenied,
        _ => ErrorKind::Unavailable,
    };
    let error = match error.downcast::<Error>() {
        Ok(own) => return own,
        Err(error) => error,
    };
    let hint = if kind == ErrorKind::LimitExceeded { ", make room on the disk and try again" } else { "" };
    Error::new(kind, format!("cannot {action} `{}`{hint}", path.display())).with_source(error)
}

/// Says that a batch could not be written to `path`: the disk's fault or the batch's.
pub(crate) fn encoding(path: &Path, error: ArrowError) -> Error {
    match error {
        ArrowError::IoError(_, error) => disk("write", path, error),
        ArrowError::NotYetImplemented(what) => Error::new(ErrorKind::Unsupported, what),
        error => Error::new(ErrorKind::InvalidArgument, "the batch cannot be written as an Arrow file")
            .with_source(error),
    }
}

/// Says that the stored file at `path` is damaged, and how.
pub(crate) fn corrupt(path: &Path, how: impl AsRef<str>) -> Error {
    Error::new(ErrorKind::Corrupt, format!("stored file `{}` is damaged: {}", path.display(), how.as_ref()))
}
