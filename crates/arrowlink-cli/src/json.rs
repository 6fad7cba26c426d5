//! Descriptions as JSON, for scripts. Keys are only ever added; sizes that are not known are `null`.

use std::collections::HashMap;

use arrow_schema::{Field, Schema};
use arrowlink_core::{Description, Entry, Name};
use serde::Serialize;

use crate::failure::{Exit, Failure};
use crate::words::hex;

/// A line of `ls`.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum Listed<'a> {
    Whole(Summary<'a>),
    Broken { name: &'a str, error: String },
}

impl<'a> Listed<'a> {
    pub(crate) fn of(entry: &'a Entry) -> Self {
        match &entry.description {
            Ok(description) => Self::Whole(Summary::of(&entry.name, description)),
            Err(error) => Self::Broken { name: entry.name.as_str(), error: error.chain() },
        }
    }
}

/// What is said of a name in a listing.
#[derive(Debug, Serialize)]
pub(crate) struct Summary<'a> {
    name: &'a str,
    kind: String,
    rows: Option<u64>,
    bytes: Option<u64>,
    source: &'a str,
    writable: bool,
}

impl<'a> Summary<'a> {
    fn of(name: &'a Name, description: &'a Description) -> Self {
        Self {
            name: name.as_str(),
            kind: description.kind.to_string(),
            rows: description.rows,
            bytes: description.bytes,
            source: &description.source,
            writable: description.writable,
        }
    }
}

/// All that is known of a name.
#[derive(Debug, Serialize)]
pub(crate) struct Shown<'a> {
    #[serde(flatten)]
    summary: Summary<'a>,
    snapshot: Option<String>,
    parts: Vec<Part>,
    columns: Vec<Column<'a>>,
    metadata: &'a HashMap<String, String>,
}

impl<'a> Shown<'a> {
    pub(crate) fn of(name: &'a Name, description: &'a Description) -> Self {
        let schema: &Schema = &description.schema;
        let parts = description.parts.iter().map(|part| Part { rows: part.rows, bytes: part.bytes });
        Self {
            summary: Summary::of(name, description),
            snapshot: description.snapshot.as_ref().map(|snapshot| hex(snapshot.as_bytes())),
            parts: parts.collect(),
            columns: schema.fields().iter().map(|field| Column::of(field)).collect(),
            metadata: schema.metadata(),
        }
    }
}

#[derive(Debug, Serialize)]
struct Part {
    rows: Option<u64>,
    bytes: Option<u64>,
}

#[derive(Debug, Serialize)]
struct Column<'a> {
    name: &'a str,
    #[serde(rename = "type")]
    data_type: String,
    nullable: bool,
    metadata: &'a HashMap<String, String>,
}

impl<'a> Column<'a> {
    fn of(field: &'a Field) -> Self {
        Self {
            name: field.name(),
            data_type: field.data_type().to_string(),
            nullable: field.is_nullable(),
            metadata: field.metadata(),
        }
    }
}

/// Writes one array with a value on each line, as the format of that name does.
pub(crate) fn lines<T: Serialize>(values: impl Iterator<Item = T>) -> Result<String, Failure> {
    let values: Vec<String> =
        values.map(|value| serde_json::to_string(&value)).collect::<Result<_, _>>().map_err(failed)?;
    Ok(format!("[\n{}{}]\n", values.join(",\n"), if values.is_empty() { "" } else { "\n" }))
}

/// Writes one value for people and programs to read.
pub(crate) fn pretty(value: &impl Serialize) -> Result<String, Failure> {
    serde_json::to_string_pretty(value).map(|text| text + "\n").map_err(failed)
}

fn failed(error: serde_json::Error) -> Failure {
    Failure::new(Exit::Failure, "this cannot be said in JSON").with_source(error)
}
