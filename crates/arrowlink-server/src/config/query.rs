//! The bounds of queries: the section `[query]`.

use std::path::PathBuf;
use std::time::Duration;

use super::section::Section;
use super::value::Size;

/// How much of the machine SQL may take, and for how long.
///
/// # Defaults
///
/// Those of the fields. A query that needs more memory goes on on the disk; one that needs more of anything ends as
/// `LimitExceeded`, which names the key.
///
/// ```
/// use std::time::Duration;
/// use arrowlink_server::{Config, Sources};
///
/// let file = "[query]\nmemory = '2 GiB'\ntimeout = '1h'\n";
/// let config = Config::from_sources(Sources::default().with_file("arrowlink.toml", file))?;
/// assert_eq!(config.query.memory, Some(2 << 30));
/// assert_eq!(config.query.timeout, Some(Duration::from_secs(3600)));
/// assert_eq!(config.query.max_queries, 64);
/// # Ok::<(), arrowlink_server::ConfigError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct QueryLimits {
    /// How many bytes sorts, joins and aggregations of all queries may hold together. Default: a quarter of the
    /// machine's memory.
    pub memory: Option<u64>,
    /// The folder in which a private folder for intermediate results is made. Default: the system's folder for
    /// temporary files.
    pub spill_dir: Option<PathBuf>,
    /// How many bytes intermediate results may take on the disk. Default: 100 GiB.
    pub max_spill: u64,
    /// How long one query may compute; the time in which its client takes no rows does not count. Default: 5 minutes.
    pub timeout: Option<Duration>,
    /// The most queries at a time; further ones wait. Default: 64.
    pub max_queries: u32,
    /// How long a query waits for its turn at most. Default: 60 seconds.
    pub max_wait: Duration,
    /// How many threads compute and read files. Default: as many as there are processors, at most 8.
    pub threads: Option<u32>,
}

impl QueryLimits {
    /// Sets [`memory`](Self::memory).
    #[must_use]
    pub const fn with_memory(mut self, bytes: u64) -> Self {
        self.memory = Some(bytes);
        self
    }

    /// Sets [`spill_dir`](Self::spill_dir).
    #[must_use]
    pub fn with_spill_dir(mut self, folder: impl Into<PathBuf>) -> Self {
        self.spill_dir = Some(folder.into());
        self
    }

    /// Sets [`timeout`](Self::timeout); `None` is no bound.
    #[must_use]
    pub const fn with_timeout(mut self, timeout: Option<Duration>) -> Self {
        self.timeout = timeout;
        self
    }

    /// Sets [`max_queries`](Self::max_queries).
    #[must_use]
    pub const fn with_max_queries(mut self, queries: u32) -> Self {
        self.max_queries = queries;
        self
    }

    /// Sets [`threads`](Self::threads).
    #[must_use]
    pub const fn with_threads(mut self, threads: u32) -> Self {
        self.threads = Some(threads);
        self
    }
}

impl Default for QueryLimits {
    fn default() -> Self {
        Self {
            memory: None,
            spill_dir: None,
            max_spill: 100 << 30,
            timeout: Some(Duration::from_secs(5 * 60)),
            max_queries: 64,
            max_wait: Duration::from_secs(60),
            threads: None,
        }
    }
}

/// Reads `[query]`.
pub(super) fn read_query(mut query: Section<'_>) -> QueryLimits {
    let defaults = QueryLimits::default();
    let read = QueryLimits {
        memory: query.take::<Size>("memory").map(|size| size.0),
        spill_dir: query.take("spill_dir"),
        max_spill: query.take::<Size>("max_spill").map_or(defaults.max_spill, |size| size.0),
        timeout: query.take("timeout").or(defaults.timeout),
        max_queries: query.take("max_queries").unwrap_or(defaults.max_queries),
        max_wait: query.take("max_wait").unwrap_or(defaults.max_wait),
        threads: query.take("threads"),
    };
    query.finish();
    read
}
