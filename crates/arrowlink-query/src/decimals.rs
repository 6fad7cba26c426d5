//! Numbers of a statement beside decimals are the decimals that are written: `price = 191338.49`.
//!
//! The engine takes a number with a point for a double. One that is added to a decimal, or multiplied with one, becomes a
//! decimal while the statement is planned, so that all that names the result knows its type: see `arithmetic`. One that is
//! compared with a decimal does so before types are made to agree. A decimal that meets doubles of another kind is made
//! one: the engine would do the opposite, for which some doubles are too large. Quotients are doubles.

mod agreement;
mod arithmetic;
mod written;

use std::sync::Arc;

use arrow_schema::{DataType, FieldRef};
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TransformedResult as _, TreeNode as _};
use datafusion::common::{Column, DFSchema, DataFusionError};
use datafusion::logical_expr::expr_rewriter::{NamePreserver, coerce_plan_expr_for_schema};
use datafusion::logical_expr::utils::merge_schema;
use datafusion::logical_expr::{Expr, Join, LogicalPlan, Projection, RecursiveQuery, Union};
use datafusion::optimizer::analyzer::type_coercion::TypeCoercionRewriter;
use datafusion::optimizer::analyzer::{Analyzer, AnalyzerRule};
use datafusion::prelude::cast;

use crate::times::FarTimes;
use agreement::{Agreement, Member};

pub(crate) use arithmetic::Arithmetic;

/// Returns the rules by which types are made to agree, after this one and that of times.
pub(crate) fn rules() -> Vec<Arc<dyn AnalyzerRule + Send + Sync>> {
    let mut rules = Analyzer::new().rules;
    rules.splice(..0, [Arc::new(FarTimes) as _, Arc::new(WrittenDecimals) as _]);
    rules
}

/// Reads numbers that are compared with decimals as decimals.
#[derive(Debug)]
struct WrittenDecimals;

impl AnalyzerRule for WrittenDecimals {
    fn analyze(&self, plan: LogicalPlan, _: &ConfigOptions) -> Result<LogicalPlan, DataFusionError> {
        plan.transform_up(|plan| agreed(plan, &DFSchema::empty())).data()
    }

    fn name(&self) -> &str {
        "written_decimals"
    }
}

/// Lets what is compared in `plan` agree, whose inputs were made to; `outer` are the columns around a subquery.
fn agreed(plan: LogicalPlan, outer: &DFSchema) -> Result<Transformed<LogicalPlan>, DataFusionError> {
    let schema = merge_schema(&plan.inputs());
    let names = NamePreserver::new(&plan);
    plan.map_subqueries(|subquery| {
        let mut around = schema.clone();
        around.merge(outer);
        subquery.transform_up(|plan| agreed(plan, &around))
    })?
    .transform_sibling(|plan| {
        plan.map_expressions(|expression| {
            let name = names.save(&expression);
            let agreed = expression
                .transform_up(|expression| agreement::within(with_type(expression, outer), &schema))?;
            Ok(agreed.update_data(|expression| name.restore(expression)))
        })
    })?
    .map_data(|plan| match plan {
        LogicalPlan::Join(join) => LogicalPlan::Join(joined(join)).recompute_schema(),
        LogicalPlan::Union(union) => united(union),
        LogicalPlan::RecursiveQuery(query) => recurring(query),
        // The types of columns below may be others than they were.
        plan => plan.recompute_schema(),
    })
}

/// Gives a column of `outer` the type that it has there by now.
fn with_type(expression: Expr, outer: &DFSchema) -> Expr {
    match expression {
        Expr::OuterReferenceColumn(field, column) => {
            let known = outer.qualified_field_from_column(&column).map(|(_, known)| Arc::clone(known));
            Expr::OuterReferenceColumn(known.unwrap_or(field), column)
        }
        other => other,
    }
}

/// Does it with the columns that a join says are equal.
fn joined(mut join: Join) -> Join {
    for (left, right) in &mut join.on {
        let sides = [Member::of(left, join.left.schema()), Member::of(right, join.right.schema())];
        if let Some(agreement) = Agreement::of(&sides) {
            sides.iter().zip([left, right]).for_each(|(side, column)| agreement.apply(side, column));
        }
    }
    join
}

/// Does it with the columns of all inputs of a union that are one.
fn united(union: Union) -> Result<LogicalPlan, DataFusionError> {
    let columns = union.schema.fields().len();
    let doubles: Vec<bool> = (0..columns).map(|index| are_doubles(&union.inputs, index)).collect();
    let inputs = union.inputs.into_iter().map(|input| with_doubles(input, &doubles));
    let union = Union::try_new_with_loose_types(inputs.collect::<Result<_, _>>()?)?;
    TypeCoercionRewriter::coerce_union(union)
}

/// Returns whether the column at `index` has decimals in some of `inputs`, and doubles in others.
fn are_doubles(inputs: &[Arc<LogicalPlan>], index: usize) -> bool {
    let columns = inputs.iter().map(|input| Member::from(input.schema().field(index).data_type().clone()));
    Agreement::of(&columns.collect::<Vec<_>>()) == Some(Agreement::Doubles)
}

/// Makes the decimals among the columns of `input` for which `doubles` says so doubles.
fn with_doubles(input: Arc<LogicalPlan>, doubles: &[bool]) -> Result<Arc<LogicalPlan>, DataFusionError> {
    let is_cast = |(field, doubles): (&FieldRef, &bool)| *doubles && field.data_type().is_decimal();
    if !input.schema().fields().iter().zip(doubles).any(is_cast) {
        return Ok(input);
    }
    let columns = input.schema().iter().zip(doubles).map(|((table, field), doubles)| {
        let column = Expr::Column(Column::from((table, field)));
        if is_cast((field, doubles)) {
            cast(column, DataType::Float64).alias_qualified(table.cloned(), field.name())
        } else {
            column
        }
    });
    let columns = columns.collect();
    Ok(Arc::new(LogicalPlan::Projection(Projection::try_new(columns, input)?)))
}

/// Begins a recursion with the types that it goes on with: what it begins with may have got others.
fn recurring(query: RecursiveQuery) -> Result<LogicalPlan, DataFusionError> {
    let RecursiveQuery { name, static_term, recursive_term, is_distinct, schema } = query;
    let begin = coerce_plan_expr_for_schema(Arc::unwrap_or_clone(static_term), &schema)?;
    let go_on = coerce_plan_expr_for_schema(Arc::unwrap_or_clone(recursive_term), &schema)?;
    let query = RecursiveQuery::try_new(name, Arc::new(begin), Arc::new(go_on), is_distinct)?;
    Ok(LogicalPlan::RecursiveQuery(query))
}
