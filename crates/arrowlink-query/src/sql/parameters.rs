//! The parameters of a statement: their types, and the values that take their places.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_array::{RecordBatch, new_null_array};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use arrowlink_core::Result;
use datafusion::common::tree_node::{Transformed, TreeNode as _, TreeNodeRecursion};
use datafusion::common::{DFSchema, DataFusionError, ParamValues, ScalarValue};
use datafusion::logical_expr::expr::Placeholder;
use datafusion::logical_expr::planner::{ExprPlanner, PlannerResult, RawBinaryExpr};
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder};
use datafusion::sql::sqlparser::ast::BinaryOperator;

use super::failure::{from_datafusion, from_planning, invalid, travelling};
use super::values::{compared, stored};
use crate::failure::internal;

/// Returns a column for each parameter up to the highest number, in the order of their numbers.
///
/// One whose type does not follow from the statement is text, which every client can bind.
pub(crate) fn schema(plan: &LogicalPlan) -> SchemaRef {
    let types = types(plan);
    let highest = types.keys().next_back().copied().unwrap_or(0);
    let fields = (1..=highest).map(|number| {
        let data_type = types.get(&number).cloned().flatten().unwrap_or(DataType::Utf8);
        Field::new(format!("${number}"), data_type, true)
    });
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

/// Makes the first of two parameters that `||` joins a text: where neither has a type, the engine does not know of any.
#[derive(Debug)]
pub(crate) struct JoinedTexts;

impl ExprPlanner for JoinedTexts {
    fn plan_binary_op(
        &self,
        mut operation: RawBinaryExpr,
        _: &DFSchema,
    ) -> Result<PlannerResult<RawBinaryExpr>, DataFusionError> {
        let RawBinaryExpr { op, left, right } = &mut operation;
        if let (BinaryOperator::StringConcat, Expr::Placeholder(first), Expr::Placeholder(second)) =
            (op, left, right)
            && first.field.is_none()
            && second.field.is_none()
        {
            first.field = Some(Arc::new(Field::new("", DataType::Utf8, true)));
        }
        Ok(PlannerResult::Original(operation))
    }
}

/// Puts the one row of `values` in the places of the parameters.
///
/// A query is executed once for each row: where there is none, it has the columns that it has for nulls, and no rows.
pub(crate) fn bind_one(plan: LogicalPlan, values: Option<&RecordBatch>) -> Result<LogicalPlan> {
    match values.map(RecordBatch::num_rows) {
        None | Some(1) => bind(plan, values, 0),
        Some(0) => {
            let nulls = values.map(one_of_nulls).transpose()?;
            let none = LogicalPlanBuilder::from(bind(plan, nulls.as_ref(), 0)?).limit(0, Some(0));
            none.and_then(LogicalPlanBuilder::build).map_err(|error| from_planning(error, ""))
        }
        Some(rows) => Err(invalid(None, format!("{rows} rows of values for a query: give it one"))),
    }
}

/// Returns a row without values, with the columns of `values`.
fn one_of_nulls(values: &RecordBatch) -> Result<RecordBatch> {
    let columns = values
        .schema_ref()
        .fields()
        .iter()
        .map(|field| (field.name(), new_null_array(field.data_type(), 1), true));
    RecordBatch::try_from_iter_with_nullable(columns)
        .map_err(|error| internal("a row of nulls is a batch").with_source(error))
}

/// Puts the values of one row in the places of the parameters.
///
/// A value is cast to the type that its place has where that loses nothing; one that cannot be of that type is refused.
pub(crate) fn bind(plan: LogicalPlan, values: Option<&RecordBatch>, row: usize) -> Result<LogicalPlan> {
    let highest = types(&plan).keys().next_back().copied().unwrap_or(0);
    let given = values.map_or(0, RecordBatch::num_columns);
    if given != highest {
        return Err(invalid(None, miscounted(highest, given)));
    }
    let Some(values) = values.filter(|_| highest > 0) else { return Ok(plan) };
    let values = values.columns().iter().map(|column| ScalarValue::try_from_array(column, row).map(unpacked));
    let values: Vec<_> = values.collect::<Result<_, _>>().map_err(from_datafusion)?;
    let plan = in_rows(plan, &values)?;
    let types = types(&plan);
    let bound = (1..).zip(values).map(|(number, value)| match types.get(&number) {
        Some(Some(wanted)) => compared(number, value, wanted),
        _ => Ok(value),
    });
    let bound = bound.collect::<Result<Vec<_>>>()?;
    plan.replace_params_with_values(&ParamValues::from(bound)).map_err(|error| from_planning(error, ""))
}

/// Says that a statement with so many parameters came with another number of values.
fn miscounted(parameters: usize, values: usize) -> String {
    let parameters = match parameters {
        0 => return "the statement has no parameters, and values came with it: leave them out".to_owned(),
        1 => "1 parameter".to_owned(),
        more => format!("{more} parameters"),
    };
    let values = match values {
        0 => "no value".to_owned(),
        1 => "1 value".to_owned(),
        more => format!("{more} values"),
    };
    format!("the statement has {parameters}, and {values} came with it: give it one for each")
}

/// Takes the value out of a dictionary, or out of a run.
fn unpacked(value: ScalarValue) -> ScalarValue {
    match value {
        ScalarValue::Dictionary(_, value) | ScalarValue::RunEndEncoded(_, _, value) => unpacked(*value),
        value => value,
    }
}

/// Puts the values of parameters that are columns of a `VALUES` in their places, where those have types.
fn in_rows(plan: LogicalPlan, values: &[ScalarValue]) -> Result<LogicalPlan> {
    let placed = plan.transform_down_with_subqueries(|node| {
        let LogicalPlan::Values(mut rows) = node else { return Ok(Transformed::no(node)) };
        for row in &mut rows.values {
            for (field, place) in rows.schema.fields().iter().zip(row) {
                if let Expr::Placeholder(placeholder) = place
                    && let Some((number, _)) = numbered(placeholder)
                    && let Some(value) = number.checked_sub(1).and_then(|idx| values.get(idx))
                    && !field.data_type().is_null()
                {
                    let value = stored(number, value.clone(), field.data_type()).map_err(travelling)?;
                    *place = Expr::Literal(value, None);
                }
            }
        }
        Ok(Transformed::yes(LogicalPlan::Values(rows)))
    });
    placed.map(|placed| placed.data).map_err(from_datafusion)
}

/// Returns the numbers of all parameters, with the type of the first place of each that has one.
fn types(plan: &LogicalPlan) -> BTreeMap<usize, Option<DataType>> {
    let mut types: BTreeMap<usize, Option<DataType>> = BTreeMap::new();
    let visited = plan.apply_with_subqueries(|plan| {
        // `LIMIT` and `OFFSET` count rows.
        let counts = matches!(plan, LogicalPlan::Limit(_)).then_some(DataType::Int64);
        plan.apply_expressions(|whole| {
            whole.apply(|expression| {
                if let Expr::Placeholder(placeholder) = expression
                    && let Some((number, data_type)) = numbered(placeholder)
                {
                    let counts = counts.clone().filter(|_| std::ptr::eq(whole, expression));
                    note(types.entry(number), data_type.or(counts));
                }
                Ok::<_, DataFusionError>(TreeNodeRecursion::Continue)
            })
        })
    });
    // The walk fails where a step does, and none of these does.
    drop(visited);
    types
}

/// Notes another place of a parameter: the first type that is known counts.
fn note(entry: std::collections::btree_map::Entry<'_, usize, Option<DataType>>, data_type: Option<DataType>) {
    let known = entry.or_insert_with(|| data_type.clone());
    if known.is_none() {
        *known = data_type;
    }
}

/// Returns the number and the type of a parameter.
fn numbered(placeholder: &Placeholder) -> Option<(usize, Option<DataType>)> {
    let number = placeholder.id.strip_prefix('$')?.parse().ok()?;
    let data_type = placeholder.field.as_ref().map(|field| field.data_type().clone());
    // What stands beside nothing but parameters has the type that they have: none.
    Some((number, data_type.filter(|data_type| !data_type.is_null())))
}
