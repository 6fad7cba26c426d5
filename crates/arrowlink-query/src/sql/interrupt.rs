//! Whether somebody still waits for a query: what its operators ask that work for long in one piece.
//!
//! A task ends where it pauses. What does not pause asks here, and gives up by an error that nobody sees.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arrowlink_core::{Error, ErrorKind, Result};

/// Says whether the query goes on. It is one of the extensions of its settings.
#[derive(Debug, Default)]
pub(crate) struct Interrupt(AtomicBool);

tokio::task_local! {
    /// That of the query which the task computes.
    static OF_TASK: Arc<Interrupt>;
}

impl Interrupt {
    /// Does `work`, whose queries all end, at the latest, when what is returned with it is dropped.
    pub(crate) fn around<F: Future>(work: F) -> (impl Future<Output = F::Output>, Stop) {
        let interrupt = Arc::new(Self::default());
        (OF_TASK.scope(Arc::clone(&interrupt), work), Stop(interrupt))
    }

    /// Returns that of the work which is done by this task; one that nobody interrupts where it has none.
    pub(crate) fn of_task() -> Arc<Self> {
        OF_TASK.try_with(Arc::clone).unwrap_or_default()
    }

    /// Fails once nobody waits any more.
    pub(crate) fn check(&self) -> Result<()> {
        if self.0.load(Ordering::Relaxed) {
            return Err(Error::new(ErrorKind::Cancelled, "nobody waits for the query any more"));
        }
        Ok(())
    }
}

/// Interrupts a query when it is dropped: whoever waits for the rows has it.
#[derive(Debug)]
pub(crate) struct Stop(Arc<Interrupt>);

impl Drop for Stop {
    fn drop(&mut self) {
        self.0.0.store(true, Ordering::Relaxed);
    }
}
