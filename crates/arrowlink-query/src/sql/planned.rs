//! A statement on its way from what it means to rows: planned, checked, optimized, executed.

use std::sync::Arc;

use arrow_schema::SchemaRef;
use arrowlink_core::Result;
use datafusion::common::DataFusionError;
use datafusion::common::tree_node::{TreeNode as _, TreeNodeRecursion};
use datafusion::execution::SendableRecordBatchStream;
use datafusion::execution::session_state::SessionState;
use datafusion::logical_expr::{Expr, LogicalPlan};
use datafusion::physical_plan::execute_stream;

use super::failure::{from_datafusion, from_planning};
use super::sort_memory::SortMemory;
use super::{comparable, promise};
use crate::operators::Interrupt;

/// What a statement means, and what it is executed with. It may have parameters.
#[derive(Debug)]
pub(crate) struct Planned {
    pub(crate) state: SessionState,
    pub(crate) plan: LogicalPlan,
}

/// The schema that the rows of a query have, and the rows.
pub(crate) type Begun = (SchemaRef, SendableRecordBatchStream);

/// How the rows of a query are computed.
#[derive(Debug)]
pub(crate) struct Ready {
    /// As the optimizer left it.
    pub(crate) plan: LogicalPlan,
    /// The columns that the statement promises; the plan may know more of them.
    pub(crate) schema: SchemaRef,
}

impl Planned {
    /// Makes the types of the statement agree, and returns the columns of its rows.
    pub(crate) fn schema(&self) -> Result<SchemaRef> {
        Ok(promise::of(&self.checked()?))
    }

    /// Decides how the rows are computed.
    ///
    /// It goes on in one piece for as long as it takes; a query that nobody waits for any more ends before it.
    pub(crate) async fn ready(&self) -> Result<Ready> {
        let checked = self.checked()?;
        tokio::task::yield_now().await;
        let plan = self.state.optimize(&checked).map_err(|error| from_planning(error, ""))?;
        Ok(Ready { plan, schema: promise::of(&checked) })
    }

    /// Starts to compute the rows.
    pub(crate) async fn begun(self, interrupt: &Arc<Interrupt>) -> Result<Begun> {
        self.ready().await?.begun(self.state, interrupt).await
    }

    /// Does what the optimizer begins with, and then finds done.
    fn checked(&self) -> Result<LogicalPlan> {
        // What explains a plan shows this step too.
        if matches!(self.plan, LogicalPlan::Explain(_) | LogicalPlan::Analyze(_)) {
            return Ok(self.plan.clone());
        }
        let analyzer = self.state.analyzer();
        let checked = analyzer.execute_and_check(self.plan.clone(), self.state.config_options(), |_, _| {});
        let checked = checked.map_err(|error| from_planning(error, ""))?;
        comparable::check(&checked)?;
        Ok(checked)
    }
}

impl Ready {
    /// Starts to compute the rows of a query that asks `interrupt` whether it goes on.
    pub(crate) async fn begun(self, mut state: SessionState, interrupt: &Arc<Interrupt>) -> Result<Begun> {
        tokio::task::yield_now().await;
        // A constant stands in every row of a batch.
        let rows = (MOST_CONSTANT_BYTES / constants(&self.plan).max(1)).max(1);
        let rows = rows.min(state.config().batch_size());
        let config = std::mem::take(state.config_mut()).with_batch_size(rows);
        *state.config_mut() = config.with_extension(Arc::clone(interrupt));
        let plan = state.query_planner().create_physical_plan(&self.plan, &state).await;
        let plan = plan.map_err(|error| from_planning(error, ""))?;
        // An `INSERT` is executed for each row of its parameters, one after the other, by what it has for the first.
        if !interrupt.has_sorts()
            && let Some(memory) = state.config().get_extension::<SortMemory>()
            && let Some(share) = memory.of(&plan).await?
        {
            interrupt.keep(share);
        }
        let rows = execute_stream(plan, state.task_ctx()).map_err(from_datafusion)?;
        Ok((self.schema, rows))
    }
}

/// Returns the bytes of all constants of a plan together.
pub(crate) fn constants(plan: &LogicalPlan) -> usize {
    let mut bytes = 0_usize;
    let visited = plan.apply_with_subqueries(|plan| {
        plan.apply_expressions(|expression| {
            expression.apply(|expression| {
                if let Expr::Literal(value, _) = expression {
                    bytes = bytes.saturating_add(value.size());
                }
                Ok::<_, DataFusionError>(TreeNodeRecursion::Continue)
            })
        })
    });
    // The walk fails where a step does, and none of these does.
    drop(visited);
    bytes
}

/// Of the constants in one batch of rows.
const MOST_CONSTANT_BYTES: usize = 256 << 20;
