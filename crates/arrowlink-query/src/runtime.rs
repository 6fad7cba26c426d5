//! The threads on which files are read, apart from those that serve connections.
//!
//! Decoding takes a processor for milliseconds at a time. On the threads that serve connections it would hold up
//! every other call; here it holds up other reads of files only, and no more than so many of them at once.

use std::fmt;
use std::sync::Arc;

use arrowlink_core::{CallContext, Error, ErrorKind, Result};
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout_at};
use tokio_util::task::AbortOnDropHandle;

use crate::QueryOptions;
use crate::failure::internal;

/// Threads that read and decode files, and the bound on how many reads they do at once. Cloning is cheap.
///
/// Datasets share one runtime. When the last clone is dropped, reads that still run are cancelled; nothing waits for
/// them.
///
/// ```
/// use arrowlink_query::{QueryOptions, QueryRuntime};
///
/// let runtime = QueryRuntime::new(QueryOptions::default().with_threads(2).with_max_file_scans(4))?;
/// assert_eq!(runtime.free_file_scans(), 4);
/// # Ok::<(), arrowlink_core::Error>(())
/// ```
#[derive(Clone)]
pub struct QueryRuntime {
    inner: Arc<Inner>,
}

impl QueryRuntime {
    /// Starts the threads.
    ///
    /// # Errors
    ///
    /// `Internal` where the machine gives no more threads.
    pub fn new(options: QueryOptions) -> Result<Self> {
        let threads = Builder::new_multi_thread()
            .worker_threads(options.threads.max(1))
            .max_blocking_threads(MAX_BLOCKING_THREADS)
            .thread_name("arrowlink-query")
            .thread_stack_size(STACK_BYTES)
            .enable_all()
            .build()
            .map_err(|error| internal("the threads that read files do not start").with_source(error))?;
        let environment = RuntimeEnvBuilder::new()
            .with_metadata_cache_limit(options.footer_cache_bytes)
            .build_arc()
            .map_err(|error| internal("the query engine does not start").with_source(error))?;
        let scans = Arc::new(Semaphore::new(options.max_file_scans.clamp(1, Semaphore::MAX_PERMITS)));
        Ok(Self { inner: Arc::new(Inner { threads: Some(threads), environment, scans, options }) })
    }

    /// Returns how many more reads could start at once right now.
    ///
    /// ```
    /// use arrowlink_core::{CallContext, Dataset as _, ReadOptions};
    /// use arrowlink_query::{FileDataset, FileOptions, QueryOptions, QueryRuntime};
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = tempfile::tempdir()?;
    /// # let options = FileOptions::default().with_base_dir(folder.path());
    /// std::fs::write(folder.path().join("a.csv"), "id\n1\n".repeat(100_000))?;
    /// let runtime = QueryRuntime::new(QueryOptions::default().with_max_file_scans(2))?;
    /// let dataset = FileDataset::open(&runtime, "a.csv", options).await?;
    /// let running = dataset.read(CallContext::new(), ReadOptions::default()).await?;
    /// assert_eq!(runtime.free_file_scans(), 1);
    /// # drop(running);
    /// # Ok(())
    /// # }
    /// ```
    pub fn free_file_scans(&self) -> usize {
        self.inner.scans.available_permits()
    }

    /// Returns how many threads there are.
    pub(crate) fn threads(&self) -> usize {
        self.inner.options.threads.max(1)
    }

    /// Returns what reads share: the cache of Parquet footers.
    pub(crate) fn environment(&self) -> &Arc<RuntimeEnv> {
        &self.inner.environment
    }

    /// Starts `work` on the threads of this runtime; it ends when the handle is dropped.
    ///
    /// The handle joins the task: awaiting it returns a panic as an error.
    pub(crate) fn spawn<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Result<AbortOnDropHandle<T>> {
        let threads =
            self.inner.threads.as_ref().ok_or_else(|| internal("the threads that read files are gone"))?;
        Ok(AbortOnDropHandle::new(threads.spawn(work)))
    }

    /// Does `work` on the threads of this runtime, at most until the deadline of `ctx`.
    ///
    /// Fails with `DeadlineExceeded` past it; the work is ended then. A panic in `work` is `Internal`.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        ctx: &CallContext,
        work: impl Future<Output = Result<T>> + Send + 'static,
    ) -> Result<T> {
        let task = self.spawn(work)?;
        let joined = match ctx.deadline() {
            None => task.await,
            Some(deadline) => {
                timeout_at(deadline, task).await.map_err(|_| too_late("the files were looked at"))?
            }
        };
        joined.unwrap_or_else(|error| Err(internal("the reading of files failed").with_source(error)))
    }

    /// Waits for the turn of one read, at most until the deadline of `ctx` or for as long as the options say.
    ///
    /// A read that finds a free turn takes it without waiting. Fails with `DeadlineExceeded` where the deadline comes
    /// first, else with `Unavailable`, which names the setting.
    pub(crate) async fn turn(&self, ctx: &CallContext) -> Result<OwnedSemaphorePermit> {
        let scans = Arc::clone(&self.inner.scans);
        if let Ok(permit) = Arc::clone(&scans).try_acquire_owned() {
            return Ok(permit);
        }
        let bound = Instant::now() + self.inner.options.max_scan_wait;
        let until = ctx.deadline().map_or(bound, |deadline| deadline.min(bound));
        match timeout_at(until, scans.acquire_owned()).await {
            Ok(permit) => permit.map_err(|error| internal("the bound on reads is gone").with_source(error)),
            Err(_) if until < bound => Err(too_late("it was this read's turn")),
            Err(_) => Err(self.busy()),
        }
    }

    /// Says that no turn came in time, and which setting would change it.
    ///
    /// The wait is shown in whole seconds.
    fn busy(&self) -> Error {
        let QueryOptions { max_file_scans, max_scan_wait, .. } = &self.inner.options;
        let message = format!(
            "{max_file_scans} reads of files are running and none ended within {} s: try again later, or raise \
             `max_file_scans`",
            max_scan_wait.as_secs()
        );
        Error::new(ErrorKind::Unavailable, message)
    }
}

impl fmt::Debug for QueryRuntime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("QueryRuntime")
            .field("options", &self.inner.options)
            .field("free_file_scans", &self.free_file_scans())
            .finish_non_exhaustive()
    }
}

/// What all clones share; the last of them ends the threads.
struct Inner {
    /// Taken when dropped: a runtime cannot be dropped where futures are polled.
    threads: Option<Runtime>,
    environment: Arc<RuntimeEnv>,
    /// One permit for each read that may run; it goes back when the read ends.
    scans: Arc<Semaphore>,
    options: QueryOptions,
}

impl Drop for Inner {
    fn drop(&mut self) {
        if let Some(threads) = self.threads.take() {
            threads.shutdown_background();
        }
    }
}

/// Says that the deadline of the call passed.
fn too_late(before: &str) -> Error {
    Error::new(ErrorKind::DeadlineExceeded, format!("the deadline passed before {before}"))
}

/// Each join that computes without a pause has a thread to itself, so that no other query waits for it. Files are read on
/// the workers.
const MAX_BLOCKING_THREADS: usize = 512;
/// How far a stack may grow. Planning recurses as deep as a statement is; what is not used takes no memory.
const STACK_BYTES: usize = 64 << 20;
