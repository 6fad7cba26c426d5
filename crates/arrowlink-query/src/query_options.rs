//! How much of the machine the reading of files may take.

use std::time::Duration;

/// How much of the machine the reading of files may take, for all datasets of a [`QueryRuntime`](crate::QueryRuntime).
///
/// ```
/// use std::time::Duration;
///
/// use arrowlink_query::QueryOptions;
///
/// let options = QueryOptions::default().with_max_file_scans(4).with_max_scan_wait(Duration::from_secs(5));
/// assert_eq!(options.max_file_scans, 4);
/// assert!((1..=8).contains(&options.threads));
/// ```
///
/// Memory is bounded by how many reads run at once and by what each of them holds, not by a number of bytes.
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
    ///
    /// ```
    /// use arrowlink_query::QueryOptions;
    ///
    /// assert_eq!(QueryOptions::default().with_threads(0).threads, 1);
    /// ```
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
