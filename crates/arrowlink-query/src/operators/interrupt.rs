//! Whether somebody still waits for a query: what everything asks that computes it.
//!
//! A task ends where it pauses. What works for long without asks here, and so does every source; both give up by an error
//! that nobody sees. What they ask keeps the turn of the query: it is free again when nothing of the query is computed any
//! more, and not when nobody waits.

use std::any::Any;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock, Weak};

use arrowlink_core::{Error, ErrorKind, Result};
use datafusion::execution::TaskContext;
use tokio::sync::OwnedSemaphorePermit;

/// Says whether the query goes on. It is one of the extensions of its settings.
pub(crate) struct Interrupt {
    is_over: AtomicBool,
    /// What is dropped when nothing of the query is computed any more.
    _kept: Box<dyn Any + Send + Sync>,
    /// The memory of its sorts, dropped likewise.
    sorts: OnceLock<OwnedSemaphorePermit>,
}

impl Interrupt {
    /// Returns that of a query which has `kept`, and what ends the query, at the latest, when it is dropped.
    pub(crate) fn new(kept: impl Send + Sync + 'static) -> (Arc<Self>, Stop) {
        let interrupt =
            Arc::new(Self { is_over: AtomicBool::new(false), _kept: Box::new(kept), sorts: OnceLock::new() });
        let stop = Stop(Arc::downgrade(&interrupt));
        (interrupt, stop)
    }

    /// Returns that of the query which is executed in `context`.
    pub(crate) fn of(context: &TaskContext) -> Option<Arc<Self>> {
        context.session_config().get_extension::<Self>()
    }

    /// Returns whether it keeps memory for the sorts of the query.
    pub(crate) fn has_sorts(&self) -> bool {
        self.sorts.get().is_some()
    }

    /// Keeps the memory that the sorts of the query set aside until nothing of it is computed any more.
    pub(crate) fn keep(&self, sorts: OwnedSemaphorePermit) {
        self.sorts.get_or_init(|| sorts);
    }

    /// Fails once nobody waits any more.
    pub(crate) fn check(&self) -> Result<()> {
        if self.is_over.load(Ordering::Relaxed) {
            return Err(Error::new(ErrorKind::Cancelled, "nobody waits for the query any more"));
        }
        Ok(())
    }
}

impl fmt::Debug for Interrupt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Interrupt").field("is_over", &self.is_over).finish_non_exhaustive()
    }
}

/// Interrupts a query when it is dropped: whoever waits for the rows has it.
#[derive(Debug)]
pub(crate) struct Stop(Weak<Interrupt>);

impl Drop for Stop {
    fn drop(&mut self) {
        if let Some(interrupt) = self.0.upgrade() {
            interrupt.is_over.store(true, Ordering::Relaxed);
        }
    }
}
