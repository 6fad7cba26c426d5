//! The formats of files, and which one a file is in.

use std::fmt;
use std::path::Path;

use clap::ValueEnum;
use clap::builder::PossibleValue;

use crate::failure::{Exit, Failure};

/// A format of files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Apache Parquet
    Parquet,
    /// Comma-separated values with a line of names
    Csv,
    /// Arrow IPC file, also known as Feather
    Arrow,
    /// One array of objects
    Json,
    /// One object per line
    Ndjson,
}

impl Format {
    /// Returns the format that was asked for, or else the one that the ending of `path` says.
    pub(crate) fn of(asked: Option<Self>, path: &Path) -> Result<Self, Failure> {
        asked.or_else(|| Self::from_ending(path)).ok_or_else(|| {
            let what = if path == Path::new("-") {
                "standard output has no ending that says the format".to_owned()
            } else {
                format!("the ending of `{}` does not say its format", path.display())
            };
            Failure::new(Exit::Usage, what).with_hint("give --format parquet, csv, arrow, json or ndjson")
        })
    }

    /// As [`of`](Self::of) for a file that is read: some endings are of what is not written here.
    pub(crate) fn of_input(asked: Option<Self>, path: &Path) -> Result<Self, Failure> {
        let also = path.extension().and_then(|ending| match ending.to_str()? {
            "arrows" => Some(Self::Arrow),
            "geojson" => Some(Self::Json),
            _ => None,
        });
        Self::of(asked.or(also), path)
    }

    /// Returns whether a file of this format does not say the types of its columns.
    pub(crate) const fn is_text(self) -> bool {
        matches!(self, Self::Csv | Self::Json | Self::Ndjson)
    }

    /// Returns what is written for it.
    pub(crate) const fn written(self) -> arrowlink_formats::Format {
        match self {
            Self::Parquet => arrowlink_formats::Format::Parquet,
            Self::Csv => arrowlink_formats::Format::Csv,
            Self::Arrow => arrowlink_formats::Format::ArrowFile,
            Self::Json => arrowlink_formats::Format::Json,
            Self::Ndjson => arrowlink_formats::Format::Ndjson,
        }
    }

    fn from_ending(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "parquet" | "pq" => Some(Self::Parquet),
            "csv" => Some(Self::Csv),
            "arrow" | "feather" | "ipc" => Some(Self::Arrow),
            "json" => Some(Self::Json),
            "ndjson" | "jsonl" => Some(Self::Ndjson),
            _ => None,
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.written().fmt(f)
    }
}

/// What a result becomes: a table for a person, or one of the formats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    Table,
    File(Format),
}

impl ValueEnum for Shape {
    fn value_variants<'a>() -> &'a [Self] {
        &[
            Self::Table,
            Self::File(Format::Json),
            Self::File(Format::Ndjson),
            Self::File(Format::Csv),
            Self::File(Format::Arrow),
            Self::File(Format::Parquet),
        ]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        match self {
            Self::Table => Some(PossibleValue::new("table").help("Columns for people to read")),
            Self::File(format) => format.to_possible_value(),
        }
    }
}
