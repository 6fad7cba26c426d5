//! Where in a CSV file something is wrong, taken out of the words of Arrow's reader.
//!
//! The reader says it in text only, and counts lines in three ways; the shapes that are understood here are pinned by
//! tests. What is not understood stays as it was said.

use arrow_schema::Schema;
use arrowlink_core::Error;

use crate::failure::corrupt;
use crate::snapshot::FileStamp;
use crate::{CsvHeader, FileOptions};

/// Says where in the file `error` is, where the reader's words tell.
///
/// Where the type of a column was inferred and does not fit a later row, the message says how to give another.
/// `error` itself is returned where nothing is known.
pub(crate) fn located(error: Error, stamp: &FileStamp, schema: &Schema, options: &FileOptions) -> Error {
    let Some(text) = std::error::Error::source(&error).map(ToString::to_string) else { return error };
    let header = usize::from(options.csv.header == CsvHeader::Present);
    match fault(&text, schema, header) {
        Some((what, true)) if options.schema.is_none() => corrupt(
            &stamp.name,
            format!("{what}: its type is that of the first rows, set another with `schema`"),
        ),
        Some((what, _)) => corrupt(&stamp.name, what),
        None => error,
    }
}

/// Reads the reader's words: what is wrong where, and whether another type would do.
///
/// `header` is 1 where the first line is not a row. `None` where the words are not among the shapes that are known
/// here.
fn fault(text: &str, schema: &Schema, header: usize) -> Option<(String, bool)> {
    if let Some(rest) = text.strip_prefix("Error while parsing value '") {
        let (value, rest) = rest.split_once("' as type '")?;
        let (data_type, rest) = rest.split_once("' for column ")?;
        let (column, rest) = number(rest)?;
        let (line, _) = number(rest.strip_prefix(" at line ")?)?;
        let place = place(line + 1 - header, column, schema);
        return Some((format!("{place}: `{}` is not {data_type}", shortened(value)), true));
    }
    if let Some(rest) = text.strip_prefix("Error parsing column ") {
        let (column, rest) = number(rest)?;
        let (line, why) = number(rest.strip_prefix(" at line ")?)?;
        let why = why.trim_start_matches(": ").trim_start_matches("Parser error: ");
        return Some((format!("{}: {why}", place(line + 1 - header, column, schema)), true));
    }
    if let Some(rest) = text.strip_prefix("incorrect number of fields for line ") {
        let (line, rest) = number(rest)?;
        let (expected, rest) = number(rest.strip_prefix(", expected ")?)?;
        let found = rest.strip_prefix(" got ")?;
        return Some((format!("row {}: {expected} columns expected, got {found}", line - header), false));
    }
    if let Some(rest) = text.strip_prefix(NOT_UTF8) {
        let (field, rest) = number(rest)?;
        let (line, _) = number(rest.split_once(" at line ")?.1)?;
        return Some((format!("{}: {CONVERT}", place(line.checked_sub(header)?, field, schema)), false));
    }
    let rest = text.strip_prefix("Encountered invalid UTF-8 data for line ")?;
    let (line, rest) = number(rest)?;
    let (field, _) = number(rest.strip_prefix(" and field ")?)?;
    let place = place(line.saturating_sub(header), field.saturating_sub(1), schema);
    Some((format!("{place}: {CONVERT}"), false))
}

/// Takes the digits at the start of `text`; `None` where there are none.
fn number(text: &str) -> Option<(usize, &str)> {
    let end = text.find(|character: char| !character.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    Some((digits.parse().ok()?, rest))
}

/// Names a row, counted from 1 without the header, and a column, counted from 0.
///
/// Row 0 is the header.
fn place(row: usize, column: usize, schema: &Schema) -> String {
    if row == 0 {
        return format!("the header, column {}", column + 1);
    }
    match schema.fields().get(column) {
        Some(field) => format!("row {row}, column `{}`", field.name()),
        None => format!("row {row}, column {}", column + 1),
    }
}

/// Returns the start of a value that may be as long as a file.
fn shortened(value: &str) -> String {
    match value.char_indices().nth(LONGEST_VALUE) {
        Some((end, _)) => format!("{}…", &value[..end]),
        None => value.to_owned(),
    }
}

/// How the inference of types begins to say where text is not UTF-8.
const NOT_UTF8: &str =
    "Encountered UTF-8 error while reading CSV file: invalid utf-8: invalid UTF-8 in field ";
/// What is wrong with such text, and what to do.
const CONVERT: &str = "its text is not UTF-8, convert the file";
/// How many characters of a value a message has at most.
const LONGEST_VALUE: usize = 40;
