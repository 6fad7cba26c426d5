//! An input that gives the same rows each time it is executed, or says that it cannot.
//!
//! A nested loop whose left side does not fit into memory executes it a second time, to keep it on the disk. Sources and
//! exchanges below hand out each row once: the second time there would be those that were left over, or none. So they
//! begin anew here. Where rows would be missing or there twice all the same, the query ends instead.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use datafusion::common::tree_node::{TreeNode as _, TreeNodeRecursion};
use datafusion::common::{DataFusionError, JoinType};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::execution_plan::reset_plan_states;
use datafusion::physical_plan::joins::NestedLoopJoinExec;

use super::around::Begin;

/// Begins its input, which is one partition, anew each time but the first.
#[derive(Debug)]
pub(crate) struct Repeat {
    was_begun: AtomicBool,
    /// Whether whoever executes it again has the right rows then.
    is_right_again: bool,
}

impl Repeat {
    /// Returns that of the left side of `join`.
    ///
    /// On the disk a join of another kind than an inner one has wrong rows in the engine. For each partition of the right
    /// side it has the rows of the left one that match nothing in that partition, and those of the right side that match
    /// nothing are lost where the last batch of the left one is the one that does not fit.
    pub(crate) fn left_of(join: &NestedLoopJoinExec) -> Self {
        let is_right_again = match join.join_type() {
            JoinType::Inner => true,
            JoinType::Left | JoinType::LeftSemi | JoinType::LeftAnti | JoinType::LeftMark => {
                join.right().properties().output_partitioning().partition_count() == 1
            }
            JoinType::Right
            | JoinType::RightSemi
            | JoinType::RightAnti
            | JoinType::RightMark
            | JoinType::Full => false,
        };
        Self { was_begun: AtomicBool::new(false), is_right_again }
    }
}

impl Begin for Repeat {
    const NAME: &'static str = "RepeatableExec";

    fn anew(&self) -> Self {
        Self { was_begun: AtomicBool::new(false), is_right_again: self.is_right_again }
    }

    fn begin(
        &self,
        input: &Arc<dyn ExecutionPlan>,
        partition: usize,
        context: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream, DataFusionError> {
        if !self.was_begun.swap(true, Ordering::Relaxed) {
            return input.execute(partition, context);
        }
        if !self.is_right_again {
            return Err(DataFusionError::ResourcesExhausted(NOT_INNER.to_owned()));
        }
        if learns(input)? {
            return Err(DataFusionError::ResourcesExhausted(LEARNING.to_owned()));
        }
        reset_plan_states(Arc::clone(input))?.execute(partition, context)
    }
}

/// Whether something of `plan` keeps what it learnt of its rows where it is executed again, and leaves rows out by it.
fn learns(plan: &Arc<dyn ExecutionPlan>) -> Result<bool, DataFusionError> {
    let mut learns = false;
    plan.apply(|plan| {
        learns |= !plan.dynamic_expressions_produced().is_empty() || RECURSIVE.contains(&plan.name());
        Ok(if learns { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
    })?;
    Ok(learns)
}

const NOT_INNER: &str =
    "a join without an equality keeps one of its tables in memory, where it is not an inner one";
const LEARNING: &str = "a join without an equality keeps one of its tables in memory, where that is made by a `LIMIT`, a \
                        `WITH RECURSIVE`, or another join";
/// Operators that hand rows to themselves.
const RECURSIVE: [&str; 2] = ["RecursiveQueryExec", "WorkTableExec"];
