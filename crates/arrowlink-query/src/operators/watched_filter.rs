//! The condition of a join that asks, each time it is evaluated, whether the query goes on.
//!
//! A join that finds nothing computes for as long as its tables are large, in one piece; its condition is the only code in
//! it that is not the engine's own. Where it is evaluated for long in one piece, others get its thread.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use arrow_array::RecordBatch;
use arrow_schema::{DataType, FieldRef, Schema};
use datafusion::common::{DataFusionError, JoinType};
use datafusion::logical_expr::ColumnarValue;
use datafusion::physical_expr::expressions::lit;
use datafusion::physical_plan::PhysicalExpr;
use datafusion::physical_plan::joins::utils::JoinFilter;
use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::task::{block_in_place, coop};

use super::interrupt::Interrupt;
use crate::sql::failure::travelling;

/// Where a condition finds the interrupt of its query once that is executed.
pub(crate) type Slot = Arc<OnceLock<Arc<Interrupt>>>;

/// Returns the condition of a join, which asks at `slot`. One that makes a row of any number of pairs, or none, has a
/// condition for that alone.
pub(crate) fn watched(filter: Option<&JoinFilter>, kind: JoinType, slot: &Slot) -> Option<JoinFilter> {
    let always = || JoinFilter::new(lit(true), Vec::new(), Arc::new(Schema::empty()));
    let filter = filter.cloned().or_else(|| GATHERING.contains(&kind).then(always))?;
    let condition = WatchedFilter { condition: Arc::clone(filter.expression()), slot: Arc::clone(slot) };
    Some(JoinFilter::new(Arc::new(condition), filter.column_indices().to_vec(), Arc::clone(filter.schema())))
}

/// A condition, and where it asks.
#[derive(Debug)]
struct WatchedFilter {
    condition: Arc<dyn PhysicalExpr>,
    slot: Slot,
}

impl PhysicalExpr for WatchedFilter {
    fn data_type(&self, schema: &Schema) -> Result<DataType, DataFusionError> {
        self.condition.data_type(schema)
    }

    fn nullable(&self, schema: &Schema) -> Result<bool, DataFusionError> {
        self.condition.nullable(schema)
    }

    fn return_field(&self, schema: &Schema) -> Result<FieldRef, DataFusionError> {
        self.condition.return_field(schema)
    }

    fn evaluate(&self, batch: &RecordBatch) -> Result<ColumnarValue, DataFusionError> {
        if let Some(interrupt) = self.slot.get() {
            interrupt.check().map_err(travelling)?;
        }
        beside_others(|| self.condition.evaluate(batch))
    }

    fn children(&self) -> Vec<&Arc<dyn PhysicalExpr>> {
        vec![&self.condition]
    }

    fn with_new_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn PhysicalExpr>>,
    ) -> Result<Arc<dyn PhysicalExpr>, DataFusionError> {
        let condition = children.into_iter().next().unwrap_or_else(|| Arc::clone(&self.condition));
        Ok(Arc::new(Self { condition, slot: Arc::clone(&self.slot) }))
    }

    fn fmt_sql(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.condition.fmt_sql(f)
    }
}

impl fmt::Display for WatchedFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.condition.fmt(f)
    }
}

impl PartialEq for WatchedFilter {
    fn eq(&self, other: &Self) -> bool {
        self.condition.eq(&other.condition)
    }
}

impl Eq for WatchedFilter {}

impl Hash for WatchedFilter {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.condition.hash(state);
    }
}

/// Does `work`, one of many steps of a task. Once they have taken long together, the thread's other tasks go on on another.
///
/// The time counts for the task as the batches do that it reads: where it reads the next it pauses the sooner.
fn beside_others<T>(work: impl FnOnce() -> T) -> T {
    let begun = Instant::now();
    let is_late = !coop::has_budget_remaining() && has_other_threads();
    let done = if is_late { block_in_place(work) } else { work() };
    spend(begun.elapsed());
    done
}

/// Takes `time` from what the task may do before it pauses, which is some hundred times [`ONE_BATCH`].
fn spend(time: Duration) {
    let mut cx = Context::from_waker(Waker::noop());
    for _ in 0..=time.as_nanos() / ONE_BATCH.as_nanos() {
        let Poll::Ready(batch) = coop::poll_proceed(&mut cx) else { return };
        batch.made_progress();
    }
}

/// Whether the tasks of this thread can go on on another.
fn has_other_threads() -> bool {
    Handle::try_current().is_ok_and(|runtime| runtime.runtime_flavor() == RuntimeFlavor::MultiThread)
}

/// Kinds of joins whose rows are not pairs.
const GATHERING: [JoinType; 6] = [
    JoinType::LeftSemi,
    JoinType::LeftAnti,
    JoinType::LeftMark,
    JoinType::RightSemi,
    JoinType::RightAnti,
    JoinType::RightMark,
];
/// As much time is as good as one batch that is read.
const ONE_BATCH: Duration = Duration::from_micros(100);
