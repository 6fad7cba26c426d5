//! Operators that make many rows of few pause now and then, so that their query can be stopped and others go on.
//!
//! The engine's sources pause by themselves, every so many batches that they make. A join makes thousands of batches of
//! one: all that time its task neither ends nor leaves its thread. So it pauses here. One that may make none for hours has
//! a condition that asks whether anybody waits, see [`watched`], and so does every source, see [`WatchedSource`].

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use datafusion::common::DataFusionError;
use datafusion::common::tree_node::{Transformed, TransformedResult as _, TreeNode as _};
use datafusion::config::ConfigOptions;
use datafusion::execution::{RecordBatchStream, SendableRecordBatchStream, TaskContext};
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_optimizer::optimizer::PhysicalOptimizer;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::execution_plan::{ChildrenPropertiesMode, ReplaceChildrenOptions};
use datafusion::physical_plan::joins::{HashJoinExec, NestedLoopJoinExec, NestedLoopJoinExecBuilder};
use futures::{Stream, StreamExt as _};

use super::around::{Around, Begin};
use super::interrupt::Interrupt;
use super::repeatable::Repeat;
use super::watched_filter::{Slot, watched};
use super::watched_source::WatchedSource;

/// Returns the rules by which plans are made, with [`Pauses`] where the plan is whole but for what its filters share.
pub(crate) fn rules() -> Vec<Arc<dyn PhysicalOptimizerRule + Send + Sync>> {
    let mut rules = PhysicalOptimizer::default().rules;
    // What is put into a plan before that rule keeps it from looking further down.
    let after = rules.iter().position(|rule| rule.name() == "EnsureCooperative").map_or(0, |at| at + 1);
    rules.insert(after, Arc::new(Pauses));
    rules
}

/// Puts a pause behind each operator that may make many batches of one, and lets every source ask whether anybody waits.
#[derive(Debug)]
struct Pauses;

impl PhysicalOptimizerRule for Pauses {
    fn optimize(
        &self,
        plan: Arc<dyn ExecutionPlan>,
        _config: &ConfigOptions,
    ) -> Result<Arc<dyn ExecutionPlan>, DataFusionError> {
        plan.transform_up(|plan| {
            if plan.children().is_empty() {
                let source = Around { input: plan, begin: WatchedSource };
                return Ok(Transformed::yes(Arc::new(source) as Arc<dyn ExecutionPlan>));
            }
            if !MULTIPLYING.contains(&plan.name()) {
                return Ok(Transformed::no(plan));
            }
            let slot = Slot::default();
            let input = asking(plan, &slot)?;
            Ok(Transformed::yes(Arc::new(Around { input, begin: Pause { slot } }) as Arc<dyn ExecutionPlan>))
        })
        .data()
    }

    fn name(&self) -> &str {
        "Pauses"
    }

    fn schema_check(&self) -> bool {
        true
    }
}

/// Lets the condition of a join ask at `slot`.
fn asking(plan: Arc<dyn ExecutionPlan>, slot: &Slot) -> Result<Arc<dyn ExecutionPlan>, DataFusionError> {
    if let Some(join) = plan.downcast_ref::<HashJoinExec>() {
        let filter = watched(join.filter(), *join.join_type(), slot);
        return join.builder().with_filter(filter).build_exec();
    }
    match plan.downcast_ref::<NestedLoopJoinExec>() {
        Some(join) => looping(join, slot),
        None => Ok(plan),
    }
}

/// Lets the condition of `join` ask at `slot`, and its left side be executed again where it does not fit into memory.
fn looping(join: &NestedLoopJoinExec, slot: &Slot) -> Result<Arc<dyn ExecutionPlan>, DataFusionError> {
    let filter = watched(join.filter(), *join.join_type(), slot);
    let left = Arc::new(Around { input: Arc::clone(join.left()), begin: Repeat::left_of(join) });
    let right = Arc::clone(join.right());
    let join = NestedLoopJoinExecBuilder::from(join).with_filter(filter).build()?;
    let options = ReplaceChildrenOptions::new(ChildrenPropertiesMode::Recompute);
    Arc::new(join).replace_children(vec![left, right], options)
}

/// Pauses behind its input.
#[derive(Debug)]
struct Pause {
    /// Where the condition of its input asks.
    slot: Slot,
}

impl Begin for Pause {
    const NAME: &'static str = "PausingExec";

    fn anew(&self) -> Self {
        Self { slot: Arc::clone(&self.slot) }
    }

    fn begin(
        &self,
        input: &Arc<dyn ExecutionPlan>,
        partition: usize,
        context: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream, DataFusionError> {
        if let Some(interrupt) = Interrupt::of(&context) {
            // All partitions are of one query.
            self.slot.get_or_init(|| interrupt);
        }
        let rows = input.execute(partition, context)?;
        Ok(Box::pin(Pausing { rows, since: None }))
    }
}

/// The rows of one partition.
struct Pausing {
    rows: SendableRecordBatchStream,
    /// When it began to make batches without a pause.
    since: Option<Instant>,
}

impl Stream for Pausing {
    type Item = Result<RecordBatch, DataFusionError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.since.is_some_and(|since| since.elapsed() >= MOST_WITHOUT_PAUSE) {
            self.since = None;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        self.since.get_or_insert_with(Instant::now);
        let polled = self.rows.poll_next_unpin(cx);
        if polled.is_pending() {
            self.since = None;
        }
        polled
    }
}

impl RecordBatchStream for Pausing {
    fn schema(&self) -> SchemaRef {
        self.rows.schema()
    }
}

/// Operators that make any number of batches of one.
const MULTIPLYING: [&str; 7] = [
    "CrossJoinExec",
    "HashJoinExec",
    "NestedLoopJoinExec",
    "PiecewiseMergeJoinExec",
    "SortMergeJoinExec",
    "SymmetricHashJoinExec",
    "UnnestExec",
];
const MOST_WITHOUT_PAUSE: Duration = Duration::from_millis(10);
