//! Tasks with an owner: counted, cut together, waited for, their panics logged.
//!
//! A `JoinSet` keeps what its tasks returned until somebody asks; a server that runs for months wants its tasks gone when
//! they end.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures::FutureExt as _;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// A group of tasks. Clones are the same group.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tasks {
    tracker: TaskTracker,
    cut: CancellationToken,
    panics: Arc<AtomicU64>,
}

impl Tasks {
    /// Runs `task` in this group until it ends or the group is cut. A panic ends the task alone.
    pub(crate) fn spawn(&self, task: impl Future<Output: Send> + Send + 'static) {
        let (cut, panics) = (self.cut.clone(), Arc::clone(&self.panics));
        self.tracker.spawn(async move {
            let outcome = cut.run_until_cancelled(AssertUnwindSafe(task).catch_unwind()).await;
            if let Some(Err(panic)) = outcome {
                panics.fetch_add(1, Ordering::Relaxed);
                tracing::error!(panic = panic_message(panic.as_ref()), "task panicked");
            }
        });
    }

    /// Drops every task at its next wait.
    pub(crate) fn cut(&self) {
        self.cut.cancel();
    }

    /// Waits until every task has ended.
    pub(crate) async fn join(&self) {
        self.tracker.close();
        self.tracker.wait().await;
    }

    /// Returns how many tasks panicked.
    pub(crate) fn panics(&self) -> u64 {
        self.panics.load(Ordering::Relaxed)
    }

    /// Returns a guard that cuts the group when it is dropped.
    pub(crate) fn cut_on_drop(&self) -> tokio_util::sync::DropGuard {
        self.cut.clone().drop_guard()
    }
}

/// hyper hands its own work to the group.
impl<F> hyper::rt::Executor<F> for Tasks
where
    F: Future<Output: Send> + Send + 'static,
{
    fn execute(&self, task: F) {
        self.spawn(task);
    }
}

fn panic_message(panic: &(dyn std::any::Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message")
}
