//! What is computed from decimals: `price * 1.19` is a decimal, and quotients are doubles.
//!
//! The engine gives a quotient of decimals four digits more than the dividend has, and `sum(price) * 1.0 / 1000000000` would
//! have lost all of its own.

use arrow_schema::DataType;
use datafusion::common::{DFSchema, DataFusionError};
use datafusion::logical_expr::planner::{ExprPlanner, PlannerResult, RawBinaryExpr};
use datafusion::logical_expr::{Expr, ExprSchemable as _};
use datafusion::prelude::cast;
use datafusion::sql::sqlparser::ast::BinaryOperator;

use super::written::{MOST_DIGITS, Written};

/// Reads numbers that are added to decimals, or multiplied with them, as decimals, and divides decimals as doubles.
#[derive(Debug)]
pub(crate) struct Arithmetic;

impl ExprPlanner for Arithmetic {
    fn plan_binary_op(
        &self,
        mut operation: RawBinaryExpr,
        schema: &DFSchema,
    ) -> Result<PlannerResult<RawBinaryExpr>, DataFusionError> {
        let RawBinaryExpr { op, left, right } = &mut operation;
        if *op == BinaryOperator::Divide || *op == BinaryOperator::Multiply && are_fine(left, right, schema) {
            [left, right].into_iter().for_each(|side| make_double(side, schema));
        } else if let Some(number) = beside(left, op, right, schema) {
            *right = number;
        } else if let Some(number) = beside(right, op, left, schema) {
            *left = number;
        }
        Ok(PlannerResult::Original(operation))
    }
}

/// Returns whether both are decimals whose product would have too many digits behind the point, which is no decimal.
fn are_fine(left: &Expr, right: &Expr, schema: &DFSchema) -> bool {
    let scale = |side: &Expr| match side.get_type(schema) {
        Ok(DataType::Decimal128(_, scale)) => Some(i16::from(scale)),
        _ => None,
    };
    // What is on the left may be long, and its type takes as long to find out.
    scale(right).is_some_and(|right| scale(left).is_some_and(|left| left + right > i16::from(MOST_DIGITS)))
}

/// Makes `side` a double where it is a decimal.
fn make_double(side: &mut Expr, schema: &DFSchema) {
    if side.get_type(schema).is_ok_and(|data_type| data_type.is_decimal()) {
        *side = cast(std::mem::take(side), DataType::Float64);
    }
}

/// Returns the decimal of `number` where `decimal` is one, and a decimal has the digits of the result.
fn beside(decimal: &Expr, op: &BinaryOperator, number: &Expr, schema: &DFSchema) -> Option<Expr> {
    let written = Written::of(number).filter(|_| is_double(number))?;
    let DataType::Decimal128(digits, scale) = decimal.get_type(schema).ok()? else { return None };
    let (one, other) =
        ((i16::from(digits), i16::from(scale)), (i16::from(written.digits), i16::from(written.scale)));
    let needed = match op {
        BinaryOperator::Plus | BinaryOperator::Minus => {
            (one.0 - one.1).max(other.0 - other.1) + one.1.max(other.1) + 1
        }
        BinaryOperator::Multiply => one.0 + other.0 + 1,
        _ => return None,
    };
    (needed <= i16::from(MOST_DIGITS)).then(|| written.literal())
}

/// Returns whether a number is one with a point: others are integers beside decimals too.
fn is_double(number: &Expr) -> bool {
    number.get_type(&DFSchema::empty()).is_ok_and(|data_type| data_type.is_floating())
}
