//! Columns of floats in Parquet, whose bounds leave out that a value is no number.
//!
//! NaN counts as the greatest of all values when rows are compared, and writers leave it out of the minimum and maximum
//! that they note. So these are no bounds, and rows may not be passed over by them where NaN would be found.

use std::sync::Arc;

use arrow_schema::Schema;
use datafusion::common::tree_node::{TreeNode as _, TreeNodeRecursion};
use datafusion::common::{DataFusionError, ScalarValue, Statistics};
use datafusion::logical_expr::Operator;
use datafusion::physical_expr::expressions::{
    BinaryExpr, Column, InListExpr, IsNotNullExpr, IsNullExpr, Literal,
};
use datafusion::physical_plan::PhysicalExpr;

/// Takes the bounds of floats as what they nearly are.
pub(crate) fn without_bounds(mut statistics: Statistics, schema: &Schema) -> Statistics {
    for (column, field) in statistics.column_statistics.iter_mut().zip(schema.fields()) {
        if field.data_type().is_floating() {
            column.min_value = std::mem::take(&mut column.min_value).to_inexact();
            column.max_value = std::mem::take(&mut column.max_value).to_inexact();
        }
    }
    statistics
}

/// Returns whether rows of `schema` may be passed over where the noted bounds say that `filter` is true of none.
///
/// NaN is less than nothing and equal to no number; to whatever else is asked of a float, NaN may be an answer.
pub(crate) fn may_prune(filter: &Arc<dyn PhysicalExpr>, schema: &Schema) -> bool {
    if !has_float(filter, schema) || filter.is::<IsNullExpr>() || filter.is::<IsNotNullExpr>() {
        return true;
    }
    if let Some(list) = filter.downcast_ref::<InListExpr>() {
        return !list.negated() && is_column(list.expr()) && list.list().iter().all(is_number);
    }
    let Some(binary) = filter.downcast_ref::<BinaryExpr>() else { return false };
    let (left, right) = (binary.left(), binary.right());
    match binary.op() {
        Operator::And | Operator::Or => may_prune(left, schema) && may_prune(right, schema),
        Operator::Eq | Operator::Lt | Operator::LtEq if is_column(left) => is_number(right),
        Operator::Eq | Operator::Gt | Operator::GtEq if is_column(right) => is_number(left),
        _ => false,
    }
}

fn is_column(expression: &Arc<dyn PhysicalExpr>) -> bool {
    expression.is::<Column>()
}

/// Returns whether `expression` is a constant that is not NaN.
fn is_number(expression: &Arc<dyn PhysicalExpr>) -> bool {
    expression.downcast_ref::<Literal>().is_some_and(|literal| match literal.value() {
        ScalarValue::Float16(Some(value)) => !value.is_nan(),
        ScalarValue::Float32(Some(value)) => !value.is_nan(),
        ScalarValue::Float64(Some(value)) => !value.is_nan(),
        _ => true,
    })
}

/// Returns whether `expression` mentions a column of floats.
fn has_float(expression: &Arc<dyn PhysicalExpr>, schema: &Schema) -> bool {
    let mut found = false;
    let visited = expression.apply(|expression| {
        if let Some(column) = expression.downcast_ref::<Column>() {
            found |= schema.field_with_name(column.name()).is_ok_and(|field| field.data_type().is_floating());
        }
        Ok::<_, DataFusionError>(if found { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
    });
    found || visited.is_err()
}
