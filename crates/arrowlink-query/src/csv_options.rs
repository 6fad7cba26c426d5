//! How CSV files are written: what stands between values, around them and above them.

/// How CSV files are written. The defaults are those of RFC 4180; newlines within quotes are part of the value, and a
/// value of no characters is null.
///
/// ```
/// use arrowlink_query::{CsvHeader, CsvOptions};
///
/// let options = CsvOptions::default().with_delimiter(b'|').with_header(CsvHeader::Absent).with_escape(b'\\');
/// assert_eq!(options.quote, b'"');
/// ```
///
/// What the dialect changes is seen by reading:
///
/// ```
/// use arrowlink_core::{CallContext, Dataset as _, ReadOptions};
/// use arrowlink_query::{CsvHeader, CsvOptions, FileDataset, FileOptions, QueryOptions, QueryRuntime};
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// std::fs::write(folder.path().join("a.csv"), "1;one\n2;two\n")?;
/// let csv = CsvOptions::default().with_delimiter(b';').with_header(CsvHeader::Absent);
/// let options = FileOptions::default().with_base_dir(folder.path()).with_csv(csv);
///
/// let runtime = QueryRuntime::new(QueryOptions::default())?;
/// let dataset = FileDataset::open(&runtime, "a.csv", options).await?;
/// let rows = dataset.read(CallContext::new(), ReadOptions::default()).await?;
/// assert_eq!(rows.schema().field(1).name(), "column_2");
/// assert_eq!(rows.collect_batches().await?[0].num_rows(), 2);
/// # Ok(())
/// # }
/// ```
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
///
/// ```
/// use arrowlink_query::{CsvHeader, CsvOptions};
///
/// assert_eq!(CsvOptions::default().header, CsvHeader::Present);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CsvHeader {
    /// The first row has the names.
    #[default]
    Present,
    /// The first row has values.
    Absent,
}
