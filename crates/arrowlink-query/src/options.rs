//! How the files of one dataset are read.
//!
//! How much of the machine all datasets may take stands in [`QueryOptions`](crate::QueryOptions).

use std::path::PathBuf;

use arrow_schema::SchemaRef;

use crate::{CsvOptions, FileFormat, StoreOptions};

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
    /// How the object store that they are in is reached.
    pub store: StoreOptions,
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

    /// Sets [`schema`](Self::schema), for columns whose first values do not tell their type.
    ///
    /// ```
    /// use std::sync::Arc;
    ///
    /// use arrow_schema::{DataType, Field, Schema};
    /// use arrowlink_query::FileOptions;
    ///
    /// // The leading zeros of postal codes are kept.
    /// let schema = Schema::new(vec![Field::new("postal_code", DataType::Utf8, false)]);
    /// assert!(FileOptions::default().with_schema(Arc::new(schema)).schema.is_some());
    /// ```
    #[must_use]
    pub fn with_schema(mut self, schema: SchemaRef) -> Self {
        self.schema = Some(schema);
        self
    }

    /// Sets [`store`](Self::store).
    #[must_use]
    pub fn with_store(mut self, store: StoreOptions) -> Self {
        self.store = store;
        self
    }

    /// Sets [`csv`](Self::csv).
    #[must_use]
    pub const fn with_csv(mut self, csv: CsvOptions) -> Self {
        self.csv = csv;
        self
    }

    /// Sets [`batch_rows`](Self::batch_rows); 0 is taken as 1.
    ///
    /// ```
    /// use arrowlink_query::FileOptions;
    ///
    /// assert_eq!(FileOptions::default().with_batch_rows(0).batch_rows, 1);
    /// ```
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
    ///
    /// ```
    /// use arrowlink_core::{CallContext, Dataset as _, ErrorKind};
    /// use arrowlink_query::{FileDataset, FileOptions, QueryOptions, QueryRuntime};
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = tempfile::tempdir()?;
    /// let row = format!("{{\"text\": \"{}\"}}", "x".repeat(300_000));
    /// std::fs::write(folder.path().join("a.ndjson"), row)?;
    /// let options = FileOptions::default().with_base_dir(folder.path()).with_max_row_bytes(1000);
    ///
    /// let runtime = QueryRuntime::new(QueryOptions::default())?;
    /// let dataset = FileDataset::open(&runtime, "a.ndjson", options).await?;
    /// let error = dataset.describe(CallContext::new()).await.unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::LimitExceeded);
    /// assert_eq!(error.message(), "`a.ndjson`: row 1 has more than 1000 bytes: raise `max_row_bytes`");
    /// # Ok(())
    /// # }
    /// ```
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
            store: StoreOptions::default(),
            csv: CsvOptions::default(),
            batch_rows: 8192,
            sample_bytes: 8 << 20,
            max_row_bytes: 64 << 20,
        }
    }
}
