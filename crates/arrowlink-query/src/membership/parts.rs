//! What comparisons with the rows of a subquery are made of: whether there is some row of a kind.

use std::sync::Arc;

use arrowlink_core::{Error, ErrorKind};
use datafusion::common::tree_node::{Transformed, TransformedResult as _, TreeNode as _, TreeNodeRecursion};
use datafusion::common::{Column, DFSchema, DataFusionError, ScalarValue, Spans};
use datafusion::functions_aggregate::expr_fn::{count, max, min};
use datafusion::logical_expr::expr::Exists;
use datafusion::logical_expr::utils::split_conjunction;
use datafusion::logical_expr::{
    BinaryExpr, Expr, ExprSchemable as _, FetchType, LogicalPlan, LogicalPlanBuilder, Operator, SkipType,
    Subquery, when,
};
use datafusion::prelude::lit;

use crate::sql::failure::{refused, travelling};

/// Makes them for one operator.
pub(super) struct Parts<'a> {
    pub(super) clause: Clause,
    /// The columns around the subquery.
    pub(super) schema: &'a DFSchema,
    /// How many operators were put into the plan more than once.
    pub(super) copied: &'a mut usize,
}

/// Where they stand.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Clause {
    /// In a condition, from which the engine takes `EXISTS` and joins by it.
    Where,
    /// In a select list, from which it takes aggregates alone.
    Select,
}

impl Parts<'_> {
    /// Returns `EXISTS (q)` as this place has it.
    pub(super) fn exists(&mut self, exists: Exists) -> Result<Expr, DataFusionError> {
        if is_one_row(&exists.subquery.subquery) {
            return Ok(lit(!exists.negated));
        }
        check_joined(&exists.subquery)?;
        if self.clause == Clause::Where {
            return Ok(Expr::Exists(exists));
        }
        let is_some = self.some(LogicalPlan::clone(without_order(&exists.subquery.subquery)?))?;
        Ok(if exists.negated { !is_some } else { is_some })
    }

    /// Returns whether `value op row` is true of some row of `subquery`; false where it is of none.
    pub(super) fn has(
        &mut self,
        subquery: &Subquery,
        op: Operator,
        value: &Expr,
    ) -> Result<Expr, DataFusionError> {
        let is_alone = subquery.outer_ref_columns.is_empty();
        let extreme = match op {
            Operator::Gt | Operator::GtEq => Some(min as fn(Expr) -> Expr),
            Operator::Lt | Operator::LtEq => Some(max as fn(Expr) -> Expr),
            _ => None,
        };
        if let Some(extreme) = extreme.filter(|_| is_alone) {
            let (rows, row) = self.rows(subquery)?;
            let rows = LogicalPlanBuilder::from(rows).aggregate(NO_GROUPS, [extreme(row)])?;
            return Ok(Expr::IsTrue(Box::new(binary(value.clone(), op, scalar(rows.build()?)))));
        }
        if op == Operator::NotEq && is_alone {
            let below = self.has(subquery, Operator::Gt, value)?;
            return Ok(below.or(self.has(subquery, Operator::Lt, value)?));
        }
        let (rows, row) = self.rows(subquery)?;
        let value = around(value.clone(), self.schema)?;
        self.some(LogicalPlanBuilder::from(rows).filter(binary(value, op, row))?.build()?)
    }

    /// Returns whether a comparison of `value` with the rows of `subquery` that none of them decides is unknown; `None`
    /// where it never is.
    pub(super) fn is_unknown(
        &mut self,
        subquery: &Subquery,
        value: &Expr,
    ) -> Result<Option<Expr>, DataFusionError> {
        let mut reasons = Vec::new();
        if subquery.subquery.schema().fields().iter().any(|field| field.is_nullable()) {
            let (rows, row) = self.rows(subquery)?;
            let nulls = LogicalPlanBuilder::from(rows).filter(row.is_null())?.build()?;
            reasons.push(self.some(nulls)?);
        }
        if value.nullable(self.schema)? {
            let (rows, _) = self.rows(subquery)?;
            reasons.push(value.clone().is_null().and(self.some(rows)?));
        }
        Ok(reasons.into_iter().reduce(Expr::or))
    }

    /// Returns `decided` where some row decides, and else unknown or the opposite.
    pub(super) fn answer(
        &mut self,
        subquery: &Subquery,
        value: &Expr,
        is_some: Expr,
        decided: bool,
    ) -> Result<Expr, DataFusionError> {
        match self.is_unknown(subquery, value)? {
            None if decided => Ok(is_some),
            None => Ok(!is_some),
            Some(is_unknown) => when(is_some, lit(decided))
                .when(is_unknown, Expr::Literal(ScalarValue::Boolean(None), None))
                .otherwise(lit(!decided)),
        }
    }

    /// Returns whether `rows` has one.
    fn some(&self, rows: LogicalPlan) -> Result<Expr, DataFusionError> {
        let is_alone = rows.all_out_ref_exprs().is_empty();
        if self.clause == Clause::Where && !is_alone {
            return Ok(Expr::Exists(Exists::new(subquery(rows), false)));
        }
        if !is_alone && !is_grouped(&rows)? {
            return Err(travelling(refused(NOT_BY_EQUALITY, JOIN)));
        }
        let rows = LogicalPlanBuilder::from(rows);
        // One says it; with columns from around them the engine groups the rows by those.
        let rows = if is_alone { rows.limit(0, Some(1))? } else { rows };
        Ok(scalar(rows.aggregate(NO_GROUPS, [count(lit(1_i64))])?.build()?).gt(lit(0_i64)))
    }

    /// Returns the rows of `subquery` and their column, which has a name that nothing around it has.
    fn rows(&mut self, subquery: &Subquery) -> Result<(LogicalPlan, Expr), DataFusionError> {
        check_joined(subquery)?;
        let rows = LogicalPlan::clone(&subquery.subquery);
        rows.apply_with_subqueries(|_| {
            *self.copied += 1;
            Ok(TreeNodeRecursion::Continue)
        })?;
        if *self.copied > MOST_COPIED {
            return Err(travelling(Error::new(ErrorKind::LimitExceeded, TOO_MANY)));
        }
        let name = format!("__row_{}", self.copied);
        let row = Expr::Column(Column::from(rows.schema().qualified_field(0))).alias(&name);
        let rows = LogicalPlanBuilder::from(rows).project([row])?.build()?;
        let row = Expr::Column(Column::new_unqualified(name));
        Ok((rows, row))
    }
}

/// Returns `value`, which is computed in a condition within a subquery, with the columns of `schema` around that.
fn around(value: Expr, schema: &DFSchema) -> Result<Expr, DataFusionError> {
    let outer = |expression| match expression {
        Expr::Column(column) => {
            let (_, field) = schema.qualified_field_from_column(&column)?;
            Ok(Transformed::yes(Expr::OuterReferenceColumn(Arc::clone(field), column)))
        }
        other => Ok(Transformed::no(other)),
    };
    value.transform_up(outer).data()
}

/// Returns whether there is always one row: an aggregate without groups.
pub(super) fn is_one_row(rows: &LogicalPlan) -> bool {
    match rows {
        LogicalPlan::Aggregate(aggregate) => aggregate.group_expr.is_empty(),
        LogicalPlan::Projection(projection) => is_one_row(&projection.input),
        LogicalPlan::SubqueryAlias(alias) => is_one_row(&alias.input),
        LogicalPlan::Sort(sort) => sort.fetch.is_none() && is_one_row(&sort.input),
        _ => false,
    }
}

/// Refuses a subquery that the engine would join by the groups of what has none: it would find no row where there is one.
pub(super) fn check_joined(subquery: &Subquery) -> Result<(), DataFusionError> {
    let mut is_grouped = true;
    subquery.subquery.apply(|rows| {
        if let LogicalPlan::Aggregate(aggregate) = rows {
            is_grouped &= !aggregate.group_expr.is_empty() || aggregate.input.all_out_ref_exprs().is_empty();
        }
        Ok(if is_grouped { TreeNodeRecursion::Continue } else { TreeNodeRecursion::Stop })
    })?;
    if is_grouped { Ok(()) } else { Err(travelling(refused(OF_ALL_ROWS, JOIN))) }
}

/// Returns whether all that `rows` have to do with columns around them is to be equal to those.
fn is_grouped(rows: &LogicalPlan) -> Result<bool, DataFusionError> {
    let mut is_grouped = true;
    rows.apply(|rows| {
        if let LogicalPlan::Filter(filter) = rows {
            let mut outer = split_conjunction(&filter.predicate).into_iter().filter(|it| it.contains_outer());
            is_grouped &= outer.all(is_equality);
        } else {
            is_grouped &= !rows.contains_outer_reference();
        }
        Ok(if is_grouped { TreeNodeRecursion::Continue } else { TreeNodeRecursion::Stop })
    })?;
    Ok(is_grouped)
}

fn is_equality(condition: &Expr) -> bool {
    let Expr::BinaryExpr(BinaryExpr { left, op: Operator::Eq, right }) = condition else { return false };
    let pairs = [(left, right), (right, left)];
    pairs.iter().any(|(row, outer)| matches!(***row, Expr::Column(_)) && !outer.any_column_refs())
}

/// Leaves out what decides neither whether there is some row: an order, and a limit that lets one through.
fn without_order(rows: &LogicalPlan) -> Result<&LogicalPlan, DataFusionError> {
    match rows {
        LogicalPlan::Sort(sort) if sort.fetch.is_none() => without_order(&sort.input),
        LogicalPlan::Limit(limit)
            if matches!(limit.get_skip_type()?, SkipType::Literal(0))
                && matches!(limit.get_fetch_type()?, FetchType::Literal(Some(1..))) =>
        {
            without_order(&limit.input)
        }
        rows => Ok(rows),
    }
}

fn subquery(rows: LogicalPlan) -> Subquery {
    let outer_ref_columns = rows.all_out_ref_exprs();
    Subquery { subquery: Arc::new(rows), outer_ref_columns, spans: Spans::new() }
}

fn scalar(row: LogicalPlan) -> Expr {
    Expr::ScalarSubquery(subquery(row))
}

pub(super) fn binary(left: Expr, op: Operator, right: Expr) -> Expr {
    Expr::BinaryExpr(BinaryExpr::new(Box::new(left), op, Box::new(right)))
}

const NO_GROUPS: [Expr; 0] = [];
/// So many operators may be in a plan more than once because of them.
const MOST_COPIED: usize = 2_000;
const OF_ALL_ROWS: &str =
    "a subquery that depends on columns around it, and compares an aggregate of all of its rows,";
const NOT_BY_EQUALITY: &str =
    "a subquery of the select list that depends on columns around it other than by `=`";
const JOIN: &str = "write it as a join";
const TOO_MANY: &str =
    "the statement has too many subqueries within one another that are compared with: write them as joins";
