//! Comparisons with the rows of a subquery, `IN`, `EXISTS`, `= ANY` and `> ALL`, as SQL has them: true, false, or unknown.
//!
//! The engine makes joins of them that know true and false: right for `x IN (…)` and `EXISTS (…)` where rows are kept that
//! fulfil them, and for `x NOT IN (…)` that stands alone there, over rows that do not depend on `x`. Everywhere else they
//! are taken apart here, before the engine sees them:
//!
//! ```text
//! x IN (q)     true     some row of q is x
//!              unknown  otherwise, where q has a null, or x is null and q has a row
//!              false    otherwise
//! x > ALL (q)  false, unknown or true, likewise, by the largest row of q
//! ```
//!
//! Whether there is some row is an `EXISTS` where the engine joins by it, and else a `count`.

mod parts;

use std::sync::Arc;

use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TransformedResult as _, TreeNode as _, TreeNodeRecursion};
use datafusion::common::{Column, DataFusionError};
use datafusion::logical_expr::expr::{InSubquery, SetComparison, SetQuantifier};
use datafusion::logical_expr::expr_rewriter::NamePreserver;
use datafusion::logical_expr::utils::{conjunction, merge_schema, split_conjunction_owned};
use datafusion::logical_expr::{
    Aggregate, BinaryExpr, Expr, Filter, LogicalPlan, LogicalPlanBuilder, Operator,
};
use datafusion::optimizer::analyzer::AnalyzerRule;

use parts::{Clause, Parts, binary, check_joined, is_one_row};

/// Takes comparisons with the rows of subqueries apart.
#[derive(Debug)]
pub(crate) struct Membership;

impl AnalyzerRule for Membership {
    fn analyze(&self, plan: LogicalPlan, _: &ConfigOptions) -> Result<LogicalPlan, DataFusionError> {
        let mut copied = 0;
        plan.transform_up_with_subqueries(|plan| taken_apart(plan, &mut copied)).data()
    }

    fn name(&self) -> &str {
        "membership"
    }
}

/// Does it in one operator; `copied` counts what was put into the plan more than once.
fn taken_apart(plan: LogicalPlan, copied: &mut usize) -> Result<Transformed<LogicalPlan>, DataFusionError> {
    let mut is_met = false;
    plan.apply_expressions(|expression| {
        is_met |= expression.exists(|it| Ok(is_compared(it)))?;
        Ok(if is_met { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
    })?;
    if !is_met {
        return Ok(Transformed::no(plan));
    }
    match plan {
        LogicalPlan::Filter(filter) => {
            let schema = Arc::clone(filter.input.schema());
            let mut parts = Parts { clause: Clause::Where, schema: &schema, copied };
            let conditions = split_conjunction_owned(filter.predicate).into_iter();
            let conditions = conditions.map(|condition| kept(condition, Position::Alone, &mut parts));
            let predicate = conjunction(conditions.collect::<Result<Vec<_>, _>>()?);
            let filter = predicate.map(|predicate| Filter::try_new(predicate, filter.input)).transpose()?;
            filter
                .map(|filter| Transformed::yes(LogicalPlan::Filter(filter)))
                .ok_or_else(|| DataFusionError::Internal("a condition has no parts".to_owned()))
        }
        LogicalPlan::Projection(_) => {
            let schema = merge_schema(&plan.inputs());
            let names = NamePreserver::new(&plan);
            let mut parts = Parts { clause: Clause::Select, schema: &schema, copied };
            plan.map_expressions(|expression| {
                let name = names.save(&expression);
                Ok(Transformed::yes(name.restore(valued(expression, &mut parts)?)))
            })?
            .map_data(LogicalPlan::recompute_schema)
        }
        LogicalPlan::Aggregate(aggregate) => {
            let aggregate = computed_before(aggregate, copied)?;
            Ok(Transformed::yes(LogicalPlan::Aggregate(aggregate)))
        }
        // The engine refuses them where it has no operator.
        plan => Ok(Transformed::no(plan)),
    }
}

/// Lets the comparisons in `aggregate` be computed before it, as columns.
fn computed_before(aggregate: Aggregate, copied: &mut usize) -> Result<Aggregate, DataFusionError> {
    let Aggregate { input, group_expr, aggr_expr, .. } = aggregate;
    let schema = Arc::clone(input.schema());
    let mut columns: Vec<Expr> = schema.iter().map(|column| Expr::Column(Column::from(column))).collect();
    let mut parts = Parts { clause: Clause::Select, schema: &schema, copied };
    let mut before = |expression: Expr| {
        let name = NamePreserver::new_for_projection().save(&expression);
        let expression = expression.transform_down(|expression| {
            if !is_compared(&expression) {
                return Ok(Transformed::no(expression));
            }
            let name = format!("__compared_{}", columns.len());
            columns.push(valued(expression, &mut parts)?.alias(&name));
            let column = Expr::Column(Column::new_unqualified(name));
            Ok(Transformed::new(column, true, TreeNodeRecursion::Jump))
        });
        expression.map(|expression| name.restore(expression.data))
    };
    let groups = group_expr.into_iter().map(&mut before).collect::<Result<_, _>>()?;
    let aggregates = aggr_expr.into_iter().map(&mut before).collect::<Result<_, _>>()?;
    let input = LogicalPlanBuilder::from(Arc::unwrap_or_clone(input)).project(columns)?.build()?;
    Aggregate::try_new(Arc::new(input), groups, aggregates)
}

const fn is_compared(expression: &Expr) -> bool {
    matches!(expression, Expr::InSubquery(_) | Expr::Exists(_) | Expr::SetComparison(_))
}

/// Where a condition stands, whose rows are kept where it is true.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Position {
    /// All others have to be true as well.
    Alone,
    /// Below `OR`.
    Within,
}

/// Returns what is true where `condition` is, and else false or unknown.
fn kept(condition: Expr, position: Position, parts: &mut Parts<'_>) -> Result<Expr, DataFusionError> {
    match plain(condition) {
        Expr::BinaryExpr(BinaryExpr { left, op: op @ (Operator::And | Operator::Or), right }) => {
            let position = if op == Operator::Or { Position::Within } else { position };
            let (left, right) = (kept(*left, position, parts)?, kept(*right, position, parts)?);
            Ok(Expr::BinaryExpr(BinaryExpr::new(Box::new(left), op, Box::new(right))))
        }
        Expr::InSubquery(InSubquery { expr, subquery, negated }) if !is_one_row(&subquery.subquery) => {
            let value = valued(*expr, parts)?;
            let is_joined = position == Position::Alone
                && (!negated || (subquery.outer_ref_columns.is_empty() && value.any_column_refs()));
            if is_joined {
                check_joined(&subquery)?;
                return Ok(Expr::InSubquery(InSubquery::new(Box::new(value), subquery, negated)));
            }
            let is_some = parts.has(&subquery, Operator::Eq, &value)?;
            if !negated {
                return Ok(is_some);
            }
            let is_unknown = parts.is_unknown(&subquery, &value)?;
            Ok(is_unknown.into_iter().fold(!is_some, |all, unknown| all.and(!unknown)))
        }
        other => valued(other, parts),
    }
}

/// Returns `expression`, whose value may be unknown, without comparisons that the engine does not have in this place.
fn valued(expression: Expr, parts: &mut Parts<'_>) -> Result<Expr, DataFusionError> {
    let valued = expression.transform_up(|expression| match plain(expression) {
        Expr::Exists(exists) => parts.exists(exists).map(Transformed::yes),
        Expr::InSubquery(InSubquery { expr, subquery, negated }) => {
            if is_one_row(&subquery.subquery) {
                let op = if negated { Operator::NotEq } else { Operator::Eq };
                return Ok(Transformed::yes(binary(*expr, op, Expr::ScalarSubquery(subquery))));
            }
            let is_some = parts.has(&subquery, Operator::Eq, &expr)?;
            parts.answer(&subquery, &expr, is_some, !negated).map(Transformed::yes)
        }
        Expr::SetComparison(SetComparison { expr, subquery, op, quantifier }) => {
            if is_one_row(&subquery.subquery) {
                return Ok(Transformed::yes(binary(*expr, op, Expr::ScalarSubquery(subquery))));
            }
            let is_any = quantifier == SetQuantifier::Any;
            // All of them are so, unless one is not.
            let deciding = if is_any { Some(op) } else { op.negate() };
            let Some(deciding) = deciding else {
                return Err(DataFusionError::NotImplemented(format!("`{op}` with the rows of a subquery")));
            };
            let is_some = parts.has(&subquery, deciding, &expr)?;
            parts.answer(&subquery, &expr, is_some, is_any).map(Transformed::yes)
        }
        other => Ok(Transformed::no(other)),
    });
    valued.data()
}

/// Returns `= ANY` and `<> ALL` as `IN` and `NOT IN`, and so what is `NOT` of one of those.
fn plain(expression: Expr) -> Expr {
    match expression {
        Expr::Not(inner) => match plain(*inner) {
            Expr::InSubquery(InSubquery { expr, subquery, negated }) => {
                Expr::InSubquery(InSubquery::new(expr, subquery, !negated))
            }
            other => Expr::Not(Box::new(other)),
        },
        Expr::SetComparison(SetComparison { expr, subquery, op, quantifier }) => match (op, quantifier) {
            (Operator::Eq, SetQuantifier::Any) => Expr::InSubquery(InSubquery::new(expr, subquery, false)),
            (Operator::NotEq, SetQuantifier::All) => Expr::InSubquery(InSubquery::new(expr, subquery, true)),
            _ => Expr::SetComparison(SetComparison::new(expr, subquery, op, quantifier)),
        },
        other => other,
    }
}
