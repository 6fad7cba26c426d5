//! How formats are written, where there is a choice.

/// How much is gathered before it is written, and what null is where a format has no word for it.
///
/// ```
/// use arrowlink_formats::EncodeOptions;
///
/// assert_eq!(EncodeOptions::default().with_row_group_bytes(8 << 20).row_group_bytes, 8 << 20);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct EncodeOptions {
    /// How large a row group of Parquet becomes in memory, in bytes; nothing of it is written before. Larger ones make
    /// smaller files that are read faster. Default: 64 MiB.
    pub row_group_bytes: usize,
    /// What stands for null in CSV, unquoted where it may be; a text that is the same is written the same. Default:
    /// nothing, as an empty text.
    pub csv_null: String,
}

impl EncodeOptions {
    /// Sets [`row_group_bytes`](Self::row_group_bytes).
    #[must_use]
    pub const fn with_row_group_bytes(mut self, bytes: usize) -> Self {
        self.row_group_bytes = bytes;
        self
    }

    /// Sets [`csv_null`](Self::csv_null).
    #[must_use]
    pub fn with_csv_null(mut self, null: impl Into<String>) -> Self {
        self.csv_null = null.into();
        self
    }
}

impl Default for EncodeOptions {
    fn default() -> Self {
        Self { row_group_bytes: 64 << 20, csv_null: String::new() }
    }
}
