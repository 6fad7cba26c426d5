//! Steps of a plan that would compare structs without fields: they are refused before one of them panics.

use arrow_schema::DataType;
use arrowlink_core::{Error, ErrorKind, Result};
use datafusion::common::DataFusionError;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::logical_expr::{Aggregate, Distinct, DistinctOn, Expr, ExprSchemable as _, LogicalPlan};

use super::failure::NOT_COMPARED;

/// Refuses `plan` where it groups by such structs, or finds out which of them are alike.
pub(crate) fn check(plan: &LogicalPlan) -> Result<()> {
    let mut compares = false;
    let visited = plan.apply_with_subqueries(|step| {
        compares |= compares_nothing(step);
        Ok::<_, DataFusionError>(if compares { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
    });
    // The walk fails where a step does, and none of these does.
    drop(visited);
    if compares { Err(Error::new(ErrorKind::Unsupported, NOT_COMPARED)) } else { Ok(()) }
}

fn compares_nothing(step: &LogicalPlan) -> bool {
    match step {
        LogicalPlan::Aggregate(Aggregate { input, group_expr, aggr_expr, .. }) => {
            let compared = group_expr.iter().chain(aggr_expr).flat_map(compared_by);
            are_empty(compared, input)
        }
        LogicalPlan::Distinct(Distinct::All(input)) => {
            input.schema().fields().iter().any(|field| is_empty(field.data_type()))
        }
        LogicalPlan::Distinct(Distinct::On(DistinctOn { input, on_expr, .. })) => are_empty(on_expr, input),
        _ => false,
    }
}

/// Returns whether one of `values` over the columns of `input` is of such a type.
fn are_empty<'a>(values: impl IntoIterator<Item = &'a Expr>, input: &LogicalPlan) -> bool {
    let mut types = values.into_iter().filter_map(|value| value.get_type(input.schema()).ok());
    types.any(|data_type| is_empty(&data_type))
}

/// Returns what a group or an aggregate compares.
fn compared_by(expression: &Expr) -> Vec<&Expr> {
    match expression {
        Expr::GroupingSet(set) => set.distinct_expr(),
        Expr::AggregateFunction(call) if call.params.distinct => call.params.args.iter().collect(),
        Expr::AggregateFunction(_) => Vec::new(),
        group => vec![group],
    }
}

/// Returns whether a struct without fields is somewhere in the type.
fn is_empty(data_type: &DataType) -> bool {
    match data_type {
        DataType::Struct(fields) => {
            fields.is_empty() || fields.iter().any(|field| is_empty(field.data_type()))
        }
        DataType::List(item)
        | DataType::LargeList(item)
        | DataType::ListView(item)
        | DataType::LargeListView(item)
        | DataType::FixedSizeList(item, _)
        | DataType::Map(item, _) => is_empty(item.data_type()),
        _ => false,
    }
}
