//! Operators that make many rows of few pause now and then, so that their query can be stopped and others go on.
//!
//! The engine's sources pause by themselves, every so many batches that they make. A join makes thousands of batches of
//! one: all that time its task neither ends nor leaves its thread. So it pauses here. A nested loop may make none for hours;
//! it gives its thread's other tasks away before it computes, and its condition is a [`WatchedFilter`].

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
use datafusion::physical_plan::joins::utils::JoinFilter;
use datafusion::physical_plan::joins::{NestedLoopJoinExec, NestedLoopJoinExecBuilder};
use futures::{Stream, StreamExt as _};
use tokio::runtime::{Handle, RuntimeFlavor};

use super::around::{Around, Begin};
use super::interrupt::Interrupt;
use super::repeatable::Repeat;
use super::watched_filter::{Place, WatchedFilter};

/// Returns the rules by which plans are made, with [`Pauses`] where the plan is whole but for what its filters share.
pub(crate) fn rules() -> Vec<Arc<dyn PhysicalOptimizerRule + Send + Sync>> {
    let mut rules = PhysicalOptimizer::default().rules;
    // What is put into a plan before that rule keeps it from looking further down.
    let after = rules.iter().position(|rule| rule.name() == "EnsureCooperative").map_or(0, |at| at + 1);
    rules.insert(after, Arc::new(Pauses));
    rules
}

/// Puts a pause behind each operator that may make many batches of one.
#[derive(Debug)]
struct Pauses;

impl PhysicalOptimizerRule for Pauses {
    fn optimize(
        &self,
        plan: Arc<dyn ExecutionPlan>,
        _config: &ConfigOptions,
    ) -> Result<Arc<dyn ExecutionPlan>, DataFusionError> {
        plan.transform_up(|plan| {
            if !MULTIPLYING.contains(&plan.name()) {
                return Ok(Transformed::no(plan));
            }
            let place = Place::default();
            let has_loop = plan.is::<NestedLoopJoinExec>();
            let input = match plan.downcast_ref::<NestedLoopJoinExec>() {
                Some(join) => watched(join, &place)?,
                None => plan,
            };
            Ok(Transformed::yes(
                Arc::new(Around { input, begin: Pause { place, has_loop } }) as Arc<dyn ExecutionPlan>
            ))
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

/// Lets the condition of `join` ask at `place`, and its left side be executed again where it does not fit into memory.
fn watched(join: &NestedLoopJoinExec, place: &Place) -> Result<Arc<dyn ExecutionPlan>, DataFusionError> {
    let filter = join.filter().map(|filter| {
        let condition = WatchedFilter::new(Arc::clone(filter.expression()), Arc::clone(place));
        JoinFilter::new(Arc::new(condition), filter.column_indices().to_vec(), Arc::clone(filter.schema()))
    });
    let left = Arc::new(Around { input: Arc::clone(join.left()), begin: Repeat::left_of(join) });
    let join: Arc<dyn ExecutionPlan> =
        Arc::new(NestedLoopJoinExecBuilder::from(join).with_filter(filter).build()?);
    let right = join.children().get(1).map(|right| Arc::clone(right));
    let options = ReplaceChildrenOptions::new(ChildrenPropertiesMode::Recompute);
    join.replace_children(std::iter::once(left as _).chain(right).collect(), options)
}

/// Pauses behind its input.
#[derive(Debug)]
struct Pause {
    /// Where the conditions of its input ask.
    place: Place,
    /// Whether its input may compute for long without a batch.
    has_loop: bool,
}

impl Begin for Pause {
    const NAME: &'static str = "PausingExec";

    fn anew(&self) -> Self {
        Self { place: Arc::clone(&self.place), has_loop: self.has_loop }
    }

    fn begin(
        &self,
        input: &Arc<dyn ExecutionPlan>,
        partition: usize,
        context: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream, DataFusionError> {
        if let Some(interrupt) = context.session_config().get_extension::<Interrupt>() {
            // All partitions are of one query.
            self.place.get_or_init(|| interrupt);
        }
        let rows = input.execute(partition, context)?;
        Ok(Box::pin(Pausing { rows, has_loop: self.has_loop, since: None }))
    }
}

/// The rows of one partition.
struct Pausing {
    rows: SendableRecordBatchStream,
    has_loop: bool,
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
        let polled = if self.has_loop && has_other_threads() {
            tokio::task::block_in_place(|| self.rows.poll_next_unpin(cx))
        } else {
            self.rows.poll_next_unpin(cx)
        };
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

/// Whether the tasks of this thread can go on on another.
fn has_other_threads() -> bool {
    Handle::try_current().is_ok_and(|runtime| runtime.runtime_flavor() == RuntimeFlavor::MultiThread)
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
