//! The memory that sorts set aside before they begin: one that finds none fails, so queries with sorts wait for it.
//!
//! Each sort sets aside what it may need to merge its rows, in each of its partitions, and goes to the disk for all else.
//! Half of the memory of all queries is for that. A query takes what all of its sorts will set aside at once, so that none
//! waits for another that waits for it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use arrowlink_core::{Error, ErrorKind, Result};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::sorts::sort::SortExec;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use super::SqlOptions;
use crate::failure::internal;

/// What all sorts may set aside. It is one of the extensions of the settings.
pub(crate) struct SortMemory {
    /// One for each partition of a sort.
    shares: Arc<Semaphore>,
    count: u32,
    max_wait: Duration,
}

impl SortMemory {
    /// Divides half of the memory into shares of `bytes`; there is one at least.
    pub(crate) fn new(options: &SqlOptions, bytes: usize) -> Self {
        let count = options.memory / 2 / (bytes as u64).max(1);
        let count = u32::try_from(count).unwrap_or(u32::MAX).clamp(1, MOST_SHARES);
        Self { shares: Arc::new(Semaphore::new(count as usize)), count, max_wait: options.max_wait }
    }

    /// Waits for what the sorts of `plan` set aside; nothing where it has none. Where they would set aside more than all
    /// of it, they do so alone.
    pub(crate) async fn of(&self, plan: &Arc<dyn ExecutionPlan>) -> Result<Option<OwnedSemaphorePermit>> {
        let wanted = u32::try_from(sorted_partitions(plan)).unwrap_or(u32::MAX).min(self.count);
        if wanted == 0 {
            return Ok(None);
        }
        match timeout(self.max_wait, Arc::clone(&self.shares).acquire_many_owned(wanted)).await {
            Ok(permit) => {
                permit.map(Some).map_err(|error| internal("the bound on sorts is gone").with_source(error))
            }
            Err(_) => Err(self.busy()),
        }
    }

    fn busy(&self) -> Error {
        let seconds = self.max_wait.as_secs();
        let text = format!(
            "other sorts have taken their memory and none ended within {seconds} s: try again later, or raise `query.memory`"
        );
        Error::new(ErrorKind::Unavailable, text)
    }
}

impl fmt::Debug for SortMemory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SortMemory").field("free", &self.shares.available_permits()).finish_non_exhaustive()
    }
}

/// Returns how many partitions are sorted in `plan`, those of all sorts together.
fn sorted_partitions(plan: &Arc<dyn ExecutionPlan>) -> usize {
    let below: usize = plan.children().into_iter().map(sorted_partitions).sum();
    // One that keeps a few rows sets nothing aside.
    let sorts = plan.downcast_ref::<SortExec>().filter(|sort| sort.fetch().is_none());
    below.saturating_add(sorts.map_or(0, |sort| sort.properties().output_partitioning().partition_count()))
}

/// So many are never wanted.
const MOST_SHARES: u32 = 1 << 20;
