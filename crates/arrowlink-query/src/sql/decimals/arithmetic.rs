//! Sums and products of decimals and written numbers: `price * 1.19` is a decimal.

use arrow_schema::DataType;
use datafusion::common::{DFSchema, DataFusionError};
use datafusion::logical_expr::planner::{ExprPlanner, PlannerResult, RawBinaryExpr};
use datafusion::logical_expr::{Expr, ExprSchemable as _};
use datafusion::sql::sqlparser::ast::BinaryOperator;

use super::written::{MOST_DIGITS, Written};

/// Reads numbers that are added to decimals, or multiplied with them, as decimals.
#[derive(Debug)]
pub(crate) struct WrittenSums;

impl ExprPlanner for WrittenSums {
    fn plan_binary_op(
        &self,
        mut operation: RawBinaryExpr,
        schema: &DFSchema,
    ) -> Result<PlannerResult<RawBinaryExpr>, DataFusionError> {
        let RawBinaryExpr { op, left, right } = &mut operation;
        if let Some(number) = beside(left, op, right, schema) {
            *right = number;
        } else if let Some(number) = beside(right, op, left, schema) {
            *left = number;
        }
        Ok(PlannerResult::Original(operation))
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
