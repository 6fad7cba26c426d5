//! What went wrong with a statement, in the words of the project.
//!
//! It differs from [`failure`](crate::failure), whose errors are about files of the operator: here most are mistakes of
//! whoever wrote the statement, and say where it is. Errors that were made here and travelled through DataFusion come
//! out as they went in.

use std::fmt;
use std::io;
use std::sync::Arc;

use arrow_schema::ArrowError;
use arrowlink_core::{Error, ErrorKind};
use datafusion::common::{DataFusionError, Span};
use datafusion::sql::sqlparser::parser::ParserError;

use super::place::Place;
use super::{unknown, unsupported};

/// A mistake in the statement, at `place` where that is known.
pub(crate) fn invalid(place: Option<Place>, text: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidArgument, placed(place, text))
}

/// A statement that is not executed here; `instead` says what to do.
pub(crate) fn refused(what: &str, instead: &str) -> Error {
    refused_at(None, what, instead)
}

/// The same, at `place` where that is known.
pub(crate) fn refused_at(place: Option<Place>, what: &str, instead: &str) -> Error {
    Error::new(ErrorKind::Unsupported, placed(place, format!("{what} is not executed here: {instead}")))
}

/// Puts the place before the text.
pub(crate) fn placed(place: Option<Place>, text: impl Into<String>) -> String {
    let text = text.into();
    place.map_or_else(|| text.clone(), |place| format!("{place}: {text}"))
}

/// Translates what the parser says of the statement `text`, where that is known.
pub(crate) fn from_parser(error: DataFusionError, statement: &str) -> Error {
    match error {
        DataFusionError::SQL(error, _) => match *error {
            ParserError::ParserError(text) | ParserError::TokenizerError(text) => {
                let (text, place) = Place::split(&text);
                let end = || text.ends_with("found: EOF").then(|| Place::of_end(statement)).flatten();
                invalid(place.or_else(end), lower(text).replace("found: EOF", "found: the end"))
            }
            ParserError::RecursionLimitExceeded => {
                let text = "the statement is nested too deep: divide it by `WITH`";
                Error::new(ErrorKind::LimitExceeded, text)
            }
        },
        DataFusionError::Diagnostic(_, error) | DataFusionError::Context(_, error) => {
            from_parser(*error, statement)
        }
        error => from_datafusion(error),
    }
}

/// Translates what the planner says of the statement `text`, which was parsed.
///
/// Nothing of it is a bug of the server's until it is known to be: it began with what a caller wrote.
pub(crate) fn from_planning(error: DataFusionError, text: &str) -> Error {
    let place = place_of(&error);
    match root(error) {
        DataFusionError::SchemaError(error, _) => unknown::column(place, &error, text),
        DataFusionError::Plan(reason) if reason.starts_with(unsupported::COMPARED) => {
            unsupported::refuse(place, &reason)
        }
        DataFusionError::Plan(reason) => match unsupported::count(&reason) {
            Some(text) => invalid(place, text),
            None => invalid(place, NOT_VALID).with_source(first_line(&reason)),
        },
        DataFusionError::NotImplemented(reason) => unsupported::refuse(place, &reason),
        DataFusionError::Internal(reason) => {
            Error::new(ErrorKind::Unsupported, placed(place, "the statement cannot be planned"))
                .with_source(first_line(&reason))
        }
        error => from_datafusion(error),
    }
}

/// Translates what is said of a Substrait plan while it becomes one of the engine.
#[cfg(feature = "substrait")]
pub(crate) fn from_plan(error: DataFusionError) -> Error {
    match root(error) {
        DataFusionError::Plan(reason) | DataFusionError::Substrait(reason) => {
            invalid(None, "the plan is not valid").with_source(first_line(&reason))
        }
        error => from_planning(error, ""),
    }
}

/// Translates what went wrong while a statement was executed.
///
/// Every variant stands here by name: one that a new version adds has to be given a kind before this compiles.
pub(crate) fn from_datafusion(error: DataFusionError) -> Error {
    // It comes as an error of the file system, or as the text of one.
    let text = error.to_string();
    if text.contains(DISK_SETTING) {
        return exhausted(&text);
    }
    if let Some(full) = full_disk(&error) {
        return full;
    }
    match root(error) {
        DataFusionError::ArrowError(error, _) => from_arrow(*error),
        DataFusionError::External(source) => match source.downcast::<Error>() {
            Ok(ours) => *ours,
            Err(source) if is_panic(&source.to_string()) => gave_up(source),
            Err(source) => failed().with_source(source),
        },
        DataFusionError::Execution(text) if is_panic(&text) => gave_up(text),
        DataFusionError::ResourcesExhausted(text) => exhausted(&text),
        DataFusionError::NotImplemented(text) => unsupported::refuse(None, &text),
        DataFusionError::SchemaError(error, _) => unknown::column(None, &error, ""),
        DataFusionError::Plan(text)
        | DataFusionError::Execution(text)
        | DataFusionError::Configuration(text) => failed().with_source(first_line(&text)),
        DataFusionError::SQL(error, source) => from_parser(DataFusionError::SQL(error, source), ""),
        DataFusionError::Substrait(text) => invalid(None, "the plan is not valid").with_source(text),
        error @ (DataFusionError::ParquetError(_)
        | DataFusionError::ObjectStore(_)
        | DataFusionError::IoError(_)) => crate::failure::from_datafusion("a file of the query", error),
        error @ (DataFusionError::Internal(_)
        | DataFusionError::ExecutionJoin(_)
        | DataFusionError::Ffi(_)
        | DataFusionError::Context(..)
        | DataFusionError::Diagnostic(..)
        | DataFusionError::Collection(_)
        | DataFusionError::Shared(_)) => gave_up(error),
    }
}

/// Wraps an error for its way through DataFusion.
pub(crate) fn travelling(error: Error) -> DataFusionError {
    DataFusionError::External(Box::new(error))
}

/// Translates what Arrow says of the values that it was to compute with.
fn from_arrow(error: ArrowError) -> Error {
    match error {
        ArrowError::ExternalError(source) => match source.downcast::<Error>() {
            Ok(ours) => *ours,
            Err(source) => match source.downcast::<DataFusionError>() {
                Ok(error) => from_datafusion(*error),
                Err(source) => failed().with_source(source),
            },
        },
        // What cannot be decoded is no matter of the statement.
        error @ (ArrowError::IoError(..) | ArrowError::ParquetError(_) | ArrowError::IpcError(_)) => {
            crate::failure::from_arrow("a file of the query", error)
        }
        ArrowError::MemoryError(text) => {
            Error::new(ErrorKind::LimitExceeded, "the query makes values that are too large")
                .with_source(text)
        }
        ArrowError::NotYetImplemented(text) => {
            Error::new(ErrorKind::Unsupported, "the statement uses what is not there yet").with_source(text)
        }
        error => failed().with_source(error),
    }
}

/// Takes off what DataFusion wraps around an error on its way.
fn root(error: DataFusionError) -> DataFusionError {
    match error {
        DataFusionError::Context(_, error) | DataFusionError::Diagnostic(_, error) => root(*error),
        DataFusionError::Shared(error) => match Arc::try_unwrap(error) {
            Ok(error) => root(error),
            Err(shared) => copied(&shared),
        },
        DataFusionError::Collection(mut errors) if !errors.is_empty() => root(errors.swap_remove(0)),
        DataFusionError::External(source) => match source.downcast::<DataFusionError>() {
            Ok(error) => root(*error),
            Err(source) => DataFusionError::External(source),
        },
        error => error,
    }
}

/// Copies an error that several partitions share; its kind and words are kept.
fn copied(shared: &DataFusionError) -> DataFusionError {
    match shared.find_root() {
        DataFusionError::External(source) => match source.downcast_ref::<Error>() {
            Some(ours) => travelling(crate::failure::copied(ours)),
            None => DataFusionError::Execution(source.to_string()),
        },
        DataFusionError::ResourcesExhausted(text) => DataFusionError::ResourcesExhausted(text.clone()),
        DataFusionError::NotImplemented(text) => DataFusionError::NotImplemented(text.clone()),
        DataFusionError::Internal(text) => DataFusionError::Internal(text.clone()),
        DataFusionError::ExecutionJoin(error) => DataFusionError::Internal(error.to_string()),
        DataFusionError::ArrowError(error, _) => match error.as_ref() {
            ArrowError::ParquetError(text) => ArrowError::ParquetError(text.clone()).into(),
            ArrowError::IpcError(text) => ArrowError::IpcError(text.clone()).into(),
            ArrowError::MemoryError(text) => ArrowError::MemoryError(text.clone()).into(),
            other => DataFusionError::Execution(other.to_string()),
        },
        other => DataFusionError::Execution(other.strip_backtrace()),
    }
}

/// Returns where the planner says that the mistake is.
pub(crate) fn place_of(error: &DataFusionError) -> Option<Place> {
    let Span { start, .. } = error.diagnostic()?.span?;
    Some(Place { line: start.line, column: start.column }).filter(|place| place.line > 0)
}

/// Says which bound was reached, on the disk or in memory.
fn exhausted(text: &str) -> Error {
    let message = if text.contains(DISK_SETTING) {
        "the query needs more room on the disk than it may take: raise `query.max_spill`, or ask for less"
    } else {
        "the query needs more memory than it may take: raise `query.memory`, or ask for less"
    };
    let (why, _) = text.split_once(". Please try increasing").unwrap_or((text, ""));
    let (why, _) = why.split_once(" with top memory consumers").unwrap_or((why, ""));
    Error::new(ErrorKind::LimitExceeded, message).with_source(first_line(why))
}

/// Says that the disk took no more of what the query keeps there, where that is the cause; tables are only read.
fn full_disk(error: &DataFusionError) -> Option<Error> {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = cause {
        let kind = error.downcast_ref::<io::Error>().map(io::Error::kind);
        if let Some(io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge) =
            kind
        {
            let text = "the disk is full where queries keep intermediate results: make room in the folder of \
                        `query.spill_dir`, raise `query.memory`, or ask for less";
            return Some(Error::new(ErrorKind::LimitExceeded, text).with_source(error.to_string()));
        }
        cause = error.source();
    }
    None
}

/// Something is wrong with the engine, but where it says that it does not compute with a type, and for panics by which
/// Arrow says that a column is too large.
///
/// What is said for those who work on the engine is left out; a panic is on standard error with its place.
pub(crate) fn gave_up(error: impl fmt::Display) -> Error {
    let text = error.to_string();
    let says = |words: &str| text.contains(words);
    let (kind, message) = if says(OFFSET_OVERFLOW) {
        let message =
            "a column of the result has more than 2 GiB in one batch: ask for fewer rows, or shorter texts";
        (ErrorKind::LimitExceeded, message)
    } else if says(NO_FIELDS) {
        return Error::new(ErrorKind::Unsupported, NOT_COMPARED);
    } else if says(UNCOMPARABLE) {
        // What follows are values.
        let message = "values of this type are not compared here: compare the fields that are in them";
        return Error::new(ErrorKind::Unsupported, message);
    } else if NOT_THERE.into_iter().any(says) {
        (ErrorKind::Unsupported, "the statement uses what is not there yet")
    } else if is_panic(&text) {
        return Error::new(ErrorKind::Internal, BROKE_OFF);
    } else {
        (ErrorKind::Internal, "the query failed")
    };
    // The number of a task says nothing to anybody.
    let reason = text.split_once(PANICKED).map_or(text.as_str(), |(_, reason)| reason);
    Error::new(kind, message).with_source(first_line(reason.trim_matches('"')))
}

/// Returns whether `text` is of a task that panicked, or of one that waited for it.
fn is_panic(text: &str) -> bool {
    text.contains(" panicked")
}

/// The statement was fine; the values that it met were not.
fn failed() -> Error {
    invalid(None, "the query failed")
}

/// Leaves out the kind, which the error says itself, and hints, which follow on lines of their own.
pub(crate) fn first_line(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    let line = KINDS.iter().fold(line, |line, kind| line.strip_prefix(kind).unwrap_or(line));
    let line = line.trim_end_matches('.');
    line.chars().take(MOST_REASON).collect()
}

/// Begins `text` in lower case.
pub(crate) fn lower(text: &str) -> String {
    let mut characters = text.chars();
    characters
        .next()
        .map_or_else(String::new, |first| format!("{}{}", first.to_lowercase(), characters.as_str()))
}

/// What is said of a statement that is well formed, and asks for what cannot be done.
const NOT_VALID: &str = "the statement is not valid";
const OFFSET_OVERFLOW: &str = "offset overflow";
/// What Arrow says of a struct that has none.
const NO_FIELDS: &str = "struct array with no fields";
/// What is said of such a struct, here and where it is found out before.
pub(crate) const NOT_COMPARED: &str = "structs without fields are not compared here: leave the column out";
/// How the engine says that it has no order for two values.
const UNCOMPARABLE: &str = "Uncomparable values";
/// How the engine says of a type that it does not compute with it, while it does.
const NOT_THERE: [&str; 4] = ["not implemented", "not supported", "unsupported", "Unsupported"];
/// What stands before the words of a panic.
const PANICKED: &str = " panicked with message ";
const BROKE_OFF: &str = "the query failed: a step of it broke off, as happens where values grow too large: ask for fewer \
                         rows, or shorter texts";
/// The setting that DataFusion names where intermediate results take too much.
const DISK_SETTING: &str = "max_temp_directory_size";
/// How many characters are shown of what DataFusion says: some of it is a whole plan.
const MOST_REASON: usize = 1000;
/// What DataFusion puts before texts that it wraps.
const KINDS: [&str; 3] = ["Error during planning: ", "Internal error: ", "Execution error: "];
