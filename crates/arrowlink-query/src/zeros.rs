//! Both zeros in lists of floats: `f in (0.0, 1, 2, 3)` is true of -0.0 too, which equals 0.0.
//!
//! The engine looks up floats in a list by their bits, and makes a list of `f = 0 or f = 1 or ...` by itself. So a list
//! that has one zero gets the other: before lists are made simpler, where two that have different zeros would have none in
//! common, and when all lists are there.

use std::sync::Arc;

use datafusion::common::tree_node::{Transformed, TreeNode as _};
use datafusion::common::{DataFusionError, ScalarValue};
use datafusion::logical_expr::expr::InList;
use datafusion::logical_expr::expr_rewriter::NamePreserver;
use datafusion::logical_expr::{Expr, LogicalPlan};
use datafusion::optimizer::optimizer::{ApplyOrder, Optimizer};
use datafusion::optimizer::{OptimizerConfig, OptimizerRule};

/// Returns the rules by which plans are made better, with [`BothZeros`] before and after them.
pub(crate) fn rules() -> Vec<Arc<dyn OptimizerRule + Send + Sync>> {
    let mut rules = Optimizer::new().rules;
    rules.insert(0, Arc::new(BothZeros));
    rules.push(Arc::new(BothZeros));
    rules
}

/// Puts the other zero into lists that have one.
#[derive(Debug)]
struct BothZeros;

impl OptimizerRule for BothZeros {
    fn name(&self) -> &str {
        "both_zeros"
    }

    fn apply_order(&self) -> Option<ApplyOrder> {
        Some(ApplyOrder::BottomUp)
    }

    fn rewrite(
        &self,
        plan: LogicalPlan,
        _: &dyn OptimizerConfig,
    ) -> Result<Transformed<LogicalPlan>, DataFusionError> {
        let names = NamePreserver::new(&plan);
        plan.map_expressions(|expression| {
            let name = names.save(&expression);
            let with_both = expression.transform_up(|expression| Ok(with_both_zeros(expression)))?;
            Ok(with_both.update_data(|expression| name.restore(expression)))
        })
    }
}

/// Adds to a list, where `expression` is one, the zeros that are missing.
fn with_both_zeros(mut expression: Expr) -> Transformed<Expr> {
    let Expr::InList(InList { list, .. }) = &mut expression else { return Transformed::no(expression) };
    let missing: Vec<Expr> = list.iter().filter_map(other_zero).filter(|zero| !list.contains(zero)).collect();
    // Of a zero that is there twice, the other would be too.
    let Some(zero) = missing.into_iter().next() else { return Transformed::no(expression) };
    list.push(zero);
    Transformed::yes(expression)
}

/// Returns the zero of the other sign, where `item` is one.
fn other_zero(item: &Expr) -> Option<Expr> {
    let Expr::Literal(value, _) = item else { return None };
    let is_zero = match value {
        ScalarValue::Float16(Some(value)) => value.to_bits() << 1 == 0,
        ScalarValue::Float32(Some(value)) => *value == 0.0,
        ScalarValue::Float64(Some(value)) => *value == 0.0,
        _ => false,
    };
    let other = value.arithmetic_negate().ok().filter(|_| is_zero)?;
    Some(Expr::Literal(other, None))
}
