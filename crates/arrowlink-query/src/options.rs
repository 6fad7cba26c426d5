//! How files are read, and how much of the machine reading them may take.

use std::path::PathBuf;
use std::time::Duration;

use arrow_schema::SchemaRef;

use crate::FileFormat;

/// How the files of one dataset are read. The defaults fit files that say what they are.
///
/// ```
/// use arrowlink_query::{CsvOptions, FileFormat, FileOptions};
///
/// let options = FileOptions::default()
///     .with_format(FileFormat::Csv)
///     .with_csv(CsvOptions::default().with_delimiter(b';'));
/// assert_eq!(options.batch_rows, 8192);
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct FileOptions {
    /// The format of every file. Default: what the extension of each file says.
    pub format: Option<FileFormat>,
    /// The folder that relative paths start from. Default: the working directory.
    pub base_dir: PathBuf,
    /// The columns and their types, for CSV and JSON. Default: inferred from the first `sample_bytes` of each file.
    pub schema: Option<SchemaRef>,
    /// How CSV files are written.
    pub csv: CsvOptions,
    /// The most rows of a batch. Batches of Arrow IPC files stay as they are up to 65,536 rows where this is less.
    /// Default: 8192.
    pub batch_rows: usize,
    /// How many bytes of a CSV or JSON file its schema is inferred from. Default: 8 MiB.
    pub sample_bytes: u64,
    /// The longest JSON object that is a row, in bytes. Default: 64 MiB.
    pub max_row_bytes: usize,
}

impl FileOptions {
    /// Sets [`format`](Self::format).
    #[must_use]
    pub const fn with_format(mut self, format: FileFormat) -> Self {
        self.format = Some(format);
        self
    }

    /// Sets [`base_dir`](Self::base_dir).
    #[must_use]
    pub fn with_base_dir(mut self, folder: impl Into<PathBuf>) -> Self {
        self.base_dir = folder.into();
        self
    }

    /// Sets [`schema`](Self::schema).
    #[must_use]
    pub fn with_schema(mut self, schema: SchemaRef) -> Self {
        self.schema = Some(schema);
        self
    }

    /// Sets [`csv`](Self::csv).
    #[must_use]
    pub const fn with_csv(mut self, csv: CsvOptions) -> Self {
        self.csv = csv;
        self
    }

    /// Sets [`batch_rows`](Self::batch_rows); 0 is taken as 1.
    #[must_use]
    pub const fn with_batch_rows(mut self, rows: usize) -> Self {
        self.batch_rows = if rows == 0 { 1 } else { rows };
        self
    }

    /// Sets [`sample_bytes`](Self::sample_bytes).
    #[must_use]
    pub const fn with_sample_bytes(mut self, bytes: u64) -> Self {
        self.sample_bytes = bytes;
        self
    }

    /// Sets [`max_row_bytes`](Self::max_row_bytes).
    #[must_use]
    pub const fn with_max_row_bytes(mut self, bytes: usize) -> Self {
        self.max_row_bytes = bytes;
        self
    }
}

impl Default for FileOptions {
    fn default() -> Self {
        Self {
            format: None,
            base_dir: PathBuf::new(),
            schema: None,
            csv: CsvOptions::default(),
            batch_rows: 8192,
            sample_bytes: 8 << 20,
            max_row_bytes: 64 << 20,
        }
    }
}

/// How CSV files are written. The defaults are those of RFC 4180; newlines within quotes are part of the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CsvOptions {
    /// The byte between two values. Default: a comma, in `.tsv` files a tab.
    pub delimiter: Option<u8>,
    /// Whether the first row has the names of the columns; without one they are `column_1`, `column_2` and so on.
    /// Default: it has.
    pub header: CsvHeader,
    /// The byte that quotes a value. Default: `"`.
    pub quote: u8,
    /// The byte that takes its meaning from the next one within quotes. Default: none, a quote is doubled.
    pub escape: Option<u8>,
}

impl CsvOptions {
    /// Sets [`delimiter`](Self::delimiter).
    #[must_use]
    pub const fn with_delimiter(mut self, delimiter: u8) -> Self {
        self.delimiter = Some(delimiter);
        self
    }

    /// Sets [`header`](Self::header).
    #[must_use]
    pub const fn with_header(mut self, header: CsvHeader) -> Self {
        self.header = header;
        self
    }

    /// Sets [`quote`](Self::quote).
    #[must_use]
    pub const fn with_quote(mut self, quote: u8) -> Self {
        self.quote = quote;
        self
    }

    /// Sets [`escape`](Self::escape).
    #[must_use]
    pub const fn with_escape(mut self, escape: u8) -> Self {
        self.escape = Some(escape);
        self
    }
}

impl Default for CsvOptions {
    fn default() -> Self {
        Self { delimiter: None, header: CsvHeader::Present, quote: b'"', escape: None }
    }
}

/// Whether the first row of a CSV file has the names of its columns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CsvHeader {
    /// The first row has the names.
    #[default]
    Present,
    /// The first row has values.
    Absent,
}

/// How much of the machine the reading of files may take, for all datasets of a [`QueryRuntime`](crate::QueryRuntime).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct QueryOptions {
    /// How many threads read and decode. Default: as many as there are processors, at most 8.
    pub threads: usize,
    /// How many reads of files run at once; others wait. Each may hold a whole row group. Default: 16.
    pub max_file_scans: usize,
    /// How long a read waits for its turn at most; the deadline of the call counts too. Default: 60 seconds.
    pub max_scan_wait: Duration,
    /// How many bytes of Parquet footers are kept for the next read. Default: 16 MiB.
    pub footer_cache_bytes: usize,
}

impl QueryOptions {
    /// Sets [`threads`](Self::threads); 0 is taken as 1.
    #[must_use]
    pub const fn with_threads(mut self, threads: usize) -> Self {
        self.threads = if threads == 0 { 1 } else { threads };
        self
    }

    /// Sets [`max_file_scans`](Self::max_file_scans); 0 is taken as 1.
    #[must_use]
    pub const fn with_max_file_scans(mut self, scans: usize) -> Self {
        self.max_file_scans = if scans == 0 { 1 } else { scans };
        self
    }

    /// Sets [`max_scan_wait`](Self::max_scan_wait).
    #[must_use]
    pub const fn with_max_scan_wait(mut self, wait: Duration) -> Self {
        self.max_scan_wait = wait;
        self
    }

    /// Sets [`footer_cache_bytes`](Self::footer_cache_bytes).
    #[must_use]
    pub const fn with_footer_cache_bytes(mut self, bytes: usize) -> Self {
        self.footer_cache_bytes = bytes;
        self
    }
}

impl Default for QueryOptions {
    fn default() -> Self {
        let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self {
            threads: processors.min(8),
            max_file_scans: 16,
            max_scan_wait: Duration::from_secs(60),
            footer_cache_bytes: 16 << 20,
        }
    }
}
