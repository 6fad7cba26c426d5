//! Numbers of a statement beside decimals are the decimals that are written: `price = 191338.49`.
//!
//! The engine takes a number with a point for a double, and would compare a column of decimals with the decimal next to that
//! double. Where one side is a decimal, the other is therefore read as it was written: the shortest text of a double is
//! what it was read from, as long as that had at most 15 digits. Beside doubles it stays one, and a decimal beside a
//! column of doubles is made one: the engine would do the opposite, for which some doubles are too large.

use std::sync::Arc;

use arrow_schema::DataType;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TransformedResult as _, TreeNode as _};
use datafusion::common::{DFSchema, DataFusionError, ScalarValue};
use datafusion::logical_expr::expr::{Between, InList};
use datafusion::logical_expr::expr_rewriter::NamePreserver;
use datafusion::logical_expr::utils::merge_schema;
use datafusion::logical_expr::{BinaryExpr, Expr, ExprSchemable as _, LogicalPlan, Operator};
use datafusion::optimizer::analyzer::{Analyzer, AnalyzerRule};
use datafusion::prelude::cast;

/// Returns the rules by which types are made to agree, after this one.
pub(crate) fn rules() -> Vec<Arc<dyn AnalyzerRule + Send + Sync>> {
    let mut rules = Analyzer::new().rules;
    rules.insert(0, Arc::new(WrittenDecimals));
    rules
}

/// Reads numbers beside decimals as decimals.
#[derive(Debug)]
struct WrittenDecimals;

impl AnalyzerRule for WrittenDecimals {
    fn analyze(&self, plan: LogicalPlan, _: &ConfigOptions) -> Result<LogicalPlan, DataFusionError> {
        plan.transform_up_with_subqueries(written).data()
    }

    fn name(&self) -> &str {
        "written_decimals"
    }
}

fn written(plan: LogicalPlan) -> Result<Transformed<LogicalPlan>, DataFusionError> {
    let schema = merge_schema(&plan.inputs());
    let names = NamePreserver::new(&plan);
    let plan = plan.map_expressions(|expression| {
        let name = names.save(&expression);
        let written = expression.transform_up(|expression| Ok(in_place(expression, &schema)))?;
        Ok(written.update_data(|expression| name.restore(expression)))
    })?;
    // The types of columns are another.
    if plan.transformed { plan.map_data(LogicalPlan::recompute_schema) } else { Ok(plan) }
}

/// Reads the numbers of `expression` that stand beside a decimal.
fn in_place(expression: Expr, schema: &DFSchema) -> Transformed<Expr> {
    let is_decimal = |expression: &Expr| expression.get_type(schema).is_ok_and(|of| is_decimal(&of));
    let exact = |expression: &Expr| decimal(expression).map(Box::new);
    match &expression {
        Expr::BinaryExpr(BinaryExpr { left, op, right }) if takes_decimals(*op) => {
            let sides = match (is_decimal(left), is_decimal(right)) {
                (true, false) => beside(left, right, schema),
                (false, true) => beside(right, left, schema).map(|(right, left)| (left, right)),
                _ => None,
            };
            match sides {
                Some((left, right)) => {
                    Transformed::yes(Expr::BinaryExpr(BinaryExpr { left, op: *op, right }))
                }
                None => Transformed::no(expression),
            }
        }
        Expr::Between(Between { expr, negated, low, high }) if is_decimal(expr) => {
            let bounds =
                (exact(low).unwrap_or_else(|| low.clone()), exact(high).unwrap_or_else(|| high.clone()));
            let (low, high) = bounds;
            Transformed::yes(Expr::Between(Between { expr: expr.clone(), negated: *negated, low, high }))
        }
        Expr::InList(InList { expr, list, negated }) if is_decimal(expr) => {
            let list = list.iter().map(|item| decimal(item).unwrap_or_else(|| item.clone())).collect();
            Transformed::yes(Expr::InList(InList { expr: expr.clone(), list, negated: *negated }))
        }
        _ => Transformed::no(expression),
    }
}

/// Returns `decimal` and what stands beside it so that both are decimals, or else doubles: not every double has a decimal.
fn beside(decimal: &Expr, other: &Expr, schema: &DFSchema) -> Option<(Box<Expr>, Box<Expr>)> {
    if let Some(other) = self::decimal(other) {
        return Some((Box::new(decimal.clone()), Box::new(other)));
    }
    let is_double = other.get_type(schema).is_ok_and(|of| of.is_floating());
    is_double.then(|| (Box::new(cast(decimal.clone(), DataType::Float64)), Box::new(other.clone())))
}

/// Returns the decimal of a number, or of a sum or product of numbers, where it has one.
fn decimal(expression: &Expr) -> Option<Expr> {
    match expression {
        Expr::Literal(ScalarValue::Float64(Some(number)), metadata) => {
            Some(Expr::Literal(written_decimal(*number)?, metadata.clone()))
        }
        Expr::Negative(inner) => Some(Expr::Negative(Box::new(decimal(inner)?))),
        Expr::BinaryExpr(BinaryExpr { left, op, right })
            if matches!(op, Operator::Plus | Operator::Minus | Operator::Multiply) =>
        {
            let (left, right) = (Box::new(decimal(left)?), Box::new(decimal(right)?));
            Some(Expr::BinaryExpr(BinaryExpr { left, op: *op, right }))
        }
        _ => None,
    }
}

/// Returns the decimal of the shortest text of `number`.
fn written_decimal(number: f64) -> Option<ScalarValue> {
    let text = number.to_string();
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let value: i128 = format!("{whole}{fraction}").parse().ok()?;
    let digits = value.unsigned_abs().checked_ilog10().unwrap_or(0) as usize + 1;
    let precision = u8::try_from(digits.max(fraction.len())).ok().filter(|digits| *digits <= MOST_DIGITS)?;
    Some(ScalarValue::Decimal128(Some(value), precision, i8::try_from(fraction.len()).ok()?))
}

const fn is_decimal(data_type: &DataType) -> bool {
    matches!(
        data_type,
        DataType::Decimal32(..)
            | DataType::Decimal64(..)
            | DataType::Decimal128(..)
            | DataType::Decimal256(..)
    )
}

const fn takes_decimals(op: Operator) -> bool {
    matches!(
        op,
        Operator::Eq
            | Operator::NotEq
            | Operator::Lt
            | Operator::LtEq
            | Operator::Gt
            | Operator::GtEq
            | Operator::IsDistinctFrom
            | Operator::IsNotDistinctFrom
            | Operator::Plus
            | Operator::Minus
            | Operator::Multiply
            | Operator::Divide
            | Operator::Modulo
    )
}

/// Of a decimal of 128 bits.
const MOST_DIGITS: u8 = 38;
