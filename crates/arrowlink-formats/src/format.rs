//! The formats, by the names that people and protocols have for them.

use std::fmt;

/// A format that tables can be written in.
///
/// ```
/// use arrowlink_formats::Format;
///
/// assert_eq!(Format::Parquet.media_type(), "application/vnd.apache.parquet");
/// assert_eq!(Format::from_name("ndjson"), Some(Format::Ndjson));
/// assert_eq!(Format::from_media_type("text/csv"), Some(Format::Csv));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// An Arrow IPC stream: read as it comes, without a copy of the columns.
    ArrowStream,
    /// An Arrow IPC file, also known as Feather: read in any order.
    ArrowFile,
    /// Parquet, compressed by Snappy.
    Parquet,
    /// Comma-separated values with a line of names.
    Csv,
    /// One object per line.
    Ndjson,
    /// One array of objects, an object on each line.
    Json,
}

impl Format {
    /// Every format; those that keep more of a table come first.
    pub const ALL: [Self; 6] =
        [Self::ArrowStream, Self::ArrowFile, Self::Parquet, Self::Csv, Self::Ndjson, Self::Json];

    /// Returns the word for it in URLs and on command lines.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ArrowStream => "arrow-stream",
            Self::ArrowFile => "arrow-file",
            Self::Parquet => "parquet",
            Self::Csv => "csv",
            Self::Ndjson => "ndjson",
            Self::Json => "json",
        }
    }

    /// Returns the media type; where IANA knows the format it is IANA's.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::ArrowStream => "application/vnd.apache.arrow.stream",
            Self::ArrowFile => "application/vnd.apache.arrow.file",
            Self::Parquet => "application/vnd.apache.parquet",
            Self::Csv => "text/csv",
            Self::Ndjson => "application/x-ndjson",
            Self::Json => "application/json",
        }
    }

    /// Finds a format by [`name`](Self::name).
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.name() == name)
    }

    /// Finds a format by [`media_type`](Self::media_type), in capitals or not, without parameters.
    pub fn from_media_type(media_type: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.media_type().eq_ignore_ascii_case(media_type))
    }
}

/// The name of the format as its makers write it.
impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ArrowStream => "Arrow stream",
            Self::ArrowFile => "Arrow IPC",
            Self::Parquet => "Parquet",
            Self::Csv => "CSV",
            Self::Ndjson => "NDJSON",
            Self::Json => "JSON",
        })
    }
}
