//! Times of a statement that nanoseconds do not reach: those before 1677 and after 2262.
//!
//! The engine reads a timestamp that is written as one of nanoseconds, and compares a text or a date with a timestamp in
//! nanoseconds. One that these do not reach is read as microseconds here, before types are made to agree, and a date is
//! compared in the unit of the column. All others are what they were.

use std::sync::Arc;

use arrow_array::timezone::Tz;
use arrow_cast::parse::string_to_datetime;
use arrow_schema::{DataType, TimeUnit};
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TransformedResult as _, TreeNode as _};
use datafusion::common::{DFSchema, DataFusionError, ScalarValue};
use datafusion::logical_expr::expr::{Between, InList};
use datafusion::logical_expr::expr_rewriter::NamePreserver;
use datafusion::logical_expr::utils::merge_schema;
use datafusion::logical_expr::{BinaryExpr, Cast, Expr, ExprSchemable as _, LogicalPlan};
use datafusion::optimizer::analyzer::AnalyzerRule;
use datafusion::prelude::cast;

/// Reads times that nanoseconds do not reach.
#[derive(Debug)]
pub(crate) struct FarTimes;

impl AnalyzerRule for FarTimes {
    fn analyze(&self, plan: LogicalPlan, _: &ConfigOptions) -> Result<LogicalPlan, DataFusionError> {
        plan.transform_up_with_subqueries(|plan| {
            let (schema, names) = (merge_schema(&plan.inputs()), NamePreserver::new(&plan));
            let are_values = matches!(plan, LogicalPlan::Values(_));
            plan.map_expressions(|expression| {
                let name = names.save(&expression);
                // The types of values that are listed are settled.
                if are_values && far_literal(&expression).is_some() {
                    return Ok(Transformed::no(expression));
                }
                let read = expression.transform_up(|expression| Ok(with_far_times(expression, &schema)))?;
                Ok(read.update_data(|expression| name.restore(expression)))
            })?
            .map_data(LogicalPlan::recompute_schema)
        })
        .data()
    }

    fn name(&self) -> &str {
        "far_times"
    }
}

/// Reads `expression`, whose parts were read.
fn with_far_times(mut expression: Expr, schema: &DFSchema) -> Transformed<Expr> {
    if let Some(literal) = far_literal(&expression) {
        return Transformed::yes(literal);
    }
    let has_changed = match &mut expression {
        Expr::BinaryExpr(BinaryExpr { left, op, right }) if op.supports_propagation() => {
            agree(vec![left, right], schema)
        }
        Expr::Between(Between { expr, low, high, .. }) => agree(vec![expr, low, high], schema),
        Expr::InList(InList { expr, list, .. }) => {
            agree(std::iter::once(expr.as_mut()).chain(list).collect(), schema)
        }
        _ => false,
    };
    if has_changed { Transformed::yes(expression) } else { Transformed::no(expression) }
}

/// Returns the microseconds of a text that is cast to nanoseconds, where these do not reach it.
fn far_literal(expression: &Expr) -> Option<Expr> {
    let Expr::Cast(Cast { expr, field }) = expression else { return None };
    match field.data_type() {
        DataType::Timestamp(TimeUnit::Nanosecond, zone) => {
            micros(expr, zone).filter(|micros| is_far(*micros)).map(|micros| literal(micros, zone))
        }
        _ => None,
    }
}

/// Lets what is compared agree in a unit that reaches it; returns whether something has changed.
fn agree(members: Vec<&mut Expr>, schema: &DFSchema) -> bool {
    let types: Vec<Option<DataType>> = members.iter().map(|member| type_of(member, schema)).collect();
    let timestamp = types.iter().flatten().find_map(|data_type| match data_type {
        DataType::Timestamp(unit, zone) => Some((*unit, zone.clone())),
        _ => None,
    });
    let Some((unit, zone)) = timestamp else { return false };
    let is_far = members.iter().any(|member| says_far(member, &zone));
    let mut has_changed = false;
    for (member, data_type) in members.into_iter().zip(types) {
        let new = match data_type {
            Some(DataType::Date32 | DataType::Date64) if unit != TimeUnit::Nanosecond || is_far => {
                let unit = if is_far { TimeUnit::Microsecond } else { unit };
                Some(cast(member.clone(), DataType::Timestamp(unit, zone.clone())))
            }
            Some(DataType::Timestamp(TimeUnit::Nanosecond, zone)) if is_far => {
                Some(cast(member.clone(), DataType::Timestamp(TimeUnit::Microsecond, zone)))
            }
            _ if is_far => micros(member, &zone).map(|micros| literal(micros, &zone)),
            _ => None,
        };
        if let Some(new) = new {
            *member = new;
            has_changed = true;
        }
    }
    has_changed
}

/// Returns whether a time or a date is written that nanoseconds do not reach.
fn says_far(member: &Expr, zone: &Option<Arc<str>>) -> bool {
    match member {
        Expr::Literal(ScalarValue::TimestampMicrosecond(Some(value), _), _) => is_far(*value),
        Expr::Cast(Cast { expr, field }) if *field.data_type() == DataType::Date32 => {
            micros(expr, zone).is_some_and(is_far)
        }
        text => micros(text, zone).is_some_and(is_far),
    }
}

/// Returns the type of what is a column, a cast or a literal: that of a long expression takes as long to find out.
fn type_of(expression: &Expr, schema: &DFSchema) -> Option<DataType> {
    match expression {
        Expr::Column(_) | Expr::OuterReferenceColumn(..) | Expr::Cast(_) | Expr::Literal(..) => {
            expression.get_type(schema).ok()
        }
        _ => None,
    }
}

/// Returns what `text` says in `zone`, where it is a text of a time.
fn micros(text: &Expr, zone: &Option<Arc<str>>) -> Option<i64> {
    let Expr::Literal(value, _) = text else { return None };
    let text = value.try_as_str().flatten()?;
    let zone: Tz = zone.as_deref().unwrap_or("+00:00").parse().ok()?;
    Some(string_to_datetime(&zone, text).ok()?.timestamp_micros())
}

/// Returns whether nanoseconds of 64 bits do not reach it.
const fn is_far(micros: i64) -> bool {
    micros.checked_mul(1000).is_none()
}

fn literal(micros: i64, zone: &Option<Arc<str>>) -> Expr {
    Expr::Literal(ScalarValue::TimestampMicrosecond(Some(micros), zone.clone()), None)
}
