//! What PostgreSQL and its driver say, in the words of the project.
//!
//! SQLSTATE decides the kind (PostgreSQL's documentation, appendix A). What the server says of itself is the cause.

use arrowlink_core::{Error, ErrorKind};
use tokio_postgres::error::DbError;

/// Says that `place` (a database, or a table of it) cannot be read, and why.
pub(crate) fn failed(place: &str, error: tokio_postgres::Error) -> Error {
    if let Some(said) = error.as_db_error() {
        return refused(place, said);
    }
    let text = error.to_string();
    let what = if text.contains("TLS") {
        "cannot be asked over TLS: check the certificate of the server and the key `ca`, or set `insecure` on this machine"
    } else if text.contains("connecting") {
        "does not answer"
    } else if text.contains("authentication") || text.contains("configuration") {
        return Error::new(
            ErrorKind::PermissionDenied,
            format!("`{place}` does not let the server in: {CREDENTIALS}"),
        )
        .with_source(cause(error));
    } else {
        "went away"
    };
    Error::new(ErrorKind::Unavailable, format!("`{place}` {what}")).with_source(cause(error))
}

/// Says that what came from `place` is not what its protocol promises.
pub(crate) fn malformed(place: &str, what: impl std::fmt::Display) -> Error {
    Error::new(ErrorKind::Corrupt, format!("`{place}`: {what}"))
}

/// Says that the columns of `place` are no longer those that were described.
pub(crate) fn changed(place: &str) -> Error {
    let text = format!("the columns of `{place}` changed since they were described: ask again");
    Error::new(ErrorKind::SnapshotChanged, text)
}

/// A bug of this crate.
pub(crate) fn internal(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Internal, message)
}

/// Sorts what the server said by its code.
fn refused(place: &str, said: &DbError) -> Error {
    let (kind, what) = match said.code().code() {
        "28000" | "28P01" => {
            (ErrorKind::PermissionDenied, format!("`{place}` does not let the server in: {CREDENTIALS}"))
        }
        "42501" => {
            (ErrorKind::PermissionDenied, format!("`{place}` may not be read by this user: `GRANT` it"))
        }
        "3D000" => (ErrorKind::NotFound, format!("there is no database for `{place}`")),
        "42P01" | "3F000" => (ErrorKind::NotFound, format!("there is no `{place}`")),
        "42703" => return changed(place).with_source(said.message().to_owned()),
        "53300" => (ErrorKind::Unavailable, format!("`{place}` takes no more connections at the moment")),
        "57014" => (ErrorKind::LimitExceeded, format!("the database ended the read of `{place}`")),
        "XX001" | "XX002" => (ErrorKind::Corrupt, format!("`{place}` is damaged in its database")),
        code => match code.get(..2).unwrap_or_default() {
            "08" | "57" => (ErrorKind::Unavailable, format!("`{place}` went away")),
            "53" | "54" => (ErrorKind::LimitExceeded, format!("the database has no room to read `{place}`")),
            "22" | "42" => (ErrorKind::InvalidArgument, format!("`{place}` cannot be read as it is defined")),
            "0A" => (ErrorKind::Unsupported, format!("`{place}` is nothing that its database can read")),
            _ => (ErrorKind::Unavailable, format!("`{place}` cannot be read at the moment")),
        },
    };
    Error::new(kind, what).with_source(words(said))
}

/// Returns what the server said, without its severity.
fn words(said: &DbError) -> String {
    match said.detail() {
        Some(detail) => format!("{} ({detail})", said.message()),
        None => said.message().to_owned(),
    }
}

/// Takes the cause out of the driver's error, which names a kind alone.
fn cause(error: tokio_postgres::Error) -> Box<dyn std::error::Error + Send + Sync> {
    let words = error.to_string();
    error.into_source().unwrap_or_else(|| words.into())
}

const CREDENTIALS: &str = "check `user` and `password` of its `credentials`, or `PGPASSWORD`";
