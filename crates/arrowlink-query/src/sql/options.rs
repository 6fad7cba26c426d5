//! How much of the machine SQL may take, and for how long.

use std::path::PathBuf;
use std::time::Duration;

/// How much of the machine all queries of one [`SqlService`](crate::SqlService) may take together, and for how long one
/// may compute.
///
/// Threads are those of the [`QueryRuntime`](crate::QueryRuntime), which queries share with reads of files.
///
/// ```
/// use std::time::Duration;
///
/// use arrowlink_query::SqlOptions;
///
/// let options = SqlOptions::default().with_memory(2 << 30).with_max_queries(8);
/// assert_eq!(options.timeout, Some(Duration::from_secs(300)));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SqlOptions {
    /// How many bytes sorts, joins and aggregations of all queries may hold together. A query that needs more goes on
    /// on the disk; where that is not possible it ends as `LimitExceeded`. Default: 1 GiB.
    pub memory: u64,
    /// The folder in which a private folder for such intermediate results is made; it goes away with the service,
    /// or with the next one where a process was killed. Default: the system's folder for temporary files.
    pub spill_dir: Option<PathBuf>,
    /// How many bytes intermediate results may take on the disk. Default: 100 GiB.
    pub max_spill: u64,
    /// How long one query may compute. The time in which its client does not take the rows that are ready does not
    /// count. Default: 5 minutes.
    pub timeout: Option<Duration>,
    /// How many queries run at once; others wait. Default: 64.
    pub max_queries: usize,
    /// How long a query waits for its turn at most; the deadline of the call counts too. Default: 60 seconds.
    pub max_wait: Duration,
    /// How long a statement may be, in bytes. Default: 1 MiB.
    pub max_text: usize,
}

impl SqlOptions {
    /// Sets [`memory`](Self::memory).
    #[must_use]
    pub const fn with_memory(mut self, bytes: u64) -> Self {
        self.memory = bytes;
        self
    }

    /// Sets [`spill_dir`](Self::spill_dir).
    #[must_use]
    pub fn with_spill_dir(mut self, folder: impl Into<PathBuf>) -> Self {
        self.spill_dir = Some(folder.into());
        self
    }

    /// Sets [`max_spill`](Self::max_spill).
    #[must_use]
    pub const fn with_max_spill(mut self, bytes: u64) -> Self {
        self.max_spill = bytes;
        self
    }

    /// Sets [`timeout`](Self::timeout); `None` is no bound.
    #[must_use]
    pub const fn with_timeout(mut self, timeout: Option<Duration>) -> Self {
        self.timeout = timeout;
        self
    }

    /// Sets [`max_queries`](Self::max_queries); 0 is taken as 1.
    #[must_use]
    pub const fn with_max_queries(mut self, queries: usize) -> Self {
        self.max_queries = if queries == 0 { 1 } else { queries };
        self
    }

    /// Sets [`max_wait`](Self::max_wait).
    #[must_use]
    pub const fn with_max_wait(mut self, wait: Duration) -> Self {
        self.max_wait = wait;
        self
    }

    /// Sets [`max_text`](Self::max_text).
    #[must_use]
    pub const fn with_max_text(mut self, bytes: usize) -> Self {
        self.max_text = bytes;
        self
    }
}

impl Default for SqlOptions {
    fn default() -> Self {
        Self {
            memory: 1 << 30,
            spill_dir: None,
            max_spill: 100 << 30,
            timeout: Some(Duration::from_secs(5 * 60)),
            max_queries: 64,
            max_wait: Duration::from_secs(60),
            max_text: 1 << 20,
        }
    }
}
