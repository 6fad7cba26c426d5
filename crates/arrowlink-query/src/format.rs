//! Which format a file has: what its name says, or what the operator says.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use arrowlink_core::{Error, ErrorKind, Result};

/// A format that files are read in.
///
/// ```
/// use arrowlink_query::FileFormat;
///
/// assert_eq!("ndjson".parse::<FileFormat>()?, FileFormat::Json);
/// assert_eq!(
///     "xlsx".parse::<FileFormat>().unwrap_err().to_string(),
///     "`xlsx` is not a file format: use `parquet`, `csv`, `json` or `arrow`"
/// );
/// # Ok::<(), arrowlink_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FileFormat {
    /// Apache Parquet: `.parquet`, `.pq`.
    Parquet,
    /// Values separated by commas, or by tabs in `.tsv`: `.csv`, `.tsv`.
    Csv,
    /// JSON objects, one after the other (NDJSON) or in one array: `.json`, `.ndjson`, `.jsonl`, `.geojson`.
    Json,
    /// Arrow IPC, the file format and the stream format: `.arrow`, `.arrows`, `.feather`, `.ipc`.
    Arrow,
}

impl FileFormat {
    /// Returns the format that the extension of `path` stands for.
    ///
    /// ```
    /// use std::path::Path;
    ///
    /// use arrowlink_query::FileFormat;
    ///
    /// assert_eq!(FileFormat::of_path(Path::new("trips/2024.PARQUET"))?, FileFormat::Parquet);
    /// let error = FileFormat::of_path(Path::new("trips.csv.gz")).unwrap_err();
    /// assert!(error.message().starts_with("`trips.csv.gz`: compressed files are not read, decompress it"));
    /// # Ok::<(), arrowlink_core::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// `InvalidArgument` where there is no such format; the message lists those that there are.
    pub fn of_path(path: &Path) -> Result<Self> {
        let extension = path.extension().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
        let found = EXTENSIONS.iter().find(|(known, _)| *known == extension);
        found.map(|(_, format)| *format).ok_or_else(|| unknown_extension(path, &extension))
    }

    /// Whether the name of `path` is that of a file that is no table; a table that is compressed is not foreign.
    pub(crate) fn is_foreign(path: &Path) -> bool {
        let extension = path.extension().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
        Self::of_path(path).is_err() && !COMPRESSED.contains(&extension.as_str())
    }
}

impl FromStr for FileFormat {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let found = EXTENSIONS.iter().find(|(known, _)| *known == text);
        found.map(|(_, format)| *format).ok_or_else(|| {
            let message = format!("`{text}` is not a file format: use `parquet`, `csv`, `json` or `arrow`");
            Error::new(ErrorKind::InvalidArgument, message)
        })
    }
}

impl fmt::Display for FileFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Parquet => "Parquet",
            Self::Csv => "CSV",
            Self::Json => "JSON",
            Self::Arrow => "Arrow IPC",
        })
    }
}

/// Says what to do about a name that does not tell the format.
fn unknown_extension(path: &Path, extension: &str) -> Error {
    let known: Vec<String> = EXTENSIONS.iter().map(|(known, _)| format!("`.{known}`")).collect();
    let why = if COMPRESSED.contains(&extension) {
        "compressed files are not read, decompress it"
    } else {
        "its name does not say its format, set `format` to `parquet`, `csv`, `json` or `arrow`"
    };
    Error::new(
        ErrorKind::InvalidArgument,
        format!("`{}`: {why}; known extensions are {}", path.display(), known.join(", ")),
    )
}

const EXTENSIONS: [(&str, FileFormat); 12] = [
    ("parquet", FileFormat::Parquet),
    ("pq", FileFormat::Parquet),
    ("csv", FileFormat::Csv),
    ("tsv", FileFormat::Csv),
    ("json", FileFormat::Json),
    ("ndjson", FileFormat::Json),
    ("jsonl", FileFormat::Json),
    ("geojson", FileFormat::Json),
    ("arrow", FileFormat::Arrow),
    ("arrows", FileFormat::Arrow),
    ("feather", FileFormat::Arrow),
    ("ipc", FileFormat::Arrow),
];

const COMPRESSED: [&str; 5] = ["gz", "zst", "bz2", "xz", "zip"];
