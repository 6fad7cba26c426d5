//! An input that gives the same rows each time it is executed.
//!
//! A nested loop whose left side does not fit into memory executes it a second time, to keep it on the disk. Sources and
//! exchanges below hand out each row once: the second time there would be those that were left over, or none. So they
//! begin anew here.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use datafusion::common::DataFusionError;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::execution_plan::reset_plan_states;

use super::around::Begin;

/// Begins its input anew each time but the first; it has the partitions that were executed.
#[derive(Debug, Default)]
pub(crate) struct Repeat(Mutex<HashSet<usize>>);

impl Begin for Repeat {
    const NAME: &'static str = "RepeatableExec";

    fn anew(&self) -> Self {
        Self::default()
    }

    fn begin(
        &self,
        input: &Arc<dyn ExecutionPlan>,
        partition: usize,
        context: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream, DataFusionError> {
        let is_first = self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(partition);
        if is_first {
            return input.execute(partition, context);
        }
        reset_plan_states(Arc::clone(input))?.execute(partition, context)
    }
}
